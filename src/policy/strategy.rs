//! Strategies of `proptest` that generate valid policies, for the property tests of your own code.
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

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieName, CookieRule, HeaderRule, KeyAffinity, Match, Name,
    Pattern, Pins, Policy, SameSite, Total,
};
use crate::error::InvalidPolicy;

/// Policies with 1 to 4 canaries, all kinds of rules and all kinds of affinity.
pub fn policy() -> impl Strategy<Value = Policy> {
    let weights = prop_oneof![1..=1_u32, 1..=100_u32, Just(100), 1..=u32::MAX];
    (vec((any::<u32>(), of(header_rule()), of(cookie_rule())), 1..=4), weights, affinity())
        .prop_filter_map("a policy's parts fit together", |(canaries, total, affinity)| {
            assembled(canaries, total, affinity).ok()
        })
}

type Parts = Vec<(u32, Option<HeaderRule>, Option<CookieRule>)>;

/// Canaries called `canary`, or `canary-0`, `canary-1` … where there are several, that share out a part of the total.
fn assembled(parts: Parts, total: u32, affinity: Affinity) -> Result<Policy, InvalidPolicy> {
    let single = parts.len() == 1;
    let mut left = total;
    let canaries = parts.into_iter().enumerate().map(|(index, (weight, header, cookie))| {
        let weight = weight % left.saturating_add(1).max(1);
        left -= weight;
        let name = if single { Ok(Name::default()) } else { Name::new(&format!("canary-{index}")) };
        Ok(Canary { name: name.map_err(|what| what.at("name"))?, weight, header, cookie })
    });
    let canaries: Vec<Canary> = canaries.collect::<Result<_, InvalidPolicy>>()?;
    let total = Total::new(total).map_err(|what| what.at("total"))?;
    Ok(Policy::new(canaries, total)?.with_affinity(affinity))
}

/// Names and values of the kinds that meet in practice, a few of them awkward.
fn header_rule() -> impl Strategy<Value = HeaderRule> {
    let names =
        prop_oneof!["x-[a-z]{1,8}", "[a-z][a-z0-9-]{0,12}", Just("x_canary".to_owned()), Just("cookie".to_owned())];
    (names, matches()).prop_filter_map("a header rule", |(name, matches)| HeaderRule::new(&name, matches).ok())
}

fn cookie_rule() -> impl Strategy<Value = CookieRule> {
    (cookie_name(), matches()).prop_filter_map("a cookie rule", |(name, matches)| CookieRule::new(&name, matches).ok())
}

fn cookie_name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z][a-zA-Z0-9_.-]{0,8}", "[!-~]{1,4}"]
        .prop_filter("a cookie name", |name| CookieRule::new(name, Match::AlwaysNever).is_ok())
}

fn matches() -> impl Strategy<Value = Match> {
    prop_oneof![
        3 => Just(Match::AlwaysNever),
        2 => prop_oneof!["[a-z0-9./:~_-]{0,8}", "always", "never", "[ -~]{1,8}"].prop_map(Match::Exact),
        2 => prop_oneof!["[a-z]{1,4}", "\\^[a-z]{1,3}\\$", "\\^v\\[0-9\\]\\+", "a\\|b", "[ -~]{1,6}"]
            .prop_filter_map("a pattern", |text| Pattern::new(&text).ok().map(Match::Pattern)),
    ]
}

fn affinity() -> impl Strategy<Value = Affinity> {
    let key = (any::<bool>(), "[a-z]{1,8}", "[ -~]{0,12}").prop_filter_map("a key", |(header, name, salt)| {
        let key = if header { KeyAffinity::header(&name) } else { KeyAffinity::cookie(&name) };
        key.and_then(|key| key.with_salt(&salt)).map(Affinity::Key).ok()
    });
    prop_oneof![Just(Affinity::None), cookie_affinity().prop_map(Affinity::Cookie), key]
}

fn cookie_affinity() -> impl Strategy<Value = CookieAffinity> {
    let precedence = prop_oneof![Just(AffinityPrecedence::BeforeRules), Just(AffinityPrecedence::AfterRules)];
    let pins = prop_oneof![Just(Pins::Everyone), Just(Pins::Stable)];
    let same_site = of(prop_oneof![Just(SameSite::Strict), Just(SameSite::Lax), Just(SameSite::None)]);
    let texts = (of("[A-Za-z0-9._-]{1,8}"), of("/[a-z/]{0,8}"), of("[a-z]{1,8}\\.test"));
    (cookie_name(), precedence, pins, texts, of(any::<u32>()), same_site, any::<bool>()).prop_filter_map(
        "an affinity cookie",
        |(name, precedence, pins, (revision, path, domain), max_age, same_site, secure)| {
            let name = CookieName::new(&name).ok()?;
            Some(CookieAffinity { name, precedence, pins, revision, max_age, path, domain, same_site, secure })
        },
    )
}
