//! Paths: a text, and how the path of a request is compared with it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "serde")]
use super::PathSpec;
use crate::error::{Excerpt, InvalidRoute};

/// The largest number of characters of a path. A path of the Gateway API has the same bound.
pub(super) const MAX_PATH: usize = 1024;

/// A URL path of a route and how requests are compared with it.
///
/// Only paths that every target reads alike are valid. With `serde` it is written as in an Ingress:
/// `{"path": "/cart", "pathType": "Prefix"}`.
///
/// ```
/// use canary_policy::route::{Path, PathType};
///
/// let cart = Path::prefix("/cart")?;
/// assert_eq!((cart.as_str(), cart.path_type()), ("/cart", PathType::Prefix));
/// assert!(Path::exact("/a//b").is_err());
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "PathSpec", try_from = "PathSpec"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "PathSpec"))]
#[cfg_attr(feature = "schemars", schemars(description = "A URL path and how requests are compared with it."))]
pub struct Path {
    text: String,
    path_type: PathType,
}

/// How a request's path is compared with the path of a route.
///
/// ```
/// use canary_policy::route::PathType;
///
/// assert_eq!(PathType::Prefix.to_string(), "Prefix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "How a request's path is compared with the path of a route."))]
#[cfg_attr(feature = "schemars", schemars(with = "String", extend("enum" = ["Exact", "Prefix"])))]
pub enum PathType {
    /// The whole path is equal.
    Exact,
    /// The path of the request begins with the same elements. In a route, `/cart` and `/cart/` mean the same: they match
    /// requests for `/cart`, `/cart/` and `/cart/1`, but not for `/carts`.
    Prefix,
}

impl fmt::Display for PathType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathType::Exact => "Exact",
            PathType::Prefix => "Prefix",
        })
    }
}

impl FromStr for PathType {
    type Err = InvalidRoute;

    fn from_str(text: &str) -> Result<Self, InvalidRoute> {
        match text {
            "Exact" => Ok(PathType::Exact),
            "Prefix" => Ok(PathType::Prefix),
            _ => Err(InvalidRoute::PathType(Excerpt::of(text))),
        }
    }
}

impl Path {
    /// A path with this text, which is compared as `path_type` says.
    ///
    /// # Errors
    ///
    /// * The text does not begin with `/`, or has more than 1024 characters.
    /// * The text has a character that no URL path has (RFC 3986), or a `%` without two hexadecimal digits.
    /// * The Gateway API or the Kubernetes API server refuses the text: it has `//`, `/./`, `/../` or an escaped `/`, or ends with
    ///   `/.` or `/..`.
    /// * The text escapes a letter, a digit, `-`, `.`, `_` or `~`, as in `/%41`. RFC 3986 (6.2.2.2) makes `/A` of it, and so do
    ///   proxies such as Istio's before they compare paths, so that the path would never match.
    /// * The text has `%00`, which proxies answer with an error.
    pub fn new(text: &str, path_type: PathType) -> Result<Self, InvalidRoute> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
        let escapes = text.split('%').skip(1).all(|rest| {
            let escaped = rest.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
            escaped && !rest.starts_with("2f") && !rest.starts_with("2F")
        });
        let refused = ["//", "/./", "/../"].iter().any(|part| text.contains(part));
        let dots = text.ends_with("/..") || text.ends_with("/.");
        let fits = text.starts_with('/') && text.len() <= MAX_PATH && text.bytes().all(plain);
        let is_path = fits && escapes && !refused && !dots;
        if !is_path {
            Err(InvalidRoute::Path(Excerpt::of(text)))
        } else if let Some(escape) = escape_that_proxies_replace(text) {
            Err(InvalidRoute::PathEscape { path: Excerpt::of(text), escape: Excerpt::of(escape) })
        } else {
            Ok(Path { text: text.to_owned(), path_type })
        }
    }

    /// A path that matches if the path of a request is equal.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn exact(text: &str) -> Result<Self, InvalidRoute> {
        Path::new(text, PathType::Exact)
    }

    /// A path that matches if the path of a request begins with the same elements.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn prefix(text: &str) -> Result<Self, InvalidRoute> {
        Path::new(text, PathType::Prefix)
    }

    /// The prefix `/`, which matches every path, and which a route has if no other path is given.
    ///
    /// ```
    /// use canary_policy::route::Path;
    ///
    /// assert_eq!(Path::root(), Path::prefix("/")?);
    /// # Ok::<(), canary_policy::error::InvalidRoute>(())
    /// ```
    #[must_use]
    pub fn root() -> Self {
        Path { text: "/".to_owned(), path_type: PathType::Prefix }
    }

    /// The text, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is compared.
    #[must_use]
    pub const fn path_type(&self) -> PathType {
        self.path_type
    }

    /// Whether the path of a request matches. The path of the request is without a query, and is compared as it is: an escaped
    /// character is not the character.
    ///
    /// ```
    /// use canary_policy::route::Path;
    ///
    /// let cart = Path::prefix("/cart")?;
    /// assert!(cart.matches("/cart") && cart.matches("/cart/1"));
    /// assert!(!cart.matches("/carts"));
    /// # Ok::<(), canary_policy::error::InvalidRoute>(())
    /// ```
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match (path.strip_prefix(self.compared()), self.path_type) {
            (Some(rest), PathType::Exact) => rest.is_empty(),
            (Some(rest), PathType::Prefix) => rest.is_empty() || rest.starts_with('/'),
            (None, _) => false,
        }
    }

    /// The text that is compared. A `/` at the end of a prefix is removed, so the prefix `/` is the empty text.
    pub(crate) fn compared(&self) -> &str {
        match self.path_type {
            PathType::Exact => &self.text,
            PathType::Prefix => self.text.strip_suffix('/').unwrap_or(&self.text),
        }
    }

    /// The texts of all prefixes that match every request that this path matches, except the path itself. For the prefix `/a/b`
    /// they are the empty text and `/a`; for exactly `/a/b` they are the empty text, `/a` and `/a/b`.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let text = self.compared();
        let shorter = text.match_indices('/').filter_map(|(at, _)| text.get(..at));
        shorter.chain((self.path_type == PathType::Exact).then_some(text))
    }

    /// What decides between paths that match a request: the smaller one.
    pub(crate) fn specificity(&self) -> Specificity<'_> {
        Specificity::new(self.path_type, self.compared())
    }

    /// Whether the path matches every request.
    pub(crate) fn matches_all(&self) -> bool {
        self.path_type == PathType::Prefix && self.compared().is_empty()
    }
}

/// What decides between paths: exact paths come first, then longer prefixes before shorter ones. Paths of which none covers another
/// one are in the order of their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Specificity<'p> {
    path_type: PathType,
    length: Reverse<usize>,
    text: &'p str,
}

impl<'p> Specificity<'p> {
    const fn new(path_type: PathType, text: &'p str) -> Self {
        Specificity { path_type, length: Reverse(text.len()), text }
    }

    /// Whether it is that of an exact path.
    pub(crate) fn is_exact(self) -> bool {
        self.path_type == PathType::Exact
    }

    /// The specificities of all paths that match a request, in the order in which they decide.
    pub(crate) fn of_request(request: &'p str) -> impl Iterator<Item = Self> {
        let shorter = request.rmatch_indices('/').filter_map(|(at, _)| request.get(..at));
        let prefixes = std::iter::once(request).chain(shorter).map(|text| Specificity::new(PathType::Prefix, text));
        std::iter::once(Specificity::new(PathType::Exact, request)).chain(prefixes)
    }

    /// The specificities of all paths that match every request which this path matches, in the order in which they decide.
    pub(crate) fn of_covering(path: &'p Path) -> impl Iterator<Item = Self> {
        // An exact path matches one request, and a prefix several.
        let is_prefix = path.path_type == PathType::Prefix;
        Specificity::of_request(path.compared()).skip(usize::from(is_prefix))
    }
}

/// The first escape of a character that needs no escape in a path (RFC 3986, 2.3), or of the character 0.
fn escape_that_proxies_replace(text: &str) -> Option<&str> {
    let escapes = text.match_indices('%').filter_map(|(at, _)| text.get(at..at + 3));
    escapes.into_iter().find(|escape| {
        let byte = escape.get(1..).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_some_and(|byte| byte == 0 || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    })
}

/// The type and the text that is compared, as in `Prefix /cart`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.matches_all() { "/" } else { self.compared() };
        write!(f, "{} {text}", self.path_type)
    }
}
