//! What was put into an object, as its annotation says.

use serde::{Deserialize, Serialize};

use crate::error::ConversionError;
use crate::policy::Variant;
use crate::targets::table::{Split, Table, Weighted};

/// The weight of the only variant with a share, if that is a canary. Stable then has the weight 0, and its backend stays in place.
const WHOLE: u32 = 100;

/// What was put into an object: the rules of a policy, and its split. `C` is the target's type for a condition, and `B` for the
/// name of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::targets) struct Applied<C, B> {
    /// The backend of stable.
    pub(in crate::targets) stable: B,
    /// One rule for each row of the policy that has conditions.
    pub(in crate::targets) rules: Vec<AppliedRule<C, B>>,
    /// The shares of the split, one of which is stable's.
    pub(in crate::targets) split: Vec<Share<B>>,
    /// The weight that the backend of stable had in each rule that has the split, in the order of the rules. There is none if the
    /// split leaves it as it is.
    pub(in crate::targets) weights: Vec<Option<u32>>,
}

/// A rule that is made of each rule of the object with the split, and that holds if one of the conditions holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::targets) struct AppliedRule<C, B> {
    pub(in crate::targets) conditions: Vec<C>,
    pub(in crate::targets) to: Share<B>,
}

/// A variant that gets requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::targets) struct Share<B> {
    /// The backend of a canary; `None` is the backend of stable as the object has it.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub(in crate::targets) backend: Option<B>,
    /// The weight; `None` is the weight that the backend of stable has in the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::targets) weight: Option<u32>,
    /// The `Set-Cookie` value that is added to the responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::targets) set_cookie: Option<String>,
}

/// The default of a backend, which has no default of its own.
fn none<B>() -> Option<B> {
    None
}

/// Whether one variant has the whole split, so that the cookie of the split is that of the rule.
pub(in crate::targets) fn is_whole<B>(split: &[Share<B>]) -> bool {
    split.iter().filter(|share| share.weight != Some(0)).count() < 2
}

impl<C, B> Applied<C, B> {
    /// The rules and the split of a table. The weights are those of no rule yet.
    ///
    /// # Errors
    ///
    /// The backend of a canary cannot be written.
    pub(in crate::targets) fn new<T>(
        table: Table<T>,
        stable: B,
        condition: impl Fn(T) -> C,
        backend: impl Fn(Variant) -> Result<B, ConversionError>,
    ) -> Result<Self, ConversionError> {
        let share = |Weighted { destination, weight }: Weighted<'_>| {
            let backend = match destination.variant {
                Variant::Stable => None,
                canary @ Variant::Canary(_) => Some(backend(canary)?),
            };
            Ok(Share { backend, weight, set_cookie: destination.set_cookie.clone() })
        };
        let shares = |split: &Split| split.destinations().map(share).collect::<Result<Vec<_>, ConversionError>>();
        let (mut rules, mut split) = (Vec::new(), Vec::new());
        for row in table.rows {
            let shares = shares(&row.split)?;
            if row.conditions.is_empty() {
                split = shares;
            } else {
                let conditions: Vec<C> = row.conditions.into_iter().map(&condition).collect();
                // A row with conditions leads to one destination.
                rules.extend(shares.into_iter().next().map(|to| AppliedRule { conditions, to }));
            }
        }
        if split.iter().all(|share| share.backend.is_some()) {
            if let [only] = split.as_mut_slice() {
                only.weight = Some(WHOLE);
            }
            split.insert(0, Share { backend: None, weight: Some(0), set_cookie: None });
        }
        Ok(Applied { stable, rules, split, weights: Vec::new() })
    }

    /// The same with a rule for each condition.
    pub(in crate::targets) fn with_one_condition_each(self) -> Self
    where
        B: Clone,
    {
        let alone = |AppliedRule { conditions, to }: AppliedRule<C, B>| {
            let rule = move |condition| AppliedRule { conditions: vec![condition], to: to.clone() };
            conditions.into_iter().map(rule)
        };
        Applied { rules: self.rules.into_iter().flat_map(alone).collect(), ..self }
    }

    /// The conditions of all rules.
    pub(in crate::targets) fn conditions(&self) -> impl Iterator<Item = &C> {
        self.rules.iter().flat_map(|rule| &rule.conditions)
    }

    /// The backends of the canaries, each as often as it is named.
    pub(in crate::targets) fn canaries(&self) -> impl Iterator<Item = &B> {
        let of_rules = self.rules.iter().map(|rule| &rule.to);
        of_rules.chain(&self.split).filter_map(|share| share.backend.as_ref())
    }

    /// Whether a response gets a cookie.
    pub(in crate::targets) fn sets_cookie(&self) -> bool {
        let of_rules = self.rules.iter().map(|rule| &rule.to);
        of_rules.chain(&self.split).any(|share| share.set_cookie.is_some())
    }

    /// Whether a rule with the split is the rule as it was.
    pub(in crate::targets) fn leaves_rules_as_they_are(&self) -> bool {
        matches!(self.split.as_slice(), [Share { backend: None, weight: None, set_cookie: None }])
    }
}
