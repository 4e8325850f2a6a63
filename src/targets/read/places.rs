//! The matches of an object by path: for each path, the matches that requests can reach, in the order in which they are tried.

use std::collections::BTreeMap;

use super::{OwnedCondition, ParsedDestination, ParsedRule};
use crate::route::{Path, PathType};
use crate::targets::finding::Findings;

/// How a target chooses between several matches that a request satisfies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::targets) enum MatchOrder {
    /// The most specific path decides, and then a match with a condition before one without.
    BySpecificity,
    /// The first match in the list decides.
    AsListed,
}

/// The matches of an object that requests can reach.
pub(super) struct Places<'r> {
    /// The matches for every path that come before all others, so that they come first on each path. There are none
    /// [by specificity](MatchOrder::BySpecificity), where a longer path decides before the path `/`.
    pub(super) everywhere: Vec<PlacedRow<'r>>,
    /// The number of the destinations of each condition that is everywhere.
    conditions: BTreeMap<&'r OwnedCondition, usize>,
    /// The places that have an end, in the order of their ends.
    pub(super) ended: Vec<(PathKey<'r>, End<'r>)>,
    /// All places, those without an end too.
    pub(super) by_path: BTreeMap<PathKey<'r>, Place<'r>>,
}

/// A path as it is compared: the prefixes `/cart` and `/cart/` are equal.
pub(super) type PathKey<'r> = (PathType, &'r str);

/// The matches of one path. Requests that no row takes go to the end.
#[derive(Default)]
pub(super) struct Place<'r> {
    pub(super) rows: Vec<PlacedRow<'r>>,
    /// The number of the destinations of each condition.
    conditions: BTreeMap<&'r OwnedCondition, usize>,
    /// The number of the destinations of the match without a condition.
    end: Option<usize>,
}

/// A match with a condition.
#[derive(Clone, Copy)]
pub(super) struct PlacedRow<'r> {
    pub(super) field: &'r str,
    pub(super) rule: usize,
    pub(super) condition: &'r OwnedCondition,
    /// The number of the destinations. Equal lists of destinations have the same number.
    pub(super) goal: usize,
    pub(super) destinations: &'r [ParsedDestination],
}

/// A match without a condition.
pub(super) struct End<'r> {
    pub(super) field: &'r str,
    pub(super) path: &'r Path,
    /// The number of the destinations. Equal lists of destinations have the same number.
    pub(super) goal: usize,
    pub(super) destinations: &'r [ParsedDestination],
    /// Whether an earlier match without a condition takes all requests to the path, with the same destinations.
    pub(super) covered: bool,
}

/// Why a match is left out that follows the end of its path.
const WHY_UNREACHED: &str = "an earlier rule takes every request to this path, so that this one is never reached";

impl<'r> Places<'r> {
    /// Sorts matches by path. A match that no request can reach is reported if its destinations are not those of the match that
    /// takes its requests.
    pub(super) fn of(rules: &'r [ParsedRule], order: MatchOrder, findings: &mut Findings) -> Self {
        let mut places =
            Places { everywhere: Vec::new(), conditions: BTreeMap::new(), ended: Vec::new(), by_path: BTreeMap::new() };
        let goals = goals(rules);
        let numbered = rules.iter().zip(goals).enumerate();
        let mut matches: Vec<_> = numbered
            .flat_map(|(rule, (of_rule, goal))| of_rule.matches.iter().map(move |one| (rule, of_rule, goal, one)))
            .collect();
        if order == MatchOrder::BySpecificity {
            matches.sort_by_key(|(.., one)| one.condition.is_none());
        }
        let mut is_leading = order == MatchOrder::AsListed;
        for (rule, ParsedRule { destinations, .. }, goal, one) in matches {
            is_leading &= one.path.matches_all() && one.condition.is_some();
            let closed_by = places.closed_by(&one.path, order);
            match &one.condition {
                Some(_) if closed_by.is_some() => {
                    if closed_by != Some(goal) {
                        findings.left_out(&one.field, one.path.as_str(), WHY_UNREACHED);
                    }
                }
                Some(condition) => {
                    let row = PlacedRow { field: &one.field, rule, condition, goal, destinations };
                    places.add_row(&one.path, row, is_leading, findings);
                }
                None if closed_by.is_some_and(|closed_by| closed_by != goal) => {
                    findings.left_out(&one.field, one.path.as_str(), WHY_UNREACHED);
                }
                None => {
                    let covered = closed_by.is_some();
                    places.add_end(End { field: &one.field, path: &one.path, goal, destinations, covered });
                }
            }
        }
        places
    }

    /// The number of the destinations of the match that takes every request to this path, if there is one.
    fn closed_by(&self, path: &Path, order: MatchOrder) -> Option<usize> {
        let end = |key: &PathKey<'_>| self.by_path.get(key).and_then(|place| place.end);
        // Of several paths that cover this one, the longest decides. A shorter one that came earlier has the same destinations:
        // otherwise the longer one would have been left out.
        let covering = || path.prefixes().filter_map(|prefix| end(&(PathType::Prefix, prefix))).last();
        end(&key(path)).or_else(|| if order == MatchOrder::AsListed { covering() } else { None })
    }

    fn add_row(&mut self, path: &'r Path, row: PlacedRow<'r>, is_leading: bool, findings: &mut Findings) {
        let Places { everywhere, conditions, ended: _, by_path } = self;
        let place = by_path.entry(key(path)).or_default();
        if let Some(earlier) = conditions.get(row.condition).or_else(|| place.conditions.get(row.condition)) {
            if *earlier != row.goal {
                let why = "an earlier match has the same condition, so that this one is never reached";
                findings.left_out(row.field, &row.condition.to_string(), why);
            }
        } else if is_leading {
            conditions.insert(row.condition, row.goal);
            everywhere.push(row);
        } else {
            place.conditions.insert(row.condition, row.goal);
            place.rows.push(row);
        }
    }

    /// Adds the end of a path, unless the path has it already.
    fn add_end(&mut self, end: End<'r>) {
        let key = key(end.path);
        let place = self.by_path.entry(key).or_default();
        if place.end.is_none() {
            place.end = Some(end.goal);
            self.ended.push((key, end));
        }
    }
}

fn key(path: &Path) -> PathKey<'_> {
    (path.path_type(), path.compared())
}

/// The number of the destinations of each rule. Rules with equal destinations have the same number.
fn goals(rules: &[ParsedRule]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    rules
        .iter()
        .map(|rule| {
            let next = numbers.len();
            *numbers.entry(rule.destinations.as_slice()).or_insert(next)
        })
        .collect()
}
