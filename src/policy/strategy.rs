//! Strategies for `proptest` that generate valid policies (feature `proptest`).
//!
//! Use them in the property tests of code that takes a policy. Generated weights do not shrink.
//!
//! ```
//! use canary_policy::policy::strategy;
//! use canary_policy::{Policy, Sample, Selector};
//! use proptest::prelude::*;
//!
//! proptest!(ProptestConfig::with_cases(8), |(policy in strategy::policy(), bits: u64)| {
//!     let selector = Selector::new(&policy);
//!     let decision = selector.select(&[("cookie", "a=b")], Sample::from_bits(bits));
//!     prop_assert!(decision.variant.index().is_none_or(|index| index < policy.canaries().len()));
//! });
//! ```

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CanaryName, CookieAffinity, CookieName, CookieRule,
    HeaderRule, KeyAffinity, KeyHash, Match, Pattern, Policy, SameSite, Total,
};
use crate::error::InvalidPolicy;

/// Policies with 1 to 4 canaries, every kind of rule and every kind of affinity.
///
/// A single canary is named `canary`; several are named `canary-0`, `canary-1` and so on.
///
/// ```
/// use canary_policy::policy::strategy;
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let policy = strategy::policy().new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// assert!((1..=4).contains(&policy.canaries().len()));
/// ```
pub fn policy() -> impl Strategy<Value = Policy> {
    let total = prop_oneof![1..=1_u32, 1..=100_u32, Just(100), 1..=u32::MAX];
    let parts = (vec(canary(), 1..=4), total, affinity(), weighted(0.2));
    parts.prop_filter_map("a policy", |(canaries, total, affinity, with_positions)| {
        let policy = fitted(canaries, total, affinity).ok()?;
        if with_positions { reversed(policy) } else { Some(policy) }
    })
}

/// A canary with the default name and any weight.
fn canary() -> impl Strategy<Value = Canary> {
    (any::<u32>(), of(header_rule()), of(cookie_rule())).prop_map(|(weight, header, cookie)| Canary {
        name: CanaryName::default(),
        weight,
        position: None,
        header,
        cookie,
    })
}

/// A policy of these canaries with unique names, and with weights that are reduced until they fit into the total.
fn fitted(canaries: Vec<Canary>, total: u32, affinity: Affinity) -> Result<Policy, InvalidPolicy> {
    let single = canaries.len() == 1;
    let mut rest = total;
    let canaries =
        canaries.into_iter().enumerate().map(|(index, Canary { name, weight, position, header, cookie })| {
            let weight = weight % rest.saturating_add(1).max(1);
            rest -= weight;
            let name = if single { Ok(name) } else { CanaryName::new(&format!("canary-{index}")) };
            Ok(Canary { name: name.map_err(|invalid| invalid.at("name"))?, weight, position, header, cookie })
        });
    let canaries: Vec<Canary> = canaries.collect::<Result<_, InvalidPolicy>>()?;
    let total = Total::new(total).map_err(|invalid| invalid.at("total"))?;
    Ok(Policy::new(canaries, total)?.with_affinity(affinity))
}

/// The policy with positions, in which the canaries are in reverse order, so that the positions are not those of the order.
fn reversed(policy: Policy) -> Option<Policy> {
    let policy = policy.with_positions();
    let canaries = policy.canaries().iter().rev().cloned();
    Some(Policy::new(canaries, policy.total()).ok()?.with_affinity(policy.affinity().clone()))
}

/// Header rules with common names and values and a few unusual ones.
fn header_rule() -> impl Strategy<Value = HeaderRule> {
    let name =
        prop_oneof!["x-[a-z]{1,8}", "[a-z][a-z0-9-]{0,12}", Just("x_canary".to_owned()), Just("cookie".to_owned())];
    (name, value_match())
        .prop_filter_map("a header rule", |(name, value_match)| HeaderRule::new(&name, value_match).ok())
}

fn cookie_rule() -> impl Strategy<Value = CookieRule> {
    (cookie_name(), value_match())
        .prop_filter_map("a cookie rule", |(name, value_match)| CookieRule::new(&name, value_match).ok())
}

fn cookie_name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z][a-zA-Z0-9_.-]{0,8}", "[!-~]{1,4}"]
        .prop_filter("a cookie name", |name| CookieName::new(name).is_ok())
}

fn value_match() -> impl Strategy<Value = Match> {
    prop_oneof![
        3 => Just(Match::AlwaysNever),
        2 => prop_oneof!["[a-z0-9./:~_-]{0,8}", "always", "never", "[ -~]{1,8}"].prop_map(Match::Exact),
        2 => prop_oneof!["[a-z]{1,4}", "\\^[a-z]{1,3}\\$", "\\^v\\[0-9\\]\\+", "a\\|b", "[ -~]{1,6}"]
            .prop_filter_map("a pattern", |text| Pattern::new(&text).ok().map(Match::Pattern)),
    ]
}

fn affinity() -> impl Strategy<Value = Affinity> {
    let hash = prop_oneof![3 => Just(KeyHash::default()), 1 => select(KeyHash::ALL.to_vec())];
    let key =
        (any::<bool>(), "[a-z]{1,8}", "[ -~]{0,12}", hash).prop_filter_map("a key", |(header, name, salt, hash)| {
            let key = if header { KeyAffinity::header(&name) } else { KeyAffinity::cookie(&name) };
            key.and_then(|key| key.with_hash(hash).with_salt(&salt)).map(Affinity::Key).ok()
        });
    prop_oneof![Just(Affinity::None), cookie_affinity().prop_map(Affinity::Cookie), key]
}

fn cookie_affinity() -> impl Strategy<Value = CookieAffinity> {
    let precedence = prop_oneof![Just(AffinityPrecedence::BeforeRules), Just(AffinityPrecedence::AfterRules)];
    let scope = prop_oneof![Just(AffinityScope::AllVariants), Just(AffinityScope::StableOnly)];
    let same_site = of(prop_oneof![Just(SameSite::Strict), Just(SameSite::Lax), Just(SameSite::None)]);
    let texts = (of("[A-Za-z0-9._-]{1,8}"), of("/[a-z/]{0,8}"), of("[a-z]{1,8}\\.test"));
    (cookie_name(), precedence, scope, texts, of(any::<u32>()), same_site, any::<bool>()).prop_filter_map(
        "an affinity cookie",
        |(name, precedence, scope, (revision, path, domain), max_age, same_site, secure)| {
            let name = CookieName::new(&name).ok()?;
            Some(CookieAffinity { name, precedence, scope, revision, max_age, path, domain, same_site, secure })
        },
    )
}
