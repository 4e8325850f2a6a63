//! Laws that hold for every policy and every request.

use canary_policy::policy::strategy;
use canary_policy::select::Step;
use canary_policy::{Affinity, AffinityPrecedence, Canary, Policy, Reason, Sample, Selector, Total, Variant};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::util::former_tokens::{former_tokens, selector};
use crate::util::request::{any_lines, policy_and_request};
use crate::util::{cases, returned_cookie};

/// The weights of 1 to 8 canaries, and a total that holds them.
fn weights() -> impl Strategy<Value = (Vec<u32>, u32)> {
    (vec(0..=1000_u32, 1..=8), 0..=1000_u32).prop_map(|(weights, rest)| {
        let total = weights.iter().sum::<u32>() + rest;
        (weights, total.max(1))
    })
}

/// Canaries with these weights.
fn policy_of(weights: &[u32], total: u32) -> Policy {
    let canaries =
        weights.iter().enumerate().map(|(index, &weight)| Canary::new(&format!("c{index}"), weight).unwrap());
    Policy::new(canaries, Total::new(total).unwrap()).unwrap()
}

fn weighted(weights: &[u32], total: u32) -> Selector {
    Selector::new(&policy_of(weights, total))
}

/// The variant of a request without headers.
fn variant(selector: &Selector, sample: Sample) -> Variant {
    selector.select(&(), sample).variant
}

/// The reason of a decision by this step.
fn reason(step: &Step) -> Reason {
    match step {
        Step::Match { reason, .. } => *reason,
        Step::Weights { .. } => Reason::Weight,
        other => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A former token decides in the place of the cookie, and the client gets a cookie that keeps its variant. Every other request
    /// is decided as without former tokens.
    #[test]
    fn a_former_token_decides_as_the_cookie_that_it_becomes((policy, request) in policy_and_request(), bits: u64) {
        let (Affinity::Cookie(cookie), tokens) = (policy.affinity(), former_tokens(&policy)) else { return Ok(()) };
        let (with, without) = (selector(&policy, tokens.as_ref()), Selector::new(&policy));
        let sample = Sample::from_bits(bits);
        let (decision, of_policy) = (with.select(&request, sample), without.select(&request, sample));
        // No cookie is sent twice here, and no value has a blank.
        let start = format!("{}=", cookie.name());
        let pairs = request.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, value)| value.split("; "));
        let value = pairs.filter_map(|pair| pair.strip_prefix(start.as_str())).last();
        let token = value.and_then(|value| value.split('|').filter(|field| !field.is_empty()).nth(1));
        let pinned = tokens.as_ref().and_then(|tokens| {
            policy.variants().find(|variant| tokens.token(*variant).is_some_and(|own| Some(own.as_str()) == token))
        });
        let by_rule = matches!(of_policy.reason, Reason::Header | Reason::Cookie);
        let after_rules = cookie.precedence() == AffinityPrecedence::AfterRules;
        match pinned.filter(|_| !(by_rule && after_rules)) {
            None => prop_assert_eq!(decision, of_policy),
            Some(variant) => {
                prop_assert_eq!((decision.variant, decision.reason), (variant, Reason::Affinity));
                let returned = [("cookie", returned_cookie(&decision.set_cookie.unwrap()))];
                let next = with.select(&returned, sample);
                prop_assert_eq!((next.variant, next.reason, next.set_cookie), (variant, Reason::Affinity, None));
            }
        }
    }

    /// Every decision names a variant of the policy, is the same for the same input, and is what its explanation says.
    #[test]
    fn every_request_gets_a_variant_of_the_policy(
        policy in strategy::policy(),
        lines in any_lines(),
        bits: u64,
    ) {
        let selector = Selector::new(&policy);
        let decision = selector.select(&lines, Sample::from_bits(bits));
        prop_assert!(decision.variant.index().is_none_or(|index| index < policy.canaries().len()));
        prop_assert_eq!(&decision, &selector.select(&lines, Sample::from_bits(bits)));
        let explained = selector.explain(&lines, Sample::from_bits(bits));
        prop_assert_eq!((explained.variant, explained.reason), (decision.variant, decision.reason));
        let last = explained.steps.last().unwrap();
        prop_assert_eq!((last.decided(), reason(last)), (Some(decision.variant), decision.reason));
        prop_assert_eq!(explained.steps.iter().filter(|step| step.decided().is_some()).count(), 1);
        let keeps = matches!(policy.affinity(), Affinity::Cookie(_));
        prop_assert!(keeps || decision.set_cookie.is_none());
    }

    /// A client that returns the cookie of a decision gets the same variant for every sample.
    #[test]
    fn a_returned_cookie_keeps_the_variant(policy in strategy::policy(), first: u64, second: u64) {
        let without_rules: Vec<Canary> = policy.canaries().iter()
            .map(|canary| Canary::new(canary.name().as_str(), canary.weight()).unwrap()).collect();
        let policy = Policy::new(without_rules, policy.total()).unwrap().with_affinity(policy.affinity().clone());
        let selector = Selector::new(&policy);
        let decision = selector.select(&(), Sample::from_bits(first));
        if let Some(cookie) = decision.set_cookie {
            let again = selector.select(&[("cookie", returned_cookie(&cookie))], Sample::from_bits(second));
            prop_assert_eq!((again.variant, again.set_cookie), (decision.variant, None));
        }
    }

    /// A canary of weight 0 never gets a request by weight, and a canary of weight `total` gets all of them.
    #[test]
    fn weight_0_is_never_and_weight_total_is_always(total in 1..=u32::MAX, bits: u64) {
        for bits in [bits, 0, u64::MAX] {
            let sample = Sample::from_bits(bits);
            prop_assert_eq!(variant(&weighted(&[0], total), sample), Variant::Stable);
            prop_assert_eq!(variant(&weighted(&[total], total), sample), Variant::Canary(0));
            prop_assert_eq!(variant(&weighted(&[0, total], total), sample), Variant::Canary(1));
        }
    }

    /// A canary that grows keeps every client it has.
    #[test]
    fn a_growing_canary_never_loses_a_client(
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
            prop_assert_eq!(after, before, "one or two canaries never take clients from each other");
        }
    }

    /// A canary keeps every client that it has if its weight does not fall and no weight before it on its side changes,
    /// whatever else changes: the side of a canary is every second canary.
    #[test]
    fn a_canary_keeps_its_clients_if_its_side_before_it_stays(
        (weights, total) in weights(),
        other in vec(0..=1000_u32, 8),
        canary: prop::sample::Index,
        bits: u64,
    ) {
        let canary = canary.index(weights.len());
        let kept = |index: usize| index <= canary && index % 2 == canary % 2;
        // The other weights fall or grow, as far as the total allows, and then the canary's own weight grows.
        let mut free = total - (0..weights.len()).filter(|index| kept(*index)).map(|index| weights[index]).sum::<u32>();
        let mut changed = weights.clone();
        for index in (0..weights.len()).filter(|index| !kept(*index)) {
            changed[index] = other[index].min(free);
            free -= changed[index];
        }
        changed[canary] += free / 2;
        let sample = Sample::from_bits(bits);
        if variant(&weighted(&weights, total), sample) == Variant::Canary(canary) {
            prop_assert_eq!(variant(&weighted(&changed, total), sample), Variant::Canary(canary));
        }
    }

    /// A policy with the positions that it has decides as without them.
    #[test]
    fn positions_that_are_written_down_change_no_decision((weights, total) in weights(), bits: u64) {
        let policy = policy_of(&weights, total);
        let sample = Sample::from_bits(bits);
        let positioned = policy.clone().with_positions();
        prop_assert!(positioned.canaries().iter().all(|canary| canary.position().is_some()));
        prop_assert_eq!(variant(&Selector::new(&policy), sample), variant(&Selector::new(&positioned), sample));
        prop_assert_eq!(positioned.intervals(), policy.intervals());
    }

    /// With positions, a canary has the same clients before and after another one is removed, and whatever the order is.
    #[test]
    fn a_canary_with_a_position_keeps_its_clients(
        (weights, total) in weights(),
        removed: prop::sample::Index,
        reverse: bool,
        bits: u64,
    ) {
        let before = policy_of(&weights, total).with_positions();
        let removed = removed.index(weights.len());
        let mut canaries: Vec<Canary> = before.canaries().to_vec();
        if weights.len() > 1 {
            canaries.remove(removed);
        }
        if reverse {
            canaries.reverse();
        }
        let after = Policy::new(canaries, before.total()).unwrap();
        let sample = Sample::from_bits(bits);
        let name = |policy: &Policy| policy.name(variant(&Selector::new(policy), sample)).unwrap().to_owned();
        let gone = before.canaries()[removed].name().as_str();
        let expected = if weights.len() > 1 && name(&before) == gone { "stable".to_owned() } else { name(&before) };
        prop_assert_eq!(name(&after), expected);
    }

    /// Shares are exact: of all points of the total, each canary has as many as its weight.
    #[test]
    fn each_canary_has_as_many_points_as_its_weight((weights, total) in weights()) {
        let selector = weighted(&weights, total);
        let mut counts = vec![0_u32; weights.len()];
        for point in 0..total {
            if let Variant::Canary(index) = variant(&selector, Sample::from_fraction(point, total).unwrap()) {
                counts[index] += 1;
            }
        }
        prop_assert_eq!(counts, weights);
    }

    /// A larger total with the same shares changes no decision.
    #[test]
    fn a_total_with_the_same_shares_moves_no_client(
        (weights, total) in weights(),
        factor in 1..=1000_u32,
        bits: u64,
    ) {
        let sample = Sample::from_bits(bits);
        let scaled: Vec<u32> = weights.iter().map(|weight| weight * factor).collect();
        let (one, other) = (weighted(&weights, total), weighted(&scaled, total * factor));
        prop_assert_eq!(variant(&one, sample), variant(&other, sample));
    }
}

/// With three or more canaries a canary that grows can lose clients, if another one on its side shrinks.
#[test]
fn a_growing_canary_loses_clients_if_one_before_it_shrinks() {
    let at = |weights: &[u32], point| variant(&weighted(weights, 165), Sample::from_fraction(point, 165).unwrap());
    let third =
        |weights: &[u32]| -> Vec<u32> { (0..165).filter(|point| at(weights, *point) == Variant::Canary(2)).collect() };
    assert_eq!(third(&[31, 63, 25]), (31..56).collect::<Vec<_>>());
    assert_eq!(third(&[0, 63, 44]), (0..44).collect::<Vec<_>>());
}

/// The place in the list decides which clients a canary gets.
#[test]
fn a_canary_gets_other_clients_if_one_before_it_is_removed() {
    let at = |weights: &[u32], point| variant(&weighted(weights, 100), Sample::from_fraction(point, 100).unwrap());
    assert_eq!((at(&[10, 20], 99), at(&[20], 99)), (Variant::Canary(1), Variant::Stable));
    // With weight 0 in its place, no client of the second canary moves.
    assert!((80..100).all(|point| at(&[0, 20], point) == Variant::Canary(1)));
}
