//! The strategies generate what their names promise.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use canary_policy::policy::strategy::{PolicyParams, nearly_valid_spec, policy_with, request};
use canary_policy::targets::nginx::{Prefix, annotations};
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd};
use canary_policy::{
    Affinity, Canary, CookieRule, HeaderRule, Match, Policy, Reason, Sample, Selector, Spec, Total, Variant,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};

use crate::util::cases;
use crate::util::route::route;

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn annotations_express_policies_for_ingress_nginx(policy in any_with::<Policy>(PolicyParams::ingress_nginx())) {
        prop_assert_eq!(annotations(&policy, &Prefix::default()).losses, []);
    }

    #[test]
    fn targets_with_rules_express_policies_for_them(policy in any_with::<Policy>(PolicyParams::rule_targets())) {
        let route = route(&policy).with_parents(["public".parse().unwrap()]).unwrap();
        let losses = [
            gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().losses,
            istio::virtual_service(&policy, &route, &istio::VirtualServiceParams::default()).unwrap().losses,
            linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap().losses,
            gloo::virtual_service(&policy, &route).unwrap().losses,
            envoy::route_configuration(&policy, &route, &envoy::RouteParams::default()).unwrap().losses,
        ];
        prop_assert_eq!(losses.concat(), []);
    }

    #[test]
    fn a_nearly_valid_spec_has_its_problem_and_no_other((spec, defect) in nearly_valid_spec()) {
        let error = Policy::try_from(spec).unwrap_err();
        let index = |field: &str| field.replace(|letter: char| letter.is_ascii_digit(), "0");
        for problem in &error.problems {
            prop_assert_eq!(index(&problem.field), defect.field(), "{}", error);
        }
    }
}

#[test]
fn parameters_hold() {
    let params = PolicyParams::default().with_canaries(5..=6).with_totals(7..=12).without_rules().without_affinity();
    let (policies, mut runner) = (policy_with(&params), TestRunner::deterministic());
    for _ in 0..200 {
        let policy = policies.new_tree(&mut runner).unwrap().current();
        assert!((5..=6).contains(&policy.canaries().len()) && (7..=12).contains(&policy.total().get()), "{policy:?}");
        assert_eq!(policy.affinity(), &Affinity::None);
        assert!(policy.canaries().iter().all(|canary| canary.header().is_none() && canary.cookie().is_none()));
    }
}

/// Without patterns, every other match occurs in both kinds of rules.
#[test]
fn a_policy_without_patterns_has_every_other_match() {
    let policies = policy_with(&PolicyParams::default().without_patterns());
    let (mut runner, mut found) = (TestRunner::deterministic(), BTreeSet::new());
    for _ in 0..200 {
        for canary in policies.new_tree(&mut runner).unwrap().current().canaries() {
            let [header, cookie] =
                [canary.header().map(HeaderRule::value_match), canary.cookie().map(CookieRule::value_match)];
            for (rule, value_match) in [("header", header), ("cookie", cookie)] {
                found.extend(value_match.map(|value_match| match value_match {
                    Match::AlwaysNever => (rule, "always and never"),
                    Match::Exact(_) => (rule, "exact"),
                    Match::Pattern(_) => (rule, "pattern"),
                }));
            }
        }
    }
    let expected = ["header", "cookie"].map(|rule| ["always and never", "exact"].map(|kind| (rule, kind)));
    assert_eq!(found, expected.into_iter().flatten().collect());
}

#[test]
fn an_empty_range_stands_for_the_least() {
    let params = PolicyParams::default().with_canaries(0..=0).with_totals(RangeInclusive::new(7, 3));
    let policy = policy_with(&params).new_tree(&mut TestRunner::deterministic()).unwrap().current();
    assert_eq!((policy.canaries().len(), policy.total().get()), (1, 7));
}

/// Each canary's rules decide, and so does affinity; there are also requests that are left to the weights.
#[test]
fn requests_are_decided_in_every_way() {
    let mut runner = TestRunner::deterministic();
    let policies = policy_with(&PolicyParams::rule_targets());
    for _ in 0..100 {
        let policy = policies.new_tree(&mut runner).unwrap().current();
        let (selector, requests) = (Selector::new(&policy), request(&policy));
        let decisions: BTreeSet<(Reason, Variant)> = (0..500)
            .map(|_| requests.new_tree(&mut runner).unwrap().current())
            .map(|request| selector.select(&request[..], Sample::MIN))
            .map(|decision| (decision.reason, decision.variant))
            .collect();
        let expected = policy.canaries().iter().enumerate().flat_map(|(index, canary)| {
            let header = canary.header().map(|_| (Reason::Header, Variant::Canary(index)));
            let cookie = canary.cookie().map(|_| (Reason::Cookie, Variant::Canary(index)));
            header.into_iter().chain(cookie)
        });
        let pinned = matches!(policy.affinity(), Affinity::Cookie(_)).then_some((Reason::Affinity, Variant::Stable));
        for way in expected.chain(pinned) {
            assert!(decisions.contains(&way), "{way:?} never occurs with {}", serde_json::to_string(&policy).unwrap());
        }
        assert!(decisions.iter().any(|(reason, _)| *reason == Reason::Weight));
    }
}

/// A failing policy shrinks to the smallest: one canary without anything else, with the least weight that fails.
#[test]
fn a_policy_shrinks_to_the_smallest_that_fails() {
    let share = |policy: &Policy| f64::from(policy.canaries()[0].weight()) / f64::from(policy.total().get());
    let params = PolicyParams::default().with_totals(1000..=1000);
    let result = TestRunner::deterministic().run(&policy_with(&params), |policy| {
        prop_assert!(share(&policy) < 0.25);
        Ok(())
    });
    let Err(TestError::Fail(_, smallest)) = result else { panic!("{result:?}") };
    let expected = Policy::new([Canary::new("canary", 250).unwrap()], Total::new(1000).unwrap()).unwrap();
    assert_eq!(Spec::from(smallest), Spec::from(expected));
}
