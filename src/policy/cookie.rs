//! Cookie rules.

use super::Match;
use super::header::is_value;
use crate::error::{Excerpt, Invalid};

/// A cookie's name: a token of RFC 6265, or what ingress-nginx also takes, `/`, `:` and inner spaces.
///
/// ```
/// use canary_policy::policy::CookieName;
///
/// assert_eq!(CookieName::new("cohort")?.as_str(), "cohort");
/// assert_eq!(
///     CookieName::new("a;b").unwrap_err().to_string(),
///     "`a;b` is not a cookie name: letters, digits and !#$%&'*+-./:^_`|~, inner spaces, 1 to 256 of them",
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
    /// It is empty, has more than 256 bytes or another character.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:^_`|~ ".contains(&byte);
        if (1..=256).contains(&name.len()) && name.bytes().all(allowed) && name.trim() == name {
            Ok(CookieName(name.to_owned()))
        } else {
            Err(Invalid::CookieName(Excerpt::of(name)))
        }
    }
}

text!(CookieName);

/// A cookie that decides before the weights, and after every header rule.
///
/// It is read as nginx 1.27.1 reads `$cookie_NAME`: the first cookie of that name counts, letter case aside, over all
/// `Cookie` lines; the value goes to the next `;`, and neither quotes nor percent signs mean anything in it.
///
/// ```
/// use canary_policy::{CookieRule, Match};
///
/// let rule = CookieRule::new("cohort", Match::Exact("beta".to_owned()))?;
/// assert_eq!(rule.name().as_str(), "cohort");
/// assert!(CookieRule::new("cohort", Match::Exact("a;b".to_owned())).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CookieRule {
    pub(crate) name: CookieName,
    pub(crate) matches: Match,
}

impl CookieRule {
    /// A rule on the value of this cookie.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`]; an exact value has more than 4096 bytes, a control character, a `;`, or a blank
    /// at an end.
    pub fn new(name: &str, matches: Match) -> Result<Self, Invalid> {
        Ok(CookieRule { name: CookieName::new(name)?, matches: checked(matches)? })
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &CookieName {
        &self.name
    }

    /// The test on its value.
    #[must_use]
    pub fn matches(&self) -> &Match {
        &self.matches
    }
}

/// The match, if a cookie can have the value it asks for.
pub(super) fn checked(matches: Match) -> Result<Match, Invalid> {
    match matches {
        Match::Exact(value) if !is_value(&value) || value.contains(';') => {
            Err(Invalid::CookieValue(Excerpt::of(&value)))
        }
        matches => Ok(matches),
    }
}
