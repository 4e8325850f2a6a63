//! The total of a policy: the number of parts that its weights are counted in.

use std::fmt;
use std::num::NonZeroU32;

use super::ratio::gcd;
use crate::error::Invalid;

/// The number of parts that all requests are divided into: 1 to 4,294,967,295, by default 100.
///
/// A weight is a whole number of these parts, so that no share is ever rounded: 3 of 10 is 30 %. ingress-nginx differs:
/// it ignores a total below 100 and then counts in hundredths. With `serde` a total is a number.
///
/// ```
/// use canary_policy::Total;
///
/// assert_eq!(Total::default().get(), 100);
/// assert_eq!(Total::new(1000)?.get(), 1000);
/// assert_eq!(Total::new(0).unwrap_err().to_string(), "0 is not a total: expected 1 to 4294967295");
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u32", into = "u32"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "The number of parts that weights are counted in."))]
#[cfg_attr(feature = "schemars", schemars(with = "i64", extend("minimum" = 1, "maximum" = u32::MAX)))]
pub struct Total(NonZeroU32);

impl Total {
    /// A total of this many parts.
    ///
    /// # Errors
    ///
    /// The number is 0.
    pub fn new(parts: u32) -> Result<Self, Invalid> {
        NonZeroU32::new(parts).map(Total).ok_or(Invalid::Total(0))
    }

    /// The number of parts, at least 1.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The greatest common divisor of the total and these numbers of its parts.
    pub(super) fn common_divisor(self, parts: impl Iterator<Item = u32>) -> NonZeroU32 {
        let divisor = parts.fold(u128::from(self.get()), |divisor, parts| gcd(divisor, parts.into()));
        // The divisor divides the total, which is neither 0 nor above u32::MAX.
        u32::try_from(divisor).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }

    /// The total divided by one of its divisors.
    pub(super) fn divided_by(self, divisor: NonZeroU32) -> Self {
        // The quotient of a number and its divisor is at least 1.
        Total(NonZeroU32::new(self.get() / divisor).unwrap_or(NonZeroU32::MIN))
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

impl From<Total> for u32 {
    fn from(total: Total) -> u32 {
        total.get()
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
