//! Ratios: exact shares of a whole.

use std::fmt;

/// A share of a whole, as a number of parts and the number of all parts. Nothing is rounded.
///
/// Two ratios are equal if they are written the same way. To compare values, compare [`reduced`](Self::reduced) ratios.
///
/// ```
/// use canary_policy::policy::Ratio;
///
/// let third = Ratio::new(2, 6);
/// assert_eq!(third.to_string(), "2/6");
/// assert_ne!(third, Ratio::new(1, 3));
/// assert_eq!(third.reduced(), Ratio::new(1, 3));
/// assert_eq!(Ratio::new(1, 4).as_f64(), 0.25);
/// assert_eq!(Ratio::new(0, 0).as_f64(), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Ratio {
    /// The number of parts that belong to the share.
    pub parts: u128,
    /// The number of all parts.
    pub total: u128,
}

impl Ratio {
    /// The share of `parts` parts of `total`.
    #[must_use]
    pub const fn new(parts: u128, total: u128) -> Self {
        Ratio { parts, total }
    }

    /// The same share in lowest terms.
    #[must_use]
    pub fn reduced(self) -> Self {
        let Ratio { parts, total } = self;
        let divisor = self.common_divisor().max(1);
        Ratio { parts: parts / divisor, total: total / divisor }
    }

    /// The greatest common divisor of the parts and the total, which is 0 only if both are 0.
    pub(crate) fn common_divisor(self) -> u128 {
        gcd(self.total, self.parts)
    }

    /// The share as the nearest float, or a neighbour of it, for display. A share of a total of 0 is 0.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        if self.total == 0 { 0.0 } else { float(self.parts) / float(self.total) }
    }
}

/// The ratio as in `2/6`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ratio { parts, total } = self;
        write!(f, "{parts}/{total}")
    }
}

/// The greatest common divisor of two numbers, which is 0 only if both are 0.
pub(super) fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The float nearest to a number, or a neighbour of it. A cast would do the same, but casts are denied in this crate.
pub(crate) fn float(n: u128) -> f64 {
    n.to_be_bytes().into_iter().fold(0.0, |float, byte| float * 256.0 + f64::from(byte))
}
