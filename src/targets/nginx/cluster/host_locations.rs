//! The locations of each host, and the Ingresses that have claimed them.

use std::collections::{BTreeMap, BTreeSet};

use super::stored_ingress::{CATCH_ALL, StoredIngress, StoredPath};
use super::upstream::{DEFAULT_UPSTREAM, Upstream};
use super::{ObjectName, Place, Service};
use crate::targets::nginx::Attachment;

/// The locations of all hosts, and what became of each path.
pub(super) struct Hosts<'c> {
    pub(super) hosts: BTreeMap<String, HostLocations<'c>>,
    pub(super) claims: Vec<Claim>,
}

/// The locations of one host, in the order in which the controller appends them.
#[derive(Default)]
pub(super) struct HostLocations<'c> {
    pub(super) aliases: BTreeSet<String>,
    pub(super) locations: Vec<ClaimedLocation<'c>>,
    /// The locations of each path, so that none is searched for.
    by_path: BTreeMap<String, Vec<usize>>,
}

/// A location, and the Ingress that has claimed it.
pub(super) struct ClaimedLocation<'c> {
    pub(super) path: String,
    pub(super) path_type: String,
    /// The name of the upstream.
    pub(super) upstream: String,
    /// The Ingress whose annotations hold for the location.
    pub(super) ingress: Option<&'c ObjectName>,
    /// Whether no rule has claimed the location, so that a default backend answers.
    pub(super) is_default: bool,
    /// The Service of the annotation `default-backend`.
    pub(super) error_service: Option<&'c Service>,
}

impl<'c> ClaimedLocation<'c> {
    /// The location `/` of a host, which no rule has claimed yet.
    fn unclaimed(upstream: &str) -> Self {
        ClaimedLocation {
            path: "/".to_owned(),
            path_type: "Prefix".to_owned(),
            upstream: upstream.to_owned(),
            ingress: None,
            is_default: true,
            error_service: None,
        }
    }

    /// The same location, with the annotations of this Ingress.
    fn of(self, ingress: &StoredIngress<'c>) -> Self {
        ClaimedLocation { ingress: Some(ingress.name), error_service: ingress.error_service, ..self }
    }
}

impl<'c> HostLocations<'c> {
    fn new(root: ClaimedLocation<'c>) -> Self {
        let mut host = HostLocations::default();
        host.append(root);
        host
    }

    fn append(&mut self, location: ClaimedLocation<'c>) {
        self.by_path.entry(location.path.clone()).or_default().push(self.locations.len());
        self.locations.push(location);
    }

    /// The locations with this path and path type, each with its place.
    pub(super) fn at<'h>(&'h self, path: &'h StoredPath) -> impl Iterator<Item = (usize, &'h ClaimedLocation<'c>)> {
        let places = self.by_path.get(&path.path).into_iter().flatten();
        let locations = places.filter_map(|place| Some((*place, self.locations.get(*place)?)));
        locations.filter(|(_, location)| location.path_type == path.path_type)
    }

    /// Gives a path to an upstream, unless another path has claimed the location before. Only the first location of a path is
    /// looked at: if it has another path type, a further location is appended, even if there is one with the same path type. With
    /// [`Attachment::LastPath`], each path has a location of its own, and it is not fixed which one answers.
    fn claim(
        &mut self,
        path: &StoredPath,
        upstream: &str,
        ingress: &StoredIngress<'c>,
        attachment: Attachment,
    ) -> ClaimOutcome {
        let first = self.by_path.get(&path.path).and_then(|places| places.first());
        let claimed = ClaimedLocation {
            path: path.path.clone(),
            path_type: path.path_type.clone(),
            is_default: false,
            ..ClaimedLocation::unclaimed(upstream).of(ingress)
        };
        match first.and_then(|place| self.locations.get_mut(*place)) {
            Some(first) if first.path_type == path.path_type && first.is_default => *first = claimed,
            Some(first) if first.path_type == path.path_type && attachment != Attachment::LastPath => {
                return ClaimOutcome::Taken { by: first.ingress.cloned(), upstream: first.upstream.clone() };
            }
            Some(_) | None => self.append(claimed),
        }
        ClaimOutcome::Claimed
    }
}

/// What became of a path of an Ingress, before canaries are merged.
pub(in crate::targets::nginx) struct Claim {
    pub(in crate::targets::nginx) ingress: ObjectName,
    pub(in crate::targets::nginx) place: Place,
    /// The host that answers: that of the rule, or the catch-all host.
    pub(in crate::targets::nginx) host: String,
    pub(in crate::targets::nginx) path: String,
    /// The name of the upstream of the path.
    pub(in crate::targets::nginx) upstream: String,
    pub(in crate::targets::nginx) outcome: ClaimOutcome,
}

/// What became of a path.
#[derive(PartialEq)]
pub(in crate::targets::nginx) enum ClaimOutcome {
    /// The location of the path has the upstream of the path.
    Claimed,
    /// An earlier path has the location.
    Taken { by: Option<ObjectName>, upstream: String },
    /// A canary Ingress created the upstream, so that no path gets a location for it.
    OfCanary,
}

/// The locations of all hosts. The Ingresses are in the order of the controller. The function also fills in the affinity of the
/// upstreams.
///
/// Source: controller 1.15.1, `createServers` and `getBackendServers` in `internal/ingress/controller/controller.go`.
pub(super) fn hosts<'c>(
    ingresses: &[StoredIngress<'c>],
    upstreams: &mut BTreeMap<String, Upstream>,
    attachment: Attachment,
) -> Hosts<'c> {
    let mut hosts = unclaimed_hosts(ingresses);
    let mut claims = Vec::new();
    set_aliases(ingresses, &mut hosts);
    for ingress in ingresses {
        for (rule_index, rule) in ingress.rules.iter().enumerate() {
            // A canary Ingress, which creates no host, claims the paths of an unknown host for the catch-all host.
            let host = if hosts.contains_key(&rule.host) { &rule.host } else { CATCH_ALL };
            let Some(locations) = hosts.get_mut(host) else { continue };
            for (path_index, path) in rule.paths.iter().flatten().enumerate() {
                let upstream = path.upstream.as_ref().and_then(|key| upstreams.get_mut(&key.name));
                let Some(upstream) = upstream else { continue };
                // With canaries by path, the Service of a canary can be a stable one elsewhere.
                let is_of_canary = match attachment {
                    Attachment::Service | Attachment::Path => upstream.is_canary,
                    Attachment::LastPath => ingress.is_canary(),
                };
                let outcome = if is_of_canary {
                    ClaimOutcome::OfCanary
                } else {
                    set_affinity(upstream, ingress, path, [&rule.host].into_iter().chain(&locations.aliases));
                    locations.claim(path, &upstream.name, ingress, attachment)
                };
                claims.push(Claim {
                    ingress: ingress.name.clone(),
                    place: Place::Path { rule: rule_index, path: path_index },
                    host: host.to_owned(),
                    path: path.path.clone(),
                    upstream: upstream.name.clone(),
                    outcome,
                });
            }
        }
    }
    Hosts { hosts, claims }
}

/// The hosts of the ordinary Ingresses, each with the path `/`, which has the default backend of the Ingress that names the
/// host first. The first default backend of an Ingress without rules claims the catch-all host.
fn unclaimed_hosts<'c>(ingresses: &[StoredIngress<'c>]) -> BTreeMap<String, HostLocations<'c>> {
    let ordinary = || ingresses.iter().filter(|ingress| !ingress.is_canary());
    let mut root = ClaimedLocation::unclaimed(DEFAULT_UPSTREAM);
    let mut without_rules = ordinary().filter(|ingress| ingress.rules.is_empty());
    if let Some((ingress, key)) = without_rules.find_map(|ingress| Some((ingress, ingress.default_upstream()?))) {
        root = ClaimedLocation { is_default: false, ..ClaimedLocation::unclaimed(&key.name).of(ingress) };
    }
    let mut hosts = BTreeMap::from([(CATCH_ALL.to_owned(), HostLocations::new(root))]);
    for ingress in ordinary() {
        let upstream = ingress.default_upstream().map_or(DEFAULT_UPSTREAM, |key| &key.name);
        for rule in &ingress.rules {
            let root = || HostLocations::new(ClaimedLocation::unclaimed(upstream).of(ingress));
            hosts.entry(rule.host.clone()).or_insert_with(root);
        }
    }
    hosts
}

/// The aliases of a host are those of the first ordinary Ingress that has any. An alias that is a host itself is left out.
fn set_aliases(ingresses: &[StoredIngress<'_>], hosts: &mut BTreeMap<String, HostLocations<'_>>) {
    for ingress in ingresses.iter().filter(|ingress| !ingress.is_canary()) {
        for rule in &ingress.rules {
            if let Some(host) = hosts.get_mut(&rule.host).filter(|host| host.aliases.is_empty()) {
                host.aliases.clone_from(&ingress.aliases);
            }
        }
    }
    let names: BTreeSet<String> = hosts.keys().cloned().collect();
    for host in hosts.values_mut() {
        host.aliases.retain(|alias| !names.contains(alias));
    }
}

/// Adds the affinity of an Ingress to an upstream of one of its paths: the first type and the first mode count, and the last
/// cookie.
fn set_affinity<'h>(
    upstream: &mut Upstream,
    ingress: &StoredIngress<'_>,
    path: &StoredPath,
    hosts: impl Iterator<Item = &'h String>,
) {
    let affinity = &mut upstream.affinity;
    if affinity.kind.is_empty() {
        affinity.kind.clone_from(&ingress.affinity.kind);
    }
    if affinity.mode.is_empty() {
        affinity.mode.clone_from(&ingress.affinity.mode);
    }
    if let Some(name) = &ingress.affinity.cookie_name {
        affinity.cookie_name.clone_from(name);
        affinity.ingress = Some(ingress.name.clone());
        for host in hosts {
            affinity.locations.entry(host.clone()).or_default().push(path.path.clone());
        }
    }
}
