//! A policy and a route as HTTPRoutes of a Service.

use super::RouteParams;
use super::pattern_size::compiled_size;
use crate::error::ConversionError;
use crate::policy::Policy;
use crate::route::{Path, PathType, Route};
use crate::targets::gateway::{
    self, Attachment, BackendRef, HttpMatch, HttpRoute, MAX_MATCHES, MAX_RULES, ParentRef, Rule,
};
use crate::targets::table::Condition;
use crate::targets::{Conversion, UnknownFields};

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
/// Those of [`gateway::http_routes`], except that the route needs no parent.
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
    let stable = route.stable();
    let port = stable.port_number("a route that attaches to a Service is for one of its ports")?;
    let parent = ParentRef {
        group: Some("core".to_owned()),
        kind: Some("Service".to_owned()),
        name: stable.service().to_owned(),
        port: Some(port),
        ..ParentRef::default()
    };
    let attachment = Attachment { parents: vec![parent], hosts: &[] };
    let of_gateway = gateway::RouteParams::default().without_envoy();
    let ordered = exact_root_first(route);
    let mut conversion = gateway::http_routes_attached(policy, &ordered, &of_gateway, &attachment, check_condition)?;
    if params.fallback() && !route.paths().iter().any(Path::matches_all) {
        let stable = BackendRef { name: stable.service().to_owned(), port: Some(port), ..BackendRef::default() };
        add_fallback(&mut conversion.output, stable, policy, route)?;
    }
    Ok(conversion)
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

/// The same route with the exact path `/` first, if the route has it.
///
/// Some versions of Linkerd do not prefer the exact path `/` to the prefix `/`, which the rule for all other requests has. That rule
/// is the last one of the last object. The first object has the name of the route, and comes before the last one in any case; its
/// number would not help, because `web-10` comes before `web-2`.
fn exact_root_first(route: &Route) -> Route {
    let mut paths = route.paths().to_vec();
    paths.sort_by_key(|path| !(path.path_type() == PathType::Exact && path.as_str() == "/"));
    route.clone().with_paths_in_order(paths)
}

/// Adds a rule for all other requests: to the last object, or to a further object if the last one is full.
///
/// The rule has to come last: see [`exact_root_first`].
fn add_fallback(
    routes: &mut Vec<HttpRoute>,
    stable: BackendRef,
    policy: &Policy,
    route: &Route,
) -> Result<(), ConversionError> {
    let fallback = Rule {
        matches: Vec::new(),
        filters: Vec::new(),
        backend_refs: vec![stable],
        unknown: UnknownFields::default(),
    };
    let index = routes.len();
    let Some(last) = routes.last_mut() else { return Ok(()) };
    if has_room(&last.spec.rules) {
        last.spec.rules.push(fallback);
    } else {
        let mut further = last.clone();
        further.metadata = gateway::numbered_metadata(policy, route, index)?;
        further.spec.rules = vec![fallback];
        routes.push(further);
    }
    Ok(())
}

/// Whether an object can have one more rule without matches. An API server adds one match to such a rule, which matches every path,
/// so there has to be room for a match too.
fn has_room(rules: &[Rule<HttpMatch>]) -> bool {
    rules.len() < MAX_RULES && rules.iter().map(|rule| rule.matches.len()).sum::<usize>() < MAX_MATCHES
}
