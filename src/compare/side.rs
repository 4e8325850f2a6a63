//! One of the two policies that are compared.

use http::HeaderName;

use super::difference::NamedDecision;
use super::request::Request;
use super::rows::{Effect, Row, Source, Subject, rows};
use crate::policy::{Affinity, Interval, Policy};
use crate::select::{Reason, Sample, Selector, Step};

/// A policy with its rows and with what its weights decide.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) selector: Selector,
    pub(super) rows: Vec<Row>,
    /// What the weights decide, in ascending order of the samples.
    pieces: Vec<Piece>,
}

/// Samples for which the weights decide alike.
#[derive(Debug)]
struct Piece {
    start: Sample,
    decided: NamedDecision,
}

impl Side {
    pub(super) fn new(policy: &Policy) -> Self {
        let selector = Selector::new(policy);
        let piece = |interval: &Interval| Piece {
            // An interval of the total starts below the total.
            start: Sample::from_fraction(interval.start, policy.total().get()).unwrap_or(Sample::MIN),
            decided: NamedDecision::new(&selector, selector.decision(interval.variant, Reason::Weight)),
        };
        let pieces = policy.intervals().iter().map(piece).collect();
        Side { rows: rows(policy), pieces, selector }
    }

    /// The decision if this row is the first to match; `None` if the weights then decide.
    pub(super) fn decided(&self, row: usize) -> Option<NamedDecision> {
        match self.rows.get(row)?.effect {
            Effect::Decides(variant, reason) => {
                Some(NamedDecision::new(&self.selector, self.selector.decision(variant, reason)))
            }
            Effect::Draws => None,
        }
    }

    /// Where the sample comes from, if the weights decide with that of a key when this row is the first to match.
    pub(super) fn source(&self, row: usize) -> Option<Source> {
        match (self.rows.get(row)?.effect == Effect::Draws, self.selector.policy().affinity()) {
            (true, Affinity::Key(key)) => Some(Source::new(key)),
            _ => None,
        }
    }

    /// What the policy decides for a request.
    pub(super) fn decide(&self, request: &Request) -> NamedDecision {
        NamedDecision::new(&self.selector, self.selector.select(request, request.sample))
    }

    /// What the row looks at that decides a request; `None` if the weights decide with the sample of the caller.
    pub(super) fn deciding(&self, request: &Request) -> Option<Subject> {
        match self.selector.explain(request, request.sample).steps.pop()? {
            Step::Match { reason: Reason::Affinity, name, .. } => Some(Subject::Affinity(name)),
            Step::Match { reason: Reason::Header, name, .. } => HeaderName::try_from(name).ok().map(Subject::Header),
            Step::Match { name, .. } => Some(Subject::cookie(&name)),
            Step::Weights { .. } => {
                self.rows.last().filter(|row| row.effect == Effect::Draws).map(|row| row.subject.clone())
            }
        }
    }

    /// What the weights decide for a sample.
    fn by_weights(&self, sample: Sample) -> Option<&NamedDecision> {
        let piece = self.pieces.partition_point(|piece| piece.start <= sample).checked_sub(1)?;
        self.pieces.get(piece).map(|piece| &piece.decided)
    }

    /// The first samples of all decisions by the weights.
    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> {
        self.pieces.iter().map(|piece| piece.start)
    }

    /// Whether the weights decide alike for every sample.
    pub(super) fn is_constant(&self) -> bool {
        self.pieces.len() <= 1
    }
}

/// The smallest sample for which the weights of two policies decide differently.
pub(super) fn smallest_sample(a: &Side, b: &Side) -> Option<Sample> {
    let mut samples: Vec<Sample> = a.samples().chain(b.samples()).collect();
    samples.sort();
    let differs = |sample: &Sample| match (a.by_weights(*sample), b.by_weights(*sample)) {
        (Some(before), Some(after)) => !before.is_same(after),
        _ => false,
    };
    samples.into_iter().find(differs)
}
