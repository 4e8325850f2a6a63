//! A policy and a route, or virtual hosts, as a RouteConfiguration.

use std::collections::BTreeSet;

use super::hash_policy::hash_policy;
use super::header_matcher::header_matcher;
use super::{
    ClusterWeight, HashPolicy, HeaderMatcher, HeaderValueOption, RouteAction, RouteConfiguration, RouteMatch,
    RouteParams, Rule, VirtualHost, WeightedClusters,
};
use crate::error::{ConversionError, Excerpt};
use crate::policy::{Interval, Policy};
use crate::route::{Backends, Front, Group, Path, PathType, Route, VirtualHost as Host};
use crate::targets::location_loss::{at_host, each_group};
use crate::targets::loss::wildcard_hosts;
use crate::targets::table::{Destination, Limits, Row, Share, Split, Table, WeightLimit};
use crate::targets::{Conversion, LocationLoss, UnknownFields};

/// The largest weight.
const MAX_WEIGHT: u32 = u32::MAX;

/// Writes a policy and a route as a RouteConfiguration with one virtual host.
///
/// # Errors
///
/// The route does not have one backend for each canary.
///
/// ```
/// use canary_policy::targets::envoy::{self, RouteParams};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, [])?;
/// assert_eq!(
///     envoy::route_configuration(&policy, &route, &RouteParams::default()).unwrap_err().to_string(),
///     "backends: 0 canary backends are given, but the policy has 1 canary",
/// );
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let configuration = envoy::route_configuration(&policy, &route, &RouteParams::default())?.exact()?;
/// let routes = &configuration.virtual_hosts[0].routes;
/// assert_eq!(routes[0].route.cluster.as_deref(), Some("web-canary:80"));
/// let clusters = &routes[2].route.weighted_clusters.as_ref().unwrap().clusters;
/// assert!(clusters.iter().map(|cluster| cluster.weight).eq([995, 5]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_configuration(
    policy: &Policy,
    route: &Route,
    params: &RouteParams,
) -> Result<Conversion<RouteConfiguration>, ConversionError> {
    let group = Group::of_route(policy, route)?;
    let Conversion { output: routes, mut losses } = routes(&group, params);
    losses.extend(wildcard_hosts(route.hosts()));
    let output = configuration(route.name(), vec![virtual_host(route.front(), routes)]);
    Ok(Conversion { output, losses })
}

/// Writes virtual hosts as a RouteConfiguration of this name, which has one virtual host for each. The routes are in the order in
/// which the locations decide.
///
/// A cluster has the name of the backend with its namespace, as in `shop/web:80`, because the virtual hosts may be in several
/// namespaces. The namespace is left out only if neither the backend nor the virtual host has one.
///
/// # Errors
///
/// Two virtual hosts have the same host, or both are for every host: Envoy refuses a domain that is given twice.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::envoy::{self, RouteParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_hosts(["shop.example.com".parse()?])?;
///
/// let hosts = [host.clone()];
/// let configuration = envoy::route_configuration_of_hosts("public", &hosts, &RouteParams::default())?.exact()?;
/// let routes = &configuration.virtual_hosts[0].routes;
/// assert_eq!(routes[0].matches.path_separated_prefix.as_deref(), Some("/orders"));
/// assert_eq!(routes[0].route.cluster.as_deref(), Some("orders:80"));
/// assert!(routes[1].route.weighted_clusters.is_some());
///
/// let twice = envoy::route_configuration_of_hosts("public", &[host.clone(), host], &RouteParams::default());
/// assert_eq!(
///     twice.unwrap_err().to_string(),
///     "shop: hosts: `shop.example.com` is refused: a domain belongs to one virtual host of a RouteConfiguration",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_configuration_of_hosts(
    name: &str,
    hosts: &[Host],
    params: &RouteParams,
) -> Result<Conversion<RouteConfiguration, LocationLoss>, ConversionError> {
    let (mut virtual_hosts, mut losses) = (Vec::new(), Vec::new());
    let mut domains = BTreeSet::new();
    for host in hosts {
        let front = host.front();
        if let Some(twice) = front.domains().into_iter().find(|domain| !domains.insert(domain.clone())) {
            let bound = "a domain belongs to one virtual host of a RouteConfiguration";
            let refused = ConversionError::Refused { field: "hosts", value: Excerpt::of(&twice), bound };
            return Err(at_host(front, refused));
        }
        let runs = host.runs(None);
        let routes = each_group(front, &runs, |group| Ok(routes(group, params)))?;
        virtual_hosts.push(virtual_host(front, routes.output.into_iter().flatten().collect()));
        losses.extend(routes.losses.into_iter().chain(LocationLoss::of_hosts(front)));
    }
    Ok(Conversion { output: configuration(name, virtual_hosts), losses })
}

fn configuration(name: &str, virtual_hosts: Vec<VirtualHost>) -> RouteConfiguration {
    let (name, unknown) = (name.to_owned(), UnknownFields::default());
    RouteConfiguration { name, virtual_hosts, ignore_port_in_host_matching: true, unknown }
}

fn virtual_host(front: Front<'_>, routes: Vec<Rule>) -> VirtualHost {
    VirtualHost { name: front.name.to_owned(), domains: front.domains(), routes, unknown: UnknownFields::default() }
}

/// The routes of a group.
fn routes(group: &Group<'_>, params: &RouteParams) -> Conversion<Vec<Rule>> {
    let Group { paths, policy, backends, former_tokens } = group;
    let limits = Limits { translate: header_matcher, weights: WeightLimit::Each(MAX_WEIGHT), why_no_hash: None };
    let Conversion { output: table, mut losses } = match policy {
        None => Conversion { output: Table::stable(), losses: Vec::new() },
        Some(policy) => Table::new(policy, *former_tokens, &limits),
    };
    let draw = match (policy, params.point_header()) {
        (None, _) => Draw::Random,
        (Some(policy), Some(name)) => {
            Draw::Point { header_name: name.as_str().to_owned(), intervals: policy.intervals() }
        }
        (Some(policy), None) => {
            let hash_policy = hash_policy(policy, table.rows.last());
            losses.extend(hash_policy.losses);
            hash_policy.output.map_or(Draw::Random, Draw::Hash)
        }
    };
    let output = table.rows.iter().flat_map(|row| rules(row, paths, backends, &draw)).collect();
    Conversion { output, losses }
}

/// How Envoy chooses between the clusters of a split.
enum Draw {
    /// By chance.
    Random,
    /// By a hash of the affinity key.
    Hash(HashPolicy),
    /// By the point of the total in the point header.
    Point { header_name: String, intervals: Vec<Interval> },
}

/// A row as routes: one for each of its conditions on each path.
fn rules(row: &Row<HeaderMatcher>, paths: &[&Path], backends: &Backends, draw: &Draw) -> Vec<Rule> {
    let route = action(&row.split, backends, draw);
    let response_headers_to_add = match &row.split {
        Split::One(destination) => added_headers(destination),
        Split::Several(_) => Vec::new(),
    };
    let rule = |(path, header): (&&Path, Option<&HeaderMatcher>)| Rule {
        matches: RouteMatch { headers: header.cloned().into_iter().collect(), ..path_match(path) },
        route: route.clone(),
        response_headers_to_add: response_headers_to_add.clone(),
        unknown: UnknownFields::default(),
    };
    row.matches(paths).map(rule).collect()
}

/// The cluster that requests go to, or the clusters that they are split between.
fn action(split: &Split, backends: &Backends, draw: &Draw) -> RouteAction {
    match split {
        Split::One(Destination { variant, set_cookie: _ }) => {
            RouteAction { cluster: Some(backends.of(*variant).to_string()), ..RouteAction::default() }
        }
        Split::Several(shares) => {
            let cluster = |destination: &Destination, weight| ClusterWeight {
                name: backends.of(destination.variant).to_string(),
                weight,
                response_headers_to_add: added_headers(destination),
                unknown: UnknownFields::default(),
            };
            let mut action = RouteAction::default();
            let mut weighted = WeightedClusters::default();
            if let Draw::Point { header_name, intervals } = draw {
                // Envoy takes the clusters in order, so each interval is a cluster, and stable can be several.
                let of = |interval: &Interval| {
                    let share = shares.iter().find(|share| share.destination.variant == interval.variant)?;
                    Some(cluster(&share.destination, interval.end - interval.start))
                };
                weighted.clusters = intervals.iter().filter_map(of).collect();
                weighted.header_name = Some(header_name.clone());
            } else {
                weighted.clusters =
                    shares.iter().map(|Share { destination, weight }| cluster(destination, *weight)).collect();
            }
            if let Draw::Hash(hash_policy) = draw {
                weighted.use_hash_policy = Some(true);
                action.hash_policy = vec![hash_policy.clone()];
            }
            RouteAction { weighted_clusters: Some(weighted), ..action }
        }
    }
}

/// The header that sets the affinity cookie of a destination.
fn added_headers(destination: &Destination) -> Vec<HeaderValueOption> {
    destination.set_cookie.as_deref().map(HeaderValueOption::set_cookie).into_iter().collect()
}

fn path_match(path: &Path) -> RouteMatch {
    let text = path.compared();
    match path.path_type() {
        PathType::Exact => RouteMatch { path: Some(text.to_owned()), ..RouteMatch::default() },
        // Envoy refuses `/` as a `path_separated_prefix`.
        PathType::Prefix if text.is_empty() => RouteMatch { prefix: Some("/".to_owned()), ..RouteMatch::default() },
        PathType::Prefix => RouteMatch { path_separated_prefix: Some(text.to_owned()), ..RouteMatch::default() },
    }
}
