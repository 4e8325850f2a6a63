//! Header rules: a condition on the value of a header that decides before the weights.

use std::fmt;

use http::HeaderName;

use super::Match;
use crate::error::{Excerpt, Invalid};

/// A condition on a header, which is tried before the cookie rules of all canaries and before the weights.
///
/// Names are compared without regard to letter case; `-` and `_` differ. If a request has several lines of the header,
/// its value is the lines joined with `, ` (RFC 9110 section 5.3, nginx since 1.23.0) or, for `Cookie`, with `; ` (RFC
/// 9113 section 8.2.3).
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
    pub(crate) value_match: Match,
}

impl HeaderRule {
    /// A rule on the value of this header.
    ///
    /// # Errors
    ///
    /// The name is not a token of RFC 9110 or has more than 256 bytes, or the value of a [`Match::Exact`] has more than
    /// 4096 bytes, a control character other than tab, or a space or tab at an end, which servers remove. The Gateway
    /// API has the same bounds on both lengths.
    pub fn new(name: &str, value_match: Match) -> Result<Self, Invalid> {
        Ok(HeaderRule { name: header_name(name)?, value_match: checked_match(value_match)? })
    }

    /// The name of the header, in lower case.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The test on the value of the header.
    #[must_use]
    pub const fn value_match(&self) -> &Match {
        &self.value_match
    }
}

/// The rule in short: `x-canary`, `x-region = eu` or `x-region ~ ^eu`.
impl fmt::Display for HeaderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value_match.fmt_with(self.name.as_str(), f)
    }
}

/// The largest number of bytes of the name of a header or cookie. A header match of the Gateway API has the same bound.
pub(super) const MAX_NAME: usize = 256;

/// The largest number of bytes of the value of a header or cookie. A header match of the Gateway API has the same bound.
pub(super) const MAX_VALUE: usize = 4096;

/// The text as the name of a header, if it is a token of RFC 9110 with at most 256 bytes.
pub(super) fn header_name(name: &str) -> Result<HeaderName, Invalid> {
    let bounded = Some(name).filter(|name| name.len() <= MAX_NAME);
    bounded.and_then(|name| HeaderName::try_from(name).ok()).ok_or_else(|| Invalid::HeaderName(Excerpt::of(name)))
}

/// The same match, unless no header can have its exact value.
pub(super) fn checked_match(value_match: Match) -> Result<Match, Invalid> {
    match value_match {
        Match::Exact(value) if !is_value(&value) => Err(Invalid::HeaderValue(Excerpt::of(&value))),
        value_match => Ok(value_match),
    }
}

/// Whether a header or a cookie can have this value: at most 4096 bytes, no control character other than tab, and no
/// space or tab at an end.
pub(super) fn is_value(value: &str) -> bool {
    value.len() <= MAX_VALUE
        && !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')
        && !value.starts_with([' ', '\t'])
        && !value.ends_with([' ', '\t'])
}
