//! Paths, and how they are compared.

use std::fmt;

use crate::error::{Excerpt, Invalid};
use crate::policy::text;

/// A URL path that every target reads alike.
///
/// ```
/// use canary_policy::targets::Path;
///
/// assert_eq!("/cart".parse::<Path>()?.as_str(), "/cart");
/// assert!("/a//b".parse::<Path>().is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(String);

/// How a path is compared.
///
/// ```
/// use canary_policy::targets::PathType;
///
/// assert_eq!(PathType::Prefix.to_string(), "Prefix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathType {
    /// As a whole.
    Exact,
    /// Element by element: `/cart` and `/cart/` match `/cart`, `/cart/` and `/cart/1`, and not `/carts`.
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

impl Path {
    /// A path.
    ///
    /// # Errors
    ///
    /// It does not begin with `/`, has more than 1024 characters, one that no URL path has, or what the Gateway API and an
    /// API server refuse in a path: `//`, `/./`, `/../` or an escaped `/`.
    pub fn new(path: &str) -> Result<Self, Invalid> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
        let escapes = path.split('%').skip(1).all(|rest| {
            let escaped = rest.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
            escaped && !rest.starts_with("2f") && !rest.starts_with("2F")
        });
        let foreign = ["//", "/./", "/../"].iter().any(|part| path.contains(part));
        let dots = path.ends_with("/..") || path.ends_with("/.");
        let fits = path.starts_with('/') && path.len() <= 1024 && path.bytes().all(plain);
        if fits && escapes && !foreign && !dots {
            Ok(Path(path.to_owned()))
        } else {
            Err(Invalid::Path(Excerpt::of(path)))
        }
    }

    /// The path that every other one is below.
    pub(super) fn root() -> Self {
        Path("/".to_owned())
    }

    /// The path as it is compared: as a prefix without a `/` at its end, so that `/` is empty.
    pub(super) fn compared(&self, kind: PathType) -> &str {
        match kind {
            PathType::Exact => &self.0,
            PathType::Prefix => self.0.strip_suffix('/').unwrap_or(&self.0),
        }
    }
}

text!(Path);
