//! A policy and a route, or a virtual host, as a VirtualService and, for subsets, one DestinationRule for each Service.

use super::header_match::{HeaderMatch, header_match};
use super::hosts::{destination, gateways, hosts, service_host};
use super::objects::API_VERSION;
use super::subsets::{Subsets, check_subsets};
use super::{
    Destination, Headers, HostObjects, HttpDestination, HttpMatch, HttpRoute, Objects, StringMatch, VirtualService,
    VirtualServiceParams, VirtualServiceSpec,
};
use crate::error::ConversionError;
use crate::policy::{FormerTokens, Policy};
use crate::route::{Front, Group, Route, VirtualHost};
use crate::targets::location_loss::each_group;
use crate::targets::loss::wildcard_hosts;
use crate::targets::object::variants_of;
use crate::targets::table::{self, Limits, Row, Table, TextMatch, WeightLimit, Weighted, check_size, json_bytes};
use crate::targets::{Conversion, LocationLoss, Metadata, Object};

/// The largest weight, which is the largest `int32`.
pub(super) const MAX_WEIGHT: u32 = i32::MAX.unsigned_abs();

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
    let groups = [Group::of_route(policy, route)?];
    let [group] = &groups;
    let service = service_host(group.backends.stable(), route.front(), params);
    let writer = Writer::new(route.front(), params, &groups, Some(service))?;
    let Conversion { output: rules, mut losses } = writer.rules(group)?;
    losses.extend(wildcard_hosts(route.hosts()));
    let virtual_service = writer.virtual_service(vec![rules], variants_of(&groups))?;
    let destination_rule = writer.subsets.destination_rules(route.front())?.pop();
    Ok(Conversion { output: Objects { destination_rule, virtual_service }, losses })
}

/// Writes a virtual host as one VirtualService, together with a DestinationRule for each Service whose variants are subsets. The
/// rules are in the order in which the locations decide.
///
/// If variants are subsets, a location without a policy has the subset `stable` of its Service, provided that a policy of the
/// virtual host splits the Service; otherwise it has the whole Service.
///
/// # Errors
///
/// * A backend has no port number.
/// * Two hosts overlap, or Istio refuses the name of a host, Gateway or Service.
/// * The virtual host has no host although the rules are for sidecars: they are if it has no parent.
/// * The variants are subsets, and a canary has another backend than stable.
/// * The weights are to add up to 100, and more than 100 variants have a share.
/// * The object would be larger than what Kubernetes stores. Each path is written for each condition of its policy.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::istio::{self, StringMatch, VirtualServiceParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_parents(["public".parse()?])?;
///
/// let objects = istio::virtual_service_of_host(&host, &VirtualServiceParams::default())?.exact()?;
/// let http = &objects.virtual_service.spec.http;
/// assert_eq!(http[0].matches[0].uri, Some(StringMatch::Exact("/orders".to_owned())));
/// assert_eq!(http[0].route[0].destination.host, "orders");
/// assert_eq!((http[1].matches.len(), http[1].route.len()), (0, 2));
///
/// let error = istio::virtual_service_of_host(&host, &VirtualServiceParams::default().with_mesh()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "hosts: none is given: the host `*` is for Gateways only: sidecars need the names of hosts",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn virtual_service_of_host(
    host: &VirtualHost,
    params: &VirtualServiceParams,
) -> Result<Conversion<HostObjects, LocationLoss>, ConversionError> {
    let front = host.front();
    let groups = host.groups();
    let writer = Writer::new(front, params, &groups, None)?;
    let runs = host.runs(front.namespace);
    let Conversion { output: rules, mut losses } = each_group(front, &runs, |group| writer.rules(group))?;
    losses.extend(LocationLoss::of_hosts(front));
    let virtual_service = writer.virtual_service(rules, variants_of(&groups))?;
    let destination_rules = writer.subsets.destination_rules(front)?;
    Ok(Conversion { output: HostObjects { destination_rules, virtual_service }, losses })
}

/// Writes the VirtualService of a route or virtual host.
struct Writer<'w> {
    front: Front<'w>,
    params: &'w VirtualServiceParams,
    gateways: Vec<String>,
    hosts: Vec<String>,
    subsets: Subsets<'w>,
}

/// Rules, and about how many bytes they need.
struct Rules {
    rules: Vec<HttpRoute>,
    bytes: usize,
}

impl<'w> Writer<'w> {
    fn new(
        front: Front<'w>,
        params: &'w VirtualServiceParams,
        groups: &'w [Group<'w>],
        service: Option<String>,
    ) -> Result<Self, ConversionError> {
        let gateways = gateways(front, params)?;
        let hosts = hosts(front, service, &gateways)?;
        Ok(Writer { front, params, gateways, hosts, subsets: Subsets::new(front, params, groups) })
    }

    /// The rules of a group.
    fn rules(&self, group: &Group<'_>) -> Result<Conversion<Rules>, ConversionError> {
        check_subsets(group, self.params)?;
        let Conversion { output: table, losses } = self.table(group)?;
        let uris = uris(group);
        let bytes = table.bytes(
            &uris,
            |uri| uri.as_ref().map_or(0, bytes),
            |header| json_bytes(&header.name) + bytes(&header.value),
        );
        let rules = table.rows.iter().map(|row| self.rule(row, &uris, group)).collect::<Result<_, _>>()?;
        Ok(Conversion { output: Rules { rules, bytes }, losses })
    }

    fn table(&self, group: &Group<'_>) -> Result<Conversion<Table<HeaderMatch>>, ConversionError> {
        let Some(policy) = group.policy else {
            return Ok(Conversion { output: Table::stable(), losses: Vec::new() });
        };
        policy_table(policy, group.former_tokens, self.params)
    }

    fn virtual_service(&self, rules: Vec<Rules>, variants: Option<String>) -> Result<VirtualService, ConversionError> {
        let bytes = rules.iter().map(|rules| rules.bytes).chain(variants.as_ref().map(String::len));
        check_size("a VirtualService", bytes.fold(0, usize::saturating_add))?;
        let spec = VirtualServiceSpec {
            hosts: self.hosts.clone(),
            gateways: self.gateways.clone(),
            http: rules.into_iter().flat_map(|rules| rules.rules).collect(),
            ..VirtualServiceSpec::default()
        };
        Ok(Object::new(API_VERSION, "VirtualService", Metadata::new(self.front, 0, variants)?, spec))
    }

    /// A row as a rule. A match that every request satisfies is not written, because a rule without matches means the same.
    fn rule(
        &self,
        row: &Row<HeaderMatch>,
        uris: &[Option<StringMatch>],
        group: &Group<'_>,
    ) -> Result<HttpRoute, ConversionError> {
        let matches = row.matches(uris).map(|(uri, header)| HttpMatch {
            uri: uri.clone(),
            headers: header.map(|HeaderMatch { name, value }| (name.clone(), value.clone())).into_iter().collect(),
            ..HttpMatch::default()
        });
        let matches = matches.filter(|one| one.uri.is_some() || !one.headers.is_empty()).collect();
        let route = row.split.destinations().map(|weighted| self.destination(weighted, group));
        Ok(HttpRoute { matches, route: route.collect::<Result<_, _>>()?, ..HttpRoute::default() })
    }

    fn destination(&self, weighted: Weighted<'_>, group: &Group<'_>) -> Result<HttpDestination, ConversionError> {
        let Weighted { destination: table::Destination { variant, set_cookie }, weight } = weighted;
        let whole = destination(group.backends.of(*variant), self.front, self.params)?;
        let subset = self.subsets.subset(&whole.host, group.policy, *variant);
        Ok(HttpDestination {
            destination: Destination { subset, ..whole },
            weight,
            headers: set_cookie.as_deref().map(Headers::set_cookie),
            ..HttpDestination::default()
        })
    }
}

/// The table of a policy.
pub(super) fn policy_table(
    policy: &Policy,
    former_tokens: Option<&FormerTokens>,
    params: &VirtualServiceParams,
) -> Result<Conversion<Table<HeaderMatch>>, ConversionError> {
    let weights = weight_limit(policy, params)?;
    let limits = Limits { translate: header_match, weights, why_no_hash: Some(WHY_NO_HASH) };
    Ok(Table::new(policy, former_tokens, &limits))
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

/// The matches on the path, of which one has to hold; `None` matches every path. Istio warns about a match that another one covers.
fn uris(group: &Group<'_>) -> Vec<Option<StringMatch>> {
    if group.paths.iter().any(|path| path.matches_all()) {
        return vec![None];
    }
    let uris = TextMatch::of_group(group).into_iter().map(|text| match text {
        TextMatch::Exact(text) => StringMatch::Exact(text),
        TextMatch::Prefix(text) => StringMatch::Prefix(text),
    });
    uris.map(Some).collect()
}

/// The bytes of the text of a match in JSON.
fn bytes(value: &StringMatch) -> usize {
    match value {
        StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Regex(text) => json_bytes(text),
        StringMatch::Present | StringMatch::Other(_) => 0,
    }
}
