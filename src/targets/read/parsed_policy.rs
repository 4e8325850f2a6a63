//! The policy that a [`ParsedTable`] expresses.

use super::difference::report_differences;
use super::parsed_table::{ParsedRow, ParsedSplit};
use super::rules::{Decided, affinity, cookie_rule, header_rule};
use super::{BackendSubset, ParsedTable, VariantNames};
use crate::error::{Excerpt, ReadError};
use crate::policy::{Canary, Policy, Total, Variant};
use crate::route::Backend;
use crate::targets::finding::Findings;

/// The policy that rows express, and the backends of its variants.
pub(in crate::targets) struct ParsedPolicy {
    pub(in crate::targets) policy: Policy,
    pub(in crate::targets) stable: Backend,
    pub(in crate::targets) canaries: Vec<Backend>,
}

impl ParsedTable {
    /// The policy that the rows and the split express. Everything in them that the policy does not express becomes a finding.
    ///
    /// # Errors
    ///
    /// There is no split, all of its weights are 0 or they add up to too much, or everything goes to one backend.
    pub(in crate::targets) fn policy(
        self,
        names: Option<VariantNames>,
        findings: &mut Findings,
    ) -> Result<ParsedPolicy, ReadError> {
        let ParsedTable { rows, split, paths: _ } = self;
        let split = split.filter(|split| !split.destinations.is_empty()).ok_or(ReadError::NoSplit)?;
        let sum = sum_of_weights(&split)?;
        let names = all_names(names, &rows, &split, findings)?;

        let weights = (0..names.canaries.len()).map(|index| weight_of(Variant::Canary(index), &names, &split));
        let Scaled { weights, total } = scaled(weights.collect(), sum, names.total);
        let total = Total::new(total).map_err(|invalid| ReadError::Value { field: split.field.clone(), invalid })?;

        let decided: Vec<Decided<'_>> = rows.iter().filter_map(|row| decided(row, &names)).collect();
        let canaries = names.canaries.iter().zip(weights).enumerate().map(|(index, (canary, weight))| Canary {
            name: canary.name.clone(),
            weight,
            header: header_rule(&decided, Variant::Canary(index)),
            cookie: cookie_rule(&decided, Variant::Canary(index)),
        });
        let destinations = rows.iter().flat_map(|row| &row.destinations).chain(&split.destinations);
        let set_cookie = destinations.into_iter().find_map(|destination| destination.set_cookie.as_deref());
        let policy = Policy::new(canaries, total)?.with_affinity(affinity(&decided, &names, set_cookie));

        report_differences(&policy, &rows, &split, &names, findings);
        let VariantNames { total: _, stable, canaries } = names;
        let canaries = canaries.into_iter().map(|canary| canary.backend.backend).collect();
        Ok(ParsedPolicy { policy, stable: stable.backend, canaries })
    }
}

/// The sum of the weights of a split, at least 1.
fn sum_of_weights(split: &ParsedSplit) -> Result<u32, ReadError> {
    let sum: u64 = split.destinations.iter().map(|destination| u64::from(destination.weight)).sum();
    match u32::try_from(sum) {
        Ok(0) => Err(ReadError::NoWeight { field: split.field.clone() }),
        Ok(sum) => Ok(sum),
        Err(_) => Err(ReadError::Sum { field: split.field.clone(), sum }),
    }
}

/// The variants that `names` holds, and every other backend of the rows and the split as a further canary. Without `names`, stable
/// is the first backend of the split.
fn all_names(
    names: Option<VariantNames>,
    rows: &[ParsedRow],
    split: &ParsedSplit,
    findings: &mut Findings,
) -> Result<VariantNames, ReadError> {
    let first = &split.destinations.first().ok_or(ReadError::NoSplit)?.backend;
    let mut names = names.unwrap_or_else(|| {
        let why = "it is the first backend of the split, and no annotation names the variants";
        findings.assumed(&split.field, &format!("stable is {first}"), why);
        VariantNames::of_stable(first.clone())
    });
    for destination in rows.iter().flat_map(|row| &row.destinations).chain(&split.destinations) {
        names.add(&destination.backend);
    }
    if names.canaries.is_empty() {
        return Err(ReadError::NoCanary { stable: Excerpt::of(&names.stable.to_string()) });
    }
    Ok(names)
}

/// The weight of a variant in the split; a backend may be listed more than once.
fn weight_of(variant: Variant, names: &VariantNames, split: &ParsedSplit) -> u64 {
    let is_variant = |backend: &BackendSubset| names.variant(backend) == variant;
    let own = split.destinations.iter().filter(|destination| is_variant(&destination.backend));
    own.map(|destination| u64::from(destination.weight)).sum()
}

/// Weights, and the total that they are parts of.
struct Scaled {
    weights: Vec<u32>,
    total: u32,
}

/// The canaries' weights as parts of `total`, which the annotation holds, if that makes each of them a whole number; otherwise as
/// parts of `sum`, the sum of all weights of the split.
///
/// Weights 30 of 100 with the total 1000 are 300 of 1000; weights 1 of 3 with the total 100 stay 1 of 3. If one variant gets
/// everything and there is no annotation, the total is 100.
fn scaled(weights: Vec<u64>, sum: u32, total: Option<u32>) -> Scaled {
    let sum = u64::from(sum);
    let all_to_one = weights.iter().all(|&weight| weight == 0 || weight == sum);
    let total = u64::from(total.unwrap_or(if all_to_one { 100 } else { 0 }));
    let whole = total > 0 && weights.iter().all(|weight| (weight * total).is_multiple_of(sum));
    let (numerator, denominator) = if whole { (total, sum) } else { (1, 1) };
    let scale = |weight: u64| u32::try_from(weight * numerator / denominator).unwrap_or(u32::MAX);
    Scaled { weights: weights.into_iter().map(scale).collect(), total: scale(sum) }
}

/// The condition and the variant of a row, if the row has one destination.
fn decided<'r>(row: &'r ParsedRow, names: &VariantNames) -> Option<Decided<'r>> {
    match row.destinations.as_slice() {
        [destination] => Some(Decided { condition: &row.condition, variant: names.variant(&destination.backend) }),
        _ => None,
    }
}
