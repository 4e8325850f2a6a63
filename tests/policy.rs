//! A policy is valid once you hold it, and a spec is told all that is wrong with it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::policy::{CookieName, Name};
use canary_policy::{Canary, CookieAffinity, HeaderRule, Invalid, Match, Policy, Selector, Spec, Total};
use util::{policy, problems};

#[test]
fn one_canary_is_one_line() {
    assert_eq!(Policy::percent(30).unwrap(), policy("canaries: [{ weight: 30 }]"));
}

#[test]
fn the_whole_of_a_spec() {
    let yaml = r#"
total: 1000
canaries:
  - name: blue
    weight: 30
    header: { name: X-Canary }
    cookie: { name: cohort, value: beta }
  - name: green
    header: { name: x-region, pattern: "^eu-" }
affinity:
  cookie: { name: route, precedence: afterRules, pins: stable, revision: "7", maxAge: 86400, path: /, domain: a.test, sameSite: Lax, secure: true }
"#;
    let policy = policy(yaml);
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(
        written,
        serde_json::json!({
            "total": 1000,
            "canaries": [
                { "name": "blue", "weight": 30, "header": { "name": "x-canary" }, "cookie": { "name": "cohort", "value": "beta" } },
                { "name": "green", "header": { "name": "x-region", "pattern": "^eu-" } },
            ],
            "affinity": { "cookie": {
                "name": "route", "precedence": "afterRules", "pins": "stable", "revision": "7", "maxAge": 86400,
                "path": "/", "domain": "a.test", "sameSite": "Lax", "secure": true,
            } },
        })
    );
    assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), policy);
}

#[test]
fn parts_that_say_the_plain_thing_are_left_out() {
    let yaml = "{ total: 100, canaries: [{ name: canary, weight: 0 }], affinity: { key: { cookie: uid, salt: '' } } }";
    let written = serde_json::to_string(&policy(yaml)).unwrap();
    assert_eq!(written, r#"{"canaries":[{}],"affinity":{"key":{"cookie":"uid"}}}"#);
}

/// Each row is a spec and what it is told.
#[test]
fn what_is_wrong_is_named_with_its_field() {
    let long = "x".repeat(300);
    let rows: &[(&str, &[&str])] = &[
        ("canaries: []", &["canaries: there is none: a policy has at least one canary"]),
        ("{ canaries: [{}], total: 0 }", &["total: 0 is not a total: 1 to 4294967295"]),
        ("{ canaries: [{}], total: 4294967296 }", &["total: 4294967296 is not a total: 1 to 4294967295"]),
        ("canaries: [{ weight: 101 }]", &["canaries[0].weight: 101 is more than the total 100"]),
        ("canaries: [{ weight: -1 }]", &["canaries[0].weight: -1 is not a weight: 0 to 4294967295"]),
        (
            "canaries: [{ name: a, weight: 60 }, { name: b, weight: 60 }]",
            &["canaries: the weights add up to 120, more than the total 100"],
        ),
        ("canaries: [{ name: a }, { name: a }]", &["canaries[1].name: `a` names two canaries: names are unique"]),
        (
            "canaries: [{}, { name: a }]",
            &["canaries[0].name: is missing: only a single canary is called `canary` by default"],
        ),
        (
            "canaries: [{ name: stable }]",
            &["canaries[0].name: `stable` names the stable variant: a canary needs another name"],
        ),
        (
            "canaries: [{ name: My_App }]",
            &[
                "canaries[0].name: `My_App` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
            ],
        ),
        (
            "canaries: [{ header: { name: x canary } }]",
            &[
                "canaries[0].header.name: `x canary` is not a header name: letters, digits and !#$%&'*+-.^_`|~, 1 to 256 of them",
            ],
        ),
        (
            "canaries: [{ cookie: { name: 'a;b' } }]",
            &[
                "canaries[0].cookie.name: `a;b` is not a cookie name: letters, digits and !#$%&'*+-./:^_`|~, inner spaces, 1 to 256 of them",
            ],
        ),
        (
            "canaries: [{ cookie: { name: a, value: 'b;c' } }]",
            &[
                "canaries[0].cookie.value: `b;c` is not a cookie value: at most 4096 bytes, no control characters, no `;`, no blank at the ends",
            ],
        ),
        (
            r#"canaries: [{ header: { name: a, value: "b\nc" } }]"#,
            &[
                r"canaries[0].header.value: `b\nc` is not a header value: at most 4096 bytes, no control characters, no blank at the ends",
            ],
        ),
        (
            "canaries: [{ header: { name: a, value: b, pattern: c } }]",
            &["canaries[0].header: `value` and `pattern` are both given: give one of them"],
        ),
        ("{ canaries: [{}], affinity: {} }", &["affinity: neither `cookie` nor `key` is given: give one of them"]),
        (
            "{ canaries: [{}], affinity: { cookie: { name: a }, key: { header: b } } }",
            &["affinity: `cookie` and `key` are both given: give one of them"],
        ),
        (
            "{ canaries: [{}], affinity: { key: { header: b, cookie: c } } }",
            &["affinity.key: `header` and `cookie` are both given: give one of them"],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: '', revision: 'a|b', maxAge: -1, path: x, domain: 'a;b' } } }",
            &[
                "affinity.cookie.name: `` is not a cookie name: letters, digits and !#$%&'*+-./:^_`|~, inner spaces, 1 to 256 of them",
                "affinity.cookie.revision: `a|b` is not a revision: 1 to 63 letters, digits, `-`, `_` and `.`",
                "affinity.cookie.maxAge: -1 is not a max age: 0 to 4294967295 seconds",
                "affinity.cookie.path: `x` is not a cookie path: begins with `/`, at most 1024 printable ASCII characters, no `;`",
                "affinity.cookie.domain: `a;b` is not a cookie domain: 1 to 253 letters, digits, `-` and `.`",
            ],
        ),
        (
            &format!("{{ canaries: [{{}}], affinity: {{ key: {{ header: b, salt: {long} }} }} }}"),
            &["affinity.key.salt: the salt has 300 bytes: at most 256 are allowed"],
        ),
        (
            "{ total: -1, canaries: [{ name: a, weight: 9999999999, header: { name: '(', pattern: '(' } }, { name: a }] }",
            &[
                "total: -1 is not a total: 1 to 4294967295",
                "canaries[0].weight: 9999999999 is not a weight: 0 to 4294967295",
                "canaries[0].header.name: `(` is not a header name: letters, digits and !#$%&'*+-.^_`|~, 1 to 256 of them",
                "canaries[0].header.pattern: the pattern `(` is refused at byte 0: unclosed group",
                "canaries[1].name: `a` names two canaries: names are unique",
            ],
        ),
    ];
    for (yaml, expected) in rows {
        assert_eq!(problems(yaml), *expected, "{yaml}");
    }
}

#[test]
fn an_unknown_field_is_named() {
    let error = serde_json::from_str::<Spec>(r#"{ "canaries": [{ "wieght": 30 }] }"#).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `wieght`, expected one of `name`, `weight`"), "{error}");
}

#[test]
fn a_long_value_is_cut_in_messages() {
    let error = Name::new(&"x".repeat(200_000)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "`{}… (200000 bytes)` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
            "x".repeat(80)
        )
    );
}

#[test]
fn bounds_are_inclusive() {
    assert!(Name::new(&"x".repeat(63)).is_ok() && Name::new(&"x".repeat(64)).is_err());
    assert!(CookieName::new(&"x".repeat(256)).is_ok() && CookieName::new(&"x".repeat(257)).is_err());
    assert!(HeaderRule::new(&"x".repeat(256), Match::AlwaysNever).is_ok());
    assert!(HeaderRule::new(&"x".repeat(257), Match::AlwaysNever).is_err());
    assert!(HeaderRule::new("x", Match::Exact("x".repeat(4096))).is_ok());
    assert!(HeaderRule::new("x", Match::Exact("x".repeat(4097))).is_err());
    assert!(HeaderRule::new("x", Match::Exact(String::new())).is_ok());
    assert!(CookieAffinity::new("a").unwrap().with_revision(&"x".repeat(63)).is_ok());
    assert!(CookieAffinity::new("a").unwrap().with_revision(&"x".repeat(64)).is_err());
    assert_eq!(Total::new(0), Err(Invalid::Total(0)));
    let all = Canary::new("canary", u32::MAX).unwrap();
    assert!(Policy::new([all], Total::new(u32::MAX).unwrap()).is_ok());
}

#[test]
fn reduced_keeps_the_shares() {
    let rows = [
        ("{ total: 10, canaries: [{ weight: 3 }] }", "{ total: 10, canaries: [{ weight: 3 }] }"),
        ("{ total: 1000, canaries: [{ weight: 300 }] }", "{ total: 10, canaries: [{ weight: 3 }] }"),
        ("{ total: 100, canaries: [{ weight: 0 }] }", "{ total: 1, canaries: [{ weight: 0 }] }"),
        (
            "{ total: 100, canaries: [{ name: a, weight: 20 }, { name: b, weight: 30 }] }",
            "{ total: 10, canaries: [{ name: a, weight: 2 }, { name: b, weight: 3 }] }",
        ),
    ];
    for (written, reduced) in rows {
        assert_eq!(policy(written).reduced(), policy(reduced), "{written}");
    }
}

#[test]
fn values_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Policy>();
    crosses::<Spec>();
    crosses::<Selector>();
    crosses::<canary_policy::InvalidPolicy>();
}
