//! 2,000 requests that the real controller decided, decided again.
//!
//! `cases/decisions.jsonl` was recorded from nginx 1.27.1 running the Lua code of ingress-nginx `dbb11b92` unmodified;
//! annotations stand without their prefix. Where this crate deviates on purpose is in `DEVIATIONS`, and nowhere else.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::ReadError;
use canary_policy::policy::Token;
use canary_policy::targets::nginx::{Annotations, Flags, View, read, token};
use canary_policy::{Affinity, CookieAffinity, Pins, Policy, Reason, Request, Sample, Selector, Variant};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: String,
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    stable_annotations: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
    draw: Option<u32>,
    affinity: Option<Keys>,
    seen: Seen,
    variant: String,
    reason: String,
    /// What the generator meant to make.
    category: String,
    /// Whether the `regex` crate does not give PCRE's answer.
    #[serde(default)]
    pcre_only: bool,
}

#[derive(Deserialize)]
struct Keys {
    cookie_name: String,
    behavior: String,
    primary_key: String,
    canary_key: String,
    primary_backend: String,
    canary_backend: String,
}

/// What `$http_NAME` showed.
#[derive(Deserialize)]
struct Seen {
    header: Option<String>,
}

/// Why a line is decided otherwise, or not at all, and how many there are.
const DEVIATIONS: [(&str, &str, usize); 3] = [
    (
        "pattern",
        "PCRE backtracks, or takes it for a mistake when a request comes; here it is refused when it is read",
        135,
    ),
    ("empty cookie name", "without a cookie rule nginx still reads the cookie `=always`, by which anyone gets in", 17),
    ("match limit", "PCRE gives up and the request goes to stable at once; the linear engine answers", 1),
];

fn cases() -> Vec<Case> {
    util::json_lines("cases/decisions.jsonl").into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

fn prefixed(annotations: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    util::annotations(annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn policy(case: &Case) -> Result<Policy, ReadError> {
    let annotations = Annotations::new(prefixed(&case.annotations), prefixed(&case.stable_annotations));
    Ok(read(&annotations, &Flags::default())?.policy)
}

/// The decision, in the words of the recording.
fn decide(case: &Case, policy: &Policy) -> (String, String) {
    let selector = match &case.affinity {
        None => Selector::new(policy),
        Some(keys) => {
            let (stable, canary) = (Token::new(&keys.primary_key).unwrap(), Token::new(&keys.canary_key).unwrap());
            Selector::with_tokens(policy, |variant| match variant {
                Variant::Stable => stable.clone(),
                Variant::Canary(_) => canary.clone(),
            })
        }
    };
    let view = View::new(&case.headers).unwrap();
    // The generator was asked only when nothing decided before.
    let sample = match case.draw {
        Some(draw) => Sample::from_fraction(draw - 1, policy.total().get()).unwrap(),
        None => Sample::MIN,
    };
    let decision = selector.select(view.lines(), sample);
    let variant = if decision.variant == Variant::Stable { "stable" } else { "canary" };
    (variant.to_owned(), decision.reason.as_str().to_owned())
}

#[test]
fn every_recorded_request_is_decided_as_it_was() {
    let mut deviations: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for case in cases() {
        let expected = (case.variant.clone(), case.reason.split('-').next().unwrap().to_owned());
        let policy = match policy(&case) {
            Ok(policy) => policy,
            Err(ReadError::Unsupported { annotation: "canary-by-header-pattern", what }) => {
                let meant = case.pcre_only
                    || case.category == "header-pattern-invalid"
                    || case.category == "header-pattern-pcre";
                assert!(meant, "{}: {what}", case.id);
                refused.insert(what.to_string());
                *deviations.entry("pattern").or_default() += 1;
                continue;
            }
            Err(error) => panic!("{}: {error}", case.id),
        };
        assert!(!case.pcre_only || case.reason == "header-pattern-error", "{}: should be refused", case.id);
        let got = decide(&case, &policy);
        if got == expected {
            assert!(case.draw.is_some() || got.1 != Reason::Weight.as_str(), "{}: no draw", case.id);
            continue;
        }
        let ruleless = policy.canaries().iter().all(|canary| canary.cookie().is_none());
        let class = match case.reason.as_str() {
            "cookie-always" | "cookie-never" if ruleless => "empty cookie name",
            "header-pattern-error" => "match limit",
            _ => panic!("{}: expected {expected:?}, got {got:?}", case.id),
        };
        *deviations.entry(class).or_default() += 1;
    }
    let expected: BTreeMap<&str, usize> = DEVIATIONS.iter().map(|(class, _, count)| (*class, *count)).collect();
    assert_eq!(deviations, expected);
    let refused: Vec<String> = refused.into_iter().collect();
    util::golden("refused_patterns.txt", &(refused.join("\n") + "\n"));
}

/// The stable Ingress's annotations say what the balancer was given.
#[test]
fn affinity_is_read_as_it_was_configured() {
    let mut count = 0;
    for case in cases() {
        let Some(keys) = &case.affinity else { continue };
        let Ok(policy) = policy(&case) else { continue };
        let pins = if keys.behavior == "legacy" { Pins::Stable } else { Pins::Everyone };
        let expected = CookieAffinity::new(&keys.cookie_name).unwrap().with_pins(pins);
        assert_eq!(policy.affinity(), &Affinity::Cookie(expected), "{}", case.id);
        count += 1;
    }
    assert_eq!(count, 205);
}

#[test]
fn tokens_are_those_of_the_balancer() {
    for case in cases() {
        let Some(keys) = &case.affinity else { continue };
        for (backend, key) in [(&keys.primary_backend, &keys.primary_key), (&keys.canary_backend, &keys.canary_key)] {
            let (namespace, rest) = backend.split_once('-').unwrap();
            let (service, port) = rest.rsplit_once('-').unwrap();
            assert_eq!(token(namespace, service, port).as_str(), key, "{}", case.id);
        }
    }
}

/// `View` shows a header as `$http_NAME` did.
#[test]
fn headers_are_seen_as_nginx_showed_them() {
    let mut count = 0;
    for case in cases() {
        let Ok(policy) = policy(&case) else { continue };
        let Some(rule) = policy.canaries()[0].header() else { continue };
        let view = View::new(&case.headers).unwrap();
        let lines: Vec<String> =
            view.lines().header(rule.name()).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let separator = if rule.name() == "cookie" { "; " } else { ", " };
        let shown = (!lines.is_empty()).then(|| lines.join(separator));
        assert_eq!(shown, case.seen.header, "{}", case.id);
        count += 1;
    }
    assert!(count > 1000, "{count}");
}

/// Each row is a line that nginx answers with 400, and what it is told.
#[test]
fn what_nginx_answers_with_400() {
    let long = "x".repeat(9000);
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[("", "a")], "nginx answers 400: the header name `` has a byte it refuses"),
        (&[("X Canary", "a")], "nginx answers 400: the header name `X Canary` has a byte it refuses"),
        (&[("X-Canary ", "a")], "nginx answers 400: the header name `X-Canary ` has a byte it refuses"),
        (&[("X-Canary", "a\rb")], "nginx answers 400: the value of `X-Canary` has NUL, CR or LF"),
        (&[("X-Canary", "a\0b")], "nginx answers 400: the value of `X-Canary` has NUL, CR or LF"),
        (&[("Host", "a"), ("host", "a")], "nginx answers 400: `host` came twice"),
        (&[("Authorization", "a"), ("Authorization", "b")], "nginx answers 400: `Authorization` came twice"),
        (&[("X-Canary", &long)], "nginx answers 400: the line of `X-Canary` has 9012 bytes, more than 8192"),
    ];
    for (lines, expected) in rows {
        assert_eq!(View::new(lines).unwrap_err().to_string(), *expected);
    }
    assert!(View::new(&[("X-Canary", "a"), ("X-Canary", "b"), ("Cookie", "a"), ("Cookie", "b")]).is_ok());
}

/// The example says the same, line by line.
#[test]
fn replay_says_the_same() {
    let cases = cases();
    let lines = cases.iter().map(|case| {
        let affinity = case.affinity.as_ref().map(|keys| {
            serde_json::json!({
                "cookie_name": keys.cookie_name,
                "behavior": keys.behavior,
                "primary_key": keys.primary_key,
                "canary_key": keys.canary_key,
            })
        });
        serde_json::json!({
            "id": case.id,
            "annotations": prefixed(&case.annotations),
            "primary_annotations": prefixed(&case.stable_annotations),
            "request": { "headers": case.headers },
            "draw": case.draw,
            "affinity": affinity,
        })
        .to_string()
    });
    let run = util::example("replay", &[], &lines.collect::<Vec<_>>().join("\n"));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(run.out.lines().count(), cases.len());
    for (case, line) in cases.iter().zip(run.out.lines()) {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["id"], case.id.as_str());
        match policy(case) {
            Err(error) => assert_eq!(answer["unsupported"], error.to_string()),
            Ok(policy) => {
                let (variant, reason) = decide(case, &policy);
                let undrawn = case.draw.is_none() && reason == "weight";
                assert!(undrawn || (answer["variant"] == variant && answer["reason"] == reason), "{line}");
            }
        }
    }
}
