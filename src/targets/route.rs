//! Hosts and paths in front of variants.

use std::collections::BTreeSet;

use super::parent::{namespace_name, object_name};
use super::{Backend, Host, Parent, Path, PathType};
use crate::error::{Excerpt, Invalid, RouteError};
use crate::policy::{Policy, Variant};

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
/// assert_eq!(twice.to_string(), "`a.test` is listed twice");
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
    /// One is listed twice.
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = Host>) -> Result<Self, Invalid> {
        let hosts: Vec<Host> = hosts.into_iter().collect();
        once_each(hosts.iter().map(Host::as_str))?;
        Ok(Route { hosts, ..self })
    }

    /// The same for these paths; none is every path.
    ///
    /// # Errors
    ///
    /// One is listed twice.
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
    /// One is listed twice.
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

    /// The hosts, for targets in which `*` is every host.
    pub(super) fn domains(&self) -> Vec<String> {
        let everywhere = self.hosts.is_empty().then(|| "*".to_owned());
        self.hosts.iter().map(Host::to_string).chain(everywhere).collect()
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

fn once_each<'t>(texts: impl Iterator<Item = &'t str>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(Invalid::Twice(Excerpt::of(text)));
        }
    }
    Ok(())
}
