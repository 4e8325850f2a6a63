//! The answer to the question whether two policies are the same.

use std::fmt;

use super::bound::Bound;
use super::difference::Difference;
use super::proof::{Proof, Wanted};
use crate::policy::Policy;

/// Whether two policies decide every request alike.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Canary, Policy, Total};
///
/// let tenths = Policy::new([Canary::new("canary", 3)?], Total::new(10)?)?;
/// assert_eq!(compare::policies(&tenths, &Policy::percent(30)?), Comparison::Same);
///
/// let Comparison::Differs(difference) = compare::policies(&tenths, &Policy::percent(35)?) else { unreachable!() };
/// assert_eq!(
///     difference.to_string(),
///     "a request without headers and with the sample 0.3 goes from stable to canary, by weight",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[must_use]
#[non_exhaustive]
pub enum Comparison {
    /// Every request is decided alike, whatever its headers and its sample are.
    Same,
    /// This request is decided differently.
    Differs(Difference),
    /// No difference was found, but not everything was searched.
    Undecided(Bound),
}

/// Whether two policies decide every request alike, for every sample.
///
/// The answer [`Comparison::Differs`] has a request with the fewest bytes in its header lines. If that is a request without
/// headers, it has the smallest sample that is decided differently. Decisions for the same variant differ too if their reasons or
/// their `Set-Cookie` values differ. The [module](super) says what is compared and how.
///
/// With n canaries, of which only a few look at the same header or cookie, the work grows as n log n. On one name, all values
/// that the rules tell apart are searched; after 32,768 different beginnings of values, or 16,777,216 steps, the search
/// of the name ends.
///
/// ```
/// use canary_policy::compare::{self, Comparison};
/// use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Total};
///
/// let policy = |value_match| -> Result<Policy, Box<dyn std::error::Error>> {
///     let rule = HeaderRule::new("x-version", value_match)?;
///     Ok(Policy::new([Canary::new("canary", 0)?.with_header(rule)], Total::default())?)
/// };
/// let exact = policy(Match::Exact("v2".to_owned()))?;
/// let pattern = policy(Match::Pattern(Pattern::new("^v[2-2]$")?))?;
/// assert_eq!(compare::policies(&exact, &pattern), Comparison::Same);
///
/// let wider = policy(Match::Pattern(Pattern::new("^v2")?))?;
/// let Comparison::Differs(difference) = compare::policies(&exact, &wider) else { unreachable!() };
/// assert_eq!(difference.request.lines[0].to_string(), "x-version: v2a");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn policies(a: &Policy, b: &Policy) -> Comparison {
    let Proof { differences, bounds } = Proof::new(a, b, Wanted::Smallest);
    Comparison::of(differences.into_iter().next(), bounds.into_iter().next())
}

impl Comparison {
    /// The answer for the smallest difference and the first bound.
    pub(super) fn of(difference: Option<Difference>, bound: Option<Bound>) -> Self {
        match (difference, bound) {
            (Some(difference), _) => Comparison::Differs(difference),
            (None, Some(bound)) => Comparison::Undecided(bound),
            (None, None) => Comparison::Same,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::Same => f.write_str("every request is decided alike"),
            Comparison::Differs(difference) => difference.fmt(f),
            Comparison::Undecided(bound) => write!(f, "no difference was found, but {bound}"),
        }
    }
}
