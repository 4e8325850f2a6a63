//! A policy and a route, or a virtual host, as HTTPRoutes or GRPCRoutes.

use super::writer::{Part, Writer, grpc_match, http_match, one_object_for_several};
use super::{GrpcRoute, HttpRoute, RouteParams, Spec};
use crate::error::ConversionError;
use crate::policy::Policy;
use crate::route::{Group, Route, VirtualHost};
use crate::targets::location_loss::{at_location, each_group};
use crate::targets::loss::wildcard_hosts;
use crate::targets::{Conversion, LocationLoss, Object};

/// Writes a policy and a route as HTTPRoutes: one, unless the limits of an HTTPRoute require several.
///
/// # Errors
///
/// * The route does not have one backend for each canary.
/// * The route has no parent, or more than 32.
/// * A backend has no port number.
/// * The name of the second or a later object, which is numbered, has more than 253 characters.
/// * The policy needs more than 16 rules, or more than 16 backends in one rule.
///
/// ```
/// use canary_policy::targets::gateway::{self, RouteParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// assert_eq!(
///     gateway::http_routes(&policy, &route, &RouteParams::default()).unwrap_err().to_string(),
///     "parents: none is given: an HTTPRoute or GRPCRoute that attaches to no Gateway has no effect",
/// );
///
/// let route = route.with_parents(["public".parse()?])?;
/// let routes = gateway::http_routes(&policy, &route, &RouteParams::default())?.exact()?;
/// let rules = &routes[0].spec.rules;
/// assert_eq!(rules[0].matches[0].headers[0].value, "always");
/// let shares = rules[2].backend_refs.iter().map(|backend| (backend.name.as_str(), backend.weight));
/// assert!(shares.eq([("web", Some(995)), ("web-canary", Some(5))]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
) -> Result<Conversion<Vec<HttpRoute>>, ConversionError> {
    of_route(policy, route, &Writer::new(route.front(), params, "HTTPRoute", http_match))
}

/// Writes a policy and a route as GRPCRoutes: one, unless the limits of a GRPCRoute require several.
///
/// Every path of the route has to stand for gRPC methods: the exact path `/SERVICE/METHOD` is one method, the prefix `/SERVICE` is
/// all methods of a service, and the prefix `/` is every method.
///
/// # Errors
///
/// Those of [`http_routes`], or a path stands for no gRPC method.
///
/// ```
/// use canary_policy::route::Path;
/// use canary_policy::targets::gateway::{self, RouteParams};
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("cart", "cart:50051".parse()?, ["cart-canary:50051".parse()?])?.with_parents(["public".parse()?])?;
/// let get = route.clone().with_paths([Path::exact("/shop.Cart/Get")?])?;
/// let routes = gateway::grpc_routes(&Policy::percent(30)?, &get, &RouteParams::default())?.exact()?;
/// assert_eq!(routes[0].spec.rules[0].matches[0].method.as_ref().unwrap().service, "shop.Cart");
///
/// let page = route.with_paths([Path::prefix("/cart/items/1")?])?;
/// assert!(gateway::grpc_routes(&Policy::percent(30)?, &page, &RouteParams::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grpc_routes(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
) -> Result<Conversion<Vec<GrpcRoute>>, ConversionError> {
    of_route(policy, route, &Writer::new(route.front(), params, "GRPCRoute", grpc_match))
}

/// Writes a virtual host as HTTPRoutes, which have the name of the virtual host, numbered from the second one on.
///
/// All rules of a path are in one object, so that their order decides between them; between the objects the path decides. Locations
/// without a policy share objects. A path that no location has is not written, and has no answer.
///
/// # Errors
///
/// * The virtual host has no parent, or more than 32.
/// * A backend has no port number.
/// * The name of the second or a later object, which is numbered, has more than 253 characters.
/// * A policy needs more than 16 rules, or more than 16 backends in one rule.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gateway::{self, RouteParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_parents(["public".parse()?])?;
///
/// let routes = gateway::http_routes_of_host(&host, &RouteParams::default())?.exact()?;
/// assert!(routes.iter().map(|route| route.metadata.name.as_str()).eq(["shop", "shop-2"]));
/// assert_eq!(routes[0].spec.rules[0].backend_refs[0].name, "orders");
///
/// let nowhere = host.with_parents([])?;
/// assert!(gateway::http_routes_of_host(&nowhere, &RouteParams::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes_of_host(
    host: &VirtualHost,
    params: &RouteParams,
) -> Result<Conversion<Vec<HttpRoute>, LocationLoss>, ConversionError> {
    of_host(host, &Writer::new(host.front(), params, "HTTPRoute", http_match))
}

/// Writes a virtual host as GRPCRoutes, in the way of [`http_routes_of_host`].
///
/// # Errors
///
/// Those of [`http_routes_of_host`], or the path of a location stands for no gRPC method; see [`grpc_routes`].
///
/// ```
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gateway::{self, RouteParams};
///
/// let cart = Location::new(Path::prefix("/shop.Cart")?, "cart:50051".parse()?);
/// let page = Location::new(Path::prefix("/cart/items/1")?, "cart:80".parse()?);
/// let host = VirtualHost::new("shop", [cart.clone()])?.with_parents(["public".parse()?])?;
/// assert_eq!(gateway::grpc_routes_of_host(&host, &RouteParams::default())?.exact()?.len(), 1);
///
/// let host = VirtualHost::new("shop", [cart, page])?.with_parents(["public".parse()?])?;
/// assert_eq!(
///     gateway::grpc_routes_of_host(&host, &RouteParams::default()).unwrap_err().to_string(),
///     "shop Prefix /cart/items/1: paths: `/cart/items/1` is not a gRPC method: \
///      expected `/SERVICE/METHOD` exactly, or `/` or `/SERVICE` as a prefix",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grpc_routes_of_host(
    host: &VirtualHost,
    params: &RouteParams,
) -> Result<Conversion<Vec<GrpcRoute>, LocationLoss>, ConversionError> {
    of_host(host, &Writer::new(host.front(), params, "GRPCRoute", grpc_match))
}

type Objects<M> = Vec<Object<Spec<M>>>;

fn of_route<M: Clone>(
    policy: &Policy,
    route: &Route,
    writer: &Writer<'_, M>,
) -> Result<Conversion<Objects<M>>, ConversionError> {
    let group = Group::of_route(policy, route)?;
    writer.check_parents()?;
    let Conversion { output: parts, mut losses } = writer.parts(&group)?;
    losses.extend(wildcard_hosts(route.hosts()));
    Ok(Conversion { output: writer.objects(parts)?, losses })
}

fn of_host<M: Clone>(
    host: &VirtualHost,
    writer: &Writer<'_, M>,
) -> Result<Conversion<Objects<M>, LocationLoss>, ConversionError> {
    let front = host.front();
    writer.check_parents()?;
    for location in host.locations() {
        writer.check_path(location.path()).map_err(|error| at_location(front, location.path(), error))?;
    }
    let Conversion { output: parts, mut losses } = each_group(front, &host.groups(), |group| writer.parts(group))?;
    losses.extend(LocationLoss::of_hosts(front));
    let parts: Vec<Part<M>> = one_object_for_several(parts.into_iter().flatten());
    Ok(Conversion { output: writer.objects(parts)?, losses })
}
