//! Compares the rows of an object with the rows of the policy that was made from them, and reports the differences.

use super::parsed_table::{ParsedRow, ParsedSplit};
use super::{OwnedCondition, ParsedDestination, VariantNames};
use crate::policy::{Policy, Variant};
use crate::targets::finding::Findings;
use crate::targets::table::{Destination, Limits, Row, Table};

/// A condition, and the variants that requests go to if it holds. The rows of the object and the rows of the policy's table both
/// take this form, so that they can be compared.
#[derive(PartialEq)]
struct ComparedRow {
    condition: OwnedCondition,
    destinations: Vec<ComparedDestination>,
}

/// A variant, and the `Set-Cookie` value that is added to its responses.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ComparedDestination {
    variant: Variant,
    set_cookie: Option<String>,
}

/// Writes the policy as a table, and reports where the table differs from the object:
///
/// * A row that only the object has is reported as left out.
/// * A row that only the policy has is reported as assumed. Such a row always belongs to the affinity cookie, because every rule of
///   the policy comes from a row of the object.
/// * If the object has the rows in another order, the order of the policy is reported as assumed.
/// * If the split of the object and the split of the policy set different cookies, `Set-Cookie` is reported as left out.
pub(super) fn report_differences(
    policy: &Policy,
    rows: &[ParsedRow],
    split: &ParsedSplit,
    names: &VariantNames,
    findings: &mut Findings,
) {
    let limits = Limits {
        translate: |condition: crate::targets::table::Condition<'_>| Ok(OwnedCondition::from(condition)),
        max_weight: u32::MAX,
        why_no_hash: None,
    };
    let mut table = Table::new(policy, &limits).output;
    let last = table.rows.pop();
    let written: Vec<ComparedRow> = table.rows.into_iter().flat_map(|row| written_rows(&row)).collect();
    let read: Vec<ComparedRow> = rows.iter().map(|row| read_row(row, names)).collect();

    for (row, _) in rows.iter().zip(&read).filter(|(_, compared)| !written.contains(compared)) {
        let why = "a canary has at most one header rule and one cookie rule, and each rule leads to one canary";
        findings.left_out(&row.field, &row.condition.to_string(), why);
    }

    let kept = rows.iter().zip(&read).filter(|(_, compared)| written.contains(compared));
    let in_order = written.iter().filter(|row| read.contains(row));
    if let Some(((row, _), _)) = kept.zip(in_order).find(|((_, compared), row)| compared != row) {
        let why = "a policy looks at header rules first, then at cookie rules, each in the order of the canaries";
        findings.assumed(&row.field, &format!("{}, in another order", row.condition), why);
    }

    for row in written.iter().filter(|row| !read.contains(row)) {
        let why = "the affinity of the policy needs this match, and the object does not have it";
        findings.assumed("spec", &row.condition.to_string(), why);
    }

    let mut of_policy: Vec<ComparedDestination> = last.map(|row| written_destinations(&row)).unwrap_or_default();
    let with_share = split.destinations.iter().filter(|destination| destination.weight > 0);
    let mut in_object: Vec<ComparedDestination> = with_share.map(|one| read_destination(one, names)).collect();
    of_policy.sort();
    in_object.sort();
    in_object.dedup();
    if of_policy != in_object {
        let why = "a policy sets the affinity cookie of every variant that it pins, and no other";
        findings.left_out(&split.field, "Set-Cookie", why);
    }
}

/// A row of the policy's table, as one compared row for each of its conditions.
fn written_rows(row: &Row<OwnedCondition>) -> Vec<ComparedRow> {
    let compared = |condition: &OwnedCondition| ComparedRow {
        condition: condition.clone(),
        destinations: written_destinations(row),
    };
    row.conditions.iter().map(compared).collect()
}

fn written_destinations(row: &Row<OwnedCondition>) -> Vec<ComparedDestination> {
    let destinations = row.split.destinations().map(|weighted| weighted.destination.clone());
    destinations.map(|Destination { variant, set_cookie }| ComparedDestination { variant, set_cookie }).collect()
}

fn read_row(row: &ParsedRow, names: &VariantNames) -> ComparedRow {
    let destinations = row.destinations.iter().map(|destination| read_destination(destination, names));
    ComparedRow { condition: row.condition.clone(), destinations: destinations.collect() }
}

fn read_destination(destination: &ParsedDestination, names: &VariantNames) -> ComparedDestination {
    let ParsedDestination { backend, weight: _, set_cookie } = destination;
    ComparedDestination { variant: names.variant(backend), set_cookie: set_cookie.clone() }
}
