//! A policy and a route as a VirtualService and, for subsets, a DestinationRule.

use std::collections::BTreeMap;

use super::header_match::{HeaderMatch, header_match};
use super::hosts::{destination, gateways, hosts, service_host};
use super::{
    Destination, DestinationRule, DestinationRuleSpec, Headers, HttpDestination, HttpMatch, HttpRoute, Objects,
    StringMatch, Subset, VirtualServiceParams, VirtualServiceSpec,
};
use crate::error::{ConversionError, Excerpt};
use crate::policy::Policy;
use crate::route::{Backends, Path, Route};
use crate::targets::loss::wildcard_hosts;
use crate::targets::table::{self, Limits, Row, Table, TextMatch, WeightLimit, Weighted, json_bytes};
use crate::targets::{Conversion, Metadata, Object};

const API_VERSION: &str = "networking.istio.io/v1";

/// The largest weight, which is the largest `int32`.
const MAX_WEIGHT: u32 = i32::MAX.unsigned_abs();

/// Why an affinity key cannot choose the variant.
const WHY_NO_HASH: &str =
    "a VirtualService chooses a variant by weight for each request, and hashes only among the pods of one variant";

/// Writes a policy and a route as a VirtualService, together with a DestinationRule if the variants are subsets.
///
/// # Errors
///
/// * The route does not have one backend for each canary.
/// * A backend has no port number.
/// * Two hosts overlap, or Istio refuses the name of a host, Gateway or Service.
/// * The route has no host although the rules are for Gateways and sidecars.
/// * The variants are subsets, and a canary has another backend than stable.
/// * The weights are to add up to 100, and more than 100 variants have a share.
/// * The object would be larger than what Kubernetes stores. Each path is written for each condition of the policy.
///
/// ```
/// use canary_policy::targets::istio::{self, VirtualServiceParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_namespace("shop")?;
/// let objects = istio::virtual_service(&policy, &route, &VirtualServiceParams::default())?.exact()?;
/// let shares = objects.virtual_service.spec.http[2].route.iter();
/// assert!(shares.map(|to| (to.destination.host.as_str(), to.weight)).eq([
///     ("web.shop.svc.cluster.local", Some(995)),
///     ("web-canary.shop.svc.cluster.local", Some(5)),
/// ]));
///
/// let subsets = VirtualServiceParams::default().with_subsets(VirtualServiceParams::VERSION)?;
/// assert_eq!(
///     istio::virtual_service(&policy, &route, &subsets).unwrap_err().to_string(),
///     "backends: `web-canary:80` is refused: subsets belong to the Service and port of stable",
/// );
/// let route = Route::new("web", "web:80".parse()?, ["web:80".parse()?])?;
/// let objects = istio::virtual_service(&policy, &route, &subsets)?.exact()?;
/// assert_eq!(objects.destination_rule.unwrap().spec.subsets[1].labels["version"], "canary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn virtual_service(
    policy: &Policy,
    route: &Route,
    params: &VirtualServiceParams,
) -> Result<Conversion<Objects>, ConversionError> {
    let backends = route.backends(policy)?;
    let gateways = gateways(route, params)?;
    let hosts = hosts(route, params, &gateways)?;
    check_subsets(route, backends, params)?;

    let limits =
        Limits { translate: header_match, weights: weight_limit(policy, params)?, why_no_hash: Some(WHY_NO_HASH) };
    let Conversion { output: table, mut losses } = Table::new(policy, &limits);
    losses.extend(wildcard_hosts(route.hosts()));
    let destinations = DestinationWriter { policy, route, params, backends };
    let uris = uris(route);
    table.check_size(
        "a VirtualService",
        &uris,
        |uri| uri.as_ref().map_or(0, bytes),
        |header| json_bytes(&header.name) + bytes(&header.value),
    )?;
    let http = table.rows.iter().map(|row| http_route(row, &uris, destinations));
    let spec =
        VirtualServiceSpec { hosts, gateways, http: http.collect::<Result<_, _>>()?, ..VirtualServiceSpec::default() };

    let metadata = Metadata::new(route, policy, 0)?;
    let destination_rule = params.subsets().map(|label| destination_rule(label, metadata.clone(), destinations));
    let virtual_service = Object::new(API_VERSION, "VirtualService", metadata, spec);
    Ok(Conversion { output: Objects { destination_rule, virtual_service }, losses })
}

/// The weights that the parameters ask for.
fn weight_limit(policy: &Policy, params: &VirtualServiceParams) -> Result<WeightLimit, ConversionError> {
    if !params.weights_of_100() {
        return Ok(WeightLimit::Each(MAX_WEIGHT));
    }
    let count = policy.variants().filter(|variant| policy.weight(*variant) > 0).count();
    if count > 100 {
        let object = "a VirtualService whose weights add up to 100";
        return Err(ConversionError::TooMany { field: "backends", count, bound: 100, object });
    }
    Ok(WeightLimit::Sum(100))
}

/// Checks that all variants have the same backend, if they are subsets.
fn check_subsets(route: &Route, backends: Backends<'_>, params: &VirtualServiceParams) -> Result<(), ConversionError> {
    let other = backends.all().find(|backend| *backend != route.stable()).filter(|_| params.subsets().is_some());
    match other {
        None => Ok(()),
        Some(other) => {
            let bound = "subsets belong to the Service and port of stable";
            Err(ConversionError::Refused { field: "backends", value: Excerpt::of(&other.to_string()), bound })
        }
    }
}

/// A row as a rule. A match that every request satisfies is not written, because a rule without matches means the same.
fn http_route(
    row: &Row<HeaderMatch>,
    uris: &[Option<StringMatch>],
    destinations: DestinationWriter<'_>,
) -> Result<HttpRoute, ConversionError> {
    let matches = row.matches(uris).map(|(uri, header)| HttpMatch {
        uri: uri.clone(),
        headers: header.map(|HeaderMatch { name, value }| (name.clone(), value.clone())).into_iter().collect(),
        ..HttpMatch::default()
    });
    let matches = matches.filter(|one| one.uri.is_some() || !one.headers.is_empty()).collect();
    let route = row.split.destinations().map(|weighted| destinations.written(weighted));
    Ok(HttpRoute { matches, route: route.collect::<Result<_, _>>()?, ..HttpRoute::default() })
}

/// Everything that the destination of a variant depends on.
#[derive(Clone, Copy)]
struct DestinationWriter<'r> {
    policy: &'r Policy,
    route: &'r Route,
    params: &'r VirtualServiceParams,
    backends: Backends<'r>,
}

impl DestinationWriter<'_> {
    fn written(self, weighted: Weighted<'_>) -> Result<HttpDestination, ConversionError> {
        let Weighted { destination: table::Destination { variant, set_cookie }, weight } = weighted;
        let whole = destination(self.backends.of(*variant), self.route, self.params)?;
        let subset = self.params.subsets().and(self.policy.name(*variant)).map(str::to_owned);
        Ok(HttpDestination {
            destination: Destination { subset, ..whole },
            weight,
            headers: set_cookie.as_deref().map(Headers::set_cookie),
            ..HttpDestination::default()
        })
    }
}

/// A DestinationRule with one subset for each variant: the pods that have the label with the name of the variant as its value.
fn destination_rule(label: &str, metadata: Metadata, destinations: DestinationWriter<'_>) -> DestinationRule {
    let DestinationWriter { policy, route, params, backends: _ } = destinations;
    let subset =
        |name: &str| Subset { name: name.to_owned(), labels: BTreeMap::from([(label.to_owned(), name.to_owned())]) };
    let spec = DestinationRuleSpec {
        host: service_host(route.stable(), route, params),
        subsets: policy.names().map(subset).collect(),
    };
    Object::new(API_VERSION, "DestinationRule", metadata, spec)
}

/// The matches on the path, of which one has to hold; `None` matches every path. Istio warns about a match that another one covers.
fn uris(route: &Route) -> Vec<Option<StringMatch>> {
    if route.paths().iter().any(Path::matches_all) {
        return vec![None];
    }
    let uris = TextMatch::of_route(route).into_iter().map(|text| match text {
        TextMatch::Exact(text) => StringMatch::Exact(text),
        TextMatch::Prefix(text) => StringMatch::Prefix(text),
    });
    uris.map(Some).collect()
}

/// The bytes of the text of a match in JSON.
fn bytes(value: &StringMatch) -> usize {
    match value {
        StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Regex(text) => json_bytes(text),
        StringMatch::Present => 0,
    }
}
