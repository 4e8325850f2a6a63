//! **Where** a policy applies: the hosts and paths of requests, and the backend of each variant, which is stable or a canary.
//!
//! Targets write a [`Route`] together with a policy. The policy decides which variant answers; the route says which requests
//! the policy applies to, and which Service answers for each variant. A [`VirtualHost`] is all that one host serves: several
//! policies, and paths without one.

mod backend;
mod front;
mod group;
mod host;
mod location;
mod parent;
mod path;
#[cfg(feature = "serde")]
mod read_spec;
#[cfg(feature = "schemars")]
mod schema;
mod spec;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod virtual_host;

use std::collections::BTreeSet;

pub use backend::{Backend, Port, PortName};
pub(crate) use front::Front;
pub(crate) use group::{Backends, Group, groups};
pub use host::Host;
pub use location::Location;
pub use parent::Parent;
pub(crate) use path::Specificity;
pub use path::{Path, PathType};
pub use spec::{PathSpec, RouteSpec};
pub use virtual_host::VirtualHost;

use crate::error::{ConversionError, Excerpt, InvalidRoute};
use crate::policy::{FormerTokens, Policy, Variant};
use parent::{namespace_name, object_name};

/// The hosts and paths that a policy applies to, and the backend of each variant.
///
/// With `serde` a route is read and written as a [`RouteSpec`]. Hosts, paths, parents and the namespace are optional:
///
/// ```yaml
/// name: web
/// namespace: shop
/// hosts: [example.com]
/// paths: [{ path: /cart, pathType: Prefix }]
/// parents: [infra/public]
/// stable: web:80
/// canaries: [web-canary:80]
/// ```
///
/// ```
/// use canary_policy::Route;
/// use canary_policy::route::Path;
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?
///     .with_namespace("shop")?
///     .with_hosts(["example.com".parse()?])?
///     .with_paths([Path::prefix("/cart")?])?
///     .with_parents(["infra/public".parse()?])?;
/// assert_eq!(route.paths()[0].as_str(), "/cart");
///
/// let twice = route.with_hosts(["a.test".parse()?, "a.test".parse()?]).unwrap_err();
/// assert_eq!(twice.to_string(), "`a.test` is listed twice");
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "RouteSpec", try_from = "RouteSpec"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "RouteSpec"))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "The hosts and paths that a policy applies to, and the backend of each variant.")
)]
pub struct Route {
    name: String,
    namespace: Option<String>,
    hosts: Vec<Host>,
    paths: Vec<Path>,
    parents: Vec<Parent>,
    stable: Backend,
    canaries: Vec<Backend>,
    former_tokens: Option<FormerTokens>,
}

impl Route {
    /// A route of this name for every host and path, without a parent.
    ///
    /// A route is made without a policy, so any number of canaries is accepted, none too. [`check`](Self::check) compares the two.
    ///
    /// # Errors
    ///
    /// The name is not a valid name of a Kubernetes object: a DNS name of at most 253 characters.
    pub fn new(name: &str, stable: Backend, canaries: impl IntoIterator<Item = Backend>) -> Result<Self, InvalidRoute> {
        Ok(Route {
            name: object_name(name)?,
            namespace: None,
            hosts: Vec::new(),
            paths: vec![Path::root()],
            parents: Vec::new(),
            stable,
            canaries: canaries.into_iter().collect(),
            former_tokens: None,
        })
    }

    /// The same route with this name.
    ///
    /// # Errors
    ///
    /// The name is not a valid name of a Kubernetes object.
    pub fn with_name(self, name: &str) -> Result<Self, InvalidRoute> {
        Ok(Route { name: object_name(name)?, ..self })
    }

    /// The same route with these backends.
    #[must_use]
    pub fn with_backends(self, stable: Backend, canaries: impl IntoIterator<Item = Backend>) -> Self {
        Route { stable, canaries: canaries.into_iter().collect(), ..self }
    }

    /// The same route in this namespace.
    ///
    /// # Errors
    ///
    /// The namespace is not a DNS label.
    pub fn with_namespace(self, namespace: &str) -> Result<Self, InvalidRoute> {
        Ok(Route { namespace: Some(namespace_name(namespace)?), ..self })
    }

    /// The same route for these hosts. An empty list stands for every host.
    ///
    /// # Errors
    ///
    /// A host is listed twice.
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = Host>) -> Result<Self, InvalidRoute> {
        let hosts: Vec<Host> = hosts.into_iter().collect();
        unique(&hosts)?;
        Ok(Route { hosts, ..self })
    }

    /// The same route for these paths. An empty list stands for every path.
    ///
    /// # Errors
    ///
    /// A path is listed twice. The prefixes `/cart` and `/cart/` are the same path.
    pub fn with_paths(self, paths: impl IntoIterator<Item = Path>) -> Result<Self, InvalidRoute> {
        let mut paths: Vec<Path> = paths.into_iter().collect();
        if paths.is_empty() {
            paths.push(Path::root());
        }
        unique(&paths)?;
        Ok(Route { paths, ..self })
    }

    /// The same route attached to these parents.
    ///
    /// # Errors
    ///
    /// A parent is listed twice.
    pub fn with_parents(self, parents: impl IntoIterator<Item = Parent>) -> Result<Self, InvalidRoute> {
        let parents: Vec<Parent> = parents.into_iter().collect();
        unique(&parents)?;
        Ok(Route { parents, ..self })
    }

    /// The same route, whose objects honour the tokens in the affinity cookies of the former router, and set the cookie of the
    /// policy. A conversion fails if the policy has no affinity cookie, or if its cookie pins another number of variants.
    ///
    /// ```
    /// use canary_policy::policy::FormerTokens;
    /// use canary_policy::targets::{envoy, nginx};
    /// use canary_policy::{Affinity, CookieAffinity, Policy, Route};
    ///
    /// let tokens = FormerTokens::new(nginx::token("shop", "web", "80"), [nginx::token("shop", "next", "80")])?;
    /// let route = Route::new("web", "web:80".parse()?, ["next:80".parse()?])?.with_former_tokens(tokens);
    /// let policy = Policy::percent(30)?;
    /// assert!(envoy::route_configuration(&policy, &route, &envoy::RouteParams::default()).is_err());
    ///
    /// let policy = policy.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// let written = envoy::route_configuration(&policy, &route, &envoy::RouteParams::default())?.exact()?;
    /// let routes = &written.virtual_hosts[0].routes;
    /// // Two routes for the cookies of the policy, two for those of the former router, and the split.
    /// assert_eq!(routes.len(), 5);
    /// assert_eq!(routes[3].response_headers_to_add[0].header.value.as_str(), "route=canary; Path=/; HttpOnly");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_former_tokens(self, former_tokens: FormerTokens) -> Self {
        Route { former_tokens: Some(former_tokens), ..self }
    }

    /// The same route without former tokens: clients with a cookie of the former router are assigned anew.
    #[must_use]
    pub fn without_former_tokens(self) -> Self {
        Route { former_tokens: None, ..self }
    }

    /// The name of the route, which becomes the name of the objects that are written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace, if one is given.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The hosts; an empty list is every host.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The paths, at least one.
    #[must_use]
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// The Gateways that the route attaches to.
    #[must_use]
    pub fn parents(&self) -> &[Parent] {
        &self.parents
    }

    /// The backend of stable.
    #[must_use]
    pub const fn stable(&self) -> &Backend {
        &self.stable
    }

    /// The backends of the canaries, in the order of the policy's canaries. The list may be empty, or have another length than that
    /// of a policy: ask for [`backend`](Self::backend) instead of an index.
    #[must_use]
    pub fn canaries(&self) -> &[Backend] {
        &self.canaries
    }

    /// The tokens in the affinity cookies of the former router, if they are honoured.
    #[must_use]
    pub const fn former_tokens(&self) -> Option<&FormerTokens> {
        self.former_tokens.as_ref()
    }

    /// Checks that the route and a policy belong together. Every conversion checks it first, whatever the target, so that nothing
    /// is written for a part of the variants. An operator that has both can check it when it reads them.
    ///
    /// # Errors
    ///
    /// * The route has more or fewer canary backends than the policy has canaries.
    /// * The policy has no affinity cookie that its former tokens could be in, or the cookie pins another number of variants.
    ///
    /// ```
    /// use canary_policy::error::ConversionError;
    /// use canary_policy::{Policy, Route};
    ///
    /// let (policy, none) = (Policy::percent(30)?, Route::new("web", "web:80".parse()?, [])?);
    /// assert_eq!(none.check(&policy), Err(ConversionError::Canaries { policy: 1, route: 0 }));
    ///
    /// let one = none.clone().with_backends("web:80".parse()?, ["next:80".parse()?]);
    /// one.check(&policy)?;
    /// assert!(policy.variants().all(|variant| one.backend(variant).is_some()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, policy: &Policy) -> Result<(), ConversionError> {
        check_canaries(policy, &self.canaries)?;
        self.former_tokens.as_ref().map_or(Ok(()), |tokens| tokens.check(policy))?;
        Ok(())
    }

    /// The name, namespace, hosts and parents.
    pub(crate) fn front(&self) -> Front<'_> {
        let Route { name, namespace, hosts, paths: _, parents, stable: _, canaries: _, former_tokens: _ } = self;
        Front { name, namespace: namespace.as_deref(), hosts, parents }
    }

    /// The backend of a variant; `None` if the route has no backend for this canary.
    ///
    /// ```
    /// use canary_policy::{Policy, Route, Sample, Selector, Variant};
    ///
    /// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
    /// let decision = Selector::new(&Policy::percent(30)?).select(&(), Sample::MIN);
    /// assert_eq!(route.backend(decision.variant).map(ToString::to_string).as_deref(), Some("web-canary:80"));
    /// assert_eq!(route.backend(Variant::Canary(1)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn backend(&self, variant: Variant) -> Option<&Backend> {
        match variant {
            Variant::Stable => Some(&self.stable),
            Variant::Canary(index) => self.canaries.get(index),
        }
    }
}

/// Checks that there is one backend for each canary.
fn check_canaries(policy: &Policy, backends: &[Backend]) -> Result<(), ConversionError> {
    let (policy, route) = (policy.canaries().len(), backends.len());
    if policy == route { Ok(()) } else { Err(ConversionError::Canaries { policy, route }) }
}

/// Checks that no item is listed twice.
fn unique(items: &[impl ToString]) -> Result<(), InvalidRoute> {
    repeated(items).into_iter().next().map_or(Ok(()), |(_, invalid)| Err(invalid))
}

/// The items that are listed again, each with its index.
fn repeated(items: &[impl ToString]) -> Vec<(usize, InvalidRoute)> {
    let mut seen = BTreeSet::new();
    let again = |(index, text): (usize, String)| {
        let invalid = InvalidRoute::Duplicate(Excerpt::of(&text));
        (!seen.insert(text)).then_some((index, invalid))
    };
    items.iter().map(ToString::to_string).enumerate().filter_map(again).collect()
}
