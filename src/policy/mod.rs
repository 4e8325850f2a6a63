//! **What**: weights, header and cookie rules and affinity, as values that are valid once you hold them.
//!
//! A [`Policy`] is one or more [`Canary`]s, a [`Total`] that their weights are parts of, and an [`Affinity`].
//! What decides first: the affinity cookie, then the header rules (canaries in order), then the cookie rules (canaries
//! in order), then the weights. [`AffinityPrecedence`] can put the affinity cookie after the rules.

/// What every name, pattern and token that is held as text can do.
macro_rules! text {
    ($type:ident) => {
        impl $type {
            /// The text as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::error::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text;

mod affinity;
mod canary;
mod cookie;
mod header;
mod key;
mod r#match;
mod pattern;
mod portable;
mod problems;
mod spec;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod token;
mod weight;

use std::fmt;

pub use affinity::{Affinity, AffinityPrecedence, CookieAffinity, Pins, SameSite};
pub use canary::{Canary, Name};
pub(crate) use canary::{is_dns_label, is_dns_subdomain, is_service_name};
pub use cookie::{CookieName, CookieRule};
pub use header::HeaderRule;
pub use key::{Key, KeyAffinity};
pub use r#match::Match;
pub use pattern::Pattern;
pub use spec::{AffinitySpec, CanarySpec, CookieAffinitySpec, KeySpec, RuleSpec, Spec};
pub use token::Token;
pub use weight::Total;

use crate::error::InvalidPolicy;
use problems::problems_between;

/// One of the versions a request can go to.
///
/// ```
/// use canary_policy::Variant;
///
/// assert_eq!(Variant::Canary(1).to_string(), "canaries[1]");
/// assert_eq!(Variant::Canary(0).index(), Some(0));
/// assert_eq!(Variant::Stable.index(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// The version everyone gets by default.
    Stable,
    /// The canary at this place of [`Policy::canaries`], counted from 0.
    Canary(usize),
}

impl Variant {
    /// The canary's place, counted from 0.
    #[must_use]
    pub fn index(self) -> Option<usize> {
        match self {
            Variant::Stable => None,
            Variant::Canary(index) => Some(index),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variant::Stable => f.write_str("stable"),
            Variant::Canary(index) => write!(f, "canaries[{index}]"),
        }
    }
}

/// A valid canary traffic policy.
///
/// There is at least one canary, their names are unique, and their weights add up to no more than the total. Stable
/// takes the rest. Two policies are equal when they are written alike: `3` of `10` is not `30` of `100`, although both
/// send the same requests to the canary; compare [`reduced`](Policy::reduced) ones to see that.
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
pub struct Policy {
    pub(crate) canaries: Vec<Canary>,
    pub(crate) total: Total,
    pub(crate) affinity: Affinity,
}

impl Policy {
    /// Canaries, in the order in which their rules are looked at, whose weights are parts of `total`.
    ///
    /// # Errors
    ///
    /// There is no canary, two have one name, or the weights add up to more than `total`. All of them are reported.
    pub fn new(canaries: impl IntoIterator<Item = Canary>, total: Total) -> Result<Self, InvalidPolicy> {
        let canaries: Vec<Canary> = canaries.into_iter().collect();
        let names = canaries.iter().map(|canary| Some(canary.name()));
        let weights = canaries.iter().map(|canary| Some(canary.weight()));
        let problems = problems_between(names, weights, Some(total));
        if problems.is_empty() {
            Ok(Policy { canaries, total, affinity: Affinity::None })
        } else {
            Err(InvalidPolicy { problems })
        }
    }

    /// One canary, called `canary`, with that many percent of the requests.
    ///
    /// # Errors
    ///
    /// More than 100 percent.
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

    /// The same policy with another affinity.
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
        Policy { affinity, ..self }
    }

    /// The canaries, in the order in which their rules are looked at.
    #[must_use]
    pub fn canaries(&self) -> &[Canary] {
        &self.canaries
    }

    /// The variants' names, stable's first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once("stable").chain(self.canaries.iter().map(|canary| canary.name().as_str()))
    }

    /// What the weights are parts of.
    #[must_use]
    pub fn total(&self) -> Total {
        self.total
    }

    /// How a client keeps its variant.
    #[must_use]
    pub fn affinity(&self) -> &Affinity {
        &self.affinity
    }

    /// The same shares with the smallest total that can say them.
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
        let Policy { canaries, total, affinity } = self;
        let (total, divisor) = total.reduced(canaries.iter().map(Canary::weight));
        Policy {
            canaries: canaries.iter().map(|canary| canary.clone().with_weight(canary.weight() / divisor)).collect(),
            total,
            affinity: affinity.clone(),
        }
    }
}
