//! Standard output that nobody reads, or that has no room, and input as editors and machines write it.

use std::fs::File;
use std::process::Stdio;

use crate::util::example::{example, example_into};

/// Each example with arguments and input for which it prints something.
const RUNS: [(&str, &[&str], &str); 6] = [
    ("compare", &["examples/manifests/policy.yaml", "examples/manifests/policy.yaml"], ""),
    ("decide", &[], ""),
    ("migrate", &["--effective"], "{\"id\": 1, \"ingresses\": []}\n{\"id\": 2, \"ingresses\": []}\n"),
    ("render", &["examples/manifests/prd.yaml", "--canary", "canary", "--weight", "30"], ""),
    ("replay", &[], REQUESTS),
    ("simulate", &["--clients", "10"], ""),
];

const REQUESTS: &str = r#"{"id": 1, "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "request": {"headers": []}}
{"id": 2, "annotations": {"nginx.ingress.kubernetes.io/canary": "true"}, "request": {"headers": []}}
"#;

/// As in `replay | head -1` and `decide | true`.
#[test]
fn a_reader_that_has_gone_is_no_error() {
    for (name, args, input) in RUNS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = example_into(name, args, input.as_bytes(), writer.into());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_without_room_is_an_error() {
    for (name, args, input) in RUNS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = example_into(name, args, input.as_bytes(), Stdio::from(full));
        assert_eq!(run.code, 1, "{name}");
        let (message, panic) = ("standard output: No space left on device", "panicked");
        assert!(run.err.contains(message) && !run.err.contains(panic), "{name}: {}", run.err);
    }
}

/// Some editors put a byte order mark before a text.
#[test]
fn a_byte_order_mark_is_skipped() {
    let policy = std::fs::read_to_string(crate::util::path("../examples/manifests/policy.yaml")).unwrap();
    let prd = std::fs::read_to_string(crate::util::path("../examples/manifests/prd.yaml")).unwrap();
    let runs: [(&str, &[&str], &str); 7] = [
        ("migrate", &["--effective"], "{\"id\": 1, \"ingresses\": []}"),
        ("compare", &["examples/manifests/policy.yaml", "-"], &policy),
        ("render", &["-", "--canary", "canary"], &prd),
        ("render", &["examples/manifests/prd.yaml", "--canary", "canary", "--policy", "-"], "canaries: [{}]"),
        ("simulate", &["--clients", "10", "--mix", "-"], "{}"),
        ("replay", &[], REQUESTS),
        ("replay", &["--annotations"], REQUESTS),
    ];
    for (name, args, input) in runs {
        let (plain, marked) = (example(name, args, input), example(name, args, &format!("\u{feff}{input}")));
        assert_eq!((plain.code, &plain.out, &plain.err), (0, &marked.out, &marked.err), "{name}: {}", plain.err);
    }
}

/// Each row is a policy in a file, and the error.
#[test]
fn a_file_that_is_too_large_or_empty_is_named() {
    let many = "- {name: a, weight: 1}\n".repeat(60_000);
    let rows = [
        ("null".to_owned(), "the file is empty or null: expected one policy"),
        (String::new(), "the file is empty or null: expected one policy"),
        (format!("canaries:\n{many}"), "the file has more than 250000 values"),
        ("---\na: 1\n".repeat(2000), "the file has more than 1024 documents"),
        ("[".repeat(100) + &"]".repeat(100), "the file has more than 64 levels"),
        (format!("a: &a [1]\nb: [{}]\n", ["*a"; 300].join(",")), "the file has too many aliases"),
    ];
    for (policy, message) in rows {
        let run = example("simulate", &["--policy", "-"], &policy);
        assert_eq!((run.code, run.err.as_str()), (1, format!("error: -: {message}\n").as_str()));
    }
}
