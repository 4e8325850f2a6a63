//! Every error of the crate and every message it prints.
//!
//! Each names the field, the value and the bound. A value longer than 80 characters is cut, and says so.
//!
//! ```
//! use canary_policy::{HeaderRule, Match};
//!
//! let error = HeaderRule::new("x canary", Match::AlwaysNever).unwrap_err();
//! assert_eq!(error.to_string(), "`x canary` is not a header name: letters, digits and !#$%&'*+-.^_`|~, 1 to 256 of them");
//! ```

mod nginx;
mod pods;
mod reading;
mod route;

use std::fmt;

use thiserror::Error;

pub use nginx::{BadRequest, NotEnabled, ReadError};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use nginx::{IngressError, ManifestError};
pub use pods::PodsError;
pub use reading::ReadingError;
pub use route::RouteError;

/// A value that no part of a policy can hold.
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
    #[error("`{0}` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
    Name(Excerpt),
    /// A canary calls itself stable.
    #[error("`stable` names the stable variant: a canary needs another name")]
    NameStable,
    /// Two canaries with one name.
    #[error("`{0}` names two canaries: names are unique")]
    NameTwice(Excerpt),
    /// A policy without a canary.
    #[error("there is none: a policy has at least one canary")]
    NoCanary,
    /// A name is left out where the default would not be unique.
    #[error("is missing: only a single canary is called `canary` by default")]
    NameMissing,
    /// A weight outside what can be counted.
    #[error("{0} is not a weight: 0 to 4294967295")]
    Weight(i64),
    /// A total outside what can be counted.
    #[error("{0} is not a total: 1 to 4294967295")]
    Total(i64),
    /// One weight is more than there is to share.
    #[error("{weight} is more than the total {total}")]
    WeightAboveTotal {
        /// The canary's weight, in parts of the total.
        weight: u32,
        /// The policy's total.
        total: u32,
    },
    /// The weights together are more than there is to share.
    #[error("the weights add up to {sum}, more than the total {total}")]
    SumAboveTotal {
        /// The sum of the weights.
        sum: u64,
        /// The policy's total.
        total: u32,
    },
    /// A header name that no request can carry.
    #[error("`{0}` is not a header name: letters, digits and !#$%&'*+-.^_`|~, 1 to 256 of them")]
    HeaderName(Excerpt),
    /// A header value that no request can carry.
    #[error("`{0}` is not a header value: at most 4096 bytes, no control characters, no blank at the ends")]
    HeaderValue(Excerpt),
    /// A cookie name that no request can carry.
    #[error("`{0}` is not a cookie name: letters, digits and !#$%&'*+-./:^_`|~, inner spaces, 1 to 256 of them")]
    CookieName(Excerpt),
    /// A cookie value that no request can carry.
    #[error("`{0}` is not a cookie value: at most 4096 bytes, no control characters, no `;`, no blank at the ends")]
    CookieValue(Excerpt),
    /// A pattern that is too long or empty.
    #[error("the pattern has {length} bytes: 1 to {bound} are allowed")]
    PatternLength {
        /// Its length in bytes.
        length: usize,
        /// The most it may have.
        bound: usize,
    },
    /// A pattern that targets would read differently, or could not run.
    #[error("the pattern `{pattern}` is refused at byte {at}: {why}")]
    PatternSyntax {
        /// The pattern.
        pattern: Excerpt,
        /// Where, in bytes from its start.
        at: usize,
        /// What is wrong there.
        why: String,
    },
    /// A pattern whose automaton would be too large.
    #[error("the pattern `{pattern}` needs more than {bound} bytes when compiled")]
    PatternSize {
        /// The pattern.
        pattern: Excerpt,
        /// The most it may need.
        bound: usize,
    },
    /// Both of two things of which a rule has one.
    #[error("`{0}` and `{1}` are both given: give one of them")]
    Both(&'static str, &'static str),
    /// Neither of two things of which there must be one.
    #[error("neither `{0}` nor `{1}` is given: give one of them")]
    Neither(&'static str, &'static str),
    /// An affinity cookie's revision that cannot stand in its value.
    #[error("`{0}` is not a revision: 1 to 63 letters, digits, `-`, `_` and `.`")]
    Revision(Excerpt),
    /// A token that cannot stand in an affinity cookie's value.
    #[error("`{0}` is not a token: 1 to 63 letters, digits, `-`, `_` and `.`")]
    Token(Excerpt),
    /// An affinity cookie's age outside what can be counted.
    #[error("{0} is not a max age: 0 to 4294967295 seconds")]
    MaxAge(i64),
    /// An affinity cookie's path that a browser would not read.
    #[error("`{0}` is not a cookie path: begins with `/`, at most 1024 printable ASCII characters, no `;`")]
    CookiePath(Excerpt),
    /// An affinity cookie's domain that a browser would not read.
    #[error("`{0}` is not a cookie domain: 1 to 253 letters, digits, `-` and `.`")]
    CookieDomain(Excerpt),
    /// A salt that is too long.
    #[error("the salt has {0} bytes: at most 256 are allowed")]
    Salt(usize),
    /// A fraction outside [0, 1).
    #[error("{n} of {total} is not a sample: n is 0 to total - 1")]
    Fraction {
        /// The point.
        n: u32,
        /// What it is a point of.
        total: u32,
    },
    /// A mix of clients without a client.
    #[error("there is no client: a mix has at least one")]
    NoClient,
    /// The parts of a mix add up to nothing, or to more than can be counted.
    #[error("the parts of the mix add up to {0}: 1 to 4294967295")]
    Parts(u64),
    /// Clients that send nothing.
    #[error("{0} is not a number of requests for each client: 1 to 4294967295")]
    Requests(u32),
    /// More pods than a cluster has, or none.
    #[error("{0} is not a number of pods: 1 to 1000000")]
    Pods(u32),
    /// A tolerance that is no part of a whole.
    #[error("{parts}/{total} is not a tolerance: 0 to 1")]
    Tolerance {
        /// How many parts.
        parts: u32,
        /// Of how many.
        total: u32,
    },
    /// A Service that cannot exist.
    #[error("`{0}` is not a Service name: 1 to 63 of a-z, 0-9 and -, with a letter first and no - last")]
    Service(Excerpt),
    /// A port that cannot exist.
    #[error("`{0}` is not a port: 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it")]
    Port(Excerpt),
    /// A host that no DNS name can be.
    #[error("`{0}` is not a host: a DNS name, or one that begins with `*.`")]
    Host(Excerpt),
    /// A path that targets would read differently, or refuse.
    #[error("`{0}` is not a path: begins with /, at most 1024 characters of a URL path, no //, /./, /../ or %2f")]
    Path(Excerpt),
    /// The same thing twice in a list.
    #[error("`{0}` is listed twice")]
    Twice(Excerpt),
    /// A label's name that cannot exist.
    #[error("`{0}` is not a label's name: 1 to 63 letters, digits, `-`, `_` and `.`, behind a DNS name and `/` if any")]
    Label(Excerpt),
    /// A domain that cannot exist.
    #[error("`{0}` is not a domain: a DNS name of 1 to 253 of a-z, 0-9, - and .")]
    Domain(Excerpt),
    /// An object name that cannot exist.
    #[error("`{0}` is not an object name: 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends")]
    ObjectName(Excerpt),
    /// A prefix under which an API server takes no annotation.
    #[error("`{0}` cannot stand before an annotation's name: an API server takes a DNS name there")]
    PrefixKey(Excerpt),
    /// An annotation prefix that could never stand in a key.
    #[error("`{0}` is not an annotation prefix: 1 to 253 letters, digits, `.`, `-`, `_` and `/`")]
    Prefix(Excerpt),
}

impl Invalid {
    /// The same problem, with the field it was found in.
    pub(crate) fn at(self, field: impl Into<String>) -> Problem {
        Problem { field: field.into(), what: self }
    }
}

/// One thing that is wrong with a [`Spec`](crate::Spec), and where.
///
/// ```
/// use canary_policy::{Policy, Spec};
///
/// let spec = Spec { total: Some(0), ..Spec::default() };
/// let problems = Policy::try_from(spec).unwrap_err().problems;
/// assert_eq!(problems[0].field, "total");
/// assert_eq!(problems[0].to_string(), "total: 0 is not a total: 1 to 4294967295");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("{field}: {what}")]
#[non_exhaustive]
pub struct Problem {
    /// The path of the field, as in `canaries[0].header.name`.
    pub field: String,
    /// What is wrong with it.
    pub what: Invalid,
}

/// Everything that is wrong with a policy, each with its field.
///
/// ```
/// use canary_policy::{Policy, Spec};
///
/// let error = Policy::try_from(Spec { total: Some(-1), ..Spec::default() }).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "total: -1 is not a total: 1 to 4294967295\ncanaries: there is none: a policy has at least one canary",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidPolicy {
    /// One or more, in the order of the fields.
    pub problems: Vec<Problem>,
}

impl std::error::Error for InvalidPolicy {}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl From<Problem> for InvalidPolicy {
    fn from(problem: Problem) -> Self {
        InvalidPolicy { problems: vec![problem] }
    }
}

/// A value in a message: at most 80 characters of it, control characters escaped.
///
/// ```
/// use canary_policy::error::Excerpt;
///
/// assert_eq!(Excerpt::of("a\tb").to_string(), "a\\tb");
/// assert_eq!(Excerpt::of(&"x".repeat(100)).to_string(), format!("{}… (100 bytes)", "x".repeat(80)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Excerpt(String);

impl Excerpt {
    const MAX: usize = 80;

    /// The text, or the beginning of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let cut = text.char_indices().nth(Self::MAX).and_then(|(at, _)| text.get(..at));
        let mut shown = String::new();
        for c in cut.unwrap_or(text).chars() {
            if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
        }
        match cut {
            None => Excerpt(shown),
            Some(_) => Excerpt(format!("{shown}… ({} bytes)", text.len())),
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
