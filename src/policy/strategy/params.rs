//! What generated policies may have.

use std::ops::RangeInclusive;

use super::texts::Texts;

/// What generated policies may have: by default 1 to 4 canaries, any total, and every kind of rule and affinity. Canaries may have
/// [positions](crate::Canary::with_position); [`Policy::intervals`](crate::Policy::intervals) says which points a variant has.
///
/// ```
/// use canary_policy::policy::strategy::PolicyParams;
/// use canary_policy::{Affinity, Policy};
/// use proptest::prelude::*;
///
/// let two_of_ten = PolicyParams::default().with_canaries(2..=2).with_totals(10..=10).without_affinity();
/// proptest!(ProptestConfig::with_cases(8), |(policy in any_with::<Policy>(two_of_ten))| {
///     prop_assert_eq!((policy.canaries().len(), policy.total().get()), (2, 10));
///     prop_assert_eq!(policy.affinity(), &Affinity::None);
/// });
/// ```
#[derive(Clone, Debug)]
pub struct PolicyParams {
    pub(super) canaries: RangeInclusive<usize>,
    pub(super) totals: RangeInclusive<u32>,
    pub(super) rules: bool,
    pub(super) patterns: bool,
    pub(super) affinity: bool,
    pub(super) texts: Texts,
}

impl Default for PolicyParams {
    fn default() -> Self {
        PolicyParams {
            canaries: 1..=4,
            totals: 1..=u32::MAX,
            rules: true,
            patterns: true,
            affinity: true,
            texts: Texts::ANY,
        }
    }
}

impl PolicyParams {
    /// Policies that the annotations of ingress-nginx express without a loss: one canary, values in the characters that its
    /// validators accept, cookie rules on `always` and `never`, and an affinity cookie that decides before the rules.
    ///
    /// ```
    /// use canary_policy::Policy;
    /// use canary_policy::policy::strategy::PolicyParams;
    /// use canary_policy::targets::nginx::{Prefix, annotations};
    /// use proptest::prelude::*;
    ///
    /// proptest!(ProptestConfig::with_cases(8), |(policy in any_with::<Policy>(PolicyParams::ingress_nginx()))| {
    ///     prop_assert_eq!(annotations(&policy, &Prefix::default()).losses, []);
    /// });
    /// ```
    #[must_use]
    pub fn ingress_nginx() -> Self {
        PolicyParams { canaries: 1..=1, texts: Texts::INGRESS_NGINX, ..PolicyParams::default() }
    }

    /// Policies that the Gateway API, Istio, Linkerd, Gloo and Envoy express without a loss: a total of at most 1,000,000,
    /// different conditions for each canary, values that every engine reads alike, and no affinity key.
    ///
    /// ```
    /// use canary_policy::policy::strategy::PolicyParams;
    /// use canary_policy::targets::gateway;
    /// use canary_policy::{Policy, Route};
    /// use proptest::prelude::*;
    ///
    /// let params = PolicyParams::rule_targets().with_canaries(1..=1);
    /// proptest!(ProptestConfig::with_cases(8), |(policy in any_with::<Policy>(params))| {
    ///     let route = Route::new("web", "web:80".parse().unwrap(), ["next:80".parse().unwrap()]).unwrap();
    ///     let route = route.with_parents(["public".parse().unwrap()]).unwrap();
    ///     let written = gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap();
    ///     prop_assert_eq!(written.losses, []);
    /// });
    /// ```
    #[must_use]
    pub fn rule_targets() -> Self {
        PolicyParams { canaries: 1..=3, totals: 1..=1_000_000, texts: Texts::RULE_TARGETS, ..PolicyParams::default() }
    }

    /// The same parameters with this many canaries. A start of 0 counts as 1, and an end below the start counts as the start.
    #[must_use]
    pub fn with_canaries(self, canaries: RangeInclusive<usize>) -> Self {
        let least = (*canaries.start()).max(1);
        PolicyParams { canaries: least..=(*canaries.end()).max(least), ..self }
    }

    /// The same parameters with these totals. A start of 0 counts as 1, and an end below the start counts as the start.
    #[must_use]
    pub fn with_totals(self, totals: RangeInclusive<u32>) -> Self {
        let least = (*totals.start()).max(1);
        PolicyParams { totals: least..=(*totals.end()).max(least), ..self }
    }

    /// The same parameters without header rules and cookie rules.
    #[must_use]
    pub fn without_rules(self) -> Self {
        PolicyParams { rules: false, ..self }
    }

    /// The same parameters without patterns, for a router that has no regular expressions. Rules on `always` and `never` and on
    /// values stay.
    ///
    /// ```
    /// use canary_policy::policy::strategy::PolicyParams;
    /// use canary_policy::{CookieRule, HeaderRule, Match, Policy};
    /// use proptest::prelude::*;
    ///
    /// let params = PolicyParams::default().without_patterns();
    /// proptest!(ProptestConfig::with_cases(8), |(policy in any_with::<Policy>(params))| {
    ///     for canary in policy.canaries() {
    ///         let matches = [canary.header().map(HeaderRule::value_match), canary.cookie().map(CookieRule::value_match)];
    ///         prop_assert!(!matches.into_iter().flatten().any(|one| matches!(one, Match::Pattern(_))));
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn without_patterns(self) -> Self {
        PolicyParams { patterns: false, ..self }
    }

    /// The same parameters without affinity.
    #[must_use]
    pub fn without_affinity(self) -> Self {
        PolicyParams { affinity: false, ..self }
    }
}
