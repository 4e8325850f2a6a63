//! The weights of a policy, compiled: the variant of each point of the total.

use super::{Sample, Step};
use crate::policy::{Affinity, Interval, Policy, Variant};

/// The weights of a policy, compiled.
#[derive(Debug)]
pub(super) struct CompiledWeights {
    /// Whether the weights alone decide: no canary has a rule, and the policy has no affinity.
    pub(super) alone: bool,
    total: u32,
    /// The variant of the last interval, which ends at the total.
    last: Code,
    shape: Shape,
}

/// The variants of the points of a total.
#[derive(Debug)]
enum Shape {
    /// The first canary below this sample, and stable from it on, as in most policies.
    One { end: Sample },
    /// The variants below and from this sample on. They are the same if there is one interval, as that of a canary with all parts.
    Two { split: Sample, variants: [Code; 2] },
    /// The intervals from the bottom upwards.
    Many(Box<[Bounded]>),
    /// The variant of each point, if that takes no more memory than the intervals. A look-up takes a third of the time of a
    /// search among the intervals of 16 canaries.
    Points(Box<[Code]>),
}

/// An interval and its end.
#[derive(Debug)]
struct Bounded {
    /// The lowest sample above the interval.
    end: Sample,
    variant: Code,
}

/// A variant in two bytes: 0 is stable, and 1 is the first canary.
#[derive(Clone, Copy, Debug)]
struct Code(u16);

impl Code {
    fn of(variant: Variant) -> Self {
        // A policy has at most `Policy::MAX_CANARIES` canaries.
        Code(variant.index().and_then(|index| u16::try_from(index + 1).ok()).unwrap_or(0))
    }

    #[inline]
    fn variant(self) -> Variant {
        usize::from(self.0).checked_sub(1).map_or(Variant::Stable, Variant::Canary)
    }
}

impl CompiledWeights {
    pub(super) fn new(policy: &Policy) -> Self {
        let (total, intervals) = (policy.total().get(), policy.intervals());
        let last = Code::of(intervals.last().map_or(Variant::Stable, |interval| interval.variant));
        let alone = policy.affinity() == &Affinity::None
            && policy.canaries().iter().all(|canary| canary.header().is_none() && canary.cookie().is_none());
        CompiledWeights { alone, total, last, shape: Shape::new(total, &intervals) }
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

    /// The variant whose interval contains the point of a sample. No branch depends on the sample, because it could not be
    /// predicted.
    #[inline]
    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let code = match &self.shape {
            Shape::One { end } => return if sample < *end { Variant::Canary(0) } else { Variant::Stable },
            Shape::Two { split, variants } => variants.get(usize::from(sample >= *split)).copied().unwrap_or(self.last),
            Shape::Many(intervals) => {
                let lower = intervals.split_last().map_or(&[][..], |(_, lower)| lower);
                let place = lower.partition_point(|interval| interval.end <= sample);
                intervals.get(place).map_or(self.last, |interval| interval.variant)
            }
            Shape::Points(variants) => {
                let point = usize::try_from(self.point(sample)).ok();
                point.and_then(|point| variants.get(point)).copied().unwrap_or(self.last)
            }
        };
        code.variant()
    }
}

impl Shape {
    fn new(total: u32, intervals: &[Interval]) -> Self {
        // A point is below the end of an interval exactly if its sample is below the lowest sample of the end. The total has no
        // such sample, but no other variant follows the last interval.
        let end = |interval: &Interval| Sample::from_fraction(interval.end, total).unwrap_or(Sample::MAX);
        match intervals {
            [lower, last] if lower.variant == Variant::Canary(0) && last.variant == Variant::Stable => {
                Shape::One { end: end(lower) }
            }
            [only] if only.variant == Variant::Stable => Shape::One { end: Sample::MIN },
            [only] => Shape::Two { split: end(only), variants: [Code::of(only.variant); 2] },
            [lower, last] => {
                Shape::Two { split: end(lower), variants: [lower, last].map(|interval| Code::of(interval.variant)) }
            }
            _ if Self::points_are_small(total, intervals) => {
                let points =
                    intervals.iter().flat_map(|interval| (interval.start..interval.end).map(|_| interval.variant));
                Shape::Points(points.map(Code::of).collect())
            }
            _ => {
                let bounded = intervals
                    .iter()
                    .map(|interval| Bounded { end: end(interval), variant: Code::of(interval.variant) });
                Shape::Many(bounded.collect())
            }
        }
    }

    /// Whether the variants of all points take no more memory than the intervals.
    fn points_are_small(total: u32, intervals: &[Interval]) -> bool {
        let points = usize::try_from(total).ok().and_then(|total| total.checked_mul(size_of::<Code>()));
        points.is_some_and(|points| points <= size_of::<Bounded>() * intervals.len())
    }
}
