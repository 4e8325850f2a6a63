//! Ingresses that the controller does not read, or does not treat as canaries.

use std::collections::BTreeSet;

use super::{Findings, LintKind, State};
use crate::error::ControllerPanic;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::cluster::ClusterParts;
use crate::targets::nginx::cluster::stored_ingress::StoredIngress;
use crate::targets::nginx::{Cluster, Ingress, ObjectName, Refusal, VirtualHost, is_canary, parse};

/// Ingresses that the controller does not store. Other controllers read the Ingresses of other classes, so such an Ingress is
/// reported only if it is a canary whose stable Ingress belongs to this controller.
pub(super) fn refused(cluster: &Cluster, hosts: &[VirtualHost], findings: &mut Findings) {
    let parts = cluster.parts();
    let hosts: BTreeSet<&str> = hosts.iter().map(|host| host.host.as_str()).collect();
    for (name, refusal) in cluster.refused() {
        let field = match &refusal {
            Refusal::OtherClass { .. } => "spec.ingressClassName".to_owned(),
            Refusal::TooRisky { annotation, .. } => parts.flags.annotation(annotation).unwrap_or(annotation).to_owned(),
            Refusal::InvalidAnnotation { annotation } => (*annotation).to_owned(),
            Refusal::Suspicious { .. } => "spec".to_owned(),
        };
        let is_of_hosts = |ingress| is_canary(ingress, parts.flags) && are_known(ingress, &hosts);
        let is_other_class = matches!(refusal, Refusal::OtherClass { .. });
        if !is_other_class || parts.ingresses.get(&name).is_some_and(is_of_hosts) {
            findings.add(&name, field, LintKind::Refused { refusal });
        }
    }
}

/// Whether an Ingress has rules, all of whose hosts belong to ordinary Ingresses of this controller.
fn are_known(ingress: &Ingress, hosts: &BTreeSet<&str>) -> bool {
    let mut named = ingress.spec.rules.iter().filter_map(|rule| rule.host.as_deref()).peekable();
    named.peek().is_some() && named.all(|host| hosts.contains(host))
}

/// Ingresses that replaced others.
pub(super) fn replaced(parts: ClusterParts<'_>, findings: &mut Findings) {
    for name in parts.replaced {
        findings.add(name, "metadata.name", LintKind::Replaced);
    }
}

/// The canary Ingress that makes the controller crash.
pub(super) fn panic(panic: &ControllerPanic, findings: &mut Findings) {
    if let Some((namespace, name)) = panic.ingress.as_str().split_once('/') {
        let field = format!("spec.rules[{}].http", panic.rule);
        findings.add(&ObjectName::new(namespace, name), field, LintKind::Panic { panic: panic.clone() });
    }
}

/// Canaries that are not enabled, clusters without an ordinary Ingress, and aliases that are hosts.
pub(super) fn check(state: &State<'_, '_>, findings: &mut Findings) {
    let flags = state.parts.flags;
    let has_stable = state.record.ingresses.iter().any(|ingress| !ingress.is_canary());
    let hosts: BTreeSet<&str> = state.configuration.virtual_hosts.iter().map(|host| host.host.as_str()).collect();
    let has_host = |ingress: &StoredIngress<'_>, host: &str| ingress.rules.iter().any(|rule| rule.host == host);
    for ingress in &state.record.ingresses {
        let has_service = ingress.path_upstreams().chain(ingress.default_upstream()).next().is_some();
        if !has_stable {
            findings.add(ingress.name, key::CANARY, LintKind::NoStable);
        } else if ingress.is_canary() && !has_service {
            findings.add(ingress.name, "spec", LintKind::NoService);
        }
        let aliases = ingress.aliases.iter().filter(|_| !ingress.is_canary());
        for host in aliases.filter(|alias| hosts.contains(alias.as_str()) && !has_host(ingress, alias)) {
            findings.add(ingress.name, flags.prefix.key("server-alias"), LintKind::AliasTaken { host: host.clone() });
        }
        if parse(ingress.annotations, flags).config.is_err() {
            let value = flags.value(ingress.annotations, key::CANARY).cloned();
            findings.add(ingress.name, key::CANARY, LintKind::NotEnabled { value });
        }
    }
}
