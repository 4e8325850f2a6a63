//! Hosts and paths in front of variants.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use super::Backend;
use crate::error::{Excerpt, Invalid, RouteError};
use crate::policy::{Policy, Variant, is_dns_label, is_dns_subdomain, text};

/// Hosts and paths, and the backend that each variant has behind them.
///
/// ```
/// use canary_policy::targets::{PathType, Route};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?
///     .with_namespace("shop")?
///     .with_hosts(["example.com".parse()?])?
///     .with_paths([("/cart".parse()?, PathType::Prefix)])?
///     .with_parents(["infra/public".parse()?])?;
/// assert_eq!(route.paths()[0].0.as_str(), "/cart");
///
/// let twice = route.with_hosts(["a.test".parse()?, "a.test".parse()?]).unwrap_err();
/// assert_eq!(twice.to_string(), "`a.test` stands there twice");
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) hosts: Vec<Host>,
    pub(super) paths: Vec<(Path, PathType)>,
    pub(super) parents: Vec<Parent>,
    pub(super) stable: Backend,
    pub(super) canaries: Vec<Backend>,
}

/// A DNS name, or one with `*` for its first label.
///
/// ```
/// use canary_policy::targets::Host;
///
/// assert_eq!("*.example.com".parse::<Host>()?.as_str(), "*.example.com");
/// assert!("Example.com".parse::<Host>().is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

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

/// What a route hangs on: a Gateway, by `NAME` or `NAMESPACE/NAME`.
///
/// ```
/// use canary_policy::targets::Parent;
///
/// let parent: Parent = "infra/public".parse()?;
/// assert_eq!((parent.namespace(), parent.name()), (Some("infra"), "public"));
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parent {
    namespace: Option<String>,
    name: String,
}

impl Route {
    /// A route of this name for every host and path.
    ///
    /// # Errors
    ///
    /// The name is not a DNS name.
    pub fn new(name: &str, stable: Backend, canaries: impl IntoIterator<Item = Backend>) -> Result<Self, Invalid> {
        Ok(Route {
            name: object_name(name)?,
            namespace: None,
            hosts: Vec::new(),
            paths: vec![(Path::root(), PathType::Prefix)],
            parents: Vec::new(),
            stable,
            canaries: canaries.into_iter().collect(),
        })
    }

    /// The same with these backends.
    #[must_use]
    pub fn with_backends(self, stable: Backend, canaries: impl IntoIterator<Item = Backend>) -> Self {
        Route { stable, canaries: canaries.into_iter().collect(), ..self }
    }

    /// The same in this namespace.
    ///
    /// # Errors
    ///
    /// It is not a DNS label.
    pub fn with_namespace(self, namespace: &str) -> Result<Self, Invalid> {
        Ok(Route { namespace: Some(namespace_name(namespace)?), ..self })
    }

    /// The same for these hosts; none is every host.
    ///
    /// # Errors
    ///
    /// One stands there twice.
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = Host>) -> Result<Self, Invalid> {
        let hosts: Vec<Host> = hosts.into_iter().collect();
        once_each(hosts.iter().map(Host::as_str))?;
        Ok(Route { hosts, ..self })
    }

    /// The same for these paths; none is every path.
    ///
    /// # Errors
    ///
    /// One stands there twice.
    pub fn with_paths(self, paths: impl IntoIterator<Item = (Path, PathType)>) -> Result<Self, Invalid> {
        let mut paths: Vec<(Path, PathType)> = paths.into_iter().collect();
        if paths.is_empty() {
            paths.push((Path::root(), PathType::Prefix));
        }
        // `/cart/` is `/cart` as a prefix.
        let texts: Vec<String> = paths.iter().map(|(path, kind)| format!("{kind} {}", path.compared(*kind))).collect();
        once_each(texts.iter().map(String::as_str))?;
        Ok(Route { paths, ..self })
    }

    /// The same on these parents.
    ///
    /// # Errors
    ///
    /// One stands there twice.
    pub fn with_parents(self, parents: impl IntoIterator<Item = Parent>) -> Result<Self, Invalid> {
        let parents: Vec<Parent> = parents.into_iter().collect();
        let texts: Vec<String> = parents.iter().map(Parent::to_string).collect();
        once_each(texts.iter().map(String::as_str))?;
        Ok(Route { parents, ..self })
    }

    /// The route's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace, if it is given.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The hosts; none is every host.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The paths, at least one.
    #[must_use]
    pub fn paths(&self) -> &[(Path, PathType)] {
        &self.paths
    }

    /// What it hangs on.
    #[must_use]
    pub fn parents(&self) -> &[Parent] {
        &self.parents
    }

    /// Stable's backend.
    #[must_use]
    pub fn stable(&self) -> &Backend {
        &self.stable
    }

    /// The canaries' backends, in the order of the policy's canaries.
    #[must_use]
    pub fn canaries(&self) -> &[Backend] {
        &self.canaries
    }

    /// The backends of a policy's variants, each with one.
    pub(super) fn backends(&self, policy: &Policy) -> Result<Backends<'_>, RouteError> {
        let (wanted, got) = (policy.canaries().len(), self.canaries.len());
        if wanted == got {
            Ok(Backends { stable: &self.stable, canaries: &self.canaries })
        } else {
            Err(RouteError::Canaries { wanted, got })
        }
    }
}

/// One backend for each variant of a policy.
#[derive(Clone, Copy)]
pub(super) struct Backends<'r> {
    stable: &'r Backend,
    canaries: &'r [Backend],
}

impl<'r> Backends<'r> {
    /// The variant is one of the policy's, so that stable never stands in for a canary here.
    pub(super) fn of(self, variant: Variant) -> &'r Backend {
        variant.index().and_then(|index| self.canaries.get(index)).unwrap_or(self.stable)
    }

    /// Stable's first.
    pub(super) fn all(self) -> impl Iterator<Item = &'r Backend> {
        std::iter::once(self.stable).chain(self.canaries)
    }
}

impl Host {
    /// A host.
    ///
    /// # Errors
    ///
    /// It is not a DNS name, nor `*.` and one.
    pub fn new(host: &str) -> Result<Self, Invalid> {
        let name = is_dns_subdomain(host.strip_prefix("*.").unwrap_or(host)) && host.len() <= 253;
        // An Ingress and the Gateway API take no address.
        if name && host.parse::<Ipv4Addr>().is_err() {
            Ok(Host(host.to_owned()))
        } else {
            Err(Invalid::Host(Excerpt::of(host)))
        }
    }
}

text!(Host);

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

impl Parent {
    /// The namespace, if it is not the route's.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Parent {
    type Err = Invalid;

    /// Reads `NAME` or `NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once('/') {
            None => Ok(Parent { namespace: None, name: object_name(text)? }),
            Some((namespace, name)) => {
                Ok(Parent { namespace: Some(namespace_name(namespace)?), name: object_name(name)? })
            }
        }
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parent { namespace, name } = self;
        match namespace {
            None => f.write_str(name),
            Some(namespace) => write!(f, "{namespace}/{name}"),
        }
    }
}

fn object_name(name: &str) -> Result<String, Invalid> {
    if is_dns_subdomain(name) { Ok(name.to_owned()) } else { Err(Invalid::ObjectName(Excerpt::of(name))) }
}

fn namespace_name(name: &str) -> Result<String, Invalid> {
    if is_dns_label(name) { Ok(name.to_owned()) } else { Err(Invalid::Name(Excerpt::of(name))) }
}

fn once_each<'t>(texts: impl Iterator<Item = &'t str>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(Invalid::Twice(Excerpt::of(text)));
        }
    }
    Ok(())
}
