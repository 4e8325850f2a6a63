//! `migrate` with input that is broken, hostile or unusual: an error or a note for everything that is not read, and the rest is
//! read.

use serde_json::Value;

use crate::util::example::{Output, example, example_of_bytes, file_with};

/// An Ingress with a host of its own; `metadata` is more text in its metadata.
fn ingress(name: &str, metadata: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n{metadata}spec:\n  ingressClassName: nginx\n  \
         rules:\n  - host: {name}.test\n    http:\n      paths:\n      - {{ path: /, pathType: Prefix,\n          backend: {{ \
         service: {{ name: web, port: {{ number: 80 }} }} }} }}\n"
    )
}

fn plain(name: &str) -> String {
    ingress(name, "")
}

/// The Ingress `good`, another document, and the Ingress `last`.
fn between(document: &str) -> Vec<u8> {
    format!("{}---\n{document}\n---\n{}", plain("good"), plain("last")).into_bytes()
}

#[track_caller]
fn run(input: &[u8]) -> Output {
    let run = example_of_bytes("migrate", &["-"], input);
    assert!(!run.err.contains("panicked"), "{}", run.err);
    run
}

/// The hosts of the report.
fn hosts(run: &Output) -> Vec<&str> {
    run.out.lines().filter_map(|line| line.strip_suffix(".test")).collect()
}

/// Each row is a document between two that are right, and what the error says about it. The other documents are read, unless it
/// has to be strict.
#[test]
fn a_broken_document_is_an_error_with_its_place() {
    let deep = |open: &str, close: &str, levels: usize| format!("a: {}{}", open.repeat(levels), close.repeat(levels));
    let nested: Vec<String> = (0..200).map(|level| format!("{}a:", " ".repeat(level))).collect();
    let bomb: Vec<String> = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x]".to_owned())
        .chain((1..9).map(|level| format!("a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 9].join(", "))))
        .collect();
    let web = plain("web");
    for (document, error) in [
        ("a: [", "document 2: not YAML: line 14 column 4: unclosed bracket"),
        ("a: 'b", "document 2: not YAML: line 14 column 4: "),
        ("a: *b", "document 2: not YAML: line 14 column 4: alias references unknown anchor"),
        ("a: &a [*a]", "document 2: not YAML: line 14 column 8: "),
        ("a: 1\na: 2", "document 2: not YAML: line 15 column 1: duplicate mapping key: a"),
        (r#"{"a": {"b": 1, "b": 2}}"#, "document 2: not YAML: line 14 column 16: duplicate mapping key: b"),
        ("a: .inf", "document 2: not YAML: line 14 column 4: "),
        ("a: \0", "document 2: not YAML: line 14 column 4: unexpected character"),
        ("a:\n\tb: 1", "document 2: not YAML: line 15 column 2: tabs disallowed"),
        (&deep("[", "]", 1_000), "document 2: not YAML: line 14 column 259: recursion limit exceeded"),
        (&deep("{a: ", "}", 70), "document 2: the file has more than 64 levels"),
        (&nested.join("\n"), "document 2: the file has more than 64 levels"),
        (&bomb.join("\n"), "document 2: the file has more than 250000 values"),
        (&web.replace("spec:", "# spec:"), "document 2, line 14 (Ingress): spec is missing"),
        (&web.replace("80", "99999999999999999999"), "document 2, line 14 (Ingress): "),
        (&web.replace("80", "70000"), "document 2, line 14 (Ingress): "),
        (
            &web.replace("  name: web\n", "  labels: {}\n"),
            "document 2, line 14 (Ingress): metadata.name: none is given",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: null",
            "document 2, line 14 (Service): metadata.name: none is given",
        ),
        ("apiVersion: v1\nkind: List\nitems: { a: b }", "document 2: items: expected a list"),
    ] {
        let input = between(document);
        let found = run(&input);
        let shown: String = document.chars().take(200).collect();
        let expected = format!("error: standard input: {error}");
        assert!(found.code == 1 && found.err.starts_with(&expected), "{shown}: {}", found.err);
        assert_eq!((found.err.lines().count(), hosts(&found)), (1, vec!["good", "last"]), "{shown}: {}", found.err);
        let strict = example_of_bytes("migrate", &["-", "--strict"], &input);
        assert_eq!((strict.code, strict.out.as_str()), (1, ""), "{shown}");
    }
}

#[test]
fn eight_of_nine_documents_are_read() {
    let documents: Vec<String> =
        (1..=9).map(|number| if number == 7 { "a: [\n".to_owned() } else { plain(&format!("h{number}")) }).collect();
    let found = run(documents.join("---\n").as_bytes());
    assert!(found.err.starts_with("error: standard input: document 7: not YAML: line 79 column "), "{}", found.err);
    assert_eq!(hosts(&found), ["h1", "h2", "h3", "h4", "h5", "h6", "h8", "h9"]);
}

/// Each row is a document between two that are right, and what is noted about it.
#[test]
fn what_is_not_read_is_noted() {
    let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }";
    let service = |port| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{ name: a }}\nspec: {{ ports: [{{ port: {port} }}] }}")
    };
    for (document, note) in [
        (config_map, "skipped: standard input: document 2 (ConfigMap)"),
        ("just text", "skipped: standard input: document 2 (no kind)"),
        ("[1, 2]", "skipped: standard input: document 2 (no kind)"),
        ("kind: 3", "skipped: standard input: document 2 (no kind)"),
        ("items: null", "skipped: standard input: document 2 (no kind)"),
        ("kind: List\nitems: [null, 3]", "skipped: standard input: document 2, item 1 (no kind) and 1 more"),
        (
            "kind: List\nitems:\n- kind: List\n  items: [{ kind: Pod }]",
            "skipped: standard input: document 2, item 1, item 1 (Pod)",
        ),
        (
            &format!("{}\n---\n{}", service(80), service(81)),
            "several different Services have the name `default/a`, and only the last one counts",
        ),
    ] {
        let found = run(&between(document));
        assert_eq!((found.code, found.err.as_str()), (0, &*format!("note: {note}\n")), "{document}");
        assert_eq!(hosts(&found), ["good", "last"], "{document}");
    }
}

/// Each row is unusual and right.
#[test]
fn what_yaml_and_kubernetes_allow_is_read() {
    let two = format!("{}---\n{}", plain("good"), plain("last"));
    let list = format!(
        "kind: List\nitems:\n- kind: IngressList\n  items:\n  - {}\n  - {}\n",
        plain("good").trim_end().replace('\n', "\n    "),
        plain("last").trim_end().replace('\n', "\n    "),
    );
    for input in [
        two.clone(),
        format!("\u{feff}{two}"),
        two.replace('\n', "\r\n"),
        two.replace('\n', "\r"),
        two.replace("---\n", "--- # the second\n"),
        two.replace("---\n", "...\n---\n"),
        two.replace("---\n", "---\n# nothing\n---\n\n---\nkind: List\nitems: []\n---\nkind: List\nitems: null\n---\n"),
        format!("---\n---\n{two}---\n"),
        list,
        two.replace("name: web", "name:\tweb"),
        two.replace("spec:", "status: null\nspec:\n  tls: null"),
        format!("{two}---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec: {{ ports: null }}\n"),
    ] {
        let found = run(input.as_bytes());
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{input:?}");
        assert_eq!(hosts(&found), ["good", "last"], "{input:?}");
    }
}

/// Nothing at all is an error, and so is text that is not UTF-8; other documents of its file are read.
#[test]
fn bytes_that_are_no_text_are_an_error_with_their_line() {
    for input in ["", "\n\n", "---\n---\n# nothing\n", "\u{feff}"] {
        let found = run(input.as_bytes());
        assert_eq!((found.code, found.err.as_str()), (1, "error: standard input: there is no Ingress\n"), "{input:?}");
    }
    let found = run(&[&between("a: b")[..], b"---\na: 1\nb: \xff\xfe\n"].concat());
    let line = found.err.lines().next().unwrap();
    assert_eq!((found.code, line), (1, "error: standard input: document 4: line 30 is not UTF-8"));
    assert_eq!(hosts(&found), ["good", "last"]);
    let utf16: Vec<u8> = "kind: Ingress\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = run(&[&b"\xff\xfe"[..], &utf16].concat());
    assert!(
        found.code == 1 && found.err.starts_with("error: standard input: document 1: line 1 is not UTF-8\n"),
        "{}",
        found.err
    );
    // The other examples read such a file not at all, and say where it is wrong.
    let file = std::env::temp_dir().join(format!("canary-policy-utf8-{}.yaml", std::process::id()));
    std::fs::write(&file, b"canaries:\n- name: \xff\n").unwrap();
    let run = example("compare", &[file.to_str().unwrap(), "-"], "");
    std::fs::remove_file(&file).unwrap();
    assert!(run.code == 1 && run.err.contains("line 2 is not UTF-8"), "{}", run.err);
}

/// A file of another form than JSON lines is one error, with what was expected.
#[test]
fn a_file_that_is_not_json_lines_is_one_error() {
    let yaml = "examples/manifests/hosts.yaml";
    let binary = file_with("binary", "");
    std::fs::write(&binary, [&[0xff, 0xfe, b'\n'][..]; 50].concat()).unwrap();
    let binary = binary.to_str().unwrap();
    for file in [yaml, binary] {
        let why = if file == yaml { "not JSON: expected " } else { "not UTF-8; " };
        for (name, args, expected) in [
            ("migrate", &["--effective", file][..], "the state of a cluster in JSON on each line"),
            ("migrate", &[yaml, "--to", "istio", "--replay", file], "a request in JSON, as in "),
            ("replay", &[file], "a recorded request in JSON on each line"),
            ("replay", &["--annotations", file], "annotations in JSON on each line"),
        ] {
            let run = example(name, args, "");
            let errors: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
            let [error] = errors[..] else { panic!("{args:?}: {}", run.err) };
            let start = format!("error: {file}: line 1: {why}");
            let end = format!("; nor are the next 2 lines JSON, so the rest is not read: expected {expected}");
            assert!(run.code == 1 && error.starts_with(&start) && error.contains(&end), "{args:?}: {error}");
        }
    }
    std::fs::remove_file(binary).unwrap();
}

/// The other lines of a file with lines of JSON are answered. Of many errors the first ten are shown.
#[test]
fn many_wrong_lines_are_counted() {
    let right = r#"{"id": 1, "ingresses": []}"#;
    for (input, answers, errors, last) in [
        (format!("{{\n{{\n{right}\n"), 1, 2, "error: line 2: not JSON: "),
        (format!("{right}\n{}{right}\n", "{\n".repeat(11)), 2, 11, "error: 1 more line is wrong"),
        (format!("{right}\n{}", "{}\n".repeat(99)), 1, 11, "error: 89 more lines are wrong"),
        ("{\n".repeat(2), 0, 2, "error: line 2: not JSON: "),
    ] {
        let run = example("migrate", &["--effective"], &input);
        assert_eq!((run.code, run.out.lines().count(), run.err.lines().count()), (1, answers, errors), "{}", run.err);
        assert!(run.err.lines().last().unwrap().starts_with(last), "{}", run.err);
    }
}

/// What is missing is named with the files that do not have it.
#[test]
fn files_without_the_wanted_objects_are_named() {
    let hosts = "examples/manifests/hosts.yaml";
    let empty = file_with("empty.yaml", "");
    let empty = empty.to_str().unwrap();
    for (args, error) in [
        (&[empty][..], format!("error: {empty}: there is no Ingress\n")),
        (
            &[hosts, "--against", empty],
            format!(
                "error: --against: {empty}: there is no HTTPRoute, GRPCRoute, VirtualService or RouteConfiguration: "
            ),
        ),
    ] {
        let run = example("migrate", args, "");
        assert!(run.code == 1 && run.err.starts_with(&error) && run.err.lines().count() == 1, "{}", run.err);
    }
    std::fs::remove_file(empty).unwrap();
}

/// A large value is neither refused nor printed whole.
#[test]
fn large_annotations_are_read() {
    let large = "x".repeat(1_000_000);
    let note = ingress("good", &format!("  annotations: {{ note: {large} }}\n"));
    let prefix = "nginx.ingress.kubernetes.io";
    let canary = format!("  annotations: {{ {prefix}/canary: \"true\", {prefix}/canary-by-header: {large} }}\n");
    let input = format!("{note}---\n{}---\n{}", ingress("last", &canary), plain("last-stable"));
    let found = run(input.as_bytes());
    assert!(found.out.len() + found.err.len() < 10_000, "{} {}", found.out.len(), found.err.len());
    assert_eq!(hosts(&found), ["good", "last-stable"]);
    assert!(found.out.contains("error[acts-as-stable]: default/last: "), "{}", found.out);
}

/// The controller reads Ingresses without a class only if it is told to.
#[test]
fn an_ingress_without_a_class_is_noted() {
    let without = plain("good").replace("  ingressClassName: nginx\n", "");
    let found = run(format!("{without}---\n{}", plain("last")).as_bytes());
    let why = "read although they have no class, as the controller does only with --watch-ingress-without-class";
    assert_eq!((found.code, found.err), (0, format!("note: {why}: `default/good`\n")));
    let annotation = "metadata:\n  annotations: { kubernetes.io/ingress.class: nginx }\n";
    let found = run(without.replace("metadata:\n", annotation).as_bytes());
    assert_eq!((found.code, found.err.as_str()), (0, ""));
}

#[test]
fn an_ingress_that_was_replaced_is_a_finding() {
    let second = plain("good").replace("name: web", "name: other");
    let found = run(format!("{}---\n{second}", plain("good")).as_bytes());
    assert_eq!((found.code, found.err.as_str()), (0, ""));
    assert!(found.out.contains("warning[replaced]: default/good: metadata.name: "), "{}", found.out);
    // The same object twice is not.
    assert!(!run(format!("{0}---\n{0}", plain("good")).as_bytes()).out.contains("replaced"));
}

/// Each row is the state of a cluster as a line of JSON, and its error, or nothing if it is answered.
#[test]
fn states_are_read_as_strictly() {
    let deep = format!(r#"{{"id": {}1{}, "ingresses": []}}"#, "[".repeat(300), "]".repeat(300));
    let large = format!(r#"{{"id": "{}", "ingresses": []}}"#, "x".repeat(100_000));
    for (line, error) in [
        (r#"{"id": 1, "ingresses": null, "services": null, "config": null}"#, ""),
        (
            r#"{"id": 1, "ingresses": [], "services": [{"namespace": "a", "name": "b", "ports": null, "endpoints": true}]}"#,
            "",
        ),
        (r#"{"id": 18446744073709551615, "ingresses": []}"#, ""),
        (&large, ""),
        (r#"{"id": 99999999999999999999, "ingresses": []}"#, "id: expected a text or an integer of 64 bits"),
        (r#"{"id": 1e400, "ingresses": []}"#, "not JSON: number out of range"),
        (r#"{"id": 1, "id": 2, "ingresses": []}"#, "an object has the key `id` twice"),
        (r#"{"id": 1, "ingresses": [{"metadata": {"name": "a", "name": "b"}}]}"#, "an object has the key `name` twice"),
        (&deep, "not JSON: recursion limit exceeded"),
        ("\0", "not JSON: expected value"),
        (r#"{"id": 1, "ingresses": [], "services": 3}"#, "services: invalid type"),
    ] {
        let found = example("migrate", &["--effective"], line);
        let shown: String = line.chars().take(100).collect();
        if error.is_empty() {
            let answer: Value = serde_json::from_str(&found.out).unwrap();
            let state: Value = serde_json::from_str(line).unwrap();
            assert_eq!((found.code, found.err.as_str(), &answer["id"]), (0, "", &state["id"]), "{shown}");
        } else {
            let expected = format!("error: line 1: {error}");
            assert!(found.code == 1 && found.err.starts_with(&expected), "{shown}: {}", found.err);
            assert_eq!((found.err.lines().count(), found.out.as_str()), (1, ""), "{shown}");
        }
    }
}
