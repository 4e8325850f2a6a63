//! Reads HTTPRoutes of Services back to virtual hosts.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{InvalidRoute, ReadError};
use crate::route::{Backend, Location, Path, Port, VirtualHost};
use crate::targets::finding::Findings;
use crate::targets::gateway::{HttpRoute, ParentRef, Spec, check_kinds, parsed_rules, report_refused};
use crate::targets::read::{
    MatchOrder, ObjectRules, ParsedRule, ReadLocations, VariantNames, locations, moved_rules, paths, unknown_fields,
};
use crate::targets::{Finding, VirtualHostReading, Wildcards};

/// Reads HTTPRoutes that attach to Services back to virtual hosts: one for each of `known`.
///
/// Linkerd does not know the host of a request. A proxy in front, such as an ingress controller in the mesh, sends a request to
/// the stable Service of the location in `known` that decides, and the HTTPRoutes of this Service and port then choose the
/// backend. If there is none, the Service answers itself. HTTPRoutes of other Services, and those of Gateways, have no influence
/// and are not read.
///
/// All rules of a Service decide together: the most specific path first, then a match with a header before one without, and then
/// the order of the rules and of the objects, which is that of their names. The variants are those of the location in `known`;
/// the annotation [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS) is not read.
///
/// An HTTPRoute that has hosts, or that is in another namespace than its Service, is for some of the clients only: the locations of
/// the Service are then [inexact](VirtualHostReading::inexact).
///
/// # Errors
///
/// * An object is not an HTTPRoute of the Gateway API, `v1`, `v1beta1` or `v1alpha2`.
/// * A backend of a rule has no port number, or a name that cannot be part of a route.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::linkerd::{self, RouteParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["next:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let hosts = [VirtualHost::new("shop", [shop, orders])?.with_namespace("shop")?];
/// let mut routes = linkerd::http_routes_of_hosts(&hosts, &RouteParams::default())?.exact()?;
/// assert_eq!(linkerd::read_hosts(&routes, &hosts)?[0].virtual_host, hosts[0]);
///
/// // Without an HTTPRoute, every request goes to stable.
/// assert_eq!(linkerd::read_hosts(&[], &hosts)?[0].virtual_host.location("/").unwrap().policy(), None);
///
/// routes[0].kind = "GRPCRoute".into();
/// assert_eq!(linkerd::read_hosts(&routes, &hosts).unwrap_err().to_string(), "kind: `GRPCRoute` is not HTTPRoute");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_hosts(routes: &[HttpRoute], known: &[VirtualHost]) -> Result<Vec<VirtualHostReading>, ReadError> {
    check_kinds(routes)?;
    let mut sorted: Vec<&HttpRoute> = routes.iter().collect();
    sorted.sort_by_key(|route| (route.metadata.namespace.as_deref(), route.metadata.name.as_str()));
    let mut routes = Routes::new();
    for route in sorted {
        for parent in &route.spec.parent_refs {
            let attached = Attached { route, parent };
            routes.entry((attached.namespace(), &parent.name)).or_default().push(attached);
        }
    }
    known.iter().map(|host| read_host(&routes, host)).collect()
}

/// The parents of routes, by their namespaces and names.
type Routes<'r> = BTreeMap<(Option<&'r str>, &'r str), Vec<Attached<'r>>>;

/// A parent that a route attaches to.
#[derive(Clone, Copy)]
struct Attached<'r> {
    route: &'r HttpRoute,
    parent: &'r ParentRef,
}

fn read_host(routes: &Routes<'_>, host: &VirtualHost) -> Result<VirtualHostReading, ReadError> {
    let mut by_service: BTreeMap<Backend, Vec<&Location>> = BTreeMap::new();
    for location in host.locations() {
        by_service.entry(located(location, host)).or_default().push(location);
    }
    let mut read = ReadLocations { all: Vec::new(), inexact: Vec::new(), findings: Vec::new() };
    for (service, own) in &by_service {
        let ReadLocations { all, inexact, findings } = read_service(routes, host, service, own)?;
        read.all.extend(all);
        read.inexact.extend(inexact);
        read.findings.extend(findings);
    }
    let at = |invalid: InvalidRoute| ReadError::Route { field: host.name().to_owned(), invalid };
    let virtual_host = VirtualHost::new(host.name(), read.all).map_err(at)?;
    let virtual_host = match host.namespace() {
        Some(namespace) => virtual_host.with_namespace(namespace).map_err(at)?,
        None => virtual_host,
    };
    let virtual_host = virtual_host.with_hosts(host.hosts().iter().cloned()).map_err(at)?;
    let virtual_host = virtual_host.with_parents(host.parents().iter().cloned()).map_err(at)?;
    // The proxy in front knows the hosts, and is the one of `known`.
    let wildcards = Wildcards::OneLabel;
    Ok(VirtualHostReading { virtual_host, inexact: read.inexact, wildcards, findings: read.findings })
}

/// The stable Service of a location with its namespace, if that is known.
fn located(location: &Location, host: &VirtualHost) -> Backend {
    location.stable().moved(host.namespace(), None)
}

/// The locations whose requests a proxy sends to this Service: `own`, which are those of the virtual host, and one for each further
/// path of the rules.
fn read_service(
    routes: &Routes<'_>,
    host: &VirtualHost,
    service: &Backend,
    own: &[&Location],
) -> Result<ReadLocations, ReadError> {
    let of_name = routes.get(&(service.namespace(), service.service())).into_iter().flatten();
    let mut attached: Vec<&HttpRoute> = of_name.filter(|one| one.is_to(service)).map(|one| one.route).collect();
    // A route may name the Service and its port too.
    attached.dedup_by(|one, other| std::ptr::eq(*one, *other));
    let objects = attached.into_iter().map(|route| object_rules(route, service)).collect::<Result<Vec<_>, _>>()?;
    let unsplit = |location: &Location| Location::new(location.path().clone(), location.stable().clone());
    if objects.is_empty() {
        let all = own.iter().map(|location| unsplit(location)).collect();
        return Ok(ReadLocations { all, inexact: Vec::new(), findings: Vec::new() });
    }

    let rules: Vec<ParsedRule> = objects.iter().flat_map(|object| moved_rules(object, host.namespace())).collect();
    let is_own = |path: &&Path| host.covering(path).is_some_and(|location| located(location, host) == *service);
    let mut seen = BTreeSet::new();
    let all_paths = own.iter().map(|location| location.path()).chain(paths(&rules).into_iter().filter(is_own));
    let all_paths = all_paths.filter(|path| seen.insert((path.path_type(), path.compared()))).collect();
    let names = |path: &Path| {
        let location = host.covering(path);
        location.map(|location| VariantNames::of_location(location, host.namespace(), host.namespace()))
    };
    let mut read =
        locations(all_paths, &rules, MatchOrder::BySpecificity, |path| Ok(names(path).into_iter().collect()))?;

    // A location that was not read stays as one of the inexact ones.
    let found: BTreeSet<String> = read.all.iter().map(|location| location.path().to_string()).collect();
    let missing = own.iter().filter(|location| !found.contains(&location.path().to_string()));
    read.all.extend(missing.map(|location| unsplit(location)));
    let of_objects = objects.iter().flat_map(|object| object.findings.of_object(&object.metadata.name));
    let of_objects: Vec<Finding> = of_objects.collect();
    read.findings.splice(0..0, of_objects);
    Ok(read)
}

impl<'r> Attached<'r> {
    fn namespace(self) -> Option<&'r str> {
        self.parent.namespace.as_deref().or(self.route.metadata.namespace.as_deref())
    }

    /// Whether the parent is a Service with the port of this one. The namespaces and names are equal.
    fn is_to(self, service: &Backend) -> bool {
        let ParentRef { group, kind, namespace: _, name: _, section_name: _, port, unknown: _ } = self.parent;
        let is_service = matches!(group.as_deref(), Some("" | "core")) && kind.as_deref() == Some("Service");
        let is_port = |number: u16| match service.port() {
            Some(Port::Number(own)) => own.get() == number,
            // The number of a port with a name is unknown.
            Some(Port::Name(_)) | None => true,
        };
        is_service && port.is_none_or(is_port)
    }
}

/// The rules of an HTTPRoute of a Service.
fn object_rules<'o>(route: &'o HttpRoute, service: &Backend) -> Result<ObjectRules<'o>, ReadError> {
    let mut findings = Findings::default();
    let Spec { parent_refs, hostnames, rules, unknown } = &route.spec;
    unknown_fields("spec", unknown, &mut findings);
    for (index, parent) in parent_refs.iter().enumerate() {
        unknown_fields(&format!("spec.parentRefs[{index}]"), &parent.unknown, &mut findings);
    }
    let rules = parsed_rules(rules, &route.metadata, &mut findings)?;
    let mut is_for_some = false;
    if !hostnames.is_empty() {
        let why =
            "the proxy of a client compares the host that the client used, which is that of a Service in most cases";
        findings.left_out("spec.hostnames", &hostnames.join(", "), why);
        is_for_some = true;
    }
    if route.metadata.namespace.as_deref() != service.namespace() {
        let why = "an HTTPRoute in another namespace than its Service is for the clients there";
        findings.left_out("metadata.namespace", route.metadata.namespace.as_deref().unwrap_or_default(), why);
        is_for_some = true;
    }
    let mut refused = Findings::default();
    report_refused(&route.spec, &mut refused);
    let is_unread = is_for_some || !refused.is_empty();
    findings.append(refused);
    let (metadata, hosts, parents) = (&route.metadata, Vec::new(), Vec::new());
    let rules = if is_unread { Vec::new() } else { rules };
    let mut object = ObjectRules { metadata, hosts, parents, rules, subsets: None, findings };
    if is_unread {
        object.leave_undecided();
    }
    Ok(object)
}
