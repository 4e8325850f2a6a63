//! What changes on one location when another controller reads the cluster, and which aspect of the controller changes it.

use crate::compare::{self, Comparison, Difference};
use crate::policy::Policy;
use crate::select::Selector;
use crate::targets::nginx::{Aspect, CanaryInForce, Cluster, Config, Location};

/// A host, a path and a path type.
pub(super) type Place<'c> = (&'c str, &'c str, &'c str);

/// A change of one location, and the aspects that lead to it.
pub(super) struct Change<'c> {
    /// The host, the path and the path type.
    pub(super) place: Place<'c>,
    pub(super) canary: &'c CanaryInForce,
    pub(super) what: What,
    /// The aspects without which the controller there does not do what it does, each with a request.
    needed: Vec<(Aspect, Option<Comparison>)>,
    /// The aspects that change something on their own.
    enough: Vec<(Aspect, Option<Comparison>)>,
}

/// What changes.
pub(super) enum What {
    /// The canary gets requests on one side only: there if it gains them, and here if not. The canaries of both sides are in words.
    Canaries { gains: bool, here: String, there: String },
    /// The policy is another one.
    Policy(Box<Policies>),
}

/// The policies of a location that differ; `None` for one that no policy can hold.
pub(super) struct Policies {
    here: Option<Policy>,
    there: Option<Policy>,
    unlike: Unlike,
}

/// That two policies differ: the comparison, unless no policy can hold one of the two.
#[derive(Clone)]
struct Unlike(Option<Comparison>);

/// What a location of two readings is compared with.
pub(super) struct Pair<'c> {
    pub(super) place: Place<'c>,
    pub(super) here: &'c Location,
    pub(super) there: &'c Location,
}

impl<'c> Pair<'c> {
    /// The changes of the location.
    pub(super) fn changes(self, cluster: &Cluster) -> Vec<Change<'c>> {
        let Pair { place, here, there } = self;
        let new = |canary, what| Change { place, canary, what, needed: Vec::new(), enough: Vec::new() };
        let is_ready =
            |canary: &&CanaryInForce| canary.can_get_requests() && (canary.has_endpoints || !cluster.has_services());
        let gained = there.canaries().filter(is_ready).filter(|canary| !has(here, canary));
        let lost = here.canaries().filter(is_ready).filter(|canary| !has(there, canary));
        let canaries = |gains| What::Canaries { gains, here: canaries(here), there: canaries(there) };
        let gained = gained.map(|canary| new(canary, canaries(true)));
        let lost = lost.map(|canary| new(canary, canaries(false)));
        let changes: Vec<Change<'c>> = gained.chain(lost).collect();
        let are_compared = changes.is_empty() && has_same(here, there);
        let Some(canary) = here.canary.as_ref().filter(|_| are_compared) else { return changes };
        let (here, there) = (policy(here), policy(there));
        if here.is_none() && there.is_none() {
            return changes;
        }
        match differs(here.as_ref(), there.as_ref()) {
            None => changes,
            Some(unlike) => vec![new(canary, What::Policy(Box::new(Policies { here, there, unlike })))],
        }
    }
}

impl Change<'_> {
    /// The location as `HOST/PATH`.
    pub(super) fn text(&self) -> String {
        let (host, path, _) = self.place;
        format!("{host}{path}")
    }

    /// Notes whether an aspect leads to the change: `alone` is the location read as here, with this aspect of the other controller;
    /// `without` is the location read as there, without it.
    pub(super) fn attribute(&mut self, aspect: Aspect, alone: &Location, without: &Location) {
        match &self.what {
            What::Canaries { gains, here: _, there: _ } => {
                if has(alone, self.canary) == *gains {
                    self.enough.push((aspect, None));
                }
                if has(without, self.canary) != *gains {
                    self.needed.push((aspect, None));
                }
            }
            What::Policy(policies) => {
                let Policies { here, there, unlike: _ } = &**policies;
                let of_both = has_same(alone, without);
                let enough = differs(here.as_ref(), policy(alone).as_ref()).filter(|_| of_both);
                self.enough.extend(enough.map(|Unlike(comparison)| (aspect, comparison)));
                let needed = differs(policy(without).as_ref(), there.as_ref()).filter(|_| of_both);
                self.needed.extend(needed.map(|Unlike(comparison)| (aspect, comparison)));
            }
        }
    }

    /// The aspects that lead to the change, each with a request that is decided in this way here and there. An aspect without which
    /// nothing changes counts before one that is enough; `None` if there is neither.
    pub(super) fn causes(&self) -> Vec<(Option<Aspect>, Option<Comparison>)> {
        let found = if self.needed.is_empty() { &self.enough } else { &self.needed };
        let whole = match &self.what {
            What::Canaries { .. } => None,
            What::Policy(policies) => policies.unlike.0.clone(),
        };
        if found.is_empty() {
            return vec![(None, whole)];
        }
        let example = |aspect: Aspect| {
            let of_aspect = self.enough.iter().chain(&self.needed).filter(|(other, _)| *other == aspect);
            let mut of_aspect = of_aspect.filter_map(|(_, comparison)| comparison.as_ref());
            of_aspect.find(|comparison| self.holds(comparison)).cloned().or(whole.clone())
        };
        found.iter().map(|(aspect, _)| (Some(*aspect), example(*aspect))).collect()
    }

    /// Whether the request of a comparison is decided here and there as the comparison says.
    fn holds(&self, comparison: &Comparison) -> bool {
        let What::Policy(policies) = &self.what else { return false };
        let (Some(here), Some(there)) = (&policies.here, &policies.there) else { return false };
        let Comparison::Differs(Difference { request, before, after, .. }) = comparison else { return false };
        let decision = |policy: &Policy| Selector::new(policy).select(request, request.sample);
        decision(here) == before.decision && decision(there) == after.decision
    }
}

/// Whether the canary is among those of a location.
fn has(location: &Location, canary: &CanaryInForce) -> bool {
    location.canaries().any(|other| other.upstream == canary.upstream)
}

/// The canaries of a location in words, each with its weight and rules as the controller holds them.
fn canaries(location: &Location) -> String {
    let all: Vec<String> = location.canaries().map(canary).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn canary(canary: &CanaryInForce) -> String {
    let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie } = &canary.config;
    let mut words = vec![format!("`{}` with the weight {weight} of {weight_total}", canary.upstream)];
    if !header.is_empty() {
        words.push(match (header_value.as_str(), header_pattern.as_str()) {
            ("", "") => format!("the header `{header}`"),
            ("", pattern) => format!("the header `{header}` and the pattern `{pattern}`"),
            (value, _) => format!("the header `{header}` and the value `{value}`"),
        });
    }
    if !cookie.is_empty() {
        words.push(format!("the cookie `{cookie}`"));
    }
    words.join(" and ")
}

/// Whether two readings of a location have the same canaries.
fn has_same(one: &Location, other: &Location) -> bool {
    let upstreams =
        |location: &Location| -> Vec<String> { location.canaries().map(|canary| canary.upstream.clone()).collect() };
    upstreams(one) == upstreams(other)
}

/// The policy of a location; `None` if there is none, or no policy can hold it.
fn policy(location: &Location) -> Option<Policy> {
    location.policy().and_then(Result::ok)
}

/// How two policies differ; `None` if they do not.
fn differs(one: Option<&Policy>, other: Option<&Policy>) -> Option<Unlike> {
    match (one, other) {
        (Some(one), Some(other)) if one == other => None,
        (Some(one), Some(other)) => match compare::policies(one, other) {
            Comparison::Same => None,
            comparison => Some(Unlike(Some(comparison))),
        },
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => Some(Unlike(None)),
    }
}
