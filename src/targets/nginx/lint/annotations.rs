//! Annotations that do not mean what they seem to mean.

use super::{Findings, LintKind, State, nearest};
use crate::policy::AffinityScope;
use crate::targets::nginx::annotations::getter::Getter;
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::annotations::{key, meaning};
use crate::targets::nginx::cluster::merge::MergeOutcome;
use crate::targets::nginx::cluster::stored_ingress::StoredIngress;
use crate::targets::nginx::{AnnotationFinding, AnnotationKind, Flags, RiskLevel, Side, parse};

/// The beginnings of the annotations that the controller reads from a canary Ingress (controller 1.15.1, `createUpstreams` and
/// `getBackendServers` in `internal/ingress/controller/controller.go`).
const READ_ON_CANARY: [&str; 7] = [
    "affinity-canary-behavior",
    "auth-tls",
    "canary",
    "load-balance",
    "proxy-ssl",
    "service-upstream",
    "upstream-hash-by",
];

pub(super) fn check(state: &State<'_, '_>, findings: &mut Findings) {
    for ingress in &state.record.ingresses {
        of_values(state.parts.flags, ingress, findings);
        of_prefixes(state.parts.flags, ingress, findings);
    }
    ignored(state, findings);
}

/// Values that the controller refuses or reads in another way.
fn of_values(flags: &Flags, ingress: &StoredIngress<'_>, findings: &mut Findings) {
    let parsed = parse(ingress.annotations, flags);
    let is_enabled = ingress.is_canary();
    let is_reported = |finding: &AnnotationFinding| match &finding.kind {
        // Without a weight, and from 100 on, the share is the same for every total below 100.
        AnnotationKind::TotalIgnored { .. } => is_enabled && (1..100).contains(&ingress.config.weight),
        // Affinity on a canary is reported with the other annotations that are ignored there.
        AnnotationKind::Trimmed { .. } | AnnotationKind::ExpiresIgnored { .. } | AnnotationKind::WrongIngress => false,
        AnnotationKind::UnknownAnnotation => true,
        // On a canary Ingress it is an annotation of another dialect.
        AnnotationKind::OutsidePolicy { .. } => is_enabled,
        // The annotations of an Ingress that is not enabled have no effect at all.
        _ => is_enabled || (parsed.config.is_ok() && finding.annotation.as_str() == key::CANARY),
    };
    let mut reported: Vec<AnnotationFinding> =
        parsed.findings.iter().filter(|finding| is_reported(finding)).cloned().collect();
    if !is_enabled {
        let mut stable = Getter::new(Side::Stable, ingress.annotations, flags);
        // The only error is a cookie name that no policy can hold, which has no effect here.
        let _ = session_affinity(&mut stable, AffinityScope::AllVariants);
        stable.on_wrong_ingress(key::AFFINITY_BEHAVIOR);
        reported.extend(stable.findings.into_vec().into_iter().filter(|finding| !is_harmless(&finding.kind)));
    }
    for finding in reported {
        let annotation = finding.annotation.as_str().to_owned();
        let is_unknown = finding.kind == AnnotationKind::UnknownAnnotation;
        let nearest = is_unknown.then(|| nearest::annotation(&annotation)).flatten();
        findings.add(ingress.name, annotation, LintKind::Annotation { finding, nearest });
    }
}

/// Whether a finding has no effect in a cluster: the controller trims white space, and takes no notice of what a policy can
/// express.
const fn is_harmless(kind: &AnnotationKind) -> bool {
    matches!(
        kind,
        AnnotationKind::Trimmed { .. } | AnnotationKind::OutsidePolicy { .. } | AnnotationKind::ExpiresIgnored { .. }
    )
}

/// Annotations of canaries under another prefix or without one, unless the Ingress has the annotation with the right prefix too.
fn of_prefixes(flags: &Flags, ingress: &StoredIngress<'_>, findings: &mut Findings) {
    for key in ingress.annotations.keys().filter(|key| flags.annotation(key).is_none()) {
        let name = key.rsplit('/').next().unwrap_or_default();
        let expected = flags.prefix.key(name);
        if key::OF_CANARY.contains(&name) && !ingress.annotations.contains_key(&expected) {
            findings.add(ingress.name, key, LintKind::OtherPrefix { expected });
        }
    }
}

/// Annotations of a canary Ingress that the controller ignores, if a stable Ingress that the canary is merged into has values that
/// mean something else.
fn ignored(state: &State<'_, '_>, findings: &mut Findings) {
    let flags = state.parts.flags;
    let is_ignored = |annotation: &str| {
        RiskLevel::is_annotation(annotation) && !READ_ON_CANARY.iter().any(|read| annotation.starts_with(read))
    };
    for merge in &state.record.merges {
        let MergeOutcome::Merged(merged) = &merge.outcome else { continue };
        let Some(canary) = state.ingresses.get(&merge.ingress) else { continue };
        let stable = merged.iter().filter_map(|stable| state.of_stable.get(stable.as_str())).flatten();
        for stable in stable.filter_map(|name| state.ingresses.get(*name)) {
            for (key, value) in canary.annotations {
                let Some(annotation) = flags.annotation(key).filter(|annotation| is_ignored(annotation)) else {
                    continue;
                };
                let set = |value: &String| meaning(annotation, value);
                if set(value) != stable.annotations.get(key).and_then(set) {
                    findings.add(canary.name, annotation, LintKind::IgnoredAnnotation { stable: stable.name.clone() });
                }
            }
        }
    }
}
