//! Gloo Edge: VirtualService and RouteTable of `gateway.solo.io/v1`, as of version 1.21.13
//! (<https://docs.solo.io/gloo-edge/latest/reference/api/>, `projects/gateway/api/v1/virtual_service.proto`).
//!
//! Its README announces the end of life of the open-source edition on 31 December 2026. Its successor, kgateway, reads the
//! routes of the [Gateway API](super::gateway).
//!
//! * The first route of the list that matches decides. Of several objects that a selector chooses, those of equal weight are
//!   sorted by path together: give this one a weight of its own there, or delegate to it by name.
//! * A prefix is characters and not elements: `/cart` is `/cart` exactly, or what begins with `/cart/`.
//! * An empty value is any value: a header that is to be empty is a regular expression.
//! * Header lines are matched one by one, and several `Cookie` lines as one. A regular expression is RE2's, matches the whole
//!   line, and has at most 1024 instructions, the `regexMaxProgramSize` of the Helm chart. It may be read as UTF-8, as older
//!   Envoys do: then a line that is something else matches none.
//! * An affinity cookie is a header on responses, and routes in front of or behind the rules. `lbHash` and the stateful session
//!   of the enterprise edition choose a pod behind one destination, and not the destination.
//! * A destination is `kube`, with the route's namespace. If the route has none, it is `default`, and so is the object's, so
//!   that both are where the other one looks.
//! * A weight that is missing would be 0, so that each destination has one, and a single one is `single`.
//! * In a request a host with a port is another host, unless the gateway's `stripAnyHostPort` is set.

mod object;

pub use object::{
    Destination, HeaderManipulation, HeaderMatcher, HeaderValue, HeaderValueOption, KubeDestination, Matcher,
    MultiDestination, Options, ResourceRef, RouteAction, RouteTable, RouteTableSpec, Rule, VirtualHost, VirtualService,
    VirtualServiceSpec, WeightedDestination,
};

use super::re2::{self, Reads};
use super::regex::{self, Wanted};
use super::route::Backends;
use super::table::{self, Condition, Row, Table};
use super::{Conversion, Loss, Metadata, Object, Path, PathType, Route};
use crate::error::RouteError;
use crate::policy::{Policy, Variant};

/// The most instructions of a regular expression.
const PROGRAM_SIZE: usize = 1024;

/// Where Services are if the route does not say.
const NAMESPACE: &str = "default";

/// Why a key cannot share out the variants.
const KEYLESS: &str = "Gloo shares each request out anew, and hashes among the pods of one variant alone";

/// Writes a policy as a VirtualService.
///
/// # Errors
///
/// The route has another number of canaries than the policy, or a backend without the number of a port.
///
/// ```
/// use canary_policy::targets::{Route, gloo};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web".parse()?, ["web-canary:80".parse()?])?;
/// assert_eq!(
///     gloo::virtual_service(&policy, &route).unwrap_err().to_string(),
///     "backends: `web` needs the number of a port: a kube destination of Gloo has one",
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
pub fn virtual_service(policy: &Policy, route: &Route) -> Result<Conversion<VirtualService>, RouteError> {
    let domains = route.domains();
    object(policy, route, "VirtualService", |routes| VirtualServiceSpec {
        virtual_host: VirtualHost { domains, routes },
    })
}

/// Writes a policy as a RouteTable. The hosts are those of the VirtualService that delegates to it: the route's own are not
/// written. The route's paths have to begin with the prefix under which it delegates.
///
/// # Errors
///
/// Those of [`virtual_service`].
///
/// ```
/// use canary_policy::targets::{Route, gloo};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let table = gloo::route_table(&Policy::percent(30)?, &route)?.exact()?;
/// assert_eq!(table.spec.routes[0].matchers[0].prefix.as_deref(), Some("/"));
///
/// let keyed = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// assert!(gloo::route_table(&keyed, &route)?.exact().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_table(policy: &Policy, route: &Route) -> Result<Conversion<RouteTable>, RouteError> {
    object(policy, route, "RouteTable", |routes| RouteTableSpec { routes })
}

fn object<S>(
    policy: &Policy,
    route: &Route,
    kind: &'static str,
    spec: impl FnOnce(Vec<Rule>) -> S,
) -> Result<Conversion<Object<S>>, RouteError> {
    let backends = route.backends(policy)?;
    let namespace = route.namespace.as_deref().unwrap_or(NAMESPACE);
    let (rules, losses) = rules(policy, backends, &route.paths, namespace)?;
    let metadata = Metadata { namespace: Some(namespace.to_owned()), ..Metadata::new(route, policy, backends, 0) };
    Ok(Conversion { output: Object::new("gateway.solo.io/v1", kind, metadata, spec(rules)), losses })
}

fn rules(
    policy: &Policy,
    backends: Backends<'_>,
    paths: &[(Path, PathType)],
    namespace: &str,
) -> Result<(Vec<Rule>, Vec<Loss>), RouteError> {
    let mut losses = Vec::new();
    let Table { rows, split } = Table::new(policy, u32::MAX, Some(KEYLESS), header_matcher, &mut losses);
    let mut rules = Vec::new();
    for Row { any, to, set_cookie } in &rows {
        rules.push(Rule {
            matchers: any.iter().flat_map(|header| matchers(paths, Some(header))).collect(),
            route_action: single(destination(backends, *to, namespace)?),
            options: set_cookie.as_deref().map(Options::set_cookie),
        });
    }
    let shares = split.iter().map(|table::Destination { to, weight, set_cookie }| {
        let destination = destination(backends, *to, namespace)?;
        let options = set_cookie.as_deref().map(Options::set_cookie);
        Ok(WeightedDestination { destination, weight: *weight, options })
    });
    let shares: Vec<WeightedDestination> = shares.collect::<Result<_, RouteError>>()?;
    let (route_action, options) = match shares.as_slice() {
        [WeightedDestination { destination, weight: _, options }] => (single(destination.clone()), options.clone()),
        _ => (RouteAction { multi: Some(MultiDestination { destinations: shares }), single: None }, None),
    };
    rules.push(Rule { matchers: matchers(paths, None).collect(), route_action, options });
    Ok((rules, losses))
}

/// A condition as Gloo's `HeaderMatcher`, or what the target is bound to.
fn header_matcher(condition: Condition<'_>) -> Result<HeaderMatcher, &'static str> {
    let (name, wanted) = regex::wanted(condition)?;
    let name = if name == "host" { ":authority".to_owned() } else { name.into_owned() };
    let value = match wanted {
        // An empty value would be any value.
        Wanted::Exactly("") => "^$".to_owned(),
        Wanted::Exactly(value) => return Ok(HeaderMatcher { name, value: value.to_owned(), regex: false }),
        Wanted::Matches(regex) => regex,
    };
    // Its Envoy may be one that reads UTF-8: the larger count is right for both.
    if !re2::fits(condition, &value, Reads::Utf8, PROGRAM_SIZE) {
        return Err("Gloo takes a regular expression of at most 1024 instructions of RE2, \
                    with what is written around a pattern or cookie");
    }
    Ok(HeaderMatcher { name, value, regex: true })
}

fn matchers<'m>(
    paths: &'m [(Path, PathType)],
    header: Option<&'m HeaderMatcher>,
) -> impl Iterator<Item = Matcher> + 'm {
    let paths = paths.iter().flat_map(|(path, kind)| match (kind, path.compared(*kind)) {
        (PathType::Exact, whole) => vec![(Some(whole.to_owned()), None)],
        (PathType::Prefix, "") => vec![(None, Some("/".to_owned()))],
        (PathType::Prefix, first) => vec![(Some(first.to_owned()), None), (None, Some(format!("{first}/")))],
    });
    paths.map(move |(exact, prefix)| Matcher { exact, prefix, headers: header.cloned().into_iter().collect() })
}

fn single(destination: Destination) -> RouteAction {
    RouteAction { single: Some(destination), multi: None }
}

fn destination(backends: Backends<'_>, to: Variant, namespace: &str) -> Result<Destination, RouteError> {
    let backend = backends.of(to);
    let port = backend.number("a kube destination of Gloo has one")?;
    let service = ResourceRef { name: backend.service().to_owned(), namespace: namespace.to_owned() };
    Ok(Destination { kube: KubeDestination { service, port } })
}
