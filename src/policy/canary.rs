//! A canary: a version under trial, with its name, weight and rules.

use super::{CookieRule, HeaderRule};
use crate::error::{Excerpt, Invalid};

/// A canary's name: a DNS label that is not `stable`, by default `canary`.
///
/// ```
/// use canary_policy::policy::Name;
///
/// assert_eq!(Name::new("v2")?.as_str(), "v2");
/// assert_eq!(Name::default().to_string(), "canary");
/// assert_eq!(
///     Name::new("V2").unwrap_err().to_string(),
///     "`V2` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// A name.
    ///
    /// # Errors
    ///
    /// It is not a DNS label (RFC 1123), or it is `stable`.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        match name {
            "stable" => Err(Invalid::NameStable),
            _ if is_dns_label(name) => Ok(Name(name.to_owned())),
            _ => Err(Invalid::Name(Excerpt::of(name))),
        }
    }
}

impl Default for Name {
    fn default() -> Self {
        Name("canary".to_owned())
    }
}

text!(Name);

/// Whether a text is a DNS label of RFC 1123, as a canary's name must be.
pub(crate) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label(text)
}

/// Whether a text is a DNS label of RFC 1035, as a Service's name in an Ingress must be.
pub(crate) fn is_service_name(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether a text is a DNS subdomain of RFC 1123, as Kubernetes checks it: what an object is called.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

/// A version under trial.
///
/// ```
/// use canary_policy::{Canary, CookieRule, HeaderRule, Match};
///
/// let canary = Canary::new("v2", 30)?
///     .with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?)
///     .with_cookie(CookieRule::new("cohort", Match::Exact("beta".to_owned()))?);
/// assert_eq!(canary.weight(), 30);
/// assert!(Canary::new("stable", 30).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Canary {
    pub(crate) name: Name,
    pub(crate) weight: u32,
    pub(crate) header: Option<HeaderRule>,
    pub(crate) cookie: Option<CookieRule>,
}

impl Canary {
    /// A canary without rules; `weight` is in parts of the policy's total.
    ///
    /// # Errors
    ///
    /// The name is not a DNS label, or it is `stable`.
    pub fn new(name: &str, weight: u32) -> Result<Self, Invalid> {
        Ok(Canary { name: Name::new(name)?, weight, header: None, cookie: None })
    }

    /// The same canary with another weight, in parts of the policy's total.
    #[must_use]
    pub fn with_weight(self, weight: u32) -> Self {
        Canary { weight, ..self }
    }

    /// The same canary with this header rule.
    #[must_use]
    pub fn with_header(self, rule: HeaderRule) -> Self {
        Canary { header: Some(rule), ..self }
    }

    /// The same canary with this cookie rule.
    #[must_use]
    pub fn with_cookie(self, rule: CookieRule) -> Self {
        Canary { cookie: Some(rule), ..self }
    }

    /// Its name, unique in a policy.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its weight, in parts of the policy's total.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// Its header rule, if it has one.
    #[must_use]
    pub fn header(&self) -> Option<&HeaderRule> {
        self.header.as_ref()
    }

    /// Its cookie rule, if it has one.
    #[must_use]
    pub fn cookie(&self) -> Option<&CookieRule> {
        self.cookie.as_ref()
    }
}
