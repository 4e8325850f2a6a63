//! Generated policies that a target with rules can express without a loss, most of them.

use canary_policy::policy::strategy;
use canary_policy::{
    Affinity, AffinityPrecedence, AffinityScope, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern,
    Policy, SameSite, Total,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Policies that targets with rules can express, and one in five that has anything in it.
pub fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![4 => expressible(), 1 => strategy::policy()]
}

/// Policies with distinct conditions on values that every engine reads alike, and weights that every target takes.
fn expressible() -> impl Strategy<Value = Policy> {
    let total = prop_oneof![Just(100), 1..=1000_u32, 1..=1_000_000_u32];
    (vec(rules(), 1..=3), total, affinity(), 0..8_u8).prop_map(|(rules, total, affinity, kind)| {
        let mut rest = total;
        let count = rules.len();
        let canaries = rules.into_iter().enumerate().map(|(index, (weight, header, cookie))| {
            let weight = match kind {
                // Everything goes to the last canary, and nothing to stable.
                0 if index + 1 == count => rest,
                0 => 0,
                _ => weight % (rest + 1),
            };
            rest -= weight;
            let canary = Canary::new(&format!("next-{index}"), weight).unwrap();
            let header = header.map(|(name, value)| HeaderRule::new(&format!("x-{name}-{index}"), value).unwrap());
            let canary = header.into_iter().fold(canary, Canary::with_header);
            let cookie = cookie.map(|(name, value)| CookieRule::new(&format!("{name}-{index}"), value).unwrap());
            cookie.into_iter().fold(canary, Canary::with_cookie)
        });
        let policy = Policy::new(canaries.collect::<Vec<_>>(), Total::new(total).unwrap()).unwrap();
        affinity.into_iter().fold(policy, Policy::with_affinity)
    })
}

type Rule = Option<(String, Match)>;

/// A weight, a header rule and a cookie rule.
fn rules() -> impl Strategy<Value = (u32, Rule, Rule)> {
    let text = "[A-Za-z0-9._~/:-]{1,6}";
    let header_pattern = "\\^?[a-z]{1,3}(\\||\\.\\*|\\[0-9\\]\\+)?[a-z]{1,3}\\$?";
    let cookie_pattern = "\\^?[a-z]{1,3}(\\||\\[0-9\\]\\+|\\[\\^;\\]\\*)?[a-z]{1,3}\\$?";
    let value = |pattern: &'static str| {
        let pattern = pattern.prop_map(|text| Match::Pattern(Pattern::new(&text).unwrap()));
        prop_oneof![Just(Match::AlwaysNever), text.prop_map(Match::Exact), pattern]
    };
    (any::<u32>(), of(("[a-z]{1,5}", value(header_pattern))), of(("[A-Za-z_]{1,5}", value(cookie_pattern))))
}

fn affinity() -> impl Strategy<Value = Option<Affinity>> {
    let precedence = select(vec![AffinityPrecedence::BeforeRules, AffinityPrecedence::AfterRules]);
    let scope = select(vec![AffinityScope::AllVariants, AffinityScope::StableOnly]);
    let same_site = of(select(vec![SameSite::Strict, SameSite::Lax, SameSite::None]));
    let texts = (of("[A-Za-z0-9._-]{1,8}"), of("/[a-z/]{0,8}"), of("[a-z]{1,8}\\.test"));
    let parts = ("r[a-z]{0,4}", precedence, scope, texts, of(any::<u32>()), same_site, any::<bool>());
    of(parts.prop_map(|(name, precedence, scope, (revision, path, domain), max_age, same_site, secure)| {
        let cookie = CookieAffinity::new(&name).unwrap().with_precedence(precedence).with_scope(scope);
        let cookie = revision.into_iter().fold(cookie, |cookie, text| cookie.with_revision(&text).unwrap());
        let cookie = path.into_iter().fold(cookie, |cookie, text| cookie.with_path(&text).unwrap());
        let cookie = domain.into_iter().fold(cookie, |cookie, text| cookie.with_domain(&text).unwrap());
        let cookie = same_site.into_iter().fold(cookie, CookieAffinity::with_same_site);
        Affinity::Cookie(max_age.into_iter().fold(cookie.with_secure(secure), CookieAffinity::with_max_age))
    }))
}
