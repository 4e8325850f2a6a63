//! Groups: the paths that lead to the same backends by the same policy.

use std::collections::{BTreeMap, BTreeSet};

use super::{Backend, Location, Path, PathType, Route};
use crate::error::ConversionError;
use crate::policy::{FormerTokens, Policy, Variant};

/// Paths that lead to the same backends by the same policy and former tokens, or to one backend without a policy.
#[derive(Clone)]
pub(crate) struct Group<'r> {
    /// The paths, at least one. Those of a virtual host are in the order in which they decide.
    pub(crate) paths: Vec<&'r Path>,
    pub(crate) policy: Option<&'r Policy>,
    pub(crate) backends: Backends,
    /// The tokens of the former router, of which there is one for each variant that the affinity cookie of the policy pins.
    pub(crate) former_tokens: Option<&'r FormerTokens>,
}

impl<'r> Group<'r> {
    /// All paths of a route.
    ///
    /// # Errors
    ///
    /// The route does not fit the policy, see [`Route::check`].
    pub(crate) fn of_route(policy: &'r Policy, route: &'r Route) -> Result<Self, ConversionError> {
        route.check(policy)?;
        let backends = Backends { stable: route.stable().clone(), canaries: route.canaries().to_vec() };
        let backends = backends.moved(route.namespace(), route.namespace());
        Ok(Group {
            paths: route.paths().iter().collect(),
            policy: Some(policy),
            backends,
            former_tokens: route.former_tokens(),
        })
    }

    /// One location of a virtual host. The backends are named as an object in the namespace `to` names them; `from` is the
    /// namespace of the virtual host.
    pub(crate) fn of_location(location: &'r Location, from: Option<&str>, to: Option<&str>) -> Self {
        let backends = Backends { stable: location.stable().clone(), canaries: location.canaries().to_vec() };
        let (policy, former_tokens) = (location.policy(), location.former_tokens());
        Group { paths: vec![location.path()], policy, backends: backends.moved(from, to), former_tokens }
    }

    /// Whether the other group leads to the same backends by the same policy, and honours the same former tokens.
    pub(crate) fn leads_like(&self, other: &Group<'_>) -> bool {
        self.backends == other.backends && self.policy == other.policy && self.former_tokens == other.former_tokens
    }

    /// The paths that no other path of the group covers, for targets without precedence between paths. All paths of a group lead to
    /// the same backends, so a covered path makes no difference: of `/`, `/api` and exactly `/api`, only `/` is returned.
    pub(crate) fn uncovered_paths(&self) -> Vec<&'r Path> {
        let of_type = |path: &&&Path| path.path_type() == PathType::Prefix;
        let prefixes: BTreeSet<&str> = self.paths.iter().filter(of_type).map(|path| path.compared()).collect();
        let is_covered = |path: &&Path| path.prefixes().any(|prefix| prefixes.contains(prefix));
        self.paths.iter().copied().filter(|path| !is_covered(path)).collect()
    }
}

/// The groups of neighbouring locations, for targets in which the order of a list decides.
pub(super) fn runs(locations: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut runs: Vec<Group<'_>> = Vec::new();
    for location in locations {
        match runs.last_mut() {
            Some(last) if last.leads_like(&location) => last.paths.extend(location.paths),
            _ => runs.push(location),
        }
    }
    runs
}

/// The groups of all locations that lead alike, for targets in which the most specific path decides, wherever it is listed. Groups
/// are in the order of their first paths.
pub(crate) fn groups(locations: Vec<Group<'_>>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut by_backends: BTreeMap<Backends, Vec<usize>> = BTreeMap::new();
    for location in locations {
        let same_backends = by_backends.entry(location.backends.clone()).or_default();
        let is_alike = |place: &&usize| groups.get(**place).is_some_and(|group| group.leads_like(&location));
        let place = same_backends.iter().find(is_alike).copied();
        if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
            group.paths.extend(location.paths);
        } else {
            same_backends.push(groups.len());
            groups.push(location);
        }
    }
    groups
}

/// One backend for each variant of a policy, or for stable alone. A backend without a namespace is in the namespace of the object
/// that names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Backends {
    stable: Backend,
    canaries: Vec<Backend>,
}

impl Backends {
    /// The backend of stable.
    pub(crate) const fn stable(&self) -> &Backend {
        &self.stable
    }

    /// The backend of a variant of the policy. Every canary has a backend, so that stable's backend is never returned for a canary.
    pub(crate) fn of(&self, variant: Variant) -> &Backend {
        variant.index().and_then(|index| self.canaries.get(index)).unwrap_or(&self.stable)
    }

    /// All backends, that of stable first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Backend> {
        std::iter::once(&self.stable).chain(&self.canaries)
    }

    /// The same backends, named as an object in the namespace `to` names them, if an object in the namespace `from` names them so.
    pub(crate) fn moved(&self, from: Option<&str>, to: Option<&str>) -> Self {
        let moved = |backend: &Backend| backend.moved(from, to);
        Backends { stable: moved(&self.stable), canaries: self.canaries.iter().map(moved).collect() }
    }
}
