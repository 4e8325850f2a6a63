//! Decisions of a real controller: 2,000 recorded requests are decided again.
//!
//! `cases/decisions.jsonl` was recorded from nginx 1.27.1 with the unmodified Lua code of ingress-nginx `dbb11b92`. It has the
//! annotations without their prefix. `DEVIATIONS` has every deviation of this crate.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::AnnotationError;
use canary_policy::policy::Token;
use canary_policy::targets::nginx::{Annotations, Flags, RequestView, read, token};
use canary_policy::{Affinity, AffinityScope, CookieAffinity, HeaderLines, Policy, Reason, Sample, Selector, Variant};
use serde::Deserialize;

use crate::util;
use crate::util::example::example;
use crate::util::golden::golden;

/// A recorded request and its decision.
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
    /// The kind of case that the generator made.
    category: String,
    /// Whether the `regex` crate would not answer as PCRE does.
    #[serde(default)]
    pcre_only: bool,
}

/// The affinity cookie of the balancer.
#[derive(Deserialize)]
struct Keys {
    cookie_name: String,
    behavior: String,
    primary_key: String,
    canary_key: String,
    primary_backend: String,
    canary_backend: String,
}

/// The value of `$http_NAME`.
#[derive(Deserialize)]
struct Seen {
    header: Option<String>,
}

/// The classes of requests that are decided differently, or not at all: a name, the reason, and the number of requests.
const DEVIATIONS: [(&str, &str, usize); 3] = [
    (
        "pattern",
        "PCRE backtracks, or reports an error for each request; this crate refuses the pattern when it is read",
        135,
    ),
    ("empty cookie name", "without a cookie rule, the cookie `=always` still decides in nginx", 17),
    ("match limit", "PCRE gives up, and the request goes to stable; the linear engine gives an answer", 1),
];

fn cases() -> Vec<Case> {
    util::json_lines("cases/decisions.jsonl").into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

/// The annotations with their prefix.
fn prefixed(annotations: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    util::annotations(annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The policy of a case.
fn policy(case: &Case) -> Result<Policy, AnnotationError> {
    let annotations = Annotations::new(prefixed(&case.annotations), prefixed(&case.stable_annotations));
    Ok(read(&annotations, &Flags::default())?.policy)
}

/// The variant and the reason, in the words of the recording.
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
    let view = RequestView::new(&case.headers).unwrap();
    // The controller drew a number only if no rule decided before.
    let sample = match case.draw {
        Some(draw) => Sample::from_fraction(draw - 1, policy.total().get()).unwrap(),
        None => Sample::MIN,
    };
    let decision = selector.select(view.lines(), sample);
    let variant = if decision.variant == Variant::Stable { "stable" } else { "canary" };
    (variant.to_owned(), decision.reason.as_str().to_owned())
}

#[test]
fn requests_are_decided_as_the_controller_decided_them() {
    let mut deviations: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for case in cases() {
        let expected = (case.variant.clone(), case.reason.split('-').next().unwrap().to_owned());
        let policy = match policy(&case) {
            Ok(policy) => policy,
            Err(AnnotationError::Unsupported { annotation: "canary-by-header-pattern", invalid, .. }) => {
                let meant = case.pcre_only
                    || case.category == "header-pattern-invalid"
                    || case.category == "header-pattern-pcre";
                assert!(meant, "{}: {invalid}", case.id);
                refused.insert(invalid.to_string());
                *deviations.entry("pattern").or_default() += 1;
                continue;
            }
            Err(error) => panic!("{}: {error}", case.id),
        };
        assert!(!case.pcre_only || case.reason == "header-pattern-error", "{}: should be refused", case.id);
        let decided = decide(&case, &policy);
        if decided == expected {
            assert!(case.draw.is_some() || decided.1 != Reason::Weight.as_str(), "{}: no draw", case.id);
            continue;
        }
        let has_no_cookie_rule = policy.canaries().iter().all(|canary| canary.cookie().is_none());
        let class = match case.reason.as_str() {
            "cookie-always" | "cookie-never" if has_no_cookie_rule => "empty cookie name",
            "header-pattern-error" => "match limit",
            _ => panic!("{}: expected {expected:?}, got {decided:?}", case.id),
        };
        *deviations.entry(class).or_default() += 1;
    }
    let expected: BTreeMap<&str, usize> = DEVIATIONS.iter().map(|(class, _, count)| (*class, *count)).collect();
    assert_eq!(deviations, expected);
    let refused: Vec<String> = refused.into_iter().collect();
    golden("refused_patterns.txt", &(refused.join("\n") + "\n"));
}

/// The affinity that is read from the annotations is the one that the balancer was given.
#[test]
fn affinities_are_read_as_they_were_configured() {
    let mut count = 0;
    for case in cases() {
        let Some(keys) = &case.affinity else { continue };
        let Ok(policy) = policy(&case) else { continue };
        let scope = if keys.behavior == "legacy" { AffinityScope::StableOnly } else { AffinityScope::AllVariants };
        let expected = CookieAffinity::new(&keys.cookie_name).unwrap().with_scope(scope);
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

/// A view has the lines that `$http_NAME` showed.
#[test]
fn headers_have_the_values_that_nginx_showed() {
    let mut count = 0;
    for case in cases() {
        let Ok(policy) = policy(&case) else { continue };
        let Some(rule) = policy.canaries()[0].header() else { continue };
        let view = RequestView::new(&case.headers).unwrap();
        let lines: Vec<String> =
            view.lines().lines(rule.name()).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let separator = if rule.name() == "cookie" { "; " } else { ", " };
        let shown = (!lines.is_empty()).then(|| lines.join(separator));
        assert_eq!(shown, case.seen.header, "{}", case.id);
        count += 1;
    }
    assert!(count > 1000, "{count}");
}

/// The example `replay` decides every request as this test does.
#[test]
fn the_example_replay_decides_the_same() {
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
    let run = example("replay", &[], &lines.collect::<Vec<_>>().join("\n"));
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
