//! What was chosen, and what chose it.

use std::fmt;

use crate::policy::Variant;

/// What decided.
///
/// ```
/// use canary_policy::Reason;
///
/// assert_eq!(Reason::Weight.as_str(), "weight");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The client's affinity cookie.
    Affinity,
    /// A header rule.
    Header,
    /// A cookie rule.
    Cookie,
    /// The weights and the sample, also when the sample came from a key.
    Weight,
}

impl Reason {
    /// A label for metrics: `affinity`, `header`, `cookie` or `weight`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Affinity => "affinity",
            Reason::Header => "header",
            Reason::Cookie => "cookie",
            Reason::Weight => "weight",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a request goes, and why.
///
/// ```
/// use canary_policy::{Affinity, CookieAffinity, Policy, Sample, Selector, Variant};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
/// let selector = Selector::new(&policy);
///
/// let first = selector.select(&[("x-request-id", "1")], Sample::MAX);
/// assert_eq!((first.variant, first.set_cookie), (Variant::Stable, Some("route=stable; Path=/; HttpOnly")));
/// let second = selector.select(&[("cookie", "route=stable")], Sample::MIN);
/// assert_eq!((second.variant, second.set_cookie), (Variant::Stable, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[non_exhaustive]
pub struct Decision<'s> {
    /// The version that answers.
    pub variant: Variant,
    /// What decided.
    pub reason: Reason,
    /// The whole value of the `Set-Cookie` header that is due with the response, if one is.
    pub set_cookie: Option<&'s str>,
}
