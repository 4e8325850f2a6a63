//! Shares of many clients: they converge to the weights, differ between salts and do not drift with an affinity.
//!
//! The samples are hashes of counters, so that every run is the same.

use canary_policy::{Reason, Sample, Selector, Variant};

use crate::util::{CANARY, policy, returned_cookie};

/// The name of a kind of key, and the key of this kind with a number.
type Shape = (&'static str, fn(u32) -> String);

/// Kinds of key that people use: UUIDs, sequential integers, e-mail addresses, IPv4 addresses.
const SHAPES: [Shape; 4] = [
    ("uuid", |n| {
        let (high, low) =
            (Sample::from_key(&n.to_le_bytes(), "u").bits(), Sample::from_key(&n.to_le_bytes(), "v").bits());
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
        format!("{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}", 0x8000 | (low >> 50), low & 0xffff_ffff_ffff)
    }),
    ("integer", |n| n.to_string()),
    ("e-mail", |n| format!("user{n}@example.com")),
    ("IPv4", |n| format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255)),
];

/// The variant of a key.
fn variant(selector: &Selector, key: &str, salt: &str) -> Variant {
    selector.select(&(), Sample::from_key(key.as_bytes(), salt)).variant
}

/// Chi-square of four variants has three degrees of freedom. It is above 16.27 in one of a thousand cases.
#[test]
fn shares_converge_to_weights() {
    let policy = policy("canaries: [{ name: a, weight: 10 }, { name: b, weight: 20 }, { name: c, weight: 30 }]");
    let selector = Selector::new(&policy);
    for (shape, key) in SHAPES {
        let mut counts = [0_u32; 4];
        for n in 0..50_000 {
            counts[variant(&selector, &key(n), "checkout-2026").index().map_or(3, |canary| canary)] += 1;
        }
        let expected = [5_000.0, 10_000.0, 15_000.0, 20_000.0];
        let chi: f64 = counts
            .iter()
            .zip(expected)
            .map(|(&count, expected)| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        assert!(chi < 16.27, "{shape}: {counts:?}, chi-square {chi:.2}");
    }
}

/// The shares of different salts scatter as chance makes them, neither more nor less. There are 400 salts, because the deviation
/// of 100 scores would be uncertain by 0.07, which is too much for the bounds of 0.9 and 1.1.
#[test]
fn salts_scatter_as_chance_does() {
    let selector = Selector::new(&policy("canaries: [{ weight: 30 }]"));
    let clients = 1_000_u32;
    for (shape, key) in SHAPES {
        let keys: Vec<String> = (0..clients).map(key).collect();
        let scores: Vec<f64> = (0..400)
            .map(|salt| {
                let salt = format!("experiment-{salt}");
                let count = keys.iter().filter(|key| variant(&selector, key, &salt) == CANARY).count();
                let n = f64::from(clients);
                (f64::from(u32::try_from(count).unwrap()) - 0.3 * n) / (n * 0.3 * 0.7).sqrt()
            })
            .collect();
        let mean = scores.iter().sum::<f64>() / 400.0;
        let deviation = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
        assert!(
            (0.9..=1.1).contains(&deviation) && mean.abs() < 0.2,
            "{shape}: mean {mean:.3}, deviation {deviation:.3}"
        );
    }
}

/// Whether a client is in one canary says nothing about whether it is in a canary with another salt.
#[test]
fn policies_with_different_salts_choose_independently() {
    let selector = Selector::new(&policy("canaries: [{ weight: 30 }]"));
    for (shape, key) in SHAPES {
        let both = (0..50_000)
            .map(key)
            .filter(|key| variant(&selector, key, "checkout") == CANARY && variant(&selector, key, "search") == CANARY)
            .count();
        // 4,500 is 9 % of 50,000, and 256 is four standard deviations.
        assert!(both.abs_diff(4_500) < 256, "{shape}: {both}");
    }
}

/// Four standard deviations of a share of this many samples.
fn tolerance(share: f64, samples: u32) -> f64 {
    4.0 * (share * (1.0 - share) / f64::from(samples)).sqrt()
}

/// 100,000 clients send 50 requests each. If only the canary were pinned, every client would end up on the canary; here stable
/// is pinned too.
#[test]
fn the_share_does_not_drift() {
    let (clients, requests) = (100_000_u32, 50_u32);
    let policy = policy("{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route } } }");
    let selector = Selector::new(&policy);
    let sample = |client: u32, request: u32| Sample::from_key(&client.to_le_bytes(), &request.to_string());
    let salts: Vec<String> = (0..requests).map(|request| request.to_string()).collect();
    assert_eq!(sample(7, 3), Sample::from_key(&7_u32.to_le_bytes(), &salts[3]));

    let (mut kept, mut forgotten) = (vec![0_u32; 50], vec![0_u32; 50]);
    for client in 0..clients {
        let mut cookie = String::new();
        for (request, salt) in salts.iter().enumerate() {
            let sample = Sample::from_key(&client.to_le_bytes(), salt);
            let decision = selector.select(&[("cookie", cookie.as_str())], sample);
            kept[request] += u32::from(decision.variant == CANARY);
            assert_eq!(decision.reason == Reason::Affinity, request > 0);
            if let Some(set_cookie) = decision.set_cookie {
                cookie = returned_cookie(&set_cookie);
            }
            forgotten[request] += u32::from(selector.select(&(), sample).variant == CANARY);
        }
    }
    assert!(kept.iter().all(|count| *count == kept[0]), "a client has moved");
    let share = |count: u32, samples: u32| f64::from(count) / f64::from(samples);
    assert!((share(kept[0], clients) - 0.1).abs() < tolerance(0.1, clients));
    let requests_sent = clients * requests;
    assert!((share(forgotten.iter().sum(), requests_sent) - 0.1).abs() < tolerance(0.1, requests_sent));
}
