//! The limits of the search, and what was not searched because of them.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Diagnostic, Excerpt, Severity};

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
    /// Both policies decide by weight, but with different samples: those of two keys, or those of a key and of the caller. None
    /// of the keys that were tried is decided differently, though others may be. The shortest keys are tried first, each alone in
    /// its line. If rules decide all such lines, as a pattern on the whole Cookie line can, a smallest request that the weights
    /// decide is varied instead: each byte is replaced, and a byte is inserted at each place.
    Keys {
        /// The name of the header or cookie that has the key.
        name: String,
        /// The number of keys that were tried.
        tried: usize,
    },
    /// A request with these cookies may be decided differently, but the cookies influence each other in one line in a way that was
    /// not searched.
    Cookies {
        /// The headers and cookies.
        names: Vec<String>,
    },
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
            Bound::Keys { name, tried } => write!(
                f,
                "the policies draw with different samples, but none of {tried} keys in {} is decided differently",
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

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    /// The headers and cookies, separated by commas.
    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            Bound::Values { names, .. } | Bound::Cookies { names } => Some(names.join(", ").into()),
            Bound::Keys { name, .. } => Some(name.into()),
        }
    }
}
