//! What the canaries do on the locations of virtual hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{location_text, service_text};
use super::{Findings, LintKind, State};
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::cluster::Place;
use crate::targets::nginx::cluster::error_backend::ERROR_UPSTREAM;
use crate::targets::nginx::cluster::ingress_affinity::COOKIE;
use crate::targets::nginx::cluster::merge::Merge;
use crate::targets::nginx::cluster::stored_ingress::CATCH_ALL;
use crate::targets::nginx::{AffinityRule, CanaryInForce, Ingress, Location, ObjectName};

pub(super) fn check(state: &State<'_, '_>, findings: &mut Findings) {
    let locations = Locations { state, named: named(state) };
    let mut further: BTreeMap<&ObjectName, Vec<String>> = BTreeMap::new();
    for host in &state.configuration.virtual_hosts {
        for location in &host.locations {
            let text = location_text(&host.host, &location.path, &location.path_type);
            locations.stable_deleted(location, findings);
            for canary in location.canaries() {
                locations.in_force(location, canary, findings);
                let is_named = locations.named.contains(&(canary.upstream.as_str(), text.clone()));
                if let Some(ingress) = canary.ingress.as_ref().filter(|_| !is_named && canary.can_get_requests()) {
                    further.entry(ingress).or_default().push(text.clone());
                }
            }
        }
    }
    for (ingress, texts) in further {
        findings.add(ingress, "spec", LintKind::SharedService { locations: texts });
    }
    locations.certificates(findings);
    locations.default_backends(findings);
    for merge in state.record.merges.iter().filter(|merge| merge.place == Place::DefaultBackend) {
        locations.default_backend(merge, findings);
    }
}

/// The locations that the canary Ingresses name, each with the upstream of the canary. A default backend names every location of
/// the catch-all host.
fn named<'s>(state: &'s State<'_, '_>) -> BTreeSet<(&'s str, String)> {
    let mut named = BTreeSet::new();
    for ingress in state.record.ingresses.iter().filter(|ingress| ingress.is_canary()) {
        for rule in &ingress.rules {
            for path in rule.paths.iter().flatten() {
                if let Some(key) = &path.upstream {
                    named.insert((key.name.as_str(), location_text(&rule.host, &path.path, &path.path_type)));
                }
            }
        }
        let Some(key) = ingress.default_upstream() else { continue };
        for location in state.catch_all {
            named.insert((key.name.as_str(), location_text(CATCH_ALL, &location.path, &location.path_type)));
        }
    }
    named
}

/// The hosts of the certificates of an Ingress, each with the index of its certificate.
fn certificates(ingress: &Ingress) -> impl Iterator<Item = (usize, &str)> {
    let all = ingress.spec.tls.iter().enumerate();
    all.flat_map(|(index, tls)| tls.hosts.iter().map(move |host| (index, host.as_str())))
}

struct Locations<'s, 'c> {
    state: &'s State<'s, 'c>,
    named: BTreeSet<(&'s str, String)>,
}

impl Locations<'_, '_> {
    fn stable_deleted(&self, location: &Location, findings: &mut Findings) {
        let Some(ingress) = location.ingress.as_ref().filter(|_| !location.stable_exists) else { return };
        let by = self.state.deleter(&location.stable);
        findings.add(ingress, "spec", LintKind::StableDeleted { upstream: location.stable.clone(), by });
    }

    fn in_force(&self, location: &Location, canary: &CanaryInForce, findings: &mut Findings) {
        let Some(ingress) = &canary.ingress else { return };
        // If the policy is that of an ordinary Ingress, the path has a finding already.
        if !canary.config.enabled {
            return;
        }
        if let Err(error) = &canary.policy {
            let field = crate::error::Diagnostic::field(error).unwrap_or_default();
            findings.add(ingress, field, LintKind::NotPortable { error: error.clone() });
        }
        let known = self.state.ingresses.get(ingress);
        let has_weight =
            known.is_some_and(|known| self.state.parts.flags.value(known.annotations, key::WEIGHT).is_some());
        if !canary.can_get_requests() && !has_weight {
            findings.add(ingress, key::CANARY, LintKind::NeverDecides);
        }
        self.endpoints(location, canary, ingress, findings);
        self.affinity(location, canary, ingress, findings);
    }

    /// Canaries and stable Services without endpoints. If the cluster has no Service at all, their endpoints are unknown.
    fn endpoints(&self, location: &Location, canary: &CanaryInForce, ingress: &ObjectName, findings: &mut Findings) {
        if self.state.parts.services.is_empty() {
            return;
        }
        let service = |name: &str| self.state.upstreams.get(name).and_then(|upstream| service_text(upstream));
        let exists = |name: &str| self.state.has_service(name);
        if let Some(service) = service(&canary.upstream).filter(|_| !canary.has_endpoints && canary.can_get_requests())
        {
            let gives_way = self.state.parts.flags.dialect.several_canaries;
            let exists = exists(&canary.upstream);
            findings.add(ingress, "spec", LintKind::CanaryWithoutEndpoints { service, gives_way, exists });
        }
        let stable = location.ingress.as_ref().filter(|_| !location.stable_has_endpoints);
        if let (Some(service), Some(stable)) = (service(&location.stable), stable) {
            let exists = exists(&location.stable);
            findings.add(stable, "spec", LintKind::StableWithoutEndpoints { service, exists });
        }
    }

    fn affinity(&self, location: &Location, canary: &CanaryInForce, ingress: &ObjectName, findings: &mut Findings) {
        let upstreams =
            (self.state.upstreams.get(location.stable.as_str()), self.state.upstreams.get(canary.upstream.as_str()));
        let (Some(stable), Some(alternative)) = upstreams else { return };
        let is_sticky = stable.affinity.kind == COOKIE;
        let decides_first = self.state.parts.flags.dialect.affinity == AffinityRule::BeforeRules;
        let rules = [(key::HEADER, &canary.config.header), (key::COOKIE, &canary.config.cookie)];
        let first_rule = rules.into_iter().find(|(_, name)| !name.is_empty());
        if let Some((rule, _)) = first_rule.filter(|_| is_sticky && decides_first) {
            let cookie = stable.affinity.cookie_name.clone();
            findings.add(ingress, rule, LintKind::AffinityBeforeRules { cookie });
        }
        let is_legacy = self.state.ingresses.get(ingress).is_some_and(|known| known.affinity.is_legacy);
        if is_sticky
            && !is_legacy
            && !alternative.affinity.is_shared_with(&stable.affinity)
            && canary.can_get_requests()
        {
            findings.add(ingress, "spec", LintKind::AffinityOfOther { stable: stable.name.clone() });
        }
    }

    /// Certificates of canary Ingresses for hosts that no ordinary Ingress has a certificate for.
    fn certificates(&self, findings: &mut Findings) {
        let parts = self.state.parts;
        let is_canary = |name: &ObjectName| self.state.ingresses.get(name).is_some_and(|ingress| ingress.is_canary());
        let known =
            parts.ingresses.iter().filter(|(name, _)| self.state.ingresses.contains_key(name) && !is_canary(name));
        let certified: BTreeSet<&str> =
            known.flat_map(|(_, ingress)| certificates(ingress)).map(|(_, host)| host).collect();
        let served: BTreeSet<&str> =
            self.state.configuration.virtual_hosts.iter().map(|host| host.host.as_str()).collect();
        for (name, ingress) in parts.ingresses.iter().filter(|(name, _)| is_canary(name)) {
            for (index, host) in certificates(ingress) {
                if served.contains(host) && !certified.contains(host) {
                    let kind = LintKind::IgnoredCertificate { host: host.to_owned() };
                    findings.add(name, format!("spec.tls[{index}]"), kind);
                }
            }
        }
    }

    /// Default backends of the annotation `default-backend` that stand for stable Services with different canaries (controller
    /// 1.15.1, `getBackendServers`: the order of a Go map decides).
    fn default_backends(&self, findings: &mut Findings) {
        let claims = &self.state.record.claims;
        let claimed: BTreeMap<(&ObjectName, &str, &str), &str> = claims
            .iter()
            .map(|claim| ((&claim.ingress, claim.host.as_str(), claim.path.as_str()), claim.upstream.as_str()))
            .collect();
        let mut stable: BTreeMap<&str, BTreeMap<&str, &ObjectName>> = BTreeMap::new();
        for host in &self.state.configuration.virtual_hosts {
            for location in host.locations.iter().filter(|location| location.stable.starts_with(ERROR_UPSTREAM)) {
                let Some(ingress) = &location.ingress else { continue };
                let claim = claimed.get(&(ingress, host.host.as_str(), location.path.as_str()));
                if let Some(upstream) = claim.and_then(|name| self.state.upstreams.get(name)) {
                    stable.entry(&location.stable).or_default().entry(&upstream.name).or_insert(ingress);
                }
            }
        }
        for upstreams in stable.into_values() {
            let alternatives: BTreeSet<&[String]> = upstreams
                .keys()
                .filter_map(|name| self.state.upstreams.get(name))
                .map(|upstream| upstream.alternatives.as_slice())
                .collect();
            if alternatives.len() > 1 {
                let names: Vec<String> = upstreams.keys().map(|name| (*name).to_owned()).collect();
                for ingress in upstreams.into_values() {
                    findings.add(
                        ingress,
                        "default-backend",
                        LintKind::RandomDefaultBackend { upstreams: names.clone() },
                    );
                }
            }
        }
    }

    /// A default backend that is merged into locations of the catch-all host other than `/`.
    fn default_backend(&self, merge: &Merge, findings: &mut Findings) {
        let is_merged = |location: &&Location| {
            location.path != "/"
                && location.canaries().any(|canary| canary.upstream == merge.upstream && canary.can_get_requests())
        };
        let locations = self.state.catch_all.iter().filter(is_merged);
        let locations: Vec<String> =
            locations.map(|location| location_text(CATCH_ALL, &location.path, &location.path_type)).collect();
        if !locations.is_empty() {
            findings.add(&merge.ingress, merge.place, LintKind::DefaultBackendMerges { locations });
        }
    }
}
