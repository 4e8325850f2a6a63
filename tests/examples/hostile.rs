//! Text that is made to deceive whoever reads it on a terminal, in every position of the input of every example.

use serde_json::{Value, json};

use crate::util::example::{Output, example};
use crate::util::hostile::{HOSTILE, hostile, ingresses, raw, spec};

/// JSON in ASCII, so that the parser sees the hostile text, and no layer before it refuses the file.
fn ascii(value: &Value) -> String {
    let text = value.to_string();
    let unit = |unit: u16| match u8::try_from(unit) {
        Ok(byte @ b' '..=b'~') => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    text.encode_utf16().map(unit).collect()
}

/// Nothing that was printed moves the cursor, hides, changes the order of the text, or begins a line of its own.
#[track_caller]
fn check(run: &Output, input: &str) {
    for text in [&run.out, &run.err] {
        assert!(raw(text).is_empty(), "{:?} in {text:?} for {input}", raw(text));
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{text:?} for {input}");
    }
    assert!(!run.err.contains("panicked"), "{}", run.err);
}

#[test]
fn render_escapes_ingresses() {
    let objects = ingresses();
    let whole = json!(objects);
    let mut runs = 0;
    for hostile in hostile(&whole) {
        let documents: Vec<String> = hostile.as_array().unwrap().iter().map(ascii).collect();
        let input = documents.join("\n---\n");
        for args in
            [&["-"][..], &["-", "--to", "gateway"], &["-", "--canary", "next", "--weight", "1", "--losses", "json"]]
        {
            check(&example("render", args, &input), &input);
            runs += 1;
        }
    }
    assert!(runs > 300, "{runs}");
}

#[test]
fn render_simulate_and_compare_escape_policies() {
    let key = json!({ "canaries": [{}], "affinity": { "key": { "header": "x-user", "salt": "s" } } });
    for hostile in hostile(&spec()).into_iter().chain(hostile(&key)) {
        let input = ascii(&hostile);
        for target in ["nginx", "envoy"] {
            let args = ["examples/manifests/prd.yaml", "--canary", "next", "--policy", "-", "--to", target];
            check(&example("render", &args, &input), &input);
        }
        check(&example("simulate", &["--policy", "-", "--clients", "1"], &input), &input);
        for args in [&["-", "examples/manifests/policy.yaml"][..], &["examples/manifests/pair.yaml", "-", "--json"]] {
            check(&example("compare", args, &input), &input);
        }
    }
}

#[test]
fn compare_escapes_ingresses() {
    for hostile in hostile(&json!(ingresses())) {
        let documents: Vec<String> = hostile.as_array().unwrap().iter().map(ascii).collect();
        let input = documents.join("\n---\n");
        check(&example("compare", &["-", "examples/manifests/policy.yaml"], &input), &input);
    }
}

#[test]
fn simulate_escapes_clients() {
    for hostile in hostile(&json!({ "parts": 1, "headers": [["X-Canary", "always"]], "cookies": true })) {
        let input = ascii(&hostile);
        check(&example("simulate", &["--clients", "1", "--mix", "-"], &input), &input);
    }
}

#[test]
fn replay_escapes_lines() {
    let [stable, canary, _] = ingresses();
    let line = json!({
        "id": "a",
        "annotations": canary["metadata"]["annotations"],
        "primary_annotations": stable["metadata"]["annotations"],
        "request": { "headers": [["Host", "a.test"], ["Cookie", "r=a"]] },
        "draw": 1,
        "affinity": { "cookie_name": "r", "behavior": "sticky", "primary_key": "a", "canary_key": "b" },
        "options": { "annotations_prefix": "nginx.ingress.kubernetes.io", "enable_annotation_validation": true },
    });
    for hostile in hostile(&line) {
        let input = ascii(&hostile);
        for args in [&[][..], &["--annotations"]] {
            check(&example("replay", args, &input), &input);
        }
    }
}

#[test]
fn migrate_escapes_states() {
    let [mut stable, canary, _] = ingresses();
    stable["metadata"]["creationTimestamp"] = json!("2026-03-01T09:00:00Z");
    let service =
        json!({ "namespace": "shop", "name": "web", "ports": [{ "name": "http", "port": 80 }], "endpoints": true });
    let state = json!({ "id": "a", "config": {}, "ingresses": [stable, canary], "services": [service] });
    for hostile in hostile(&state) {
        let input = ascii(&hostile);
        check(&example("migrate", &["--effective"], &input), &input);
    }
}

#[test]
fn migrate_escapes_manifests_and_requests() {
    let hosts = "examples/manifests/hosts.yaml";
    for hostile in hostile(&json!(ingresses())) {
        let documents: Vec<String> = hostile.as_array().unwrap().iter().map(ascii).collect();
        let input = documents.join("\n---\n");
        for form in ["text", "json", "sarif"] {
            check(&example("migrate", &["-", "--to", "gateway", "--verify", "--report", form], &input), &input);
        }
    }
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "shop", "namespace": "shop" },
        "spec": { "hostnames": ["shop.test"], "parentRefs": [{ "name": "a" }], "rules": [{
            "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
            "backendRefs": [{ "name": "shop", "namespace": "next", "port": 80 }],
        }] },
    });
    for hostile in hostile(&route) {
        let input = ascii(&hostile);
        check(&example("migrate", &[hosts, "--against", "-"], &input), &input);
    }
    let headers = [["X-Canary", "always"]];
    let request =
        json!({ "id": "a", "request": { "host": "new.test", "path": "/cart", "headers": headers }, "draw": 1 });
    for hostile in hostile(&request) {
        let input = ascii(&hostile);
        for form in ["text", "json"] {
            check(&example("migrate", &[hosts, "--to", "istio", "--replay", "-", "--report", form], &input), &input);
        }
    }
}

/// A file may have such a name, and may be no YAML and no JSON.
#[test]
fn names_of_files_and_texts_without_a_format_are_escaped() {
    let name = format!("nowhere/{HOSTILE}");
    let runs: [(&str, &[&str]); 8] = [
        ("migrate", &["--effective", &name]),
        ("compare", &[&name, "examples/manifests/policy.yaml"]),
        ("compare", &["examples/manifests/policy.yaml", &name]),
        ("render", &[&name]),
        ("render", &["examples/manifests/prd.yaml", "--canary", "next", "--policy", &name]),
        ("simulate", &["--policy", &name]),
        ("simulate", &["--mix", &name]),
        ("simulate", &["--plot", &name]),
    ];
    for (example_name, args) in runs {
        let run = example(example_name, args, "");
        assert_eq!(run.code, 1);
        check(&run, &name);
    }
    let runs: [(&str, &[&str]); 6] = [
        ("migrate", &["--effective"]),
        ("compare", &["-", "nowhere"]),
        ("render", &["-"]),
        ("simulate", &["--policy", "-"]),
        ("simulate", &["--mix", "-"]),
        ("replay", &[]),
    ];
    for text in
        [HOSTILE.to_owned(), format!("a: b: {HOSTILE}"), format!("{{{HOSTILE}"), format!("&{HOSTILE} *{HOSTILE}")]
    {
        for (example_name, args) in runs {
            check(&example(example_name, args, &text), &text);
        }
    }
}

/// The inputs with which this was found.
#[test]
fn escapes_in_keys_of_annotations_and_in_names_of_fields_are_escaped() {
    let run = example("render", &["tests/cases/escape-in-annotation.yaml", "--canary", "next", "--to", "gateway"], "");
    check(&run, "escape-in-annotation.yaml");
    let annotation = r"metadata.annotations[nginx.ingress.kubernetes.io/\u{1b}[31mx]: `y` is left out";
    assert!(run.code == 0 && run.err.contains(annotation), "{}", run.err);
    let run = example("simulate", &["--policy", "tests/cases/escape-in-field.yaml"], "");
    check(&run, "escape-in-field.yaml");
    assert!(run.code == 1 && run.err.contains(r"unknown field `\u{1b}[31mz`"), "{}", run.err);
}
