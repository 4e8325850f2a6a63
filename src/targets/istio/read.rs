//! Reads a VirtualService back to a policy and a route.

use super::destinations::{Destinations, ServiceHost};
use super::header_match::{WHY_IGNORED, is_ignored};
use super::hosts::MESH;
use super::refused::report_refused;
use super::{HttpMatch, HttpRoute, StringMatch, VirtualService, VirtualServiceParams, VirtualServiceSpec};
use crate::error::{Excerpt, InvalidRoute, ReadError};
#[cfg(feature = "serde")]
use crate::route::Path;
use crate::route::{Backend, Host, Parent, VirtualHost};
use crate::targets::finding::Findings;
use crate::targets::read::{
    Field, ListedMatch, MatchOrder, ObjectRules, OwnedCondition, ParsedRoute, ParsedRule, ParsedTable, PathWords,
    TextPath, condition_of, distinct_hosts, hosts_of, listed_rule, listed_rules, unknown_fields, unknown_rule_fields,
    virtual_hosts,
};
use crate::targets::{Metadata, Reading, VirtualHostReading};

/// The API versions of a VirtualService, which all have the fields that are read here.
const API_VERSIONS: [&str; 3] =
    ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

const PATH_WORDS: PathWords = PathWords {
    field: "uri",
    why: "a prefix of a route is compared path element by path element, and Istio's character by character",
};

/// Reads a VirtualService back, whether [`virtual_service`](super::virtual_service) or a person wrote it.
///
/// Matches without a header are the split: they give the weights of the variants. A match with one header is a rule of a canary.
/// The annotation [`Metadata::VARIANTS`] holds the total of the weights and the backend of each variant. Without the annotation,
/// stable is the first destination of the split, and a canary is named after its subset or Service. If all destinations are
/// subsets of one Service, that Service is the backend of every variant. A DestinationRule is not read: it says which pods belong
/// to a subset, and not which requests go to the subset.
///
/// A VirtualService must have a host, while a route need not. A host that is written for a route without hosts (`*` for Gateways,
/// the Service of stable for sidecars) is therefore read as no host. `mesh` in the list of Gateways is read as a parent of that
/// name. A route does not hold the label of subsets and the domain of the cluster: give them again in
/// [`VirtualServiceParams`](super::VirtualServiceParams) to write the object.
///
/// Different policies can be written as the same object, and are then read as one policy: weights are scaled to the total of the
/// annotation if that gives whole numbers, and an affinity cookie without a path is read with the path `/`.
///
/// # Errors
///
/// * The object is not a VirtualService of Istio, `v1`, `v1beta1` or `v1alpha3`.
/// * The annotation [`Metadata::VARIANTS`] is malformed.
/// * No rule takes the requests that match no header, or all weights of that rule are 0.
/// * All requests go to one destination.
/// * The host of a destination is not a Service of the cluster.
/// * A host, Gateway or name cannot be part of a route.
///
/// ```
/// use canary_policy::error::ReadError;
/// use canary_policy::targets::istio::{self, VirtualService};
///
/// # #[cfg(feature = "serde")] {
/// // As in Istio's documentation.
/// let reviews: VirtualService = serde_json::from_value(serde_json::json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "VirtualService",
///     "metadata": { "name": "reviews" },
///     "spec": { "hosts": ["reviews"], "http": [
///         {
///             "match": [{ "headers": { "end-user": { "exact": "jason" } } }],
///             "route": [{ "destination": { "host": "reviews", "subset": "v2" } }],
///             "timeout": "1s",
///         },
///         { "route": [
///             { "destination": { "host": "reviews", "subset": "v1" }, "weight": 90 },
///             { "destination": { "host": "reviews", "subset": "v2" }, "weight": 10 },
///         ] },
///     ] },
/// })).unwrap();
/// let reading = istio::read(&reviews).unwrap();
/// let canary = &reading.policy.canaries()[0];
/// assert_eq!((canary.name().as_str(), canary.weight(), reading.route.stable().service()), ("v2", 10, "reviews"));
/// assert_eq!(
///     reading.findings[0].to_string(),
///     "spec.http[0].timeout: `timeout` is left out: a policy or route has no such field",
/// );
///
/// let mut empty = reviews.clone();
/// empty.spec.http.clear();
/// assert_eq!(istio::read(&empty).unwrap_err(), ReadError::NoSplit);
/// # }
/// ```
pub fn read(object: &VirtualService) -> Result<Reading, ReadError> {
    let mut findings = Findings::default();
    let rules = parsed_rules(object, &mut findings)?;
    let VirtualServiceSpec { hosts, gateways, http: _, unknown: _ } = &object.spec;
    let table = ParsedTable::of_rules(&rules, MatchOrder::AsListed, &mut findings);
    let paths = table.paths.clone();
    let parsed = table.policy(Destinations::of(object).variant_names()?, &mut findings)?;
    let route = ParsedRoute {
        metadata: &object.metadata,
        hosts: Field { path: "spec.hosts", value: parsed_hosts(hosts, gateways, &parsed.stable, &object.metadata)? },
        paths: Field { path: "spec.http", value: paths },
        parents: Field { path: "spec.gateways", value: parsed_gateways(gateways)? },
    };
    let (policy, route) = route.with_policy(parsed)?;
    Ok(Reading { policy, route, findings: findings.into_vec() })
}

/// Reads VirtualServices back to virtual hosts, one for all hosts of a VirtualService.
///
/// The first rule in the list that matches decides. The variants have the names of the same path in `known`, which may be
/// empty, if a policy with these names expresses the rules. Otherwise the annotation [`Metadata::VARIANTS`] names them. The host
/// `*` is every host.
///
/// If an API server or Istio refuses an object, that is a [finding](crate::targets::Finding::Refused), and its hosts are not
/// decided. Nor are the rules with a destination without a port, because Services are not read, or with a Service of another
/// domain than `cluster.local`.
///
/// # Errors
///
/// * No object is given, or an object is not a VirtualService of Istio, `v1`, `v1beta1` or `v1alpha3`.
/// * Two VirtualServices have the same host: Istio does not promise in which order it joins their rules.
/// * The annotation [`Metadata::VARIANTS`] is malformed.
/// * The host of a destination is not a Service of the cluster.
/// * A host, Gateway or name cannot be part of a virtual host.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::istio::{self, VirtualServiceParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_hosts(["shop.test".parse()?])?.with_parents(["public".parse()?])?;
/// let written = istio::virtual_service_of_host(&host, &VirtualServiceParams::default())?.exact()?;
///
/// let readings = istio::read_hosts(&[written.virtual_service], &[])?;
/// assert_eq!(readings[0].virtual_host, host);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_hosts(objects: &[VirtualService], known: &[VirtualHost]) -> Result<Vec<VirtualHostReading>, ReadError> {
    if objects.is_empty() {
        return Err(ReadError::NoObject);
    }
    let objects = objects.iter().map(object_rules).collect::<Result<Vec<_>, _>>()?;
    distinct_hosts(&objects, "spec.hosts")?;
    virtual_hosts(&objects, MatchOrder::AsListed, known)
}

/// The rules, hosts and Gateways of one VirtualService.
fn object_rules(object: &VirtualService) -> Result<ObjectRules<'_>, ReadError> {
    let mut findings = Findings::default();
    let mut rules = parsed_rules(object, &mut findings)?;
    let VirtualServiceSpec { hosts, gateways, http, unknown } = &object.spec;
    for (index, (rule, read)) in http.iter().zip(&mut rules).enumerate() {
        read.is_known &= !has_assumed_service(&format!("spec.http[{index}]"), rule, &mut findings);
    }
    let (hosts, parents) = (hosts_of(hosts, "spec.hosts")?, parsed_gateways(gateways)?);
    let (metadata, subsets) = (&object.metadata, Destinations::of(object).subsets());
    // Without the annotation, it is not known that the subsets are the variants of a policy.
    let are_unknown = subsets.is_some() && !metadata.annotations.contains_key(Metadata::VARIANTS);
    if are_unknown {
        let why = "a DestinationRule says which pods a subset has, and is not read";
        findings.assumed("spec.http", "subset", why);
    }
    let mut refused = Findings::default();
    report_refused(&object.spec, &mut refused);
    // Rules of another protocol decide about the hosts instead.
    let is_unread = !refused.is_empty() || (http.is_empty() && !unknown.is_empty());
    findings.append(refused);
    let mut object = ObjectRules { metadata, hosts, parents, rules, subsets, findings }.undecided_if(are_unknown);
    if is_unread {
        object.leave_undecided();
    }
    Ok(object)
}

/// Reports the destinations of which it is not known which Service or port they are.
fn has_assumed_service(field: &str, rule: &HttpRoute, findings: &mut Findings) -> bool {
    let mut is_assumed = false;
    for (index, to) in rule.route.iter().enumerate() {
        let field = format!("{field}.route[{index}].destination");
        let host = &to.destination.host;
        if to.destination.port.is_none() {
            let why = "without a port, a destination has the only port of its Service, and no Service is read";
            findings.assumed(&field, host, why);
            is_assumed = true;
        }
        if ServiceHost::domain(host).is_some_and(|domain| domain != VirtualServiceParams::CLUSTER_DOMAIN) {
            let why = "the domain of the cluster is usually `cluster.local`, and a host of another domain is no Service there";
            findings.assumed(field, host, why);
            is_assumed = true;
        }
    }
    is_assumed
}

/// Checks that an object is a VirtualService of Istio.
pub(super) fn check_kind(object: &VirtualService) -> Result<(), ReadError> {
    if object.kind != "VirtualService" {
        return Err(ReadError::Kind { kind: Excerpt::of(&object.kind), expected: "VirtualService" });
    }
    if !API_VERSIONS.contains(&&*object.api_version) {
        let expected = "networking.istio.io/v1, v1beta1 and v1alpha3";
        return Err(ReadError::ApiVersion { api_version: Excerpt::of(&object.api_version), expected });
    }
    Ok(())
}

/// The rules up to the first one that takes every request. Istio does not look at the rules after it.
fn parsed_rules(object: &VirtualService, findings: &mut Findings) -> Result<Vec<ParsedRule>, ReadError> {
    check_kind(object)?;
    let VirtualServiceSpec { hosts: _, gateways: _, http, unknown } = &object.spec;
    unknown_fields("spec", unknown, findings);
    let destinations = Destinations::of(object);
    let why = "an earlier rule takes every request, so that Istio never reaches this one";
    listed_rules("spec.http", http, why, findings, |field, rule, findings| {
        parsed_rule(field, rule, destinations, findings)
    })
}

/// A rule, with the matches that a policy can express.
fn parsed_rule(
    field: &str,
    rule: &HttpRoute,
    destinations: Destinations<'_>,
    findings: &mut Findings,
) -> Result<ParsedRule, ReadError> {
    let HttpRoute { matches, route, unknown } = rule;
    unknown_rule_fields(field, unknown, findings);
    let mut parsed_destinations = Vec::new();
    for (index, to) in route.iter().enumerate() {
        parsed_destinations.push(destinations.parsed(&format!("{field}.route[{index}]"), to, findings)?);
    }
    // A single destination gets every request, whatever its weight is.
    if let [single] = parsed_destinations.as_mut_slice() {
        single.weight = 1;
    }
    let at = |(index, one)| listed_match(format!("{field}.match[{index}]"), one);
    let listed = matches.iter().enumerate().map(at).collect();
    Ok(listed_rule(field, parsed_destinations, listed, PATH_WORDS, findings))
}

/// The paths of the matches of a rule, as far as a route has such paths.
#[cfg(feature = "serde")]
pub(super) fn paths_of(rule: &HttpRoute) -> Vec<Path> {
    let listed = rule.matches.iter().map(|one| listed_match(String::new(), one)).collect();
    let rule = listed_rule("", Vec::new(), listed, PATH_WORDS, &mut Findings::default());
    rule.matches.into_iter().map(|one| one.path).collect()
}

/// A match whose condition was read.
fn listed_match(field: String, one: &HttpMatch) -> ListedMatch<'_> {
    let mut findings = Findings::default();
    let condition = parsed_condition(&field, one, &mut findings);
    let names = one.headers.keys().map(String::as_str).chain(one.unknown.names()).collect();
    ListedMatch { field, path: text_path(one.uri.as_ref()), names, condition, findings }
}

fn text_path(uri: Option<&StringMatch>) -> TextPath<'_> {
    match uri {
        None | Some(StringMatch::Present) => TextPath::Every,
        Some(StringMatch::Exact(text)) => TextPath::Exact(text),
        Some(StringMatch::Prefix(text)) => TextPath::Prefix(text),
        Some(StringMatch::Regex(_) | StringMatch::Other(_)) => TextPath::Other,
    }
}

/// The condition of a match; `None` if the match has none.
fn parsed_condition(
    field: &str,
    one: &HttpMatch,
    findings: &mut Findings,
) -> Result<Option<OwnedCondition>, &'static str> {
    let HttpMatch { uri: _, headers, unknown } = one;
    let headers: Vec<(&String, &StringMatch)> = headers.iter().collect();
    let parsed = |&(name, value): &(&String, &StringMatch)| header_condition(field, name, value, findings);
    condition_of(&headers, !unknown.is_empty(), parsed)
}

fn header_condition(
    field: &str,
    name: &str,
    value: &StringMatch,
    findings: &mut Findings,
) -> Result<OwnedCondition, &'static str> {
    match value {
        _ if is_ignored(&name.to_ascii_lowercase()) => Err(WHY_IGNORED),
        StringMatch::Exact(value) => Ok(OwnedCondition::Header(name.to_ascii_lowercase(), value.clone())),
        StringMatch::Prefix(prefix) => OwnedCondition::of_pattern(name, &format!("^{}", regex_syntax::escape(prefix))),
        StringMatch::Present => OwnedCondition::of_pattern(name, "^"),
        // Istio reads `*` as any value.
        StringMatch::Regex(regex) if regex == "*" => OwnedCondition::of_pattern(name, "^"),
        StringMatch::Regex(regex) => OwnedCondition::of_regex(field, name, regex, findings),
        StringMatch::Other(_) => Err("a header match is `exact`, `prefix` or `regex`"),
    }
}

/// The hosts of the route. A single default host, which is the host that a route without hosts is written with, is left out.
fn parsed_hosts(
    hosts: &[String],
    gateways: &[String],
    stable: &Backend,
    metadata: &Metadata,
) -> Result<Vec<Host>, ReadError> {
    let sidecars_only = gateways.iter().all(|gateway| gateway == MESH);
    let own = metadata.namespace.as_deref();
    let is_stable = |host: &str| {
        let host = ServiceHost::parse(host);
        host.is_some_and(|host| host.name == stable.service() && host.namespace.or(own) == stable.namespace().or(own))
    };
    let is_default = |host: &str| if sidecars_only { is_stable(host) } else { host == "*" };
    let hosts = hosts.iter().filter(|host| hosts.len() > 1 || !is_default(host)).map(|host| Host::new(host));
    let hosts: Result<Vec<Host>, InvalidRoute> = hosts.collect();
    hosts.map_err(|invalid| ReadError::Route { field: "spec.hosts".to_owned(), invalid })
}

fn parsed_gateways(gateways: &[String]) -> Result<Vec<Parent>, ReadError> {
    let parents: Result<Vec<Parent>, InvalidRoute> = gateways.iter().map(|gateway| gateway.parse()).collect();
    parents.map_err(|invalid| ReadError::Route { field: "spec.gateways".to_owned(), invalid })
}
