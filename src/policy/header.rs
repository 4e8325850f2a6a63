//! Header rules.

use http::HeaderName;

use super::Match;
use crate::error::{Excerpt, Invalid};

/// A header that decides before the weights, and before the cookie rules of every canary.
///
/// Its name is compared without regard to letter case; `-` and `_` differ. A header sent in several lines has one value,
/// the lines joined with `, ` (RFC 9110 section 5.3, nginx since 1.23.0) or, for `Cookie`, with `; ` (RFC 9113 section
/// 8.2.3).
///
/// ```
/// use canary_policy::{HeaderRule, Match};
///
/// let rule = HeaderRule::new("X-Canary", Match::AlwaysNever)?;
/// assert_eq!(rule.name(), "x-canary");
/// assert!(HeaderRule::new("X Canary", Match::AlwaysNever).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderRule {
    pub(crate) name: HeaderName,
    pub(crate) matches: Match,
}

impl HeaderRule {
    /// A rule on the value of this header.
    ///
    /// # Errors
    ///
    /// The name is not a token of RFC 9110 or has more than 256 bytes (the bound of the Gateway API); an exact value has
    /// more than 4096 bytes (the same), control characters, or a blank at an end, where no server shows it.
    pub fn new(name: &str, matches: Match) -> Result<Self, Invalid> {
        Ok(HeaderRule { name: header_name(name)?, matches: checked(matches)? })
    }

    /// The header's name, in lower case.
    #[must_use]
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The test on its value.
    #[must_use]
    pub fn matches(&self) -> &Match {
        &self.matches
    }
}

/// A header's name, if it has no more than 256 bytes.
pub(super) fn header_name(name: &str) -> Result<HeaderName, Invalid> {
    let bounded = Some(name).filter(|name| name.len() <= 256);
    bounded.and_then(|name| HeaderName::try_from(name).ok()).ok_or_else(|| Invalid::HeaderName(Excerpt::of(name)))
}

/// The match, if a header can have the value it asks for.
pub(super) fn checked(matches: Match) -> Result<Match, Invalid> {
    match matches {
        Match::Exact(value) if !is_value(&value) => Err(Invalid::HeaderValue(Excerpt::of(&value))),
        matches => Ok(matches),
    }
}

/// Bounded, without control characters and without a blank at an end: what both kinds of rule ask of a value.
pub(super) fn is_value(value: &str) -> bool {
    value.len() <= 4096
        && !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')
        && !value.starts_with([' ', '\t'])
        && !value.ends_with([' ', '\t'])
}
