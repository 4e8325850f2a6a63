//! The policy that a [`ParsedTable`] expresses.

use super::difference::report_differences;
use super::parsed_table::{ParsedRow, ParsedSplit};
use super::rules::{CanaryRules, Decided, affinity, former_tokens, rules};
use super::variant_names::NamedCanary;
use super::{BackendSubset, ParsedTable, VariantNames};
use crate::error::{Excerpt, ReadError};
use crate::policy::{Canary, FormerTokens, Policy, Total};
use crate::route::Backend;
use crate::targets::finding::Findings;

/// The policy that rows express, and the backends of its variants.
pub(in crate::targets) struct ParsedPolicy {
    pub(in crate::targets) policy: Policy,
    pub(in crate::targets) stable: Backend,
    pub(in crate::targets) canaries: Vec<Backend>,
    /// The tokens of the former router that rows honour.
    pub(in crate::targets) former_tokens: Option<FormerTokens>,
    /// Whether the policy decides every request as the rows and the split do.
    pub(in crate::targets) is_exact: bool,
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

        let Scaled { weights, total } = scaled(weights(&names, &split), sum, names.total);
        let total = Total::new(total).map_err(|invalid| ReadError::Value { field: split.field.clone(), invalid })?;

        let decided: Vec<Decided<'_>> = rows.iter().filter_map(|row| decided(row, &names)).collect();
        let of_canaries = names.canaries.iter().zip(weights).zip(rules(&decided, names.canaries.len()));
        let canaries = of_canaries.map(|((NamedCanary { name, .. }, weight), CanaryRules { header, cookie })| Canary {
            name: name.clone(),
            weight,
            position: None,
            header,
            cookie,
        });
        let destinations = rows.iter().flat_map(|row| &row.destinations).chain(&split.destinations);
        let set_cookie = destinations.into_iter().find_map(|destination| destination.set_cookie.as_deref());
        let policy = Policy::new(canaries, total)?.with_affinity(affinity(&decided, &names, set_cookie));

        let mut differences = Findings::default();
        let former_tokens = former_tokens(&decided, &policy);
        report_differences((&policy, former_tokens.as_ref()), &rows, &split, &names, &mut differences);
        let is_exact = differences.is_empty();
        findings.append(differences);
        let VariantNames { stable, canaries, .. } = names;
        let canaries = canaries.into_iter().map(|canary| canary.backend.backend).collect();
        Ok(ParsedPolicy { policy, stable: stable.backend, canaries, former_tokens, is_exact })
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
/// is the subset `stable`, or else the first backend of the split.
fn all_names(
    names: Option<VariantNames>,
    rows: &[ParsedRow],
    split: &ParsedSplit,
    findings: &mut Findings,
) -> Result<VariantNames, ReadError> {
    let all = || rows.iter().flat_map(|row| &row.destinations).chain(&split.destinations).map(|to| &to.backend);
    let is_subset_stable =
        |backend: &&BackendSubset| backend.subset.as_deref() == Some("stable") && backend.elsewhere.is_none();
    let first = split.destinations.first().map(|to| &to.backend);
    let stable = all().find(is_subset_stable).or(first).ok_or(ReadError::NoSplit)?;
    let mut names = names.unwrap_or_else(|| {
        let why = "it is the first backend of the split, and no annotation names the variants of these backends";
        if !is_subset_stable(&stable) {
            findings.assumed(&split.field, &format!("stable is {stable}"), why);
        }
        VariantNames::of_stable(stable.clone())
    });
    // Backends of other namespaces and kinds come last, so that they do not take the names of the others.
    let is_here = |backend: &&BackendSubset| backend.elsewhere.is_none() && backend.backend.namespace().is_none();
    let (here, elsewhere): (Vec<_>, Vec<_>) = all().partition(is_here);
    for backend in here.into_iter().chain(elsewhere) {
        let added = names.add(backend);
        if let Some(name) = added.filter(|name| backend.subset.as_deref().is_some_and(|subset| subset != name.as_str()))
        {
            let why = "a canary has the name of its subset, and this name is taken";
            findings.assumed(&split.field, &format!("{name} is {backend}"), why);
        }
    }
    if names.canaries.is_empty() {
        return Err(ReadError::NoCanary { stable: Excerpt::of(&names.stable.to_string()) });
    }
    Ok(names)
}

/// The weight of each canary in the split; a backend may be listed more than once.
fn weights(names: &VariantNames, split: &ParsedSplit) -> Vec<u64> {
    let mut weights = vec![0; names.canaries.len()];
    for destination in &split.destinations {
        let index = names.variant(&destination.backend).index();
        if let Some(weight) = index.and_then(|index| weights.get_mut(index)) {
            *weight += u64::from(destination.weight);
        }
    }
    weights
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
    let whole = total > 0 && weights.iter().all(|weight| weight * total % sum == 0);
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
