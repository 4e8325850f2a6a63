//! Values from the bytes of a fuzzer (feature `arbitrary`).

use arbitrary::{Error, Result};
use proptest::arbitrary::Arbitrary;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use twox_hash::XxHash64;

use super::policy;
use crate::policy::{Policy, Spec};

/// A value that a strategy generates from these bytes: for fuzz targets that need a policy with some
/// [parameters](super::PolicyParams), or a [`request`](super::request()) for it. The bytes are hashed to the
/// seed of a generator: the same bytes give the same value, and other bytes a wholly different one. `Policy`, `Spec`,
/// [`Route`](crate::Route) and [`VirtualHost`](crate::route::VirtualHost) implement `Arbitrary` by it.
///
/// # Errors
///
/// The strategy has rejected 100 values.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use canary_policy::policy::strategy::{from_bytes, request};
/// use canary_policy::{Policy, Sample, Selector};
///
/// // What a fuzz target does with its bytes.
/// let data: Vec<u8> = (0..=255).cycle().take(4096).collect();
/// let mut bytes = Unstructured::new(&data);
/// let policy = Policy::arbitrary(&mut bytes)?;
/// let headers = from_bytes(&request(&policy), bytes.bytes(bytes.len())?)?;
/// Selector::new(&policy).select(&headers[..], Sample::MIN);
/// # Ok::<(), arbitrary::Error>(())
/// ```
pub fn from_bytes<S: Strategy>(strategy: &S, bytes: &[u8]) -> Result<S::Value> {
    let config = Config { failure_persistence: None, max_local_rejects: 100, ..Config::default() };
    // The bytes themselves are no generator: when they end, it would return zeros, which some strategies reject forever.
    let seed: Vec<u8> = (0..4).flat_map(|part| XxHash64::oneshot(part, bytes).to_le_bytes()).collect();
    let generator = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let tree = strategy.new_tree(&mut TestRunner::new_with_rng(config, generator));
    tree.map(|tree| tree.current()).map_err(|_| Error::IncorrectFormat)
}

/// Implements `Arbitrary` by a strategy, which is made once in each thread, because its regular expressions take time.
macro_rules! by_strategy {
    ($($type:ident: $strategy:expr),*) => {$(
        impl<'a> arbitrary::Arbitrary<'a> for $type {
            fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                let bytes: &[u8] = bytes.arbitrary()?;
                $type::arbitrary_take_rest(arbitrary::Unstructured::new(bytes))
            }

            fn arbitrary_take_rest(bytes: arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                thread_local! {
                    static STRATEGY: proptest::strategy::BoxedStrategy<$type> = $strategy;
                }
                STRATEGY.with(|strategy| crate::policy::strategy::from_bytes(strategy, bytes.take_rest()))
            }
        }
    )*};
}
pub(crate) use by_strategy;

by_strategy!(Policy: policy().boxed(), Spec: <Spec as Arbitrary>::arbitrary());
