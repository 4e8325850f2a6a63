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

/// Tries 10,000 generated requests that the rules of both policies look at.
fn try_requests(a: &Policy, b: &Policy, runner: &mut TestRunner) {
    let (before, after) = (Selector::new(a), Selector::new(b));
    let requests = (request(a), request(b), any::<[u64; 10]>());
    for _ in 0..1000 {
        let (mut lines, others, samples) = requests.new_tree(runner).unwrap().current();
        lines.extend(others);
        // Servers remove spaces and tabs at the ends of values.
        lines.iter_mut().for_each(|(_, value)| *value = value.trim_matches([' ', '\t']).to_owned());
        for bits in samples {
            let sample = Sample::from_bits(bits);
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
    for round in 0..200 {
        let a = strategy::policy().new_tree(&mut runner).unwrap().current();
        let others = (0..9).filter_map(|change| changed(&a, change));
        for b in others.chain([a.clone()]).chain([strategy::policy().new_tree(&mut runner).unwrap().current()]) {
            match compare::policies(&a, &b) {
                Comparison::Same => {
                    // Every pair would take a minute.
                    if round % 20 == 0 {
                        try_requests(&a, &b, &mut runner);
                    }
                    same += 1;
                }
                Comparison::Differs(difference) => {
                    replay(&a, &b, &difference);
                    differs += 1;
                }
                other => {
                    eprintln!("{other}: {a:?} {b:?}");
                    undecided += 1;
                }
            }
        }
    }
    assert!(same > 400 && differs > 400 && undecided * 100 < same, "{same} {differs} {undecided}");
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
