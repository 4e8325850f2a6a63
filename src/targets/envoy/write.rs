//! A policy and a route as a RouteConfiguration.

use super::hash_policy::hash_policy;
use super::header_matcher::header_matcher;
use super::{
    ClusterWeight, HashPolicy, HeaderMatcher, HeaderValueOption, RouteAction, RouteConfiguration, RouteMatch,
    RouteParams, Rule, VirtualHost, WeightedClusters,
};
use crate::error::ConversionError;
use crate::policy::{Interval, Policy};
use crate::route::{Backends, Path, PathType, Route};
use crate::targets::Conversion;
use crate::targets::loss::wildcard_hosts;
use crate::targets::table::{Destination, Limits, Row, Share, Split, Table, WeightLimit};

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
///     "backends: the route has 0 canary backends, but the policy has 1 canary",
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
    let backends = route.backends(policy)?;
    let limits = Limits { translate: header_matcher, weights: WeightLimit::Each(MAX_WEIGHT), why_no_hash: None };
    let Conversion { output: table, mut losses } = Table::new(policy, &limits);
    let draw = if let Some(name) = params.point_header() {
        Draw::Point { header_name: name.as_str().to_owned(), intervals: policy.intervals() }
    } else {
        let hash_policy = hash_policy(policy, table.rows.last());
        losses.extend(hash_policy.losses);
        hash_policy.output.map_or(Draw::Random, Draw::Hash)
    };
    losses.extend(wildcard_hosts(route.hosts()));

    let routes = table.rows.iter().flat_map(|row| rules(row, route.paths(), backends, &draw));
    let host = VirtualHost { name: route.name().to_owned(), domains: route.domains(), routes: routes.collect() };
    let output = RouteConfiguration {
        name: route.name().to_owned(),
        virtual_hosts: vec![host],
        ignore_port_in_host_matching: true,
    };
    Ok(Conversion { output, losses })
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
fn rules(row: &Row<HeaderMatcher>, paths: &[Path], backends: Backends<'_>, draw: &Draw) -> Vec<Rule> {
    let route = action(&row.split, backends, draw);
    let response_headers_to_add = match &row.split {
        Split::One(destination) => added_headers(destination),
        Split::Several(_) => Vec::new(),
    };
    let rule = |(path, header): (&Path, Option<&HeaderMatcher>)| Rule {
        matches: RouteMatch { headers: header.cloned().into_iter().collect(), ..path_match(path) },
        route: route.clone(),
        response_headers_to_add: response_headers_to_add.clone(),
    };
    row.matches(paths).map(rule).collect()
}

/// The cluster that requests go to, or the clusters that they are split between.
fn action(split: &Split, backends: Backends<'_>, draw: &Draw) -> RouteAction {
    match split {
        Split::One(Destination { variant, set_cookie: _ }) => {
            RouteAction { cluster: Some(backends.of(*variant).to_string()), ..RouteAction::default() }
        }
        Split::Several(shares) => {
            let cluster = |destination: &Destination, weight| ClusterWeight {
                name: backends.of(destination.variant).to_string(),
                weight,
                response_headers_to_add: added_headers(destination),
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
