//! Tokens: the texts that name variants in an affinity cookie that somebody else hands out too.

use super::cookie_affinity::is_token;
use crate::error::{Excerpt, Invalid};
use crate::names::text;

/// The text that names a variant in the affinity cookie of another proxy: 1 to 63 letters, digits, `-`, `_` or `.`.
///
/// A [`Selector`](crate::Selector) uses tokens instead of names if it is built by
/// [`Selector::with_tokens`](crate::Selector::with_tokens).
///
/// ```
/// use canary_policy::policy::Token;
///
/// assert_eq!(Token::new("06b64833cd96df41fff25e6143ddb7ce")?.as_str().len(), 32);
/// assert!(Token::new("a|b").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(String);

impl Token {
    /// A token.
    ///
    /// # Errors
    ///
    /// The text is not 1 to 63 letters, digits, `-`, `_` or `.`.
    pub fn new(token: &str) -> Result<Self, Invalid> {
        if is_token(token) { Ok(Token(token.to_owned())) } else { Err(Invalid::Token(Excerpt::of(token))) }
    }

    /// The 32 lower-case hexadecimal digits of a digest.
    pub(crate) fn of_digest(digest: [u8; 16]) -> Self {
        Token(format!("{:032x}", u128::from_be_bytes(digest)))
    }
}

text!(Token, Invalid);
