//! Envoy: a RouteConfiguration of its v3 API, as of version 1.40
//! (<https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/route_components.proto>).
//!
//! * The first route of the list that matches decides: each path of the route has one for each condition.
//! * A cluster is called what the backend is called, `web:80`, and has to exist under that name.
//! * A host matches whatever port follows it in a request. `*.example.com` matches any number of labels in front.
//! * Header lines are matched one by one, and several `Cookie` lines as one. A regular expression is RE2's, which reads bytes
//!   (as version 1.40 does when it is run; older ones read UTF-8), and matches the whole line. It has at most 100
//!   instructions, the bound that Envoy has unless its runtime (`re2.max_program_size.error_level`) is told otherwise.
//! * An affinity cookie is a header on responses, and routes in front of or behind the rules. A stateful session would pin an
//!   endpoint in a cluster, and not the cluster.
//! * An affinity key is a `hash_policy` that chooses the cluster: same key, same variant, by Envoy's own hash. Versions before
//!   pull request 41244, of autumn 2025, refuse it.
//! * What a policy does not say is Envoy's default, the timeout of 15 seconds for a response among it.

mod object;

pub use object::{
    ClusterWeight, HashPolicy, HashedCookie, HashedHeader, HeaderMatcher, HeaderValue, HeaderValueOption, RegexMatcher,
    RouteAction, RouteConfiguration, RouteMatch, Rule, StringMatcher, VirtualHost, WeightedClusters,
};

use super::loss::affinity_text;
use super::re2::{self, Reads};
use super::regex::{self, Wanted};
use super::route::Backends;
use super::table::{Condition, Destination, Row, Table};
use super::{Conversion, Loss, Part, Path, PathType, Route};
use crate::error::{Excerpt, RouteError};
use crate::policy::{Affinity, Key, KeyAffinity, Policy};

/// The most instructions of a regular expression.
const PROGRAM_SIZE: usize = 100;

/// Writes a policy as the RouteConfiguration of one virtual host.
///
/// # Errors
///
/// The route has another number of canaries than the policy.
///
/// ```
/// use canary_policy::targets::{Route, envoy};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::new(1000)?)?;
/// let route = Route::new("web", "web:80".parse()?, [])?;
/// assert_eq!(
///     envoy::route_configuration(&policy, &route).unwrap_err().to_string(),
///     "backends: the route has 0 for canaries, and the policy has 1 canary",
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
pub fn route_configuration(policy: &Policy, route: &Route) -> Result<Conversion<RouteConfiguration>, RouteError> {
    let Route { name, namespace: _, hosts: _, paths, parents: _, stable: _, canaries: _ } = route;
    let backends = route.backends(policy)?;
    let mut losses = Vec::new();
    let Table { rows, split } = Table::new(policy, u32::MAX, None, header_matcher, &mut losses);
    let mut routes = Vec::new();
    for Row { any, to, set_cookie } in &rows {
        let cluster = Some(backends.of(*to).to_string());
        let added: Vec<_> = set_cookie.iter().map(|value| HeaderValueOption::set_cookie(value)).collect();
        for header in any {
            routes.extend(paths.iter().map(|path| Rule {
                matches: RouteMatch { headers: vec![header.clone()], ..path_match(path) },
                route: RouteAction { cluster: cluster.clone(), ..RouteAction::default() },
                response_headers_to_add: added.clone(),
            }));
        }
    }
    let (action, headers) = shared_out(backends, &split, hash_policy(policy, split.len(), &mut losses));
    routes.extend(paths.iter().map(|path| Rule {
        matches: path_match(path),
        route: action.clone(),
        response_headers_to_add: headers.clone(),
    }));
    let host = VirtualHost { name: name.clone(), domains: route.domains(), routes };
    let output =
        RouteConfiguration { name: name.clone(), virtual_hosts: vec![host], ignore_port_in_host_matching: true };
    Ok(Conversion { output, losses })
}

/// A condition as Envoy's `HeaderMatcher`, or what the target is bound to.
fn header_matcher(condition: Condition<'_>) -> Result<HeaderMatcher, &'static str> {
    let (name, wanted) = regex::wanted(condition)?;
    let regex = match wanted {
        Wanted::Exactly(value) => {
            return Ok(HeaderMatcher { name, string_match: StringMatcher::Exact(value.to_owned()) });
        }
        Wanted::Matches(regex) => regex,
    };
    if !re2::fits(condition, &regex, Reads::Bytes, PROGRAM_SIZE) {
        return Err("Envoy takes a regular expression of at most 100 instructions of RE2, \
                    with what is written around a pattern or cookie");
    }
    Ok(HeaderMatcher { name, string_match: StringMatcher::SafeRegex(RegexMatcher { regex }) })
}

fn path_match((path, kind): &(Path, PathType)) -> RouteMatch {
    let text = path.compared(*kind);
    match kind {
        PathType::Exact => RouteMatch { path: Some(text.to_owned()), ..RouteMatch::default() },
        // Which is refused as one that is separated.
        PathType::Prefix if text.is_empty() => RouteMatch { prefix: Some("/".to_owned()), ..RouteMatch::default() },
        PathType::Prefix => RouteMatch { path_separated_prefix: Some(text.to_owned()), ..RouteMatch::default() },
    }
}

/// Where requests go that no rule decided on, and what is added to every response.
fn shared_out(
    backends: Backends<'_>,
    split: &[Destination],
    hash_policy: Vec<HashPolicy>,
) -> (RouteAction, Vec<HeaderValueOption>) {
    let cluster = |Destination { to, weight, set_cookie }: &Destination| ClusterWeight {
        name: backends.of(*to).to_string(),
        weight: *weight,
        response_headers_to_add: set_cookie.iter().map(|value| HeaderValueOption::set_cookie(value)).collect(),
    };
    let clusters: Vec<ClusterWeight> = split.iter().map(cluster).collect();
    if let [ClusterWeight { name, weight: _, response_headers_to_add }] = clusters.as_slice() {
        let action = RouteAction { cluster: Some(name.clone()), ..RouteAction::default() };
        return (action, response_headers_to_add.clone());
    }
    let use_hash_policy = Some(true).filter(|_| !hash_policy.is_empty());
    let weighted = WeightedClusters { clusters, use_hash_policy };
    (RouteAction { cluster: None, weighted_clusters: Some(weighted), hash_policy }, Vec::new())
}

/// What chooses a variant by the affinity key, and the loss that goes with it.
fn hash_policy(policy: &Policy, destinations: usize, losses: &mut Vec<Loss>) -> Vec<HashPolicy> {
    let (Affinity::Key(KeyAffinity { key, salt: _ }), Some(wanted)) =
        (policy.affinity(), affinity_text(policy.affinity()))
    else {
        return Vec::new();
    };
    let part = Part::Affinity;
    if destinations == 1 {
        losses.push(Loss::LeftOut { part, value: wanted, why: "all that no rule decides on goes to one variant" });
        return Vec::new();
    }
    let (hashed, got) = match key {
        Key::Header(name) => {
            let header_name = name.as_str().to_owned();
            (HashPolicy::Header(HashedHeader { header_name }), format!("hash_policy header {name}"))
        }
        Key::Cookie(name) => {
            let cookie = HashedCookie { name: name.as_str().to_owned() };
            (HashPolicy::Cookie(cookie), format!("hash_policy cookie {name}"))
        }
    };
    let why = "Envoy's own hash, without the salt, keeps a client on one variant, which need not be the selector's";
    losses.push(Loss::Changed { part, wanted, got: Excerpt::of(&got), why });
    vec![hashed]
}
