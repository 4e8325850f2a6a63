//! How Envoy, and what is built on it, reads the lines of a request.

use canary_policy::Variant;
use serde_json::Value;

use super::routing::{Lines, Outcome, is_match};
use super::{CANARY, STABLE};

/// The values that a matcher of this header looks at, one by one; `Cookie` lines are one value, joined with `; `.
fn values(name: &str, request: &Lines) -> Vec<String> {
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let lines: Vec<String> = lines.collect();
    if name == "cookie" && !lines.is_empty() { vec![lines.join("; ")] } else { lines }
}

/// The variant whose backend is called `c0`, `c1` …, or anything else for stable.
pub fn variant(backend: &str) -> Variant {
    let index = backend.strip_prefix('c').and_then(|rest| rest.split([':', '.']).next()?.parse().ok());
    index.map_or(STABLE, Variant::Canary)
}

/// A response header's value as it is sent: `%%` is `%`, and a single one would be a command.
fn unescaped(value: &str) -> String {
    let plain = value.replace("%%", "");
    assert!(!plain.contains('%'), "{value}");
    value.replace("%%", "%")
}

/// What a row is about, a policy whose weights send everyone to stable, the lines of a request, and where the selector and
/// Envoy send it.
type Deviation = (&'static str, &'static str, &'static [(&'static str, &'static str)], Variant, Variant);

/// What a selector does and Envoy does not. DESIGN.md has these rows too.
#[rustfmt::skip]
pub const DEVIATIONS: [Deviation; 9] = [
    ("a header in several lines", ALWAYS_NEVER, &[("x-canary", "always"), ("x-canary", "never")], STABLE, CANARY),
    ("a header in several lines", "canaries: [{weight: 0, header: {name: x-canary, pattern: 'a, b'}}]",
     &[("x-canary", "a"), ("x-canary", "b")], CANARY, STABLE),
    ("a cookie that stands there twice", ALWAYS_NEVER, &[("cookie", "c=other; c=always")], STABLE, CANARY),
    ("a cookie that stands there twice", ALWAYS_NEVER, &[("cookie", "c=never; c=always")], STABLE, CANARY),
    ("a pattern that matches the blank before a value", "canaries: [{weight: 0, cookie: {name: c, pattern: '^[^a]'}}]",
     &[("cookie", "c= a")], STABLE, CANARY),
    ("a cookie behind its own bare name", ALWAYS_NEVER, &[("cookie", "c; c=always")], STABLE, CANARY),
    ("an affinity cookie that stands there twice", KEPT, &[("cookie", "route=stable; route=canary")], CANARY, STABLE),
    ("an affinity cookie with `|` fields", KEPT, &[("cookie", "route=a|canary")], CANARY, STABLE),
    ("an affinity cookie behind a bare word", KEPT, &[("cookie", "word; route=canary")], STABLE, CANARY),
];

const ALWAYS_NEVER: &str = "canaries: [{weight: 0, header: {name: x-canary}, cookie: {name: c}}]";
const KEPT: &str = "{canaries: [{weight: 0}], affinity: {cookie: {name: route}}}";

/// The variant of an outcome where the weights leave no choice.
pub fn only(outcome: Outcome) -> Variant {
    match outcome {
        Outcome::To(to, _) => to,
        Outcome::Split(shares) if shares.len() == 1 => shares[0].0,
        other => panic!("{other:?}"),
    }
}

/// What the configuration does with a request: the first route that matches decides.
pub fn routed(output: &Value, path: &str, request: &Lines) -> Outcome {
    let routes = output["virtual_hosts"][0]["routes"].as_array().unwrap();
    let matches = |route: &&Value| {
        let headers = route["match"]["headers"].as_array().map_or(&[][..], Vec::as_slice);
        path_matches(&route["match"], path) && headers.iter().all(|header| header_matches(header, request))
    };
    let Some(found) = routes.iter().find(matches) else { return Outcome::Nothing };
    let action = &found["route"];
    match action["cluster"].as_str() {
        Some(cluster) if found["match"].get("headers").is_some() => Outcome::To(variant(cluster), set_cookie(found)),
        Some(cluster) => Outcome::split(vec![(variant(cluster), 1, set_cookie(found))]),
        None => {
            let clusters = action["weighted_clusters"]["clusters"].as_array().unwrap();
            let destinations = clusters.iter().map(|cluster| {
                let weight = cluster["weight"].as_u64().unwrap();
                (variant(cluster["name"].as_str().unwrap()), u32::try_from(weight).unwrap(), set_cookie(cluster))
            });
            let destinations: Vec<_> = destinations.collect();
            let sum: u64 = destinations.iter().map(|(_, weight, _)| u64::from(*weight)).sum();
            assert!((1..=u64::from(u32::MAX)).contains(&sum) && destinations.iter().all(|(_, weight, _)| *weight > 0));
            Outcome::split(destinations)
        }
    }
}

fn set_cookie(of: &Value) -> Option<String> {
    let added = of.get("response_headers_to_add")?.as_array().unwrap();
    assert!(added.len() == 1 && added[0]["header"]["key"] == "Set-Cookie");
    assert_eq!(added[0]["append_action"], "APPEND_IF_EXISTS_OR_ADD");
    Some(unescaped(added[0]["header"]["value"].as_str().unwrap()))
}

fn path_matches(wanted: &Value, path: &str) -> bool {
    match (wanted["path"].as_str(), wanted["path_separated_prefix"].as_str(), wanted["prefix"].as_str()) {
        (Some(whole), None, None) => path == whole,
        (None, Some(prefix), None) => {
            assert!(prefix.len() > 1 && !prefix.ends_with('/'));
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (None, None, Some(prefix)) => path.starts_with(prefix),
        other => panic!("{other:?}"),
    }
}

fn header_matches(wanted: &Value, request: &Lines) -> bool {
    let values = values(wanted["name"].as_str().unwrap(), request);
    match (&wanted["string_match"]["exact"], &wanted["string_match"]["safe_regex"]["regex"]) {
        (Value::String(exact), Value::Null) => values.iter().any(|value| value == exact),
        // Anchored, so that a search is a match of the whole.
        (Value::Null, Value::String(regex)) => values.iter().any(|value| is_match(regex, value)),
        other => panic!("{other:?}"),
    }
}
