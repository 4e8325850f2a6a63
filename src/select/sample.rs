//! Samples: the points in [0, 1) that weights are compared with.

use super::Salt;
use super::key_sample::key_sample;
use crate::error::InvalidSample;
use crate::policy::KeyHash;

/// A point in [0, 1) with 64 bits, which the weights are compared with.
///
/// A sample is all the chance in a decision, and the caller passes it: 64 bits of a random number generator, a recorded
/// point, or the hash of a key. With `serde` it is the number [`bits`](Self::bits).
///
/// ```
/// use canary_policy::Sample;
///
/// assert_eq!(Sample::from_bits(u64::MAX / 2).point(100), 49);
/// assert_eq!(Sample::from_fraction(30, 100)?.point(100), 30);
/// assert_eq!(
///     Sample::from_fraction(100, 100).unwrap_err().to_string(),
///     "100/100 is not a sample: expected a fraction of 0 or more and below 1",
/// );
/// # Ok::<(), canary_policy::error::InvalidSample>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(with = "u64", description = "A point in [0, 1), multiplied by 2^64."))]
pub struct Sample(u64);

impl Sample {
    /// The lowest sample, 0. The first canary gets it, unless its weight is 0.
    pub const MIN: Sample = Sample(0);

    /// The highest sample, 1 - 2^-64. In a policy with one canary stable gets it, unless its weight is 0.
    pub const MAX: Sample = Sample(u64::MAX);

    /// The sample `bits / 2^64`. Every bit should be 0 or 1 with the same probability.
    #[must_use]
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Sample(bits)
    }

    /// The smallest sample of at least `parts / total`, whose [`point`](Self::point) of `total` is `parts`.
    ///
    /// Use it to replay a recorded decision. ingress-nginx draws a number from 1 to `total` and sends the request to
    /// the canary if the number is at most the canary's weight: such a draw is `Sample::from_fraction(draw - 1,
    /// total)`.
    ///
    /// # Errors
    ///
    /// `parts` is not below `total`.
    pub fn from_fraction(parts: u32, total: u32) -> Result<Self, InvalidSample> {
        if parts >= total {
            return Err(InvalidSample::new(parts, total));
        }
        let bits = (u128::from(parts) << 64).div_ceil(u128::from(total));
        u64::try_from(bits).map(Sample).map_err(|_| InvalidSample::new(parts, total))
    }

    /// The sample of a key. The same key and salt give the same sample on every machine, in every language and in every
    /// version.
    ///
    /// [`Salt`] documents the recipe. Use it if many keys have the same salt, so that the salt is hashed only once.
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

    /// The sample of a key by this hash, such as that of a feature-flag SDK. [`KeyHash`] documents the recipes.
    ///
    /// ```
    /// use canary_policy::Sample;
    /// use canary_policy::policy::KeyHash;
    ///
    /// assert_eq!(Sample::from_key_with(KeyHash::Xxh64, b"alice", "s"), Sample::from_key(b"alice", "s"));
    /// // LaunchDarkly computes the bucket 0.42157587 for this client.
    /// let sample = Sample::from_key_with(KeyHash::LaunchDarkly, b"userKeyA", "hashKey.saltyA");
    /// assert_eq!(sample.point(100_000), 42_157);
    /// ```
    #[must_use]
    pub fn from_key_with(hash: KeyHash, key: &[u8], salt: &str) -> Self {
        key_sample(hash, salt, key)
    }

    /// The sample of the next 64 bits of a random number generator.
    ///
    /// ```
    /// use canary_policy::Sample;
    /// use rand::SeedableRng;
    /// use rand::rngs::SmallRng;
    ///
    /// let mut rng = SmallRng::seed_from_u64(7);
    /// assert_ne!(Sample::from_rng(&mut rng), Sample::from_rng(&mut rng));
    /// ```
    #[cfg(feature = "rand")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rand")))]
    #[must_use]
    pub fn from_rng<R: rand::Rng + ?Sized>(rng: &mut R) -> Self {
        Sample::from_bits(rng.next_u64())
    }

    /// The sample multiplied by 2^64.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The part of `total` equal parts that the sample falls into, counted from 0. The result is 0 if `total` is 0.
    ///
    /// All parts are equal: none is larger than another one by more than 1 of 2^64 samples.
    #[must_use]
    #[inline]
    pub fn point(self, total: u32) -> u32 {
        let point = (u128::from(self.0) * u128::from(total)) >> 64;
        u32::try_from(point).unwrap_or(u32::MAX) // Never: the point is below `total`.
    }
}
