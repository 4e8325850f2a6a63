//! The intervals of a policy's total: which variant each point of it belongs to.

use std::fmt;

use super::{Policy, Variant};

/// The points of a policy's total that belong to one variant: from `start` up to, but not including, `end`.
///
/// `Display` writes `30..100 stable`.
///
/// ```
/// use canary_policy::{Policy, Variant};
///
/// let intervals = Policy::percent(30)?.intervals();
/// assert_eq!((intervals[1].start, intervals[1].end, intervals[1].variant), (30, 100, Variant::Stable));
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Interval {
    /// The first point.
    pub start: u32,
    /// The first point after the interval.
    pub end: u32,
    /// The variant that the points belong to.
    pub variant: Variant,
}

impl Policy {
    /// The intervals of the total, in ascending order and without empty ones. Each point of the total is in exactly one of
    /// them.
    ///
    /// A canary with a [position](crate::Canary::with_position) has the points from there on. Otherwise canaries 0, 2, 4 … lie next
    /// to each other from the bottom of the total upwards, and canaries 1, 3, 5 … from the top downwards. Stable has all
    /// other points, so it can have several intervals. With weights of 10, 20 and 5 of 100:
    ///
    /// ```text
    /// 0         10        15                                 80          100
    /// │ canary 0 │ canary 2 │             stable             │  canary 1  │
    /// ```
    ///
    /// ```
    /// use canary_policy::{Canary, Policy, Total};
    ///
    /// let canaries = [Canary::new("a", 10)?, Canary::new("b", 20)?];
    /// let intervals = Policy::new(canaries, Total::default())?.intervals().into_iter();
    /// assert!(intervals.map(|interval| interval.to_string()).eq([
    ///     "0..10 canaries[0]",
    ///     "10..80 stable",
    ///     "80..100 canaries[1]",
    /// ]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn intervals(&self) -> Vec<Interval> {
        let total = self.total().get();
        let mut canaries: Vec<Interval> = self.canary_intervals().filter(|canary| canary.start < canary.end).collect();
        canaries.sort_unstable_by_key(|canary| canary.start);

        let (mut intervals, mut from) = (Vec::with_capacity(canaries.len() + 1), 0);
        for canary in canaries {
            intervals.extend(stable_between(from, canary.start));
            from = canary.end;
            intervals.push(canary);
        }
        intervals.extend(stable_between(from, total));
        intervals
    }

    /// The same policy, in which each canary has the position that its interval has now. It decides like this one.
    ///
    /// Call this function before a canary is removed or added, or before canaries change their order: the others then keep
    /// their clients.
    ///
    /// ```
    /// use canary_policy::{Canary, Policy, Total};
    ///
    /// let canaries = [Canary::new("a", 10)?, Canary::new("b", 20)?];
    /// let policy = Policy::new(canaries, Total::default())?.with_positions();
    /// assert_eq!(policy.canaries()[1].position(), Some(80));
    ///
    /// // Without `a`, the clients of `b` are still those from 80 to 99.
    /// let only_b = Policy::new([policy.canaries()[1].clone()], Total::default())?;
    /// assert_eq!(only_b.intervals()[1].to_string(), "80..100 canaries[0]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_positions(self) -> Self {
        let starts: Vec<u32> = self.canary_intervals().map(|canary| canary.start).collect();
        let mut parts = self.into_parts();
        for (canary, start) in parts.canaries.iter_mut().zip(starts) {
            canary.position = Some(start);
        }
        Policy::of(parts)
    }

    /// The interval of each canary, in the order of the canaries. It is empty if the weight is 0.
    fn canary_intervals(&self) -> impl Iterator<Item = Interval> {
        // The weights add up to at most the total, and so do the position and the weight of each canary: nothing saturates.
        let (mut bottom, mut top) = (0_u32, self.total().get());
        self.canaries().iter().enumerate().map(move |(index, canary)| {
            let weight = canary.weight();
            let start = match canary.position() {
                Some(position) => position,
                None if index % 2 == 0 => {
                    bottom = bottom.saturating_add(weight);
                    bottom.saturating_sub(weight)
                }
                None => {
                    top = top.saturating_sub(weight);
                    top
                }
            };
            Interval { start, end: start.saturating_add(weight), variant: Variant::Canary(index) }
        })
    }
}

/// The points that no canary has, if there are any.
fn stable_between(start: u32, end: u32) -> Option<Interval> {
    (start < end).then_some(Interval { start, end, variant: Variant::Stable })
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interval { start, end, variant } = self;
        write!(f, "{start}..{end} {variant}")
    }
}
