//! Affinity by key.

use http::HeaderName;

use super::CookieName;
use super::header::header_name;
use crate::error::Invalid;

/// Affinity by a key that the client brings along: same key and salt, same variant, in every replica and language.
///
/// The key's bytes and the salt give the sample ([`Sample::from_key`](crate::Sample::from_key)). A request without the
/// key, or with an empty one, uses the sample it was given.
///
/// ```
/// use canary_policy::KeyAffinity;
///
/// KeyAffinity::header("x-user-id")?.with_salt("checkout-2026")?;
/// KeyAffinity::cookie("uid")?;
/// assert!(KeyAffinity::header("x user").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyAffinity {
    pub(crate) key: Key,
    pub(crate) salt: String,
}

/// Where a key is found.
///
/// ```
/// use canary_policy::KeyAffinity;
/// use canary_policy::policy::Key;
///
/// assert!(matches!(KeyAffinity::cookie("uid")?.key(), Key::Cookie(name) if name.as_str() == "uid"));
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// The value of a header, read as a [`HeaderRule`](crate::HeaderRule) reads it.
    Header(HeaderName),
    /// The value of a cookie, read as a [`CookieRule`](crate::CookieRule) reads it.
    Cookie(CookieName),
}

impl KeyAffinity {
    /// The key is the value of this header.
    ///
    /// # Errors
    ///
    /// The name is not a token of RFC 9110 or has more than 256 bytes.
    pub fn header(name: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { key: Key::Header(header_name(name)?), salt: String::new() })
    }

    /// The key is the value of this cookie.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`].
    pub fn cookie(name: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { key: Key::Cookie(CookieName::new(name)?), salt: String::new() })
    }

    /// Where the key is found.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The salt, empty if there is none.
    #[must_use]
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// Another salt is another sample for everyone. Without one, policies with the same keys choose the same people.
    ///
    /// # Errors
    ///
    /// It has more than 256 bytes.
    pub fn with_salt(self, salt: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { salt: checked_salt(salt.to_owned())?, ..self })
    }
}

pub(super) fn checked_salt(salt: String) -> Result<String, Invalid> {
    match salt.len() {
        0..=256 => Ok(salt),
        length => Err(Invalid::Salt(length)),
    }
}
