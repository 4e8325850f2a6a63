//! Decisions that no release changes. Rows are added and never edited, because an edited row would move clients.
//!
//! The byte order of the machine cannot matter: keys_are_decided_as_in_every_release are hashed with XXH64, which is defined on
//! bytes, and all else is arithmetic on numbers.

use canary_policy::{Sample, Selector, Variant};

use crate::util::policy;

/// Since 0.1.0. Each row is a key, a salt, the bits of the sample, and the variant of a policy with `a: 10, b: 20, c: 30` of 100.
const KEYS: [(&str, &str, u64, &str); 8] = [
    ("", "", 0xa258_d6ec_1fb5_d95c, "stable"),
    ("alice", "", 0x98bd_01cc_8f39_8066, "stable"),
    ("alice", "checkout-2026", 0xe221_8c91_c75c_9d82, "b"),
    ("bob", "checkout-2026", 0xe7eb_dc44_0dac_5c57, "b"),
    ("203.0.113.7", "checkout-2026", 0x5d82_e68e_1bb4_30af, "c"),
    ("0b5c0d0e-6c1f-4b0a-9a53-5b8f0a3c9a11", "checkout-2026", 0x27c1_0089_bad1_43d9, "c"),
    ("carol@example.com", "search-7", 0x3776_a9d9_2f36_3632, "c"),
    ("42", "search-7", 0x29d7_ff4d_abb4_9b8b, "c"),
];

#[test]
fn keys_are_decided_as_in_every_release() {
    let policy = policy("canaries: [{ name: a, weight: 10 }, { name: b, weight: 20 }, { name: c, weight: 30 }]");
    let selector = Selector::new(&policy);
    for (key, salt, bits, variant) in KEYS {
        let sample = Sample::from_key(key.as_bytes(), salt);
        let decided = match selector.select(&(), sample).variant {
            Variant::Stable => "stable",
            Variant::Canary(index) => policy.canaries()[index].name().as_str(),
        };
        assert_eq!((sample.bits(), decided), (bits, variant), "{key} {salt}");
    }
}
