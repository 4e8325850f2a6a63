//! How Envoy, and what is built on it, reads the lines of a request.

use canary_policy::Variant;

use super::STABLE;
use super::routing::Lines;

/// The values that a matcher of this header looks at, one by one; `Cookie` lines are one value, joined with `; `.
pub fn values(name: &str, request: &Lines) -> Vec<String> {
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
pub fn unescaped(value: &str) -> String {
    let plain = value.replace("%%", "");
    assert!(!plain.contains('%'), "{value}");
    value.replace("%%", "%")
}
