//! The weights of a policy, within the limit of a target.

use crate::policy::{Policy, Ratio, Variant};
use crate::targets::{Conversion, Loss, Part};

/// The weight of one variant, at least 1.
#[derive(Clone, Copy)]
pub(super) struct VariantWeight {
    pub(super) variant: Variant,
    pub(super) weight: u32,
}

/// The weights of the variants whose weight is not 0. Stable comes first, and no weight is above `max`.
///
/// If a weight is above `max`, all weights are divided by their largest common divisor, which changes no share. If a weight is
/// still above `max`, the weights are scaled so that the largest becomes `max`, and rounded; none becomes 0. With `max` 100, weights
/// 300 and 700 of 1000 become 3 and 7; weights 998 of stable and 1 of a canary, of 999, become 100 and 1, with a loss for the
/// canary: `1/999 is rounded to 1/101`.
pub(super) fn weights(policy: &Policy, max: u32) -> Conversion<Vec<VariantWeight>> {
    let weights = shares(policy);
    if largest(&weights) <= max {
        return Conversion { output: weights, losses: Vec::new() };
    }
    let policy = policy.reduced();
    let weights = shares(&policy);
    let largest = largest(&weights);
    if largest <= max {
        return Conversion { output: weights, losses: Vec::new() };
    }

    let rounded = |weight: u32| {
        let nearest = (u64::from(weight) * u64::from(max) + u64::from(largest) / 2) / u64::from(largest);
        u32::try_from(nearest).unwrap_or(max).max(1)
    };
    let output: Vec<VariantWeight> =
        weights.iter().map(|&share| VariantWeight { weight: rounded(share.weight), ..share }).collect();
    let sum: u128 = output.iter().map(|share| u128::from(share.weight)).sum();
    let total = u128::from(policy.total().get());
    let losses = weights.iter().zip(&output).filter_map(|(before, after)| {
        let part = Part::Weight(before.variant.index()?);
        let (requested, written) = (Ratio::new(before.weight.into(), total), Ratio::new(after.weight.into(), sum));
        (requested.reduced() != written.reduced()).then_some(Loss::Rounded { part, requested, written })
    });
    let losses = losses.collect();
    Conversion { output, losses }
}

fn shares(policy: &Policy) -> Vec<VariantWeight> {
    let weights = policy.variants().map(|variant| VariantWeight { variant, weight: policy.weight(variant) });
    weights.filter(|share| share.weight > 0).collect()
}

fn largest(weights: &[VariantWeight]) -> u32 {
    weights.iter().map(|share| share.weight).max().unwrap_or(0)
}
