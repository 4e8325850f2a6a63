//! Affinity by a cookie that the response sets and that names the variant of a client.

use std::str::FromStr;

use super::{AffinityPrecedence, AffinityScope, CanaryName, CookieName, Variant};
use crate::error::{Excerpt, Invalid};
use crate::names::is_dns_label;

/// Whether a browser sends the affinity cookie with requests that come from another site's page (RFC 6265bis,
/// `SameSite`).
///
/// ```
/// assert_eq!(canary_policy::SameSite::Lax.as_str(), "Lax");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The SameSite attribute of a cookie."))]
#[cfg_attr(feature = "schemars", schemars(with = "String", extend("enum" = ["Strict", "Lax", "None"])))]
pub enum SameSite {
    /// The browser withholds the cookie from every request that comes from another site's page.
    Strict,
    /// The browser sends the cookie when the user follows a link on another site's page, and withholds it otherwise.
    Lax,
    /// The browser sends the cookie with every request. Browsers refuse such a cookie unless it is `Secure`, so it is
    /// always set with `Secure`.
    None,
}

impl SameSite {
    /// The value of the attribute: `Strict`, `Lax` or `None`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }
}

impl FromStr for SameSite {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let all = [SameSite::Strict, SameSite::Lax, SameSite::None];
        all.into_iter().find(|other| other.as_str() == text).ok_or_else(|| Invalid::SameSite(Excerpt::of(text)))
    }
}

/// Affinity by a cookie: the response sets it, and its value names the client's variant.
///
/// The cookie is read as ingress-nginx reads its affinity cookie. Names that differ in letter case are different, the
/// **last** cookie of the name is taken, and its value ends at `;`, space or tab. If the value has several fields
/// separated by `|`, the second one names the variant; otherwise the whole value does, unless the selector was made
/// [with tokens](crate::Selector::with_tokens). A value that names no variant, such as one with an outdated
/// [revision](Self::with_revision), is ignored, and the request is decided as one without the cookie.
///
/// Clients can write the cookie themselves, so it does not keep anybody away from a canary.
///
/// A client keeps its canary even if the canary's weight falls to 0, unless the cookie pins clients
/// [to stable only](Self::with_scope). To take the clients of a canary back, set a new [revision](Self::with_revision)
/// together with the weight, or remove the canary. In ingress-nginx, whose cookies have no revision, a new name of the cookie
/// releases them.
///
/// Browsers drop a cookie whose name begins with `__Secure-`, `__Host-` or `__Http-`, in any letter case, unless it is
/// `Secure`, so it always is. With `__Host-`, the path is always `/`, and no domain can be set (RFC 6265bis, section
/// 4.1.3).
///
/// ```
/// use canary_policy::{AffinityPrecedence, CookieAffinity, SameSite};
///
/// let affinity = CookieAffinity::new("route")?
///     .with_precedence(AffinityPrecedence::AfterRules)
///     .with_revision("7")?
///     .with_max_age(86_400)
///     .with_path("/shop")?
///     .with_same_site(SameSite::Lax);
/// assert_eq!(affinity.name().as_str(), "route");
/// assert_eq!(affinity.max_age(), Some(86_400));
/// assert!(affinity.with_revision("a|b").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CookieAffinity {
    pub(crate) name: CookieName,
    pub(crate) precedence: AffinityPrecedence,
    pub(crate) scope: AffinityScope,
    pub(crate) revision: Option<String>,
    pub(crate) max_age: Option<u32>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) secure: bool,
}

impl CookieAffinity {
    /// Affinity by a cookie of this name, which decides before the rules, pins clients to all variants and lasts for
    /// the browser's session.
    ///
    /// # Errors
    ///
    /// The name is not a [`CookieName`].
    pub fn new(name: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity {
            name: CookieName::new(name)?,
            precedence: AffinityPrecedence::default(),
            scope: AffinityScope::default(),
            revision: None,
            max_age: None,
            path: Some("/".to_owned()).filter(|_| is_for_one_host(name)),
            domain: None,
            same_site: None,
            secure: is_for_https(name),
        })
    }

    /// The name of the cookie.
    #[must_use]
    pub const fn name(&self) -> &CookieName {
        &self.name
    }

    /// Whether the cookie decides before the rules or after them.
    #[must_use]
    pub const fn precedence(&self) -> AffinityPrecedence {
        self.precedence
    }

    /// The variants that clients are pinned to.
    #[must_use]
    pub const fn scope(&self) -> AffinityScope {
        self.scope
    }

    /// The revision that a cookie must carry, if one is set.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// The lifetime of the cookie in seconds; `None` if it lasts for the browser's session.
    #[must_use]
    pub const fn max_age(&self) -> Option<u32> {
        self.max_age
    }

    /// The `Path` of the cookie, if one is set.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The `Domain` of the cookie, if one is set.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The `SameSite` of the cookie, if one is set.
    #[must_use]
    pub const fn same_site(&self) -> Option<SameSite> {
        self.same_site
    }

    /// Whether the cookie is always marked `Secure`, even when it is set over plain HTTP; see
    /// [`with_secure`](Self::with_secure).
    #[must_use]
    pub const fn secure(&self) -> bool {
        self.secure
    }

    /// The same affinity, which decides before or after the rules.
    #[must_use]
    pub fn with_precedence(self, precedence: AffinityPrecedence) -> Self {
        CookieAffinity { precedence, ..self }
    }

    /// The same affinity, which pins clients to these variants.
    #[must_use]
    pub fn with_scope(self, scope: AffinityScope) -> Self {
        CookieAffinity { scope, ..self }
    }

    /// The same affinity with this revision: cookies of another revision, or of none, are ignored. A new revision
    /// therefore makes every client lose its variant.
    ///
    /// # Errors
    ///
    /// The revision is not 1 to 63 letters, digits, `-`, `_` or `.`.
    pub fn with_revision(self, revision: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { revision: Some(checked_revision(revision.to_owned())?), ..self })
    }

    /// The same affinity with a cookie that lasts for this many seconds from the response that sets it. Browsers drop a
    /// cookie of 0 seconds at once, so no client keeps its variant.
    #[must_use]
    pub fn with_max_age(self, seconds: u32) -> Self {
        CookieAffinity { max_age: Some(seconds), ..self }
    }

    /// The same affinity with a cookie that is sent with requests below this path. By default, ingress-nginx sets the
    /// path of its location, and everything else sets `/`.
    ///
    /// # Errors
    ///
    /// The path does not begin with `/`, has more than 1024 characters, or has a `;` or a character that is not
    /// printable ASCII. If the name of the cookie begins with `__Host-`, every path but `/` is an error.
    pub fn with_path(self, path: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { path: Some(checked_path(path.to_owned(), self.name.as_str())?), ..self })
    }

    /// The same affinity with a cookie that is sent to this domain and its subdomains. By default it is sent to the
    /// host that set it.
    ///
    /// # Errors
    ///
    /// The domain is not made of labels that are separated by dots, each of 1 to 63 letters, digits and inner `-`, or it
    /// has more than 253 characters. A dot before the first label is allowed; browsers ignore it. If the name of the
    /// cookie begins with `__Host-`, every domain is an error.
    pub fn with_domain(self, domain: &str) -> Result<Self, Invalid> {
        Ok(CookieAffinity { domain: Some(checked_domain(domain.to_owned(), self.name.as_str())?), ..self })
    }

    /// The same affinity with a cookie of this `SameSite`.
    #[must_use]
    pub fn with_same_site(self, same_site: SameSite) -> Self {
        CookieAffinity { same_site: Some(same_site), ..self }
    }

    /// The same affinity. If `secure` is true, the cookie is always marked `Secure`, even if it is set over plain HTTP.
    ///
    /// If `secure` is false, which is the default, ingress-nginx marks the cookie on HTTPS only. A selector and all other
    /// targets mark it only if its `SameSite` is `None`.
    ///
    /// A cookie whose name begins with `__Secure-`, `__Host-` or `__Http-` stays `Secure`.
    #[must_use]
    pub fn with_secure(self, secure: bool) -> Self {
        CookieAffinity { secure: secure || is_for_https(self.name.as_str()), ..self }
    }
}

impl CookieAffinity {
    /// The variants that clients are pinned to, stable first, each with the text that names it in a cookie: its name,
    /// or the revision and its name, as in `7.canary`.
    pub(crate) fn pinned<'n>(&self, canaries: impl Iterator<Item = &'n CanaryName>) -> Vec<(Variant, String)> {
        let canaries = canaries.enumerate().map(|(index, name)| (Variant::Canary(index), name.as_str()));
        let canaries = canaries.filter(|_| self.scope == AffinityScope::AllVariants);
        let value = |name: &str| match &self.revision {
            Some(revision) => format!("{revision}.{name}"),
            None => name.to_owned(),
        };
        let variants = std::iter::once((Variant::Stable, "stable")).chain(canaries);
        variants.map(|(variant, name)| (variant, value(name))).collect()
    }

    /// The value of a `Set-Cookie` header that gives a client a cookie with this value.
    pub(crate) fn set_cookie(&self, value: &str) -> String {
        let CookieAffinity { name, precedence: _, scope: _, revision: _, max_age, path, domain, same_site, secure } =
            self;
        let mut text = String::with_capacity(128);
        text.extend([name.as_str(), "=", value]);
        if let Some(seconds) = max_age {
            text.extend(["; Max-Age=", &seconds.to_string()]);
        }
        if let Some(domain) = domain {
            text.extend(["; Domain=", domain]);
        }
        text.extend(["; Path=", path.as_deref().unwrap_or("/")]);
        if *secure || *same_site == Some(SameSite::None) {
            text.push_str("; Secure");
        }
        text.push_str("; HttpOnly");
        if let Some(same_site) = same_site {
            text.extend(["; SameSite=", same_site.as_str()]);
        }
        text
    }
}

/// The largest number of characters of a token or revision: that of a label of Kubernetes.
pub(super) const MAX_TOKEN: usize = 63;

/// The largest number of characters of a path. Browsers ignore longer ones.
pub(super) const MAX_PATH: usize = 1024;

/// The largest number of characters of a domain: that of a DNS name.
pub(super) const MAX_DOMAIN: usize = 253;

/// The same text, if it is a revision.
pub(super) fn checked_revision(revision: String) -> Result<String, Invalid> {
    if is_token(&revision) { Ok(revision) } else { Err(Invalid::Revision(Excerpt::of(&revision))) }
}

/// Whether a text can be a token or a revision in an affinity cookie: 1 to 63 letters, digits, `-`, `_` or `.`.
pub(super) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(allowed)
}

/// The same text, if it is the path of a cookie with this name.
pub(super) fn checked_path(path: String, name: &str) -> Result<String, Invalid> {
    let printable = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
    if !path.starts_with('/') || path.len() > MAX_PATH || !path.bytes().all(printable) {
        Err(Invalid::CookiePath(Excerpt::of(&path)))
    } else if is_for_one_host(name) && path != "/" {
        Err(Invalid::CookiePrefix(Excerpt::of(name)))
    } else {
        Ok(path)
    }
}

/// The same text, if it is the domain of a cookie with this name.
pub(super) fn checked_domain(domain: String, name: &str) -> Result<String, Invalid> {
    let is_label = |label: &str| is_dns_label(&label.to_ascii_lowercase());
    if domain.len() > MAX_DOMAIN || !domain.strip_prefix('.').unwrap_or(&domain).split('.').all(is_label) {
        Err(Invalid::CookieDomain(Excerpt::of(&domain)))
    } else if is_for_one_host(name) {
        Err(Invalid::CookiePrefix(Excerpt::of(name)))
    } else {
        Ok(domain)
    }
}

/// Whether a cookie with this name is `Secure`, if the policy says so, says not, or says nothing.
pub(super) fn checked_secure(secure: Option<bool>, name: &str) -> Result<bool, Invalid> {
    match secure {
        Some(false) if is_for_https(name) => Err(Invalid::CookiePrefix(Excerpt::of(name))),
        secure => Ok(secure.unwrap_or_else(|| is_for_https(name))),
    }
}

/// Whether browsers drop a cookie with this name unless it is `Secure`.
fn is_for_https(name: &str) -> bool {
    ["__Secure-", "__Host-", "__Http-"].into_iter().any(|prefix| begins_with(name, prefix))
}

/// Whether browsers drop a cookie with this name unless it has the path `/` and no domain.
fn is_for_one_host(name: &str) -> bool {
    begins_with(name, "__Host-")
}

/// Whether a name begins with a prefix, in any letter case.
fn begins_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
