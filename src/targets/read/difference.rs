//! Compares the rows of an object with the rows of the policy that was made from them, and reports the differences.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Ranked, overtaken};
use super::parsed_table::{ParsedRow, ParsedSplit};
use super::{OwnedCondition, ParsedDestination, VariantNames};
use crate::policy::{FormerTokens, Policy, Variant};
use crate::targets::finding::Findings;
use crate::targets::table::{Destination, Limits, Table, WeightLimit};

/// A row of the policy's table, as one row for each of its conditions.
struct WrittenRow<'t> {
    condition: &'t OwnedCondition,
    to: ComparedDestination<'t>,
    /// The place of the row. The two rows of `always` and `never` exclude each other, and have the same place.
    rank: usize,
}

/// A variant, and the `Set-Cookie` value that is added to its responses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ComparedDestination<'t> {
    variant: Variant,
    set_cookie: Option<&'t str>,
}

/// Writes the policy and its former tokens as a table, and reports where the table differs from the object:
///
/// * A row that only the object has is reported as left out.
/// * A row that only the policy has is reported as assumed. Such a row always belongs to the affinity cookie, because every rule of
///   the policy comes from a row of the object.
/// * A row of the object that another row with another destination precedes in the policy is reported as assumed.
/// * If a row or the split sets other cookies than in the object, `Set-Cookie` is reported as left out.
pub(super) fn report_differences(
    (policy, former_tokens): (&Policy, Option<&FormerTokens>),
    rows: &[ParsedRow],
    split: &ParsedSplit,
    names: &VariantNames,
    findings: &mut Findings,
) {
    let limits = Limits {
        translate: |condition: crate::targets::table::Condition<'_>| Ok(OwnedCondition::from(condition)),
        weights: WeightLimit::Each(u32::MAX),
        why_no_hash: None,
    };
    let table = Table::new(policy, former_tokens, &limits).output;
    let written = written_rows(&table);
    report_order(&kept_rows(rows, &written, names, findings), findings);
    report_missing(rows, &written, split, findings);
    report_split(&table, split, names, findings);
}

/// The rows that the table has too, with the place of each in it. Every other row is reported as left out.
fn kept_rows<'r>(
    rows: &'r [ParsedRow],
    written: &[WrittenRow<'_>],
    names: &VariantNames,
    findings: &mut Findings,
) -> Vec<(&'r ParsedRow, Ranked<Variant>)> {
    let by_condition: BTreeMap<&OwnedCondition, &WrittenRow<'_>> =
        written.iter().rev().map(|row| (row.condition, row)).collect();
    let mut kept = Vec::new();
    for row in rows {
        let read = row.destinations.iter().map(|to| read_destination(to, names)).collect::<Vec<_>>();
        match (by_condition.get(&row.condition), read.as_slice()) {
            (Some(written), [read]) if written.to.variant == read.variant => {
                if written.to != *read {
                    report_set_cookie(row.fields.iter(), findings);
                }
                kept.push((row, Ranked { rank: written.rank, goal: read.variant }));
            }
            _ => {
                let why = match row.condition {
                    OwnedCondition::FormerToken(..) => {
                        "there is one former token for each variant that the affinity cookie pins, and no other"
                    }
                    _ => "a canary has at most one header rule and one cookie rule, and each rule leads to one canary",
                };
                row.fields.iter().for_each(|field| findings.left_out(field, &row.condition.to_string(), why));
            }
        }
    }
    kept
}

/// Reports the rows that another row with another destination precedes in the table.
fn report_order(kept: &[(&ParsedRow, Ranked<Variant>)], findings: &mut Findings) {
    let order: Vec<Ranked<Variant>> = kept.iter().map(|(_, ranked)| *ranked).collect();
    for (row, _) in overtaken(&order).into_iter().filter_map(|index| kept.get(index)) {
        let why = "a policy looks at header rules first, then at cookie rules, each in the order of the canaries";
        let value = format!("{}, in another order", row.condition);
        row.fields.iter().for_each(|field| findings.assumed(field, &value, why));
    }
}

/// Reports the rows that only the table has.
fn report_missing(rows: &[ParsedRow], written: &[WrittenRow<'_>], split: &ParsedSplit, findings: &mut Findings) {
    let read: BTreeSet<&OwnedCondition> = rows.iter().map(|row| &row.condition).collect();
    let affinity = rows.iter().find(|row| matches!(row.condition, OwnedCondition::Affinity(..)));
    let cause = affinity.and_then(|row| row.fields.first()).unwrap_or(&split.field);
    for row in written.iter().filter(|row| !read.contains(row.condition)) {
        let why = "the affinity of the policy needs this match, and the object does not have it";
        findings.assumed(cause, &row.condition.to_string(), why);
    }
}

/// Reports cookies that the split sets and the table does not, or the other way round.
fn report_split(table: &Table<OwnedCondition>, split: &ParsedSplit, names: &VariantNames, findings: &mut Findings) {
    let last = table.rows.last().map(|row| row.split.destinations());
    let mut of_policy: Vec<_> = last.into_iter().flatten().map(|to| written_destination(to.destination)).collect();
    let with_share = split.destinations.iter().filter(|destination| destination.weight > 0);
    let mut in_object: Vec<_> = with_share.map(|to| read_destination(to, names)).collect();
    of_policy.sort();
    in_object.sort();
    in_object.dedup();
    if of_policy != in_object {
        report_set_cookie(std::iter::once(&split.field), findings);
    }
}

fn report_set_cookie<'f>(fields: impl Iterator<Item = &'f String>, findings: &mut Findings) {
    let why = "a policy sets the affinity cookie of every variant that it pins, and no other";
    fields.for_each(|field| findings.left_out(field, "Set-Cookie", why));
}

/// The rows of a table except the last one, which has no condition.
fn written_rows(table: &Table<OwnedCondition>) -> Vec<WrittenRow<'_>> {
    let conditions = table.rows.iter().filter_map(|row| {
        let to = row.split.destinations().next()?.destination;
        Some(row.conditions.iter().map(move |condition| (condition, written_destination(to))))
    });
    let mut rows: Vec<WrittenRow<'_>> = Vec::new();
    for (condition, to) in conditions.flatten() {
        let last = rows.last();
        let rank = match last {
            Some(last) if are_always_and_never(last.condition, condition) => last.rank,
            _ => last.map_or(0, |last| last.rank + 1),
        };
        rows.push(WrittenRow { condition, to, rank });
    }
    rows
}

/// Whether two conditions are those of one rule with `always` and `never`.
fn are_always_and_never(first: &OwnedCondition, second: &OwnedCondition) -> bool {
    match (first, second) {
        (OwnedCondition::Header(name, always), OwnedCondition::Header(other, never))
        | (OwnedCondition::Cookie(name, always), OwnedCondition::Cookie(other, never)) => {
            name == other && always == "always" && never == "never"
        }
        _ => false,
    }
}

fn written_destination(destination: &Destination) -> ComparedDestination<'_> {
    let Destination { variant, set_cookie } = destination;
    ComparedDestination { variant: *variant, set_cookie: set_cookie.as_deref() }
}

fn read_destination<'d>(destination: &'d ParsedDestination, names: &VariantNames) -> ComparedDestination<'d> {
    let ParsedDestination { backend, weight: _, set_cookie } = destination;
    ComparedDestination { variant: names.variant(backend), set_cookie: set_cookie.as_deref() }
}
