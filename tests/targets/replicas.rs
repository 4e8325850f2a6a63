//! Replicas: no other division of the pods comes closer to the weights.

use canary_policy::policy::strategy;
use canary_policy::targets::replicas::{Pods, Replicas, Tolerance, fewest, split};
use canary_policy::{Affinity, Canary, Loss, Policy, Total};
use proptest::prelude::*;

use crate::util::{cases, policy, texts};

/// This number of pods, with one for each variant if asked for.
fn params(pods: u32, one_of_each: bool) -> Pods {
    let params = Pods::new(pods).unwrap();
    if one_of_each { params.with_one_of_each() } else { params }
}

fn percent(weight: u32) -> Policy {
    Policy::percent(weight).unwrap()
}

/// The weights of all variants, stable first.
fn weights(policy: &Policy) -> Vec<u32> {
    let canaries: Vec<u32> = policy.canaries().iter().map(Canary::weight).collect();
    let stable = policy.total().get() - canaries.iter().sum::<u32>();
    std::iter::once(stable).chain(canaries).collect()
}

/// The pods of all variants, stable first.
fn counts(replicas: &Replicas) -> Vec<u32> {
    std::iter::once(replicas.stable).chain(replicas.canaries.iter().copied()).collect()
}

/// The largest error of a variant, in units of `1 / (pods * total)`.
fn worst(policy: &Policy, counts: &[u32]) -> u128 {
    let pods: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    let total = u128::from(policy.total().get());
    let error = |(count, weight): (&u32, u32)| (u128::from(*count) * total).abs_diff(u128::from(weight) * pods);
    counts.iter().zip(weights(policy)).map(error).max().unwrap()
}

/// Every way to divide this number of pods.
fn compositions(pods: u32, variants: usize) -> Vec<Vec<u32>> {
    if variants == 1 {
        return vec![vec![pods]];
    }
    let rest = |first: u32| compositions(pods - first, variants - 1).into_iter().map(move |rest| (first, rest));
    (0..=pods).flat_map(rest).map(|(first, rest)| std::iter::once(first).chain(rest).collect()).collect()
}

/// The smallest largest error of all allowed ways, if there is one.
fn best(policy: &Policy, pods: u32, one_of_each: bool) -> Option<u128> {
    let weights = weights(policy);
    let allowed = |counts: &Vec<u32>| {
        counts
            .iter()
            .zip(&weights)
            .all(|(count, weight)| if *weight == 0 { *count == 0 } else { !one_of_each || *count > 0 })
    };
    compositions(pods, weights.len()).iter().filter(|counts| allowed(counts)).map(|counts| worst(policy, counts)).min()
}

/// Policies of up to three canaries with small weights.
fn small() -> impl Strategy<Value = Policy> {
    (proptest::collection::vec(0..=40_u32, 1..=3), 0..=40_u32).prop_filter_map("a policy", |(weights, stable)| {
        let total = weights.iter().sum::<u32>() + stable;
        let canaries =
            weights.iter().enumerate().map(|(index, weight)| Canary::new(&format!("c{index}"), *weight).unwrap());
        Policy::new(canaries, Total::new(total).ok()?).ok()
    })
}

proptest! {
    #![proptest_config(cases(3_000))]

    /// The largest error is the smallest that any division has.
    #[test]
    fn no_division_is_closer(policy in prop_oneof![small(), strategy::policy()], pods in 1..=9_u32, one_of_each: bool) {
        match split(&policy, &params(pods, one_of_each)) {
            Ok(conversion) => {
                let counts = counts(&conversion.output);
                prop_assert_eq!(conversion.output.pods(), pods);
                prop_assert_eq!(Some(worst(&policy, &counts)), best(&policy, pods, one_of_each));
                for (count, weight) in counts.iter().zip(weights(&policy)) {
                    prop_assert!(weight > 0 || *count == 0);
                    prop_assert!(weight == 0 || !one_of_each || *count > 0);
                }
                let rounded = conversion.losses.iter().filter(|loss| matches!(loss, Loss::Rounded { .. })).count();
                prop_assert_eq!(rounded == 0, worst(&policy, &counts) == 0);
            }
            Err(error) => prop_assert_eq!(best(&policy, pods, one_of_each), None, "{}", error),
        }
    }

    /// `fewest` gives the smallest number of pods within the tolerance.
    #[test]
    fn no_smaller_number_of_pods_is_close_enough(policy in small(), parts in 0..=50_u32, one_of_each: bool) {
        let within_tolerance = |pods: u32| {
            let best = best(&policy, pods, one_of_each)?;
            (best * 100 <= u128::from(parts) * u128::from(pods) * u128::from(policy.total().get())).then_some(pods)
        };
        let found = fewest(&policy, Tolerance::new(parts, 100).unwrap(), &params(8, one_of_each));
        prop_assert_eq!(found.ok().map(|conversion| conversion.output.pods()), (1..=8).find_map(within_tolerance));
    }

    /// The error is below one pod for all weights.
    #[test]
    fn no_variant_is_a_whole_pod_off(policy in strategy::policy(), pods in 1..=1_000_000_u32) {
        let counts = counts(&split(&policy, &params(pods, false)).unwrap().output);
        prop_assert!(worst(&policy, &counts) < u128::from(policy.total().get()));
    }

    /// Every rule and affinity is a loss, and only these.
    #[test]
    fn every_rule_and_affinity_is_a_loss(policy in strategy::policy(), pods in 1..=100_u32) {
        let conversion = split(&policy, &params(pods, false)).unwrap();
        let parts: Vec<String> = conversion.losses.iter().map(|loss| loss.part().to_string()).collect();
        for (index, canary) in policy.canaries().iter().enumerate() {
            prop_assert_eq!(canary.header().is_some(), parts.contains(&format!("canaries[{index}].header")));
            prop_assert_eq!(canary.cookie().is_some(), parts.contains(&format!("canaries[{index}].cookie")));
        }
        prop_assert_eq!(policy.affinity() != &Affinity::None, parts.contains(&"affinity".to_owned()));
    }
}

/// Only a variant with a share needs a pod.
#[test]
fn too_few_pods_are_an_error_with_both_counts() {
    let policy = crate::util::policy("canaries: [{ name: a, weight: 1 }, { name: b, weight: 1 }, { name: c }]");
    let error = split(&policy, &params(2, true)).unwrap_err();
    assert_eq!(error.to_string(), "pods: 2 is fewer than the 3 variants that have a share");
}

/// The largest errors over all weights of 1 to 99 percent, in hundredths of a percentage point.
#[test]
fn largest_errors_with_one_pod_each() {
    for (pods, expected) in
        [(2, 4900), (3, 3233), (4, 2400), (5, 1900), (8, 1150), (10, 900), (20, 400), (25, 300), (50, 100), (100, 0)]
    {
        let error = |weight| {
            let policy = percent(weight);
            worst(&policy, &counts(&split(&policy, &params(pods, true)).unwrap().output)) * 100 / u128::from(pods)
        };
        assert_eq!((1..100).map(error).max(), Some(expected), "{pods}");
    }
}

/// The largest error is half a pod, which is 50 / N percentage points.
#[test]
fn largest_errors_without_one_pod_each() {
    for pods in 1..=200 {
        for weight in 0..=100 {
            let policy = percent(weight);
            let counts = counts(&split(&policy, &params(pods, false)).unwrap().output);
            assert!(worst(&policy, &counts) <= 50, "{pods} {weight}");
        }
    }
}

#[test]
fn a_weight_is_exact_at_multiples_of_its_denominator() {
    let exactly = |weight, most| {
        let conversion = fewest(&percent(weight), Tolerance::new(0, 1).unwrap(), &params(most, true));
        conversion.map(|conversion| conversion.exact().unwrap().pods())
    };
    for (weight, pods) in [(1, 100), (5, 20), (10, 10), (30, 10), (20, 5), (25, 4), (33, 100), (0, 1), (100, 1)] {
        assert_eq!(exactly(weight, 1000).unwrap(), pods, "{weight}");
        let multiples =
            (1..=200).filter(|pods| split(&percent(weight), &params(*pods, false)).unwrap().exact().is_ok());
        assert!(multiples.eq((1..=200).filter(|number| number % pods == 0)), "{weight}");
    }
    assert_eq!(
        exactly(1, 99).unwrap_err().to_string(),
        "pods: no number from 1 to 99 comes within 0/1: 100 pods are exact"
    );
}

/// Each row is the number of pods, the weight in percent, whether each variant gets a pod, and the pods of the canary.
#[test]
fn pods_of_one_canary() {
    for (pods, weight, one_of_each, canary) in [
        (1, 0, true, 0),
        (1, 100, true, 1),
        (1, 49, false, 0),
        (1, 50, false, 0),
        (1, 51, false, 1),
        (2, 1, true, 1),
        (2, 99, true, 1),
        (2, 75, false, 1),
        (5, 30, false, 1),
        (5, 90, true, 4),
        (5, 90, false, 4),
        (10, 0, true, 0),
        (10, 100, true, 10),
        (10, 5, false, 0),
        (10, 5, true, 1),
        (10, 95, true, 9),
        (10, 30, true, 3),
        (25, 98, true, 24),
        (1_000_000, 33, true, 330_000),
    ] {
        let replicas = split(&percent(weight), &params(pods, one_of_each)).unwrap().output;
        assert_eq!(
            (replicas.stable, replicas.canaries),
            (pods - canary, vec![canary]),
            "{pods} {weight} {one_of_each}"
        );
    }
}

#[test]
fn pods_of_several_canaries() {
    let split =
        |yaml: &str, pods, one_of_each| counts(&split(&policy(yaml), &params(pods, one_of_each)).unwrap().output);
    let tenths = "canaries: [{ name: a, weight: 10 }, { name: b, weight: 20 }, { name: c, weight: 0 }]";
    assert_eq!(split(tenths, 10, true), [7, 1, 2, 0]);
    assert_eq!(split(tenths, 3, true), [1, 1, 1, 0]);
    assert_eq!(split(tenths, 3, false), [2, 0, 1, 0]);
    let tiny = "canaries: [{ name: a, weight: 1 }, { name: b, weight: 1 }, { name: c, weight: 1 }]";
    assert_eq!(split(tiny, 10, true), [7, 1, 1, 1]);
    assert_eq!(split(tiny, 4, true), [1, 1, 1, 1]);
    let even = "{ total: 3, canaries: [{ name: a, weight: 1 }, { name: b, weight: 1 }] }";
    assert_eq!(split(even, 4, true), [2, 1, 1]);
    assert_eq!(split(even, 5, true), [2, 2, 1]);
    let vast = "{ total: 4294967295, canaries: [{ name: a, weight: 4000000000 }, { name: b, weight: 1 }] }";
    assert_eq!(split(vast, 1_000_000, true), [68_677, 931_322, 1]);
}

#[test]
fn losses_have_the_reason() {
    let losses = |yaml: &str, pods| -> Vec<String> {
        let conversion = split(&policy(yaml), &params(pods, false)).unwrap();
        texts(&conversion.losses)
    };
    let why = "is left out: a pod is chosen for a connection, before there is a request to match";
    assert_eq!(
        losses(
            "{ canaries: [{ name: a, weight: 5, header: { name: x-canary }, cookie: { name: cohort, value: beta } }, { name: b, weight: 50 }], affinity: { cookie: { name: route } } }",
            4
        ),
        [
            "canaries[0].weight: 5/100 is rounded to 0/4".to_owned(),
            format!("canaries[0].header: `x-canary` {why}"),
            format!("canaries[0].cookie: `cohort = beta` {why}"),
            format!("affinity: `cookie route` {why}"),
        ]
    );
    assert_eq!(
        losses("{ canaries: [{ weight: 25 }], affinity: { key: { header: x-user } } }", 4),
        [format!("affinity: `key header x-user` {why}")]
    );
}

#[test]
fn every_error_names_the_bound() {
    for (pods, text) in [
        (0, "0 is not a number of pods: expected 1 to 1000000"),
        (1_000_001, "1000001 is not a number of pods: expected 1 to 1000000"),
        (4_000_000_000, "4000000000 is not a number of pods: expected 1 to 1000000"),
    ] {
        assert_eq!(Pods::new(pods).unwrap_err().to_string(), text);
    }
    assert_eq!(
        Tolerance::new(1, 0).unwrap_err().to_string(),
        "1/0 is not a tolerance: expected a fraction from 0 to 1"
    );
    let three = policy("canaries: [{ name: a, weight: 10 }, { name: b, weight: 20 }]");
    assert_eq!(
        split(&three, &params(2, true)).unwrap_err().to_string(),
        "pods: 2 is fewer than the 3 variants that have a share"
    );
    assert_eq!(
        fewest(&three, Tolerance::new(1, 1).unwrap(), &params(2, true)).unwrap_err().to_string(),
        "pods: no number from 1 to 2 comes within 1/1: 10 pods are exact"
    );
    // The search ends at the bound.
    let vast = policy("{ total: 4294967295, canaries: [{ weight: 1 }] }");
    assert_eq!(
        fewest(&vast, Tolerance::new(0, 1).unwrap(), &params(1_000_000, false)).unwrap_err().to_string(),
        "pods: no number from 1 to 1000000 comes within 0/1: 4294967295 pods are exact"
    );
}

/// 1,000 canaries took 0.9 s for up to 1,000 pods, because the time for each number of pods grew with the square of the canaries.
#[test]
fn many_canaries_are_split_quickly() {
    let canaries: Vec<String> = (0..1_000).map(|n| format!("{{ name: c{n}, weight: 1 }}")).collect();
    let policy = policy(&format!("{{ total: 1001, canaries: [{}] }}", canaries.join(", ")));
    for one_of_each in [false, true] {
        let found = fewest(&policy, Tolerance::new(0, 1).unwrap(), &params(1_001, one_of_each)).unwrap().output;
        assert_eq!((found.stable, found.canaries), (1, vec![1; 1_000]));
    }
}

/// Tolerances are fractions: they are equal if their values are.
#[test]
fn tolerances_are_compared_by_value() {
    let tolerance = |parts, total| Tolerance::new(parts, total).unwrap();
    assert_eq!(tolerance(2, 100), tolerance(20_000, 1_000_000));
    assert_eq!(tolerance(0, 1), tolerance(0, 7));
    assert_ne!(tolerance(2, 100), tolerance(3, 100));
    assert_ne!(tolerance(1, 2), tolerance(2, 2));
}
