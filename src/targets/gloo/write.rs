//! A policy and a route, or a virtual host, as a VirtualService or a RouteTable.

use super::header_matcher::header_matcher;
use super::{
    Destination, HeaderMatcher, KubeDestination, Matcher, MultiDestination, Options, ResourceRef, RouteAction,
    RouteTable, RouteTableSpec, Rule, VirtualHost, VirtualService, VirtualServiceSpec, WeightedDestination,
};
use crate::error::ConversionError;
use crate::policy::Policy;
use crate::route::{Front, Group, Route, VirtualHost as Host};
use crate::targets::location_loss::each_group;
use crate::targets::loss::wildcard_hosts;
use crate::targets::object::variants_of;
use crate::targets::table::{self, Limits, Row, Share, Split, Table, TextMatch, WeightLimit, check_size, json_bytes};
use crate::targets::{Conversion, LocationLoss, Metadata, Object, UnknownFields};

const API_VERSION: &str = "gateway.solo.io/v1";

/// The namespace of the Services and of the object if the route has none.
const DEFAULT_NAMESPACE: &str = "default";

/// The largest weight.
const MAX_WEIGHT: u32 = u32::MAX;

/// Why an affinity key cannot choose the variant.
const WHY_NO_HASH: &str =
    "Gloo chooses a variant by weight for each request, and hashes only among the pods of one variant";

/// Writes a policy and a route as a VirtualService.
///
/// # Errors
///
/// * The route does not have one backend for each canary, or has a backend without a port number.
/// * The object would be larger than what Kubernetes stores. Each path is written for each condition of the policy.
///
/// ```
/// use canary_policy::targets::gloo;
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web".parse()?, ["web-canary:80".parse()?])?;
/// assert_eq!(
///     gloo::virtual_service(&policy, &route).unwrap_err().to_string(),
///     "backends: `web` needs a port number: a kube destination of Gloo has a port number",
/// );
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_namespace("shop")?;
/// let service = gloo::virtual_service(&policy, &route)?.exact()?;
/// let routes = &service.spec.virtual_host.routes;
/// assert_eq!(routes[0].matchers[0].headers[0].value, "always");
/// let destinations = &routes[2].route_action.multi.as_ref().unwrap().destinations;
/// assert!(destinations.iter().map(|destination| destination.weight).eq([995, 5]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn virtual_service(policy: &Policy, route: &Route) -> Result<Conversion<VirtualService>, ConversionError> {
    let mut conversion = of_route(policy, route, "VirtualService", virtual_service_spec(route.front()))?;
    conversion.losses.extend(wildcard_hosts(route.hosts()));
    Ok(conversion)
}

/// Writes a policy and a route as a RouteTable, to which a VirtualService delegates.
///
/// The hosts of the route are not written, because the VirtualService has the hosts. The paths of the route have to begin with
/// the prefix under which the VirtualService delegates.
///
/// # Errors
///
/// Those of [`virtual_service`].
///
/// ```
/// use canary_policy::targets::gloo;
/// use canary_policy::{Affinity, KeyAffinity, Policy, Route};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let table = gloo::route_table(&Policy::percent(30)?, &route)?.exact()?;
/// assert_eq!(table.spec.routes[0].matchers[0].prefix.as_deref(), Some("/"));
///
/// let keyed = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// assert!(gloo::route_table(&keyed, &route)?.exact().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_table(policy: &Policy, route: &Route) -> Result<Conversion<RouteTable>, ConversionError> {
    of_route(policy, route, "RouteTable", |routes| RouteTableSpec { routes, unknown: UnknownFields::default() })
}

/// Writes a virtual host as a VirtualService. The routes are in the order in which the locations decide.
///
/// # Errors
///
/// * A backend has no port number.
/// * The object would be larger than what Kubernetes stores. Each path is written for each condition of its policy.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gloo;
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let service = gloo::virtual_service_of_host(&VirtualHost::new("shop", [shop, orders])?)?.exact()?;
/// let routes = &service.spec.virtual_host.routes;
/// assert_eq!(routes[0].route_action.single.as_ref().unwrap().kube.as_ref().unwrap().service.name, "orders");
/// assert_eq!(routes[1].route_action.multi.as_ref().unwrap().destinations.len(), 2);
///
/// let without_port = Location::new(Path::prefix("/orders")?, "orders".parse()?);
/// assert_eq!(
///     gloo::virtual_service_of_host(&VirtualHost::new("shop", [without_port])?).unwrap_err().to_string(),
///     "shop Prefix /orders: backends: `orders` needs a port number: a kube destination of Gloo has a port number",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn virtual_service_of_host(host: &Host) -> Result<Conversion<VirtualService, LocationLoss>, ConversionError> {
    let mut conversion = of_host(host, "VirtualService", virtual_service_spec(host.front()))?;
    conversion.losses.extend(LocationLoss::of_hosts(host.front()));
    Ok(conversion)
}

/// Writes a virtual host as a RouteTable, to which a VirtualService delegates. As in [`route_table`], its hosts are not written.
///
/// # Errors
///
/// Those of [`virtual_service_of_host`].
///
/// ```
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gloo;
///
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let table = gloo::route_table_of_host(&VirtualHost::new("shop", [orders])?)?.exact()?;
/// assert_eq!(table.spec.routes[0].matchers[0].exact.as_deref(), Some("/orders"));
///
/// let without_port = Location::new(Path::prefix("/orders")?, "orders".parse()?);
/// assert!(gloo::route_table_of_host(&VirtualHost::new("shop", [without_port])?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_table_of_host(host: &Host) -> Result<Conversion<RouteTable, LocationLoss>, ConversionError> {
    of_host(host, "RouteTable", |routes| RouteTableSpec { routes, unknown: UnknownFields::default() })
}

fn virtual_service_spec(front: Front<'_>) -> impl FnOnce(Vec<Rule>) -> VirtualServiceSpec {
    let domains = front.domains();
    |routes| VirtualServiceSpec {
        virtual_host: VirtualHost { domains, routes, unknown: UnknownFields::default() },
        unknown: UnknownFields::default(),
    }
}

fn of_route<S>(
    policy: &Policy,
    route: &Route,
    kind: &'static str,
    spec: impl FnOnce(Vec<Rule>) -> S,
) -> Result<Conversion<Object<S>>, ConversionError> {
    let group = Group::of_route(policy, route)?;
    let Conversion { output: rules, losses } = rules(route.front(), &group)?;
    let output = object(route.front(), kind, vec![rules], variants_of(&[group]), spec)?;
    Ok(Conversion { output, losses })
}

fn of_host<S>(
    host: &Host,
    kind: &'static str,
    spec: impl FnOnce(Vec<Rule>) -> S,
) -> Result<Conversion<Object<S>, LocationLoss>, ConversionError> {
    let front = host.front();
    let Conversion { output: rules, losses } =
        each_group(front, &host.runs(front.namespace), |group| rules(front, group))?;
    let output = object(front, kind, rules, variants_of(&host.groups()), spec)?;
    Ok(Conversion { output, losses })
}

/// Rules, and about how many bytes they need.
struct Rules {
    rules: Vec<Rule>,
    bytes: usize,
}

/// The rules of a group.
fn rules(front: Front<'_>, group: &Group<'_>) -> Result<Conversion<Rules>, ConversionError> {
    let Conversion { output: table, losses } = table(group);
    let paths = TextMatch::of_group(group);
    let header_bytes = |header: &HeaderMatcher| json_bytes(&header.name) + json_bytes(&header.value);
    let bytes = table.bytes(&paths, |path| json_bytes(path.text()), header_bytes);
    let destinations = Destinations { group, namespace: front.namespace.unwrap_or(DEFAULT_NAMESPACE) };
    let rules = table.rows.iter().map(|row| rule(row, &paths, destinations)).collect::<Result<_, _>>()?;
    Ok(Conversion { output: Rules { rules, bytes }, losses })
}

fn table(group: &Group<'_>) -> Conversion<Table<HeaderMatcher>> {
    let limits =
        Limits { translate: header_matcher, weights: WeightLimit::Each(MAX_WEIGHT), why_no_hash: Some(WHY_NO_HASH) };
    match group.policy {
        None => Conversion { output: Table::stable(), losses: Vec::new() },
        Some(policy) => Table::new(policy, group.former_tokens, &limits),
    }
}

fn object<S>(
    front: Front<'_>,
    kind: &'static str,
    rules: Vec<Rules>,
    variants: Option<String>,
    spec: impl FnOnce(Vec<Rule>) -> S,
) -> Result<Object<S>, ConversionError> {
    let bytes = rules.iter().map(|rules| rules.bytes).chain(variants.as_ref().map(String::len));
    check_size(kind, bytes.fold(0, usize::saturating_add))?;
    let front = Front { namespace: front.namespace.or(Some(DEFAULT_NAMESPACE)), ..front };
    let metadata = Metadata::new(front, 0, variants)?;
    let rules = rules.into_iter().flat_map(|rules| rules.rules).collect();
    Ok(Object::new(API_VERSION, kind, metadata, spec(rules)))
}

fn rule(
    row: &Row<HeaderMatcher>,
    paths: &[TextMatch],
    destinations: Destinations<'_>,
) -> Result<Rule, ConversionError> {
    let matchers = row.matches(paths).map(|(path, header)| matcher(path, header)).collect();
    Ok(match &row.split {
        Split::One(destination) => {
            let single = Some(destinations.written(destination)?);
            let route_action = RouteAction { single, ..RouteAction::default() };
            Rule { matchers, route_action, options: options(destination), unknown: UnknownFields::default() }
        }
        Split::Several(shares) => {
            let shares = shares.iter().map(|share| weighted(share, destinations));
            let destinations = shares.collect::<Result<_, _>>()?;
            let multi = Some(MultiDestination { destinations, unknown: UnknownFields::default() });
            let route_action = RouteAction { multi, ..RouteAction::default() };
            Rule { matchers, route_action, options: None, unknown: UnknownFields::default() }
        }
    })
}

fn matcher(path: &TextMatch, header: Option<&HeaderMatcher>) -> Matcher {
    let headers = header.cloned().into_iter().collect();
    match path {
        TextMatch::Exact(text) => Matcher { exact: Some(text.clone()), headers, ..Matcher::default() },
        TextMatch::Prefix(text) => Matcher { prefix: Some(text.clone()), headers, ..Matcher::default() },
    }
}

fn weighted(share: &Share, destinations: Destinations<'_>) -> Result<WeightedDestination, ConversionError> {
    let Share { destination, weight } = share;
    Ok(WeightedDestination {
        destination: destinations.written(destination)?,
        weight: *weight,
        options: options(destination),
        unknown: UnknownFields::default(),
    })
}

/// The options that set the affinity cookie of a destination.
fn options(destination: &table::Destination) -> Option<Options> {
    destination.set_cookie.as_deref().map(Options::set_cookie)
}

/// The backends of the variants, and the namespace of the Services that have no other one.
#[derive(Clone, Copy)]
struct Destinations<'r> {
    group: &'r Group<'r>,
    namespace: &'r str,
}

impl Destinations<'_> {
    fn written(self, destination: &table::Destination) -> Result<Destination, ConversionError> {
        let backend = self.group.backends.of(destination.variant);
        let port = backend.port_number("a kube destination of Gloo has a port number")?;
        let namespace = backend.namespace().unwrap_or(self.namespace).to_owned();
        let service = ResourceRef { name: backend.service().to_owned(), namespace, unknown: UnknownFields::default() };
        let kube = Some(KubeDestination { service, port, unknown: UnknownFields::default() });
        Ok(Destination { kube, unknown: UnknownFields::default() })
    }
}
