//! A policy and a route as HTTPRoutes or GRPCRoutes.

use super::header_match::header_match;
use super::method::method_match;
use super::{
    BackendRef, Filter, GrpcMatch, GrpcRoute, HeaderMatch, HttpMatch, HttpRoute, ParentRef, PathMatch, RouteParams,
    Rule, Spec,
};
use crate::error::{ConversionError, Excerpt, InvalidRoute};
use crate::policy::Policy;
use crate::route::{Backends, Host, Parent, Path, PathType, Route};
use crate::targets::loss::wildcard_hosts;
use crate::targets::table::{Condition, Destination, Limits, Row, Split, Table, WeightLimit, Weighted};
use crate::targets::{Conversion, Metadata, Object, UnknownFields};

const API_VERSION: &str = "gateway.networking.k8s.io/v1";

/// The name of the object in an error, if the object exceeds one of the limits below.
const OBJECT: &str = "an HTTPRoute or GRPCRoute";

/// The largest number of rules of an object.
pub(in crate::targets) const MAX_RULES: usize = 16;

/// The largest number of matches of a rule.
const MAX_RULE_MATCHES: usize = 64;

/// The largest number of matches of an object.
pub(in crate::targets) const MAX_MATCHES: usize = 128;

/// The largest number of hosts of an object.
const MAX_HOSTS: usize = 16;

/// The largest number of parents of an object.
const MAX_PARENTS: usize = 32;

/// The largest number of backends of a rule.
const MAX_BACKENDS: usize = 16;

/// The largest number of characters of an object's name.
const MAX_NAME: usize = 253;

/// The largest weight.
const MAX_WEIGHT: u32 = 1_000_000;

/// Why an affinity key cannot choose the variant.
const WHY_NO_HASH: &str =
    "a route of the Gateway API cannot hash a key: a variant is chosen by weight for each request";

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
    http_routes_attached(policy, route, params, &Attachment::of(route), |_| Ok(()))
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
    let kind = Kind { name: "GRPCRoute", to_match: grpc_match };
    objects(policy, route, params, &Attachment::of(route), |_| Ok(()), &kind)
}

/// Writes HTTPRoutes with another attachment than the route's own, and without the conditions that `accepts` refuses.
pub(in crate::targets) fn http_routes_attached(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
    attachment: &Attachment<'_>,
    accepts: impl Fn(Condition<'_>) -> Result<(), &'static str>,
) -> Result<Conversion<Vec<HttpRoute>>, ConversionError> {
    let kind = Kind { name: "HTTPRoute", to_match: http_match };
    objects(policy, route, params, attachment, accepts, &kind)
}

/// The parents that objects attach to, and the hosts of the objects.
pub(in crate::targets) struct Attachment<'r> {
    pub(in crate::targets) parents: Vec<ParentRef>,
    pub(in crate::targets) hosts: &'r [Host],
}

impl<'r> Attachment<'r> {
    fn of(route: &'r Route) -> Self {
        Attachment { parents: route.parents().iter().map(parent_ref).collect(), hosts: route.hosts() }
    }

    /// The hosts of each object. Without hosts there is one object, which is for every host.
    fn hosts_by_object(&self) -> Vec<&'r [Host]> {
        if self.hosts.is_empty() { vec![&[]] } else { self.hosts.chunks(MAX_HOSTS).collect() }
    }
}

/// The kind of an object, and how it matches a path and a header.
struct Kind<M> {
    name: &'static str,
    to_match: fn(&Path, Option<&HeaderMatch>) -> Result<M, ConversionError>,
}

/// Writes objects of one kind: one, unless the limits require several, each with a part of the hosts and paths.
fn objects<M>(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
    attachment: &Attachment<'_>,
    accepts: impl Fn(Condition<'_>) -> Result<(), &'static str>,
    kind: &Kind<M>,
) -> Result<Conversion<Vec<Object<Spec<M>>>>, ConversionError> {
    let backends = route.backends(policy)?;
    check_parents(&attachment.parents)?;
    let limits = Limits {
        translate: |condition: Condition<'_>| accepts(condition).and_then(|()| header_match(policy, condition, params)),
        weights: WeightLimit::Each(MAX_WEIGHT),
        why_no_hash: Some(WHY_NO_HASH),
    };
    let Conversion { output: table, mut losses } = Table::new(policy, &limits);
    losses.extend(wildcard_hosts(attachment.hosts));
    check_size(&table)?;

    let mut output = Vec::new();
    for hosts in attachment.hosts_by_object() {
        for paths in route.paths().chunks(paths_by_object(&table)) {
            let rules = table.rows.iter().map(|row| rule(row, paths, backends, kind));
            let spec = Spec {
                parent_refs: attachment.parents.clone(),
                hostnames: hosts.iter().map(Host::to_string).collect(),
                rules: rules.collect::<Result<_, _>>()?,
                unknown: UnknownFields::default(),
            };
            let metadata = numbered_metadata(policy, route, output.len())?;
            output.push(Object::new(API_VERSION, kind.name, metadata, spec));
        }
    }
    Ok(Conversion { output, losses })
}

fn check_parents(parents: &[ParentRef]) -> Result<(), ConversionError> {
    let field = "parents";
    match parents.len() {
        0 => {
            let why = "an HTTPRoute or GRPCRoute that attaches to no Gateway has no effect";
            Err(ConversionError::Missing { field, why })
        }
        1..=MAX_PARENTS => Ok(()),
        count => Err(ConversionError::TooMany { field, count, bound: MAX_PARENTS, object: OBJECT }),
    }
}

fn check_size(table: &Table<HeaderMatch>) -> Result<(), ConversionError> {
    let backends = table.rows.iter().map(|row| row.split.len()).max().unwrap_or(0);
    let rules = table.rows.len();
    if backends > MAX_BACKENDS {
        return Err(ConversionError::TooMany {
            field: "backends",
            count: backends,
            bound: MAX_BACKENDS,
            object: OBJECT,
        });
    }
    if rules > MAX_RULES {
        return Err(ConversionError::TooMany { field: "rules", count: rules, bound: MAX_RULES, object: OBJECT });
    }
    Ok(())
}

/// The number of paths that fit in one object, at least 1. A rule has one match for each of its conditions on each path, and one
/// match on each path if it has no condition.
///
/// Rows with 2, 1 and 0 conditions need 2, 1 and 1 matches for each path, which are 4 in all. 64 / 2 = 32 paths fit in the first
/// rule, and 128 / 4 = 32 paths in the object.
fn paths_by_object(table: &Table<HeaderMatch>) -> usize {
    let in_a_rule = table.rows.iter().map(|row| row.conditions.len().max(1)).max().unwrap_or(1);
    let in_all: usize = table.rows.iter().map(|row| row.conditions.len().max(1)).sum();
    (MAX_RULE_MATCHES / in_a_rule).min(MAX_MATCHES / in_all.max(1)).max(1)
}

fn rule<M>(
    row: &Row<HeaderMatch>,
    paths: &[Path],
    backends: Backends<'_>,
    kind: &Kind<M>,
) -> Result<Rule<M>, ConversionError> {
    let matches = row.matches(paths).map(|(path, header)| (kind.to_match)(path, header)).collect::<Result<_, _>>()?;
    let (filters, backend_refs) = match &row.split {
        // A row with conditions has one destination, and its `Set-Cookie` filter belongs to the rule. In the last row every
        // backend has its own cookie, and the filter belongs to the backend.
        Split::One(destination) if !row.conditions.is_empty() => {
            (set_cookie_filters(destination), vec![backend_ref(backends, destination)?])
        }
        split => {
            let refs = split.destinations().map(|Weighted { destination, weight }| {
                let filters = set_cookie_filters(destination);
                Ok(BackendRef { weight, filters, ..backend_ref(backends, destination)? })
            });
            (Vec::new(), refs.collect::<Result<_, ConversionError>>()?)
        }
    };
    Ok(Rule { matches, filters, backend_refs, unknown: UnknownFields::default() })
}

fn set_cookie_filters(destination: &Destination) -> Vec<Filter> {
    destination.set_cookie.clone().map(Filter::set_cookie).into_iter().collect()
}

fn backend_ref(backends: Backends<'_>, destination: &Destination) -> Result<BackendRef, ConversionError> {
    let backend = backends.of(destination.variant);
    let port = backend.port_number("a backendRef to a Service has a port number")?;
    Ok(BackendRef { name: backend.service().to_owned(), port: Some(port), ..BackendRef::default() })
}

/// The metadata of the object with this index. From the second object on, a number is appended to the name of the route, so the
/// name can become too long.
pub(in crate::targets) fn numbered_metadata(
    policy: &Policy,
    route: &Route,
    index: usize,
) -> Result<Metadata, ConversionError> {
    let metadata = Metadata::new(route, policy, index)?;
    if metadata.name.len() > MAX_NAME {
        let invalid = InvalidRoute::ObjectName(Excerpt::of(&metadata.name));
        return Err(ConversionError::Invalid { field: "name", invalid });
    }
    Ok(metadata)
}

fn parent_ref(parent: &Parent) -> ParentRef {
    ParentRef {
        namespace: parent.namespace().map(str::to_owned),
        name: parent.name().to_owned(),
        ..ParentRef::default()
    }
}

/// Never fails. It returns a `Result` because it has the same type as [`grpc_match`], which fails for some paths.
#[allow(clippy::unnecessary_wraps, reason = "`Kind::to_match` has one function type for both kinds")]
fn http_match(path: &Path, header: Option<&HeaderMatch>) -> Result<HttpMatch, ConversionError> {
    let kind = match path.path_type() {
        PathType::Exact => "Exact",
        PathType::Prefix => "PathPrefix",
    };
    let path = Some(PathMatch { kind: kind.into(), value: path.as_str().to_owned() });
    Ok(HttpMatch { path, headers: header.cloned().into_iter().collect(), ..HttpMatch::default() })
}

fn grpc_match(path: &Path, header: Option<&HeaderMatch>) -> Result<GrpcMatch, ConversionError> {
    let method = method_match(path)?;
    Ok(GrpcMatch { method, headers: header.cloned().into_iter().collect(), ..GrpcMatch::default() })
}
