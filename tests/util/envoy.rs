//! How Envoy, and what is built on it, reads the lines of a request.

use canary_policy::Variant;

use super::routing::{self, Lines, Outcome};
use super::{CANARY, STABLE};

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

/// Whether RE2 matches the whole of a value, in ASCII. The expression has anchors; `\C` is a byte.
pub fn is_match(regex: &str, value: &str) -> bool {
    routing::is_match(&regex.replace(r"\C*", ".*"), value)
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
    ("a cookie behind its own bare name", ALWAYS_NEVER, &[("cookie", "c; c=always")], STABLE, CANARY),
    ("an affinity cookie that stands there twice", KEPT, &[("cookie", "route=stable; route=canary")], CANARY, STABLE),
    ("an affinity cookie with `|` fields", KEPT, &[("cookie", "route=a|canary")], CANARY, STABLE),
    ("an affinity cookie behind a bare word", KEPT, &[("cookie", "word; route=canary")], STABLE, CANARY),
    ("an affinity cookie that ends at a tab", KEPT, &[("cookie", "route=canary\tx")], CANARY, STABLE),
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
