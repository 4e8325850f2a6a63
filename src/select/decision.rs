//! Decisions: the variant that answers a request, and the reason.

use std::fmt;

use http::HeaderValue;

use crate::policy::Variant;

/// The part of the policy that decided.
///
/// With `serde` a reason is written like [`as_str`](Self::as_str).
///
/// ```
/// use canary_policy::Reason;
///
/// assert_eq!(Reason::Weight.as_str(), "weight");
/// assert_eq!(serde_json::from_str::<Reason>(r#""header""#)?, Reason::Header);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(with = "String", description = "The part of the policy that decided."))]
#[cfg_attr(feature = "schemars", schemars(extend("enum" = ["affinity", "header", "cookie", "weight"])))]
pub enum Reason {
    /// The affinity cookie of the client named the variant.
    Affinity,
    /// A header rule matched.
    Header,
    /// A cookie rule matched.
    Cookie,
    /// The weights decided, by the caller's sample or by the sample of the affinity key.
    Weight,
}

impl Reason {
    /// A label for metrics: `affinity`, `header`, `cookie` or `weight`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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

/// The variant that answers a request, and the reason.
///
/// A decision borrows nothing, so a host can keep it with the request until the response is written. With `serde` it is
/// written as `{"variant": "stable", "reason": "weight"}`, with `setCookie` if a cookie is due.
///
/// ```
/// use canary_policy::{Affinity, CookieAffinity, Policy, Sample, Selector, Variant};
/// use http::HeaderMap;
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
/// let selector = Selector::new(&policy);
///
/// let first = selector.select(&[("x-request-id", "1")], Sample::MAX);
/// assert_eq!(first.variant, Variant::Stable);
/// let mut response = HeaderMap::new();
/// if let Some(cookie) = first.set_cookie {
///     response.append(http::header::SET_COOKIE, cookie);
/// }
/// assert_eq!(response["set-cookie"], "route=stable; Path=/; HttpOnly");
///
/// // The client returns the cookie, so no further cookie is due.
/// assert_eq!(selector.select(&[("cookie", "route=stable")], Sample::MIN).set_cookie, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[must_use]
#[non_exhaustive]
pub struct Decision {
    /// The variant that answers the request.
    pub variant: Variant,
    /// The part of the policy that decided.
    pub reason: Reason,
    /// The value of the `Set-Cookie` header to add to the response, if one is due. The value and its clones share the
    /// text with the selector, so that no text is copied.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none", with = "set_cookie"))]
    pub set_cookie: Option<HeaderValue>,
}

/// Serialises the value of a `Set-Cookie` header as a string.
#[cfg(feature = "serde")]
mod set_cookie {
    use http::HeaderValue;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls this function with a reference to the field")]
    pub(super) fn serialize<S: Serializer>(value: &Option<HeaderValue>, serializer: S) -> Result<S::Ok, S::Error> {
        // The affinity cookie of a policy is visible ASCII, so nothing is lost.
        value.as_ref().map(|value| String::from_utf8_lossy(value.as_bytes())).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeaderValue>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| HeaderValue::from_str(&text).map_err(D::Error::custom)).transpose()
    }
}
