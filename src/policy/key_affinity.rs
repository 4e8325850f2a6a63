//! Affinity by key: the value of a header or cookie decides, together with a salt, which variant a client gets.

use http::HeaderName;

use super::header::header_name;
use super::{CookieName, KeyHash};
use crate::error::Invalid;

/// Affinity by a key that clients send: the same key and salt give the same sample, and so the same variant.
///
/// Every replica computes the same sample, in any programming language. The sample is
/// [`Sample::from_key`](crate::Sample::from_key) of the key and the salt, or that of [another hash](KeyHash). A request without
/// the key, or with an empty one, is decided by the sample that the caller passes.
///
/// ```
/// use canary_policy::KeyAffinity;
///
/// let affinity = KeyAffinity::header("x-user-id")?.with_salt("checkout-2026")?;
/// assert_eq!(affinity.salt(), "checkout-2026");
/// assert_eq!(KeyAffinity::cookie("uid")?.salt(), "");
/// assert!(KeyAffinity::header("x user").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyAffinity {
    pub(crate) key: Key,
    pub(crate) salt: String,
    pub(crate) hash: KeyHash,
}

/// The header or cookie that has the key.
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
    /// The key is the value of this header, read as for a [`HeaderRule`](crate::HeaderRule).
    Header(HeaderName),
    /// The key is the value of this cookie, read as for a [`CookieRule`](crate::CookieRule).
    Cookie(CookieName),
}

impl KeyAffinity {
    /// Affinity by the value of this header, without a salt.
    ///
    /// # Errors
    ///
    /// The name is not a token of RFC 9110, or it has more than 256 bytes.
    pub fn header(name: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { key: Key::Header(header_name(name)?), salt: String::new(), hash: KeyHash::default() })
    }

    /// Affinity by the value of this cookie, without a salt.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`].
    pub fn cookie(name: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { key: Key::Cookie(CookieName::new(name)?), salt: String::new(), hash: KeyHash::default() })
    }

    /// The header or cookie that has the key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The salt, which is empty by default.
    #[must_use]
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// The hash of key and salt, which is [`KeyHash::Xxh64`] by default.
    #[must_use]
    pub const fn hash(&self) -> KeyHash {
        self.hash
    }

    /// The same affinity with this hash of key and salt. Every client gets another sample.
    #[must_use]
    pub fn with_hash(self, hash: KeyHash) -> Self {
        KeyAffinity { hash, ..self }
    }

    /// The same affinity with this salt, of at most 256 bytes.
    ///
    /// In policies with the same salt, a client has the same sample. A new salt gives every client a new sample.
    ///
    /// # Errors
    ///
    /// The salt has more than 256 bytes.
    pub fn with_salt(self, salt: &str) -> Result<Self, Invalid> {
        Ok(KeyAffinity { salt: checked_salt(salt.to_owned())?, ..self })
    }
}

/// The largest number of bytes of a salt: a salt is a name, not a document.
pub(super) const MAX_SALT: usize = 256;

/// The same text, if it has at most 256 bytes.
pub(super) fn checked_salt(salt: String) -> Result<String, Invalid> {
    match salt.len() {
        0..=MAX_SALT => Ok(salt),
        length => Err(Invalid::Salt(length)),
    }
}
