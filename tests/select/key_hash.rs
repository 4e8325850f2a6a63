//! The hashes of feature-flag SDKs: the same client has the same bucket. The SDKs themselves computed the buckets in
//! `cases/sdk_buckets.jsonl`, each in the version that its line names.

use canary_policy::policy::KeyHash;
use canary_policy::{Affinity, Canary, KeyAffinity, Policy, Sample, Selector, Total, Variant};
use serde::Deserialize;

use crate::util::json_lines;

/// The point of a total that an SDK gives a client.
#[derive(Deserialize)]
struct Bucket {
    hash: String,
    sdk: String,
    salt: String,
    key: String,
    total: u32,
    point: u32,
}

fn buckets() -> Vec<Bucket> {
    json_lines("cases/sdk_buckets.jsonl").into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

#[test]
fn clients_have_the_buckets_of_the_sdks() {
    let mut compared = [0; KeyHash::ALL.len()];
    for Bucket { hash, sdk, salt, key, total, point } in buckets() {
        let hash: KeyHash = hash.parse().unwrap();
        let sample = Sample::from_key_with(hash, key.as_bytes(), &salt);
        assert_eq!(sample.point(total), point, "{sdk}: {key} with {salt}");
        compared[KeyHash::ALL.iter().position(|other| *other == hash).unwrap()] += 1;
    }
    assert_eq!(compared, [0, 100, 100, 100, 100, 100]);
}

/// In a policy, the client of a header has the bucket of the SDK, whichever of the two variants the SDK lists first.
#[test]
fn a_policy_decides_as_a_flag_with_the_same_list() {
    for Bucket { hash, salt, key, total, point, .. } in buckets().into_iter().filter(|bucket| bucket.key.is_ascii()) {
        let affinity = KeyAffinity::header("x-user").unwrap().with_salt(&salt).unwrap();
        let affinity = Affinity::Key(affinity.with_hash(hash.parse().unwrap()));
        let weight = total.div_ceil(3);
        let canary = Canary::new("canary", weight).unwrap();
        let decide = |canary: Canary| {
            let policy = Policy::new([canary], Total::new(total).unwrap()).unwrap().with_affinity(affinity.clone());
            let selector = Selector::new(&policy);
            let request = [("x-user", key.as_str())];
            assert_eq!(selector.point(&request, Sample::MAX), point, "{key}");
            selector.select(&request, Sample::MAX).variant == Variant::Canary(0)
        };
        assert_eq!(decide(canary.clone()), point < weight, "{hash}: {key}");
        assert_eq!(decide(canary.with_position(total - weight)), point >= total - weight, "{hash}: {key}");
    }
}

/// A key in two lines is one key. A request without a key, or with an empty one, has the sample that it was given.
#[test]
fn a_key_is_read_as_for_every_other_hash() {
    let affinity = |hash| Affinity::Key(KeyAffinity::header("x-user").unwrap().with_hash(hash));
    for hash in KeyHash::ALL {
        let selector = Selector::new(&Policy::percent(30).unwrap().with_affinity(affinity(hash)));
        let of = |key: &str| Sample::from_key_with(hash, key.as_bytes(), "").point(100);
        assert_eq!(selector.point(&[("x-user", "a"), ("x-user", "b")], Sample::MAX), of("a, b"));
        assert_eq!(selector.point(&[("x-user", "")], Sample::MAX), 99);
        assert_eq!(selector.point(&(), Sample::MIN), 0);
    }
}
