//! Matches that were read, and the rows they come to.

use super::lines::{Goal, Line, Lines, Variants};
use super::seen::Seen;
use super::{Finding, Path, PathType, Unread};
use crate::error::Excerpt;

/// One match of a rule.
pub(super) struct Found {
    pub(super) field: String,
    pub(super) path: (Path, PathType),
    pub(super) condition: Option<Seen>,
    pub(super) goals: Vec<Goal>,
}

/// The split, the rows that are for every path of it, and those paths.
pub(super) fn assembled(
    matches: &[Found],
    variants: Option<Variants>,
    findings: &mut Vec<Finding>,
) -> (Lines, Vec<(Path, PathType)>) {
    // The split is what several backends share, or else the last thing that no header is needed for.
    let splits = || matches.iter().filter(|found| found.condition.is_none());
    let split = splits().find(|found| found.goals.len() > 1).or_else(|| splits().next_back());
    let split = split.map(|found| (found.field.clone(), found.goals.clone()));
    let shared = split.as_ref().map(|(_, goals)| goals.clone()).unwrap_or_default();
    let goes_there = |found: &&Found| found.goals == shared;
    let paths: Vec<(Path, PathType)> = splits().filter(goes_there).map(|found| found.path.clone()).collect();

    let mut lines = Lines { rows: Vec::new(), split, variants };
    for found in matches {
        let Some(condition) = &found.condition else {
            if !goes_there(&found) {
                findings.push(Finding::LeftOut {
                    field: found.field.clone(),
                    value: Excerpt::of(found.path.0.as_str()),
                    why: "it goes elsewhere than the split: a route has one set of backends",
                });
            }
            continue;
        };
        let same = |other: &&Found| other.condition.as_ref() == Some(condition) && other.goals == found.goals;
        if matches.iter().find(same).is_some_and(|first| first.path != found.path) {
            continue;
        }
        let everywhere = paths.iter().all(|path| matches.iter().filter(same).any(|other| other.path == *path));
        if everywhere {
            // Flagger writes the backends that get nothing too.
            let mut goals = found.goals.clone();
            if goals.iter().any(|goal| goal.weight > 0) {
                goals.retain(|goal| goal.weight > 0);
            }
            lines.rows.push(Line { field: found.field.clone(), condition: condition.clone(), goals });
        } else {
            findings.push(Finding::LeftOut {
                field: found.field.clone(),
                value: Excerpt::of(&condition.to_string()),
                why: "it is not for every path of the split, as a policy's rules are",
            });
        }
    }
    (lines, paths)
}

/// What stands beside that which is read.
pub(super) fn left_out(field: &str, unread: &Unread, findings: &mut Vec<Finding>) {
    findings.extend(unread.names().map(|name| Finding::LeftOut {
        field: format!("{field}.{name}"),
        value: Excerpt::of(name),
        why: "it is no part of a policy or route",
    }));
}
