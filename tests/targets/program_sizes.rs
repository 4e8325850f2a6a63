//! The instructions that a regular expression is estimated to need in RE2, exactly: the smallest limit that it is written within.
//!
//! `tests/oracles/re2.rs` holds the estimates against RE2 itself, where RE2 is installed. The golden file shows where an estimate
//! changes.

use canary_policy::targets::gateway::{self, RouteParams};
use canary_policy::targets::{Conversion, envoy};
use canary_policy::{Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern, Policy, Total};

use crate::util::golden::golden;
use crate::util::pattern::PATTERNS;
use crate::util::route::route;

/// A canary with this rule of a header, or of a cookie.
fn canary(kind: &str, value_match: Match) -> Canary {
    let canary = Canary::new("canary", 0).unwrap();
    match kind {
        "header" => canary.with_header(HeaderRule::new("x", value_match).unwrap()),
        _ => canary.with_cookie(CookieRule::new("c", value_match).unwrap()),
    }
}

fn alone(canary: Canary) -> Policy {
    Policy::new([canary], Total::default()).unwrap()
}

fn is_exact<T, E: std::fmt::Debug>(conversion: Result<Conversion<T>, E>) -> bool {
    conversion.unwrap().losses.is_empty()
}

/// The smallest limit that HTTPRoutes are written within, where RE2 reads UTF-8. `None` if no limit is enough.
fn in_utf8(policy: &Policy) -> Option<u32> {
    let route = route(policy).with_parents(["public".parse().unwrap()]).unwrap();
    let fits =
        |limit: u32| is_exact(gateway::http_routes(policy, &route, &RouteParams::default().with_program_size(limit)));
    let limits: Vec<u32> = (0..400).collect();
    let smallest = limits.partition_point(|limit| !fits(*limit));
    limits.get(smallest).copied()
}

/// The instructions of a pattern where RE2 reads bytes: 100, without the most characters that can follow it. `None` if it does not
/// fit alone.
fn in_bytes(kind: &str, text: &str) -> Option<usize> {
    let fits = |more: &usize| {
        let text = format!("{text}{}", "a".repeat(*more));
        Pattern::new(&text).is_ok_and(|pattern| {
            let policy = alone(canary(kind, Match::Pattern(pattern)));
            is_exact(envoy::route_configuration(&policy, &route(&policy), &envoy::RouteParams::default()))
        })
    };
    (0..100).rev().find(fits).map(|more| 100 - more)
}

#[test]
fn of_patterns() {
    let mut all = String::new();
    let shown = |size: Option<String>| size.unwrap_or("more than any limit, or a loss".to_owned());
    for text in PATTERNS {
        for kind in ["header", "cookie"] {
            let pattern = Pattern::new(text).unwrap_or_else(|error| panic!("{error}"));
            let utf8 = in_utf8(&alone(canary(kind, Match::Pattern(pattern)))).map(|size| size.to_string());
            let open = text.trim_end_matches('$');
            let bytes = in_bytes(kind, open).map(|size| size.to_string());
            all += &format!("{kind} ~ {text}: {} in UTF-8; without `$`, {} in bytes\n", shown(utf8), shown(bytes));
        }
    }
    // The last character of ASCII ends a class without characters of several bytes.
    for text in [r"[ -\x7f]", r"[ -\x7e]", r"[ -\x80]"] {
        let size = in_utf8(&alone(canary("header", Match::Pattern(Pattern::new(text).unwrap()))));
        all += &format!("header ~ {text}: {size:?} in UTF-8\n");
    }
    golden("program_sizes.txt", &all);
}

/// A value is counted without its pattern, by its length where that is enough, so the limit is not always the smallest.
#[test]
fn of_values() {
    let mut all = String::new();
    for value in
        ["", "a", "always", "k", "S", "ks", "a.b*c", "caf\u{e9}", "\u{20ac}", "0123456789abcdef0123456789abcdef"]
    {
        let by_cookie = alone(canary("cookie", Match::Exact(value.to_owned())));
        all += &format!("cookie = {value:?}: {:?}\n", in_utf8(&by_cookie));
    }
    // A letter of a name matches in both of its cases, and is several instructions.
    let rule = |name: &str, value: &str| CookieRule::new(name, Match::Exact(value.to_owned())).unwrap();
    for name in
        ["r", "route", "sks", "a.b"].map(String::from).into_iter().chain([20, 30].map(|count| "ks".repeat(count)))
    {
        let canary = Canary::new("canary", 0).unwrap().with_cookie(rule(&name, ""));
        all += &format!("cookie {name} = {:?}: {:?}\n", "", in_utf8(&alone(canary)));
        let cookie = CookieAffinity::new(&name).unwrap();
        let policy = alone(Canary::new("canary", 50).unwrap()).with_affinity(Affinity::Cookie(cookie));
        all += &format!("affinity {name}: {:?}\n", in_utf8(&policy));
    }
    // In bytes, the longest value that fits in 100 instructions.
    for name in ["c", "cohort"] {
        let fits = |length: &usize| {
            let canary = Canary::new("canary", 0).unwrap().with_cookie(rule(name, &"a".repeat(*length)));
            let policy = alone(canary);
            is_exact(envoy::route_configuration(&policy, &route(&policy), &envoy::RouteParams::default()))
        };
        all += &format!("cookie {name} in bytes: {:?}\n", (0..200).rev().find(fits));
    }
    // In bytes, the longest name that fits with no value.
    let fits = |length: &usize| {
        let policy = alone(Canary::new("canary", 0).unwrap().with_cookie(rule(&"n".repeat(*length), "")));
        is_exact(envoy::route_configuration(&policy, &route(&policy), &envoy::RouteParams::default()))
    };
    all += &format!("name in bytes: {:?}\n", (1..200).rev().find(fits));
    golden("value_sizes.txt", &all);
}
