//! Virtual hosts: all that one host serves.

use super::group::{Group, groups, runs};
use super::parent::{namespace_name, object_name};
use super::{Front, Host, Location, Parent, Path, Route, Specificity, unique};
use crate::error::{ConversionError, InvalidRoute};
use crate::policy::Policy;

/// All that one host serves: its locations, with and without a policy.
///
/// The most specific location whose path matches a request decides: an exact path before every prefix, and a longer prefix before a
/// shorter one. No other location is asked, not even if the backend of the first one has no endpoints.
///
/// A [`Route`] has the paths of one policy. If a host has several policies, or paths without a policy, a target needs all of them
/// together: in some targets the order of the rules decides, and a path that is left out would reach the backend of another one.
///
/// With `serde` a virtual host reads like this; hosts, parents, the namespace and a location's policy are optional:
///
/// ```yaml
/// name: shop
/// namespace: shop
/// hosts: [shop.example.com]
/// parents: [infra/public]
/// locations:
///   - { path: /orders, pathType: Prefix, stable: orders:80 }
///   - { path: /, pathType: Prefix, stable: shop:80, policy: { canaries: [{ weight: 30 }] }, canaries: [shop-canary:80] }
/// ```
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
///
/// let host = VirtualHost::new("shop", [shop.clone(), orders])?.with_hosts(["shop.example.com".parse()?])?;
/// assert_eq!(host.location("/orders/1").unwrap().stable().service(), "orders");
/// assert_eq!(host.location("/order").unwrap(), &shop);
///
/// let twice = VirtualHost::new("shop", [shop.clone(), shop]).unwrap_err();
/// assert_eq!(twice.to_string(), "`Prefix /` is listed twice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "VirtualHostFields", try_from = "VirtualHostFields"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(with = "VirtualHostFields"))]
pub struct VirtualHost {
    name: String,
    namespace: Option<String>,
    hosts: Vec<Host>,
    parents: Vec<Parent>,
    /// In the order in which they decide.
    locations: Vec<Location>,
}

impl VirtualHost {
    /// A virtual host of this name for every host, without a parent. The locations can be in any order.
    ///
    /// # Errors
    ///
    /// * The name is not a valid name of a Kubernetes object: a DNS name of at most 253 characters.
    /// * There is no location, or two locations have the same path. The prefixes `/cart` and `/cart/` are the same path.
    pub fn new(name: &str, locations: impl IntoIterator<Item = Location>) -> Result<Self, InvalidRoute> {
        let locations = most_specific_first(locations.into_iter().collect());
        if locations.is_empty() {
            return Err(InvalidRoute::NoLocation);
        }
        unique(&locations.iter().map(Location::path).collect::<Vec<_>>())?;
        Ok(VirtualHost { name: object_name(name)?, namespace: None, hosts: Vec::new(), parents: Vec::new(), locations })
    }

    /// A virtual host for every host, of whose locations none is known. Only a reader has such a one.
    pub(crate) fn unread(name: &str) -> Result<Self, InvalidRoute> {
        let (hosts, parents, locations) = (Vec::new(), Vec::new(), Vec::new());
        Ok(VirtualHost { name: object_name(name)?, namespace: None, hosts, parents, locations })
    }

    /// The virtual host that has only the paths of a route, all with this policy.
    ///
    /// # Errors
    ///
    /// The route does not have one backend for each canary.
    ///
    /// ```
    /// use canary_policy::route::{Path, VirtualHost};
    /// use canary_policy::{Policy, Route};
    ///
    /// let route = Route::new("web", "web:80".parse()?, ["next:80".parse()?])?.with_paths([Path::prefix("/cart")?])?;
    /// let host = VirtualHost::of_route(&Policy::percent(30)?, &route)?;
    /// assert_eq!(host.location("/"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_route(policy: &Policy, route: &Route) -> Result<Self, ConversionError> {
        let Route { name, namespace, hosts, paths, parents, stable, canaries, former_tokens } = route;
        let location = |path: &Path| {
            let location = Location::new(path.clone(), stable.clone());
            let location = location.with_policy(policy.clone(), canaries.iter().cloned())?;
            match former_tokens {
                Some(former_tokens) => Ok(location.with_former_tokens(former_tokens.clone())?),
                None => Ok(location),
            }
        };
        let locations = most_specific_first(paths.iter().map(location).collect::<Result<_, ConversionError>>()?);
        Ok(VirtualHost {
            name: name.clone(),
            namespace: namespace.clone(),
            hosts: hosts.clone(),
            parents: parents.clone(),
            locations,
        })
    }

    /// The same virtual host in this namespace.
    ///
    /// # Errors
    ///
    /// The namespace is not a DNS label.
    pub fn with_namespace(self, namespace: &str) -> Result<Self, InvalidRoute> {
        Ok(VirtualHost { namespace: Some(namespace_name(namespace)?), ..self })
    }

    /// The same virtual host for these hosts. An empty list stands for every host.
    ///
    /// # Errors
    ///
    /// A host is listed twice.
    pub fn with_hosts(self, hosts: impl IntoIterator<Item = Host>) -> Result<Self, InvalidRoute> {
        let hosts: Vec<Host> = hosts.into_iter().collect();
        unique(&hosts)?;
        Ok(VirtualHost { hosts, ..self })
    }

    /// The same virtual host attached to these parents.
    ///
    /// # Errors
    ///
    /// A parent is listed twice.
    pub fn with_parents(self, parents: impl IntoIterator<Item = Parent>) -> Result<Self, InvalidRoute> {
        let parents: Vec<Parent> = parents.into_iter().collect();
        unique(&parents)?;
        Ok(VirtualHost { parents, ..self })
    }

    /// The same virtual host without [former tokens](Location::with_former_tokens) at its locations: clients with an affinity
    /// cookie of the former router are assigned anew.
    #[must_use]
    pub fn without_former_tokens(self) -> Self {
        let locations = self.locations.into_iter().map(Location::without_former_tokens).collect();
        VirtualHost { locations, ..self }
    }

    /// The name of the virtual host, which becomes the name of the objects that are written.
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

    /// The Gateways that the virtual host attaches to.
    #[must_use]
    pub fn parents(&self) -> &[Parent] {
        &self.parents
    }

    /// The locations, at least one, in the order in which they decide: exact paths first, then longer prefixes before shorter ones.
    /// Only a [reading](crate::targets::VirtualHostReading) of objects without a rule that can be read has none.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// The location that decides requests for this path, which is without a query. `None` if no location matches; the host has
    /// no answer then.
    #[must_use]
    pub fn location(&self, path: &str) -> Option<&Location> {
        Specificity::of_request(path).find_map(|specificity| self.at(specificity))
    }

    /// The location that decides every request for this path, unless the request belongs to a more specific location.
    pub(crate) fn covering(&self, path: &Path) -> Option<&Location> {
        Specificity::of_covering(path).find_map(|specificity| self.at(specificity))
    }

    /// The location whose path has this specificity.
    fn at(&self, specificity: Specificity<'_>) -> Option<&Location> {
        // The locations are sorted by specificity, and no two are equally specific.
        let place = self.locations.binary_search_by(|location| location.path().specificity().cmp(&specificity));
        self.locations.get(place.ok()?)
    }

    /// The name, namespace, hosts and parents.
    pub(crate) fn front(&self) -> Front<'_> {
        let VirtualHost { name, namespace, hosts, parents, locations: _ } = self;
        Front { name, namespace: namespace.as_deref(), hosts, parents }
    }

    /// The groups of neighbouring locations that lead alike, in the order in which they decide. The backends are named as an
    /// object in this namespace names them.
    pub(crate) fn runs(&self, namespace: Option<&str>) -> Vec<Group<'_>> {
        runs(self.each(namespace))
    }

    /// The groups of all locations that lead alike, for objects in the namespace of the virtual host.
    pub(crate) fn groups(&self) -> Vec<Group<'_>> {
        groups(self.each(self.namespace()))
    }

    /// A group for each location.
    fn each(&self, namespace: Option<&str>) -> Vec<Group<'_>> {
        let group = |location| Group::of_location(location, self.namespace(), namespace);
        self.locations.iter().map(group).collect()
    }
}

/// The locations in the order in which they decide.
fn most_specific_first(mut locations: Vec<Location>) -> Vec<Location> {
    locations.sort_by(|one, other| one.path().specificity().cmp(&other.path().specificity()));
    locations
}

/// The serialised form of a [`VirtualHost`].
#[cfg(feature = "serde")]
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VirtualHostFields {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<Host>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parents: Vec<Parent>,
    locations: Vec<Location>,
}

#[cfg(feature = "serde")]
impl From<VirtualHost> for VirtualHostFields {
    fn from(host: VirtualHost) -> Self {
        let VirtualHost { name, namespace, hosts, parents, locations } = host;
        VirtualHostFields { name, namespace, hosts, parents, locations }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<VirtualHostFields> for VirtualHost {
    type Error = InvalidRoute;

    fn try_from(fields: VirtualHostFields) -> Result<Self, InvalidRoute> {
        let VirtualHostFields { name, namespace, hosts, parents, locations } = fields;
        let host = VirtualHost::new(&name, locations)?;
        let host = match namespace {
            Some(namespace) => host.with_namespace(&namespace)?,
            None => host,
        };
        host.with_hosts(hosts)?.with_parents(parents)
    }
}
