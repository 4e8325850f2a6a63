//! A policy and a route, or virtual hosts, as HTTPRoutes of Services.

use super::RouteParams;
use super::mesh_service::MeshService;
use super::pattern_size::compiled_size;
use crate::error::{ConversionError, Excerpt};
use crate::policy::Policy;
use crate::route::{Backend, Front, Group, Path, PathType, Route, VirtualHost};
use crate::targets::gateway::{
    self, HttpMatch, HttpRoute, ParentRef, Part, Rule, Writer, backend_ref, fits, one_object_for_several,
};
use crate::targets::table::Condition;
use crate::targets::{Conversion, LocationLoss, UnknownFields};

/// The largest size of a compiled regular expression in bytes: the default of the `regex` crate, 10 MiB.
const MAX_COMPILED_SIZE: usize = 10 << 20;

/// Writes a policy and a route as HTTPRoutes of the Gateway API for Linkerd: one, unless the limits of an HTTPRoute require
/// several. The parents and hosts of the route are not written.
///
/// The objects have the name of the route. HTTPRoutes of the same route for a Gateway would replace them, unless the route has
/// another name there; see [`Route::with_name`].
///
/// # Errors
///
/// Those of [`gateway::http_routes`], except that the route needs no parent. The Service of stable has to be in the namespace of
/// the route, because an HTTPRoute in another namespace is only for the clients there.
///
/// ```
/// use canary_policy::targets::linkerd::{self, RouteParams};
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let routes = linkerd::http_routes(&Policy::percent(30)?, &route, &RouteParams::default())?.exact()?;
/// let parent = &routes[0].spec.parent_refs[0];
/// assert_eq!((parent.kind.as_deref(), parent.name.as_str(), parent.port), (Some("Service"), "web", Some(80)));
///
/// let route = Route::new("web", "web".parse()?, ["web-canary".parse()?])?;
/// assert_eq!(
///     linkerd::http_routes(&Policy::percent(30)?, &route, &RouteParams::default()).unwrap_err().to_string(),
///     "backends: `web` needs a port number: a route that attaches to a Service is for one of its ports",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
) -> Result<Conversion<Vec<HttpRoute>>, ConversionError> {
    let mut group = Group::of_route(policy, route)?;
    let stable = group.backends.stable().clone();
    if stable.namespace().is_some() {
        let bound = "an HTTPRoute for all clients is in the namespace of its Service";
        return Err(ConversionError::Refused { field: "backends", value: Excerpt::of(&stable.to_string()), bound });
    }
    let of_gateway = gateway::RouteParams::default().without_envoy();
    let writer = writer(route.front(), &stable, &of_gateway)?;
    exact_root_first(&mut group);
    let Conversion { output: mut parts, losses } = writer.parts(&group)?;
    if params.fallback() && !group.paths.iter().any(|path| path.matches_all()) {
        add_fallback(&mut parts, &stable)?;
    }
    Ok(Conversion { output: writer.objects(parts)?, losses })
}

/// Writes HTTPRoutes for Linkerd: for each Service that is stable at a location with a policy, those of all its locations.
///
/// Clients in the mesh, such as an ingress controller, address a Service, and hosts are unknown to Linkerd. The objects of a
/// Service are named `SERVICE.PORT`, are in the namespace of the Service, and have the paths of its locations on all hosts, those
/// without a policy too. Locations of other Services do not count: they are requests to other Services. A Service without a
/// policy needs no object.
///
/// Give all virtual hosts of a cluster together, each with its namespace: objects of the same Service that were written from two
/// calls would replace each other, and a Service in no namespace counts as another one than the Service of that name in a
/// namespace.
///
/// # Errors
///
/// * Two locations of one Service match the same request on different hosts, and lead to different backends or have different
///   policies or former tokens.
/// * A backend has no port number. A location without a policy needs one if a policy splits a port of its Service.
/// * The namespace of a canary is unknown, because the virtual host has none, while the namespace of stable is given.
/// * A policy needs more than 16 rules, or more than 16 backends in one rule.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::linkerd::{self, RouteParams};
///
/// let with_policy = |path: &str, percent| -> Result<Location, Box<dyn std::error::Error>> {
///     let location = Location::new(Path::prefix(path)?, "shop:80".parse()?);
///     Ok(location.with_policy(Policy::percent(percent)?, ["next:80".parse()?])?)
/// };
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let shop = VirtualHost::new("shop", [with_policy("/", 30)?, orders])?;
/// let routes = linkerd::http_routes_of_hosts(&[shop.clone()], &RouteParams::default())?.exact()?;
/// assert!(routes.iter().map(|route| route.metadata.name.as_str()).eq(["shop.80"]));
///
/// let other = VirtualHost::new("mall", [with_policy("/", 5)?])?;
/// let error = linkerd::http_routes_of_hosts(&[shop, other], &RouteParams::default()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "mall Prefix /: policy: `shop Prefix /` decides the same requests in another way: \
///      Linkerd knows the Service and the path of a request, and not its host",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes_of_hosts(
    hosts: &[VirtualHost],
    params: &RouteParams,
) -> Result<Conversion<Vec<HttpRoute>, LocationLoss>, ConversionError> {
    let mut conversion = Conversion { output: Vec::new(), losses: Vec::new() };
    for service in MeshService::of_hosts(hosts)? {
        let Conversion { output, losses } = objects_of(&service, params)?;
        conversion.output.extend(output);
        conversion.losses.extend(losses);
    }
    Ok(conversion)
}

/// The objects of one Service.
fn objects_of(
    service: &MeshService<'_>,
    params: &RouteParams,
) -> Result<Conversion<Vec<HttpRoute>, LocationLoss>, ConversionError> {
    let name = service.object_name();
    let namespace = service.backend().namespace();
    let front = Front { name: &name, namespace, hosts: &[], parents: &[] };
    let stable = service.backend().moved(None, namespace);
    let of_gateway = gateway::RouteParams::default().without_envoy();
    let writer = writer(front, &stable, &of_gateway).map_err(|error| service.at_first(error))?;

    let mut groups = service.groups();
    groups.iter_mut().for_each(exact_root_first);
    // The exact path `/` is in the first object, and the fallback in the last one.
    groups.sort_by_key(|group| !group.paths.iter().any(|path| is_exact_root(path)));
    let (mut parts, mut losses) = (Vec::new(), Vec::new());
    for group in &groups {
        let of_group = writer.parts(group).map_err(|error| service.at_group(group, error))?;
        parts.extend(of_group.output);
        losses.extend(service.losses(group, &of_group.losses));
    }
    let mut parts = one_object_for_several(parts.into_iter());
    if params.fallback() && !groups.iter().flat_map(|group| &group.paths).any(|path| path.matches_all()) {
        add_fallback(&mut parts, &stable)?;
    }
    Ok(Conversion { output: writer.objects(parts)?, losses })
}

/// Writes objects that attach to the Service of stable.
fn writer<'w>(
    front: Front<'w>,
    stable: &Backend,
    params: &'w gateway::RouteParams,
) -> Result<Writer<'w, HttpMatch>, ConversionError> {
    let port = stable.port_number("a route that attaches to a Service is for one of its ports")?;
    let service = ParentRef {
        group: Some("core".to_owned()),
        kind: Some("Service".to_owned()),
        name: stable.service().to_owned(),
        port: Some(port),
        ..ParentRef::default()
    };
    Ok(Writer::of_service(front, service, params, check_condition))
}

/// Checks the limit that Linkerd has in addition to those of the Gateway API.
fn check_condition(condition: Condition<'_>) -> Result<(), &'static str> {
    match condition {
        Condition::HeaderPattern(_, pattern) | Condition::CookiePattern(_, pattern)
            if compiled_size(pattern) > MAX_COMPILED_SIZE =>
        {
            Err("Linkerd accepts a pattern that compiles to at most 10 MiB, and each Unicode `\\w` compiles to 50 KiB")
        }
        _ => Ok(()),
    }
}

/// The same group with the exact path `/` first, if the group has it.
///
/// Some versions of Linkerd do not prefer the exact path `/` to the prefix `/`, which the rule for all other requests has. That
/// rule is the last one of the last object. The first object has a name without a number, and comes before the last one in any
/// case; its number would not help, because `web-10` comes before `web-2`.
fn exact_root_first(group: &mut Group<'_>) {
    group.paths.sort_by_key(|path| !is_exact_root(path));
}

fn is_exact_root(path: &Path) -> bool {
    path.path_type() == PathType::Exact && path.as_str() == "/"
}

/// Adds a rule for all other requests: to the last object, or to a further object if the last one is full.
///
/// The rule has to come last: see [`exact_root_first`].
fn add_fallback(parts: &mut Vec<Part<HttpMatch>>, stable: &Backend) -> Result<(), ConversionError> {
    let backend_refs = vec![backend_ref(stable)?];
    let rule = Rule { matches: Vec::new(), filters: Vec::new(), backend_refs, unknown: UnknownFields::default() };
    let fallback = vec![rule];
    match parts.last_mut() {
        Some(last) if fits(&last.rules, &fallback) => last.rules.extend(fallback),
        last => {
            let variants = last.and_then(|last| last.variants.clone());
            parts.push(Part { rules: fallback, variants });
        }
    }
    Ok(())
}
