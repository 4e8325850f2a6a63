//! Weights, laid out so that growing one moves as few clients as it can.

use super::{Sample, Step};
use crate::policy::{Total, Variant};

/// Where each canary's share of the total lies.
///
/// Canaries 0, 2, 4 … are stacked from the bottom of the total, canaries 1, 3, 5 … hang from its top, and stable has the
/// middle. So a canary that grows never gives a client away, and with one or two canaries it takes clients of stable only.
#[derive(Debug)]
pub(super) struct Intervals {
    total: u32,
    /// Where one interval ends and the next begins, from bottom to top: as many as there are canaries.
    bounds: Box<[u32]>,
}

impl Intervals {
    /// The weights add up to no more than the total: a policy says so.
    pub(super) fn new(weights: &[u32], total: Total) -> Self {
        let total = total.get();
        let stacked = weights.iter().step_by(2).scan(0_u32, |bottom, &weight| {
            *bottom = bottom.saturating_add(weight);
            Some(*bottom)
        });
        let hung = weights.iter().skip(1).step_by(2).scan(total, |top, &weight| {
            *top = top.saturating_sub(weight);
            Some(*top)
        });
        let mut bounds: Vec<u32> = hung.collect();
        bounds.reverse();
        Intervals { total, bounds: stacked.chain(bounds).collect() }
    }

    /// The weights as a step of an explanation.
    pub(super) fn step(&self, sample: Sample, keyed: bool) -> Step {
        let ends = self.bounds.iter().chain([&self.total]);
        let starts = [&0].into_iter().chain(&self.bounds);
        let intervals = starts.zip(ends).enumerate().map(|(place, (&start, &end))| (start..end, self.owner(place)));
        let intervals = intervals.filter(|(parts, _)| !parts.is_empty()).collect();
        Step::Weights { sample, keyed, point: sample.point(self.total), intervals, decided: self.variant(sample) }
    }

    #[inline]
    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let point = sample.point(self.total);
        self.owner(self.bounds.partition_point(|&bound| bound <= point))
    }

    /// Whose interval it is, counted from the bottom.
    #[inline]
    fn owner(&self, place: usize) -> Variant {
        let stacked = self.bounds.len().div_ceil(2);
        let index = if place < stacked { 2 * place } else { 2 * (self.bounds.len() - place) + 1 };
        if place == stacked { Variant::Stable } else { Variant::Canary(index) }
    }
}
