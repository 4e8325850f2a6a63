//! Patterns of rules as regular expressions: each is rewritten so that it reads the value of its cookie and nothing beside it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use canary_policy::targets::gateway;
use canary_policy::{Canary, CookieRule, HeaderRule, Match, Pattern, Policy, Total};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::util::http_route::{Reader, routed};
use crate::util::outcome::selected;
use crate::util::pattern::{pattern, values_near};
use crate::util::request::owned_lines;
use crate::util::route::route;
use crate::util::{all_cases, cases, texts};

/// The HTTPRoutes of a policy, as JSON, and its losses.
fn written(policy: &Policy) -> (Vec<Value>, Vec<String>) {
    let route = route(policy).with_parents(["public".parse().unwrap()]).unwrap();
    let conversion = gateway::http_routes(policy, &route, &gateway::RouteParams::default()).unwrap();
    let routes = conversion.output.iter().map(|route| serde_json::to_value(route).unwrap());
    (routes.collect(), texts(&conversion.losses))
}

fn by_cookie(pattern: Pattern) -> Policy {
    let rule = CookieRule::new("c", Match::Pattern(pattern)).unwrap();
    Policy::new([Canary::new("canary", 0).unwrap().with_cookie(rule)], Total::default()).unwrap()
}

const SEMICOLON: &str = "the pattern can match a `;`, which ends the value of a cookie";
const ANCHOR: &str = "an anchor inside the pattern would refer to the Cookie line instead of the value of the cookie";

const FLAGS: &str = "flags inside the pattern would hold for the Cookie line too: put them first";

/// Each row is a pattern, and what is written for the value of the cookie, or why nothing is.
#[test]
fn a_pattern_of_a_cookie_reads_its_value_only() {
    let rows: [(&str, Result<&str, &str>); 49] = [
        ("a", Ok("[^;]*a[^;]*")),
        ("^a", Ok("a[^;]*")),
        ("a$", Ok("[^;]*a")),
        ("^a$", Ok("a")),
        (r"\Aa", Ok("a[^;]*")),
        (r"a\z", Ok("[^;]*a")),
        ("^a|b$|c", Ok("a[^;]*|[^;]*b|[^;]*c[^;]*")),
        ("a.b", Ok("[^;]*a[^;]b[^;]*")),
        ("^(?:a.|.b)+$", Ok("(?:a[^;]|[^;]b)+")),
        (r"^\d\D$", Ok(r"\d[^\d;]")),
        (r"^\w\W$", Ok(r"\w[^\w;]")),
        (r"^\s\S$", Ok(r"\s[^\s;]")),
        ("^[^a]$", Ok("[^;a]")),
        ("^[^-a]$", Ok(r"[^;\-a]")),
        (r"^[^\]a]$", Ok(r"[^;\]a]")),
        ("^[ab]$", Ok("[ab]")),
        ("^[a-z]$", Ok("[a-z]")),
        ("^[a-z0-9_]$", Ok("[a-z0-9_]")),
        (r"^[\d]$", Ok(r"[\d]")),
        (r"^[\w-]$", Ok(r"[\w-]")),
        ("^[[:alpha:]]$", Ok("[[:alpha:]]")),
        ("^[[:^punct:]]$", Ok("[[:^punct:]]")),
        ("^[[:alnum:]_]$", Ok("[[:alnum:]_]")),
        (r"\ba", Ok(r"[^;]*\ba[^;]*")),
        (r"a\b", Ok(r"[^;]*a\b[^;]*")),
        (r"^\Ba\B$", Ok(r"\Ba\B")),
        ("(?i)a", Ok("(?i)[^;]*a[^;]*")),
        ("(?i)^a$", Ok("(?i)a")),
        ("(?i)a|^b", Ok("(?i)[^;]*a[^;]*|b[^;]*")),
        ("a(?i)b", Err(FLAGS)),
        ("a|(?i)b", Err(FLAGS)),
        ("(?i)a|(?i)b", Err(FLAGS)),
        ("(?:(?i)a)", Err(FLAGS)),
        ("a;b", Err(SEMICOLON)),
        (r"a\x3bb", Err(SEMICOLON)),
        ("[;]", Err(SEMICOLON)),
        ("[a;b]", Err(SEMICOLON)),
        ("[0-z]", Err(SEMICOLON)),
        ("[a0-z]", Err(SEMICOLON)),
        (r"[\D]", Err(SEMICOLON)),
        (r"[a\S]", Err(SEMICOLON)),
        ("[[:punct:]]", Err(SEMICOLON)),
        ("[[:print:]]", Err(SEMICOLON)),
        ("[[:graph:]]", Err(SEMICOLON)),
        ("[[:^alpha:]]", Err(SEMICOLON)),
        ("[a[:^digit:]]", Err(SEMICOLON)),
        ("(^a)", Err(ANCHOR)),
        ("a(?:b$|c)", Err(ANCHOR)),
        ("(?:a|^b)c", Err(ANCHOR)),
    ];
    for (text, expected) in rows {
        let (routes, losses) = written(&by_cookie(Pattern::new(text).unwrap_or_else(|error| panic!("{error}"))));
        let value = routes[0]["spec"]["rules"][0]["matches"][0]["headers"][0]["value"].as_str();
        match expected {
            Ok(inner) => {
                assert_eq!(losses, [""; 0], "{text}");
                assert_eq!(value, Some(&*format!("^(?:.*[;,] *)?(?i:c) *= *(?:{inner})(?:;.*)?$")), "{text}");
            }
            Err(why) => {
                assert_eq!(value, None, "{text}");
                assert!(losses.len() == 1 && losses[0].ends_with(why), "{text}: {losses:?}");
            }
        }
    }
}

/// Patterns with every part of their syntax, in rules of headers and of cookies, decide as the selector does.
#[test]
fn generated_patterns_decide_as_the_selector_does() {
    let counts: RefCell<BTreeMap<&str, u32>> = RefCell::default();
    let count = |what| *counts.borrow_mut().entry(what).or_default() += 1;
    let patterns = pattern().prop_filter_map("a pattern", |(text, value)| Some((Pattern::new(&text).ok()?, value)));
    let input = patterns.prop_flat_map(|(pattern, value)| (Just(pattern), values_near(value)));
    let result = TestRunner::new(cases(4_000)).run(&input, |(pattern, values)| {
        let rule = HeaderRule::new("x-v", Match::Pattern(pattern.clone())).unwrap();
        let by_header = Policy::new([Canary::new("canary", 0).unwrap().with_header(rule)], Total::default()).unwrap();
        for (kind, policy) in [("header", &by_header), ("cookie", &by_cookie(pattern.clone()))] {
            let (routes, losses) = written(policy);
            if !losses.is_empty() {
                count(if kind == "header" { "header, lost" } else { "cookie, lost" });
                continue;
            }
            count(kind);
            for value in &values {
                let Some(value) = plain(value) else { continue };
                let line =
                    if kind == "header" { ("x-v", value.clone()) } else { ("cookie", format!("a=b; c={value}; d=e")) };
                let request = owned_lines(&[(line.0, &line.1)]);
                let (by_selector, by_route) =
                    (selected(policy, &request), routed(Reader::Envoy, &routes, "/", &request));
                prop_assert_eq!(by_selector.variant(), by_route.variant(), "{} {:?}", pattern, request);
                count(if by_route.variant() == Some(crate::util::CANARY) { "matched" } else { "not matched" });
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let counts = counts.borrow();
    println!("generated patterns: {counts:?}");
    if !all_cases() {
        return;
    }
    let share = |of: &str, lost: &str| {
        let [of, lost] = [of, lost].map(|what| counts.get(what).copied().unwrap_or_default());
        100 * of / (of + lost)
    };
    assert!(share("header", "header, lost") >= 90 && share("cookie", "cookie, lost") >= 40, "{counts:?}");
    assert!(share("matched", "not matched") >= 20 && share("not matched", "matched") >= 20, "{counts:?}");
}

/// A value that a line of cookies can hold, and that means the same there as alone.
fn plain(value: &[u8]) -> Option<String> {
    let value = String::from_utf8(value.to_vec()).ok()?;
    let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b';' && byte != b',');
    (is_plain && value.trim() == value && !value.is_empty()).then_some(value)
}
