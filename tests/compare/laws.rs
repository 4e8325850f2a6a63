//! Generated policies and requests.

use canary_policy::compare::{self, Comparison};
use canary_policy::policy::strategy;
use canary_policy::{Affinity, AffinityPrecedence, Canary, CookieAffinity, Policy, Sample, Selector, Total};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::brute_force::replay;
use crate::util::cases;
use crate::util::request::{Lines, request};

/// A decision with the name of its variant.
fn decided(
    selector: &Selector,
    lines: &Lines,
    sample: Sample,
) -> (String, canary_policy::Reason, Option<http::HeaderValue>) {
    let decision = selector.select(lines, sample);
    (selector.name(decision.variant).unwrap().to_owned(), decision.reason, decision.set_cookie)
}

/// Tries 10,000 generated requests: 100 that the rules of one policy look at, each with 100 that those of the other look at.
fn try_requests(a: &Policy, b: &Policy, runner: &mut TestRunner) {
    let (before, after) = (Selector::new(a), Selector::new(b));
    let mut hundred = |policy: &Policy| -> Vec<Lines> {
        let requests = request(policy);
        let generated = (0..100).map(|_| requests.new_tree(runner).unwrap().current());
        // Servers remove spaces and tabs at the ends of values.
        let trimmed = |(name, value): (String, String)| (name, value.trim_matches([' ', '\t']).to_owned());
        generated.map(|lines| lines.into_iter().map(trimmed).collect()).collect()
    };
    let (ones, others) = (hundred(a), hundred(b));
    for (place, one) in ones.iter().enumerate() {
        for (other_place, other) in others.iter().enumerate() {
            let lines = [one.as_slice(), other].concat();
            // A sample that is different for each request, from the lowest to the highest.
            let number = u32::try_from(place + 100 * other_place).unwrap();
            let sample = Sample::from_fraction(number, 10_000).unwrap();
            assert_eq!(decided(&before, &lines, sample), decided(&after, &lines, sample), "{lines:?} {a:?} {b:?}");
        }
    }
}

/// The same policy with one part changed in a way that may or may not make a difference.
fn changed(policy: &Policy, change: u8) -> Option<Policy> {
    let canaries = policy.canaries().to_vec();
    let total = policy.total();
    let with = |canaries: Vec<Canary>, total| {
        Some(Policy::new(canaries, total).ok()?.with_affinity(policy.affinity().clone()))
    };
    match (change, policy.affinity()) {
        // The same shares in other numbers.
        (0, _) => Some(policy.reduced()),
        (1, _) => {
            let doubled = |canary: &Canary| Some(canary.clone().with_weight(canary.weight().checked_mul(2)?));
            let total = Total::new(total.get().checked_mul(2)?).ok()?;
            with(canaries.iter().map(doubled).collect::<Option<_>>()?, total)
        }
        // A canary without a share that repeats the rules of the first one.
        (2, affinity) if !matches!(affinity, Affinity::Cookie(_)) => {
            let first = canaries.first()?;
            let mut last = Canary::new("last", 0).ok()?;
            last = first.header().cloned().into_iter().fold(last, Canary::with_header);
            last = first.cookie().cloned().into_iter().fold(last, Canary::with_cookie);
            with([canaries, vec![last]].concat(), total)
        }
        // What may matter and may not.
        (3, _) => with(canaries.iter().rev().cloned().collect(), total),
        (4, Affinity::Cookie(cookie)) => {
            let precedence = match cookie.precedence() {
                AffinityPrecedence::AfterRules => AffinityPrecedence::BeforeRules,
                AffinityPrecedence::BeforeRules => AffinityPrecedence::AfterRules,
            };
            Some(policy.clone().with_affinity(Affinity::Cookie(cookie.clone().with_precedence(precedence))))
        }
        (5, Affinity::Key(key)) => {
            Some(policy.clone().with_affinity(Affinity::Key(key.clone().with_salt("another").unwrap())))
        }
        (6, _) => Some(policy.clone().with_affinity(Affinity::None)),
        (7, _) => Some(policy.clone().with_affinity(Affinity::Cookie(CookieAffinity::new("route").unwrap()))),
        (8, _) => policy.clone().with_weight(0, policy.canaries()[0].weight() / 2).ok(),
        _ => None,
    }
}

/// Whatever the answer is, it is tried: a difference on both selectors, and a proof with 10,000 requests.
#[test]
fn answers_hold() {
    let mut runner = TestRunner::new(cases(1));
    let (mut same, mut differs, mut undecided) = (0, 0, 0);
    for _ in 0..60 {
        let a = strategy::policy().new_tree(&mut runner).unwrap().current();
        let others = (0..9).filter_map(|change| changed(&a, change));
        for b in others.chain([a.clone()]).chain([strategy::policy().new_tree(&mut runner).unwrap().current()]) {
            match compare::policies(&a, &b) {
                Comparison::Same => {
                    try_requests(&a, &b, &mut runner);
                    same += 1;
                }
                Comparison::Differs(difference) => {
                    replay(&a, &b, &difference);
                    differs += 1;
                }
                _ => undecided += 1,
            }
        }
    }
    assert!(same > 120 && differs > 120 && undecided * 20 < same, "{same} {differs} {undecided}");
}

proptest! {
    #![proptest_config(cases(300))]

    /// The order of the policies does not matter, and all changes begin with the smallest one.
    #[test]
    fn both_directions_agree(a in strategy::policy(), b in strategy::policy(), change in 0..9_u8) {
        for b in [changed(&a, change).unwrap_or_else(|| a.clone()), b] {
            let (there, back) = (compare::policies(&a, &b), compare::policies(&b, &a));
            match (&there, &back) {
                (Comparison::Differs(there), Comparison::Differs(back)) => {
                    prop_assert_eq!(there.request.size(), back.request.size(), "{} {}", there, back);
                }
                _ => prop_assert_eq!(&there, &back),
            }
            let changes = compare::changes(&a, &b);
            prop_assert_eq!(changes.comparison() == Comparison::Same, there == Comparison::Same);
            if let (Some(first), Comparison::Differs(smallest)) = (changes.differences.first(), &there) {
                prop_assert_eq!(first.request.size(), smallest.request.size());
            }
            for difference in &changes.differences {
                replay(&a, &b, difference);
            }
        }
    }

    /// A policy is the same as itself.
    #[test]
    fn a_policy_is_the_same_as_itself(a in strategy::policy()) {
        prop_assert_eq!(compare::policies(&a, &a.clone()), Comparison::Same);
    }
}
