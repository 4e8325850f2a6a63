//! Reads HTTPRoutes back to a policy and a route.

use std::collections::BTreeSet;

use super::destinations::{parsed_destination, set_cookie};
use super::refused::report_refused;
use super::{HeaderMatch, HttpMatch, HttpRoute, ParentRef, PathMatch, Rule, Spec};
use crate::error::{Excerpt, ReadError};
use crate::route::{Host, Parent, Path, PathType};
use crate::targets::finding::Findings;
use crate::targets::read::{
    Field, MatchOrder, ObjectRules, OwnedCondition, ParsedDestination, ParsedMatch, ParsedRoute, ParsedRule,
    ParsedTable, VariantNames, condition_of, unknown_fields, unknown_rule_fields,
};
use crate::targets::{Metadata, Object, Reading};

/// The API versions of an HTTPRoute or GRPCRoute, which all have the fields that are read here.
const API_VERSIONS: [&str; 3] =
    ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1", "gateway.networking.k8s.io/v1alpha2"];

/// Reads HTTPRoutes back, whether [`http_routes`](super::http_routes) or a person wrote them. Several HTTPRoutes have to
/// express one policy together, as `http_routes` writes them for many paths.
///
/// Matches without a header are the split: they give the weights of the variants. A match with one header is a rule of a canary.
/// The annotation [`Metadata::VARIANTS`] holds the total of the weights and the backend of each variant. Without the annotation,
/// stable is the first backend of the split, and a canary is named after its Service. A regular expression is taken to match whole
/// values, as implementations built on Envoy match it.
///
/// Different policies can be written as the same objects, and are then read as one policy: weights are scaled to the total of the
/// annotation if that gives whole numbers, and an affinity cookie without a path is read with the path `/`.
///
/// # Errors
///
/// * No object is given, or an object is not an HTTPRoute of the Gateway API, `v1`, `v1beta1` or `v1alpha2`.
/// * The annotation [`Metadata::VARIANTS`] is malformed.
/// * No rule takes the requests that match no header, or all weights of that rule are 0.
/// * All requests go to one backend.
/// * A backend has no port number.
/// * The objects differ in more than their hosts and paths.
/// * A host or name cannot be part of a route.
///
/// ```
/// use canary_policy::targets::gateway;
/// use canary_policy::{HeaderRule, Match, Policy};
///
/// # #[cfg(feature = "serde")] {
/// let web = serde_json::json!({ "name": "web", "port": 80, "weight": 90 });
/// let next = serde_json::json!({ "name": "web-next", "port": 80, "weight": 10 });
/// let route = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [
///         { "matches": [{ "headers": [{ "name": "x-beta", "value": "yes" }] }], "backendRefs": [next] },
///         { "backendRefs": [web, next], "timeouts": { "request": "1s" } },
///     ] },
/// })).unwrap();
/// let reading = gateway::read(&[route]).unwrap();
/// assert_eq!(reading.policy.canaries()[0].name().as_str(), "web-next");
/// assert_eq!(reading.policy.canaries()[0].header(), Some(&HeaderRule::new("x-beta", Match::Exact("yes".to_owned())).unwrap()));
/// assert_eq!(
///     reading.findings[0].to_string(),
///     "spec.rules[1].timeouts: `timeouts` is left out: a policy or route has no such field",
/// );
/// # }
/// assert_eq!(gateway::read(&[]).unwrap_err().to_string(), "no object is given");
/// ```
pub fn read(routes: &[HttpRoute]) -> Result<Reading, ReadError> {
    let (first, others) = routes.split_first().ok_or(ReadError::NoObject)?;
    check_kinds(routes)?;
    let mut findings = Findings::default();
    let names = VariantNames::of(&first.metadata, None)?;
    let mut whole = ParsedObject::new(first, &mut findings)?;
    let mut locations = whole.locations();
    let mut further_findings = Vec::new();
    for (index, route) in others.iter().enumerate() {
        let object = format!("objects[{}]", index + 1);
        let mut of_object = Findings::default();
        let further = ParsedObject::new(route, &mut of_object)?;
        check_one_policy(&object, (first, &whole), (route, &further))?;
        locations.extend(further.locations());
        whole.add(further);
        further_findings.push((object, of_object));
    }
    findings.extend_from(further_findings);
    whole.unite();
    // A route has every path on every host.
    let all = whole.hosts.len().max(1) * whole.table.paths.len();
    if !others.is_empty() && locations.len() != all {
        return Err(ReadError::Differs { field: format!("objects[{}].spec.hostnames", others.len()) });
    }

    let ParsedObject { table, hosts, parents } = whole;
    let route = ParsedRoute {
        metadata: &first.metadata,
        hosts: Field { path: "spec.hostnames", value: hosts },
        paths: Field { path: "spec.rules", value: table.paths.clone() },
        parents: Field { path: "spec.parentRefs", value: parents },
    };
    let (policy, route) = route.with_policy(table.policy(names, &mut findings)?)?;
    Ok(Reading { policy, route, findings: findings.into_vec() })
}

/// Checks that objects are HTTPRoutes of the Gateway API.
pub(in crate::targets) fn check_kinds(routes: &[HttpRoute]) -> Result<(), ReadError> {
    check_objects(routes, "HTTPRoute")
}

/// Checks that objects are routes of the Gateway API of this kind.
pub(super) fn check_objects<S>(routes: &[Object<S>], expected: &'static str) -> Result<(), ReadError> {
    if let Some(other) = routes.iter().find(|route| route.kind != expected) {
        return Err(ReadError::Kind { kind: Excerpt::of(&other.kind), expected });
    }
    match routes.iter().find(|route| !API_VERSIONS.contains(&&*route.api_version)) {
        None => Ok(()),
        Some(other) => {
            let expected = "gateway.networking.k8s.io/v1, v1beta1 and v1alpha2";
            Err(ReadError::ApiVersion { api_version: Excerpt::of(&other.api_version), expected })
        }
    }
}

/// The rules, hosts and parents of one HTTPRoute. If an API server refuses the object, nothing is decided.
pub(super) fn object_rules(route: &HttpRoute) -> Result<ObjectRules<'_>, ReadError> {
    let mut object = rules_of(&route.metadata, &route.spec, &route.spec.rules)?;
    let mut refused = Findings::default();
    report_refused(&route.spec, &mut refused);
    if !refused.is_empty() {
        object.leave_undecided();
    }
    object.findings.append(refused);
    Ok(object)
}

/// The hosts and parents of a route, and its rules, which are those of an HTTPRoute.
pub(super) fn rules_of<'o, M>(
    metadata: &'o Metadata,
    spec: &Spec<M>,
    rules: &[Rule<HttpMatch>],
) -> Result<ObjectRules<'o>, ReadError> {
    let mut findings = Findings::default();
    let Spec { parent_refs, hostnames, rules: _, unknown } = spec;
    unknown_fields("spec", unknown, &mut findings);
    let mut hosts = Vec::new();
    for (index, host) in hostnames.iter().enumerate() {
        let field = || format!("spec.hostnames[{index}]");
        hosts.push(Host::new(host).map_err(|invalid| ReadError::Route { field: field(), invalid })?);
    }
    let parents =
        parent_refs.iter().enumerate().filter_map(|(index, parent)| parsed_parent(index, parent, &mut findings));
    let parents = parents.collect();
    let rules = parsed_rules(rules, metadata, &mut findings)?;
    Ok(ObjectRules { metadata, hosts, parents, rules, subsets: None, findings })
}

/// The rules of an HTTPRoute, with the matches that a policy can express.
pub(in crate::targets) fn parsed_rules(
    rules: &[Rule<HttpMatch>],
    metadata: &Metadata,
    findings: &mut Findings,
) -> Result<Vec<ParsedRule>, ReadError> {
    let mut parsed = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut of_rule = Findings::default();
        let rule = parsed_rule(&format!("spec.rules[{index}]"), rule, metadata, &mut of_rule)?;
        parsed.push(rule.with_findings(of_rule, findings));
    }
    Ok(parsed)
}

/// The table, hosts and parents of one HTTPRoute.
struct ParsedObject {
    table: ParsedTable,
    hosts: Vec<Host>,
    parents: Vec<Parent>,
}

impl ParsedObject {
    fn new(route: &HttpRoute, findings: &mut Findings) -> Result<Self, ReadError> {
        let ObjectRules { hosts, parents, rules, findings: of_object, .. } = object_rules(route)?;
        findings.append(of_object);
        Ok(ParsedObject { table: ParsedTable::of_rules(&rules, MatchOrder::BySpecificity, findings), hosts, parents })
    }

    /// Every pair of a host and a path. Without hosts, the host of each pair is `None`, which is every host.
    fn locations(&self) -> BTreeSet<(Option<Host>, Path)> {
        let paths = &self.table.paths;
        if self.hosts.is_empty() {
            return paths.iter().map(|path| (None, path.clone())).collect();
        }
        let on_host = |host: &Host| paths.iter().map(|path| (Some(host.clone()), path.clone())).collect::<Vec<_>>();
        self.hosts.iter().flat_map(on_host).collect()
    }

    /// Adds the hosts and paths of a further HTTPRoute.
    fn add(&mut self, further: ParsedObject) {
        let ParsedObject { table, hosts, parents: _ } = further;
        self.hosts.extend(hosts);
        self.table.paths.extend(table.paths);
    }

    /// Keeps the first of equal hosts, and the first of equal paths.
    fn unite(&mut self) {
        let (mut hosts, mut paths) = (BTreeSet::new(), BTreeSet::new());
        self.hosts.retain(|host| hosts.insert(host.clone()));
        self.table.paths.retain(|path| paths.insert(path.to_string()));
    }
}

/// Checks that a further HTTPRoute differs from the first one in its hosts and paths only.
fn check_one_policy(
    object: &str,
    (first, whole): (&HttpRoute, &ParsedObject),
    (route, further): (&HttpRoute, &ParsedObject),
) -> Result<(), ReadError> {
    if !further.table.decides_like(&whole.table) || further.parents != whole.parents {
        return Err(ReadError::Differs { field: format!("{object}.spec") });
    }
    let variants = |route: &HttpRoute| route.metadata.annotations.get(Metadata::VARIANTS).cloned();
    if route.metadata.namespace != first.metadata.namespace || variants(route) != variants(first) {
        return Err(ReadError::Differs { field: format!("{object}.metadata") });
    }
    Ok(())
}

/// A rule, with the matches that a policy can express.
fn parsed_rule(
    field: &str,
    rule: &Rule<HttpMatch>,
    metadata: &Metadata,
    findings: &mut Findings,
) -> Result<ParsedRule, ReadError> {
    let Rule { matches, filters, backend_refs, unknown } = rule;
    unknown_rule_fields(field, unknown, findings);
    let set_cookie = set_cookie(field, filters, findings);
    let mut destinations = Vec::new();
    for (index, backend) in backend_refs.iter().enumerate() {
        let field = format!("{field}.backendRefs[{index}]");
        destinations.push(parsed_destination(&field, backend, metadata, set_cookie.as_ref(), findings)?);
    }
    let has_header = matches.iter().any(|one| !one.headers.is_empty());
    let is_unclear = has_header && matches!(destinations.as_slice(), [ParsedDestination { weight: 0, .. }]);
    if is_unclear {
        let why = "some implementations send all requests to a single backend of weight 0, and others send none";
        findings.assumed(field, "all requests", why);
    }

    let every_request = [HttpMatch::default()];
    let matches = if matches.is_empty() { every_request.as_slice() } else { matches };
    let mut rule = ParsedRule { matches: Vec::new(), destinations, unread: Vec::new(), is_known: !is_unclear };
    for (index, one) in matches.iter().enumerate() {
        let mut of_match = Findings::default();
        let parsed = parsed_match(format!("{field}.matches[{index}]"), one, &mut of_match);
        // A match with a finding may hold for other requests than the one that was read.
        if !of_match.is_empty() {
            rule.unread.push(parsed_path(one.path.as_ref()));
        }
        rule.matches.extend(parsed);
        findings.append(of_match);
    }
    Ok(rule)
}

fn parsed_match(field: String, one: &HttpMatch, findings: &mut Findings) -> Option<ParsedMatch> {
    let HttpMatch { path, headers, unknown: _ } = one;
    let unknown = unknown_names(one);
    let condition = condition_of(headers, !unknown.is_empty(), |header| parsed_condition(&field, header, findings));
    match (parsed_path(path.as_ref()), condition) {
        (Some(path), Ok(condition)) => Some(ParsedMatch { field, path, condition }),
        (None, _) => {
            let value = path.as_ref().map_or("path", |path| &path.value);
            findings.left_out(
                field,
                value,
                "a path of a route is exact or a prefix, and one that all targets read alike",
            );
            None
        }
        (_, Err(why)) => {
            let names: Vec<&str> = headers.iter().map(|header| &*header.name).chain(unknown).collect();
            findings.left_out(field, &names.join(", "), why);
            None
        }
    }
}

/// The names of the fields of a match that this crate does not read.
fn unknown_names(one: &HttpMatch) -> Vec<&str> {
    let HttpMatch { path, headers, unknown } = one;
    let of_path = path.iter().flat_map(|path| path.unknown.names());
    unknown.names().chain(of_path).chain(headers.iter().flat_map(|header| header.unknown.names())).collect()
}

/// The path of a match; a match without one matches every path.
pub(super) fn parsed_path(path: Option<&PathMatch>) -> Option<Path> {
    let Some(PathMatch { kind, value, unknown: _ }) = path else { return Some(Path::root()) };
    let path_type = match &**kind {
        "Exact" => PathType::Exact,
        "PathPrefix" => PathType::Prefix,
        _ => return None,
    };
    Path::new(value, path_type).ok()
}

fn parsed_condition(
    field: &str,
    header: &HeaderMatch,
    findings: &mut Findings,
) -> Result<OwnedCondition, &'static str> {
    let HeaderMatch { kind, name, value, unknown: _ } = header;
    match &**kind {
        "Exact" => Ok(OwnedCondition::Header(name.to_ascii_lowercase(), value.clone())),
        "RegularExpression" => OwnedCondition::of_regex(field, name, value, findings),
        _ => Err("a header match is `Exact` or `RegularExpression`"),
    }
}

fn parsed_parent(index: usize, parent: &ParentRef, findings: &mut Findings) -> Option<Parent> {
    let field = format!("spec.parentRefs[{index}]");
    let ParentRef { group: _, kind, namespace, name, section_name, port, unknown } = parent;
    unknown_fields(&field, unknown, findings);
    let only = "the route has the requests of this listener only, whose hosts and port are not read";
    if let Some(section) = section_name {
        findings.condition(format!("{field}.sectionName"), section, only);
    }
    if let Some(port) = port {
        findings.condition(format!("{field}.port"), &port.to_string(), only);
    }
    let text = namespace.as_ref().map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}"));
    let is_gateway = kind.as_deref().is_none_or(|kind| kind == "Gateway");
    let parent = if is_gateway { text.parse().ok() } else { None };
    if parent.is_none() {
        findings.left_out(field, &text, "a parent of a route is a Gateway");
    }
    parent
}
