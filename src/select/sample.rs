//! Samples: where in [0, 1) a request falls.

use super::Salt;
use crate::error::Invalid;

/// A point in [0, 1), in 64 bits: what the weights are held against.
///
/// Chance is an argument: take the bits from a generator of your own, a point that was recorded, or the hash of a key.
///
/// ```
/// use canary_policy::Sample;
///
/// assert_eq!(Sample::from_bits(u64::MAX / 2).point(100), 49);
/// assert_eq!(Sample::from_fraction(30, 100)?.point(100), 30);
/// assert_eq!(
///     Sample::from_fraction(100, 100).unwrap_err().to_string(),
///     "100 of 100 is not a sample: n is 0 to total - 1",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sample(u64);

impl Sample {
    /// The lowest sample, which the first canary takes whenever it has a weight.
    pub const MIN: Sample = Sample(0);

    /// The highest sample, which stable takes whenever it has a share and there is one canary.
    pub const MAX: Sample = Sample(u64::MAX);

    /// 64 bits, each of which is as likely 0 as 1, taken as the fraction `bits / 2^64`.
    #[must_use]
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Sample(bits)
    }

    /// The smallest sample that is point `n` of `total`, so that a recorded one can be replayed: `n` counts from 0.
    ///
    /// ingress-nginx draws 1 to `total` and sends the canary what is not above its weight: that is `draw - 1` here.
    ///
    /// # Errors
    ///
    /// `n` is not below `total`.
    pub fn from_fraction(n: u32, total: u32) -> Result<Self, Invalid> {
        if n >= total {
            return Err(Invalid::Fraction { n, total });
        }
        let bits = (u128::from(n) << 64).div_ceil(u128::from(total));
        u64::try_from(bits).map(Sample).map_err(|_| Invalid::Fraction { n, total })
    }

    /// The sample of a key: the same key and salt, the same sample, for good, on every machine and in every language.
    /// [`Salt`](crate::select::Salt) has the recipe, and saves hashing the same salt for every key.
    ///
    /// ```
    /// use canary_policy::Sample;
    ///
    /// let sample = Sample::from_key(b"alice", "checkout-2026");
    /// assert_eq!(sample.bits(), 0xe221_8c91_c75c_9d82);
    /// assert_eq!(sample.point(100), 88);
    /// ```
    #[must_use]
    #[inline]
    pub fn from_key(key: &[u8], salt: &str) -> Self {
        Salt::new(salt).sample(key)
    }

    /// The 64 bits.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Which of `total` parts it falls in, counted from 0; 0 if there are none. Exact, without modulo bias.
    #[must_use]
    #[inline]
    pub fn point(self, total: u32) -> u32 {
        let point = (u128::from(self.0) * u128::from(total)) >> 64;
        u32::try_from(point).unwrap_or(u32::MAX) // it is below `total`
    }
}
