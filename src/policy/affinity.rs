//! Affinity, which is how a client keeps its variant, and the precedence and the scope of an affinity cookie.

use std::fmt;
use std::str::FromStr;

use super::{CookieAffinity, Key, KeyAffinity, KeyHash};
use crate::error::{Excerpt, Invalid};

/// How a client keeps its variant from one request to the next.
///
/// ```
/// use canary_policy::{Affinity, CookieAffinity, KeyAffinity};
///
/// assert_eq!(Affinity::default(), Affinity::None);
/// let cookie = Affinity::Cookie(CookieAffinity::new("route")?.with_max_age(86_400));
/// assert_eq!(cookie.to_string(), "cookie route");
/// let key = Affinity::Key(KeyAffinity::header("x-user-id")?.with_salt("checkout-2026")?);
/// assert_eq!(key.to_string(), "key header x-user-id");
/// assert!(CookieAffinity::new("ro;ute").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// A client does not keep its variant: every request is decided anew.
    #[default]
    None,
    /// The response sets a cookie that names the variant. Requests with this cookie get the same variant, whatever the
    /// weights are by then: a canary with weight 0 keeps these clients until the revision changes.
    Cookie(CookieAffinity),
    /// The sample is computed from a header or cookie of the request. Requests with the same value get the same
    /// variant.
    Key(KeyAffinity),
}

/// The affinity in short: `none`, `cookie route`, `key header x-user-id` or `key cookie uid by unleash`.
impl fmt::Display for Affinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Affinity::None => f.write_str("none"),
            Affinity::Cookie(cookie) => write!(f, "cookie {}", cookie.name()),
            Affinity::Key(KeyAffinity { key, salt: _, hash }) => {
                match key {
                    Key::Header(name) => write!(f, "key header {name}")?,
                    Key::Cookie(name) => write!(f, "key cookie {name}")?,
                }
                if *hash == KeyHash::default() { Ok(()) } else { write!(f, " by {hash}") }
            }
        }
    }
}

/// Whether the affinity cookie decides before the rules or after them.
///
/// With `serde` the values are `beforeRules` and `afterRules`.
///
/// ```
/// use canary_policy::{AffinityPrecedence, CookieAffinity};
///
/// let cookie = CookieAffinity::new("route")?;
/// assert_eq!(cookie.precedence(), AffinityPrecedence::BeforeRules);
/// assert_eq!(cookie.with_precedence(AffinityPrecedence::AfterRules).precedence(), AffinityPrecedence::AfterRules);
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "Whether the affinity cookie decides before the rules."))]
#[cfg_attr(feature = "schemars", schemars(with = "String", extend("enum" = ["beforeRules", "afterRules"])))]
pub enum AffinityPrecedence {
    /// The cookie decides first, as in ingress-nginx: no rule moves a client that has a cookie. If a rule decides for a
    /// client without a cookie, the response sets one.
    #[default]
    BeforeRules,
    /// The rules decide first, as in the Gateway API. The choice of a rule holds for one request: no cookie is set.
    AfterRules,
}

impl AffinityPrecedence {
    /// The precedence as it is written in a [`Spec`](crate::Spec): `beforeRules` or `afterRules`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AffinityPrecedence::BeforeRules => "beforeRules",
            AffinityPrecedence::AfterRules => "afterRules",
        }
    }
}

impl FromStr for AffinityPrecedence {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [AffinityPrecedence::BeforeRules, AffinityPrecedence::AfterRules];
        all.into_iter().find(|other| other.as_str() == text).ok_or_else(|| Invalid::Precedence(Excerpt::of(text)))
    }
}

/// The variants that an affinity cookie pins clients to. A client that is pinned to a variant gets it again.
///
/// With `serde` the values are `everyone` and `stable`.
///
/// ```
/// use canary_policy::{AffinityScope, CookieAffinity};
///
/// let cookie = CookieAffinity::new("route")?;
/// assert_eq!(cookie.scope(), AffinityScope::AllVariants);
/// assert_eq!(cookie.with_scope(AffinityScope::StableOnly).scope(), AffinityScope::StableOnly);
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The variants that an affinity cookie pins clients to."))]
#[cfg_attr(feature = "schemars", schemars(with = "String", extend("enum" = ["everyone", "stable"])))]
pub enum AffinityScope {
    /// A client keeps the variant that it was given, stable or a canary.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "everyone"))]
    AllVariants,
    /// A client keeps stable only: a cookie that names a canary is ignored, and no cookie is set for a canary.
    ///
    /// This is the behaviour of `affinity-canary-behavior: legacy` in ingress-nginx, controller 1.15.1, although its
    /// documentation says otherwise. A client that was given stable never leaves it, so the canary's share of the
    /// clients that return cookies falls with time.
    #[cfg_attr(feature = "serde", serde(rename = "stable"))]
    StableOnly,
}

impl AffinityScope {
    /// The scope as it is written in a [`Spec`](crate::Spec): `everyone` or `stable`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AffinityScope::AllVariants => "everyone",
            AffinityScope::StableOnly => "stable",
        }
    }
}

impl FromStr for AffinityScope {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [AffinityScope::AllVariants, AffinityScope::StableOnly];
        all.into_iter().find(|other| other.as_str() == text).ok_or_else(|| Invalid::Pins(Excerpt::of(text)))
    }
}
