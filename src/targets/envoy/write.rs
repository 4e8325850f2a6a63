//! A policy and a route as a RouteConfiguration.

use super::hash_policy::hash_policy;
use super::header_matcher::header_matcher;
use super::{
    ClusterWeight, HashPolicy, HeaderMatcher, HeaderValueOption, RouteAction, RouteConfiguration, RouteMatch, Rule,
    VirtualHost, WeightedClusters,
};
use crate::error::ConversionError;
use crate::policy::Policy;
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
/// use canary_policy::targets::envoy;
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Route, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, [])?;
/// assert_eq!(
///     envoy::route_configuration(&policy, &route).unwrap_err().to_string(),
///     "backends: the route has 0 canary backends, but the policy has 1 canary",
/// );
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let configuration = envoy::route_configuration(&policy, &route)?.exact()?;
/// let routes = &configuration.virtual_hosts[0].routes;
/// assert_eq!(routes[0].route.cluster.as_deref(), Some("web-canary:80"));
/// let clusters = &routes[2].route.weighted_clusters.as_ref().unwrap().clusters;
/// assert!(clusters.iter().map(|cluster| cluster.weight).eq([995, 5]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn route_configuration(policy: &Policy, route: &Route) -> Result<Conversion<RouteConfiguration>, ConversionError> {
    let backends = route.backends(policy)?;
    let limits = Limits { translate: header_matcher, weights: WeightLimit::Each(MAX_WEIGHT), why_no_hash: None };
    let Conversion { output: table, mut losses } = Table::new(policy, &limits);
    let hash_policy = hash_policy(policy, table.rows.last());
    losses.extend(hash_policy.losses);
    losses.extend(wildcard_hosts(route.hosts()));

    let routes = table.rows.iter().flat_map(|row| rules(row, route.paths(), backends, hash_policy.output.as_ref()));
    let host = VirtualHost { name: route.name().to_owned(), domains: route.domains(), routes: routes.collect() };
    let output = RouteConfiguration {
        name: route.name().to_owned(),
        virtual_hosts: vec![host],
        ignore_port_in_host_matching: true,
    };
    Ok(Conversion { output, losses })
}

/// A row as routes: one for each of its conditions on each path.
fn rules(
    row: &Row<HeaderMatcher>,
    paths: &[Path],
    backends: Backends<'_>,
    hash_policy: Option<&HashPolicy>,
) -> Vec<Rule> {
    let route = action(&row.split, backends, hash_policy);
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
fn action(split: &Split, backends: Backends<'_>, hash_policy: Option<&HashPolicy>) -> RouteAction {
    match split {
        Split::One(Destination { variant, set_cookie: _ }) => {
            RouteAction { cluster: Some(backends.of(*variant).to_string()), ..RouteAction::default() }
        }
        Split::Several(shares) => {
            let cluster = |Share { destination, weight }: &Share| ClusterWeight {
                name: backends.of(destination.variant).to_string(),
                weight: *weight,
                response_headers_to_add: added_headers(destination),
            };
            let clusters = shares.iter().map(cluster).collect();
            let weighted = WeightedClusters { clusters, use_hash_policy: hash_policy.map(|_| true) };
            RouteAction {
                cluster: None,
                weighted_clusters: Some(weighted),
                hash_policy: hash_policy.cloned().into_iter().collect(),
            }
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
