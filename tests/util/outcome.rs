//! The outcome of a request, and whether a target and a selector agree on it.

use std::collections::BTreeMap;

use canary_policy::policy::{FormerTokens, Interval};
use canary_policy::select::Step;
use canary_policy::targets::Part;
use canary_policy::{Decision, Loss, Policy, Reason, Sample, Selector, Spec, Variant};
use proptest::prelude::*;

use super::cookie_text;
use super::former_tokens::selector;
use super::request::Lines;

/// The destination of a request: one variant, or several variants by weight. Each destination has the Set-Cookie header that
/// goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A rule or an affinity cookie decided.
    To(Variant, Option<String>),
    /// The weights decide: stable first, weights above 0 and in lowest terms.
    Split(Vec<(Variant, u32, Option<String>)>),
    /// No rule of the target matches.
    Nothing,
}

impl Outcome {
    /// A split in lowest terms. A single destination gets every request, whatever its weight is.
    pub fn split(destinations: Vec<(Variant, u32, Option<String>)>) -> Self {
        let mut weights = BTreeMap::new();
        for (variant, weight, set_cookie) in destinations.into_iter().filter(|(_, weight, _)| *weight > 0) {
            *weights.entry((variant, set_cookie)).or_default() += weight;
        }
        let mut destinations: Vec<(Variant, u32, Option<String>)> =
            weights.into_iter().map(|((variant, set_cookie), weight)| (variant, weight, set_cookie)).collect();
        let divisor = destinations.iter().fold(0, |divisor, (_, weight, _)| gcd(divisor, *weight));
        for (_, weight, _) in &mut destinations {
            *weight /= divisor;
        }
        Outcome::Split(destinations)
    }

    /// The variant that gets the request for every sample, if there is one.
    pub fn variant(&self) -> Option<Variant> {
        match self {
            Outcome::To(variant, _) => Some(*variant),
            Outcome::Split(destinations) => match destinations.as_slice() {
                [(variant, _, _)] => Some(*variant),
                _ => None,
            },
            Outcome::Nothing => None,
        }
    }

    /// The same outcome with every weight set to 1, for comparisons where weights were rounded.
    pub fn without_weights(self) -> Self {
        match self {
            Outcome::Split(mut destinations) => {
                destinations.iter_mut().for_each(|(_, weight, _)| *weight = 1);
                Outcome::Split(destinations)
            }
            other => other,
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The outcome that the selector gives a request, over all samples.
pub fn selected(policy: &Policy, request: &Lines) -> Outcome {
    selected_by(&Selector::new(policy), request)
}

/// The outcome that this selector gives a request, over all samples.
pub fn selected_by(selector: &Selector, request: &Lines) -> Outcome {
    let policy = selector.policy();
    let set_cookie = |decision: &Decision| decision.set_cookie.as_ref().map(|value| cookie_text(value).to_owned());
    let decision = selector.select(request, Sample::MIN);
    if decision.reason != Reason::Weight {
        return Outcome::To(decision.variant, set_cookie(&decision));
    }
    let explanation = selector.explain(request, Sample::MIN);
    let Some(Step::Weights { intervals, .. }) = explanation.steps.last() else { panic!("{explanation}") };
    let destination = |interval: &Interval| {
        let sample = Sample::from_fraction(interval.start, policy.total().get()).unwrap();
        let decision = selector.select(request, sample);
        assert_eq!(decision.variant, interval.variant);
        (interval.variant, interval.end - interval.start, set_cookie(&decision))
    };
    Outcome::split(intervals.iter().map(destination).collect())
}

/// The policy without the parts that a conversion left out. Rounded weights stay.
pub fn without(policy: &Policy, losses: &[Loss]) -> Policy {
    let mut spec = Spec::from(policy.clone());
    for loss in losses {
        match loss {
            Loss::LeftOut { part, .. } | Loss::Refused { part, .. } => match part {
                Part::Header(index) => spec.canaries[*index].header = None,
                Part::Cookie(index) => spec.canaries[*index].cookie = None,
                Part::Affinity => spec.affinity = None,
                // No response sets the cookie, so that its attributes make no difference.
                Part::AffinityMaxAge
                | Part::AffinityPath
                | Part::AffinityDomain
                | Part::AffinitySameSite
                | Part::AffinitySecure
                | Part::FormerTokens => {}
                part => panic!("no test knows a policy without {part}"),
            },
            Loss::Rounded { .. } | Loss::Needs { .. } => {}
            // A choice that an earlier rule has made already is not written again.
            Loss::Changed { part: Part::Header(_) | Part::Cookie(_), .. } => {}
            loss => panic!("this loss needs a test of its own: {loss}"),
        }
    }
    Policy::try_from(spec).unwrap()
}

/// Holds the outcome of a target against what the losses leave of the policy. Rounded weights have the ratio of their loss.
pub fn compare(policy: &Policy, losses: &[Loss], request: &Lines, routed: Outcome) -> Result<(), TestCaseError> {
    compare_with(policy, None, losses, request, routed)
}

/// The same for a policy whose former tokens are honoured, if they are no loss.
pub fn compare_with(
    policy: &Policy,
    tokens: Option<&FormerTokens>,
    losses: &[Loss],
    request: &Lines,
    routed: Outcome,
) -> Result<(), TestCaseError> {
    let tokens = tokens.filter(|_| !losses.iter().any(|loss| loss.part() == Part::FormerTokens));
    let expected = selected_by(&selector(&without(policy, losses), tokens), request);
    let rounded = losses.iter().any(|loss| matches!(loss, Loss::Rounded { .. }));
    if let Outcome::Split(destinations) = &routed {
        let sum: u128 = destinations.iter().map(|(_, weight, _)| u128::from(*weight)).sum();
        for loss in losses {
            let Loss::Rounded { part: Part::Weight(index), written, .. } = loss else { continue };
            let weight =
                destinations.iter().find(|(to, ..)| *to == Variant::Canary(*index)).map_or(0, |(_, weight, _)| *weight);
            prop_assert_eq!(u128::from(weight) * written.total, written.parts * sum, "{}", loss);
        }
    }
    let (expected, routed) =
        if rounded { (expected.without_weights(), routed.without_weights()) } else { (expected, routed) };
    prop_assert_eq!(routed, expected, "{:?} losses {:?}", request, losses);
    Ok(())
}
