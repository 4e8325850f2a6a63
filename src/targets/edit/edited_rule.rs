//! Rules of somebody's object, in the terms in which a policy is put in and taken out.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Applied, AppliedRule, Share};

/// A rule of an object that is edited. `own` is the namespace of the object.
pub(in crate::targets) trait EditedRule: Clone {
    /// A condition on a header.
    type Condition: PartialEq + Serialize + DeserializeOwned;
    /// The name of a backend.
    type Backend: PartialEq + Serialize + DeserializeOwned;

    /// Whether the rule sends all of its requests to this backend.
    fn leads_only_to(&self, backend: &Self::Backend, own: Option<&str>) -> bool;

    /// Whether this backend is one of those of the rule.
    fn leads_to(&self, backend: &Self::Backend, own: Option<&str>) -> bool;

    /// Whether a match of the rule has this condition.
    fn has_condition(&self, condition: &Self::Condition) -> bool;

    /// The weight of the first backend.
    fn weight(&self) -> Option<u32>;

    /// The rule, whose only backend is that of stable, with this split.
    fn with_split(&self, split: &[Share<Self::Backend>]) -> Self;

    /// What the rule was before it got this split, if it has the split; the backend of stable then had this weight. If the rule has
    /// another split, the result is any rule or `None`.
    fn without_split(&self, split: &[Share<Self::Backend>], weight: Option<u32>) -> Option<Self>;

    /// A rule that has everything of this rule, whose only backend is that of stable, and one of these conditions in each match.
    fn made(&self, rule: &AppliedRule<Self::Condition, Self::Backend>) -> Self;

    /// Whether both rules are the same for an API server, which adds defaults.
    fn is_same(&self, other: &Self) -> bool;
}

/// What was put into an object whose rules are of this type.
pub(in crate::targets) type AppliedTo<R> = Applied<<R as EditedRule>::Condition, <R as EditedRule>::Backend>;

/// Why a rule is like one of what was put in; `None` if it is not: it has one of the conditions, or splits requests between stable
/// and a canary.
pub(super) fn why_alike<R: EditedRule>(rule: &R, applied: &AppliedTo<R>, own: Option<&str>) -> Option<&'static str> {
    if applied.conditions().any(|condition| rule.has_condition(condition)) {
        Some("it has a condition of the policy")
    } else if rule.leads_only_to(&applied.stable, own) {
        None
    } else if rule.leads_to(&applied.stable, own) && applied.canaries().any(|canary| rule.leads_to(canary, own)) {
        Some("it has backends of stable and of a canary")
    } else {
        None
    }
}
