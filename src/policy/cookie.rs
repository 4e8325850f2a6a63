//! Cookie rules: a condition on the value of a cookie that decides before the weights.

use std::fmt;

use super::Match;
use super::header::{MAX_NAME, is_value};
use crate::error::{Excerpt, Invalid};
use crate::names::text;

/// The name of a cookie: 1 to 256 bytes of a token (RFC 6265), or of `/`, `:` and inner spaces, which ingress-nginx
/// accepts too.
///
/// ```
/// use canary_policy::policy::CookieName;
///
/// assert_eq!(CookieName::new("cohort")?.as_str(), "cohort");
/// assert_eq!(
///     CookieName::new("a;b").unwrap_err().to_string(),
///     "`a;b` is not a cookie name: expected 1 to 256 letters, digits, inner spaces or !#$%&'*+-./:^_`|~",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CookieName(String);

impl CookieName {
    /// A name.
    ///
    /// # Errors
    ///
    /// The text is empty, has more than 256 bytes, has another character, or has a space at an end.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:^_`|~ ".contains(&byte);
        if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed) && name.trim() == name {
            Ok(CookieName(name.to_owned()))
        } else {
            Err(Invalid::CookieName(Excerpt::of(name)))
        }
    }
}

text!(CookieName, Invalid);

/// A condition on a cookie, which is tried after the header rules of all canaries and before the weights.
///
/// The cookie is read as nginx 1.27.1 reads `$cookie_NAME`: the first cookie of that name counts, in any letter case,
/// across all `Cookie` lines. Its value ends at the next `;`. Quotes and percent signs are ordinary
/// characters.
///
/// ```
/// use canary_policy::{CookieRule, Match};
///
/// let rule = CookieRule::new("cohort", Match::Exact("beta".to_owned()))?;
/// assert_eq!(rule.name().as_str(), "cohort");
/// assert_eq!(rule.to_string(), "cohort = beta");
/// assert!(CookieRule::new("cohort", Match::Exact("a;b".to_owned())).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CookieRule {
    pub(crate) name: CookieName,
    pub(crate) value_match: Match,
}

impl CookieRule {
    /// A rule on the value of this cookie.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`], or the value of a [`Match::Exact`] has more than 4096 bytes, a control
    /// character, a `;`, or a space or tab at an end.
    pub fn new(name: &str, value_match: Match) -> Result<Self, Invalid> {
        Ok(CookieRule { name: CookieName::new(name)?, value_match: checked_match(value_match)? })
    }

    /// The name of the cookie.
    #[must_use]
    pub const fn name(&self) -> &CookieName {
        &self.name
    }

    /// The test on the value of the cookie.
    #[must_use]
    pub const fn value_match(&self) -> &Match {
        &self.value_match
    }
}

/// The rule in short: `cohort`, `cohort = beta` or `cohort ~ ^be`.
impl fmt::Display for CookieRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value_match.fmt_with(self.name.as_str(), f)
    }
}

/// The same match, unless no cookie can have its exact value.
pub(super) fn checked_match(value_match: Match) -> Result<Match, Invalid> {
    match value_match {
        Match::Exact(value) if !is_value(&value) || value.contains(';') => {
            Err(Invalid::CookieValue(Excerpt::of(&value)))
        }
        value_match => Ok(value_match),
    }
}
