//! `migrate` says what a controller serves, writes it for another target, and proves that nothing changes.

use canary_policy::targets::nginx;
use serde_json::{Value, json};

use crate::util::cluster::recorded_states;
use crate::util::example::example;

/// The fields and their order are those of the recorded states.
#[test]
fn migrate_writes_the_effective_locations() {
    let run = example("migrate", &["--effective", "examples/manifests/cluster.jsonl"], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let location = |host: &str, path: &str, stable: &str, canary: &str, is_default: bool| {
        let policy = r#"{"weight":10,"weightTotal":100,"header":"","headerValue":"","headerPattern":"","cookie":""}"#;
        let (canary, policy, endpoints) = match canary {
            "" => ("null".to_owned(), "null", "null"),
            name => (format!("\"{name}\""), policy, "true"),
        };
        format!(
            r#"{{"host":"{host}","path":"{path}","pathType":"Prefix","stable":"{stable}","canary":{canary},"policy_in_force":{policy},"dangling":false,"is_default_backend":{is_default},"stable_exists":true,"stable_has_endpoints":true,"canary_has_endpoints":{endpoints}}}"#
        )
    };
    let catch_all = location("_", "/", "upstream-default-backend", "", true);
    let orders = location("shop.example.com", "/orders", "shop-orders-80", "", false);
    // The canary takes requests from `web` on both hosts, although its Ingress names one of them.
    let shared = [
        catch_all.clone(),
        orders.clone(),
        location("shop.example.com", "/", "shop-web-80", "shop-web-next-80", false),
        location("www.example.com", "/", "shop-web-80", "shop-web-next-80", false),
    ];
    let wrong_path = [catch_all, orders, location("shop.example.com", "/", "shop-web-80", "", false)];
    let lines = [("shared", shared.join(",")), ("wrong path", wrong_path.join(","))];
    let expected = lines.map(|(id, locations)| format!("{{\"id\":\"{id}\",\"effective\":[{locations}]}}\n"));
    assert_eq!(run.out, expected.concat());
}

#[test]
fn migrate_reads_every_recorded_state_as_the_controller_read_it() {
    let states = recorded_states();
    let lines: Vec<String> = states.iter().map(|state| state.line.to_string()).collect();
    let run = example("migrate", &["--effective"], &lines.join("\n"));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let answers: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), states.len());
    for (state, answer) in states.into_iter().zip(answers) {
        let effective = state.locations.into_iter().map(|mut location| {
            location.as_object_mut().unwrap().remove("ingress");
            location
        });
        let expected = match state.panics {
            true => json!({ "id": state.id, "panic": true }),
            false => json!({ "id": state.id, "effective": effective.collect::<Vec<_>>() }),
        };
        assert_eq!(answer, expected, "{}", state.id);
    }
}

/// Each row is a line that cannot be answered, and the error. The lines before and after it are answered.
#[test]
fn migrate_names_a_line_that_is_wrong_and_answers_the_rest() {
    let right = r#"{"id": 1, "ingresses": []}"#;
    let ingress = |rest: &str| {
        format!(r#"{{"id": 2, "ingresses": [{{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", {rest}}}]}}"#)
    };
    let rows = [
        ("{".to_owned(), "not JSON: EOF while parsing an object at column 1"),
        ("[1, {}, [], []]".to_owned(), "not an object"),
        (r#"{"id": 2, "ingresses": [1]}"#.to_owned(), "ingresses[0]: not an object"),
        (r#"{"id": 2, "ingresses": [], "services": [["a", "b", [], true]]}"#.to_owned(), "services[0]: not an object"),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b", "ports": [["c", 1, 2]], "endpoints": true}]}"#.to_owned(),
            "services[0].ports[0]: not an object",
        ),
        (r#"{"id": 2}"#.to_owned(), "missing field `ingresses`"),
        (r#"{"ingresses": []}"#.to_owned(), "missing field `id`"),
        (r#"{"id": 2, "ingresses": {}}"#.to_owned(), "ingresses: invalid type: map, expected a sequence"),
        (
            r#"{"id": 2, "ingresses": [], "config": {"a": 1}}"#.to_owned(),
            "config.a: invalid type: integer `1`, expected a string",
        ),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b"}]}"#.to_owned(),
            "services[0]: missing field `endpoints`",
        ),
        (
            r#"{"id": 2, "ingresses": [{"apiVersion": "v1", "kind": "Service"}]}"#.to_owned(),
            "ingresses[0]: invalid value: string \"v1\", expected networking.k8s.io/v1",
        ),
        (ingress(r#""metadata": {}"#), "ingresses[0] has no name"),
        (
            ingress(r#""metadata": {"name": "a", "annotations": {"b": true}}"#),
            "ingresses[0].metadata.annotations.b: invalid type: boolean `true`, expected a string",
        ),
        (
            ingress(r#""metadata": {"name": "a", "creationTimestamp": "today"}"#),
            "ingresses[0].metadata.creationTimestamp: ",
        ),
        (
            ingress(r#""metadata": {"name": "a", "namespace": "default"}}, {"metadata": {"name": "a"}"#),
            "ingresses[1]: there are two Ingresses `default/a`",
        ),
        (
            r#"{"id": 2, "ingresses": [], "services": [{"namespace": "a", "name": "b", "endpoints": true}, {"namespace": "a", "name": "b", "endpoints": false}]}"#.to_owned(),
            "services[1]: there are two Services `a/b`",
        ),
    ];
    for (line, why) in rows {
        let run = example("migrate", &["--effective"], &format!("\u{feff}{right}\n\n{line}\n{right}\n"));
        assert_eq!((run.code, run.out.lines().count()), (1, 2), "{line}");
        assert!(run.err.starts_with(&format!("error: line 3: {why}")), "{line}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{line}: {}", run.err);
    }
}

#[test]
fn migrate_names_the_file_of_a_line() {
    let files =
        ["--effective", "nowhere.jsonl", "tests/cases/escape-in-field.yaml", "examples/manifests/cluster.jsonl"];
    let run = example("migrate", &files, "");
    assert_eq!((run.code, run.out.lines().count()), (1, 2));
    let errors: Vec<&str> = run.err.lines().collect();
    assert!(errors[0].starts_with("error: nowhere.jsonl: No such file"), "{}", run.err);
    assert!(errors[1].starts_with("error: tests/cases/escape-in-field.yaml: line 1: not JSON: "), "{}", run.err);
    assert_eq!(errors.len(), 2);
}

#[test]
fn migrate_needs_a_file() {
    let run = example("migrate", &[], "");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("<FILE>"), "{}", run.err);
}

const HOSTS: &str = "examples/manifests/hosts.yaml";

#[test]
fn migrate_says_what_each_host_does_today() {
    let run = example("migrate", &[HOSTS], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for line in [
        "  Prefix /v1  api-v1:80, 5 % and header x-canary to api-v1-next:80, pinned by the cookie api",
        "  Prefix /orders  orders:80",
        "warning[shared-service]: shop/shop-canary: spec: the canary also gets requests to `partner.test/`, which have the \
         same stable Service",
        "3 hosts; 2 exact, 1 with losses or findings; 0 errors, 4 warnings",
    ] {
        assert!(run.out.lines().any(|found| found == line), "{line}\n{}", run.out);
    }
    // The same from a list on standard input.
    let documents: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(HOSTS).unwrap()).unwrap();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": documents });
    assert_eq!(example("migrate", &["-"], &list.to_string()).out, run.out);
}

/// Each row has the arguments after the file, and the exit code.
#[test]
fn migrate_exits_with_what_it_found() {
    for (args, code) in [
        (&["--to", "gateway"][..], 0),
        (&["--to", "gateway", "--verify"], 3),
        (&["--to", "gateway", "--keep-sessions", "--verify"], 0),
        (&["--to", "istio", "--verify"], 3),
        (&["--to", "istio", "--keep-sessions", "--verify"], 0),
        (&["--to", "gloo", "--verify"], 3),
        (&["--to", "gloo", "--keep-sessions", "--verify"], 0),
        (&["--to", "envoy", "--verify"], 3),
        (&["--to", "envoy", "--keep-sessions", "--verify"], 0),
        (&["--to", "linkerd", "--verify"], 3),
        (&["--to", "linkerd", "--keep-sessions", "--verify"], 0),
        (&["--to", "gateway", "--keep-sessions", "--verify", "--fail-on", "error"], 0),
        (&["--to", "gateway", "--keep-sessions", "--verify", "--fail-on", "warning"], 2),
        (&["--fail-on", "warning"], 2),
        (&["--against", HOSTS], 1),
        (&["--verify"], 1),
        (&["--keep-sessions"], 1),
        (&["--class", "other"], 0),
    ] {
        let run = example("migrate", &[&[HOSTS], args].concat(), "");
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
    }
}

/// Clients of the controller hold cookies that name its upstreams. Without the rows that honour them, these clients are assigned
/// anew, which is a difference.
#[test]
fn migrate_keeps_the_sessions_of_the_controller() {
    let token = nginx::token("shop", "api-v1-next", "http");
    for target in ["gateway", "istio", "gloo", "envoy", "linkerd"] {
        let run = example("migrate", &[HOSTS, "--to", target, "--verify"], "");
        let difference = format!(
            "clients that hold a cookie of the former router are assigned anew: `cookie: api=1|{token}` and with the sample 0.05 goes \
             to canary by affinity before and to stable by weight after"
        );
        assert!(run.err.contains(&difference), "{target}: {}", run.err);
        assert!(run.err.contains("2 proven, 1 different, 0 not decided"), "{target}: {}", run.err);
        let note = "note: clients that hold an affinity cookie of ingress-nginx are assigned anew: --keep-sessions keeps their variants";
        assert!(run.err.lines().any(|line| line == note), "{target}: {}", run.err);
        assert!(!run.out.contains(token.as_str()));

        let kept = example("migrate", &[HOSTS, "--to", target, "--keep-sessions", "--verify"], "");
        assert!(kept.err.contains("3 proven, 0 different, 0 not decided"), "{target}: {}", kept.err);
        assert!(kept.out.contains(token.as_str()) && !kept.err.contains("assigned anew"), "{target}: {}", kept.err);
    }
}

#[test]
fn migrate_proves_what_another_tool_wrote_or_shows_the_request() {
    let written = example("migrate", &[HOSTS, "--to", "gateway", "--keep-sessions"], "").out;
    let file = std::env::temp_dir().join(format!("canary-policy-{}.yaml", std::process::id()));
    let against = |routes: &str| {
        std::fs::write(&file, routes).unwrap();
        let run = example("migrate", &[HOSTS, "--against", file.to_str().unwrap()], "");
        (run.code, run.out)
    };
    // Without the annotation, as another tool writes it.
    let foreign: String = written
        .lines()
        .filter(|line| !line.contains("canary-policy/variants"))
        .map(|line| format!("{line}\n"))
        .collect();
    let foreign = foreign.replace("  annotations:\n", "");
    let (code, out) = against(&foreign);
    assert!(code == 0 && out.contains("3 proven, 0 different, 0 not decided"), "{out}");

    let (code, out) = against(&foreign.replace("weight: 10\n", "weight: 11\n"));
    assert!(code == 3 && out.contains("goes from stable to canary, by weight"), "{out}");
    let (code, out) = against(&foreign.replace("- name: orders\n", "- name: shop\n"));
    assert!(
        code == 3 && out.contains("stable is `shop/orders:80` before, and stable is `shop/shop:80` after"),
        "{out}"
    );
    let (code, out) =
        against(&foreign.replace("value: always\n", "value: always\n      - { name: x-other, value: a }\n"));
    assert!(
        code == 4 && out.contains("not compared, because its rules after the move were not read as those of a policy"),
        "{out}"
    );
    // A document that cannot be read is an error, and could be about any host. Objects that are for no Gateway are not compared.
    let (code, out) = against(&format!("{foreign}---\nkind: [\n"));
    assert!(code == 1 && out.contains("0 proven, 0 different, 4 not decided"), "{out}");
    let (code, out) = against(&foreign.replace("  parentRefs:\n  - name: nginx\n", ""));
    assert!(code == 4 && out.contains("0 proven, 0 different, 3 not decided"), "{out}");
    // A host and a path that are there only afterwards are shown too.
    let (code, out) = against(&foreign.replace("  - shop.test\n", "  - shop.test\n  - new.test\n"));
    assert!(code == 3 && out.contains("new.test\n  Prefix /orders  nothing answers"), "{out}");
    let further =
        foreign.replace("- name: orders\n", "- name: shop\n").replace("value: /orders\n", "value: /orders/new\n");
    let (code, out) = against(&further);
    let line = "  Prefix /orders/new  orders:80\n                      └ stable is `shop/orders:80` before, and stable is `shop/shop:80` after";
    assert!(code == 3 && out.contains(line), "{out}");
    std::fs::remove_file(&file).unwrap();
}

/// Each row is a target, a text of its objects, what another tool has instead, the exit code, and a line of the report.
#[test]
fn migrate_compares_the_objects_of_gloo_linkerd_and_envoy() {
    let file = std::env::temp_dir().join(format!("canary-policy-lists-{}.yaml", std::process::id()));
    for (target, text, other, code, line) in [
        ("gloo", "", "", 0, "3 proven, 0 different, 0 not decided"),
        ("gloo", "weight: 10\n", "weight: 11\n", 3, "goes from stable to canary, by weight"),
        (
            "gloo",
            "exact: /orders\n",
            "exact: /orders\n        methods: [GET]\n",
            4,
            "2 proven, 0 different, 1 not decided",
        ),
        ("linkerd", "", "", 0, "3 proven, 0 different, 0 not decided"),
        ("linkerd", "weight: 10\n", "weight: 11\n", 3, "goes from stable to canary, by weight"),
        ("envoy", "", "", 0, "3 proven, 0 different, 0 not decided"),
        ("envoy", "weight: 10\n", "weight: 11\n", 3, "goes from stable to canary, by weight"),
        ("envoy", "path_separated_prefix: /orders\n", "prefix: /orders\n", 4, "not compared"),
    ] {
        let written = example("migrate", &[HOSTS, "--to", target, "--keep-sessions"], "").out;
        assert!(written.contains(text), "{written}");
        let foreign = if text.is_empty() { written } else { written.replace(text, other) };
        // Without the annotation, as another tool writes it.
        let mut documents: Vec<Value> = serde_saphyr::from_multiple(&foreign).unwrap();
        for metadata in documents.iter_mut().filter_map(|document| document.get_mut("metadata")) {
            metadata.as_object_mut().unwrap().remove("annotations");
        }
        let foreign: Vec<String> = documents.iter().map(|document| format!("---\n{document}\n")).collect();
        std::fs::write(&file, foreign.concat()).unwrap();
        let run = example("migrate", &[HOSTS, "--against", file.to_str().unwrap()], "");
        assert!(run.code == code && run.out.contains(line), "{target} {text}: {} {}", run.out, run.err);
    }
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn migrate_goes_on_without_a_document_that_is_broken() {
    let good = std::fs::read_to_string(HOSTS).unwrap();
    let broken = format!("{good}---\na: [\n---\nkind: Ingress\n---\napiVersion: v1\nkind: ConfigMap\n");
    let run = example("migrate", &["-"], &broken);
    assert_eq!(run.code, 1);
    let line = good.lines().count() + 2;
    let errors: Vec<&str> = run.err.lines().collect();
    assert!(
        errors[0].starts_with("error: standard input: document 14: not YAML: ")
            && errors[0].contains(&format!("line {line}")),
        "{}",
        run.err
    );
    let second = format!("error: standard input: document 15, line {} (Ingress): ", line + 2);
    assert!(errors[1].starts_with(&second), "{}", run.err);
    assert_eq!(errors[2], "note: skipped: standard input: document 16 (ConfigMap)");
    assert!(run.out.ends_with("4 warnings\n"), "{}", run.out);
    let strict = example("migrate", &["-", "--strict"], &broken);
    assert_eq!((strict.code, strict.out.as_str()), (1, ""));
}

/// What no reader reads back, and what no virtual host can hold, is not proven.
#[test]
fn migrate_proves_no_more_than_it_has_compared() {
    let text = std::fs::read_to_string(HOSTS).unwrap();
    let grpc = text.replacen(
        "  name: shop\n  namespace: shop\nspec:",
        "  name: shop\n  namespace: shop\n  annotations: { nginx.ingress.kubernetes.io/backend-protocol: GRPC }\nspec:",
        1,
    );
    let regex = text.replacen("path: /orders,", "path: /orders.*,", 1).replacen(
        "  name: shop\n  namespace: shop\nspec:",
        "  name: shop\n  namespace: shop\n  annotations: { nginx.ingress.kubernetes.io/use-regex: 'true' }\nspec:",
        1,
    );
    let slash = text.replacen("path: /orders,", "path: /orders/,", 1);
    for changed in [grpc, regex, slash] {
        assert_ne!(changed, text);
        let run = example("migrate", &["-", "--to", "gateway", "--keep-sessions", "--verify"], &changed);
        assert!(run.code == 4 && run.err.contains("0 different, 1 not decided"), "{} {}", run.code, run.err);
    }
}

/// Hosts that a wildcard matches only after the move are a difference, which is shown with such a host.
#[test]
fn migrate_shows_the_hosts_that_a_wildcard_matches_only_afterwards() {
    let text = std::fs::read_to_string(HOSTS).unwrap().replace("partner.test", "\"*.partner.test\"");
    for (target, code, summary) in [
        ("gateway", 3, "4 hosts; 1 exact, 3 with losses or findings; 3 proven, 1 different, 0 not decided"),
        ("istio", 3, "3 proven, 1 different, 0 not decided"),
        ("gloo", 3, "3 proven, 1 different, 0 not decided"),
        ("envoy", 3, "3 proven, 1 different, 0 not decided"),
        // The proxy in front stays the same.
        ("linkerd", 0, "3 hosts; 2 exact, 1 with losses or findings; 3 proven, 0 different, 0 not decided"),
    ] {
        let run = example("migrate", &["-", "--keep-sessions", "--to", target, "--verify"], &text);
        assert!(run.code == code && run.err.contains(summary), "{target} {}: {}", run.code, run.err);
        let more = "hosts with two or more labels before .partner.test, such as x.x.partner.test\n  Prefix /  nothing answers\n";
        assert_eq!(run.err.contains(more), code == 3, "{}", run.err);
    }
}

/// Kinds of other groups, and Ingresses of other classes, are named and not read.
#[test]
fn migrate_reads_only_what_it_knows() {
    let text = std::fs::read_to_string(HOSTS).unwrap();
    let other = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: a }\nspec: {}\n";
    let run = example("migrate", &["-"], &format!("{other}---\n{text}"));
    assert_eq!((run.code, run.err.as_str()), (0, "note: skipped: standard input: document 1 (Service)\n"));
    let run = example("migrate", &[HOSTS, "--class", "other"], "");
    let note = "note: left out, because they are of another class than `other`: `shop/api` and 5 more\n";
    assert_eq!((run.code, run.err.as_str()), (0, note));
    // Nothing is no proof.
    assert_eq!(example("migrate", &[HOSTS, "--class", "other", "--to", "istio", "--verify"], "").code, 4);
}

/// Two hosts whose objects would have one name cannot be written, because one object would replace the other.
#[test]
fn migrate_writes_no_two_objects_of_one_name() {
    let text = std::fs::read_to_string(HOSTS).unwrap().replace("partner.test", "api.test-2");
    let run = example("migrate", &["-", "--to", "gateway"], &text);
    assert!(
        run.code == 1 && run.err.contains("two hosts need an object of the same name: HTTPRoute shop api.test-2"),
        "{}",
        run.err
    );
}

/// Two Ingresses with the prefix of Higress; the second one is a canary with these annotations.
fn higress(annotations: &[(&str, &str)]) -> String {
    let ingress = |name: &str, annotations: Value| {
        let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
            "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
                { "path": "/", "pathType": "Prefix", "backend": backend },
            ] } }] },
        })
        .to_string()
    };
    let all = annotations.iter().map(|(name, value)| (format!("higress.io/{name}"), json!(value)));
    [ingress("web", json!({})), ingress("next", Value::Object(all.collect()))].join("\n---\n")
}

/// The annotations are read by the rules of the controller, and not all of them can be proven.
#[test]
fn migrate_reads_by_the_rules_of_the_controller() {
    let file = higress(&[("canary", "true"), ("canary-by-header", "x-canary"), ("canary-weight", "30")]);
    let run = example("migrate", &["-", "--from", "higress"], &file);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.starts_with("read by the rules of the controller higress\na.test\n"), "{}", run.out);
    assert!(run.out.contains("web:80, 0 % and header x-canary = always to next:80"), "{}", run.out);
    let report: Value =
        serde_json::from_str(&example("migrate", &["-", "--from", "higress", "--report", "json"], &file).out).unwrap();
    assert_eq!(report["controller"], "higress");
    let report: Value = serde_json::from_str(&example("migrate", &["-", "--report", "json"], &file).out).unwrap();
    assert_eq!(report["controller"], Value::Null);
    assert!(run.out.contains("warning[ignored-beside]: shop/next: canary-weight: `30` is ignored"), "{}", run.out);
    let verified = ["-", "--from", "higress", "--to", "gateway", "--gateway", "public", "--verify"];
    let run = example("migrate", &verified, &file);
    assert_eq!(run.code, 0, "{}", run.err);

    let cookie = higress(&[("canary", "true"), ("canary-by-cookie", "cohort")]);
    let run = example("migrate", &verified, &cookie);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("the controller finds the cookie as a text"), "{}", run.err);
    let run = example("migrate", &["-", "--from", "nginx"], &file);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("ingress-nginx, traefik, higress, tengine, alb, apig"), "{}", run.err);
}

/// Each row is a controller, and the codes of what changes when it reads the three hosts of the README.
#[test]
fn migrate_says_what_changes_on_another_controller() {
    let all = example("migrate", &[HOSTS, "--report", "json"], "");
    let codes = |text: &str| -> Vec<String> {
        let report: Value = serde_json::from_str(text).unwrap();
        let messages = report["messages"].as_array().unwrap().iter();
        messages.map(|message| message["code"].as_str().unwrap().to_owned()).collect()
    };
    let known = codes(&all.out);
    let rows: [(&str, &[&str]); 3] = [
        ("ingress-nginx", &[]),
        ("traefik", &["other-affinity"]),
        ("higress", &["not-known", "other-attachment", "other-combination", "other-header-value", "other-words"]),
    ];
    for (dialect, expected) in rows {
        let run = example("migrate", &[HOSTS, "--will-run-on", dialect, "--report", "json"], "");
        assert_eq!(run.code, 0, "{}", run.err);
        let mut codes = codes(&run.out);
        for code in &known {
            let place = codes.iter().position(|other| other == code).unwrap();
            codes.remove(place);
        }
        codes.sort();
        codes.dedup();
        assert_eq!(codes, expected, "{dialect}");
    }
    assert_eq!(example("migrate", &[HOSTS, "--will-run-on", "alb", "--fail-on", "error"], "").code, 2);
}
