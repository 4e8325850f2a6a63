//! Tokens, which name variants in affinity cookies.

use super::affinity::checked_revision;
use crate::error::{Excerpt, Invalid};

/// What names a variant in the value of an affinity cookie that somebody else hands out too.
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
    /// It is not 1 to 63 letters, digits, `-`, `_` and `.`.
    pub fn new(token: &str) -> Result<Self, Invalid> {
        checked_revision(token.to_owned()).map(Token).map_err(|_| Invalid::Token(Excerpt::of(token)))
    }

    /// A digest in hexadecimal digits.
    pub(crate) fn of_digest(digest: [u8; 16]) -> Self {
        Token(format!("{:032x}", u128::from_be_bytes(digest)))
    }
}

text!(Token);
