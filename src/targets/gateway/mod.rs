//! Kubernetes Gateway API: HTTPRoute and GRPCRoute of `gateway.networking.k8s.io/v1`, as of version 1.6.1
//! (<https://gateway-api.sigs.k8s.io/reference/1.6/spec/>, `apis/v1/httproute_types.go`).
//!
//! * The most specific match decides, wherever it stands: so a rule carries every path of the route, and matches one header.
//!   Among those the order of the list counts.
//! * No object has more than 16 rules, 64 matches in one and 128 in all, and 16 hosts: a route that needs more becomes
//!   several objects, divided by path, which the paths keep apart.
//! * A cookie is a regular expression on the `Cookie` header. `RegularExpression` is left to the implementation: those built
//!   on Envoy, and Linkerd, match whole values, and the anchors make others do so too.
//! * An affinity cookie is a `ResponseHeaderModifier` on backends (support: extended), and matches in front of or behind the
//!   rules. `sessionPersistence` is not written: it is experimental, its shape changed three times, and it does not pin the
//!   choice of a variant where it is built on Envoy.
//! * A backend without a share is left out, and a single one has no weight: some implementations send it everything.

mod method;
mod object;
mod read;

pub use object::{
    BackendRef, Filter, GrpcMatch, GrpcRoute, Header, HeaderMatch, HeaderModifier, HttpMatch, HttpRoute, MethodMatch,
    ParentRef, PathMatch, Rule, Spec,
};
pub use read::read;

use self::method::method;
use super::regex::{self, Wanted};
use super::route::Backends;
use super::table::{Condition, Destination, Row, Table};
use super::{Conversion, Host, Metadata, Object, Parent, Path, PathType, Route, Unread};
use crate::error::{Excerpt, Invalid, RouteError};
use crate::policy::{Affinity, Policy, Variant};

/// The most rules of an object.
pub(super) const RULES: usize = 16;

/// The most matches of a rule.
const MATCHES: usize = 64;

/// The most matches of an object.
pub(super) const ALL_MATCHES: usize = 128;

/// The most hosts of an object.
const HOSTS: usize = 16;

/// The most parents of an object.
const PARENTS: usize = 32;

/// The most backends of a rule.
const BACKENDS: usize = 16;

/// The most characters of an object's name.
const NAME: usize = 253;

/// The largest weight.
const WEIGHT: u32 = 1_000_000;

/// Why a key cannot share out the variants.
const KEYLESS: &str = "an HTTPRoute has no hash: each request is shared out anew";

/// The most characters of a header's value.
const VALUE: usize = 4096;

/// Writes a policy as HTTPRoutes: one, unless its limits make it several.
///
/// # Errors
///
/// The route has another number of canaries than the policy, no parent or more than 32, a backend without the number of a
/// port, or a name too long to be numbered, or the policy needs more than 16 rules, or 16 backends in one.
///
/// ```
/// use canary_policy::targets::{Route, gateway};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// assert_eq!(
///     gateway::http_routes(&policy, &route).unwrap_err().to_string(),
///     "parents: there is none: an HTTPRoute or GRPCRoute does nothing without a Gateway",
/// );
///
/// let routes = gateway::http_routes(&policy, &route.with_parents(["public".parse()?])?)?.exact()?;
/// let rules = &routes[0].spec.rules;
/// assert_eq!(rules[0].matches[0].headers[0].value, "always");
/// let shares = rules[2].backend_refs.iter().map(|backend| (backend.name.as_str(), backend.weight));
/// assert!(shares.eq([("web", Some(995)), ("web-canary", Some(5))]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_routes(policy: &Policy, route: &Route) -> Result<Conversion<Vec<HttpRoute>>, RouteError> {
    http_routes_on(policy, route, &Place::of(route), |_| Ok(()))
}

/// The same on other parents, without the conditions that someone else refuses.
pub(super) fn http_routes_on(
    policy: &Policy,
    route: &Route,
    place: &Place<'_>,
    takes: impl Fn(Condition<'_>) -> Result<(), &'static str>,
) -> Result<Conversion<Vec<HttpRoute>>, RouteError> {
    objects(policy, route, place, ("HTTPRoute", takes), |(path, kind), header| {
        let path = Some(PathMatch { kind: path_kind(*kind).into(), value: path.as_str().to_owned() });
        Ok(HttpMatch { path, headers: header.cloned().into_iter().collect(), ..HttpMatch::default() })
    })
}

/// What objects hang on, and the hosts they are for.
pub(super) struct Place<'r> {
    pub(super) parents: Vec<ParentRef>,
    pub(super) hosts: &'r [Host],
}

impl<'r> Place<'r> {
    fn of(route: &'r Route) -> Self {
        Place { parents: route.parents.iter().map(parent_ref).collect(), hosts: &route.hosts }
    }
}

/// Writes a policy as GRPCRoutes: one, unless its limits make it several. A path is a method, `/SERVICE/METHOD` exactly, or
/// a service, `/SERVICE` as a prefix, or `/` as one.
///
/// # Errors
///
/// Those of [`http_routes`], and a path that is no method.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::{PathType, Route, gateway};
///
/// let route = Route::new("cart", "cart:50051".parse()?, ["cart-canary:50051".parse()?])?.with_parents(["public".parse()?])?;
/// let get = route.clone().with_paths([("/shop.Cart/Get".parse()?, PathType::Exact)])?;
/// let routes = gateway::grpc_routes(&Policy::percent(30)?, &get)?.exact()?;
/// assert_eq!(routes[0].spec.rules[0].matches[0].method.as_ref().unwrap().service, "shop.Cart");
///
/// let page = route.with_paths([("/cart/items/1".parse()?, PathType::Prefix)])?;
/// assert!(gateway::grpc_routes(&Policy::percent(30)?, &page).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grpc_routes(policy: &Policy, route: &Route) -> Result<Conversion<Vec<GrpcRoute>>, RouteError> {
    objects(policy, route, &Place::of(route), ("GRPCRoute", |_| Ok(())), |path, header| {
        Ok(GrpcMatch { method: method(path)?, headers: header.cloned().into_iter().collect(), ..GrpcMatch::default() })
    })
}

/// The objects that a policy and a route come to; `say` is how their kind says a path and a header.
fn objects<M: Clone>(
    policy: &Policy,
    route: &Route,
    Place { parents, hosts }: &Place<'_>,
    (kind, takes): (&'static str, impl Fn(Condition<'_>) -> Result<(), &'static str>),
    say: impl Fn(&(Path, PathType), Option<&HeaderMatch>) -> Result<M, RouteError>,
) -> Result<Conversion<Vec<Object<Spec<M>>>>, RouteError> {
    let why = "an HTTPRoute or GRPCRoute";
    let backends = route.backends(policy)?;
    match parents.len() {
        0 => {
            return Err(RouteError::Missing {
                field: "parents",
                why: "an HTTPRoute or GRPCRoute does nothing without a Gateway",
            });
        }
        1..=PARENTS => {}
        count => return Err(RouteError::TooMany { field: "parents", count, bound: PARENTS, why }),
    }
    let refs = |destinations: &[Destination]| backend_refs(backends, destinations);

    let mut losses = Vec::new();
    let header = |condition: Condition<'_>| {
        takes(condition)?;
        header_match(policy, condition)
    };
    let Table { rows, split } = Table::new(policy, WEIGHT, Some(KEYLESS), header, &mut losses);
    if split.len() > BACKENDS {
        return Err(RouteError::TooMany { field: "backends", count: split.len(), bound: BACKENDS, why });
    }
    if rows.len() + 1 > RULES {
        return Err(RouteError::TooMany { field: "rules", count: rows.len() + 1, bound: RULES, why });
    }

    // As many paths in one object as the rule, and the object, with the most matches takes.
    let most = rows.iter().map(|row| row.any.len()).max().unwrap_or(1).max(1);
    let all = rows.iter().map(|row| row.any.len()).sum::<usize>() + 1;
    let at_once = (MATCHES / most).min(ALL_MATCHES / all).max(1);
    let everywhere = [[].as_slice()];
    let hosts: Vec<&[Host]> = if hosts.is_empty() { everywhere.to_vec() } else { hosts.chunks(HOSTS).collect() };

    let mut output = Vec::new();
    for hosts in hosts {
        for paths in route.paths.chunks(at_once) {
            let mut rules = Vec::new();
            for Row { any, to, set_cookie } in &rows {
                let matches = any.iter().flat_map(|header| paths.iter().map(|path| say(path, Some(header))));
                rules.push(Rule {
                    matches: matches.collect::<Result<_, _>>()?,
                    filters: set_cookie.clone().map(Filter::set_cookie).into_iter().collect(),
                    backend_refs: vec![backend_ref(backends, *to)?],
                    unread: Unread::default(),
                });
            }
            let matches = paths.iter().map(|path| say(path, None)).collect::<Result<_, _>>()?;
            rules.push(Rule { matches, filters: Vec::new(), backend_refs: refs(&split)?, unread: Unread::default() });
            let spec = Spec {
                parent_refs: parents.clone(),
                hostnames: hosts.iter().map(|host| host.as_str().to_owned()).collect(),
                rules,
                unread: Unread::default(),
            };
            let metadata = metadata(policy, route, output.len())?;
            output.push(Object::new("gateway.networking.k8s.io/v1", kind, metadata, spec));
        }
    }
    Ok(Conversion { output, losses })
}

/// An object's metadata; the name of a further one is longer than the route's.
pub(super) fn metadata(policy: &Policy, route: &Route, index: usize) -> Result<Metadata, RouteError> {
    let metadata = Metadata::new(route, policy, route.backends(policy)?, index);
    if metadata.name.len() > NAME {
        Err(RouteError::Invalid { field: "name", what: Invalid::ObjectName(Excerpt::of(&metadata.name)) })
    } else {
        Ok(metadata)
    }
}

/// A condition as a header match, or what the target is bound to.
fn header_match(policy: &Policy, condition: Condition<'_>) -> Result<HeaderMatch, &'static str> {
    let (name, wanted) = regex::wanted(condition)?;
    let (kind, value) = match wanted {
        Wanted::Exactly(value) => ("Exact", value.to_owned()),
        Wanted::Matches(regex) => ("RegularExpression", regex),
    };
    let set = match (policy.affinity(), condition) {
        (Affinity::Cookie(cookie), Condition::Affinity(_, value)) => cookie.set_cookie(value),
        _ => String::new(),
    };
    if value.is_empty() || value.len() > VALUE {
        Err("an HTTPRoute takes 1 to 4096 characters, with what is written around a pattern or cookie")
    } else if !is_printable(&value) || !is_printable(&set) {
        Err("an HTTPRoute takes printable ASCII without two blanks in a row")
    } else if set.contains('%') {
        Err("implementations that are built on Envoy read a % in a Set-Cookie value as a variable")
    } else {
        Ok(HeaderMatch { kind: kind.into(), name, value })
    }
}

/// The experimental channel's pattern, which the standard channel will have one day.
fn is_printable(value: &str) -> bool {
    let printable = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let blanks = value.as_bytes().windows(2).any(|pair| pair.iter().all(|byte| matches!(byte, b'\t' | b' ')));
    printable && !blanks
}

fn backend_refs(backends: Backends<'_>, split: &[Destination]) -> Result<Vec<BackendRef>, RouteError> {
    let single = split.len() == 1;
    let refs = split.iter().map(|Destination { to, weight, set_cookie }| {
        let filters = set_cookie.clone().map(Filter::set_cookie).into_iter().collect();
        Ok(BackendRef { weight: Some(*weight).filter(|_| !single), filters, ..backend_ref(backends, *to)? })
    });
    refs.collect()
}

fn backend_ref(backends: Backends<'_>, to: Variant) -> Result<BackendRef, RouteError> {
    let backend = backends.of(to);
    let port = backend.number("a backendRef that is a Service has one")?;
    Ok(BackendRef { name: backend.service().to_owned(), port: Some(port), ..BackendRef::default() })
}

fn parent_ref(parent: &Parent) -> ParentRef {
    ParentRef {
        namespace: parent.namespace().map(str::to_owned),
        name: parent.name().to_owned(),
        ..ParentRef::default()
    }
}

fn path_kind(kind: PathType) -> &'static str {
    match kind {
        PathType::Exact => "Exact",
        PathType::Prefix => "PathPrefix",
    }
}
