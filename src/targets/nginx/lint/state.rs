//! A cluster for the linter: what the controller makes of it, and how.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest::Nearest;
use crate::targets::nginx::cluster::configuration::Record;
use crate::targets::nginx::cluster::host_locations::ClaimOutcome;
use crate::targets::nginx::cluster::merge::{Merge, MergeOutcome};
use crate::targets::nginx::cluster::stored_ingress::{CATCH_ALL, StoredIngress};
use crate::targets::nginx::cluster::{ClusterParts, Place};
use crate::targets::nginx::{Configuration, Ingress, Location, ObjectName, Refusal, Upstream, is_canary};

/// A cluster, what the controller makes of it, and how. The maps make every look-up fast.
pub(super) struct State<'s, 'c> {
    pub(super) parts: ClusterParts<'c>,
    pub(super) record: &'s Record<'c>,
    pub(super) configuration: &'s Configuration,
    /// The Ingresses that the controller stores.
    pub(super) ingresses: BTreeMap<&'s ObjectName, &'s StoredIngress<'c>>,
    /// The first canary Ingress that names each upstream.
    pub(super) canaries: BTreeMap<&'s str, &'s ObjectName>,
    /// The upstreams that exist.
    pub(super) upstreams: BTreeMap<&'s str, &'s Upstream>,
    /// The paths and default backends that made the controller delete an upstream, by the name of the upstream.
    pub(super) deletions: BTreeMap<&'s str, &'s Merge>,
    /// The deleted upstreams that a location still names.
    pub(super) dangling: BTreeSet<&'s str>,
    /// For each stable upstream, those of the canaries that its locations have. A deleted one that is listed first is among them.
    pub(super) in_force: BTreeMap<&'s str, BTreeSet<&'s str>>,
    /// The paths that have a location.
    pub(super) claimed: BTreeSet<(&'s ObjectName, Place)>,
    /// For each host, an ordinary Ingress that has it and that the controller does not read.
    pub(super) unread: BTreeMap<&'s str, &'s ObjectName>,
    /// The same for each path of a host.
    pub(super) unread_paths: BTreeMap<(&'s str, &'s str), &'s ObjectName>,
    /// The Ingresses whose annotations hold for the locations of a stable upstream.
    pub(super) of_stable: BTreeMap<&'s str, BTreeSet<&'s ObjectName>>,
    pub(super) nearest: Nearest<'s>,
    /// The locations of the catch-all host.
    pub(super) catch_all: &'s [Location],
}

impl<'s, 'c> State<'s, 'c> {
    pub(super) fn new(parts: ClusterParts<'c>, record: &'s Record<'c>, configuration: &'s Configuration) -> Self {
        let deletions = record.merges.iter().filter(|merge| merge.outcome == MergeOutcome::Deleted);
        let claimed = record.claims.iter().filter(|claim| claim.outcome == ClaimOutcome::Claimed);
        let locations = || configuration.virtual_hosts.iter().flat_map(|host| &host.locations);
        let mut of_stable: BTreeMap<&str, BTreeSet<&ObjectName>> = BTreeMap::new();
        let mut in_force: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for location in locations() {
            of_stable.entry(&location.stable).or_default().extend(&location.ingress);
            let chosen = location.canaries().map(|canary| canary.upstream.as_str()).chain(location.dangling.as_deref());
            in_force.entry(&location.stable).or_default().extend(chosen);
        }
        let unread = parts.ingresses.iter().filter(|(_, ingress)| !is_canary(ingress, parts.flags));
        let unread: Vec<_> = unread.filter(|(_, ingress)| Refusal::of(ingress, parts.flags).is_some()).collect();
        let of_hosts = unread.iter().flat_map(|(name, ingress)| hosts(ingress).map(move |host| (host, *name)));
        let of_paths = unread.iter().flat_map(|(name, ingress)| paths(ingress).map(move |path| (path, *name)));
        let mut canaries = BTreeMap::new();
        for ingress in record.ingresses.iter().filter(|ingress| ingress.is_canary()) {
            for key in ingress.path_upstreams().chain(ingress.default_upstream()) {
                canaries.entry(key.name.as_str()).or_insert(ingress.name);
            }
        }
        let catch_all = configuration.virtual_hosts.iter().find(|host| host.host == CATCH_ALL);
        State {
            canaries,
            catch_all: catch_all.map(|host| host.locations.as_slice()).unwrap_or_default(),
            nearest: Nearest::new(&configuration.virtual_hosts),
            unread: of_hosts.collect(),
            unread_paths: of_paths.collect(),
            parts,
            record,
            configuration,
            ingresses: record.ingresses.iter().map(|ingress| (ingress.name, ingress)).collect(),
            upstreams: configuration.upstreams.iter().map(|upstream| (upstream.name.as_str(), upstream)).collect(),
            deletions: deletions.map(|merge| (merge.upstream.as_str(), merge)).collect(),
            dangling: locations().filter_map(|location| location.dangling.as_deref()).collect(),
            claimed: claimed.map(|claim| (&claim.ingress, claim.place)).collect(),
            of_stable,
            in_force,
        }
    }

    /// Whether the Service of an upstream is among those of the cluster.
    pub(super) fn has_service(&self, upstream: &str) -> bool {
        let service = self.upstreams.get(upstream).and_then(|upstream| upstream.service.as_ref());
        service.is_some_and(|service| self.parts.services.contains_key(service))
    }

    /// The Ingress that made the controller delete an upstream.
    pub(super) fn deleter(&self, upstream: &str) -> Option<ObjectName> {
        self.deletions.get(upstream).map(|merge| merge.ingress.clone())
    }
}

/// The paths of an Ingress, each with its host.
fn paths(ingress: &Ingress) -> impl Iterator<Item = (&str, &str)> {
    ingress.spec.rules.iter().flat_map(|rule| {
        let paths = rule.http.iter().flat_map(|http| &http.paths).filter_map(|path| path.path.as_deref());
        paths.map(|path| (rule.host.as_deref().unwrap_or(CATCH_ALL), path))
    })
}

/// The hosts of the rules of an Ingress.
fn hosts(ingress: &Ingress) -> impl Iterator<Item = &str> {
    ingress.spec.rules.iter().filter_map(|rule| rule.host.as_deref())
}
