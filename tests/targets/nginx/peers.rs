//! The cases of the suites of other tools: what the controller makes of them, and that every conversion keeps it.
//!
//! The cases are those of ingress2gateway (`canary_test.go`, `converter_test.go` and the canary of `e2e`) and of Traefik's
//! provider for ingress-nginx (its fixtures with canaries, and its issues 12739, 12906 and 13785), restated with our own names.
//! `peer` is `same` if the peer does what the controller does, and says otherwise what it does instead.

use std::collections::BTreeSet;

use canary_policy::migrate::{self, Answer};
use canary_policy::route::{self, VirtualHost};
use canary_policy::targets::nginx::{Cluster, HostReading, hosts};
use canary_policy::targets::{VirtualHostReading, envoy, gateway, gloo, istio, linkerd};
use canary_policy::{Affinity, Match};
use serde::Deserialize;

use crate::util::cluster_text::cluster;
use crate::util::json_lines;

/// A case: Ingresses as lines of text, and each location that the controller serves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    ingresses: Vec<String>,
    serves: Vec<String>,
    peer: String,
}

/// All cases of a peer.
fn cases(peer: &str) -> Vec<Case> {
    let lines = json_lines(&format!("cases/peers/{peer}.jsonl"));
    lines.into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

/// A location as in `a.test Prefix / web:80 > next:80 20/100, header x: always or never`.
fn text(host: &str, location: &route::Location) -> String {
    let mut text = format!("{host} {} {}", location.path(), location.stable());
    let Some(policy) = location.policy() else { return text };
    let canary = &policy.canaries()[0];
    text += &format!(" > {} {}/{}", location.canaries()[0], canary.weight(), policy.total());
    let value = |rule: &Match| match rule {
        Match::AlwaysNever => "always or never".to_owned(),
        Match::Exact(value) => value.clone(),
        Match::Pattern(pattern) => format!("/{}/", pattern.as_str()),
    };
    if let Some(rule) = canary.header() {
        text += &format!(", header {}: {}", rule.name(), value(rule.value_match()));
    }
    if let Some(rule) = canary.cookie() {
        text += &format!(", cookie {}: {}", rule.name(), value(rule.value_match()));
    }
    if let Affinity::Cookie(cookie) = policy.affinity() {
        text += &format!(", affinity {}", cookie.name());
    }
    text
}

fn virtual_hosts(cluster: &Cluster) -> Vec<VirtualHost> {
    let readings = hosts(cluster).unwrap().into_iter();
    let gateway = || ["infra/public".parse().unwrap()];
    let attached = |reading: HostReading| reading.virtual_host.map(|host| host.with_parents(gateway()).unwrap());
    readings.filter_map(attached).collect()
}

/// What is read back from the objects of each target.
fn converted(hosts: &[VirtualHost]) -> [(&'static str, Vec<VirtualHostReading>); 5] {
    let params = gateway::RouteParams::default();
    let routes: Vec<_> =
        hosts.iter().flat_map(|host| gateway::http_routes_of_host(host, &params).unwrap().output).collect();
    let params = istio::VirtualServiceParams::default();
    let services =
        hosts.iter().map(|host| istio::virtual_service_of_host(host, &params).unwrap().output.virtual_service);
    let of_gloo: Vec<_> = hosts.iter().map(|host| gloo::virtual_service_of_host(host).unwrap().output).collect();
    let mesh = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default()).unwrap().output;
    let envoy = envoy::route_configuration_of_hosts("routes", hosts, &envoy::RouteParams::default()).unwrap().output;
    [
        ("gateway", gateway::read_hosts(&routes, &[]).unwrap()),
        ("istio", istio::read_hosts(&services.collect::<Vec<_>>(), &[]).unwrap()),
        ("gloo", gloo::read_hosts(&of_gloo, &[]).unwrap()),
        ("linkerd", linkerd::read_hosts(&mesh, hosts).unwrap()),
        ("envoy", envoy::read_hosts(&envoy, hosts).unwrap()),
    ]
}

#[test]
fn the_cases_of_peers_mean_what_the_controller_does() {
    let mut ids = BTreeSet::new();
    for (peer, count, different) in [("ingress2gateway", 27, 10), ("traefik", 12, 5)] {
        let cases = cases(peer);
        assert_eq!(
            (cases.len(), cases.iter().filter(|case| case.peer != "same").count()),
            (count, different),
            "{peer}"
        );
        for Case { id, ingresses, serves, .. } in cases {
            assert!(ids.insert((peer, id.clone())), "{peer}: {id} twice");
            let cluster = cluster(&ingresses.iter().map(String::as_str).collect::<Vec<_>>());
            let before = virtual_hosts(&cluster);
            let found: Vec<String> = before
                .iter()
                .flat_map(|host| host.locations().iter().map(|location| text(host.hosts()[0].as_str(), location)))
                .collect();
            assert_eq!(found, serves, "{peer}: {id}");
            // The controller has no other canary in force than the virtual hosts.
            let effective = cluster.virtual_hosts().unwrap();
            let in_force =
                effective.iter().flat_map(|host| &host.locations).filter(|location| location.canary.is_some());
            assert_eq!(in_force.count(), serves.iter().filter(|line| line.contains('>')).count(), "{peer}: {id}");
            if before.is_empty() {
                continue;
            }
            for (target, after) in converted(&before) {
                let verification = migrate::verify(&before, &after);
                assert_eq!(verification.answer(), &Answer::Same, "{peer}: {id}: {target}: {after:#?}");
            }
        }
    }
}
