//! Canary Ingresses become alternatives of stable upstreams.

use std::collections::{BTreeMap, BTreeSet};

use super::host_locations::{ClaimedLocation, HostLocations};
use super::stored_ingress::{CATCH_ALL, DefaultBackend, StoredIngress, StoredPath};
use super::upstream::{DEFAULT_UPSTREAM, Upstream};
use super::upstream_key::UpstreamKey;
use super::{ObjectName, Place};
use crate::error::{ControllerPanic, Excerpt};
use crate::targets::nginx::Dialect;

/// What became of one path of a canary Ingress, or of its default backend.
pub(in crate::targets::nginx) struct Merge {
    pub(in crate::targets::nginx) ingress: ObjectName,
    pub(in crate::targets::nginx) place: Place,
    /// The name of the canary's upstream.
    pub(in crate::targets::nginx) upstream: String,
    pub(in crate::targets::nginx) outcome: MergeOutcome,
}

/// What became of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::targets::nginx) enum MergeOutcome {
    /// An earlier path had no match, so that the canary's upstream no longer exists.
    AlreadyDeleted,
    /// No stable Ingress has the host. The upstream stays, and nothing uses it.
    NoHost,
    /// The canary is an alternative of these upstreams. The list is empty if a location of the host has the canary's own
    /// upstream, which is then not deleted.
    Merged(Vec<String>),
    /// The default backend of a canary has no effect in the dialect.
    Ignored,
    /// No stable upstream matches. The canary's upstream is deleted, for all other paths and hosts too, unless the dialect keeps
    /// it.
    Deleted,
}

/// Makes the upstreams of the canary Ingresses alternatives of the upstreams that they match. The Ingresses are in the order of
/// the controller, and each path sees the effects of those before it.
///
/// Source: controller 1.15.1, `mergeAlternativeBackends` in `internal/ingress/controller/controller.go`.
///
/// # Errors
///
/// The controller crashes if a canary Ingress has a rule without `http`.
pub(super) fn merge(
    ingresses: &[StoredIngress<'_>],
    hosts: &BTreeMap<String, HostLocations<'_>>,
    upstreams: &mut BTreeMap<String, Upstream>,
    dialect: &Dialect,
) -> Result<Vec<Merge>, ControllerPanic> {
    let mut merges = Vec::new();
    if ingresses.iter().all(StoredIngress::is_canary) {
        return Ok(merges);
    }
    let mut alternatives = Alternatives { upstreams, listed: BTreeSet::new() };
    let hosts: BTreeMap<&str, MergeHost<'_, '_>> =
        hosts.iter().map(|(name, host)| (name.as_str(), MergeHost::new(host))).collect();
    for ingress in ingresses.iter().filter(|ingress| ingress.is_canary()) {
        let (is_legacy, deletes) = (ingress.affinity.is_legacy, dialect.deletes_unmatched);
        let mut add = |place, path: &CanaryPath<'_>, outcome| {
            let (ingress, upstream) = (ingress.name.clone(), path.alternative.to_owned());
            merges.push(Merge { ingress, place, upstream, outcome });
        };
        if let Some(backend) = &ingress.default_backend {
            let alternative = match backend {
                DefaultBackend::Service(key) => key.name.clone(),
                DefaultBackend::Resource => UpstreamKey::invalid(ingress.name.namespace()),
            };
            let path = CanaryPath { alternative: &alternative, at: None, is_legacy, deletes };
            let outcome = path.merge(hosts.get(CATCH_ALL), &mut alternatives);
            add(Place::DefaultBackend, &path, outcome);
        }
        for (rule_index, rule) in ingress.rules.iter().enumerate() {
            let Some(paths) = &rule.paths else {
                return Err(ControllerPanic { ingress: Excerpt::of(ingress.name.as_str()), rule: rule_index });
            };
            for (path_index, path) in paths.iter().enumerate() {
                let Some(key) = &path.upstream else { continue };
                let path = CanaryPath { alternative: &key.name, at: Some(path), is_legacy, deletes };
                let outcome = path.merge(hosts.get(rule.host.as_str()), &mut alternatives);
                add(Place::Path { rule: rule_index, path: path_index }, &path, outcome);
            }
        }
    }
    Ok(merges)
}

/// A host while canaries are merged: its locations no longer change.
struct MergeHost<'h, 'c> {
    host: &'h HostLocations<'c>,
    /// The place of the first location with each upstream.
    first_of_upstream: BTreeMap<&'h str, usize>,
}

impl<'h, 'c> MergeHost<'h, 'c> {
    fn new(host: &'h HostLocations<'c>) -> Self {
        let mut first_of_upstream = BTreeMap::new();
        for (place, location) in host.locations.iter().enumerate() {
            first_of_upstream.entry(location.upstream.as_str()).or_insert(place);
        }
        MergeHost { host, first_of_upstream }
    }
}

/// The upstreams, to which the canaries become alternatives.
struct Alternatives<'u> {
    upstreams: &'u mut BTreeMap<String, Upstream>,
    /// Each stable upstream with an alternative of it.
    listed: BTreeSet<(String, String)>,
}

/// A path of a canary Ingress.
struct CanaryPath<'p> {
    /// The upstream of the canary.
    alternative: &'p str,
    /// The path to look for; `None` is the default backend, which matches every path of the catch-all host.
    at: Option<&'p StoredPath>,
    is_legacy: bool,
    /// Whether the upstream of the canary is deleted if nothing matches.
    deletes: bool,
}

impl CanaryPath<'_> {
    /// Merges the canary into each matching upstream of a host. If there is none, the upstream of the canary is deleted.
    fn merge(&self, host: Option<&MergeHost<'_, '_>>, alternatives: &mut Alternatives<'_>) -> MergeOutcome {
        if !alternatives.upstreams.contains_key(self.alternative) {
            return MergeOutcome::AlreadyDeleted;
        }
        let Some(MergeHost { host, first_of_upstream }) = host else { return MergeOutcome::NoHost };
        // The controller walks all locations and stops at the first one with the canary's own upstream, on any path.
        let end = first_of_upstream.get(self.alternative).copied();
        let is_reached = |place: usize| end.is_none_or(|end| place < end);
        let candidates: Vec<&ClaimedLocation<'_>> = match self.at {
            Some(path) => host.at(path).filter(|(place, _)| is_reached(*place)).map(|(_, location)| location).collect(),
            None => host.locations.iter().take(end.unwrap_or(usize::MAX)).collect(),
        };
        let (mut merged, mut seen) = (Vec::new(), BTreeSet::new());
        for location in candidates {
            if self.merge_into(&location.upstream, alternatives) && seen.insert(&location.upstream) {
                merged.push(location.upstream.clone());
            }
        }
        if end.is_none() && merged.is_empty() {
            if self.deletes {
                alternatives.upstreams.remove(self.alternative);
            }
            return MergeOutcome::Deleted;
        }
        MergeOutcome::Merged(merged)
    }

    /// Makes the canary an alternative of this upstream if the upstream is a stable one, and returns whether it is. A new
    /// alternative takes over the affinity of the stable upstream.
    fn merge_into(&self, stable: &str, alternatives: &mut Alternatives<'_>) -> bool {
        let Alternatives { upstreams, listed } = alternatives;
        let Some(upstream) = upstreams.get_mut(stable) else { return false };
        if stable == DEFAULT_UPSTREAM || upstream.is_canary {
            return false;
        }
        if !listed.insert((stable.to_owned(), self.alternative.to_owned())) {
            return true;
        }
        upstream.alternatives.push(self.alternative.to_owned());
        let affinity = upstream.affinity.clone();
        if let Some(alternative) = upstreams.get_mut(self.alternative).filter(|_| !self.is_legacy) {
            alternative.affinity = affinity;
        }
        true
    }
}
