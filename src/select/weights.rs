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
    /// Where the intervals of canaries 0, 2, 4 … end, exclusive, ascending.
    from_bottom: Box<[u32]>,
    /// Where the intervals of canaries 1, 3, 5 … begin, inclusive, descending.
    from_top: Box<[u32]>,
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
        Intervals { total, from_bottom: stacked.collect(), from_top: hung.collect() }
    }

    /// The weights as a step of an explanation.
    pub(super) fn step(&self, sample: Sample, keyed: bool) -> Step {
        let mut intervals = Vec::new();
        let mut bottom = 0;
        for (index, &end) in self.from_bottom.iter().enumerate() {
            intervals.push((bottom..end, Variant::Canary(2 * index)));
            bottom = end;
        }
        let mut top = self.total;
        let mut hung = Vec::new();
        for (index, &start) in self.from_top.iter().enumerate() {
            hung.push((start..top, Variant::Canary(2 * index + 1)));
            top = start;
        }
        intervals.push((bottom..top, Variant::Stable));
        intervals.extend(hung.into_iter().rev());
        intervals.retain(|(parts, _)| !parts.is_empty());
        Step::Weights { sample, keyed, point: sample.point(self.total), intervals, decided: self.variant(sample) }
    }

    #[inline]
    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let point = sample.point(self.total);
        let stacked = self.from_bottom.partition_point(|&end| end <= point);
        if stacked < self.from_bottom.len() {
            return Variant::Canary(2 * stacked);
        }
        let hung = self.from_top.partition_point(|&start| start > point);
        if hung < self.from_top.len() {
            return Variant::Canary(2 * hung + 1);
        }
        Variant::Stable
    }
}
