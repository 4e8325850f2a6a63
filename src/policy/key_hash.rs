//! The hash that turns an affinity key into a sample.

use std::fmt;
use std::str::FromStr;

use crate::error::{Excerpt, Invalid};

/// The hash that turns an affinity key and its salt into a sample.
///
/// The default is [`Xxh64`](Self::Xxh64). The others are those of feature-flag SDKs, so that a client has the same variant
/// here as in the SDK. `tests/cases/sdk_buckets.jsonl` has buckets that the Python SDKs computed.
///
/// An SDK gives its variants intervals in the order of its own list. With a single canary, a client has the same variant on
/// both sides if the canary is first in the list of the SDK, and stable second. If stable is first, or if there are several
/// canaries, give each canary a [position](crate::Canary::with_position): the sum of the weights before it in that list.
///
/// With `serde` the values are the names of [`as_str`](Self::as_str).
///
/// ```
/// use canary_policy::policy::KeyHash;
/// use canary_policy::{KeyAffinity, Sample};
///
/// let affinity = KeyAffinity::header("x-user-id")?.with_salt("gr1")?.with_hash(KeyHash::Unleash);
/// assert_eq!(affinity.hash().as_str(), "unleash");
/// // Unleash gives the client `123` of the group `gr1` the bucket 73 of 1 to 100.
/// assert_eq!(Sample::from_key_with(KeyHash::Unleash, b"123", "gr1").point(100), 72);
/// assert_eq!(
///     "murmur".parse::<KeyHash>().unwrap_err().to_string(),
///     "`murmur` is not a hash: expected `xxh64`, `flagd`, `flagdCbor`, `unleash`, `growthBook` or `launchDarkly`",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyHash {
    /// XXH64 of the key, with XXH64 of the salt as its seed: [`Salt`](crate::select::Salt) has the recipe.
    #[default]
    Xxh64,
    /// The operator `fractional` of flagd (its Python core 1.0): MurmurHash3 in 32 bits of the salt and the key, one after the
    /// other. The salt is the key of the flag. The same clients are chosen for every total.
    Flagd,
    /// The operator `fractional` of flagd since its Python core 2.0, which hashes the CBOR (RFC 8949) of the list of salt and key,
    /// or of the key alone if there is no salt. The same clients are chosen for every total.
    FlagdCbor,
    /// A gradual rollout of Unleash: MurmurHash3 in 32 bits of salt, `:` and key, modulo 100. The salt is the group. The same
    /// clients are chosen if the weights are whole percentages of the total, as they are in Unleash. With other weights the shares
    /// are not exact, because there are only 100 samples: a first canary with 5 of 1000 gets 1 % of the clients.
    Unleash,
    /// GrowthBook's hash version 2: FNV-1a in 32 bits of the decimal digits of the FNV-1a of salt and key, modulo 10,000. The
    /// salt is the seed. The same clients are chosen if 10,000 is a multiple of the total. With other totals the shares are not
    /// exact, because there are only 10,000 samples.
    GrowthBook,
    /// A percentage rollout of LaunchDarkly: the first 60 bits of the SHA-1 of salt, `.` and key. The salt is the key of the flag,
    /// `.` and its salt. The SDKs compute with floating-point numbers of 32 or 64 bits. So they can differ from this hash, and
    /// from each other, for a client whose bucket is almost on a boundary.
    LaunchDarkly,
}

impl KeyHash {
    /// All hashes, in the order of their definition.
    pub const ALL: [KeyHash; 6] = [
        KeyHash::Xxh64,
        KeyHash::Flagd,
        KeyHash::FlagdCbor,
        KeyHash::Unleash,
        KeyHash::GrowthBook,
        KeyHash::LaunchDarkly,
    ];

    /// The name, as it is written in a [`Spec`](crate::Spec), such as `xxh64` or `growthBook`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyHash::Xxh64 => "xxh64",
            KeyHash::Flagd => "flagd",
            KeyHash::FlagdCbor => "flagdCbor",
            KeyHash::Unleash => "unleash",
            KeyHash::GrowthBook => "growthBook",
            KeyHash::LaunchDarkly => "launchDarkly",
        }
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyHash {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        KeyHash::ALL.into_iter().find(|hash| hash.as_str() == text).ok_or_else(|| Invalid::KeyHash(Excerpt::of(text)))
    }
}
