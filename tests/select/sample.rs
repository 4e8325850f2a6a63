//! Samples from recorded draws and from keys.

use canary_policy::Sample;

#[test]
fn a_recorded_draw_is_a_point() {
    for total in [1, 2, 3, 7, 100, 1000, u32::MAX - 1, u32::MAX] {
        for n in [0, 1, total / 3, total / 2, total - 1].into_iter().filter(|n| *n < total) {
            assert_eq!(Sample::from_fraction(n, total).unwrap().point(total), n, "{n} of {total}");
        }
        assert!(Sample::from_fraction(total, total).is_err());
    }
    assert!(Sample::from_fraction(0, 0).is_err());
}

/// The recipe of `Sample::from_key`, with the values that the xxhash package of another language computes.
#[test]
fn keys_are_hashed_as_documented() {
    let rows: &[(&[u8], &str, u64)] = &[
        (b"", "", 0xa258_d6ec_1fb5_d95c),
        (b"alice", "", 0x98bd_01cc_8f39_8066),
        (b"alice", "checkout-2026", 0xe221_8c91_c75c_9d82),
        (b"203.0.113.7", "checkout-2026", 0x5d82_e68e_1bb4_30af),
        (b"0b5c0d0e-6c1f-4b0a-9a53-5b8f0a3c9a11", "checkout-2026", 0x27c1_0089_bad1_43d9),
    ];
    for (key, salt, bits) in rows {
        assert_eq!(Sample::from_key(key, salt).bits(), *bits, "{key:?} {salt}");
    }
}
