//! Two locations that answer the same requests, one before and one after.

use std::collections::{BTreeMap, BTreeSet};

use super::former_tokens::{Honoured, difference};
use super::{Answer, LocationDifference};
use crate::compare::{self, Comparison};
use crate::policy::{Affinity, Canary, CanaryName, Parts, Policy, Variant};
use crate::route::{Backend, Location, VirtualHost};

/// A location and the virtual host that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Side<'h> {
    host: &'h VirtualHost,
    pub(super) location: &'h Location,
}

impl<'h> Side<'h> {
    /// The location that decides requests for a path, if there is one.
    pub(super) fn of(host: Option<&'h VirtualHost>, path: &str) -> Option<Self> {
        let host = host?;
        host.location(path).map(|location| Side { host, location })
    }

    fn stable(self) -> Backend {
        self.located(self.location.stable())
    }

    fn canaries(self) -> Vec<Backend> {
        self.location.canaries().iter().map(|backend| self.located(backend)).collect()
    }

    /// The backend of a variant; `None` if the location has no such canary, which is then never chosen.
    pub(super) fn backend(self, variant: Variant) -> Option<Backend> {
        self.location.backend(variant).map(|backend| self.located(backend))
    }

    /// The backend with its namespace, if it is known.
    fn located(self, backend: &Backend) -> Backend {
        backend.moved(self.host.namespace(), None)
    }
}

/// Whether both locations answer every request alike.
pub(super) fn answer(before: Option<Side<'_>>, after: Option<Side<'_>>) -> Answer {
    let stable = (before.map(Side::stable), after.map(Side::stable));
    let (Some(before), Some(after)) = (before, after) else {
        return match stable {
            (None, None) => Answer::Same,
            (before, after) => Answer::Differs(LocationDifference::Stable { before, after }),
        };
    };
    if stable.0 != stable.1 {
        return Answer::Differs(LocationDifference::Stable { before: stable.0, after: stable.1 });
    }
    let Some((one, other)) = comparable(before, after) else { return Answer::Same };
    match compare::policies(&one, &other) {
        Comparison::Differs(difference) => Answer::Differs(LocationDifference::Policy(difference)),
        alike @ (Comparison::Same | Comparison::Undecided(_)) => {
            let before = Honoured { policy: &one, tokens: before.location.former_tokens() };
            let after = Honoured { policy: &other, tokens: after.location.former_tokens() };
            match (difference(before, after), alike) {
                (Some(found), _) => Answer::Differs(LocationDifference::FormerToken(found)),
                (None, Comparison::Undecided(bound)) => Answer::Undecided(bound),
                (None, _) => Answer::Same,
            }
        }
    }
}

/// The policies of both locations with the same names for the same canaries. A location without a policy has one that sends every
/// request to stable. `None` if neither has a policy.
pub(super) fn comparable(before: Side<'_>, after: Side<'_>) -> Option<(Policy, Policy)> {
    let (one, other) = match (before.location.policy(), after.location.policy()) {
        (None, None) => return None,
        (Some(policy), None) => (policy.clone(), without_canaries(policy)),
        (None, Some(policy)) => (without_canaries(policy), policy.clone()),
        (Some(one), Some(other)) => (one.clone(), renamed(other, &after.canaries(), one, &before.canaries())),
    };
    Some((by_name(one), by_name(other)))
}

/// The policy of a location that sends every request to stable, as a policy with the canaries of another one.
fn without_canaries(policy: &Policy) -> Policy {
    let Parts { canaries, total, affinity: _ } = policy.parts();
    let none =
        |canary: &Canary| Canary { weight: 0, position: None, header: None, cookie: None, name: canary.name.clone() };
    Policy::of(Parts { canaries: canaries.iter().map(none).collect(), total: *total, affinity: Affinity::None })
}

/// The same policy with names by which its canaries are compared with those of `like`: two canaries have the same name only if they
/// have the same backend.
///
/// What another tool has written has names of its own, which do not matter as long as no client sees them: a canary then has the
/// name that `like` gives its backend. If an affinity cookie contains the names, a canary keeps its own.
fn renamed(policy: &Policy, backends: &[Backend], like: &Policy, like_backends: &[Backend]) -> Policy {
    let Parts { canaries, total, affinity } = policy.parts();
    let is_seen = [affinity, like.affinity()].into_iter().any(|affinity| matches!(affinity, Affinity::Cookie(_)));
    let mut known: Vec<(&CanaryName, &Backend)> = like.canaries().iter().map(Canary::name).zip(like_backends).collect();
    let mut taken: BTreeSet<CanaryName> = known.iter().map(|(name, _)| (*name).clone()).collect();
    let mut renamed = Vec::new();
    for (canary, backend) in canaries.iter().zip(backends) {
        let is_same =
            |(name, other): &(&CanaryName, &Backend)| *other == backend && (!is_seen || *name == canary.name());
        let name = match known.iter().position(is_same) {
            Some(place) => known.remove(place).0.clone(),
            None => free_name(canary.name(), &taken),
        };
        taken.insert(name.clone());
        renamed.push(Canary { name, ..canary.clone() });
    }
    Policy::of(Parts { canaries: renamed, total: *total, affinity: affinity.clone() })
}

/// The same policy, in which the points of the total belong to the canaries in the order of their names.
///
/// Targets choose a variant by chance, so the share of a variant counts, and not which samples belong to it. With an affinity key
/// the sample is not chance, so the canaries keep their places.
fn by_name(policy: Policy) -> Policy {
    let Parts { canaries, total, affinity } = policy.parts();
    if matches!(affinity, Affinity::Key(_)) {
        return policy;
    }
    let mut weights: BTreeMap<&CanaryName, u32> = canaries.iter().map(|canary| (&canary.name, canary.weight)).collect();
    let mut start = 0;
    for weight in weights.values_mut() {
        // The weights add up to at most the total.
        start += std::mem::replace(weight, start);
    }
    let at = |canary: &Canary| Canary { position: weights.get(&canary.name).copied(), ..canary.clone() };
    Policy::of(Parts { canaries: canaries.iter().map(at).collect(), total: *total, affinity: affinity.clone() })
}

/// The name, with a number if it is taken.
fn free_name(name: &CanaryName, taken: &BTreeSet<CanaryName>) -> CanaryName {
    let numbered = (2_u32..).filter_map(|number| CanaryName::new(&format!("canary-{number}")).ok());
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}
