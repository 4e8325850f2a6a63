//! The answer to the question whether two policies are the same.

use std::borrow::Cow;
use std::fmt;

use super::difference::Difference;
use super::proof::{Proof, Wanted};
use crate::error::{Diagnostic, Excerpt};
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

/// A limit at which the search ended, and what was not searched.
///
/// ```
/// use canary_policy::compare::{self, Bound, Comparison};
/// use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Total};
///
/// let policy = |pattern| -> Result<Policy, Box<dyn std::error::Error>> {
///     let rule = HeaderRule::new("x-id", Match::Pattern(Pattern::new(pattern)?))?;
///     Ok(Policy::new([Canary::new("canary", 0)?.with_header(rule)], Total::default())?)
/// };
/// // To find the 21st letter from the end, an automaton has to remember the last 21 letters.
/// let comparison = compare::policies(&policy("a[ab]{20}$")?, &policy("a(a|b){20}$")?);
/// let Comparison::Undecided(Bound::Values { names, beginnings, .. }) = comparison else { unreachable!() };
/// assert_eq!((names, beginnings), (vec!["header x-id".to_owned()], 32_768));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Bound {
    /// The patterns and values on these headers and cookies tell too many values apart.
    Values {
        /// The headers and cookies, as in `header x-region`.
        names: Vec<String>,
        /// The number of different beginnings of values after which a search ends.
        beginnings: usize,
        /// The number of steps, one for each beginning, next byte and condition, after which a search ends.
        steps: usize,
    },
    /// Both policies decide by weight, but with different samples: those of two keys, or those of a key and of the caller. None of
    /// the keys that were tried is decided differently, though others may be.
    Keys {
        /// The name of the header or cookie that has the key.
        name: String,
        /// The number of keys that were tried.
        most: usize,
    },
    /// A request with these cookies may be decided differently, but the cookies influence each other in one line in a way that was
    /// not searched.
    Cookies {
        /// The headers and cookies.
        names: Vec<String>,
    },
}

/// Whether two policies decide every request alike, for every sample.
///
/// The answer [`Comparison::Differs`] has a request with the fewest bytes in its header lines. If that is a request without headers,
/// it has the smallest sample that is decided differently. Decisions for the same variant differ too if their reasons or their
/// `Set-Cookie` values differ. The [module](super) says what is compared and how.
///
/// The work grows as n log n with the number of canaries, if each header and cookie is looked at by a few of them. On one name,
/// all values that the rules tell apart are searched; after 32,768 different beginnings of values, or 16,777,216 steps, the search
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

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| Excerpt::whole(&names.join(", "));
        match self {
            Bound::Values { names, beginnings, steps } => {
                let names = list(names);
                write!(
                    f,
                    "not all values of {names} were searched: the search ends after {beginnings} beginnings of values or {steps} steps"
                )
            }
            Bound::Keys { name, most } => write!(
                f,
                "the policies draw with different samples, but none of {most} keys in {} is decided differently",
                Excerpt::whole(name)
            ),
            Bound::Cookies { names } => write!(f, "{} influence each other, which was not searched", list(names)),
        }
    }
}

impl Diagnostic for Bound {
    fn code(&self) -> &'static str {
        match self {
            Bound::Values { .. } => "values-not-searched",
            Bound::Keys { .. } => "key-not-found",
            Bound::Cookies { .. } => "cookies-not-searched",
        }
    }

    /// The headers and cookies, separated by commas.
    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            Bound::Values { names, .. } | Bound::Cookies { names } => Some(names.join(", ").into()),
            Bound::Keys { name, .. } => Some(name.into()),
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
