//! How Envoy routes a request by a RouteConfiguration, and where it differs from a selector.

use canary_policy::Variant;
use serde_json::Value;

use super::outcome::Outcome;
use super::request::Lines;
use super::{CANARY, STABLE, is_match};

/// The values that a matcher of this header looks at, one by one. Several `Cookie` lines are one value, joined with `; `.
fn values(name: &str, request: &Lines) -> Vec<String> {
    let name = if name == ":authority" { "host" } else { name };
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    let lines: Vec<String> = lines.collect();
    if name == "cookie" && !lines.is_empty() { vec![lines.join("; ")] } else { lines }
}

/// The variant of a backend: `c0`, `c1` and so on are the canaries, and every other name is stable.
pub fn variant(backend: &str) -> Variant {
    let index = backend.strip_prefix('c').and_then(|rest| rest.split([':', '.']).next()?.parse().ok());
    index.map_or(STABLE, Variant::Canary)
}

/// The value of a response header as Envoy sends it. `%%` is written for `%`; a single `%` would begin a command.
fn unescaped(value: &str) -> String {
    let plain = value.replace("%%", "");
    assert!(!plain.contains('%'), "{value}");
    value.replace("%%", "%")
}

/// A title, a policy whose weights send every request to stable, the lines of a request, the variant that the selector chooses,
/// and the variant that Envoy chooses.
type Deviation = (&'static str, &'static str, &'static [(&'static str, &'static str)], Variant, Variant);

/// The requests that Envoy, and what is built on Envoy, routes differently from a selector. DESIGN.md has these rows too.
#[rustfmt::skip]
pub const DEVIATIONS: [Deviation; 9] = [
    ("a header on several lines", ALWAYS_NEVER, &[("x-canary", "always"), ("x-canary", "never")], STABLE, CANARY),
    ("a header on several lines", "canaries: [{weight: 0, header: {name: x-canary, pattern: 'a, b'}}]",
     &[("x-canary", "a"), ("x-canary", "b")], CANARY, STABLE),
    ("a cookie that is sent twice", ALWAYS_NEVER, &[("cookie", "c=other; c=always")], STABLE, CANARY),
    ("a cookie that is sent twice", ALWAYS_NEVER, &[("cookie", "c=never; c=always")], STABLE, CANARY),
    ("a pattern that matches the blank before a value", "canaries: [{weight: 0, cookie: {name: c, pattern: '^[^a]'}}]",
     &[("cookie", "c= a")], STABLE, CANARY),
    ("a cookie after its own bare name", ALWAYS_NEVER, &[("cookie", "c; c=always")], STABLE, CANARY),
    ("an affinity cookie that is sent twice", AFFINITY, &[("cookie", "route=stable; route=canary")], CANARY, STABLE),
    ("an affinity cookie with `|` fields", AFFINITY, &[("cookie", "route=a|canary")], CANARY, STABLE),
    ("an affinity cookie after a bare word", AFFINITY, &[("cookie", "word; route=canary")], STABLE, CANARY),
];

const ALWAYS_NEVER: &str = "canaries: [{weight: 0, header: {name: x-canary}, cookie: {name: c}}]";
const AFFINITY: &str = "{canaries: [{weight: 0}], affinity: {cookie: {name: route}}}";

/// The outcome of a request: the first route that matches decides.
pub fn routed(output: &Value, path: &str, request: &Lines) -> Outcome {
    let routes = output["virtual_hosts"][0]["routes"].as_array().unwrap();
    let matches = |route: &&Value| {
        let headers = route["match"]["headers"].as_array().map_or(&[][..], Vec::as_slice);
        path_matches(&route["match"], path) && headers.iter().all(|header| header_matches(header, request))
    };
    let Some(route) = routes.iter().find(matches) else { return Outcome::Nothing };
    let action = &route["route"];
    match action["cluster"].as_str() {
        Some(cluster) if route["match"].get("headers").is_some() => Outcome::To(variant(cluster), set_cookie(route)),
        Some(cluster) => Outcome::split(vec![(variant(cluster), 1, set_cookie(route))]),
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

/// The Set-Cookie header that a route or a cluster adds to responses.
fn set_cookie(route: &Value) -> Option<String> {
    let added = route.get("response_headers_to_add")?.as_array().unwrap();
    assert!(added.len() == 1 && added[0]["header"]["key"] == "Set-Cookie");
    assert_eq!(added[0]["append_action"], "APPEND_IF_EXISTS_OR_ADD");
    Some(unescaped(added[0]["header"]["value"].as_str().unwrap()))
}

fn path_matches(route_match: &Value, path: &str) -> bool {
    match (route_match["path"].as_str(), route_match["path_separated_prefix"].as_str(), route_match["prefix"].as_str())
    {
        (Some(whole), None, None) => path == whole,
        (None, Some(prefix), None) => {
            assert!(prefix.len() > 1 && !prefix.ends_with('/'));
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (None, None, Some(prefix)) => path.starts_with(prefix),
        other => panic!("{other:?}"),
    }
}

fn header_matches(matcher: &Value, request: &Lines) -> bool {
    let values = values(matcher["name"].as_str().unwrap(), request);
    match (&matcher["string_match"]["exact"], &matcher["string_match"]["safe_regex"]["regex"]) {
        (Value::String(exact), Value::Null) => values.iter().any(|value| value == exact),
        // The expressions are anchored, so that a search is a match of the whole value.
        (Value::Null, Value::String(regex)) => values.iter().any(|value| is_match(regex, value)),
        other => panic!("{other:?}"),
    }
}
