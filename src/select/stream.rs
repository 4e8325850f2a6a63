//! Samples from chance (feature `rand`).

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::Sample;

impl Sample {
    /// The next 64 bits of a generator: any of rand 0.10.
    ///
    /// ```
    /// use canary_policy::Sample;
    /// use rand::SeedableRng;
    /// use rand::rngs::SmallRng;
    ///
    /// let mut rng = SmallRng::seed_from_u64(7);
    /// assert_ne!(Sample::from_rng(&mut rng), Sample::from_rng(&mut rng));
    /// ```
    #[must_use]
    pub fn from_rng<R: Rng + ?Sized>(rng: &mut R) -> Self {
        Sample::from_bits(rng.next_u64())
    }
}

/// An endless stream of samples that a seed repeats: ChaCha with 12 rounds, the same on every machine. Its key is the
/// seed's 8 bytes, least significant first, and 24 zeros.
///
/// ```
/// use canary_policy::Sample;
/// use canary_policy::select::Samples;
///
/// let first: Vec<Sample> = Samples::new(7).take(3).collect();
/// assert_eq!(first, Samples::new(7).take(3).collect::<Vec<_>>());
/// assert_ne!(first, Samples::new(8).take(3).collect::<Vec<_>>());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples(ChaCha12Rng);

impl Samples {
    /// The stream of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        for (byte, seed) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte = seed;
        }
        Samples(ChaCha12Rng::from_seed(key))
    }
}

impl Iterator for Samples {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        Some(Sample::from_rng(&mut self.0))
    }
}
