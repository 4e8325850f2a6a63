//! The weights of a policy as intervals of its total, laid out so that few clients move when a weight grows.

use super::{Interval, Sample, Step};
use crate::policy::{Total, Variant};

/// The interval of the total that each variant has.
///
/// Canaries 0, 2, 4 … lie next to each other from the bottom of the total upwards, canaries 1, 3, 5 … from the top
/// downwards, and stable lies between them. With weights of 10, 20 and 5 of 100:
///
/// ```text
/// 0         10        15                                 80          100
/// │ canary 0 │ canary 2 │             stable             │  canary 1  │
/// ```
///
/// A canary whose weight does not fall therefore keeps its clients, as long as the weights before it on its side stay the
/// same. With one or two canaries, its new clients all come from stable. The interval of canary 4 begins where the weights
/// of canaries 0 and 2 end, so it moves when they change.
#[derive(Debug)]
pub(super) struct Intervals {
    total: u32,
    /// The points at which an interval ends and the next one begins, ascending: 10, 15 and 80. There is one for each
    /// canary.
    bounds: Box<[u32]>,
}

impl Intervals {
    /// The intervals of these weights. The weights of a policy add up to at most the total.
    pub(super) fn new(weights: &[u32], total: Total) -> Self {
        let total = total.get();
        let from_bottom = weights.iter().step_by(2).scan(0_u32, |bottom, &weight| {
            *bottom = bottom.saturating_add(weight);
            Some(*bottom)
        });
        let from_top = weights.iter().skip(1).step_by(2).scan(total, |top, &weight| {
            *top = top.saturating_sub(weight);
            Some(*top)
        });
        let mut upper_bounds: Vec<u32> = from_top.collect();
        upper_bounds.reverse();
        Intervals { total, bounds: from_bottom.chain(upper_bounds).collect() }
    }

    /// The weights as a step of an explanation.
    pub(super) fn step(&self, sample: Sample, keyed: bool) -> Step {
        let ends = self.bounds.iter().chain([&self.total]);
        let starts = [&0].into_iter().chain(&self.bounds);
        let intervals = starts.zip(ends).enumerate();
        let intervals =
            intervals.map(|(place, (&start, &end))| Interval { start, end, variant: self.variant_at(place) });
        let intervals = intervals.filter(|interval| interval.start < interval.end).collect();
        Step::Weights { sample, keyed, point: sample.point(self.total), intervals, decided: self.variant(sample) }
    }

    /// The variant whose interval contains the point of a sample.
    #[inline]
    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let point = sample.point(self.total);
        self.variant_at(self.bounds.partition_point(|&bound| bound <= point))
    }

    /// The variant of an interval, by the place of the interval counted from the bottom. With three canaries, places 0
    /// to 3 are canary 0, canary 2, stable and canary 1.
    #[inline]
    fn variant_at(&self, place: usize) -> Variant {
        let stable = self.bounds.len().div_ceil(2);
        let canary = if place < stable { 2 * place } else { 2 * (self.bounds.len() - place) + 1 };
        if place == stable { Variant::Stable } else { Variant::Canary(canary) }
    }
}
