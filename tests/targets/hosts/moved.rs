//! Several hosts, some of which are wildcards, that are written for each target and read back: what `migrate::verify` proves, and
//! what it shows, is what the objects do.

use std::cell::Cell;

use canary_policy::Loss;
use canary_policy::migrate::{self, Answer, HostClass, LocationAnswer};
use canary_policy::route::{Host, PathType, VirtualHost};
use canary_policy::targets::gateway::RouteParams;
use canary_policy::targets::istio::VirtualServiceParams;
use canary_policy::targets::{LocationLoss, VirtualHostReading, Wildcards, envoy, gateway, gloo, istio, linkerd};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::{gateway as of_gateway, istio as of_istio, linkerd as of_linkerd, lists};
use crate::util::outcome::Outcome;
use crate::util::request::Lines;
use crate::util::virtual_host::{Case, NAMESPACE, decides, virtual_hosts};
use crate::util::{all_cases, cases};

/// What a target makes of virtual hosts: what is read of its objects, and the losses. `None` if it cannot have all of them.
type Moved = Option<(Vec<VirtualHostReading>, Vec<LocationLoss>)>;

/// A target, and the outcome of a request by its objects for one host.
struct Target {
    name: &'static str,
    moved: fn(&[VirtualHost]) -> Moved,
    answer: fn(&VirtualHost, &str, &Lines) -> Outcome,
    wildcards: Wildcards,
}

/// A new target is a new row.
const TARGETS: [Target; 5] = [
    Target { name: "gateway", moved: to_gateway, answer: of_gateway::answer, wildcards: Wildcards::AnyLabels },
    Target { name: "istio", moved: to_istio, answer: of_istio::answer, wildcards: Wildcards::AnyLabels },
    Target { name: "gloo", moved: to_gloo, answer: lists::gloo_answer, wildcards: Wildcards::AnyLabels },
    Target { name: "envoy", moved: to_envoy, answer: lists::envoy_answer, wildcards: Wildcards::AnyLabels },
    Target { name: "linkerd", moved: to_linkerd, answer: of_linkerd::answer, wildcards: Wildcards::OneLabel },
];

fn to_gateway(hosts: &[VirtualHost]) -> Moved {
    let (mut all, mut losses) = (Vec::new(), Vec::new());
    for host in hosts {
        let written = gateway::http_routes_of_host(host, &RouteParams::default()).ok()?;
        all.extend(written.output);
        losses.extend(written.losses);
    }
    Some((gateway::read_hosts(&all, hosts).unwrap(), losses))
}

fn to_istio(hosts: &[VirtualHost]) -> Moved {
    let (mut all, mut losses) = (Vec::new(), Vec::new());
    for host in hosts {
        let written = istio::virtual_service_of_host(host, &VirtualServiceParams::default()).ok()?;
        all.push(written.output.virtual_service);
        losses.extend(written.losses);
    }
    Some((istio::read_hosts(&all, hosts).unwrap(), losses))
}

fn to_gloo(hosts: &[VirtualHost]) -> Moved {
    let (mut all, mut losses) = (Vec::new(), Vec::new());
    for host in hosts {
        let written = gloo::virtual_service_of_host(host).ok()?;
        all.push(written.output);
        losses.extend(written.losses);
    }
    Some((gloo::read_hosts(&all, hosts).unwrap(), losses))
}

fn to_envoy(hosts: &[VirtualHost]) -> Moved {
    let written = envoy::route_configuration_of_hosts("public", hosts, &envoy::RouteParams::default()).ok()?;
    Some((envoy::read_hosts(&written.output, hosts).unwrap(), written.losses))
}

fn to_linkerd(hosts: &[VirtualHost]) -> Moved {
    let written = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default()).ok()?;
    Some((linkerd::read_hosts(&written.output, hosts).unwrap(), written.losses))
}

/// The hosts of requests. Some are named by no virtual host, or are deeper than a wildcard.
const NAMES: [&str; 8] =
    ["a.test", "b.a.test", "c.a.test", "x.b.a.test", "x.c.a.test", "x.y.a.test", "x.y.b.a.test", "other.org"];

/// One to five virtual hosts, and requests for their policies.
fn clusters() -> impl Strategy<Value = (Vec<VirtualHost>, Vec<(String, Lines)>)> {
    let names = subsequence(vec!["a.test", "*.a.test", "*.b.a.test", "b.a.test c.a.test", ""], 1..=5);
    names.prop_flat_map(|names| {
        let count = names.len();
        (Just(names), proptest::collection::vec(virtual_hosts(), count)).prop_map(|(names, cases)| {
            let host = |((index, names), case): ((usize, &str), &Case)| {
                let host = VirtualHost::new(&format!("web-{index}"), case.host.locations().to_vec()).unwrap();
                let host = host.with_namespace(NAMESPACE).unwrap().with_parents(["public".parse().unwrap()]).unwrap();
                host.with_hosts(names.split_whitespace().map(|name| name.parse().unwrap())).unwrap()
            };
            let hosts = names.into_iter().enumerate().zip(&cases).map(host).collect();
            (hosts, cases.iter().flat_map(|case| case.requests.iter().take(2).cloned()).collect())
        })
    })
}

/// The hosts without one of their locations, chosen by chance.
fn without_one(hosts: &[VirtualHost], chosen: Index) -> Vec<VirtualHost> {
    let mut hosts = hosts.to_vec();
    let index = chosen.index(hosts.len());
    let mut locations = hosts[index].locations().to_vec();
    if locations.len() > 1 {
        locations.remove(chosen.index(locations.len()));
        let less = VirtualHost::new(hosts[index].name(), locations).unwrap().with_namespace(NAMESPACE).unwrap();
        let less = less.with_parents(hosts[index].parents().to_vec()).unwrap();
        hosts[index] = less.with_hosts(hosts[index].hosts().to_vec()).unwrap();
    }
    hosts
}

/// Whether a host is one of a name.
fn matches(host: &Host, name: &str, wildcards: Wildcards) -> bool {
    let Some(domain) = host.as_str().strip_prefix('*') else { return host.as_str() == name };
    let Some(labels) = name.strip_suffix(domain) else { return false };
    !labels.is_empty() && (wildcards == Wildcards::AnyLabels || !labels.contains('.'))
}

/// The virtual host that decides: the one whose host is the most specific.
fn deciding<'h>(hosts: &'h [VirtualHost], name: &str, wildcards: Wildcards) -> Option<&'h VirtualHost> {
    let named = hosts.iter().flat_map(|host| host.hosts().iter().map(move |name| (name, host)));
    let matching = named.filter(|(host, _)| matches(host, name, wildcards));
    let longest = matching.max_by_key(|(host, _)| host.as_str().trim_start_matches('*').len()).map(|(_, host)| host);
    longest.or_else(|| hosts.iter().find(|host| host.hosts().is_empty()))
}

/// The answer of the proof for a request; `None` if nothing answers it on both sides.
fn proven<'v>(locations: &'v [LocationAnswer], name: &str, path: &str) -> Option<&'v LocationAnswer> {
    let covers = |one: &HostClass| match one {
        HostClass::Named(host) => host.as_str() == name,
        HostClass::OneLabel(host) => matches(host, name, Wildcards::OneLabel),
        HostClass::MoreLabels(host) => {
            matches(host, name, Wildcards::AnyLabels) && !matches(host, name, Wildcards::OneLabel)
        }
        _ => true,
    };
    let length = |one: &HostClass| one.host().map_or(0, |host| host.as_str().trim_start_matches('*').len());
    let hosts = locations.iter().map(|one| &one.hosts).filter(|one| covers(one)).max_by_key(|one| length(one))?;
    let matching = locations.iter().filter(|one| one.hosts == *hosts && one.path.matches(path));
    matching.max_by_key(|one| (one.path.path_type() == PathType::Exact, one.path.as_str().trim_end_matches('/').len()))
}

/// Whether a loss says why the requests of a class are answered differently.
fn explains(hosts: &[VirtualHost], losses: &[LocationLoss], one: &LocationAnswer) -> bool {
    let of = |wildcards| {
        let host = deciding(hosts, &one.example_host, wildcards)?;
        let location = host.location(&one.example_path).map(|location| location.path().clone());
        Some((format!("{NAMESPACE}/{}", host.name()), location))
    };
    let (before, after) = (of(Wildcards::OneLabel), of(Wildcards::AnyLabels));
    let is_of_host = |loss: &&LocationLoss| Some(&loss.host) == after.as_ref().map(|(host, _)| host);
    if matches!(one.hosts, HostClass::MoreLabels(_))
        && losses.iter().filter(is_of_host).any(|loss| loss.location.is_none())
    {
        return true;
    }
    let Some((host, location)) = before else { return false };
    let of_location = losses.iter().filter(|loss| loss.host == host && loss.location == location);
    of_location.into_iter().any(|loss| !matches!(loss.loss, Loss::Needs { .. }))
}

/// How often a law had something to say.
#[derive(Default)]
struct Counts {
    moved: Cell<u32>,
    same: Cell<u32>,
    differs: Cell<u32>,
    deeper: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

#[test]
fn what_is_proven_of_hosts_is_what_the_objects_do() {
    let counts = Counts::default();
    let counts_of_target: [Counts; 5] = Default::default();
    proptest!(cases(60), |((hosts, requests) in clusters(), chosen in any::<Index>(), is_whole in any::<bool>())| {
        let written = if is_whole { hosts.clone() } else { without_one(&hosts, chosen) };
        for (target, of_target) in TARGETS.iter().zip(&counts_of_target) {
            let Some((read, losses)) = (target.moved)(&written) else { continue };
            count(&of_target.moved);
            let locations = migrate::verify(&hosts, &read).locations;
            for one in locations.iter().filter(|one| matches!(one.answer, Answer::Differs(_))) {
                count(&counts.differs);
                prop_assert!(!is_whole || explains(&hosts, &losses, one), "{}: {} {:?}", target.name, one, losses);
                if matches!(one.hosts, HostClass::MoreLabels(_)) {
                    count(&counts.deeper);
                }
            }
            for (name, request) in NAMES.iter().flat_map(|name| requests.iter().map(move |request| (*name, request))) {
                let class = proven(&locations, name, &request.0);
                if class.is_some_and(|one| one.answer != Answer::Same) {
                    continue;
                }
                count(&of_target.same);
                let by_target = deciding(&written, name, target.wildcards);
                let routed = by_target.map_or(Outcome::Nothing, |host| (target.answer)(host, &request.0, &request.1));
                match deciding(&hosts, name, Wildcards::OneLabel) {
                    Some(host) => decides(host, &[], request, routed)?,
                    None => prop_assert_eq!(routed, Outcome::Nothing, "{} {}", name, &request.0),
                }
            }
        }
    });
    if !all_cases() {
        return;
    }
    for (target, Counts { moved, same, .. }) in TARGETS.iter().zip(&counts_of_target) {
        // Linkerd refuses hosts that share a Service and disagree.
        let least = if target.name == "linkerd" { 6 } else { 40 };
        assert!(moved.get() >= least && same.get() >= 150, "{}: {} {}", target.name, moved.get(), same.get());
    }
    let (differs, deeper) = (counts.differs.get(), counts.deeper.get());
    assert!(differs > 100 && deeper > 50, "{differs} {deeper}");
}
