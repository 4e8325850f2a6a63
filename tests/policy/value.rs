//! Values of a policy: their bounds, and the weights and names of variants.

use canary_policy::policy::{CanaryName, CookieName, Ratio};
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

/// A canary without a share has no interval, wherever its position is.
#[test]
fn intervals_are_those_of_the_shares() {
    let intervals = |yaml: &str| policy(yaml).intervals().iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = [
        ("canaries: [{ name: a }, { name: b, weight: 20 }]", vec!["0..80 stable", "80..100 canaries[1]"]),
        (
            "canaries: [{ name: a, weight: 10, position: 20 }, { name: b, position: 25 }]",
            vec!["0..20 stable", "20..30 canaries[0]", "30..100 stable"],
        ),
    ];
    for (yaml, expected) in rows {
        assert_eq!(intervals(yaml), expected, "{yaml}");
    }
    let with_position = policy("canaries: [{ weight: 10, position: 20 }]").reduced();
    assert_eq!(with_position, policy("{ total: 10, canaries: [{ weight: 1, position: 2 }] }"));
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

/// An affinity cookie gives back what it was given, and its path and domain have bounds.
#[test]
fn the_parts_of_an_affinity_cookie_have_bounds() {
    let cookie = || CookieAffinity::new("r").unwrap();
    let full =
        cookie().with_revision("7").unwrap().with_path("/a").unwrap().with_domain("a.test").unwrap().with_max_age(60);
    assert_eq!(
        (full.revision(), full.path(), full.domain(), full.max_age()),
        (Some("7"), Some("/a"), Some("a.test"), Some(60))
    );
    assert_eq!((cookie().revision(), cookie().path(), cookie().domain(), cookie().max_age()), (None, None, None, None));

    let path = |length: usize| cookie().with_path(&format!("/{}", "x".repeat(length - 1)));
    assert!(path(1).is_ok() && path(1023).is_ok() && path(1024).is_ok() && path(1025).is_err() && path(2000).is_err());
    for (path, valid) in [
        ("/a b", true),
        ("/ ", true),
        ("/~", true),
        ("/a;b", false),
        ("/\u{1f}", false),
        ("/\u{7f}", false),
        ("a", false),
        ("", false),
    ] {
        assert_eq!(cookie().with_path(path).is_ok(), valid, "{path:?}");
    }
    let domain = |length: usize| cookie().with_domain(&"a.".repeat(200)[..length]);
    assert!(domain(251).is_ok() && domain(253).is_ok() && domain(255).is_err() && domain(301).is_err());
    for (domain, valid) in
        [(".a.test", true), ("A.test", true), ("a..test", false), ("-a.test", false), ("a.test.", false)]
    {
        assert_eq!(cookie().with_domain(domain).is_ok(), valid, "{domain}");
    }
    let host = CookieAffinity::new("__Host-r").unwrap();
    assert!(
        host.clone().with_path("/").is_ok()
            && host.clone().with_path("/a").is_err()
            && host.with_domain("a.test").is_err()
    );
}

/// Rules and canaries are texts for people.
#[test]
fn rules_and_canaries_have_a_text() {
    let policy = policy(
        "canaries: [{ name: blue, weight: 5, header: { name: X-A, value: b }, cookie: { name: c, pattern: ^d } }]",
    );
    let canary = &policy.canaries()[0];
    assert_eq!(canary.header().unwrap().to_string(), "x-a = b");
    assert_eq!(canary.cookie().unwrap().to_string(), "c ~ ^d");
    assert!(canary.to_string().contains("blue"), "{canary}");
}

/// A ratio is shown as it is, and is a number from 0 to 1.
#[test]
fn a_ratio_has_a_text_and_a_value() {
    let ratio = Ratio::new(30, 100);
    assert_eq!((ratio.to_string().as_str(), ratio.reduced().to_string().as_str()), ("30/100", "3/10"));
    assert_eq!(Ratio::new(7, 3).reduced(), Ratio::new(7, 3));
    assert_eq!(Ratio::new(0, 5).reduced(), Ratio::new(0, 1));
    for (parts, total, value) in [
        (1, 4, 0.25),
        (3, 4, 0.75),
        (0, 7, 0.0),
        (7, 7, 1.0),
        (1 << 65, 1 << 66, 0.5),
        ((1 << 64) + (1 << 63), 1 << 65, 0.75),
    ] {
        assert!((Ratio::new(parts, total).as_f64() - value).abs() < 1e-12, "{parts}/{total}");
    }
    assert_eq!(Total::new(1000).unwrap().to_string(), "1000");
}

#[test]
fn a_variant_is_read_from_its_text() {
    for (text, variant) in [("stable", STABLE), ("canaries[0]", CANARY), ("canaries[1]", SECOND)] {
        assert_eq!((text.parse(), variant.to_string().as_str()), (Ok(variant), text));
    }
    for text in ["canary", "canaries[]", "canaries[-1]", "canaries[a]", "canaries[0", "Stable", ""] {
        assert!(text.parse::<Variant>().is_err(), "{text}");
    }
}
