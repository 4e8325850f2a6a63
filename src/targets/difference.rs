//! What a policy says otherwise than the rows it was read from.

use super::Backend;
use super::Finding;
use super::lines::{Goal, Line};
use super::seen::Seen;
use super::table::Table;
use crate::error::Excerpt;
use crate::policy::{Policy, Variant};

/// A condition, and the variants that it sends requests to with the affinity cookie that each sets.
type Said = (Seen, Vec<(Variant, Option<String>)>);

/// What the policy, written again, says otherwise than what was read.
pub(super) fn differences(
    policy: &Policy,
    rows: &[Line],
    (split_field, split): (&str, &[Goal]),
    variant: impl Fn(&Backend) -> Variant,
    findings: &mut Vec<Finding>,
) {
    let table = Table::new(policy, u32::MAX, None, |condition| Ok(Seen::from(condition)), &mut Vec::new());
    let written: Vec<Said> = table
        .rows
        .into_iter()
        .flat_map(|row| row.any.into_iter().map(move |seen| (seen, vec![(row.to, row.set_cookie.clone())])))
        .collect();
    let set = |goals: &[Goal]| -> Vec<(Variant, Option<String>)> {
        goals.iter().map(|goal| (variant(&goal.backend), goal.set_cookie.clone())).collect()
    };
    let read: Vec<(&Line, Said)> = rows.iter().map(|line| (line, (line.condition.clone(), set(&line.goals)))).collect();

    for (line, _) in read.iter().filter(|(_, row)| !written.contains(row)) {
        let why = "a policy gives a canary one header rule and one cookie rule, and a rule one canary";
        let value = Excerpt::of(&line.condition.to_string());
        findings.push(Finding::LeftOut { field: line.field.clone(), value, why });
    }
    let mut kept = read.iter().filter(|(_, row)| written.contains(row));
    let again = written.iter().filter(|row| read.iter().any(|(_, read)| read == *row));
    if let Some((line, _)) = again.zip(kept.by_ref()).find_map(|(again, kept)| (*again != kept.1).then_some(kept)) {
        let why = "a policy looks at header rules first, then at cookie rules, each in the order of the canaries";
        let value = Excerpt::of(&format!("{}, in another order", line.condition));
        findings.push(Finding::Assumed { field: line.field.clone(), value, why });
    }
    for (seen, _) in written.iter().filter(|row| !read.iter().any(|(_, read)| read == *row)) {
        let why = "the affinity of the policy says so, and the rows do not";
        findings.push(Finding::Assumed { field: "spec".to_owned(), value: Excerpt::of(&seen.to_string()), why });
    }
    let mut wanted: Vec<_> = table.split.into_iter().map(|to| (to.to, to.set_cookie)).collect();
    let mut got: Vec<_> =
        set(split).into_iter().zip(split).filter(|(_, goal)| goal.weight > 0).map(|(set, _)| set).collect();
    wanted.sort();
    got.sort();
    got.dedup();
    if wanted != got {
        let why = "a policy sets the affinity cookie of every variant that it pins, and no other";
        let value = Excerpt::of("Set-Cookie");
        findings.push(Finding::LeftOut { field: split_field.to_owned(), value, why });
    }
}
