//! All changes between two policies, for people who review them.

use super::bound::Bound;
use super::comparison::Comparison;
use super::difference::Difference;
use super::proof::{Proof, Wanted};
use super::transitions::{Transitions, transitions};
use crate::policy::Policy;

/// All changes between two policies.
///
/// ```
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total, compare};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let new = Policy::new([canary], Total::default())?;
/// let changes = compare::changes(&Policy::percent(5)?, &new);
/// let words: Vec<String> = changes.differences.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     words,
///     [
///         "`x-canary: never` goes to canary by weight before and to stable by header after",
///         "`x-canary: always` goes to canary by weight before and by header after",
///     ],
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Changes {
    /// Requests that are decided differently, smaller ones first.
    ///
    /// A condition of a policy is one value or pattern of a rule, or one value of an affinity cookie. There is a smallest request
    /// for each pair of conditions, one of each policy, that decide the same header or cookie differently. Of the requests that
    /// differ only because of two headers or cookies together, the smallest one is here.
    pub differences: Vec<Difference>,
    /// The shares of the requests that keep or change their variant by weight.
    pub transitions: Transitions,
    /// The limits at which the search ended, if it did not search everything.
    pub bounds: Vec<Bound>,
}

/// All changes between two policies. There are neither differences nor bounds if and only if [`policies`](super::policies) returns
/// [`Comparison::Same`].
///
/// ```
/// use canary_policy::{Policy, compare};
///
/// let changes = compare::changes(&Policy::percent(5)?, &Policy::percent(10)?);
/// assert_eq!((changes.differences.len(), changes.transitions.transitions.len()), (1, 3));
/// assert!(changes.bounds.is_empty());
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
pub fn changes(a: &Policy, b: &Policy) -> Changes {
    let Proof { differences, bounds } = Proof::new(a, b, Wanted::All);
    Changes { differences, transitions: transitions(a, b), bounds }
}

impl Changes {
    /// The changes in short, which is what [`policies`](super::policies) returns.
    pub fn comparison(&self) -> Comparison {
        Comparison::of(self.differences.first().cloned(), self.bounds.first().cloned())
    }
}
