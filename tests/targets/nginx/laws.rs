//! Laws that hold for the annotations of every policy.

use canary_policy::policy::strategy::{self, PolicyParams};
use canary_policy::targets::nginx::{Flags, Prefix, annotations, read};
use canary_policy::{Policy, Total};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::util::cases;
use crate::util::reading::without_positions;
use crate::util::tally::Tally;

proptest! {
    #![proptest_config(cases(2_000))]

    /// A policy that ingress-nginx can express is read back. A total below 100 is written as a larger total with the same share,
    /// so that the policies are compared in lowest terms.
    #[test]
    fn policies_that_ingress_nginx_can_express_are_read_back(policy in any_with::<Policy>(PolicyParams::ingress_nginx())) {
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
    let policies = prop_oneof![2 => strategy::policy_with(&PolicyParams::ingress_nginx()), 1 => strategy::policy()];
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
