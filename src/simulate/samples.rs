//! Random samples that a seed repeats (feature `rand`).

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use crate::select::Sample;

/// An endless stream of random samples. The same seed gives the same stream on every machine.
///
/// The generator is ChaCha with 12 rounds. Its key is the 8 bytes of the seed, least significant first, and 24 zeros.
///
/// ```
/// use canary_policy::Sample;
/// use canary_policy::simulate::Samples;
///
/// let first: Vec<Sample> = Samples::new(7).take(3).collect();
/// assert_eq!(first, Samples::new(7).take(3).collect::<Vec<_>>());
/// assert_ne!(first, Samples::new(8).take(3).collect::<Vec<_>>());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples(ChaCha12Rng);

impl Samples {
    /// The stream of this seed, from its first sample.
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
