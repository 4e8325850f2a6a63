//! Errors of [`policy`](crate::policy): invalid values, and all problems of a spec together.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// Why a value cannot be part of a [`Policy`](crate::Policy).
///
/// ```
/// use canary_policy::{Invalid, Pattern};
///
/// assert!(matches!(Pattern::new("a++"), Err(Invalid::PatternSyntax { at: 2, .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A canary's name is not a DNS label.
    #[error("`{0}` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
    CanaryName(Excerpt),
    /// A canary is named `stable`.
    #[error("`stable` names the stable variant: a canary needs another name")]
    NameStable,
    /// Two canaries have the same name.
    #[error("`{0}` names two canaries: names are unique")]
    NameTwice(Excerpt),
    /// The policy has no canary.
    #[error("no canary is given: a policy has at least one")]
    NoCanary,
    /// The policy has too many canaries.
    #[error("the policy has {count} canaries: expected 1 to {bound}")]
    CanaryCount {
        /// The number of canaries.
        count: usize,
        /// The largest number that is allowed.
        bound: usize,
    },
    /// One of several canaries has no name.
    #[error("the name is missing: if a policy has several canaries, each needs a name")]
    NameMissing,
    /// A weight is negative or above 4,294,967,295.
    #[error("{0} is not a weight: expected 0 to 4294967295")]
    Weight(i64),
    /// A total is below 1 or above 4,294,967,295.
    #[error("{0} is not a total: expected 1 to 4294967295")]
    Total(i64),
    /// One weight is above the total.
    #[error("{weight} is more than the total {total}")]
    WeightAboveTotal {
        /// The canary's weight, in parts of the total.
        weight: u32,
        /// The policy's total.
        total: u32,
    },
    /// The weights add up to more than the total.
    #[error("the weights add up to {sum}, more than the total {total}")]
    SumAboveTotal {
        /// The sum of the weights.
        sum: u64,
        /// The policy's total.
        total: u32,
    },
    /// A position is negative or above 4,294,967,295.
    #[error("{0} is not a position: expected 0 to 4294967295")]
    Position(i64),
    /// Some canaries have a position, and this one has none.
    #[error("the position is missing: if one canary has a position, each needs one")]
    PositionMissing,
    /// The interval from a position ends after the total.
    #[error("the interval of {weight} parts from position {position} ends after the total {total}")]
    PositionAboveTotal {
        /// The first point of the interval.
        position: u32,
        /// The canary's weight, in parts of the total.
        weight: u32,
        /// The policy's total.
        total: u32,
    },
    /// Two intervals have a point in common.
    #[error(
        "the interval {}..{} overlaps with the interval {}..{} of `{name}`", interval.start, interval.end, other.start, other.end
    )]
    PositionOverlap {
        /// The interval of this canary.
        interval: Range<u32>,
        /// The interval of the other canary.
        other: Range<u32>,
        /// The name of the other canary.
        name: Excerpt,
    },
    /// A header name is not a token of RFC 9110, or it is too long.
    #[error("`{0}` is not a header name: expected 1 to 256 letters, digits or !#$%&'*+-.^_`|~")]
    HeaderName(Excerpt),
    /// No request can carry the header value.
    #[error(
        "`{0}` is not a header value: expected at most 4096 bytes, no control characters and no space or tab at the ends"
    )]
    HeaderValue(Excerpt),
    /// No request can carry the cookie name.
    #[error("`{0}` is not a cookie name: expected 1 to 256 letters, digits, inner spaces or !#$%&'*+-./:^_`|~")]
    CookieName(Excerpt),
    /// No request can carry the cookie value.
    #[error(
        "`{0}` is not a cookie value: expected at most 4096 bytes, no control characters, no `;` and no space or tab at the ends"
    )]
    CookieValue(Excerpt),
    /// A pattern is empty or too long.
    #[error("the pattern has {length} bytes: expected 1 to {bound}")]
    PatternLength {
        /// The length of the pattern in bytes.
        length: usize,
        /// The largest length that is allowed.
        bound: usize,
    },
    /// A pattern is not a regular expression, or targets read it differently or cannot run it.
    #[error("the pattern `{pattern}` is refused at byte {at}: {why}")]
    PatternSyntax {
        /// The pattern.
        pattern: Excerpt,
        /// The place, in bytes from the start of the pattern.
        at: usize,
        /// What is wrong at that place.
        why: String,
    },
    /// A pattern is too large when it is compiled.
    #[error("the pattern `{pattern}` needs more than {bound} bytes when compiled")]
    PatternSize {
        /// The pattern.
        pattern: Excerpt,
        /// The largest size in bytes that is allowed.
        bound: usize,
    },
    /// A pattern takes too long to search for.
    #[error(
        "the pattern `{pattern}` costs {cost}: expected at most {bound}, by fewer repetitions or a `^` at its start"
    )]
    PatternCost {
        /// The pattern.
        pattern: Excerpt,
        /// The [cost](crate::Pattern::cost) of the pattern.
        cost: u64,
        /// The largest cost that is allowed.
        bound: u32,
    },
    /// The patterns of a policy together take too long to search for.
    #[error("the patterns of all rules cost {cost} together: expected at most {bound}")]
    PatternCosts {
        /// The sum of the [costs](crate::Pattern::cost).
        cost: u64,
        /// The largest sum that is allowed.
        bound: u32,
    },
    /// A value in a spec has another type than its field.
    #[error("{found} is given: expected {expected}")]
    WrongType {
        /// The value, or its type if it is a list or an object.
        found: String,
        /// The type that is expected.
        expected: &'static str,
    },
    /// Two fields are given, but only one of them may be.
    #[error("`{0}` and `{1}` are both given: give one of them")]
    Both(&'static str, &'static str),
    /// Neither of two fields is given, but one of them has to be.
    #[error("neither `{0}` nor `{1}` is given: give one of them")]
    Neither(&'static str, &'static str),
    /// The precedence of an affinity cookie has another value than `beforeRules` and `afterRules`.
    #[error("`{0}` is not a precedence: expected `beforeRules` or `afterRules`")]
    Precedence(Excerpt),
    /// An affinity cookie pins other clients than `everyone` and `stable`.
    #[error("`{0}` is not what a cookie can pin: expected `everyone` or `stable`")]
    Pins(Excerpt),
    /// The `SameSite` of a cookie has another value than `Strict`, `Lax` and `None`.
    #[error("`{0}` is not a SameSite: expected `Strict`, `Lax` or `None`")]
    SameSite(Excerpt),
    /// A revision is empty, too long, or has a character that is not allowed in it.
    #[error("`{0}` is not a revision: expected 1 to 63 letters, digits, `-`, `_` or `.`")]
    Revision(Excerpt),
    /// A token is empty, too long, or has a character that is not allowed in it.
    #[error("`{0}` is not a token: expected 1 to 63 letters, digits, `-`, `_` or `.`")]
    Token(Excerpt),
    /// The maximum age of a cookie is negative or above 4,294,967,295 seconds.
    #[error("{0} is not a max age: expected 0 to 4294967295 seconds")]
    MaxAge(i64),
    /// A path is not one that browsers accept for a cookie.
    #[error("`{0}` is not a cookie path: expected `/` and at most 1023 more printable ASCII characters, without `;`")]
    CookiePath(Excerpt),
    /// A domain is not one that browsers accept for a cookie.
    #[error(
        "`{0}` is not a cookie domain: expected at most 253 characters, letters, digits and inner `-` between single dots"
    )]
    CookieDomain(Excerpt),
    /// The prefix of a cookie's name forbids this attribute.
    #[error(
        "browsers drop the cookie `{0}` unless it is Secure, and one with `__Host-` also unless its path is `/` and it has no domain"
    )]
    CookiePrefix(Excerpt),
    /// A salt is too long.
    #[error("the salt has {0} bytes: expected at most 256")]
    Salt(usize),
    /// A text does not name a hash.
    #[error("`{0}` is not a hash: expected `xxh64`, `flagd`, `flagdCbor`, `unleash`, `growthBook` or `launchDarkly`")]
    KeyHash(Excerpt),
    /// The policy has no canary at this index.
    #[error("there is no canary with index {index}: the policy has {count}, and the first has index 0")]
    Index {
        /// The index, counted from 0.
        index: usize,
        /// The number of canaries.
        count: usize,
    },
    /// A text does not name a variant.
    #[error("`{0}` is not a variant: expected `stable` or `canaries[INDEX]`")]
    Variant(Excerpt),
}

impl Invalid {
    /// The problem of the field at this path.
    pub(crate) fn at(self, field: impl Into<String>) -> Problem {
        Problem { field: field.into(), invalid: self }
    }
}

impl Diagnostic for Invalid {
    fn code(&self) -> &'static str {
        match self {
            Invalid::CanaryName(_) => "canary-name",
            Invalid::NameStable => "name-stable",
            Invalid::NameTwice(_) => "name-twice",
            Invalid::NoCanary => "no-canary",
            Invalid::CanaryCount { .. } => "canary-count",
            Invalid::NameMissing => "name-missing",
            Invalid::Weight(_) => "weight",
            Invalid::Total(_) => "total",
            Invalid::WeightAboveTotal { .. } => "weight-above-total",
            Invalid::SumAboveTotal { .. } => "sum-above-total",
            Invalid::Position(_) => "position",
            Invalid::PositionMissing => "position-missing",
            Invalid::PositionAboveTotal { .. } => "position-above-total",
            Invalid::PositionOverlap { .. } => "position-overlap",
            Invalid::HeaderName(_) => "header-name",
            Invalid::HeaderValue(_) => "header-value",
            Invalid::CookieName(_) => "cookie-name",
            Invalid::CookieValue(_) => "cookie-value",
            Invalid::PatternLength { .. } => "pattern-length",
            Invalid::PatternSyntax { .. } => "pattern-syntax",
            Invalid::PatternSize { .. } => "pattern-size",
            Invalid::PatternCost { .. } => "pattern-cost",
            Invalid::PatternCosts { .. } => "pattern-costs",
            Invalid::WrongType { .. } => "wrong-type",
            Invalid::Both(..) => "both-given",
            Invalid::Neither(..) => "neither-given",
            Invalid::Precedence(_) => "precedence",
            Invalid::Pins(_) => "pins",
            Invalid::SameSite(_) => "same-site",
            Invalid::Revision(_) => "revision",
            Invalid::Token(_) => "token",
            Invalid::MaxAge(_) => "max-age",
            Invalid::CookiePath(_) => "cookie-path",
            Invalid::CookieDomain(_) => "cookie-domain",
            Invalid::CookiePrefix(_) => "cookie-prefix",
            Invalid::Salt(_) => "salt",
            Invalid::KeyHash(_) => "key-hash",
            Invalid::Index { .. } => "index",
            Invalid::Variant(_) => "variant",
        }
    }
}

/// One invalid value of a [`Spec`](crate::Spec) and the field that holds it.
///
/// ```
/// use canary_policy::{Policy, Spec};
///
/// let spec = Spec { total: Some(0), ..Spec::default() };
/// let problems = Policy::try_from(spec).unwrap_err().problems;
/// assert_eq!(problems[0].field, "total");
/// assert_eq!(problems[0].to_string(), "total: 0 is not a total: expected 1 to 4294967295");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}{invalid}", before(field))]
#[non_exhaustive]
pub struct Problem {
    /// The path of the field, as in `canaries[0].header.name`. It is empty if the whole value has a wrong type.
    pub field: String,
    /// What is wrong with its value.
    #[source]
    pub invalid: Invalid,
}

impl Diagnostic for Problem {
    fn code(&self) -> &'static str {
        self.invalid.code()
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&*self.field)).filter(|field| !field.is_empty())
    }
}

/// The path of a field before what is wrong with it; nothing for a whole value.
pub(super) fn before(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

/// Everything that is wrong with a policy, as one [`Problem`] for each invalid field.
///
/// ```
/// use canary_policy::{Policy, Spec};
///
/// let error = Policy::try_from(Spec { total: Some(-1), ..Spec::default() }).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "total: -1 is not a total: expected 1 to 4294967295\ncanaries: no canary is given: a policy has at least one",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidPolicy {
    /// One or more problems. Values of a wrong type come first, the others are in the order of the fields, and those that
    /// canaries have together come last.
    pub problems: Vec<Problem>,
}

/// The source is the first problem.
impl std::error::Error for InvalidPolicy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let problem = self.problems.first()?;
        Some(&problem.invalid)
    }
}

/// One line for each of the first 20 problems, and a line with the number of further problems.
impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&first_lines(&self.problems))
    }
}

/// The number of problems that a message shows.
const SHOWN: usize = 20;

/// One line for each of the first problems, and a line with the number of further ones.
pub(super) fn first_lines(problems: &[impl fmt::Display]) -> String {
    let mut lines: Vec<String> = problems.iter().take(SHOWN).map(ToString::to_string).collect();
    match problems.len().saturating_sub(SHOWN) {
        0 => {}
        1 => lines.push("and 1 more problem".to_owned()),
        more => lines.push(format!("and {more} more problems")),
    }
    lines.join("\n")
}

/// The code and the field are those of the first problem.
impl Diagnostic for InvalidPolicy {
    fn code(&self) -> &'static str {
        self.problems.first().map_or("invalid-policy", Problem::code)
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        self.problems.first().and_then(Problem::field)
    }
}

impl From<Problem> for InvalidPolicy {
    fn from(problem: Problem) -> Self {
        InvalidPolicy { problems: vec![problem] }
    }
}
