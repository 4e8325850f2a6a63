//! ingress-nginx: the annotations of its canary Ingress, written and read as controller 1.15.1 (`dbb11b92`, nginx 1.27.1)
//! really behaves.
//!
//! * [`annotations`] writes a policy, [`read`] reads one back, [`parse`] shows what the controller's own parser holds.
//! * [`View`] is a request as its nginx shows it, so that a recorded one is decided exactly as it was.
//! * [`token`] is how its affinity cookie names a backend.
//! * `canary_ingress` builds the canary Ingress from the stable one, and `Manifest` reads the forms Ingresses had before
//!   v1 (feature `k8s-openapi`).
//!
//! Traefik, Higress, Tengine-Ingress and others read the same annotations, some under a [`Prefix`] of their own.
//!
//! What it can and cannot express is a table in the README; what it cannot is a [`Loss`](super::Loss).

mod annotations;
mod config;
mod finding;
#[cfg(feature = "k8s-openapi")]
mod ingress;
#[cfg(feature = "k8s-openapi")]
mod manifest;
mod read;
#[cfg(feature = "k8s-openapi")]
mod routes;
#[cfg(feature = "k8s-openapi")]
mod swap;
mod token;
mod view;

pub use annotations::annotations;
pub use config::{Config, Parsed, parse};
pub use finding::Finding;
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use ingress::{CanaryIngress, Params, canary_ingress, is_canary};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use manifest::Manifest;
pub use read::{Reading, read};
#[cfg(feature = "k8s-openapi")]
#[cfg_attr(docsrs, doc(cfg(feature = "k8s-openapi")))]
pub use routes::{Routes, routes};
pub use token::token;
pub use view::View;

use std::collections::BTreeMap;

use crate::error::{Excerpt, Invalid};
use crate::policy::{Name, text};

/// What stands before the `/` of every annotation: `--annotations-prefix`, by default `nginx.ingress.kubernetes.io`.
///
/// ```
/// use canary_policy::targets::nginx::Prefix;
///
/// assert_eq!(Prefix::default().to_string(), "nginx.ingress.kubernetes.io");
/// assert_eq!(Prefix::new("higress.io")?.to_string(), "higress.io");
/// assert!(Prefix::new("a b").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// A prefix. The controller takes any text; an API server keeps only keys with one `/` behind a DNS name.
    ///
    /// # Errors
    ///
    /// It is not 1 to 253 letters, digits, `.`, `-`, `_` and `/`.
    pub fn new(prefix: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte);
        if (1..=253).contains(&prefix.len()) && prefix.bytes().all(allowed) {
            Ok(Prefix(prefix.to_owned()))
        } else {
            Err(Invalid::Prefix(Excerpt::of(prefix)))
        }
    }

    /// The whole key of an annotation.
    fn key(&self, annotation: &str) -> String {
        format!("{}/{annotation}", self.0)
    }

    /// What stands behind the prefix, if the key has it.
    fn strip<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.0)?.strip_prefix('/')
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix("nginx.ingress.kubernetes.io".to_owned())
    }
}

text!(Prefix);

/// How the controller was started, as far as it matters to what a canary's annotations mean.
///
/// Its `annotations-risk-level` is not here: at level Low it refuses a whole Ingress, and no annotation changes meaning.
///
/// ```
/// use canary_policy::targets::nginx::{Flags, Prefix};
///
/// assert!(Flags::default().validation);
/// let flags = Flags::default().with_prefix(Prefix::new("higress.io")?).with_validation(false);
/// assert_eq!((flags.prefix.as_str(), flags.validation), ("higress.io", false));
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Flags {
    /// `--annotations-prefix`.
    pub prefix: Prefix,
    /// `--enable-annotation-validation`, by default true: whether values with other characters are dropped.
    pub validation: bool,
}

impl Flags {
    /// The same flags with another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> Self {
        Flags { prefix, ..self }
    }

    /// The same flags with the validation on or off.
    #[must_use]
    pub fn with_validation(self, validation: bool) -> Self {
        Flags { validation, ..self }
    }
}

impl Default for Flags {
    fn default() -> Self {
        Flags { prefix: Prefix::default(), validation: true }
    }
}

/// A policy in annotations.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{annotations, Prefix};
///
/// let written = annotations(&Policy::percent(30)?, &Prefix::default()).output;
/// assert_eq!(written.canary["nginx.ingress.kubernetes.io/canary-weight"], "30");
/// assert!(written.stable.is_empty());
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Annotations {
    /// The canary's name, which no annotation says.
    pub name: Name,
    /// On the canary Ingress.
    pub canary: BTreeMap<String, String>,
    /// On the stable Ingress: the affinity, which belongs to the Service that both share.
    pub stable: BTreeMap<String, String>,
}

impl Annotations {
    /// The annotations of a canary Ingress and of the stable one, all of their keys with their prefix. The canary's name is
    /// the default.
    #[must_use]
    pub fn new(canary: BTreeMap<String, String>, stable: BTreeMap<String, String>) -> Self {
        Annotations { name: Name::default(), canary, stable }
    }

    /// The same annotations of a canary with this name.
    #[must_use]
    pub fn with_name(self, name: Name) -> Self {
        Annotations { name, ..self }
    }
}

/// The annotations a canary is made of, without the prefix.
mod key {
    pub(super) const CANARY: &str = "canary";
    pub(super) const WEIGHT: &str = "canary-weight";
    pub(super) const WEIGHT_TOTAL: &str = "canary-weight-total";
    pub(super) const HEADER: &str = "canary-by-header";
    pub(super) const HEADER_VALUE: &str = "canary-by-header-value";
    pub(super) const HEADER_PATTERN: &str = "canary-by-header-pattern";
    pub(super) const COOKIE: &str = "canary-by-cookie";
    pub(super) const AFFINITY_BEHAVIOR: &str = "affinity-canary-behavior";
    pub(super) const AFFINITY: &str = "affinity";
    pub(super) const AFFINITY_MODE: &str = "affinity-mode";
    pub(super) const SESSION_NAME: &str = "session-cookie-name";
    pub(super) const SESSION_EXPIRES: &str = "session-cookie-expires";
    pub(super) const SESSION_MAX_AGE: &str = "session-cookie-max-age";
    pub(super) const SESSION_PATH: &str = "session-cookie-path";
    pub(super) const SESSION_DOMAIN: &str = "session-cookie-domain";
    pub(super) const SESSION_SECURE: &str = "session-cookie-secure";
    pub(super) const SESSION_SAME_SITE: &str = "session-cookie-samesite";
    pub(super) const SESSION_CHANGE: &str = "session-cookie-change-on-failure";
    pub(super) const SESSION_CONDITIONAL: &str = "session-cookie-conditional-samesite-none";

    /// Read from the canary Ingress, all of them.
    pub(super) const OF_CANARY: [&str; 7] =
        [CANARY, WEIGHT, WEIGHT_TOTAL, HEADER, HEADER_VALUE, HEADER_PATTERN, COOKIE];

    /// Read from the stable Ingress only.
    pub(super) const OF_STABLE: [&str; 11] = [
        AFFINITY,
        AFFINITY_MODE,
        SESSION_NAME,
        SESSION_EXPIRES,
        SESSION_MAX_AGE,
        SESSION_PATH,
        SESSION_DOMAIN,
        SESSION_SECURE,
        SESSION_SAME_SITE,
        SESSION_CHANGE,
        SESSION_CONDITIONAL,
    ];
}

/// The characters its validators take (`internal/ingress/annotations/parser/validators.go`).
mod chars {
    /// In names and values, from which the check takes the spaces out.
    pub(super) fn basic(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"-._~/: ".contains(&byte)
    }

    /// In patterns, where a space is not taken.
    pub(super) fn pattern(byte: u8) -> bool {
        byte != b' ' && (basic(byte) || br"^$[](){}*+?|&=\".contains(&byte))
    }

    /// In a cookie's path, from which the check takes the spaces out.
    pub(super) fn url(byte: u8) -> bool {
        basic(byte) || b",?&=".contains(&byte)
    }
}
