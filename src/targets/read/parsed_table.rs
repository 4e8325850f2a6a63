//! An object that was read, as a table. First come the rows, each with a condition that the object has on every URL path; then
//! comes the split of requests by weight.

use super::{OwnedCondition, ParsedDestination, ParsedMatch};
use crate::route::Path;
use crate::targets::finding::Findings;

/// The rows and the split that an object has on every path, in the order in which they decide.
#[derive(Clone, Debug)]
pub(in crate::targets) struct ParsedTable {
    pub(super) rows: Vec<ParsedRow>,
    /// Where requests go if no row holds; `None` if every match has a condition.
    pub(super) split: Option<ParsedSplit>,
    /// The paths that the rows and the split are for.
    pub(in crate::targets) paths: Vec<Path>,
}

/// A condition and where requests go if it holds.
#[derive(Clone, Debug)]
pub(super) struct ParsedRow {
    /// The place in the object, as in `spec.http[0].match[1]`.
    pub(super) field: String,
    pub(super) condition: OwnedCondition,
    pub(super) destinations: Vec<ParsedDestination>,
}

/// Where requests go if no row holds.
#[derive(Clone, Debug)]
pub(super) struct ParsedSplit {
    /// The place in the object, as in `spec.http[0].match[1]`.
    pub(super) field: String,
    pub(super) destinations: Vec<ParsedDestination>,
}

impl ParsedTable {
    /// Separates the rows from the split and reports what is not the same on every path.
    ///
    /// If two URL paths have the same header match and the same split, the table has one row, one split and two paths:
    ///
    /// ```text
    /// /a  x-canary: always  canary        x-canary: always  canary
    /// /b  x-canary: always  canary   ─►   split             stable 90, canary 10
    /// /a                    90 : 10       paths             /a, /b
    /// /b                    90 : 10
    /// ```
    pub(in crate::targets) fn of_matches(matches: &[ParsedMatch], findings: &mut Findings) -> Self {
        // The split is the first unconditional match with several backends. If no unconditional match has several, the split is
        // the last unconditional match.
        let unconditional = || matches.iter().filter(|one| one.condition.is_none());
        let split = unconditional().find(|one| one.destinations.len() > 1).or_else(|| unconditional().next_back());
        let split = split.map(|one| ParsedSplit { field: one.field.clone(), destinations: one.destinations.clone() });
        let destinations = split.as_ref().map(|split| split.destinations.as_slice()).unwrap_or_default();
        let of_split = |one: &&ParsedMatch| one.destinations == destinations;
        let paths: Vec<Path> = unconditional().filter(of_split).map(|one| one.path.clone()).collect();

        let mut rows = Vec::new();
        for one in matches {
            let Some(condition) = &one.condition else {
                if !of_split(&one) {
                    let why = "its backends are not those of the split: a route has one set of backends";
                    findings.left_out(&one.field, one.path.as_str(), why);
                }
                continue;
            };
            // A row is added at the first match that has its condition and destinations. The same match on another path is
            // skipped.
            let same =
                |other: &&ParsedMatch| other.condition == one.condition && other.destinations == one.destinations;
            if matches.iter().find(same).is_some_and(|first| first.path != one.path) {
                continue;
            }
            let on_every_path = paths.iter().all(|path| matches.iter().filter(same).any(|other| other.path == *path));
            if on_every_path {
                let destinations = receiving(&one.destinations);
                rows.push(ParsedRow { field: one.field.clone(), condition: condition.clone(), destinations });
            } else {
                let why = "not every path of the split has it, and a rule of a policy holds on every path";
                findings.left_out(&one.field, &condition.to_string(), why);
            }
        }
        ParsedTable { rows, split, paths }
    }

    /// Whether both tables have equal rows and splits. Fields and paths are not compared.
    pub(in crate::targets) fn decides_like(&self, other: &ParsedTable) -> bool {
        let row = |row: &ParsedRow, other: &ParsedRow| {
            row.condition == other.condition && row.destinations == other.destinations
        };
        let split = |table: &ParsedTable| table.split.as_ref().map(|split| split.destinations.clone());
        self.rows.len() == other.rows.len()
            && self.rows.iter().zip(&other.rows).all(|(one, other)| row(one, other))
            && split(self) == split(other)
    }
}

/// The destinations that get requests: those with a weight above 0, or all of them if all weights are 0. Flagger also writes
/// destinations of weight 0 into a row.
fn receiving(destinations: &[ParsedDestination]) -> Vec<ParsedDestination> {
    let any = destinations.iter().any(|destination| destination.weight > 0);
    destinations.iter().filter(|destination| !any || destination.weight > 0).cloned().collect()
}
