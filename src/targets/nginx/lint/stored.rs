//! Ingresses that the controller does not read, or does not treat as canaries.

use super::{Findings, LintKind, State};
use crate::error::ControllerPanic;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::{Cluster, ObjectName, Refusal, is_canary, parse};

/// Ingresses that the controller does not store. Other controllers read those of other classes, so that only canaries are
/// reported that have the class of another controller than their stable Ingress.
pub(super) fn refused(cluster: &Cluster, findings: &mut Findings) {
    let parts = cluster.parts();
    for (name, refusal) in cluster.refused() {
        let field = match &refusal {
            Refusal::OtherClass { .. } => "spec.ingressClassName".to_owned(),
            Refusal::TooRisky { annotation, .. } => {
                parts.flags.prefix.annotation(annotation).unwrap_or(annotation).to_owned()
            }
            Refusal::InvalidAnnotation { annotation } => (*annotation).to_owned(),
            Refusal::Suspicious { .. } => "spec".to_owned(),
        };
        if !matches!(refusal, Refusal::OtherClass { .. }) || is_canary_of_this_class(cluster, &name) {
            findings.add(&name, field, LintKind::Refused(refusal));
        }
    }
}

/// Ingresses that replaced others.
pub(super) fn replaced(cluster: &Cluster, findings: &mut Findings) {
    for name in cluster.parts().replaced {
        findings.add(name, "metadata.name", LintKind::Replaced);
    }
}

/// Whether an Ingress is a canary, all of whose hosts belong to ordinary Ingresses of this controller.
fn is_canary_of_this_class(cluster: &Cluster, name: &ObjectName) -> bool {
    let parts = cluster.parts();
    let Some(ingress) = parts.ingresses.get(name).filter(|ingress| is_canary(ingress, parts.flags)) else {
        return false;
    };
    let Ok(hosts) = cluster.virtual_hosts() else { return false };
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let mut named = rules.filter_map(|rule| rule.host.as_deref()).peekable();
    named.peek().is_some() && named.all(|host| hosts.iter().any(|known| known.host == host))
}

/// The canary Ingress that makes the controller crash.
pub(super) fn panic(panic: &ControllerPanic, findings: &mut Findings) {
    if let Some((namespace, name)) = panic.ingress.as_str().split_once('/') {
        let field = format!("spec.rules[{}].http", panic.rule);
        findings.add(&ObjectName::new(namespace, name), field, LintKind::Panic(panic.clone()));
    }
}

/// Canaries that are not enabled, and clusters without an ordinary Ingress.
pub(super) fn check(state: &State<'_>, findings: &mut Findings) {
    let flags = state.parts.flags;
    let has_stable = state.sync.ingresses.iter().any(|ingress| !ingress.is_canary());
    for ingress in &state.sync.ingresses {
        let mut paths = ingress.rules.iter().flat_map(|rule| rule.paths.iter().flatten());
        let has_service = ingress.default_upstream().is_some() || paths.any(|path| path.upstream.is_some());
        if !has_stable {
            findings.add(ingress.name, key::CANARY, LintKind::NoStable);
        } else if ingress.is_canary() && !has_service {
            findings.add(ingress.name, "spec", LintKind::NoService);
        }
        if parse(ingress.annotations, flags).config.is_err() {
            let value = ingress.annotations.get(&flags.prefix.key(key::CANARY)).cloned();
            findings.add(ingress.name, key::CANARY, LintKind::NotEnabled { value });
        }
    }
}
