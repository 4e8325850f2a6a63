//! Salts, and how a key and a salt give a sample.

use std::hash::Hasher;

use twox_hash::XxHash64;

use super::Sample;

/// A salt, hashed once, with which keys are turned into samples.
///
/// The bits of a sample are `XXH64(key, seed)`, and the seed is `XXH64(salt, 0)`. Both hashes are taken over the bytes
/// as they are, UTF-8 for the salt, without a length or an end mark. XXH64 is a frozen algorithm. A change of this
/// recipe would be listed in the CHANGELOG under "Decisions changed".
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
    /// The salt of this text, which may be empty.
    #[must_use]
    #[inline]
    pub fn new(salt: &str) -> Self {
        Salt(XxHash64::oneshot(0, salt.as_bytes()))
    }

    /// The sample of a key. Any bytes are a key, and a key may be empty.
    #[must_use]
    #[inline]
    pub fn sample(self, key: &[u8]) -> Sample {
        // XXH64 reads its input as little-endian words on every machine, and its result is used as a number, never as
        // bytes. The sample therefore does not depend on the machine.
        Sample::from_bits(XxHash64::oneshot(self.0, key))
    }

    /// The sample of the key that these lines are when they are joined with the separator. `None` if there is no line,
    /// or if the only line is empty.
    #[inline]
    pub(super) fn sample_of_joined<'k>(
        self,
        mut lines: impl Iterator<Item = &'k [u8]>,
        separator: impl FnOnce() -> &'static [u8],
    ) -> Option<Sample> {
        let first = lines.next()?;
        match lines.next() {
            None => (!first.is_empty()).then(|| self.sample(first)),
            Some(second) => Some(self.sample_of_lines([first, second].into_iter().chain(lines), separator())),
        }
    }

    #[cold]
    #[inline(never)]
    fn sample_of_lines<'k>(self, lines: impl Iterator<Item = &'k [u8]>, separator: &[u8]) -> Sample {
        let mut hash = XxHash64::with_seed(self.0);
        for (index, line) in lines.enumerate() {
            if index > 0 {
                hash.write(separator);
            }
            hash.write(line);
        }
        Sample::from_bits(hash.finish())
    }
}
