//! Affinity: how a client keeps its variant.

use super::{CookieName, KeyAffinity, Name, Variant};
use crate::error::{Excerpt, Invalid};

/// How a client keeps its variant.
///
/// ```
/// use canary_policy::{Affinity, CookieAffinity, KeyAffinity};
///
/// assert_eq!(Affinity::default(), Affinity::None);
/// Affinity::Cookie(CookieAffinity::new("route")?.with_max_age(86_400));
/// Affinity::Key(KeyAffinity::header("x-user-id")?.with_salt("checkout-2026")?);
/// assert!(CookieAffinity::new("ro;ute").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// It does not: each request is decided anew.
    #[default]
    None,
    /// A cookie, set with the response, names its variant.
    Cookie(CookieAffinity),
    /// A header or cookie it brings along gives the sample, so that the same key is always the same variant.
    Key(KeyAffinity),
}

/// Whether a client's affinity cookie decides before the rules or after them.
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
pub enum AffinityPrecedence {
    /// As in ingress-nginx: once a client has a cookie, no rule moves it, and a rule's choice is kept in a cookie too.
    #[default]
    BeforeRules,
    /// As in the Gateway API: a rule beats the cookie, and its choice is for that request only: no cookie is set.
    AfterRules,
}

/// Which variants a client is kept on.
///
/// ```
/// use canary_policy::{CookieAffinity, Pins};
///
/// assert_eq!(CookieAffinity::new("route")?.pins(), Pins::Everyone);
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Pins {
    /// Stable and canaries.
    #[default]
    Everyone,
    /// Stable only: a cookie that names a canary is ignored and none is set for one. This is what
    /// `affinity-canary-behavior: legacy` really does in ingress-nginx, whatever its documentation says: clients of stable
    /// stay there for good, so the canary's share of clients that keep cookies falls with time.
    Stable,
}

/// When a browser sends the affinity cookie to another site's page (RFC 6265bis, `SameSite`).
///
/// ```
/// assert_eq!(canary_policy::SameSite::Lax.as_str(), "Lax");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    Lax,
    /// Always. Browsers refuse such a cookie unless it is `Secure`, so it is set `Secure` then.
    None,
}

impl SameSite {
    /// The attribute's value: `Strict`, `Lax` or `None`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }
}

/// Affinity by a cookie that is set with the response and names the client's variant.
///
/// The cookie is read as ingress-nginx reads its own: the name's letter case counts, the **last** cookie of that name
/// wins, and its value ends at `;`, space or tab. A value names a variant by its second `|` field if it has two, else by
/// the whole of it. A value that names none, because its revision is an older one, say, is ignored, and a new cookie is
/// set. Clients can set the cookie themselves: it is no protection of the canary.
///
/// ```
/// use canary_policy::{AffinityPrecedence, CookieAffinity, SameSite};
///
/// let affinity = CookieAffinity::new("route")?
///     .with_precedence(AffinityPrecedence::AfterRules)
///     .with_revision("7")?
///     .with_path("/shop")?
///     .with_same_site(SameSite::Lax);
/// assert_eq!(affinity.name().as_str(), "route");
/// assert!(affinity.with_revision("a|b").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CookieAffinity {
    pub(crate) name: CookieName,
    pub(crate) precedence: AffinityPrecedence,
    pub(crate) pins: Pins,
    pub(crate) revision: Option<String>,
    pub(crate) max_age: Option<u32>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) secure: bool,
}

impl CookieAffinity {
    /// A cookie of this name that decides before the rules, pins everyone and lasts for the browser's session.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`].
    pub fn new(name: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity {
            name: CookieName::new(name)?,
            precedence: AffinityPrecedence::default(),
            pins: Pins::default(),
            revision: None,
            max_age: None,
            path: None,
            domain: None,
            same_site: None,
            secure: false,
        })
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &CookieName {
        &self.name
    }

    /// Whether it decides before the rules or after them.
    #[must_use]
    pub fn precedence(&self) -> AffinityPrecedence {
        self.precedence
    }

    /// Which variants clients are kept on.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.pins
    }

    /// The revision, if only cookies of one count.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// How many seconds it lasts, if not for the browser's session.
    #[must_use]
    pub fn max_age(&self) -> Option<u32> {
        self.max_age
    }

    /// Its path, if it is given.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Its domain, if it is given.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Its `SameSite`, if it is given.
    #[must_use]
    pub fn same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// Whether it is always marked `Secure`.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Decides before the rules or after them.
    #[must_use]
    pub fn with_precedence(self, precedence: AffinityPrecedence) -> Self {
        CookieAffinity { precedence, ..self }
    }

    /// Keeps clients on these variants.
    #[must_use]
    pub fn with_pins(self, pins: Pins) -> Self {
        CookieAffinity { pins, ..self }
    }

    /// Counts only cookies of this revision: another one forgets every client's variant.
    ///
    /// # Errors
    ///
    /// It is not 1 to 63 letters, digits, `-`, `_` and `.`.
    pub fn with_revision(self, revision: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { revision: Some(checked_revision(revision.to_owned())?), ..self })
    }

    /// Lasts for this many seconds, counted from the response that sets it.
    #[must_use]
    pub fn with_max_age(self, seconds: u32) -> Self {
        CookieAffinity { max_age: Some(seconds), ..self }
    }

    /// Is sent with requests below this path. Without one it is the location's path in ingress-nginx and `/` elsewhere.
    ///
    /// # Errors
    ///
    /// It does not begin with `/`, has more than 1024 characters, a `;`, or one that is not printable ASCII.
    pub fn with_path(self, path: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { path: Some(checked_path(path.to_owned())?), ..self })
    }

    /// Is sent to this domain and those below it. Without one it is sent to the host that set it.
    ///
    /// # Errors
    ///
    /// It is not 1 to 253 letters, digits, `-` and `.`.
    pub fn with_domain(self, domain: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { domain: Some(checked_domain(domain.to_owned())?), ..self })
    }

    /// Is sent with other sites' pages as this says.
    #[must_use]
    pub fn with_same_site(self, same_site: SameSite) -> Self {
        CookieAffinity { same_site: Some(same_site), ..self }
    }

    /// Is always marked `Secure`. If not, it is left to the target: ingress-nginx then does so on HTTPS.
    #[must_use]
    pub fn with_secure(self, secure: bool) -> Self {
        CookieAffinity { secure, ..self }
    }
}

impl CookieAffinity {
    /// The variants that clients are kept on, stable first, each with the value that names it.
    pub(crate) fn pinned<'n>(&self, canaries: impl Iterator<Item = &'n Name>) -> Vec<(Variant, String)> {
        let canaries = canaries.enumerate().map(|(index, name)| (Variant::Canary(index), name.as_str()));
        let everyone = std::iter::once((Variant::Stable, "stable")).chain(canaries);
        let pinned = everyone.filter(|(variant, _)| self.pins == Pins::Everyone || *variant == Variant::Stable);
        let value = |called: &str| match &self.revision {
            Some(revision) => format!("{revision}.{called}"),
            None => called.to_owned(),
        };
        pinned.map(|(variant, called)| (variant, value(called))).collect()
    }

    /// The `Set-Cookie` value with which a client brings this value along.
    pub(crate) fn set_cookie(&self, value: &str) -> String {
        let CookieAffinity { name, precedence: _, pins: _, revision: _, max_age, path, domain, same_site, secure } =
            self;
        let attributes = [
            max_age.map(|seconds| format!("; Max-Age={seconds}")),
            domain.as_ref().map(|domain| format!("; Domain={domain}")),
            Some(format!("; Path={}", path.as_deref().unwrap_or("/"))),
            Some("; Secure".to_owned()).filter(|_| *secure || *same_site == Some(SameSite::None)),
            Some("; HttpOnly".to_owned()),
            same_site.map(|same_site| format!("; SameSite={}", same_site.as_str())),
        ];
        let attributes: String = attributes.into_iter().flatten().collect();
        format!("{name}={value}{attributes}")
    }
}

pub(super) fn checked_revision(revision: String) -> Result<String, Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=63).contains(&revision.len()) && revision.bytes().all(allowed) {
        Ok(revision)
    } else {
        Err(Invalid::Revision(Excerpt::of(&revision)))
    }
}

pub(super) fn checked_path(path: String) -> Result<String, Invalid> {
    let printable = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
    if path.starts_with('/') && path.len() <= 1024 && path.bytes().all(printable) {
        Ok(path)
    } else {
        Err(Invalid::CookiePath(Excerpt::of(&path)))
    }
}

pub(super) fn checked_domain(domain: String) -> Result<String, Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if (1..=253).contains(&domain.len()) && domain.bytes().all(allowed) {
        Ok(domain)
    } else {
        Err(Invalid::CookieDomain(Excerpt::of(&domain)))
    }
}
