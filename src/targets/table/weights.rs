//! The weights of a policy, within the limit of a target.

use crate::policy::{Policy, Ratio, Variant};
use crate::targets::{Conversion, Loss, Part};

/// The weight of one variant, at least 1.
#[derive(Clone, Copy)]
pub(super) struct VariantWeight {
    pub(super) variant: Variant,
    pub(super) weight: u32,
}

/// The weights that a target accepts.
#[derive(Clone, Copy)]
pub(in crate::targets) enum WeightLimit {
    /// Each weight is at most this number.
    Each(u32),
    /// The weights of several variants add up to this number, and there are not more variants than this.
    Sum(u32),
}

/// The weights of the variants whose weight is not 0, within the limit. Stable comes first.
///
/// If a weight is above [`WeightLimit::Each`], all weights are divided by their largest common divisor, which changes no share.
/// If a weight is still above the limit, the weights are rounded; none becomes 0:
///
/// * The weights of two variants become the fraction that is nearest to the share of the canary, of all fractions within the limit.
/// * The weights of more variants become parts of one sum, the largest with which no weight is above the limit. Each is its exact
///   part of the sum, rounded down or up, so each share is off by less than one part of the sum. A part below 1 becomes 1, at the
///   cost of the largest weight.
///
/// With the limit 100, the weights 300 and 700 become 3 and 7. If stable has 998 and a canary has 1, they become 100 and 1. Their
/// total is then 101, so the canary has the loss `1/999 is rounded to 1/101`.
///
/// With [`WeightLimit::Sum`], the weights are parts of that sum, rounded in the second way.
pub(super) fn weights(policy: &Policy, limit: WeightLimit) -> Conversion<Vec<VariantWeight>> {
    let exact = shares(policy);
    let policy = policy.reduced();
    let reduced = shares(&policy);
    let total = policy.total().get();
    let output = match limit {
        WeightLimit::Each(max) if largest(&exact) <= max => exact,
        WeightLimit::Each(max) if largest(&reduced) <= max => reduced.clone(),
        WeightLimit::Each(max) => match reduced.as_slice() {
            [one, other] => nearest_pair(*one, *other, max).to_vec(),
            _ => apportioned(&reduced, total, largest_sum(max, total, largest(&reduced))),
        },
        WeightLimit::Sum(sum) => apportioned(&reduced, total, sum),
    };
    let sum: u128 = output.iter().map(|share| u128::from(share.weight)).sum();
    let losses = reduced.iter().zip(&output).filter_map(|(before, after)| {
        let part = Part::Weight(before.variant.index()?);
        let (requested, written) =
            (Ratio::new(before.weight.into(), total.into()), Ratio::new(after.weight.into(), sum));
        (requested.reduced() != written.reduced()).then_some(Loss::Rounded { part, requested, written })
    });
    let losses = losses.collect();
    Conversion { output, losses }
}

/// The largest sum of which every weight gets at most `max` parts.
fn largest_sum(max: u32, total: u32, largest: u32) -> u32 {
    u32::try_from(u64::from(max) * u64::from(total) / u64::from(largest.max(1))).unwrap_or(u32::MAX)
}

/// The weights, which add up to `total`, as parts of `sum`, by the largest remainders; each is at least 1.
///
/// Weights 2, 1 and 997 of 1000 as parts of 100 are 0.2, 0.1 and 99.7. Rounded down and at least 1 they are 1, 1 and 99, one too
/// many, which the largest gives up: 1, 1 and 98.
fn apportioned(weights: &[VariantWeight], total: u32, sum: u32) -> Vec<VariantWeight> {
    let parts = |share: &VariantWeight| u64::from(share.weight) * u64::from(sum);
    let down = |share: &VariantWeight| u32::try_from(parts(share) / u64::from(total)).unwrap_or(sum).max(1);
    let mut output: Vec<VariantWeight> =
        weights.iter().map(|share| VariantWeight { weight: down(share), ..*share }).collect();
    let mut written: u64 = output.iter().map(|share| u64::from(share.weight)).sum();

    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    let remainder = |index: &usize| weights.get(*index).map_or(0, |share| parts(share) % u64::from(total));
    let is_raised = |index: &usize| weights.get(*index).is_some_and(|share| parts(share) < u64::from(total));
    by_remainder.retain(|index| !is_raised(index));
    by_remainder.sort_by_key(|index| std::cmp::Reverse(remainder(index)));
    for index in by_remainder {
        if let Some(share) = output.get_mut(index).filter(|_| written < u64::from(sum)) {
            share.weight += 1;
            written += 1;
        }
    }
    while written > u64::from(sum) {
        let Some(largest) = output.iter_mut().max_by_key(|share| share.weight).filter(|share| share.weight > 1) else {
            break;
        };
        largest.weight -= 1;
        written -= 1;
    }
    output
}

/// The weights of two variants, of which neither is above `max`, whose ratio is the nearest to that of the given ones. The given
/// weights have no common divisor, and the larger one is above `max`.
fn nearest_pair(one: VariantWeight, other: VariantWeight, max: u32) -> [VariantWeight; 2] {
    let (small, large) = (one.weight.min(other.weight), one.weight.max(other.weight));
    let Fraction { small, large } = nearest_fraction(u64::from(small), u64::from(large), u64::from(max));
    let (small, large) = (u32::try_from(small).unwrap_or(max), u32::try_from(large).unwrap_or(max));
    let (first, second) = if one.weight < other.weight { (small, large) } else { (large, small) };
    [VariantWeight { weight: first, ..one }, VariantWeight { weight: second, ..other }]
}

/// `small / large`, at most 1.
#[derive(Clone, Copy)]
struct Fraction {
    small: u64,
    large: u64,
}

/// The fraction for which `small / (small + large)` is nearest to that of the given one, which is in lowest terms with
/// `large > max`. The numbers of the fraction are from 1 to `max`.
///
/// This walks down the Stern-Brocot tree, as many steps at a time as lead to the same side, which are the terms of the continued
/// fraction. It ends with the largest fraction below the given one and the smallest fraction above it that the limit allows. The
/// share grows with the fraction, so one of these two has the nearest share.
fn nearest_fraction(small: u64, large: u64, max: u64) -> Fraction {
    let mut below = Fraction { small: 0, large: 1 };
    let mut above = Fraction { small: 1, large: 1 };
    loop {
        // How far each neighbour is from the given fraction. Neither is ever 0, since an equal fraction would exceed the limit.
        let from_below = |below: Fraction| small * below.large - large * below.small;
        let from_above = |above: Fraction| large * above.small - small * above.large;
        let up = (from_below(below) / from_above(above)).min(max.saturating_sub(below.large) / above.large);
        below = Fraction { small: below.small + up * above.small, large: below.large + up * above.large };
        let down = (from_above(above) / from_below(below)).min(max.saturating_sub(above.large) / below.large);
        above = Fraction { small: above.small + down * below.small, large: above.large + down * below.large };
        if up == 0 && down == 0 {
            break;
        }
    }
    // A share is off by `distance / (total of the fraction * total of the given one)`, so the totals are crossed.
    let total = |fraction: Fraction| u128::from(fraction.small + fraction.large);
    let off_below = u128::from(small * below.large - large * below.small) * total(above);
    let off_above = u128::from(large * above.small - small * above.large) * total(below);
    if below.small > 0 && off_below <= off_above { below } else { above }
}

fn shares(policy: &Policy) -> Vec<VariantWeight> {
    let weights = policy.variants().map(|variant| VariantWeight { variant, weight: policy.weight(variant) });
    weights.filter(|share| share.weight > 0).collect()
}

fn largest(weights: &[VariantWeight]) -> u32 {
    weights.iter().map(|share| share.weight).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance of two shares, multiplied by both totals.
    fn distance(one: Fraction, other: Fraction) -> u64 {
        (one.small * other.large).abs_diff(other.small * one.large)
    }

    /// No fraction within the limit has a nearer share.
    #[test]
    fn no_fraction_within_the_limit_is_nearer() {
        for max in 1..=12_u64 {
            for large in max + 1..=90 {
                for small in (1..large).filter(|small| gcd(*small, large) == 1) {
                    let given = Fraction { small, large };
                    let found = nearest_fraction(small, large, max);
                    assert!((1..=max).contains(&found.small) && (1..=max).contains(&found.large));
                    for other_small in 1..=max {
                        for other_large in 1..=max {
                            let other = Fraction { small: other_small, large: other_large };
                            // distance / (total * total of the given one): the totals are crossed.
                            let nearer = distance(other, given) * (found.small + found.large)
                                < distance(found, given) * (other.small + other.large);
                            assert!(!nearer, "{small}/{large} within {max}: {other_small}/{other_large} is nearer");
                        }
                    }
                }
            }
        }
    }

    fn gcd(a: u64, b: u64) -> u64 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
}
