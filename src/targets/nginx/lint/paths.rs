//! What becomes of each path.

use super::{Findings, LintKind, State};
use crate::targets::nginx::cluster::Place;
use crate::targets::nginx::cluster::host_locations::ClaimOutcome;
use crate::targets::nginx::cluster::merge::{Merge, MergeOutcome};
use crate::targets::nginx::cluster::stored_ingress::{CATCH_ALL, StoredIngress, StoredPath};
use crate::targets::nginx::{Attachment, ObjectName, Upstream};

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

/// The Service of an upstream, `NAMESPACE/NAME:PORT`.
pub(super) fn service_text(upstream: &Upstream) -> Option<String> {
    Some(format!("{}:{}", upstream.service.as_ref()?, upstream.port))
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
        // A path that has a location of its own has a finding already.
        let is_claimed = self.state.claimed.contains(&(&merge.ingress, merge.place));
        match &merge.outcome {
            MergeOutcome::NoHost if is_claimed => {}
            MergeOutcome::NoHost => add(self.no_host(ingress, merge.place)),
            MergeOutcome::Ignored => add(LintKind::DefaultBackendIgnored),
            MergeOutcome::Deleted => add(self.no_location(ingress, merge.place)),
            MergeOutcome::AlreadyDeleted => {
                // A default backend that is not a Service has no upstream that could have been deleted.
                if let Some(by) = self.deleted_by(&merge.upstream) {
                    add(LintKind::Deleted { by, is_dangling: false });
                }
            }
            MergeOutcome::Merged(stable) if stable.is_empty() => {
                if !is_claimed {
                    add(LintKind::OwnService { upstream: merge.upstream.clone() });
                }
            }
            MergeOutcome::Merged(stable) => self.merged_path(ingress, merge, stable, findings),
        }
    }

    /// A path of a canary Ingress, or its default backend, that is merged into the locations of these stable upstreams.
    fn merged_path(&self, ingress: &StoredIngress<'_>, merge: &Merge, stable: &[String], findings: &mut Findings) {
        let Merge { ingress: name, place, upstream, .. } = merge;
        let Some(created) = self.state.upstreams.get(upstream.as_str()) else {
            if let Some(by) = self.deleted_by(upstream) {
                let is_dangling = self.state.dangling.contains(upstream.as_str());
                findings.add(name, *place, LintKind::Deleted { by, is_dangling });
            }
            return;
        };
        for kind in self.merged(ingress, created, *place, stable) {
            match kind {
                LintKind::CanaryWithoutEndpoints { .. } => findings.add(name, "spec", kind),
                LintKind::OtherNamespace { .. } => findings.add(name, "metadata.namespace", kind),
                kind => findings.add(name, *place, kind),
            }
        }
        for stable in stable.iter().filter(|stable| !self.state.upstreams.contains_key(stable.as_str())) {
            let kind = LintKind::StableDeleted { upstream: stable.clone(), by: self.state.deleter(stable) };
            findings.add(name, *place, kind);
        }
    }

    /// A canary that is merged may still get no request, or have the policy of another Ingress.
    fn merged(
        &self,
        ingress: &StoredIngress<'_>,
        upstream: &Upstream,
        place: Place,
        merged: &[String],
    ) -> Vec<LintKind> {
        let mut kinds = Vec::new();
        let (mut is_in_force, dialect) = (false, &self.state.parts.flags.dialect);
        for stable in merged {
            // An upstream without a location has another one with the same canaries in its place.
            let first = || self.state.upstreams.get(stable.as_str())?.alternatives.first().map(String::as_str);
            let (known, first) = match self.state.in_force.get(stable.as_str()) {
                Some(known) => (Some(known), known.first().copied()),
                None => (None, first()),
            };
            if known.is_some_and(|known| known.contains(upstream.name.as_str())) || first == Some(&upstream.name) {
                is_in_force = true;
            } else if kinds.is_empty() {
                let why = self.why_not(ingress, upstream, stable, first);
                let is_ignored = place == Place::DefaultBackend && dialect.attachment == Attachment::Path;
                kinds.extend(why.or(is_ignored.then_some(LintKind::DefaultBackendIgnored)));
            }
        }
        let other = upstream.ingress.as_ref().filter(|creator| *creator != ingress.name);
        let is_shared = dialect.attachment != Attachment::LastPath && upstream.config != ingress.config;
        if let Some(other) = other.filter(|_| is_shared && is_in_force) {
            kinds.push(LintKind::OtherPolicy { ingress: other.clone(), is_canary: upstream.is_canary });
        }
        kinds
    }

    /// Why the controller sends no request of a stable upstream to a canary that is merged into it; `chosen` gets them instead.
    fn why_not(
        &self,
        ingress: &StoredIngress<'_>,
        upstream: &Upstream,
        stable: &str,
        chosen: Option<&str>,
    ) -> Option<LintKind> {
        let dialect = &self.state.parts.flags.dialect;
        let namespace = self.state.upstreams.get(stable)?.service.as_ref().map(ObjectName::namespace);
        if let Some(stable) =
            namespace.filter(|stable| *stable != ingress.name.namespace() && !dialect.other_namespaces)
        {
            return Some(LintKind::OtherNamespace { stable: stable.to_owned() });
        }
        let is_known = !self.state.parts.services.is_empty();
        if dialect.skips_without_endpoints && is_known && !upstream.has_endpoints {
            // An upstream that an ordinary Ingress names too has no policy of its own.
            let wants_requests = upstream.config.can_get_requests() || ingress.config.can_get_requests();
            let service = service_text(upstream).filter(|_| wants_requests)?;
            let exists = self.state.has_service(&upstream.name);
            return Some(LintKind::CanaryWithoutEndpoints { service, gives_way: true, exists });
        }
        let chosen = chosen?;
        if !dialect.several_canaries {
            return Some(LintKind::NeverChosen { chosen: chosen.to_owned() });
        }
        // Several canaries get requests, but none does if the first one was deleted.
        let by = self.deleted_by(chosen).filter(|_| self.state.dangling.contains(chosen))?;
        Some(LintKind::Deleted { by, is_dangling: false })
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
