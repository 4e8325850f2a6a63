//! The canaries of a dialect in which a canary belongs to the stable Service of a path that both name.

use std::collections::{BTreeMap, BTreeSet};

use super::Place;
use super::host_locations::HostLocations;
use super::merge::{Merge, MergeOutcome};
use super::stored_ingress::{StoredIngress, StoredPath};
use super::upstream::Upstream;
use crate::targets::nginx::Dialect;

/// The canary of a stable Service.
pub(super) struct CanaryOfService<'r> {
    /// The canary Ingress.
    pub(super) ingress: &'r StoredIngress<'r>,
    /// The upstream of the canary.
    pub(super) upstream: &'r Upstream,
}

/// The canary of each stable upstream: that of the last path that counts. Without Services, endpoints are not known. Source:
/// Traefik 3.7, `pkg/provider/kubernetes/ingress-nginx/build.go`.
pub(super) fn canaries_of_services<'r>(
    ingresses: &'r [StoredIngress<'_>],
    upstreams: &'r BTreeMap<String, Upstream>,
    has_services: bool,
    dialect: &Dialect,
) -> BTreeMap<&'r str, CanaryOfService<'r>> {
    let stables = stables(ingresses, dialect);
    let (mut taken, mut canaries) = (BTreeSet::new(), BTreeMap::new());
    for path in paths(ingresses, true) {
        let written = path.written(dialect);
        let (Some(stable), Some(upstream)) = (stables.get(&written), upstreams.get(path.upstream)) else { continue };
        let is_skipped = dialect.skips_without_endpoints && has_services && !upstream.has_endpoints;
        // On one path, the first canary counts.
        if *stable != path.upstream && !is_skipped && taken.insert(written) {
            canaries.insert(*stable, CanaryOfService { ingress: path.ingress, upstream });
        }
    }
    canaries
}

/// What becomes of each path of the canary Ingresses, and of their default backends, which have no effect.
pub(super) fn merge_by_path(
    ingresses: &[StoredIngress<'_>],
    hosts: &BTreeMap<String, HostLocations<'_>>,
    dialect: &Dialect,
) -> Vec<Merge> {
    // A path in another namespace is found too, so that the linter can name it.
    let any_namespace = Dialect { other_namespaces: true, ..*dialect };
    let near = (stables(ingresses, dialect), dialect);
    let far = (stables(ingresses, &any_namespace), &any_namespace);
    let of_paths = paths(ingresses, true).map(|path| {
        let stable = [&near, &far].into_iter().find_map(|(stables, dialect)| stables.get(&path.written(dialect)));
        let outcome = match stable {
            Some(stable) if *stable == path.upstream => MergeOutcome::Merged(Vec::new()),
            Some(stable) => MergeOutcome::Merged(vec![(*stable).to_owned()]),
            None if hosts.contains_key(path.host) => MergeOutcome::Deleted,
            None => MergeOutcome::NoHost,
        };
        Merge { ingress: path.ingress.name.clone(), place: path.place, upstream: path.upstream.to_owned(), outcome }
    });
    let with_default = ingresses.iter().filter(|ingress| ingress.is_canary());
    let defaults = with_default.filter_map(|ingress| {
        let upstream = ingress.default_upstream()?.name.clone();
        let (ingress, place) = (ingress.name.clone(), Place::DefaultBackend);
        Some(Merge { ingress, place, upstream, outcome: MergeOutcome::Ignored })
    });
    of_paths.chain(defaults).collect()
}

/// A path whose backend is a Service.
struct IngressPath<'r> {
    ingress: &'r StoredIngress<'r>,
    place: Place,
    host: &'r str,
    path: &'r StoredPath,
    upstream: &'r str,
}

/// The paths of the canary Ingresses, or of the ordinary ones, in the order of the controller.
fn paths<'r>(ingresses: &'r [StoredIngress<'_>], of_canaries: bool) -> impl Iterator<Item = IngressPath<'r>> {
    ingresses.iter().filter(move |ingress| ingress.is_canary() == of_canaries).flat_map(|ingress| {
        ingress.rules.iter().enumerate().flat_map(move |(rule, stored)| {
            stored.paths.iter().flatten().enumerate().filter_map(move |(number, path)| {
                let upstream = path.upstream.as_ref()?.name.as_str();
                let place = Place::Path { rule, path: number };
                Some(IngressPath { ingress, place, host: &stored.host, path, upstream })
            })
        })
    })
}

/// The stable upstream of each path. If several ordinary Ingresses have a path, it is that of the last one.
fn stables<'r>(ingresses: &'r [StoredIngress<'_>], dialect: &Dialect) -> BTreeMap<WrittenPath<'r>, &'r str> {
    paths(ingresses, false).map(|path| (path.written(dialect), path.upstream)).collect()
}

/// A path as an Ingress writes it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct WrittenPath<'r> {
    /// `None` if a canary may be in another namespace.
    namespace: Option<&'r str>,
    host: &'r str,
    path: &'r str,
    path_type: &'r str,
}

impl<'r> IngressPath<'r> {
    fn written(&self, dialect: &Dialect) -> WrittenPath<'r> {
        let (path, path_type) = &self.path.written;
        let namespace = Some(self.ingress.name.namespace()).filter(|_| !dialect.other_namespaces);
        WrittenPath { namespace, host: self.host, path, path_type }
    }
}
