//! `compare` says what changes between two policies.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::util::example::{Output, example};

/// Runs `compare` on two policies: one in a file, the other on standard input.
#[track_caller]
fn compare(old: &str, new: &str, args: &[&str]) -> Output {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compare");
    fs::create_dir_all(&folder).unwrap();
    // Tests run at the same time, so each policy has a file of its own.
    let name: String =
        old.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte) } else { '-' }).collect();
    let file = folder.join(&name[..name.len().min(120)]);
    fs::write(&file, old).unwrap();
    let args: Vec<&str> = [file.to_str().unwrap(), "-"].into_iter().chain(args.iter().copied()).collect();
    example("compare", &args, new)
}

const ROUTE: &str = "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: route } } }";
const PLAIN: &str = "canaries: [{ weight: 5 }]";
const KEYED: &str = "{ canaries: [{ weight: 5 }], affinity: { key: { header: x-user, salt: s } } }";

/// Each row is two policies, the exit code, and what is printed.
#[test]
fn changes_are_said_in_words() {
    let rows: [(&str, &str, i32, &str); 10] = [
        (PLAIN, "{ total: 1000, canaries: [{ weight: 50 }] }", 0, "Every request is decided alike.\n"),
        (
            PLAIN,
            "canaries: [{ weight: 10 }]",
            2,
            "5.0 % of requests move from stable to canary, none back.\n\
             For example, a request without headers and with the sample 0.05 goes from stable to canary.\n",
        ),
        (
            "canaries: [{}]",
            "canaries: [{ header: { name: x-canary } }]",
            2,
            "Clients with `x-canary: never` still go to stable, by header instead of by weight.\n\
             Clients with `x-canary: always` go from stable to canary.\n",
        ),
        (
            ROUTE,
            "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: route, revision: '2' } } }",
            2,
            "Clients without a cookie that get canary are given the cookie `route=2.canary; Path=/; HttpOnly` instead of \
             `route=canary; Path=/; HttpOnly`.\n\
             Clients that hold `route=stable` are drawn again.\n\
             Clients that hold `route=canary` are drawn again.\n\
             Clients that hold `route=2.stable` keep stable; before the change they were drawn again.\n\
             Clients that hold `route=2.canary` keep canary; before the change they were drawn again.\n",
        ),
        (
            PLAIN,
            ROUTE,
            2,
            "Clients without a cookie that get canary are now given the cookie `route=canary; Path=/; HttpOnly`.\n\
             Clients that hold `route=stable` keep stable; before the change they were drawn again.\n\
             Clients that hold `route=canary` keep canary; before the change they were drawn again.\n",
        ),
        (
            ROUTE,
            PLAIN,
            2,
            "Clients without a cookie that get canary are no longer given the cookie `route=canary; Path=/; HttpOnly`.\n\
             Clients that hold `route=stable` are drawn again.\n\
             Clients that hold `route=canary` are drawn again.\n",
        ),
        (
            KEYED,
            "{ canaries: [{ weight: 10 }], affinity: { key: { header: x-user, salt: s } } }",
            2,
            "5.0 % of clients move from stable to canary, none back.\n\
             For example, a request without headers and with the sample 0.05 goes from stable to canary.\n",
        ),
        (
            KEYED,
            "{ canaries: [{ weight: 5 }], affinity: { key: { header: x-user, salt: t } } }",
            2,
            "All clients are drawn again, because the key, its salt or its hash differs.\n\
             4.8 % of clients move from stable to canary, and 4.8 % back.\n\
             For example, `x-user: K` goes from canary to stable.\n",
        ),
        (
            "canaries: [{ name: a, header: { name: x-a, value: v } }, { name: b, cookie: { name: b, value: v } }]",
            "canaries: [{ name: a, cookie: { name: b, value: v } }, { name: b, header: { name: x-a, value: v } }]",
            2,
            "Clients with `x-a: v` go from a to b.\nClients with `cookie: b=v` go from b to a.\n",
        ),
        (
            "canaries: [{ header: { name: x-a, pattern: '(a|b)*a(a|b){20}c' } }]",
            "canaries: [{ header: { name: x-a, pattern: '(b|a)*a(b|a){20}c' } }]",
            3,
            "Unknown: not all values of header x-a were searched: the search ends after 32768 beginnings of values or 16777216 steps.\n",
        ),
    ];
    for (old, new, code, text) in rows {
        let run = compare(old, new, &[]);
        assert_eq!((run.out.as_str(), run.err.as_str(), run.code), (text, "", code), "{old} {new}");
    }
}

#[test]
fn annotations_are_compared() {
    let annotated = "examples/manifests/pair.yaml";
    let policy = "{ canaries: [{ weight: 30, header: { name: x-canary }, cookie: { name: beta } }], affinity: { cookie: { name: route } } }";
    let run = example("compare", &[annotated, "-"], policy);
    assert_eq!((run.out.as_str(), run.code), ("Every request is decided alike.\n", 0), "{}", run.err);
    let run = example("compare", &["-", annotated], &policy.replace("30", "25"));
    let moved = "5.0 % of clients without a cookie move from stable to canary, none back.";
    assert_eq!((run.out.lines().next(), run.code), (Some(moved), 2), "{}", run.err);
}

/// Each row is a file whose policy is in the spec of an object, and the answer to a comparison with the policy alone.
#[test]
fn policies_in_objects_are_compared() {
    let object = |spec: &str| {
        format!("apiVersion: shop.example.com/v1\nkind: Rollout\nmetadata: {{ name: web }}\nspec: {spec}\n")
    };
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: web }\n---\n";
    let same = ("Every request is decided alike.\n".to_owned(), String::new(), 0);
    let error = |why: &str| (String::new(), format!("error: standard input: {why}\n"), 1);
    let plain = format!("{{ {PLAIN} }}");
    let in_policy = format!("{{ replicas: 3, policy: {plain} }}");
    let rows = [
        (object(&plain), same.clone()),
        (object(&in_policy), same.clone()),
        (format!("{service}{}", object(&in_policy)), same),
        (
            object("{ policy: { canaries: [{ weight: 101 }] } }"),
            error("in spec.policy: canaries[0].weight: 101 is more than the total 100"),
        ),
        (
            object("{ canaries: [{ weight: x }] }"),
            error("in spec: canaries[0].weight: `x` is given: expected a whole number of at most 64 bits"),
        ),
        (format!("{}---\n{}", object(&plain), object(&plain)), error("the file has 2 documents: expected one policy")),
        (
            format!("{}---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n", object(&plain)),
            error("the file has a policy and Ingresses: expected one of them"),
        ),
    ];
    for (new, (out, err, code)) in rows {
        let run = compare(PLAIN, &new, &[]);
        assert_eq!((run.out, run.err, run.code), (out, err, code), "{new}");
    }
}

#[test]
fn json_has_everything() {
    let run = compare(PLAIN, "canaries: [{ weight: 10, header: { name: x-a, value: v } }]", &["--json"]);
    let json: Value = serde_json::from_str(&run.out).unwrap();
    let expected = serde_json::json!({
        "answer": "differs",
        "differences": [
            {
                "request": { "lines": [], "sample": 922_337_203_685_477_581_u64 },
                "before": { "name": "stable", "variant": "stable", "reason": "weight" },
                "after": { "name": "canary", "variant": "canaries[0]", "reason": "weight" },
                "isSmallest": true,
            },
            {
                "request": { "lines": [{ "name": "x-a", "value": "v" }], "sample": 0 },
                "before": { "name": "canary", "variant": "canaries[0]", "reason": "weight" },
                "after": { "name": "canary", "variant": "canaries[0]", "reason": "header" },
                "isSmallest": true,
            },
        ],
        "transitions": {
            "draw": "caller",
            "transitions": [
                { "from": "stable", "to": "stable", "share": { "parts": 90, "total": 100 } },
                { "from": "stable", "to": "canary", "share": { "parts": 5, "total": 100 } },
                { "from": "canary", "to": "canary", "share": { "parts": 5, "total": 100 } },
            ],
        },
        "bounds": [],
    });
    assert_eq!((json, run.code), (expected, 2));
    let run = compare(PLAIN, PLAIN, &["--json"]);
    assert!(run.code == 0 && run.out.starts_with(r#"{"answer":"same""#), "{}", run.out);
}

/// Each row is the arguments, and the error.
#[test]
fn errors_exit_with_1() {
    let rows: [(&[&str], &str); 3] = [
        (&["-", "-"], "error: only one of the policies can be on standard input\n"),
        (&["-", "nowhere"], "error: standard input: canaries: no canary is given: a policy has at least one\n"),
        (&["nowhere", "-"], "error: nowhere: No such file or directory (os error 2)\n"),
    ];
    for (args, message) in rows {
        let run = example("compare", args, "canaries: []");
        assert_eq!((run.code, run.out.as_str()), (1, ""));
        assert_eq!(run.err, message);
    }
    assert_eq!(example("compare", &["one"], "").code, 1);
}
