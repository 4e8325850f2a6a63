//! Sequences: samples from a counter, so that shares are exact without chance.

use super::Sample;
use crate::policy::Total;

/// Turns the numbers of requests into samples, so that among any `total` consecutive requests each variant gets exactly
/// its weight.
///
/// Shorter runs are even too: among `m` consecutive requests, the number that a canary gets differs from `m * weight / total` by at
/// most `1 + log2(total)`. The caller counts the requests, for example with one atomic increment for each. When the counter wraps
/// round at 2^64, one run may be uneven.
///
/// ```
/// use canary_policy::select::Sequence;
/// use canary_policy::{Policy, Selector, Variant};
///
/// let policy = Policy::percent(30)?;
/// let (selector, sequence) = (Selector::new(&policy), Sequence::new(policy.total()));
/// let canary = |n: &u64| selector.select(&(), sequence.sample(*n)).variant == Variant::Canary(0);
///
/// assert_eq!((0..100).filter(canary).count(), 30);
/// assert_eq!((12_345..12_445).filter(canary).count(), 30);
/// assert!((3..6).contains(&(0..14).filter(canary).count()));
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    total: u32,
    /// The distance between the points of consecutive requests. It is coprime with the total, so that the multiples of
    /// the step reach every point before they repeat.
    step: u32,
}

impl Sequence {
    /// The largest distance of the step from the golden section of the total.
    const REACH: u32 = 32;

    /// A sequence for policies with this total.
    ///
    /// The step is near the golden section of the total, because the multiples of such a step are spread evenly. For a
    /// total of 100 the section is 61, and 61 is the step that is taken: its multiples are 0, 61, 22, 83, 44, 5 and so
    /// on.
    #[must_use]
    pub fn new(total: Total) -> Self {
        let total = total.get();
        // 2_654_435_769 is 2^32 divided by the golden ratio.
        let golden = (u64::from(total) * 2_654_435_769) >> 32;
        let golden = u32::try_from(golden).unwrap_or(total);
        let near = golden.saturating_sub(Self::REACH).max(1)..=golden.saturating_add(Self::REACH);
        let steps = near.filter_map(|step| Some((unevenness(total, step)?, step.abs_diff(golden), step)));
        // There is always a step. For a small total 1 is near, and for any other total at least one of the 65 numbers
        // is coprime with it.
        Sequence { total, step: steps.min().map_or(1, |(.., step)| step) }
    }

    /// The sample of the request with this number, counted from 0 or any other start.
    #[must_use]
    pub fn sample(self, n: u64) -> Sample {
        let total = u64::from(self.total);
        let point = (n % total) * u64::from(self.step) % total;
        // The point is below the total, so the conversions do not fail.
        u32::try_from(point).ok().and_then(|point| Sample::from_fraction(point, self.total).ok()).unwrap_or(Sample::MIN)
    }
}

/// A bound on how unevenly the multiples of a step are spread over the total: the sum of the quotients of Euclid's
/// algorithm. `None` if the step is not coprime with the total.
fn unevenness(total: u32, step: u32) -> Option<u32> {
    let (mut high, mut low, mut sum) = (total, step % total.max(1), 0_u32);
    while low > 0 {
        sum = sum.saturating_add(high / low);
        (high, low) = (low, high % low);
    }
    (high == 1).then_some(sum)
}
