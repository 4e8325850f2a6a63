//! Reads VirtualServices back to virtual hosts.

use super::{
    Destination, HeaderManipulation, HeaderMatcher, HeaderValueOption, KubeDestination, Matcher, MultiDestination,
    Options, ResourceRef, RouteAction, Rule, VirtualHost, VirtualService, VirtualServiceSpec, WeightedDestination,
};
use crate::error::{Excerpt, InvalidRoute, ReadError};
use crate::route::{Backend, VirtualHost as Host};
use crate::targets::VirtualHostReading;
use crate::targets::finding::Findings;
use crate::targets::read::{
    AddedHeader, BackendSubset, ListedMatch, MatchOrder, ObjectRules, OwnedCondition, ParsedDestination, ParsedRule,
    PathWords, TextPath, add_cookie_of_rule, condition_of, distinct_hosts, hosts_of, listed_rule, listed_rules,
    set_cookie_of, unknown_fields, unknown_rule_fields, virtual_hosts,
};
use crate::targets::table::unescape_percent;

const API_VERSION: &str = "gateway.solo.io/v1";

const PATH_WORDS: PathWords = PathWords {
    field: "prefix",
    why: "a prefix of a route is compared path element by path element, and Gloo's character by character",
};

/// Reads VirtualServices back to virtual hosts, one for all domains of a VirtualService.
///
/// The first route in the list that matches decides. The annotation [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS)
/// names the variants, unless a policy with the names of the same path in `known`, which may be empty, expresses the rules. The
/// domain `*` is every host.
///
/// A route that delegates to a RouteTable, and one that redirects or answers itself, has no backend: the paths that it decides
/// about are [inexact](VirtualHostReading::inexact).
///
/// # Errors
///
/// * No object is given, or an object is not a VirtualService of `gateway.solo.io/v1`.
/// * Two VirtualServices have the same domain: Gloo refuses them.
/// * The annotation `canary-policy/variants` is malformed.
/// * A destination is not a Service, or its name, namespace or port cannot be part of a route.
/// * A domain or name cannot be part of a virtual host, or no path has a route.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::ReadError;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gloo;
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_namespace("shop")?.with_hosts(["shop.test".parse()?])?;
/// let service = gloo::virtual_service_of_host(&host)?.exact()?;
///
/// let readings = gloo::read_hosts(std::slice::from_ref(&service), &[])?;
/// assert_eq!(readings[0].virtual_host, host);
///
/// let twice = gloo::read_hosts(&[service.clone(), service], &[]);
/// assert_eq!(twice.unwrap_err(), ReadError::SharedHost { field: "shop.spec.virtualHost.domains".to_owned() });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_hosts(objects: &[VirtualService], known: &[Host]) -> Result<Vec<VirtualHostReading>, ReadError> {
    if objects.is_empty() {
        return Err(ReadError::NoObject);
    }
    let objects = objects.iter().map(object_rules).collect::<Result<Vec<_>, _>>()?;
    distinct_hosts(&objects, "spec.virtualHost.domains")?;
    virtual_hosts(&objects, MatchOrder::AsListed, known)
}

/// The rules and hosts of one VirtualService.
fn object_rules(object: &VirtualService) -> Result<ObjectRules<'_>, ReadError> {
    if object.kind != "VirtualService" {
        return Err(ReadError::Kind { kind: Excerpt::of(&object.kind), expected: "VirtualService" });
    }
    if object.api_version != API_VERSION {
        let api_version = Excerpt::of(&object.api_version);
        return Err(ReadError::ApiVersion { api_version, expected: API_VERSION });
    }
    let mut findings = Findings::default();
    let VirtualServiceSpec { virtual_host: VirtualHost { domains, routes, unknown: of_host }, unknown } = &object.spec;
    unknown_fields("spec", unknown, &mut findings);
    unknown_fields("spec.virtualHost", of_host, &mut findings);
    let is_unclear = findings.change_answers();
    let own = object.metadata.namespace.as_deref();
    let why = "an earlier route takes every request, so that Gloo never reaches this one";
    let rules = listed_rules("spec.virtualHost.routes", routes, why, &mut findings, |field, rule, findings| {
        parsed_rule(field, rule, own, findings)
    })?;
    let hosts = hosts_of(domains, "spec.virtualHost.domains")?;
    let metadata = &object.metadata;
    let object = ObjectRules { metadata, hosts, parents: Vec::new(), rules, subsets: None, findings };
    Ok(object.undecided_if(is_unclear))
}

/// A route, with the matchers that a policy can express.
fn parsed_rule(field: &str, rule: &Rule, own: Option<&str>, findings: &mut Findings) -> Result<ParsedRule, ReadError> {
    let Rule { matchers, route_action, options, unknown } = rule;
    unknown_rule_fields(field, unknown, findings);
    let set_cookie = set_cookie(field, options.as_ref(), findings);
    let mut destinations = parsed_destinations(&format!("{field}.routeAction"), route_action, own, findings)?;
    let why = "a destination sets a cookie too, and a policy sets one";
    add_cookie_of_rule(&mut destinations, set_cookie.as_ref(), &format!("{field}.options"), why, findings);
    let at = |(index, one)| listed_match(format!("{field}.matchers[{index}]"), one);
    let listed = matchers.iter().enumerate().map(at).collect();
    Ok(listed_rule(field, destinations, listed, PATH_WORDS, findings))
}

/// A matcher whose condition was read.
fn listed_match(field: String, one: &Matcher) -> ListedMatch<'_> {
    let Matcher { exact, prefix, headers, unknown } = one;
    let mut findings = Findings::default();
    let parsed = |header| parsed_condition(&field, header, &mut findings);
    let condition = condition_of(headers, !unknown.is_empty(), parsed);
    let path = match (exact, prefix) {
        (Some(text), None) => TextPath::Exact(text),
        (None, Some(text)) => TextPath::Prefix(text),
        (None, None) | (Some(_), Some(_)) => TextPath::Other,
    };
    let names = headers.iter().map(|header| header.name.as_str()).chain(unknown.names()).collect();
    ListedMatch { field, path, names, condition, findings }
}

fn parsed_condition(
    field: &str,
    header: &HeaderMatcher,
    findings: &mut Findings,
) -> Result<OwnedCondition, &'static str> {
    let HeaderMatcher { name, value, regex, unknown } = header;
    let name = if name == ":authority" { "host" } else { name };
    match (value.as_str(), regex) {
        _ if !unknown.is_empty() => Err("a rule of a policy holds for a value, and not for its absence"),
        ("", _) => OwnedCondition::of_pattern(name, "^"),
        // An empty value cannot be written in another way.
        ("^$", true) => Ok(OwnedCondition::Header(name.to_ascii_lowercase(), String::new())),
        (value, false) => Ok(OwnedCondition::Header(name.to_ascii_lowercase(), value.to_owned())),
        (value, true) => OwnedCondition::of_regex(field, name, value, findings),
    }
}

/// The destinations of a route; none if the route does not name any.
fn parsed_destinations(
    field: &str,
    action: &RouteAction,
    own: Option<&str>,
    findings: &mut Findings,
) -> Result<Vec<ParsedDestination>, ReadError> {
    let RouteAction { single, multi, unknown } = action;
    unknown_fields(field, unknown, findings);
    let mut parsed = Vec::new();
    if let Some(single) = single {
        let backend = parsed_backend(&format!("{field}.single"), single, own, findings)?;
        parsed.push(ParsedDestination { backend, weight: 1, set_cookie: None });
    }
    if let Some(MultiDestination { destinations, unknown }) = multi {
        unknown_fields(&format!("{field}.multi"), unknown, findings);
        for (index, one) in destinations.iter().enumerate() {
            let field = format!("{field}.multi.destinations[{index}]");
            let WeightedDestination { destination, weight, options, unknown } = one;
            unknown_fields(&field, unknown, findings);
            let backend = parsed_backend(&format!("{field}.destination"), destination, own, findings)?;
            let set_cookie = set_cookie(&field, options.as_ref(), findings);
            parsed.push(ParsedDestination { backend, weight: *weight, set_cookie });
        }
    }
    Ok(parsed)
}

/// The Service of a destination, as an object in the namespace `own` names it.
fn parsed_backend(
    field: &str,
    destination: &Destination,
    own: Option<&str>,
    findings: &mut Findings,
) -> Result<BackendSubset, ReadError> {
    let at = |invalid| ReadError::Route { field: field.to_owned(), invalid };
    let Destination { kube, unknown } = destination;
    let names = unknown.names().collect::<Vec<_>>().join(", ");
    let Some(KubeDestination { service, port, unknown: of_kube }) = kube else {
        return Err(at(InvalidRoute::Service(Excerpt::of(&names))));
    };
    unknown_fields(&format!("{field}.kube"), of_kube, findings);
    let ResourceRef { name, namespace, unknown: of_ref } = service;
    unknown_fields(&format!("{field}.kube.ref"), of_ref, findings);
    // A subset of the pods is another backend than the Service.
    let elsewhere = (!names.is_empty()).then_some(names);
    if let Some(names) = &elsewhere {
        findings.left_out(field, names, "a backend of a route is a Service");
    }
    let backend = Backend::new(name).map_err(at)?.with_port(port.to_string().parse().map_err(at)?);
    let backend = match namespace.as_str() {
        "" => backend,
        namespace => backend.with_namespace(namespace).map_err(at)?.moved(own, own),
    };
    Ok(BackendSubset { elsewhere, ..BackendSubset::whole(backend) })
}

/// The `Set-Cookie` value that options add to responses.
fn set_cookie(field: &str, options: Option<&Options>, findings: &mut Findings) -> Option<String> {
    let field = format!("{field}.options");
    let Options { header_manipulation, unknown } = options?;
    unknown_fields(&field, unknown, findings);
    let HeaderManipulation { response_headers_to_add, unknown } = header_manipulation;
    unknown_fields(&format!("{field}.headerManipulation"), unknown, findings);
    let added = response_headers_to_add.iter().enumerate().map(|(index, one)| {
        let HeaderValueOption { header, append, unknown } = one;
        let is_cookie = header.is_set_cookie() && *append && unknown.is_empty();
        AddedHeader {
            field: format!("{field}.headerManipulation.responseHeadersToAdd[{index}]"),
            text: header.key.to_string(),
            set_cookie: is_cookie.then(|| unescape_percent(&header.value)),
        }
    });
    set_cookie_of(added, "a policy adds no other header to responses than its affinity cookie", findings)
}
