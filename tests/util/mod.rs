//! The vocabulary of the tests: a file for each noun, and short helpers here.

pub mod by_hand;
pub mod cluster;
pub mod cluster_text;
pub mod codes_page;
pub mod crd;
pub mod envoy;
pub mod example;
pub mod expressible;
pub mod former_tokens;
pub mod gloo;
pub mod golden;
pub mod hostile;
pub mod http_route;
pub mod istio;
pub mod merge_patch;
pub mod nginx;
pub mod oracle;
pub mod outcome;
pub mod pattern;
pub mod proxy;
pub mod reading;
pub mod request;
pub mod route;
pub mod server;
pub mod source;
pub mod tally;
pub mod theirs;
pub mod virtual_host;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::rc::Rc;

use canary_policy::{Policy, Reason, Sample, Selector, Spec, Variant};
use http::HeaderValue;
use proptest::test_runner::Config as ProptestConfig;
use regex::bytes::{Regex, RegexBuilder};

pub const STABLE: Variant = Variant::Stable;
pub const CANARY: Variant = Variant::Canary(0);
pub const SECOND: Variant = Variant::Canary(1);

/// The policy that a YAML text describes.
#[track_caller]
pub fn policy(yaml: &str) -> Policy {
    Policy::try_from(spec(yaml)).unwrap_or_else(|error| panic!("{error}"))
}

/// The spec that a YAML text describes. It may be invalid as a policy.
#[track_caller]
pub fn spec(yaml: &str) -> Spec {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}"))
}

/// The problems of an invalid spec, as text.
#[track_caller]
pub fn problems(yaml: &str) -> Vec<String> {
    texts(&Policy::try_from(spec(yaml)).expect_err("an invalid spec").problems)
}

/// The losses, findings or problems as text, one string for each.
pub fn texts(items: &[impl Display]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// The decision for these header lines, with a sample that falls on this point of 100.
#[track_caller]
pub fn decide(selector: &Selector, lines: &[(&str, &str)], point: u32) -> (Variant, Reason) {
    let decision = selector.select(lines, Sample::from_fraction(point, 100).unwrap());
    (decision.variant, decision.reason)
}

/// The text of a Set-Cookie header.
#[track_caller]
pub fn cookie_text(set_cookie: &HeaderValue) -> &str {
    set_cookie.to_str().unwrap()
}

/// The `NAME=VALUE` that a client returns after it got this Set-Cookie header.
#[track_caller]
pub fn returned_cookie(set_cookie: &HeaderValue) -> String {
    cookie_text(set_cookie).split(';').next().unwrap().to_owned()
}

/// The configuration of a property test with this many cases.
///
/// Failed cases are not saved in files: every run tries the same cases, because `.cargo/config.toml` has a seed, so that a case
/// that fails once fails in the next run too. The variable `PROPTEST_CASES` lowers the number for `tests/mutants`.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases.min(most_cases().unwrap_or(u32::MAX)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Whether property tests try all of their cases. Of a few cases, no share says anything.
pub fn all_cases() -> bool {
    most_cases().is_none()
}

fn most_cases() -> Option<u32> {
    std::env::var_os("PROPTEST_CASES").map(|most| most.to_str().unwrap().parse().expect("a number of cases"))
}

/// Annotations, from their names without the usual prefix.
pub fn annotations<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), value.to_owned())).collect()
}

/// The path of a file below `tests`.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(file)
}

/// The lines of a file below `tests`, each a JSON value.
pub fn json_lines(file: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

thread_local! {
    /// The regular expressions that a thread has compiled, because the same ones come up in thousands of cases.
    static COMPILED: RefCell<BTreeMap<String, Rc<Regex>>> = const { RefCell::new(BTreeMap::new()) };
}

/// A regular expression that reads bytes, with ASCII classes.
pub fn ascii_regex(text: &str) -> Rc<Regex> {
    let compile = || Rc::new(RegexBuilder::new(text).unicode(false).build().unwrap());
    COMPILED.with_borrow_mut(|compiled| compiled.entry(text.to_owned()).or_insert_with(compile).clone())
}

/// Whether a regular expression matches anywhere in a value.
pub fn is_match(regex: &str, value: &str) -> bool {
    ascii_regex(regex).is_match(value.as_bytes())
}

/// All orders of the numbers below a count.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for number in 0..count {
        let inserted = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| [&order[..at], &[number], &order[at..]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(inserted).collect();
    }
    orders
}
