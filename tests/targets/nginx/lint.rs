//! The linter: every finding of the recorded states and of the corpus, and what has none.

use canary_policy::error::Diagnostic;
use canary_policy::targets::nginx::{CanaryInForce, Cluster, LintFinding, LintKind, ObjectName, lint};
use proptest::prelude::*;

use super::cluster::laws::{lines, of_lines};
use crate::util::cases;
use crate::util::cluster::{corpus, recorded_states};
use crate::util::golden::golden;

/// A finding on three lines.
fn text(finding: &LintFinding) -> String {
    format!("  {} {}\n    {finding}\n    -> {}\n", finding.severity().as_str(), finding.code(), finding.advice())
}

fn texts(cluster: &Cluster) -> String {
    lint(cluster).iter().map(text).collect()
}

/// The golden file has what the linter says about each file of the corpus.
#[test]
fn the_corpus_is_linted() {
    let files = corpus().into_iter().map(|file| format!("{}\n{}", file.file, texts(&file.cluster)));
    golden("lint_corpus.txt", &files.collect::<String>());
}

/// The golden file has the findings of each recorded state, without their texts.
#[test]
fn the_recorded_states_are_linted() {
    let short = |finding: &LintFinding| format!("  {} {} {}\n", finding.code(), finding.object, finding.field);
    let states = recorded_states()
        .into_iter()
        .map(|state| format!("{}\n{}", state.id, lint(&state.cluster).iter().map(short).collect::<String>()));
    golden("lint_recorded.txt", &states.collect::<String>());
}

/// A canary Ingress without a finding does what it says: each of its paths has its canary, with its policy.
#[track_caller]
fn check_silence(cluster: &Cluster, id: &str) {
    let Ok(configuration) = cluster.configuration() else { return };
    let findings = lint(cluster);
    let silent = |name: &ObjectName| findings.iter().all(|finding| finding.object != *name);
    let own = |upstream: &str| configuration.upstreams.iter().find(|known| known.name == upstream);
    for processed in cluster.processed().iter().filter(|ingress| ingress.canary && silent(&ingress.ingress)) {
        let in_force = configuration
            .virtual_hosts
            .iter()
            .flat_map(|host| &host.locations)
            .filter_map(|location| location.canary.as_ref());
        let is_own = |canary: &CanaryInForce| canary.ingress.as_ref() == Some(&processed.ingress);
        let is_like = |canary: &CanaryInForce| canary.config.enabled && own(&canary.upstream).is_some();
        let found: Vec<&CanaryInForce> = in_force.filter(|canary| is_own(canary) || is_like(canary)).collect();
        assert!(!found.is_empty(), "{id}: {} has no finding and no request", processed.ingress);
    }
}

/// A finding that a path gets no request is true: the location has another canary, or none.
#[track_caller]
fn check_findings(cluster: &Cluster, id: &str) {
    let Ok(configuration) = cluster.configuration() else { return };
    let locations: Vec<_> = configuration.virtual_hosts.iter().flat_map(|host| &host.locations).collect();
    let own = |finding: &LintFinding| {
        let is_own = |canary: &CanaryInForce| canary.ingress.as_ref() == Some(&finding.object);
        locations.iter().filter(|location| location.canary.as_ref().is_some_and(is_own)).count()
    };
    for finding in lint(cluster) {
        let is_true = match &finding.kind {
            LintKind::NoStable => locations.iter().all(|location| location.canary.is_none()),
            LintKind::NoHost { host, .. } => configuration.virtual_hosts.iter().all(|known| known.host != *host),
            LintKind::Deleted { is_dangling: true, .. } => locations.iter().any(|location| location.dangling.is_some()),
            LintKind::OtherPolicy { .. } | LintKind::SharedService { .. } => {
                locations.iter().any(|location| location.canary.is_some())
            }
            LintKind::ActsAsStable { .. } => {
                locations.iter().any(|location| location.ingress.as_ref() == Some(&finding.object))
            }
            LintKind::StableDeleted { .. } => locations.iter().any(|location| !location.stable_exists),
            LintKind::NeverDecides => own(&finding) > 0,
            _ => true,
        };
        assert!(is_true, "{id}: {finding}");
    }
}

#[test]
fn silence_and_findings_are_true_of_the_recorded_states() {
    for state in recorded_states() {
        check_silence(&state.cluster, &state.id);
        check_findings(&state.cluster, &state.id);
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn silence_and_findings_are_true_of_generated_clusters(lines in lines()) {
        let cluster = of_lines(&lines);
        check_silence(&cluster, &lines.join("\n"));
        check_findings(&cluster, &lines.join("\n"));
    }
}
