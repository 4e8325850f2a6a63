//! Weights, laid out so that growing one moves as few clients as it can.

use super::Sample;
use crate::policy::{Total, Variant};

/// Where each canary's share of the total lies.
///
/// Canaries 0, 2, 4 … are stacked from the bottom of the total, canaries 1, 3, 5 … hang from its top, and stable has the
/// middle. So a canary that grows never gives a client away, and with one or two canaries it takes clients of stable only.
#[derive(Debug)]
pub(super) struct Intervals {
    total: u32,
    /// Where a canary's interval ends, exclusive, ascending; and the canary.
    from_bottom: Box<[(u32, usize)]>,
    /// Where a canary's interval begins, inclusive, descending; and the canary.
    from_top: Box<[(u32, usize)]>,
}

impl Intervals {
    /// The weights add up to no more than the total: a policy says so.
    pub(super) fn new(weights: impl Iterator<Item = u32>, total: Total) -> Self {
        let total = total.get();
        let (mut bottom, mut top) = (0_u32, total);
        let (mut from_bottom, mut from_top) = (Vec::new(), Vec::new());
        for (canary, weight) in weights.enumerate() {
            if canary % 2 == 0 {
                bottom = bottom.saturating_add(weight);
                from_bottom.push((bottom, canary));
            } else {
                top = top.saturating_sub(weight);
                from_top.push((top, canary));
            }
        }
        Intervals { total, from_bottom: from_bottom.into(), from_top: from_top.into() }
    }

    pub(super) fn variant(&self, sample: Sample) -> Variant {
        let point = sample.point(self.total);
        let below = self.from_bottom.iter().find(|&&(end, _)| point < end);
        let above = || self.from_top.iter().find(|&&(start, _)| point >= start);
        below.or_else(above).map_or(Variant::Stable, |&(_, canary)| Variant::Canary(canary))
    }
}
