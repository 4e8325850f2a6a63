//! Values of a policy: their bounds, and the weights and names of variants.

use canary_policy::policy::{CanaryName, CookieName};
use canary_policy::{
    Canary, CookieAffinity, HeaderRule, Invalid, KeyAffinity, Match, Policy, Selector, Spec, Total, Variant,
};

use crate::util::{CANARY, SECOND, STABLE, policy};

#[test]
fn bounds_are_inclusive() {
    assert!(CanaryName::new(&"x".repeat(63)).is_ok() && CanaryName::new(&"x".repeat(64)).is_err());
    assert!(CookieName::new(&"x".repeat(256)).is_ok() && CookieName::new(&"x".repeat(257)).is_err());
    assert!(HeaderRule::new(&"x".repeat(256), Match::AlwaysNever).is_ok());
    assert!(HeaderRule::new(&"x".repeat(257), Match::AlwaysNever).is_err());
    assert!(HeaderRule::new("x", Match::Exact("x".repeat(4096))).is_ok());
    assert!(HeaderRule::new("x", Match::Exact("x".repeat(4097))).is_err());
    assert!(HeaderRule::new("x", Match::Exact(String::new())).is_ok());
    assert!(CookieAffinity::new("a").unwrap().with_revision(&"x".repeat(63)).is_ok());
    assert!(CookieAffinity::new("a").unwrap().with_revision(&"x".repeat(64)).is_err());
    assert_eq!(Total::new(0), Err(Invalid::Total(0)));
    let all = Canary::new("canary", u32::MAX).unwrap();
    assert!(Policy::new([all], Total::new(u32::MAX).unwrap()).is_ok());
}

#[test]
fn a_reduced_policy_has_the_same_shares() {
    let rows = [
        ("{ total: 10, canaries: [{ weight: 3 }] }", "{ total: 10, canaries: [{ weight: 3 }] }"),
        ("{ total: 1000, canaries: [{ weight: 300 }] }", "{ total: 10, canaries: [{ weight: 3 }] }"),
        ("{ total: 100, canaries: [{ weight: 0 }] }", "{ total: 1, canaries: [{ weight: 0 }] }"),
        (
            "{ total: 100, canaries: [{ name: a, weight: 20 }, { name: b, weight: 30 }] }",
            "{ total: 10, canaries: [{ name: a, weight: 2 }, { name: b, weight: 3 }] }",
        ),
    ];
    for (written, reduced) in rows {
        assert_eq!(policy(written).reduced(), policy(reduced), "{written}");
    }
}

#[test]
fn values_can_be_shared_between_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Policy>();
    crosses::<Spec>();
    crosses::<Selector>();
    crosses::<canary_policy::InvalidPolicy>();
}

/// Each row is a variant, its name and its weight.
#[test]
fn variants_have_a_name_and_a_weight() {
    let policy = policy("{ total: 10, canaries: [{ name: blue, weight: 3 }, { name: green, weight: 4 }] }");
    let rows = [(STABLE, "stable", 3), (CANARY, "blue", 3), (SECOND, "green", 4)];
    assert!(policy.variants().eq(rows.map(|(variant, ..)| variant)));
    for (variant, name, weight) in rows {
        assert_eq!((policy.name(variant), policy.weight(variant)), (Some(name), weight));
    }
    let absent = Variant::Canary(2);
    assert_eq!((policy.name(absent), policy.weight(absent)), (None, 0));
    // All weights add up to the total.
    assert_eq!(policy.variants().map(|variant| policy.weight(variant)).sum::<u32>(), policy.total().get());
}

#[test]
fn a_weight_is_replaced_within_the_total() {
    let yaml = |weights: [u32; 2]| {
        format!(
            "{{ total: 10, canaries: [{{ name: a, weight: {}, header: {{ name: x }} }}, {{ name: b, weight: {} }}],
                affinity: {{ cookie: {{ name: route }} }} }}",
            weights[0], weights[1]
        )
    };
    let before = policy(&yaml([3, 4]));
    assert_eq!(before.clone().with_weight(0, 6).unwrap(), policy(&yaml([6, 4])));
    assert_eq!(before.clone().with_weight(1, 0).unwrap(), policy(&yaml([3, 0])));
    for (index, weight, error) in [
        (0, 7, "canaries: the weights add up to 11, more than the total 10"),
        (1, 11, "canaries[1].weight: 11 is more than the total 10"),
        (2, 1, "canaries[2]: there is no canary with index 2: the policy has 2, and the first has index 0"),
    ] {
        assert_eq!(before.clone().with_weight(index, weight).unwrap_err().to_string(), error);
    }
}

#[test]
fn a_total_is_written_and_read_as_a_number() {
    let total = Total::new(1000).unwrap();
    assert_eq!(serde_json::to_value(total).unwrap(), 1000);
    assert_eq!(serde_json::from_str::<Total>("1000").unwrap(), total);
    assert_eq!(
        serde_json::from_str::<Total>("0").unwrap_err().to_string(),
        "0 is not a total: expected 1 to 4294967295"
    );
}

/// Texts of a policy are texts to a program too.
#[test]
fn values_are_read_as_text() {
    let name = CanaryName::new("blue").unwrap();
    assert_eq!((name.as_ref(), name.as_str(), name.to_string().as_str()), ("blue", "blue", "blue"));
    assert_eq!("blue".parse::<CanaryName>().unwrap(), name);
    let key = KeyAffinity::header("x-user").unwrap();
    assert_eq!((key.salt(), key.clone().with_salt("2026").unwrap().salt()), ("", "2026"));
    for (affinity, text) in [
        ("{ canaries: [{}] }", "none"),
        ("{ canaries: [{}], affinity: { cookie: { name: r } } }", "cookie r"),
        ("{ canaries: [{}], affinity: { key: { header: x-user } } }", "key header x-user"),
    ] {
        assert_eq!(policy(affinity).affinity().to_string(), text);
    }
}
