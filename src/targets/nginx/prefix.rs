//! The prefix of the annotations.

use super::Dialect;
use crate::error::{Excerpt, InvalidParams};
use crate::names::text;

/// The part of every annotation key before its last `/`, which is the controller's flag `--annotations-prefix`.
///
/// ```
/// use canary_policy::targets::nginx::Prefix;
///
/// assert_eq!(Prefix::default().to_string(), "nginx.ingress.kubernetes.io");
/// assert_eq!(Prefix::new("higress.io")?.to_string(), "higress.io");
/// assert!(Prefix::new("a b").is_err());
/// # Ok::<(), canary_policy::error::InvalidParams>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// A prefix. The controller takes any text, but an API server stores only keys whose prefix is a DNS name.
    ///
    /// # Errors
    ///
    /// The text is not 1 to 253 letters, digits, `.`, `-`, `_` and `/`.
    pub fn new(prefix: &str) -> Result<Self, InvalidParams> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte);
        if (1..=253).contains(&prefix.len()) && prefix.bytes().all(allowed) {
            Ok(Prefix(prefix.to_owned()))
        } else {
            Err(InvalidParams::Prefix(Excerpt::of(prefix)))
        }
    }

    /// The prefix of a dialect.
    pub(super) fn of(dialect: &Dialect) -> Self {
        Prefix(dialect.prefix.to_owned())
    }

    /// The whole key of an annotation.
    pub(super) fn key(&self, annotation: &str) -> String {
        format!("{}/{annotation}", self.0)
    }

    /// The name of the annotation in a key, if the key has this prefix.
    pub(super) fn annotation<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.0)?.strip_prefix('/')
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix::of(&Dialect::default())
    }
}

text!(Prefix, InvalidParams);
