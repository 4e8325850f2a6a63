//! How many of the generated cases say something about a law.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use canary_policy::error::ConversionError;
use canary_policy::targets::Part;
use canary_policy::{Affinity, AffinityPrecedence, AffinityScope, Loss, Match, Policy, Route, Variant};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::all_cases;

/// The cases of a law about conversions without a loss: how many there were, with which parts of a policy, and what the others
/// were. A law that most cases pass by proves little.
#[derive(Default)]
pub struct Tally {
    exact: Cell<u32>,
    parts: RefCell<BTreeMap<&'static str, u32>>,
    others: RefCell<BTreeMap<String, u32>>,
}

impl Tally {
    /// Counts a policy that was written without a loss.
    pub fn exact(&self, policy: &Policy) {
        self.exact.set(self.exact.get() + 1);
        for part in parts(policy) {
            *self.parts.borrow_mut().entry(part).or_default() += 1;
        }
    }

    /// Counts a policy that was written with losses.
    pub fn losses(&self, losses: &[Loss]) {
        let part = losses.first().map_or("no loss".to_owned(), |loss| match loss.part() {
            Part::Canary(_) => "a canary".to_owned(),
            Part::Weight(_) => "a weight".to_owned(),
            Part::Header(_) => "a header rule".to_owned(),
            Part::Cookie(_) => "a cookie rule".to_owned(),
            other => other.to_string(),
        });
        self.other(&format!("loss of {part}"));
    }

    /// Counts an error, which has to be one that this policy and route cause.
    pub fn error(&self, error: &ConversionError, policy: &Policy, route: &Route) -> Result<(), TestCaseError> {
        prop_assert!(is_expected(error, policy, route), "{error} for {policy:?} {route:?}");
        self.other(&format!("error, {}", error.to_string().split(':').next().unwrap_or_default()));
        Ok(())
    }

    /// Counts a case that the law says nothing about.
    pub fn other(&self, what: &str) {
        *self.others.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    /// Prints the counts. Fails if fewer than this many of 100 cases were exact, or if one of the parts of a policy was never in
    /// them, with the exception of these, which the target cannot express.
    pub fn hold(&self, what: &str, percent: u32, inexpressible: &[&str]) {
        let (exact, parts, others) = (self.exact.get(), self.parts.borrow(), self.others.borrow());
        let all = exact + others.values().sum::<u32>();
        if !all_cases() {
            return;
        }
        println!("{what}: {exact} of {all} cases are exact; the others: {others:?}; parts: {parts:?}");
        assert!(exact * 100 >= percent * all, "{exact} of {all} cases are exact: expected {percent} %: {others:?}");
        for part in PARTS {
            let (count, can) = (parts.get(part).copied().unwrap_or_default(), !inexpressible.contains(&part));
            assert_eq!(count > 0, can, "{part}: {count} of {exact} cases");
        }
    }
}

/// What a policy can have.
const PARTS: [&str; 14] = [
    "several canaries",
    "weight 0",
    "nothing to stable",
    "header: always and never",
    "header: value",
    "header: pattern",
    "cookie: always and never",
    "cookie: value",
    "cookie: pattern",
    "affinity cookie before the rules",
    "affinity cookie after the rules",
    "affinity of stable only",
    "revision",
    "affinity key",
];

/// Which of [`PARTS`] a policy has.
fn parts(policy: &Policy) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let canaries = policy.canaries();
    parts.extend((canaries.len() > 1).then_some("several canaries"));
    parts.extend(canaries.iter().any(|canary| canary.weight() == 0).then_some("weight 0"));
    parts.extend((policy.weight(Variant::Stable) == 0).then_some("nothing to stable"));
    for canary in canaries {
        parts.extend(canary.header().map(|rule| match rule.value_match() {
            Match::AlwaysNever => "header: always and never",
            Match::Exact(_) => "header: value",
            Match::Pattern(_) => "header: pattern",
        }));
        parts.extend(canary.cookie().map(|rule| match rule.value_match() {
            Match::AlwaysNever => "cookie: always and never",
            Match::Exact(_) => "cookie: value",
            Match::Pattern(_) => "cookie: pattern",
        }));
    }
    match policy.affinity() {
        Affinity::Cookie(cookie) => {
            parts.push(match cookie.precedence() {
                AffinityPrecedence::BeforeRules => "affinity cookie before the rules",
                AffinityPrecedence::AfterRules => "affinity cookie after the rules",
            });
            parts.extend((cookie.scope() == AffinityScope::StableOnly).then_some("affinity of stable only"));
            parts.extend(cookie.revision().map(|_| "revision"));
        }
        Affinity::Key(_) => parts.push("affinity key"),
        _ => {}
    }
    parts
}

/// Whether this policy and route are a reason for an error.
pub fn is_expected(error: &ConversionError, policy: &Policy, route: &Route) -> bool {
    match error {
        // Always and never are two rules, every other condition is one, and requests that no rule decides are one more.
        ConversionError::TooMany { field: "rules", count, bound: 16, .. } => {
            (17..=most_rules(policy, route)).contains(count)
        }
        // A number is appended to the name of the second object.
        ConversionError::Invalid { field: "name", .. } => {
            route.name().len() > 250 && route.hosts().len() + route.paths().len() > 8
        }
        ConversionError::Missing { field: "hosts", .. } => route.hosts().is_empty() && !route.parents().is_empty(),
        ConversionError::Refused { field: "hosts", value, .. } => {
            let named: Vec<&str> = value.as_str().split(", ").collect();
            named.iter().all(|name| route.hosts().iter().any(|host| host.as_str() == *name))
        }
        ConversionError::Refused { field: "parents", value, .. } => {
            let parent = route.parents().iter().find(|parent| parent.to_string() == value.as_str());
            parent.is_some_and(|parent| {
                parent.name().contains('.') || parent.name().bytes().all(|byte| byte.is_ascii_digit())
            })
        }
        ConversionError::TooLarge { bytes, bound, .. } => bytes > bound,
        ConversionError::GrpcPath(path) => route.paths().iter().any(|one| one.as_str() == path.as_str()),
        _ => false,
    }
}

/// The largest number of rules that a policy can need with the former tokens of a route.
fn most_rules(policy: &Policy, route: &Route) -> usize {
    let of = |value_match: &Match| if matches!(value_match, Match::AlwaysNever) { 2 } else { 1 };
    let header = policy.canaries().iter().filter_map(|canary| canary.header()).map(|rule| of(rule.value_match()));
    let cookie = policy.canaries().iter().filter_map(|canary| canary.cookie()).map(|rule| of(rule.value_match()));
    let pinned = if matches!(policy.affinity(), Affinity::Cookie(_)) { policy.canaries().len() + 1 } else { 0 };
    let former = route.former_tokens().map_or(0, |_| pinned);
    header.chain(cookie).sum::<usize>() + pinned + former + 1
}
