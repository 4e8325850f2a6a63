//! What becomes of each path.

use super::{Findings, LintKind, State};
use crate::targets::nginx::cluster::Place;
use crate::targets::nginx::cluster::host_locations::ClaimOutcome;
use crate::targets::nginx::cluster::merge::{Merge, MergeOutcome};
use crate::targets::nginx::cluster::stored_ingress::{CATCH_ALL, StoredIngress, StoredPath};
use crate::targets::nginx::{ObjectName, Upstream};

pub(super) fn check(state: &State<'_, '_>, findings: &mut Findings) {
    let paths = Paths { state };
    paths.claims(findings);
    for merge in &state.record.merges {
        paths.merge(merge, findings);
    }
}

/// The text of a location, with the path type if it is `Exact`.
pub(super) fn location_text(host: &str, path: &str, path_type: &str) -> String {
    if path_type == "Exact" { format!("{host}{path} (Exact)") } else { format!("{host}{path}") }
}

/// A path of an Ingress, with its host; `None` for a default backend.
fn path_at<'i>(ingress: &'i StoredIngress<'_>, place: Place) -> Option<(&'i str, &'i StoredPath)> {
    let Place::Path { rule, path } = place else { return None };
    let rule = ingress.rules.get(rule)?;
    Some((&rule.host, rule.paths.as_ref()?.get(path)?))
}

struct Paths<'s, 'c> {
    state: &'s State<'s, 'c>,
}

impl Paths<'_, '_> {
    /// Paths that ordinary Ingresses lose, and locations that canary Ingresses get.
    fn claims(&self, findings: &mut Findings) {
        for claim in &self.state.record.claims {
            let is_canary = self.state.ingresses.get(&claim.ingress).is_some_and(|ingress| ingress.is_canary());
            let kind = match (&claim.outcome, is_canary) {
                (ClaimOutcome::Claimed, true) => {
                    LintKind::ActsAsStable { location: format!("{}{}", claim.host, claim.path) }
                }
                (ClaimOutcome::OfCanary, false) => match self.creator(&claim.upstream) {
                    Some(canary) => LintKind::TakenByCanary { canary },
                    None => continue,
                },
                (ClaimOutcome::Taken { by, upstream }, false) if *upstream != claim.upstream => {
                    LintKind::PathTaken { by: by.clone(), upstream: upstream.clone() }
                }
                (ClaimOutcome::Claimed | ClaimOutcome::OfCanary | ClaimOutcome::Taken { .. }, _) => continue,
            };
            findings.add(&claim.ingress, claim.place, kind);
        }
    }

    /// The Ingress that created an upstream, even if the upstream was deleted afterwards.
    fn creator(&self, upstream: &str) -> Option<ObjectName> {
        let existing = self.state.upstreams.get(upstream).and_then(|upstream| upstream.ingress.clone());
        existing.or_else(|| self.state.canaries.get(upstream).map(|canary| (*canary).clone()))
    }

    /// A path of a canary Ingress, or its default backend.
    fn merge(&self, merge: &Merge, findings: &mut Findings) {
        let Some(ingress) = self.state.ingresses.get(&merge.ingress) else { return };
        let mut add = |kind| findings.add(&merge.ingress, merge.place, kind);
        match &merge.outcome {
            MergeOutcome::NoHost => add(self.no_host(ingress, merge.place)),
            MergeOutcome::Deleted => add(self.no_location(ingress, merge.place)),
            MergeOutcome::AlreadyDeleted => {
                // A default backend that is not a Service has no upstream that could have been deleted.
                if let Some(by) = self.deleted_by(&merge.upstream) {
                    add(LintKind::Deleted { by, is_dangling: false });
                }
            }
            MergeOutcome::Merged(stable) if stable.is_empty() => {
                // If the path has a location of its own, it has a finding already.
                if !self.state.claimed.contains(&(&merge.ingress, merge.place)) {
                    add(LintKind::OwnService { upstream: merge.upstream.clone() });
                }
            }
            MergeOutcome::Merged(stable) => match self.state.upstreams.get(merge.upstream.as_str()) {
                None => {
                    if let Some(by) = self.deleted_by(&merge.upstream) {
                        add(LintKind::Deleted {
                            by,
                            is_dangling: self.state.dangling.contains(merge.upstream.as_str()),
                        });
                    }
                }
                Some(upstream) => {
                    self.merged(ingress, upstream, stable).into_iter().for_each(&mut add);
                    for stable in stable.iter().filter(|stable| !self.state.upstreams.contains_key(stable.as_str())) {
                        add(LintKind::StableDeleted { upstream: stable.clone(), by: self.state.deleter(stable) });
                    }
                }
            },
        }
    }

    /// A canary that is merged may still get no request, or have the policy of another Ingress.
    fn merged(&self, ingress: &StoredIngress<'_>, upstream: &Upstream, stable: &[String]) -> Vec<LintKind> {
        let mut kinds = Vec::new();
        let first =
            |stable: &String| self.state.upstreams.get(stable.as_str()).and_then(|stable| stable.alternatives.first());
        let chosen: Vec<&String> = stable.iter().filter_map(first).collect();
        let others = chosen.iter().filter(|_| !self.state.parts.flags.dialect.several_canaries);
        if let Some(chosen) = others.copied().find(|chosen| **chosen != upstream.name) {
            kinds.push(LintKind::NeverChosen { chosen: chosen.clone() });
        }
        let other = upstream.ingress.as_ref().filter(|creator| *creator != ingress.name);
        if let Some(other) = other.filter(|_| upstream.config != ingress.config && chosen.contains(&&upstream.name)) {
            kinds.push(LintKind::OtherPolicy { ingress: other.clone(), is_canary: upstream.is_canary });
        }
        kinds
    }

    fn no_host(&self, ingress: &StoredIngress<'_>, place: Place) -> LintKind {
        let host = path_at(ingress, place).map_or(CATCH_ALL, |(host, _)| host);
        let nearest = self.state.nearest.host(host).map(str::to_owned);
        let unread = self.state.unread.get(host).map(|name| (*name).clone());
        LintKind::NoHost { host: host.to_owned(), nearest, unread }
    }

    fn no_location(&self, ingress: &StoredIngress<'_>, place: Place) -> LintKind {
        let (host, path, path_type) = match path_at(ingress, place) {
            Some((host, path)) => (host, path.path.as_str(), path.path_type.as_str()),
            None => (CATCH_ALL, "/", "Prefix"),
        };
        let nearest = self.state.nearest.location(host, path);
        let nearest = nearest.map(|nearest| location_text(host, &nearest.path, &nearest.path_type));
        let unread = self.state.unread_paths.get(&(host, path)).map(|name| (*name).clone());
        let deletes = self.state.parts.flags.dialect.deletes_unmatched;
        LintKind::NoLocation { location: location_text(host, path, path_type), nearest, unread, deletes }
    }

    /// The path that made the controller delete an upstream.
    fn deleted_by(&self, upstream: &str) -> Option<String> {
        let deletion = self.state.deletions.get(upstream)?;
        Some(format!("{} of `{}`", deletion.place, deletion.ingress))
    }
}
