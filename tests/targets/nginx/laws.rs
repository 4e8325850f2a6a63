//! Laws that hold for the annotations of every policy.

use canary_policy::policy::strategy;
use canary_policy::targets::nginx::{Flags, Prefix, annotations, read};
use canary_policy::{
    Affinity, AffinityScope, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern, Policy, SameSite, Total,
};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::util::cases;
use crate::util::reading::without_positions;
use crate::util::tally::Tally;

/// Policies that ingress-nginx can express without a loss.
fn expressible() -> impl Strategy<Value = Policy> {
    let basic = "[A-Za-z0-9._~/:-]{1,6}( [A-Za-z0-9._~/:-]{1,3})?";
    let value_match = prop_oneof![
        Just(Match::AlwaysNever),
        basic.prop_map(Match::Exact),
        "\\^?[a-z]{1,3}(\\||\\.\\*|\\[0-9\\]\\+)?[a-z]{1,3}\\$?"
            .prop_map(|text| Match::Pattern(Pattern::new(&text).unwrap())),
    ];
    let header = ("[a-z][a-z0-9-]{0,8}", value_match)
        .prop_map(|(name, value_match)| HeaderRule::new(&name, value_match).unwrap());
    let cookie = basic.prop_map(|name| CookieRule::new(&name, Match::AlwaysNever).unwrap());
    let scope = prop_oneof![Just(AffinityScope::AllVariants), Just(AffinityScope::StableOnly)];
    let affinity = (basic, scope, option::of(any::<u32>()), option::of("/[a-z?&=, ]{0,5}[a-z]"), any::<bool>());
    let affinity = affinity.prop_map(|(name, scope, max_age, path, secure)| {
        let cookie =
            CookieAffinity::new(&name).unwrap().with_scope(scope).with_secure(secure).with_same_site(SameSite::Lax);
        let cookie = max_age.into_iter().fold(cookie, CookieAffinity::with_max_age);
        Affinity::Cookie(path.into_iter().fold(cookie, |cookie, path| cookie.with_path(&path).unwrap()))
    });
    let total = prop_oneof![1..=100_u32, 100..=1000_u32, 1..=u32::MAX];
    let parts = (total, any::<u32>(), "[a-z]{1,9}", option::of(header), option::of(cookie), option::of(affinity));
    parts.prop_map(|(total, weight, name, header, cookie, affinity)| {
        let weight = u32::try_from(u64::from(weight) % (u64::from(total) + 1)).unwrap();
        let canary = Canary::new(&format!("x{name}"), weight).unwrap();
        let canary = header.into_iter().fold(canary, Canary::with_header);
        let canary = cookie.into_iter().fold(canary, Canary::with_cookie);
        let policy = Policy::new([canary], Total::new(total).unwrap()).unwrap();
        affinity.into_iter().fold(policy, Policy::with_affinity)
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A policy that ingress-nginx can express is read back. A total below 100 is written as a larger total with the same share,
    /// so that the policies are compared in lowest terms.
    #[test]
    fn policies_that_ingress_nginx_can_express_are_read_back(policy in expressible()) {
        let written = annotations(&policy, &Prefix::default()).exact();
        let reading = read(&written.unwrap(), &Flags::default()).unwrap();
        prop_assert_eq!(&reading.findings, &[]);
        if policy.total() >= Total::default() {
            prop_assert_eq!(&reading.policy, &policy);
        }
        prop_assert_eq!(reading.policy.reduced(), policy.reduced());
    }

    /// The controller reads every annotation as it is written, whatever the losses are.
    #[test]
    fn annotations_mean_what_they_say(policy in strategy::policy()) {
        let reading = read(&annotations(&policy, &Prefix::default()).output, &Flags::default()).unwrap();
        prop_assert_eq!(&reading.findings, &[]);
    }
}

/// Annotations without a loss are read back to the policy that they were written from, whatever the policy is.
#[test]
fn annotations_without_losses_are_read_back() {
    let tally = Tally::default();
    let policies = prop_oneof![2 => expressible(), 1 => strategy::policy()];
    let result = TestRunner::new(cases(3_000)).run(&policies, |policy| {
        let conversion = annotations(&policy, &Prefix::default());
        if !conversion.losses.is_empty() {
            tally.losses(&conversion.losses);
            return Ok(());
        }
        tally.exact(&policy);
        let reading = read(&conversion.output, &Flags::default()).unwrap();
        prop_assert_eq!(reading.policy.reduced(), without_positions(&policy).reduced());
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let inexpressible = [
        "several canaries",
        "cookie: value",
        "cookie: pattern",
        "affinity cookie after the rules",
        "revision",
        "affinity key",
    ];
    tally.hold("annotations", 65, &inexpressible);
}
