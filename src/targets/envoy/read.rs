//! Reads a RouteConfiguration back to virtual hosts.

use super::objects::APPEND;
use super::{
    ClusterWeight, HashPolicy, HeaderMatcher, HeaderValueOption, RegexMatcher, RouteAction, RouteConfiguration,
    RouteMatch, Rule, StringMatcher, VirtualHost, WeightedClusters,
};
use crate::error::ReadError;
use crate::names::is_dns_subdomain;
use crate::route::{Backend, VirtualHost as Host};
use crate::targets::finding::Findings;
use crate::targets::read::{
    AddedHeader, BackendSubset, ListedMatch, MatchOrder, ObjectRules, OwnedCondition, ParsedDestination, ParsedRule,
    PathWords, TextPath, add_cookie_of_rule, condition_of, distinct_hosts, hosts_of, listed_rule, listed_rules,
    set_cookie_of, unknown_fields, unknown_rule_fields, virtual_hosts,
};
use crate::targets::table::unescape_percent;
use crate::targets::{Metadata, UnknownFields, VirtualHostReading};

const PATH_WORDS: PathWords = PathWords {
    field: "prefix",
    why: "a prefix of a route is compared path element by path element, and this one character by character",
};

/// Reads a RouteConfiguration back to virtual hosts, one for each of its virtual hosts.
///
/// The first route in the list that matches decides. The name of a cluster is read as a [`Backend`], as in `web:80` or
/// `shop/web:80`. A RouteConfiguration does not name variants: those of a path are the variants of the same path in `known`. If
/// `known` does not have the path, stable is the first cluster of a split, and a canary is named after its Service. The domain
/// `*` is every host.
///
/// A cluster that a hash or a [point header](super::RouteParams) chooses is not read back to an affinity key, because Envoy
/// hashes in its own way, and what sets the point header is not known. The paths of such a route are
/// [inexact](VirtualHostReading::inexact), and so are those of a route that redirects or answers itself.
///
/// # Errors
///
/// * The RouteConfiguration has no virtual host.
/// * Two virtual hosts have the same domain: Envoy refuses them.
/// * The name of a cluster is not that of a Service.
/// * A domain cannot be part of a virtual host, as one with a port cannot, or a virtual host has no route.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::envoy::{self, RouteParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let hosts = [VirtualHost::new("shop", [shop, orders])?.with_hosts(["shop.test".parse()?])?];
/// let mut written = envoy::route_configuration_of_hosts("public", &hosts, &RouteParams::default())?.exact()?;
///
/// assert_eq!(envoy::read_hosts(&written, &hosts)?[0].virtual_host, hosts[0]);
///
/// written.virtual_hosts[0].routes[0].route.cluster = Some("outbound|80||orders".to_owned());
/// assert_eq!(
///     envoy::read_hosts(&written, &hosts).unwrap_err().to_string(),
///     "virtual_hosts[0].routes[0].route.cluster: `outbound|80||orders` is not a Service name: \
///      expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_hosts(object: &RouteConfiguration, known: &[Host]) -> Result<Vec<VirtualHostReading>, ReadError> {
    let RouteConfiguration { name: _, virtual_hosts: hosts, ignore_port_in_host_matching, unknown } = object;
    if hosts.is_empty() {
        return Err(ReadError::NoObject);
    }
    let metadata: Vec<Metadata> = hosts.iter().enumerate().map(metadata).collect();
    let mut objects = Vec::new();
    for (index, (host, metadata)) in hosts.iter().zip(&metadata).enumerate() {
        objects.push(host_rules(&format!("virtual_hosts[{index}]"), host, metadata)?);
    }
    let has_hosts = objects.iter().any(|object| !object.hosts.is_empty());
    let mut findings = Findings::default();
    // `@type` is the name of the type, which the configurations of Envoy's control planes have.
    for name in unknown.names().filter(|name| *name != "@type") {
        findings.left_out(name, name, "a policy or route has no such field");
    }
    if !ignore_port_in_host_matching && has_hosts {
        let why = "a host of a route matches a request with any port, and this one only a request without a port";
        findings.assumed("ignore_port_in_host_matching", "true", why);
    }
    let is_unclear = findings.change_answers();
    let mut objects: Vec<ObjectRules<'_>> = objects.into_iter().map(|object| object.undecided_if(is_unclear)).collect();
    if let Some(object) = objects.first_mut() {
        object.findings.append(findings);
    }
    distinct_hosts(&objects, "domains")?;
    virtual_hosts(&objects, MatchOrder::AsListed, known)
}

/// The name of a virtual host. Envoy also accepts names that no Kubernetes object has; they are read as a name with the number of
/// the virtual host.
fn metadata((index, host): (usize, &VirtualHost)) -> Metadata {
    let name = if is_dns_subdomain(&host.name) { host.name.clone() } else { format!("virtual-host-{index}") };
    Metadata { name, ..Metadata::default() }
}

/// The rules and hosts of a virtual host.
fn host_rules<'o>(field: &str, host: &VirtualHost, metadata: &'o Metadata) -> Result<ObjectRules<'o>, ReadError> {
    let VirtualHost { name: _, domains, routes, unknown } = host;
    let mut findings = Findings::default();
    unknown_fields(field, unknown, &mut findings);
    let is_unclear = findings.change_answers();
    let why = "an earlier route takes every request, so that Envoy never reaches this one";
    let rules = listed_rules(&format!("{field}.routes"), routes, why, &mut findings, parsed_rule)?;
    let hosts = hosts_of(domains, &format!("{field}.domains"))?;
    let object = ObjectRules { metadata, hosts, parents: Vec::new(), rules, subsets: None, findings };
    Ok(object.undecided_if(is_unclear))
}

/// A route, with its match if a policy can express it.
fn parsed_rule(field: &str, rule: &Rule, findings: &mut Findings) -> Result<ParsedRule, ReadError> {
    let Rule { matches, route, response_headers_to_add, unknown } = rule;
    unknown_rule_fields(field, unknown, findings);
    let set_cookie = set_cookie(field, response_headers_to_add, findings);
    let ParsedAction { mut destinations, is_known } = parsed_action(&format!("{field}.route"), route, findings)?;
    let (headers, why) =
        (format!("{field}.response_headers_to_add"), "a cluster sets a cookie too, and a policy sets one");
    add_cookie_of_rule(&mut destinations, set_cookie.as_ref(), &headers, why, findings);
    let listed = vec![listed_match(format!("{field}.match"), matches)];
    Ok(ParsedRule { is_known, ..listed_rule(field, destinations, listed, PATH_WORDS, findings) })
}

/// A match whose condition was read.
fn listed_match(field: String, one: &RouteMatch) -> ListedMatch<'_> {
    let RouteMatch { path, path_separated_prefix, prefix, headers, unknown } = one;
    let mut findings = Findings::default();
    let parsed = |header| parsed_condition(&field, header, &mut findings);
    let condition = condition_of(headers, !unknown.is_empty(), parsed);
    let path = match (path, path_separated_prefix, prefix) {
        (Some(text), None, None) => TextPath::Exact(text),
        (None, Some(text), None) => TextPath::Elements(text),
        (None, None, Some(text)) => TextPath::Prefix(text),
        _ => TextPath::Other,
    };
    let names = headers.iter().map(|header| &*header.name).chain(unknown.names()).collect();
    ListedMatch { field, path, names, condition, findings }
}

fn parsed_condition(
    field: &str,
    header: &HeaderMatcher,
    findings: &mut Findings,
) -> Result<OwnedCondition, &'static str> {
    let HeaderMatcher { name, string_match, unknown } = header;
    let name = if name == ":authority" { "host" } else { name };
    match string_match {
        _ if !unknown.is_empty() => Err("a rule of a policy matches a value of a header"),
        StringMatcher::Exact(value) => Ok(OwnedCondition::Header(name.to_ascii_lowercase(), value.clone())),
        StringMatcher::SafeRegex(RegexMatcher { regex, unknown }) if only(unknown, "google_re2") => {
            OwnedCondition::of_regex(field, name, regex, findings)
        }
        StringMatcher::SafeRegex(_) | StringMatcher::Other(_) => Err("a header match is `exact` or `safe_regex`"),
    }
}

/// Whether there is no unknown field but this one, which has no influence.
fn only(unknown: &UnknownFields, name: &str) -> bool {
    unknown.names().all(|unknown| unknown == name)
}

/// Where a route sends requests.
struct ParsedAction {
    /// None if the route does not name any cluster.
    destinations: Vec<ParsedDestination>,
    /// Whether a cluster is drawn by its weight. A hash or a number in a header may choose it instead.
    is_known: bool,
}

fn parsed_action(field: &str, action: &RouteAction, findings: &mut Findings) -> Result<ParsedAction, ReadError> {
    let RouteAction { cluster, weighted_clusters, hash_policy, unknown } = action;
    unknown_fields(field, unknown, findings);
    let mut parsed = ParsedAction { destinations: Vec::new(), is_known: true };
    let is_hashed = weighted_clusters.as_ref().is_some_and(|split| split.use_hash_policy == Some(true));
    if !is_hashed && !hash_policy.is_empty() {
        let why = "the hash chooses a pod of a cluster, and a policy chooses a variant";
        findings.left_out(format!("{field}.hash_policy"), &hashed(hash_policy), why);
    }
    if let Some(cluster) = cluster {
        let backend = parsed_cluster(&format!("{field}.cluster"), cluster)?;
        parsed.destinations.push(ParsedDestination { backend, weight: 1, set_cookie: None });
    }
    let Some(WeightedClusters { clusters, use_hash_policy: _, header_name, unknown }) = weighted_clusters else {
        return Ok(parsed);
    };
    let field = format!("{field}.weighted_clusters");
    unknown_fields(&field, unknown, findings);
    for (index, one) in clusters.iter().enumerate() {
        let field = format!("{field}.clusters[{index}]");
        let ClusterWeight { name, weight, response_headers_to_add, unknown } = one;
        unknown_fields(&field, unknown, findings);
        let backend = parsed_cluster(&format!("{field}.name"), name)?;
        let set_cookie = set_cookie(&field, response_headers_to_add, findings);
        parsed.destinations.push(ParsedDestination { backend, weight: *weight, set_cookie });
    }
    if let Some(name) = header_name {
        let why = "the number in a header chooses the cluster, and a policy does not say who sets it";
        findings.left_out(format!("{field}.header_name"), name, why);
        parsed.is_known = false;
    }
    if is_hashed && !hash_policy.is_empty() {
        let why = "Envoy chooses the cluster by its own hash, and an affinity key by another";
        findings.left_out(format!("{field}.use_hash_policy"), &hashed(hash_policy), why);
        parsed.is_known = false;
    }
    Ok(parsed)
}

/// The names of the headers and cookies that are hashed.
fn hashed(policies: &[HashPolicy]) -> String {
    let name = |policy: &HashPolicy| match policy {
        HashPolicy::Header(header) => format!("header {}", header.header_name),
        HashPolicy::Cookie(cookie) => format!("cookie {}", cookie.name),
    };
    policies.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The Service that a cluster is named after.
fn parsed_cluster(field: &str, name: &str) -> Result<BackendSubset, ReadError> {
    let backend: Result<Backend, _> = name.parse();
    backend.map(BackendSubset::whole).map_err(|invalid| ReadError::Route { field: field.to_owned(), invalid })
}

/// The `Set-Cookie` value that is added to responses.
fn set_cookie(field: &str, added: &[HeaderValueOption], findings: &mut Findings) -> Option<String> {
    let added = added.iter().enumerate().map(|(index, one)| {
        let HeaderValueOption { header, append_action, unknown } = one;
        let is_cookie = header.is_set_cookie() && append_action == APPEND && unknown.is_empty();
        AddedHeader {
            field: format!("{field}.response_headers_to_add[{index}]"),
            text: header.key.to_string(),
            set_cookie: is_cookie.then(|| unescape_percent(&header.value)),
        }
    });
    set_cookie_of(added, "a policy adds no other header to responses than its affinity cookie", findings)
}
