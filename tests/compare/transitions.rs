//! The shares that go from one variant to another.

use canary_policy::compare::{self, Draw, Transition};
use canary_policy::policy::strategy;
use canary_policy::{Affinity, Policy, Sample, Selector};
use proptest::prelude::*;

use crate::util::{cases, policy, texts};

/// Each row is two policies, where their samples come from, and the shares.
#[test]
fn shares_are_exact() {
    let third = "{ total: 3, canaries: [{ weight: 1 }] }";
    let half = "{ total: 2, canaries: [{ weight: 1 }] }";
    let keyed = "{ total: 2, canaries: [{ weight: 1 }], affinity: { key: { header: x-user, salt: s } } }";
    let keyed_third = "{ total: 3, canaries: [{ weight: 1 }], affinity: { key: { header: x-user, salt: s } } }";
    let salted = "{ total: 2, canaries: [{ weight: 1 }], affinity: { key: { header: x-user, salt: t } } }";
    let two = "{ total: 10, canaries: [{ name: a, weight: 2 }, { name: b, weight: 3 }] }";
    let reordered = "{ total: 10, canaries: [{ name: b, weight: 3 }, { name: a, weight: 2 }] }";
    let rows: [(&str, &str, Draw, &[&str]); 8] = [
        (third, third, Draw::Caller, &["2/3 stay with stable", "1/3 stay with canary"]),
        (third, half, Draw::Caller, &["3/6 stay with stable", "1/6 from stable to canary", "2/6 stay with canary"]),
        (half, third, Draw::Caller, &["3/6 stay with stable", "1/6 from canary to stable", "2/6 stay with canary"]),
        (
            keyed,
            keyed_third,
            Draw::Client,
            &["3/6 stay with stable", "1/6 from canary to stable", "2/6 stay with canary"],
        ),
        (
            keyed,
            salted,
            Draw::Independent,
            &["1/4 stay with stable", "1/4 from stable to canary", "1/4 from canary to stable", "1/4 stay with canary"],
        ),
        (
            third,
            keyed,
            Draw::Independent,
            &["2/6 stay with stable", "2/6 from stable to canary", "1/6 from canary to stable", "1/6 stay with canary"],
        ),
        (two, two, Draw::Caller, &["5/10 stay with stable", "2/10 stay with a", "3/10 stay with b"]),
        // Canary `a` has points 0 and 1 before, and 8 and 9 after; `b` has points 7 to 9 before, and 0 to 2 after.
        (
            two,
            reordered,
            Draw::Caller,
            &[
                "4/10 stay with stable",
                "1/10 from stable to b",
                "2/10 from a to b",
                "1/10 from b to stable",
                "2/10 from b to a",
            ],
        ),
    ];
    for (a, b, draw, shares) in rows {
        let transitions = compare::transitions(&policy(a), &policy(b));
        let expected: Vec<String> = shares.iter().map(ToString::to_string).collect();
        assert_eq!((transitions.draw, texts(&transitions.transitions)), (draw, expected), "{a} {b}");
    }
}

/// The largest totals, whose common multiple is just below 2^64.
#[test]
fn totals_of_billions_are_exact() {
    let a = policy("{ total: 4294967295, canaries: [{ weight: 1 }] }");
    let b = policy("{ total: 4294967294, canaries: [{ weight: 1 }] }");
    let transitions = compare::transitions(&a, &b).transitions;
    let total = 4_294_967_295_u128 * 4_294_967_294;
    let moved: Vec<&Transition> = transitions.iter().filter(|one| one.from != one.to).collect();
    assert_eq!((moved.len(), moved[0].share.parts, moved[0].share.total), (1, 1, total));
    assert_eq!(moved[0].to_string(), format!("1/{total} from stable to canary"));
    // One part of almost 2^64 has a sample, and it is found.
    let compare::Comparison::Differs(difference) = compare::policies(&a, &b) else { panic!() };
    super::brute_force::replay(&a, &b, &difference);
}

/// The share of each variant before and after, from the shares that go and come.
fn sums(policy: &Policy, name: impl Fn(&Transition) -> &str, transitions: &[Transition]) {
    for variant in policy.variants() {
        let of = transitions.iter().filter(|one| Some(name(one)) == policy.name(variant));
        let (parts, total) = of.fold((0, 1), |(parts, _), one| (parts + one.share.parts, one.share.total));
        assert_eq!(parts * u128::from(policy.total().get()), u128::from(policy.weight(variant)) * total);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// The shares add up to the total and to the weights, and a share is above 0 if and only if there is such a sample.
    #[test]
    fn shares_add_up(a in strategy::policy(), b in strategy::policy(), bits: u64) {
        let transitions = compare::transitions(&a, &b).transitions;
        let total = transitions[0].share.total;
        prop_assert!(transitions.iter().all(|one| one.share.total == total && one.share.parts > 0));
        prop_assert_eq!(transitions.iter().map(|one| one.share.parts).sum::<u128>(), total);
        sums(&a, |one| &one.from, &transitions);
        sums(&b, |one| &one.to, &transitions);

        let (a, b) = (a.with_affinity(Affinity::None), b.with_affinity(Affinity::None));
        let transitions = compare::transitions(&a, &b).transitions;
        let (before, after) = (Selector::new(&a), Selector::new(&b));
        let pair = |bits: u64| {
            let sample = Sample::from_bits(bits);
            let (from, to) = (before.select(&(), sample).variant, after.select(&(), sample).variant);
            (before.name(from).unwrap().to_owned(), after.name(to).unwrap().to_owned())
        };
        let listed = |(from, to): &(String, String)| transitions.iter().any(|one| one.from == *from && one.to == *to);
        prop_assert!(listed(&pair(bits)));
        // The samples at which a variant begins, in either policy, are of all transitions that there are.
        let starts = [&a, &b].into_iter().flat_map(|policy| {
            let total = policy.total().get();
            let steps = Selector::new(policy).explain(&(), Sample::MIN).steps;
            let Some(canary_policy::select::Step::Weights { intervals, .. }) = steps.last().cloned() else { panic!() };
            intervals.into_iter().map(move |interval| Sample::from_fraction(interval.start, total).unwrap().bits())
        });
        let pairs: std::collections::BTreeSet<_> = starts.map(pair).collect();
        let all = transitions.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
        prop_assert_eq!(pairs, all);
    }
}
