//! Samples of a seed, which no release changes.

use canary_policy::Sample;
use canary_policy::simulate::Samples;

/// Since 0.1.0. The first samples of seed 7.
const STREAM: [u64; 3] = [15_275_289_290_002_133_535, 16_977_796_898_406_435_185, 1_027_680_088_268_782_925];

/// The stream is ChaCha12, as another language computes it.
#[test]
fn a_seed_gives_the_same_samples_in_every_release() {
    let bits: Vec<u64> = Samples::new(7).take(3).map(Sample::bits).collect();
    assert_eq!(bits, STREAM);
}
