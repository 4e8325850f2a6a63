//! A policy and a route as a VirtualService or a RouteTable.

use super::header_matcher::header_matcher;
use super::{
    Destination, HeaderMatcher, KubeDestination, Matcher, MultiDestination, Options, ResourceRef, RouteAction,
    RouteTable, RouteTableSpec, Rule, VirtualHost, VirtualService, VirtualServiceSpec, WeightedDestination,
};
use crate::error::ConversionError;
use crate::policy::{Policy, Variant};
use crate::route::{Backends, Route};
use crate::targets::loss::wildcard_hosts;
use crate::targets::table::{self, Limits, Row, Share, Split, Table, TextMatch, WeightLimit, json_bytes};
use crate::targets::{Conversion, Metadata, Object};

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
    let domains = route.domains();
    let spec = |routes| VirtualServiceSpec { virtual_host: VirtualHost { domains, routes } };
    let mut conversion = object(policy, route, "VirtualService", spec)?;
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
    object(policy, route, "RouteTable", |routes| RouteTableSpec { routes })
}

fn object<S>(
    policy: &Policy,
    route: &Route,
    kind: &'static str,
    spec: impl FnOnce(Vec<Rule>) -> S,
) -> Result<Conversion<Object<S>>, ConversionError> {
    let destinations =
        Destinations { backends: route.backends(policy)?, namespace: route.namespace().unwrap_or(DEFAULT_NAMESPACE) };
    let limits =
        Limits { translate: header_matcher, weights: WeightLimit::Each(MAX_WEIGHT), why_no_hash: Some(WHY_NO_HASH) };
    let Conversion { output: table, losses } = Table::new(policy, &limits);
    let paths = TextMatch::of_route(route);
    let header_bytes = |header: &HeaderMatcher| json_bytes(&header.name) + json_bytes(&header.value);
    table.check_size(kind, &paths, |path| json_bytes(path.text()), header_bytes)?;
    let rules = table.rows.iter().map(|row| rule(row, &paths, destinations)).collect::<Result<_, _>>()?;
    let namespace = Some(destinations.namespace.to_owned());
    let metadata = Metadata { namespace, ..Metadata::new(route, policy, 0)? };
    Ok(Conversion { output: Object::new(API_VERSION, kind, metadata, spec(rules)), losses })
}

fn rule(
    row: &Row<HeaderMatcher>,
    paths: &[TextMatch],
    destinations: Destinations<'_>,
) -> Result<Rule, ConversionError> {
    let matchers = row.matches(paths).map(|(path, header)| matcher(path, header)).collect();
    Ok(match &row.split {
        Split::One(destination) => {
            let single = Some(destinations.written(destination.variant)?);
            Rule { matchers, route_action: RouteAction { single, multi: None }, options: options(destination) }
        }
        Split::Several(shares) => {
            let shares = shares.iter().map(|share| weighted(share, destinations));
            let multi = Some(MultiDestination { destinations: shares.collect::<Result<_, _>>()? });
            Rule { matchers, route_action: RouteAction { single: None, multi }, options: None }
        }
    })
}

fn matcher(path: &TextMatch, header: Option<&HeaderMatcher>) -> Matcher {
    let headers = header.cloned().into_iter().collect();
    match path {
        TextMatch::Exact(text) => Matcher { exact: Some(text.clone()), prefix: None, headers },
        TextMatch::Prefix(text) => Matcher { exact: None, prefix: Some(text.clone()), headers },
    }
}

fn weighted(share: &Share, destinations: Destinations<'_>) -> Result<WeightedDestination, ConversionError> {
    let Share { destination, weight } = share;
    Ok(WeightedDestination {
        destination: destinations.written(destination.variant)?,
        weight: *weight,
        options: options(destination),
    })
}

/// The options that set the affinity cookie of a destination.
fn options(destination: &table::Destination) -> Option<Options> {
    destination.set_cookie.as_deref().map(Options::set_cookie)
}

/// The backends of the variants, and the namespace of their Services.
#[derive(Clone, Copy)]
struct Destinations<'r> {
    backends: Backends<'r>,
    namespace: &'r str,
}

impl Destinations<'_> {
    fn written(self, variant: Variant) -> Result<Destination, ConversionError> {
        let backend = self.backends.of(variant);
        let port = backend.port_number("a kube destination of Gloo has a port number")?;
        let service = ResourceRef { name: backend.service().to_owned(), namespace: self.namespace.to_owned() };
        Ok(Destination { kube: KubeDestination { service, port } })
    }
}
