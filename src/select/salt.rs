//! Salts: what makes a key's sample differ from policy to policy.

use std::hash::Hasher;

use twox_hash::XxHash64;

use super::Sample;

/// A salt, hashed once, which turns keys into samples.
///
/// The recipe, in bytes: `seed = XXH64(salt, seed 0)`, `bits = XXH64(key, seed)`, both over UTF-8 or raw bytes as they are,
/// without a length or an end mark. XXH64 is frozen; a change here is announced in the CHANGELOG under "Decisions
/// changed".
///
/// | key | salt | bits |
/// |---|---|---|
/// | (empty) | (empty) | `0xa258d6ec1fb5d95c` |
/// | `alice` | (empty) | `0x98bd01cc8f398066` |
/// | `alice` | `checkout-2026` | `0xe2218c91c75c9d82` |
/// | `203.0.113.7` | `checkout-2026` | `0x5d82e68e1bb430af` |
///
/// ```
/// use canary_policy::Sample;
/// use canary_policy::select::Salt;
///
/// let salt = Salt::new("checkout-2026");
/// assert_eq!(salt.sample(b"203.0.113.7").bits(), 0x5d82_e68e_1bb4_30af);
/// assert_eq!(salt.sample(b"alice"), Sample::from_key(b"alice", "checkout-2026"));
/// assert_ne!(salt.sample(b"alice"), Salt::new("").sample(b"alice"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Salt(u64);

impl Salt {
    /// The seed that this text gives; any text is a salt, the empty one too.
    #[must_use]
    #[inline]
    pub fn new(salt: &str) -> Self {
        Salt(XxHash64::oneshot(0, salt.as_bytes()))
    }

    /// The sample of a key, which is any bytes, none too.
    #[must_use]
    #[inline]
    pub fn sample(self, key: &[u8]) -> Sample {
        // The machine's endianness does not matter: XXH64 reads its input as little-endian words everywhere, and what comes
        // out is a number from then on, never bytes.
        Sample::from_bits(XxHash64::oneshot(self.0, key))
    }

    /// The sample of a key that came in lines, joined, if there are any and it is not empty.
    pub(super) fn sample_of_joined<'k>(
        self,
        mut lines: impl Iterator<Item = &'k [u8]>,
        separator: &[u8],
    ) -> Option<Sample> {
        let first = lines.next()?;
        let Some(second) = lines.next() else {
            return Some(first).filter(|key| !key.is_empty()).map(|key| self.sample(key));
        };
        let mut hash = XxHash64::with_seed(self.0);
        hash.write(first);
        for line in std::iter::once(second).chain(lines) {
            hash.write(separator);
            hash.write(line);
        }
        Some(Sample::from_bits(hash.finish()))
    }
}
