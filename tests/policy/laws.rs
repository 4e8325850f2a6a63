//! Laws that hold for every policy.

use canary_policy::policy::{AffinitySpec, CanaryName, strategy};
use canary_policy::{Policy, Spec};
use proptest::prelude::*;

use crate::util::cases;

proptest! {
    #![proptest_config(cases(2_000))]

    /// A policy survives the way through its spec, JSON and YAML.
    #[test]
    fn a_policy_survives_its_spec(policy in strategy::policy()) {
        let spec = Spec::from(&policy);
        prop_assert_eq!(&Policy::try_from(spec.clone()).unwrap(), &policy);

        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Policy>(&json).unwrap(), &policy);
        let yaml = serde_saphyr::to_string(&spec).unwrap();
        prop_assert_eq!(&serde_saphyr::from_str::<Spec>(&yaml).unwrap(), &spec, "{}", yaml);
    }

    /// A spec with every default written out is the same policy, and is written without the defaults.
    #[test]
    fn a_spec_with_all_defaults_is_the_same_policy(policy in strategy::policy()) {
        let brief = Spec::from(&policy);
        let mut full = brief.clone();
        full.total.get_or_insert(100);
        for canary in &mut full.canaries {
            canary.name.get_or_insert("canary".to_owned());
            canary.weight.get_or_insert(0);
            for rule in canary.header.iter_mut() {
                rule.name.make_ascii_uppercase();
            }
        }
        if let Some(AffinitySpec { cookie: Some(cookie), .. }) = &mut full.affinity {
            cookie.precedence.get_or_insert("beforeRules".to_owned());
            cookie.pins.get_or_insert("everyone".to_owned());
            cookie.secure.get_or_insert_default();
        }
        if let Some(AffinitySpec { key: Some(key), .. }) = &mut full.affinity {
            key.salt.get_or_insert_default();
        }
        prop_assert_eq!(Spec::from(Policy::try_from(full).unwrap()), brief);
    }

    /// The name of a canary is a DNS label other than `stable`.
    #[test]
    fn names_are_dns_labels(text in "[a-zA-Z0-9-]{0,70}") {
        let inner = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let label = inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        prop_assert_eq!(CanaryName::new(&text).is_ok(), label && text != "stable");
    }
}
