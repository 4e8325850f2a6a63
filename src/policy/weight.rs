//! Weights are whole parts of a total; nothing is rounded and no float is involved.

use std::fmt;
use std::num::NonZeroU32;

use crate::error::Invalid;

/// What the weights of a policy are parts of: 1 to 4,294,967,295, by default 100.
///
/// ingress-nginx ignores totals up to 100 and counts in hundredths; here 3 of 10 is 30 %.
///
/// ```
/// use canary_policy::Total;
///
/// assert_eq!(Total::default().get(), 100);
/// assert_eq!(Total::new(1000)?.get(), 1000);
/// assert_eq!(Total::new(0).unwrap_err().to_string(), "0 is not a total: 1 to 4294967295");
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Total(NonZeroU32);

impl Total {
    /// A total of so many parts.
    ///
    /// # Errors
    ///
    /// The total is 0.
    pub fn new(parts: u32) -> Result<Self, Invalid> {
        NonZeroU32::new(parts).map(Total).ok_or(Invalid::Total(0))
    }

    /// The number of parts, at least 1.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The total in lowest terms, and what it was divided by.
    pub(super) fn reduced(self, weights: impl Iterator<Item = u32>) -> (Self, NonZeroU32) {
        let divisor = weights.fold(self.0, gcd);
        // The divisor divides the total, so the quotient is at least 1.
        (Total(NonZeroU32::new(self.get() / divisor).unwrap_or(NonZeroU32::MIN)), divisor)
    }
}

impl Default for Total {
    fn default() -> Self {
        Total(NonZeroU32::MIN.saturating_add(99))
    }
}

impl TryFrom<u32> for Total {
    type Error = Invalid;

    fn try_from(parts: u32) -> Result<Self, Invalid> {
        Total::new(parts)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The greatest common divisor: not zero, since one of the two is not.
fn gcd(divisor: NonZeroU32, weight: u32) -> NonZeroU32 {
    match NonZeroU32::new(weight) {
        None => divisor,
        Some(weight) => gcd(weight, divisor.get() % weight),
    }
}
