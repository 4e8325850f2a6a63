//! What holds for every policy and every request.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::policy::{AffinitySpec, Name, strategy};
use canary_policy::targets::nginx::{Flags, Prefix, View, annotations, read};
use canary_policy::{
    Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern, Pins, Policy, SameSite, Sample, Selector,
    Spec, Total, Variant,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Header lines of any bytes, some under names that rules look at.
fn lines() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let names = prop_oneof![Just("cookie".to_owned()), "x-[a-z]{1,8}", "\\PC{0,8}"];
    let values = prop_oneof![
        vec(any::<u8>(), 0..64),
        "([a-z]{1,4}[=;,| \t]{0,2}){0,8}".prop_map(String::into_bytes),
        Just(b"always".to_vec()),
    ];
    vec((names, values), 0..6)
}

/// Policies that ingress-nginx can say whole.
fn sayable() -> impl Strategy<Value = Policy> {
    let basic = "[A-Za-z0-9._~/:-]{1,6}( [A-Za-z0-9._~/:-]{1,3})?";
    let matches = prop_oneof![
        Just(Match::AlwaysNever),
        basic.prop_map(Match::Exact),
        "\\^?[a-z]{1,3}(\\||\\.\\*|\\[0-9\\]\\+)?[a-z]{1,3}\\$?"
            .prop_map(|text| Match::Pattern(Pattern::new(&text).unwrap())),
    ];
    let header = ("[a-z][a-z0-9-]{0,8}", matches).prop_map(|(name, matches)| HeaderRule::new(&name, matches).unwrap());
    let cookie = basic.prop_map(|name| CookieRule::new(&name, Match::AlwaysNever).unwrap());
    let pins = prop_oneof![Just(Pins::Everyone), Just(Pins::Stable)];
    let affinity = (basic, pins, option::of(any::<u32>()), option::of("/[a-z?&=, ]{0,5}[a-z]"), any::<bool>());
    let affinity = affinity.prop_map(|(name, pins, max_age, path, secure)| {
        let cookie =
            CookieAffinity::new(&name).unwrap().with_pins(pins).with_secure(secure).with_same_site(SameSite::Lax);
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

/// Weights of 1 to 8 canaries that fit a total.
fn weights() -> impl Strategy<Value = (Vec<u32>, u32)> {
    (vec(0..=1000_u32, 1..=8), 0..=1000_u32).prop_map(|(weights, rest)| {
        let total = weights.iter().sum::<u32>() + rest;
        (weights, total.max(1))
    })
}

fn weighted(weights: &[u32], total: u32) -> Selector {
    let canaries =
        weights.iter().enumerate().map(|(index, &weight)| Canary::new(&format!("c{index}"), weight).unwrap());
    Selector::new(&Policy::new(canaries, Total::new(total).unwrap()).unwrap())
}

fn variant(selector: &Selector, sample: Sample) -> Variant {
    selector.select(&(), sample).variant
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_policy_is_what_its_spec_says(policy in strategy::policy()) {
        let spec = Spec::from(&policy);
        prop_assert_eq!(&Policy::try_from(spec.clone()).unwrap(), &policy);

        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Policy>(&json).unwrap(), &policy);
        let yaml = serde_saphyr::to_string(&spec).unwrap();
        prop_assert_eq!(&serde_saphyr::from_str::<Spec>(&yaml).unwrap(), &spec, "{}", yaml);
    }

    /// A spec that spells out what could be left out is the same policy, and comes back without it.
    #[test]
    fn a_spec_in_full_is_the_same_policy(policy in strategy::policy()) {
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
            cookie.precedence.get_or_insert_default();
            cookie.pins.get_or_insert_default();
            cookie.secure.get_or_insert_default();
        }
        if let Some(AffinitySpec { key: Some(key), .. }) = &mut full.affinity {
            key.salt.get_or_insert_default();
        }
        prop_assert_eq!(Spec::from(Policy::try_from(full).unwrap()), brief);
    }

    /// A total below 100 is written as a larger one with the same share, so it is compared in lowest terms.
    #[test]
    fn what_ingress_nginx_can_say_is_read_back(policy in sayable()) {
        let written = annotations(&policy, &Prefix::default()).exact();
        let reading = read(&written.unwrap(), &Flags::default()).unwrap();
        prop_assert_eq!(&reading.findings, &[]);
        if policy.total() >= Total::default() {
            prop_assert_eq!(&reading.policy, &policy);
        }
        prop_assert_eq!(reading.policy.reduced(), policy.reduced());
    }

    /// Any policy, sayable or not.
    #[test]
    fn annotations_without_losses_are_read_back(policy in strategy::policy()) {
        if let Ok(written) = annotations(&policy, &Prefix::default()).exact() {
            let reading = read(&written, &Flags::default()).unwrap();
            prop_assert_eq!(reading.policy.reduced(), policy.reduced());
        }
    }

    /// Whatever was lost, the annotations are ones the controller takes as they are.
    #[test]
    fn annotations_are_taken_as_written(policy in strategy::policy()) {
        let reading = read(&annotations(&policy, &Prefix::default()).output, &Flags::default()).unwrap();
        prop_assert_eq!(&reading.findings, &[]);
    }

    #[test]
    fn select_never_panics_and_names_a_variant_there_is(
        policy in strategy::policy(),
        lines in lines(),
        bits: u64,
    ) {
        let selector = Selector::new(&policy);
        let decision = selector.select(&lines, Sample::from_bits(bits));
        prop_assert!(decision.variant.index().is_none_or(|index| index < policy.canaries().len()));
        prop_assert_eq!(decision, selector.select(&lines, Sample::from_bits(bits)));
        let explained = selector.explain(&lines, Sample::from_bits(bits));
        prop_assert_eq!((explained.variant, explained.reason), (decision.variant, decision.reason));
        prop_assert_eq!(explained.steps.last().unwrap().outcome(), Some((decision.variant, decision.reason)));
        prop_assert_eq!(explained.steps.iter().filter(|step| step.outcome().is_some()).count(), 1);
        let keeps = matches!(policy.affinity(), Affinity::Cookie(_));
        prop_assert!(keeps || decision.set_cookie.is_none());
    }

    /// The cookie that a decision sets leads to the same variant, whatever the sample.
    #[test]
    fn a_cookie_keeps_its_variant(policy in strategy::policy(), first: u64, second: u64) {
        let rules_off: Vec<Canary> = policy.canaries().iter()
            .map(|canary| Canary::new(canary.name().as_str(), canary.weight()).unwrap()).collect();
        let policy = Policy::new(rules_off, policy.total()).unwrap().with_affinity(policy.affinity().clone());
        let selector = Selector::new(&policy);
        let decision = selector.select(&(), Sample::from_bits(first));
        if let Some(cookie) = decision.set_cookie {
            let pair = cookie.split(';').next().unwrap().to_owned();
            let again = selector.select(&[("cookie", pair)], Sample::from_bits(second));
            prop_assert_eq!((again.variant, again.set_cookie), (decision.variant, None));
        }
    }

    #[test]
    fn weight_0_never_and_weight_total_always(total in 1..=u32::MAX, bits: u64) {
        for bits in [bits, 0, u64::MAX] {
            let sample = Sample::from_bits(bits);
            prop_assert_eq!(variant(&weighted(&[0], total), sample), Variant::Stable);
            prop_assert_eq!(variant(&weighted(&[total], total), sample), Variant::Canary(0));
            prop_assert_eq!(variant(&weighted(&[0, total], total), sample), Variant::Canary(1));
        }
    }

    #[test]
    fn growing_a_weight_never_takes_a_client_away(
        (weights, total) in weights(),
        grown: prop::sample::Index,
        bits: u64,
    ) {
        let sample = Sample::from_bits(bits);
        let before = variant(&weighted(&weights, total), sample);
        let grown = grown.index(weights.len());
        let free = total - weights.iter().sum::<u32>().min(total);
        let mut larger = weights.clone();
        larger[grown] += free / 2 + free % 2;
        let after = variant(&weighted(&larger, total), sample);
        if before == Variant::Canary(grown) {
            prop_assert_eq!(after, before);
        }
        if weights.len() <= 2 && before != Variant::Stable {
            prop_assert_eq!(after, before, "one or two canaries never disturb each other");
        }
    }

    /// Exact shares: of all points of the total, each canary has as many as its weight.
    #[test]
    fn every_point_is_somebodys((weights, total) in weights()) {
        let selector = weighted(&weights, total);
        let mut counts = vec![0_u32; weights.len()];
        for point in 0..total {
            if let Variant::Canary(index) = variant(&selector, Sample::from_fraction(point, total).unwrap()) {
                counts[index] += 1;
            }
        }
        prop_assert_eq!(counts, weights);
    }

    #[test]
    fn a_total_that_keeps_the_share_moves_nobody(
        (weights, total) in weights(),
        factor in 1..=1000_u32,
        bits: u64,
    ) {
        let sample = Sample::from_bits(bits);
        let scaled: Vec<u32> = weights.iter().map(|weight| weight * factor).collect();
        let (one, other) = (weighted(&weights, total), weighted(&scaled, total * factor));
        prop_assert_eq!(variant(&one, sample), variant(&other, sample));
    }

    #[test]
    fn names_are_labels(text in "[a-zA-Z0-9-]{0,70}") {
        let inner = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let label = inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        prop_assert_eq!(Name::new(&text).is_ok(), label && text != "stable");
    }

    /// Whatever bytes come, nginx's view of them is a part of them, or 400.
    #[test]
    fn a_view_never_panics(lines in lines()) {
        if let Ok(view) = View::new(&lines) {
            prop_assert!(view.lines().len() <= lines.len());
            for (name, value) in view.lines() {
                prop_assert!(name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'));
                prop_assert!(!value.starts_with(b" ") && !value.ends_with(b" "));
            }
        }
    }
}
