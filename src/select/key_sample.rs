//! How each hash turns a key and a salt into a sample.

use std::io::Cursor;

use sha1_smol::Sha1;

use super::{Salt, Sample};
use crate::policy::KeyHash;

/// The sample of a key by this hash and salt.
pub(super) fn key_sample(hash: KeyHash, salt: &str, key: &[u8]) -> Sample {
    let salt_bytes = salt.as_bytes();
    match hash {
        KeyHash::Xxh64 => Salt::new(salt).sample(key),
        KeyHash::Flagd => high(murmur3(&[salt_bytes, key].concat())),
        KeyHash::FlagdCbor if salt.is_empty() => high(murmur3(&cbor_text(key))),
        KeyHash::FlagdCbor => {
            const LIST_OF_TWO: u8 = 0x82;
            high(murmur3(&[vec![LIST_OF_TWO], cbor_text(salt_bytes), cbor_text(key)].concat()))
        }
        KeyHash::Unleash => bucket(murmur3(&[salt_bytes, b":", key].concat()), 100),
        KeyHash::GrowthBook => {
            let inner = fnv1a(salt.encode_utf16().chain(String::from_utf8_lossy(key).encode_utf16()));
            bucket(fnv1a(inner.to_string().encode_utf16()), 10_000)
        }
        KeyHash::LaunchDarkly => {
            let mut sha1 = Sha1::new();
            for part in [salt_bytes, b".", key] {
                sha1.update(part);
            }
            let first_8_bytes = sha1.digest().bytes().into_iter().take(8);
            let bits = first_8_bytes.fold(0, |bits: u64, byte| bits << 8 | u64::from(byte));
            // The bucket has 15 hexadecimal digits: all but the last 4 of these bits.
            Sample::from_bits(bits & !0xf)
        }
    }
}

/// The sample whose upper 32 bits are this hash.
fn high(hash: u32) -> Sample {
    Sample::from_bits(u64::from(hash) << 32)
}

/// The sample of the bucket that a hash falls into.
fn bucket(hash: u32, buckets: u32) -> Sample {
    // The remainder is below the number of buckets.
    Sample::from_fraction(hash % buckets, buckets).unwrap_or(Sample::MIN)
}

/// MurmurHash3 for 32-bit machines, with the seed 0.
fn murmur3(bytes: &[u8]) -> u32 {
    // Reading from memory does not fail.
    murmur3::murmur3_32(&mut Cursor::new(bytes), 0).unwrap_or_default()
}

/// FNV-1a in 32 bits. JavaScript's strings consist of 16-bit units, and GrowthBook hashes those.
fn fnv1a(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |hash: u32, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

/// A text in CBOR (RFC 8949, section 3): a head with its length, and its bytes.
fn cbor_text(text: &[u8]) -> Vec<u8> {
    const TEXT: u8 = 0x60;
    let head = match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(length @ ..=23), _) => vec![TEXT + length],
        (Ok(length), _) => vec![TEXT + 24, length],
        (_, Ok(length)) => [&[TEXT + 25][..], &length.to_be_bytes()].concat(),
        // A salt has at most 256 bytes, and a key of a GiB is not sent.
        _ => [&[TEXT + 26][..], &u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes()].concat(),
    };
    [head.as_slice(), text].concat()
}
