//! The weights of a policy, compiled: the variant of each point of the total.

use super::{Sample, Step};
use crate::policy::{Policy, Variant};

/// The intervals of a policy's total, without those that are empty.
#[derive(Debug)]
pub(super) struct Intervals {
    total: u32,
    /// The intervals from the bottom upwards, except the last one.
    lower: Box<[Lower]>,
    /// The variant of the last interval, which ends at the total.
    last: Code,
}

/// An interval that another one follows.
#[derive(Debug)]
struct Lower {
    end: u32,
    variant: Code,
}

/// A variant in four bytes: 0 is stable, and 1 is the first canary.
#[derive(Clone, Copy, Debug)]
struct Code(u32);

impl Code {
    fn of(variant: Variant) -> Self {
        // A policy has at most `Policy::MAX_CANARIES` canaries.
        Code(variant.index().and_then(|index| u32::try_from(index + 1).ok()).unwrap_or(0))
    }

    #[inline]
    fn variant(self) -> Variant {
        let index = usize::try_from(self.0).ok().and_then(|code| code.checked_sub(1));
        index.map_or(Variant::Stable, Variant::Canary)
    }
}

impl Intervals {
    pub(super) fn new(policy: &Policy) -> Self {
        let mut intervals = policy.intervals();
        let last = intervals.pop().map_or(Variant::Stable, |interval| interval.variant);
        let lower =
            intervals.into_iter().map(|interval| Lower { end: interval.end, variant: Code::of(interval.variant) });
        Intervals { total: policy.total().get(), lower: lower.collect(), last: Code::of(last) }
    }

    /// The weights as a step of an explanation.
    pub(super) fn step(&self, policy: &Policy, sample: Sample, keyed: bool) -> Step {
        let (point, decided) = (self.point(sample), self.variant(sample));
        Step::Weights { sample, keyed, point, intervals: policy.intervals(), decided }
    }

    /// The point of the total that a sample falls on.
    #[inline]
    pub(super) fn point(&self, sample: Sample) -> u32 {
        sample.point(self.total)
    }

    /// The variant whose interval contains the point of a sample.
    #[inline]
    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let point = self.point(sample);
        let place = self.lower.partition_point(|lower| lower.end <= point);
        self.lower.get(place).map_or(self.last, |lower| lower.variant).variant()
    }
}
