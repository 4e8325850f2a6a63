//! The classes of hosts that two lists of virtual hosts tell apart.

use std::collections::{BTreeMap, BTreeSet};

use super::HostClass;
use super::unused::unused;
use crate::route::{Host, VirtualHost};
use crate::targets::{VirtualHostReading, Wildcards};

/// The virtual hosts before and after that answer for one class of hosts.
pub(super) struct HostPair<'h> {
    pub(super) class: HostClass,
    /// A host of the class.
    pub(super) example: String,
    pub(super) before: Option<&'h VirtualHost>,
    pub(super) after: Option<&'h VirtualHostReading>,
}

/// The hosts that are named before or after, the hosts of their wildcards, and every other host.
///
/// The hosts with two or more labels for the `*` of a wildcard are left out if the virtual hosts of every other host answer them.
pub(super) fn host_pairs<'h>(before: &'h [VirtualHost], after: &'h [VirtualHostReading]) -> Vec<HostPair<'h>> {
    let (before, after) = (ByHost::before(before), ByHost::after(after));
    let hosts: BTreeSet<&Host> = before.hosts.iter().chain(&after.hosts).copied().collect();
    let label = unused(hosts.iter().flat_map(|host| host.as_str().split('.')));
    let is_as_other = |pair: &HostPair<'_>| is_one(pair.before, before.others) && is_one(pair.after, after.others);
    let classes = hosts.into_iter().flat_map(classes_of).chain([HostClass::Other]);
    let pairs = classes.map(|class| {
        let example = class.example(&label);
        HostPair { before: before.find(&example), after: after.find(&example), example, class }
    });
    pairs.filter(|pair| !matches!(pair.class, HostClass::MoreLabels(_)) || !is_as_other(pair)).collect()
}

/// Whether both are the same, or both are none.
fn is_one<T>(one: Option<&T>, other: Option<&T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// The class of a host that is named, or the two of a wildcard.
fn classes_of(host: &Host) -> Vec<HostClass> {
    match host.wildcard_domain() {
        None => vec![HostClass::Named(host.clone())],
        Some(_) => vec![HostClass::OneLabel(host.clone()), HostClass::MoreLabels(host.clone())],
    }
}

/// Virtual hosts by the names of their hosts. If several have one host, the first counts.
#[derive(Debug)]
pub(super) struct ByHost<'h, T> {
    hosts: BTreeSet<&'h Host>,
    named: BTreeMap<&'h str, &'h T>,
    /// By the domains below which the wildcards are.
    wildcards: BTreeMap<&'h str, (&'h T, Wildcards)>,
    /// The one for every other host.
    others: Option<&'h T>,
}

impl<'h> ByHost<'h, VirtualHost> {
    /// The hosts before the move. A `*` is one label, as in an Ingress.
    pub(super) fn before(hosts: &'h [VirtualHost]) -> Self {
        ByHost::new(hosts.iter().map(|host| (host, host, Wildcards::OneLabel)))
    }
}

impl<'h> ByHost<'h, VirtualHostReading> {
    /// The hosts after the move.
    pub(super) fn after(readings: &'h [VirtualHostReading]) -> Self {
        ByHost::new(readings.iter().map(|reading| (&reading.virtual_host, reading, reading.wildcards)))
    }
}

impl<'h, T> ByHost<'h, T> {
    fn new(all: impl Iterator<Item = (&'h VirtualHost, &'h T, Wildcards)>) -> Self {
        let (hosts, named, wildcards) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut by_host = ByHost { hosts, named, wildcards, others: None };
        for (virtual_host, one, depth) in all {
            if virtual_host.hosts().is_empty() {
                by_host.others = by_host.others.or(Some(one));
            }
            for host in virtual_host.hosts() {
                by_host.hosts.insert(host);
                if let Some(domain) = host.wildcard_domain() {
                    by_host.wildcards.entry(domain).or_insert((one, depth));
                } else {
                    by_host.named.entry(host.as_str()).or_insert(one);
                }
            }
        }
        by_host
    }

    /// The virtual host that answers for a host: its own, that of the longest wildcard that matches, or that of every other host.
    ///
    /// Sources: ingress-nginx 1.15.1, `template.go`, `buildServerName` (one label); the Gateway API 1.4,
    /// `HTTPRouteSpec.hostnames`, Istio 1.30, `VirtualService.hosts`, and Envoy 1.40, `VirtualHost.domains`, which Gloo writes
    /// (one or more labels, the longest wildcard first).
    pub(super) fn find(&self, host: &str) -> Option<&'h T> {
        let above = host.match_indices('.').enumerate().find_map(|(index, (dot, _))| {
            let (found, depth) = self.wildcards.get(host.get(dot + 1..)?)?;
            (index == 0 || *depth == Wildcards::AnyLabels).then_some(*found)
        });
        self.named.get(host).copied().or(above).or(self.others)
    }
}
