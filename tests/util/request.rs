//! Requests as header lines, written by hand or generated.

use canary_policy::policy::{Key, strategy};
use canary_policy::{Affinity, Match, Policy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::former_tokens;

/// Header lines in the order in which they are sent.
pub type Lines = Vec<(String, String)>;

/// The lines of a request, from a text with `NAME: VALUE` on each line.
pub fn lines(text: &str) -> Lines {
    text.lines().map(|line| line.split_once(": ").unwrap()).map(owned).collect()
}

/// The lines of a request, from pairs of names and values.
pub fn owned_lines(pairs: &[(&str, &str)]) -> Lines {
    pairs.iter().copied().map(owned).collect()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Header lines with any bytes. The names of some are names that rules look at.
pub fn any_lines() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let names = prop_oneof![Just("cookie".to_owned()), "x-[a-z]{1,8}", "\\PC{0,8}"];
    let values = prop_oneof![
        vec(any::<u8>(), 0..64),
        "([a-z]{1,4}[=;,| \t]{0,2}){0,8}".prop_map(String::into_bytes),
        Just(b"always".to_vec()),
    ];
    vec((names, values), 0..6)
}

/// A policy, and a request with headers and cookies that its rules look at.
///
/// No header has two lines, no cookie is sent twice, and every cookie has a value: the tables of deviations have the requests
/// that targets read differently.
pub fn policy_and_request() -> impl Strategy<Value = (Policy, Lines)> {
    strategy::policy().prop_flat_map(|policy| {
        let request = request(&policy);
        (Just(policy), request)
    })
}

/// A request with headers and cookies that the rules of this policy look at.
pub fn request(policy: &Policy) -> impl Strategy<Value = Lines> + use<> {
    let (mut headers, mut cookies) = (Vec::new(), Vec::new());
    for (index, canary) in policy.canaries().iter().enumerate() {
        headers.extend(canary.header().map(|rule| (rule.name().to_string(), values(rule.value_match()))));
        cookies.extend(canary.cookie().map(|rule| (rule.name().to_string(), values(rule.value_match()))));
        if let Affinity::Cookie(cookie) = policy.affinity() {
            let revision = cookie.revision().map(|revision| format!("{revision}.")).unwrap_or_default();
            let values = ["stable", canary.name().as_str()].map(|name| format!("{revision}{name}"));
            let held = former_tokens::values(policy.canaries().len());
            cookies.push((cookie.name().to_string(), values.into_iter().chain(held).collect()));
        }
        if let (0, Affinity::Key(key)) = (index, policy.affinity()) {
            match key.key() {
                Key::Header(name) => headers.push((name.to_string(), vec!["alice".to_owned()])),
                Key::Cookie(name) => cookies.push((name.to_string(), vec!["alice".to_owned()])),
            }
        }
    }
    headers.push(("x-other".to_owned(), Vec::new()));
    cookies.push(("other".to_owned(), former_tokens::values(1)));
    headers.retain(|(name, _)| name != "cookie");
    let cookie_line = some_of(cookies).prop_map(|cookies| {
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| ("cookie".to_owned(), cookies.join("; ")))
    });
    (some_of(headers), cookie_line).prop_map(|(headers, cookies)| headers.into_iter().chain(cookies).collect())
}

/// Values that a match accepts, and values that are close to them.
fn values(value_match: &Match) -> Vec<String> {
    let accepted = match value_match {
        Match::AlwaysNever => "always".to_owned(),
        Match::Exact(value) => value.clone(),
        Match::Pattern(pattern) => {
            pattern.as_str().trim_matches(['^', '$']).split('|').next().unwrap_or_default().replace("[0-9]+", "12")
        }
    };
    let all = [accepted.clone(), accepted.clone(), format!("x{accepted}"), format!("{accepted}x")];
    all.into_iter().filter(|value| is_plain(value)).collect()
}

/// Some of these names in any order, each once (letter case aside), with one of its values or with another word.
fn some_of(named: Vec<(String, Vec<String>)>) -> impl Strategy<Value = Lines> {
    let chosen: Vec<_> = named
        .into_iter()
        .map(|(name, values)| {
            let own = if values.is_empty() { vec!["x".to_owned()] } else { values };
            let words = select(vec!["always", "never", "Always", "beta", "v12", "a"]);
            let value = prop_oneof![2 => select(own), 1 => words.prop_map(str::to_owned)];
            (Just(name), value, 0..1000_u32)
        })
        .collect();
    chosen.prop_map(|mut lines| {
        lines.retain(|(_, _, order)| *order < 700);
        lines.sort_by_key(|(_, _, order)| *order);
        let mut seen = Vec::new();
        lines.retain(|(name, _, _)| {
            let name = name.to_ascii_lowercase();
            let first = !seen.contains(&name);
            seen.push(name);
            first
        });
        lines.into_iter().map(|(name, value, _)| (name, value)).collect()
    })
}

/// Whether a value means the same in a line of cookies as alone.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b';' && byte != b',' && byte != b'|')
}
