//! Samples in sequence: exact shares without chance.

use super::Sample;
use crate::policy::Total;

/// Turns the numbers of requests into samples, so that of any `total` consecutive ones exactly a canary's weight are the
/// canary's.
///
/// They are spread evenly: of any `m` consecutive requests a canary gets `m * weight / total`, give or take
/// `1 + log2(total)`. Neighbours differ by about the golden ratio of the total, which no interval can follow for long.
/// The counter is the caller's, one atomic increment a request; where it wraps round, at 2^64, one window may be off.
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
    /// From one request's point to the next one's. It has no divisor in common with the total, so all points are met.
    step: u32,
}

impl Sequence {
    /// How far from the golden ratio a better step is looked for.
    const REACH: u32 = 32;

    /// A sequence for policies with this total.
    #[must_use]
    pub fn new(total: Total) -> Self {
        let total = total.get();
        // 2^32 divided by the golden ratio.
        let golden = (u64::from(total) * 2_654_435_769) >> 32;
        let golden = u32::try_from(golden).unwrap_or(total);
        let near = golden.saturating_sub(Self::REACH).max(1)..=golden.saturating_add(Self::REACH);
        let steps = near.filter_map(|step| Some((unevenness(total, step)?, step.abs_diff(golden), step)));
        // Every total has a step: 1 is in reach of small ones, and large ones have coprime numbers among any 65.
        Sequence { total, step: steps.min().map_or(1, |(.., step)| step) }
    }

    /// The sample of the request with this number.
    #[must_use]
    pub fn sample(self, n: u64) -> Sample {
        let total = u64::from(self.total);
        let point = (n % total) * u64::from(self.step) % total;
        // Below the total, as a remainder is.
        u32::try_from(point).ok().and_then(|point| Sample::from_fraction(point, self.total).ok()).unwrap_or(Sample::MIN)
    }
}

/// The sum of the quotients of Euclid's algorithm, which bounds how unevenly the multiples of a step fall; `None` if the
/// step has a divisor in common with the total.
fn unevenness(total: u32, step: u32) -> Option<u32> {
    let (mut high, mut low, mut sum) = (total, step % total.max(1), 0_u32);
    while low > 0 {
        sum = sum.saturating_add(high / low);
        (high, low) = (low, high % low);
    }
    (high == 1).then_some(sum)
}
