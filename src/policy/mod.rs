//! **What**: the policy itself, with its weights, header rules, cookie rules and affinity.
//!
//! A [`Policy`] has one or more [`Canary`]s, a [`Total`] that their weights are counted in, and an [`Affinity`]. Every
//! value of these types is valid: constructors return errors, and nothing has to be validated later. A [`Spec`] is the
//! written form, in YAML, JSON or a custom resource; checking it reports every problem at once.
//!
//! The first of these to match decides where a request goes:
//!
//! 1. the affinity cookie,
//! 2. the header rules, canary by canary,
//! 3. the cookie rules, canary by canary,
//! 4. the weights.
//!
//! [`AffinityPrecedence::AfterRules`] moves the affinity cookie from the first place to the third. An affinity key has
//! no place of its own: it gives the sample that the weights are compared with.

mod affinity;
mod canary;
mod cookie;
mod cookie_affinity;
mod former_tokens;
mod header;
mod interval;
mod key_affinity;
mod key_hash;
#[cfg(feature = "serde")]
mod lenient;
mod pattern;
mod pattern_cost;
mod portability;
mod problems;
mod ratio;
#[cfg(feature = "serde")]
pub(crate) mod read_spec;
#[cfg(feature = "schemars")]
mod schema;
mod spec;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod token;
mod total;
mod try_from_spec;
mod value_match;
mod variant;
#[cfg(feature = "serde")]
pub(crate) mod written_value;

pub use affinity::{Affinity, AffinityPrecedence, AffinityScope};
pub use canary::{Canary, CanaryName};
pub use cookie::{CookieName, CookieRule};
pub use cookie_affinity::{CookieAffinity, SameSite};
pub use former_tokens::{FormerTokens, FormerTokensSpec};
pub use header::HeaderRule;
pub use interval::Interval;
pub use key_affinity::{Key, KeyAffinity};
pub use key_hash::KeyHash;
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use lenient::Lenient;
pub use pattern::Pattern;
pub use ratio::Ratio;
#[cfg(feature = "rand")]
pub(crate) use ratio::float;
#[cfg(feature = "schemars")]
#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
pub use schema::transition_rules;
pub use spec::{AffinitySpec, CanarySpec, CookieAffinitySpec, KeySpec, RuleSpec, Spec};
pub use token::Token;
pub use total::Total;
pub use value_match::Match;
pub use variant::Variant;

use std::sync::Arc;

use crate::error::{Invalid, InvalidPolicy};
use problems::{CanaryParts, Problems};

/// A valid canary traffic policy.
///
/// A policy has at least one canary. The names of its canaries are unique, and their weights add up to at most the
/// total; stable gets the rest.
///
/// # When weights change
///
/// Each canary has an [interval](Policy::intervals) of the points of the total: canaries 0, 2, 4 … from the bottom upwards,
/// and canaries 1, 3, 5 … from the top downwards. A client with a fixed sample, such as that of a key, stays where it is as
/// long as the interval contains its point. For a fixed total this means:
///
/// * **A canary keeps all its clients if its weight does not fall** and no weight before it on its side changes. Nothing is
///   before the first two canaries, so this is always true of them.
/// * Even a canary that grows can lose clients if a weight before it on its side changes. If the weights 31, 63 and 25 of 165
///   become 0, 63 and 44, the third canary moves from the points 31 to 55 to the points 0 to 43, and loses the clients of
///   44 to 55.
/// * **The place in the list counts.** If the first of two canaries is removed, the second one becomes the first and gets
///   other clients. To keep the clients of the others, leave the canary in the list with weight 0, or give all canaries
///   [positions](Canary::with_position).
/// * **With positions, nothing else counts.** A canary keeps a client exactly if its interval contains the client's point
///   before and after the change. So a canary whose position stays, and whose weight does not fall, keeps all its clients,
///   whatever is added, removed or reordered. [`with_positions`](Policy::with_positions) writes the positions that a policy
///   has.
///
/// Weights move nobody who is pinned by a cookie, not even the clients of a canary whose weight falls to 0: see
/// [`CookieAffinity`].
///
/// # Equality
///
/// Two policies are equal if they are written the same way: 3 of 10 is not equal to 30 of 100. To compare shares,
/// compare [`reduced`](Policy::reduced) policies. The clones of a policy share its parts, so cloning allocates nothing.
/// With `serde` a policy is read and written as a [`Spec`].
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let policy = Policy::percent(30)?;
/// assert_eq!(policy.canaries()[0].name().as_str(), "canary");
/// assert_eq!((policy.canaries()[0].weight(), policy.total().get()), (30, 100));
///
/// let blue = Canary::new("blue", 1)?.with_header(HeaderRule::new("x-blue", Match::AlwaysNever)?);
/// let policy = Policy::new([blue, Canary::new("green", 4)?], Total::new(1000)?)?;
/// assert_eq!(policy.canaries().len(), 2);
///
/// let error = Policy::new([Canary::new("canary", 11)?], Total::new(10)?).unwrap_err();
/// assert_eq!(error.to_string(), "canaries[0].weight: 11 is more than the total 10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "Spec", try_from = "Spec"))]
pub struct Policy(Arc<Parts>);

/// Everything that a policy consists of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Parts {
    pub(crate) canaries: Vec<Canary>,
    pub(crate) total: Total,
    pub(crate) affinity: Affinity,
}

impl Policy {
    /// The largest number of canaries.
    ///
    /// A decision tries the rules of all canaries, one after the other. 1,000 leave room for a canary for each developer
    /// or customer.
    pub const MAX_CANARIES: usize = 1000;

    /// The largest sum of the [costs](Pattern::cost) of all patterns.
    ///
    /// It bounds the time for a request whose every rule has a pattern: if all rules read the same header, less than 128 ms
    /// for each KB of its value in the worst case. It bounds memory too: a [`Selector`](crate::Selector) needs less than
    /// 16 MiB, and less than 32 MiB more for each thread that decides with it.
    pub const MAX_PATTERN_COST: u32 = 4096;

    /// A policy with these parts, which have to be valid together.
    pub(crate) fn of(parts: Parts) -> Self {
        Policy(Arc::new(parts))
    }

    /// The parts of the policy.
    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    fn into_parts(self) -> Parts {
        Arc::unwrap_or_clone(self.0)
    }

    /// A policy without affinity. The rules of the canaries are tried in this order, and their weights are in parts of
    /// `total`.
    ///
    /// # Errors
    ///
    /// There is no canary or there are more than [`MAX_CANARIES`](Self::MAX_CANARIES), two canaries have the same name, the
    /// weights add up to more than `total`, or the patterns cost more than [`MAX_PATTERN_COST`](Self::MAX_PATTERN_COST).
    /// It is an error too if only some canaries have a position, or if intervals overlap or end after the total. The error has all
    /// problems.
    pub fn new(canaries: impl IntoIterator<Item = Canary>, total: Total) -> Result<Self, InvalidPolicy> {
        let canaries: Vec<Canary> = canaries.into_iter().collect();
        let parts: Vec<CanaryParts<'_>> = canaries.iter().map(CanaryParts::of).collect();
        let mut problems = Problems::default();
        problems.check_count(canaries.len());
        problems.check_together(&parts, Some(total));
        if problems.is_empty() {
            Ok(Policy::of(Parts { canaries, total, affinity: Affinity::None }))
        } else {
            Err(problems.into_error())
        }
    }

    /// A policy with one canary that is named `canary` and gets `weight` percent of the requests.
    ///
    /// # Errors
    ///
    /// `weight` is above 100.
    ///
    /// ```
    /// use canary_policy::Policy;
    ///
    /// assert_eq!(Policy::percent(30)?.total().get(), 100);
    /// assert!(Policy::percent(101).is_err());
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    pub fn percent(weight: u32) -> Result<Self, InvalidPolicy> {
        Policy::new([Canary::default().with_weight(weight)], Total::default())
    }

    /// The same policy with this affinity.
    ///
    /// ```
    /// use canary_policy::{Affinity, CookieAffinity, Policy};
    ///
    /// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// assert_ne!(policy.affinity(), &Affinity::None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_affinity(self, affinity: Affinity) -> Self {
        Policy::of(Parts { affinity, ..self.into_parts() })
    }

    /// The canaries, in the order in which their rules are tried.
    #[must_use]
    pub fn canaries(&self) -> &[Canary] {
        self.parts().canaries.as_slice()
    }

    /// All variants, first stable and then the canaries in order.
    ///
    /// ```
    /// use canary_policy::{Policy, Variant};
    ///
    /// assert!(Policy::percent(30)?.variants().eq([Variant::Stable, Variant::Canary(0)]));
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    pub fn variants(&self) -> impl Iterator<Item = Variant> + use<> {
        std::iter::once(Variant::Stable).chain((0..self.parts().canaries.len()).map(Variant::Canary))
    }

    /// The name of a variant: `stable`, or the name of the canary. `None` if the policy has no such canary.
    ///
    /// ```
    /// use canary_policy::{Policy, Variant};
    ///
    /// let policy = Policy::percent(30)?;
    /// assert_eq!((policy.name(Variant::Stable), policy.name(Variant::Canary(0))), (Some("stable"), Some("canary")));
    /// assert_eq!(policy.name(Variant::Canary(1)), None);
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    #[must_use]
    pub fn name(&self, variant: Variant) -> Option<&str> {
        match variant {
            Variant::Stable => Some("stable"),
            Variant::Canary(index) => self.parts().canaries.get(index).map(|canary| canary.name().as_str()),
        }
    }

    /// The names of all variants, first `stable` and then those of the canaries in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.variants().filter_map(|variant| self.name(variant))
    }

    /// The patterns of all rules.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.parts().canaries.iter().flat_map(|canary| CanaryParts::of(canary).patterns())
    }

    /// The weight of a variant, in parts of the total. Stable has the parts that no canary has. 0 if the policy has no
    /// such canary.
    ///
    /// ```
    /// use canary_policy::{Policy, Variant};
    ///
    /// let policy = Policy::percent(30)?;
    /// assert_eq!((policy.weight(Variant::Stable), policy.weight(Variant::Canary(0))), (70, 30));
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    #[must_use]
    pub fn weight(&self, variant: Variant) -> u32 {
        match variant {
            // The weights add up to at most the total, so this subtraction does not saturate.
            Variant::Stable => self
                .parts()
                .canaries
                .iter()
                .fold(self.total().get(), |rest, canary| rest.saturating_sub(canary.weight())),
            Variant::Canary(index) => self.parts().canaries.get(index).map_or(0, Canary::weight),
        }
    }

    /// The same policy, in which the canary at this index has this weight, in parts of the total. Clients that a cookie pins
    /// to the canary keep it, even if the weight is 0: see [`CookieAffinity`].
    ///
    /// # Errors
    ///
    /// There is no canary at this index, the weights add up to more than the total, or the interval from the position of the
    /// canary overlaps with another one or ends after the total.
    ///
    /// ```
    /// use canary_policy::Policy;
    ///
    /// assert_eq!(Policy::percent(30)?.with_weight(0, 50)?, Policy::percent(50)?);
    /// assert!(Policy::percent(30)?.with_weight(0, 101).is_err());
    /// # Ok::<(), canary_policy::InvalidPolicy>(())
    /// ```
    pub fn with_weight(self, index: usize, weight: u32) -> Result<Self, InvalidPolicy> {
        let Parts { mut canaries, total, affinity } = self.into_parts();
        let count = canaries.len();
        match canaries.get_mut(index) {
            Some(canary) => canary.weight = weight,
            None => return Err(Invalid::Index { index, count }.at(format!("canaries[{index}]")).into()),
        }
        Ok(Policy::new(canaries, total)?.with_affinity(affinity))
    }

    /// The number of parts that the weights are counted in.
    #[must_use]
    pub fn total(&self) -> Total {
        self.parts().total
    }

    /// How a client keeps its variant.
    #[must_use]
    pub fn affinity(&self) -> &Affinity {
        &self.parts().affinity
    }

    /// The same policy with the smallest total that expresses its weights and positions.
    ///
    /// ```
    /// use canary_policy::{Canary, Policy, Total};
    ///
    /// let tenths = Policy::new([Canary::new("canary", 3)?], Total::new(10)?)?;
    /// assert_ne!(tenths, Policy::percent(30)?);
    /// assert_eq!(tenths.reduced(), Policy::percent(30)?.reduced());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reduced(&self) -> Self {
        let Parts { canaries, total, affinity } = self.parts();
        let points = canaries.iter().flat_map(|canary| canary.position().into_iter().chain([canary.weight()]));
        let divisor = total.common_divisor(points);
        let reduced = |canary: &Canary| Canary {
            weight: canary.weight / divisor,
            position: canary.position.map(|position| position / divisor),
            ..canary.clone()
        };
        Policy::of(Parts {
            canaries: canaries.iter().map(reduced).collect(),
            total: total.divided_by(divisor),
            affinity: affinity.clone(),
        })
    }
}
