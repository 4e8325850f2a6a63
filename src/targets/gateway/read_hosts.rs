//! Reads HTTPRoutes back to virtual hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{check_kinds, check_objects, object_rules, rules_of};
use super::route_objects::{HostSet, RouteObjects};
use super::{GrpcMatch, GrpcRoute, HttpMatch, HttpRoute, MethodMatch, ParentRef, PathMatch, Rule};
use crate::error::{Excerpt, ReadError};
use crate::route::{Host, VirtualHost};
use crate::targets::VirtualHostReading;
use crate::targets::read::{MatchOrder, ObjectRules, virtual_hosts};

/// Reads HTTPRoutes back to virtual hosts, one for all hosts that the same HTTPRoutes have.
///
/// All rules of a host decide together: the most specific path first, then a match with a header before one without, and then the
/// order of the rules and of the objects. Objects are taken in the order of their namespaces and names: an implementation prefers
/// the older object first, which is not read, so that a match of two objects is not decided. Objects with a common host that attach
/// to different Gateways or listeners are not decided either.
///
/// The variants have the names of the same path in `known`, which may be empty, if a policy with these names expresses the rules.
/// Otherwise the annotation [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS) names them. Routing does not depend on it.
///
/// If an API server refuses an object, that is a [finding](crate::targets::Finding::Refused), and its hosts are not decided. A
/// listener that the object attaches to is a [condition](crate::targets::Finding::Condition).
///
/// A backend in another namespace is taken to be permitted, and no GRPCRoute to have a host of these HTTPRoutes: [`read_objects`]
/// looks at both.
///
/// # Errors
///
/// * No object is given, or an object is not an HTTPRoute of the Gateway API, `v1`, `v1beta1` or `v1alpha2`.
/// * The annotation [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS) is malformed.
/// * A backend has no port number.
/// * A host or name cannot be part of a virtual host.
///
/// ```
/// use canary_policy::targets::gateway;
///
/// # #[cfg(feature = "serde")] {
/// let backend = |name: &str| serde_json::json!([{ "name": name, "port": 80 }]);
/// let orders = serde_json::json!({ "path": { "type": "PathPrefix", "value": "/orders" } });
/// let route = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "shop" },
///     "spec": { "hostnames": ["shop.test"], "rules": [
///         { "backendRefs": backend("shop") },
///         { "matches": [orders], "backendRefs": backend("orders") },
///     ] },
/// })).unwrap();
/// let readings = gateway::read_hosts(&[route], &[]).unwrap();
/// let host = &readings[0].virtual_host;
/// assert_eq!(host.location("/orders/1").unwrap().stable().service(), "orders");
/// assert_eq!(host.location("/").unwrap().policy(), None);
/// # }
/// assert_eq!(gateway::read_hosts(&[], &[]).unwrap_err().to_string(), "no object is given");
/// ```
pub fn read_hosts(routes: &[HttpRoute], known: &[VirtualHost]) -> Result<Vec<VirtualHostReading>, ReadError> {
    read_objects(&RouteObjects::new(routes), known)
}

/// Reads HTTPRoutes back to virtual hosts as [`read_hosts`] does, and looks at the other objects that change what they do.
///
/// * If the `ReferenceGrant`s are given: a backend in another namespace that none of them permits is a
///   [finding](crate::targets::Finding::Needs), and the paths of its rule are [inexact](VirtualHostReading::inexact): an
///   implementation answers their requests with an error (`HTTPBackendRef.namespace` and `HTTPRouteRule.backendRefs` of the
///   Gateway API 1.6.1).
/// * The hosts of a GRPCRoute are inexact: it takes gRPC requests, which are not compared. If an HTTPRoute has one of its hosts
///   too, an implementation accepts only one of the two, usually the older one (`GRPCRoute` of the Gateway API 1.6.1).
///
/// # Errors
///
/// Those of [`read_hosts`]; also, an object is not a GRPCRoute or `ReferenceGrant` of the Gateway API.
///
/// ```
/// use canary_policy::targets::gateway::{self, RouteObjects};
///
/// # #[cfg(feature = "serde")] {
/// let route = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "shop", "namespace": "shop" },
///     "spec": { "rules": [{ "backendRefs": [{ "name": "web", "namespace": "api", "port": 80 }] }] },
/// })).unwrap();
/// let routes = [route];
/// let readings = gateway::read_objects(&RouteObjects::new(&routes).with_grants(&[]), &[]).unwrap();
/// assert_eq!(readings[0].inexact.len(), 1);
/// assert_eq!(
///     readings[0].findings[0].to_string(),
///     "shop.spec.rules[0].backendRefs[0]: `api/web` needs a ReferenceGrant in the namespace of the Service: none permits it, and \
///      without one, the requests to this backend fail",
/// );
/// # }
/// ```
pub fn read_objects(objects: &RouteObjects<'_>, known: &[VirtualHost]) -> Result<Vec<VirtualHostReading>, ReadError> {
    let RouteObjects { http_routes, grpc_routes, grants } = objects;
    check_objects(grants.unwrap_or_default(), "ReferenceGrant")?;
    let mut http = http_rules(http_routes)?;
    for (route, rules) in http_routes.iter().zip(&mut http) {
        check_backends(objects, "HTTPRoute", &route.spec.rules, rules);
    }
    check_objects(grpc_routes, "GRPCRoute")?;
    let mut grpc = grpc_routes.iter().map(grpc_rules).collect::<Result<Vec<_>, _>>()?;
    let mut grpc_hosts = HostSet::default();
    for (route, rules) in grpc_routes.iter().zip(&mut grpc) {
        check_backends(objects, "GRPCRoute", &route.spec.rules, rules);
    }
    for rules in &grpc {
        grpc_hosts.add(&rules.hosts);
    }
    for rules in http.iter_mut().filter(|rules| grpc_hosts.intersects(&rules.hosts)) {
        let hosts: Vec<&str> = rules.hosts.iter().map(Host::as_str).collect();
        let hosts = if hosts.is_empty() { "every host".to_owned() } else { hosts.join(", ") };
        let why = "a GRPCRoute has one of these hosts too, and an implementation accepts only one of the two";
        rules.findings.left_out("spec.hostnames", &hosts, why);
        rules.leave_undecided();
    }
    leave_other_listeners_undecided(http_routes, &mut http);
    read_rules(http, grpc, known)
}

/// The rules of HTTPRoutes, in the same order.
fn http_rules(routes: &[HttpRoute]) -> Result<Vec<ObjectRules<'_>>, ReadError> {
    check_kinds(routes)?;
    routes.iter().map(object_rules).collect()
}

/// Reads the rules of HTTPRoutes and GRPCRoutes.
fn read_rules<'o>(
    mut http: Vec<ObjectRules<'o>>,
    mut grpc: Vec<ObjectRules<'o>>,
    known: &[VirtualHost],
) -> Result<Vec<VirtualHostReading>, ReadError> {
    for objects in [&mut http, &mut grpc] {
        objects.sort_by_key(|rules| (rules.metadata.namespace.as_deref(), rules.metadata.name.as_str()));
        check_names(objects)?;
    }
    http.append(&mut grpc);
    if http.is_empty() {
        return Err(ReadError::NoObject);
    }
    leave_ties_undecided(&mut http);
    virtual_hosts(&http, MatchOrder::BySpecificity, known)
}

/// Reports the backends in other namespaces that no `ReferenceGrant` permits.
fn check_backends<M>(objects: &RouteObjects<'_>, kind: &str, rules: &[Rule<M>], read: &mut ObjectRules<'_>) {
    let namespace = read.metadata.namespace.as_deref();
    for (index, (rule, read_rule)) in rules.iter().zip(&mut read.rules).enumerate() {
        for (number, backend) in rule.backend_refs.iter().enumerate().filter(|(_, backend)| backend.weight != Some(0)) {
            if objects.permit(kind, namespace, backend) {
                continue;
            }
            let field = format!("spec.rules[{index}].backendRefs[{number}]");
            let name = format!("{}/{}", backend.namespace.as_deref().unwrap_or_default(), backend.name);
            read.findings.needs(field, &name, NO_GRANT);
            read_rule.is_known = false;
        }
    }
}

const NO_GRANT: &str = "a ReferenceGrant in the namespace of the Service: none permits it, and without one, the requests to this \
                        backend fail";

/// The rules of a GRPCRoute, whose methods are read as paths. None of them is decided.
fn grpc_rules(route: &GrpcRoute) -> Result<ObjectRules<'_>, ReadError> {
    let rule = |rule: &Rule<GrpcMatch>| Rule {
        matches: rule.matches.iter().map(http_match).collect(),
        filters: rule.filters.clone(),
        backend_refs: rule.backend_refs.clone(),
        unknown: rule.unknown.clone(),
    };
    let as_http: Vec<Rule<HttpMatch>> = route.spec.rules.iter().map(rule).collect();
    let mut rules = rules_of(&route.metadata, &route.spec, &as_http)?;
    let why = "it takes gRPC requests, and these are not compared";
    rules.findings.left_out("kind", "GRPCRoute", why);
    rules.leave_undecided();
    Ok(rules)
}

/// The match of an HTTPRoute on the path that a gRPC method has.
pub(super) fn http_match(one: &GrpcMatch) -> HttpMatch {
    let GrpcMatch { method, headers, unknown } = one;
    let path = method.as_ref().map(|method| {
        let MethodMatch { kind, service, method, unknown } = method;
        let path = match (&**kind, service.as_str(), method) {
            ("Exact", "", _) | ("RegularExpression", ..) => PathMatch::new("RegularExpression", format!("{service}/*")),
            (_, service, None) => PathMatch::new("PathPrefix", format!("/{service}")),
            (_, service, Some(method)) => PathMatch::new("Exact", format!("/{service}/{method}")),
        };
        PathMatch { unknown: unknown.clone(), ..path }
    });
    HttpMatch { path, headers: headers.clone(), unknown: unknown.clone() }
}

/// If two objects with a common host attach to other Gateways or listeners, each of them decides about the requests of its own
/// listeners only, and no virtual host expresses both.
fn leave_other_listeners_undecided(routes: &[HttpRoute], read: &mut [ObjectRules<'_>]) {
    let mut first: BTreeMap<Option<Host>, Vec<Attachment<'_>>> = BTreeMap::new();
    let mut split: BTreeSet<Option<Host>> = BTreeSet::new();
    for (route, rules) in routes.iter().zip(read.iter()) {
        let own = attachments(route);
        for host in each_host(rules) {
            if first.entry(host.clone()).or_insert_with(|| own.clone()) != &own {
                split.insert(host);
            }
        }
    }
    for rules in read.iter_mut() {
        let host = each_host(rules).into_iter().find(|host| split.contains(host));
        if let Some(host) = host {
            let host = host.map_or_else(|| "every host".to_owned(), |host| host.to_string());
            let why = "an object with the same host attaches to other Gateways or listeners, and what each of them does is \
                       not compared";
            rules.findings.left_out("spec.parentRefs", &host, why);
            rules.leave_undecided();
        }
    }
}

/// A listener that a route attaches to: the namespace and name of the Gateway, the name of the listener and the port.
type Attachment<'r> = (Option<&'r str>, &'r str, Option<&'r str>, Option<u16>);

/// The listeners that a route attaches to, sorted.
fn attachments(route: &HttpRoute) -> Vec<Attachment<'_>> {
    let own = route.metadata.namespace.as_deref();
    let mut all = Vec::new();
    for ParentRef { group: _, kind: _, namespace, name, section_name, port, unknown: _ } in &route.spec.parent_refs {
        all.push((namespace.as_deref().or(own), name.as_str(), section_name.as_deref(), *port));
    }
    all.sort_unstable();
    all
}

/// Each host of an object; `None` is every host.
fn each_host(rules: &ObjectRules<'_>) -> Vec<Option<Host>> {
    let hosts: Vec<Option<Host>> = rules.hosts.iter().cloned().map(Some).collect();
    if hosts.is_empty() { vec![None] } else { hosts }
}

/// Checks that no two objects have one name: the second would replace the first. The objects are sorted by name.
fn check_names(objects: &[ObjectRules<'_>]) -> Result<(), ReadError> {
    let key = |object: &ObjectRules<'_>| (object.metadata.namespace.clone(), object.metadata.name.clone());
    match objects.windows(2).find(|pair| matches!(pair, [one, other] if key(one) == key(other))) {
        Some([one, ..]) => Err(ReadError::Twice { object: Excerpt::of(&one.metadata.name) }),
        _ => Ok(()),
    }
}

/// If two objects have the same match on one host, the older object decides, and no object says how old it is here.
fn leave_ties_undecided(objects: &mut [ObjectRules<'_>]) {
    let mut first: BTreeMap<(Option<Host>, String, String), usize> = BTreeMap::new();
    for (index, object) in objects.iter_mut().enumerate() {
        let hosts = each_host(object);
        for rule in &mut object.rules {
            for one in &rule.matches {
                let condition = one.condition.as_ref().map(ToString::to_string).unwrap_or_default();
                let tied = hosts.iter().any(|host| {
                    let key = (host.clone(), one.path.to_string(), condition.clone());
                    *first.entry(key).or_insert(index) != index
                });
                if tied {
                    rule.unread.push(Some(one.path.clone()));
                    let why = "another object with the host has the same match, and which of them decides is not known: that is \
                               the older one";
                    object.findings.left_out(one.field.clone(), &one.path.to_string(), why);
                }
            }
        }
    }
}
