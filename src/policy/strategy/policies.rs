//! Policies.

use std::ops::RangeInclusive;

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;

use super::PolicyParams;
use super::affinity::affinity;
use super::rules::{Rule, cookie_rule, header_rule};
use crate::policy::{Affinity, AffinityScope, Canary, CookieRule, HeaderRule, Policy, Total, Variant};

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
    policy_with(&PolicyParams::default())
}

/// Policies with these parameters.
///
/// ```
/// use canary_policy::policy::strategy::{PolicyParams, policy_with};
/// use proptest::prelude::*;
///
/// // The smallest weight with which the test fails is found.
/// let policies = policy_with(&PolicyParams::default().with_canaries(1..=1).with_totals(100..=100));
/// let result = proptest::test_runner::TestRunner::deterministic().run(&policies, |policy| {
///     prop_assert!(policy.canaries()[0].weight() < 42);
///     Ok(())
/// });
/// assert!(result.unwrap_err().to_string().contains("weight: 42"));
/// ```
pub fn policy_with(params: &PolicyParams) -> impl Strategy<Value = Policy> + use<> {
    let PolicyParams { canaries, totals, rules, patterns, affinity: with_affinity, texts } = params.clone();
    let texts = if patterns { texts } else { texts.without_patterns() };
    let [header, cookie] =
        if rules { [header_rule(&texts), cookie_rule(&texts)] } else { [Just(None).boxed(), Just(None).boxed()] };
    let affinity = if with_affinity { affinity(&texts) } else { Just(Affinity::None).boxed() };
    let parts = (vec((share(), header, cookie), canaries), total(totals), affinity, weighted(0.2));
    parts.prop_filter_map("a policy", move |(parts, total, affinity, has_positions)| {
        let weights = weights(parts.iter().map(|(share, ..)| *share), total);
        let single = parts.len() == 1;
        let canaries = parts.into_iter().zip(weights).enumerate().map(|(index, ((_, header, cookie), weight))| {
            let name = if single { "canary".to_owned() } else { format!("canary-{index}") };
            canary(
                &name,
                weight,
                [header, cookie].map(|rule| if texts.parts_without_effect { rule } else { own(rule, index) }),
            )
        });
        let canaries = canaries.collect::<Option<Vec<_>>>()?;
        let policy = Policy::new(canaries, Total::new(total).ok()?).ok()?.with_affinity(affinity);
        if !texts.parts_without_effect && is_idle(&policy) {
            return None;
        }
        if has_positions && texts.positions { reversed(policy) } else { Some(policy) }
    })
}

impl Arbitrary for Policy {
    /// What the policies may have.
    type Parameters = PolicyParams;
    /// A strategy of any kind, in a box.
    type Strategy = BoxedStrategy<Policy>;

    /// Policies of every kind, as [`policy`] generates them.
    fn arbitrary() -> Self::Strategy {
        policy().boxed()
    }

    /// Policies with these parameters, as [`policy_with`] generates them.
    fn arbitrary_with(params: PolicyParams) -> Self::Strategy {
        policy_with(&params).boxed()
    }
}

/// A total of the range: often its start, or near 100.
fn total(range: RangeInclusive<u32>) -> impl Strategy<Value = u32> {
    let (start, near) = (*range.start(), 100.clamp(*range.start(), *range.end()));
    prop_oneof![Just(start), start..=near, Just(near), range]
}

/// A share in units of 2⁻³². One in ten is as large as a share can be.
fn share() -> impl Strategy<Value = u32> {
    any::<u32>().prop_map(|number| number.saturating_add(number / 9))
}

/// Weights that fit into the total. Each is a share of what those before it leave, so that a smaller share is never a larger
/// weight, and a failing policy shrinks to the smallest weight with which it fails.
fn weights(shares: impl Iterator<Item = u32>, total: u32) -> Vec<u32> {
    let weight = |rest: &mut u32, share: u32| {
        let weight = u32::try_from((u64::from(share) * (u64::from(*rest) + 1)) >> 32).unwrap_or(*rest);
        *rest -= weight;
        Some(weight)
    };
    shares.scan(total, weight).collect()
}

/// Whether the affinity cookie pins clients to stable only, while stable gets no request.
fn is_idle(policy: &Policy) -> bool {
    let Affinity::Cookie(cookie) = policy.affinity() else { return false };
    cookie.scope() == AffinityScope::StableOnly && policy.weight(Variant::Stable) == 0
}

fn canary(name: &str, weight: u32, [header, cookie]: [Option<Rule>; 2]) -> Option<Canary> {
    let header = header.map(|(name, value_match)| HeaderRule::new(&name, value_match)).transpose().ok()?;
    let cookie = cookie.map(|(name, value_match)| CookieRule::new(&name, value_match)).transpose().ok()?;
    let canary = header.into_iter().fold(Canary::new(name, weight).ok()?, Canary::with_header);
    Some(cookie.into_iter().fold(canary, Canary::with_cookie))
}

/// The rule with a name that only this canary's rule has.
fn own(rule: Option<Rule>, index: usize) -> Option<Rule> {
    rule.map(|(name, value_match)| (format!("{name}-{index}"), value_match))
}

/// The policy with positions, in which the canaries are in reverse order, so that the positions are not those of the order.
fn reversed(policy: Policy) -> Option<Policy> {
    let policy = policy.with_positions();
    let canaries = policy.canaries().iter().rev().cloned();
    Some(Policy::new(canaries, policy.total()).ok()?.with_affinity(policy.affinity().clone()))
}
