//! An object that was read, as a table. First come the rows, each with a condition that the object has on every URL path; then
//! comes the split of requests by weight.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Ranked, overtaken};
use super::places::{End, MatchOrder, PathKey, Place, PlacedRow, Places};
use super::{OwnedCondition, ParsedDestination, ParsedRule, VariantNames};
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
    /// The places in the object, as in `spec.http[0].match[1]`: at least one, and at most one for each rule.
    pub(super) fields: Vec<String>,
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

/// A condition, and the number of the destinations that it leads to.
type RowKey<'r> = (&'r OwnedCondition, usize);

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
    pub(in crate::targets) fn of_rules(rules: &[ParsedRule], order: MatchOrder, findings: &mut Findings) -> Self {
        let Places { everywhere, ended, by_path, .. } = Places::of(rules, order, findings);
        let Some(split) = split(&ended) else {
            return ParsedTable { rows: Vec::new(), split: None, paths: Vec::new() };
        };
        let (of_split, of_others): (Vec<_>, Vec<_>) = ended.iter().partition(|(_, end)| end.goal == split.goal);
        for (_, end) in of_others {
            let why = "its backends are not those of the split: a route has one set of backends";
            findings.left_out(end.field, end.path.as_str(), why);
        }

        let keys: BTreeSet<&PathKey<'_>> = of_split.iter().map(|(key, _)| key).collect();
        for (_, place) in by_path.iter().filter(|(key, _)| !keys.contains(key)) {
            for row in &place.rows {
                let why = "its path is not a path of the split, and a rule of a policy holds on the paths of the split";
                findings.left_out(row.field, &row.condition.to_string(), why);
            }
        }
        if !of_split.iter().any(|(_, end)| end.path.matches_all()) {
            for row in &everywhere {
                let why = "the match holds on every path, and a rule of a policy on the paths of the split only";
                findings.assumed(row.field, &row.condition.to_string(), why);
            }
        }

        // A path that an earlier path of the split covers has the rows of that path, unless it has rows of its own.
        let bound = of_split.iter().filter_map(|(key, end)| Some((by_path.get(key)?, end)));
        let bound = bound.filter(|(place, end)| !end.covered || !place.rows.is_empty());
        let bound: Vec<&Place<'_>> = bound.map(|(place, _)| place).collect();
        let paths = of_split.iter().map(|(_, end)| end.path.clone()).collect();
        let split = ParsedSplit { field: split.field.to_owned(), destinations: split.destinations.to_vec() };
        ParsedTable { rows: common_rows(&everywhere, &bound, findings), split: Some(split), paths }
    }

    /// The first destination, if every request goes to a backend and all of them to the same one.
    pub(super) fn only_destination(&self) -> Option<&ParsedDestination> {
        let of_split = &self.split.as_ref()?.destinations;
        let all = self.rows.iter().flat_map(|row| &row.destinations).chain(of_split);
        let mut receiving = all.filter(|destination| destination.weight > 0);
        let first = receiving.next()?;
        receiving.all(|other| other.backend == first.backend).then_some(first)
    }

    /// Whether a request goes to one of the named variants.
    pub(super) fn sends_to_any_of(&self, names: &VariantNames) -> bool {
        let of_split = self.split.iter().flat_map(|split| &split.destinations);
        self.rows.iter().flat_map(|row| &row.destinations).chain(of_split).any(|to| names.has(&to.backend))
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

/// The split is the first match without a condition that has several backends. If none has several, it is the last match without a
/// condition.
fn split<'e, 'r>(ended: &'e [(PathKey<'r>, End<'r>)]) -> Option<&'e End<'r>> {
    let ends = || ended.iter().map(|(_, end)| end);
    ends().find(|end| end.destinations.len() > 1).or_else(|| ends().next_back())
}

/// The rows that all places have, in the order of the first place. A row that not every place has is reported, and so is a row that
/// comes in another order at its place.
fn common_rows(everywhere: &[PlacedRow<'_>], places: &[&Place<'_>], findings: &mut Findings) -> Vec<ParsedRow> {
    let mut counts: BTreeMap<RowKey<'_>, usize> = BTreeMap::new();
    for row in places.iter().flat_map(|place| &place.rows) {
        *counts.entry((row.condition, row.goal)).or_default() += 1;
    }
    let is_common = |row: &&PlacedRow<'_>| counts.get(&(row.condition, row.goal)) == Some(&places.len());
    let first = places.first().map(|place| place.rows.as_slice()).unwrap_or_default();
    let kept = everywhere.iter().chain(first.iter().filter(is_common));

    let mut rows = Vec::new();
    let mut ranks: BTreeMap<RowKey<'_>, usize> = BTreeMap::new();
    // The rules that are named in the fields of each row.
    let mut named: BTreeSet<(usize, usize)> = BTreeSet::new();
    for PlacedRow { field, rule, condition, goal, destinations } in kept {
        ranks.insert((*condition, *goal), rows.len());
        named.insert((rows.len(), *rule));
        let (fields, destinations) = (vec![(*field).to_owned()], receiving(destinations));
        rows.push(ParsedRow { fields, condition: (*condition).clone(), destinations });
    }

    for place in places {
        let ranked = place.rows.iter().filter_map(|row| Some((row, *ranks.get(&(row.condition, row.goal))?)));
        let ranked: Vec<(&PlacedRow<'_>, usize)> = ranked.collect();
        for (row, rank) in &ranked {
            let is_new = named.insert((*rank, row.rule));
            if let Some(known) = rows.get_mut(*rank).filter(|_| is_new) {
                known.fields.push(row.field.to_owned());
            }
        }
        let order: Vec<_> = ranked.iter().map(|(row, rank)| Ranked { rank: *rank, goal: row.goal }).collect();
        for (row, _) in overtaken(&order).into_iter().filter_map(|index| ranked.get(index)) {
            let why = "the rules of a policy have the same order on every path";
            findings.assumed(row.field, &format!("{}, in another order", row.condition), why);
        }
        for row in place.rows.iter().filter(|row| !is_common(row)) {
            let why = "not every path of the split has it, and a rule of a policy holds on every path";
            findings.left_out(row.field, &row.condition.to_string(), why);
        }
    }
    rows
}

/// The destinations that get requests: those with a weight above 0, or all of them if all weights are 0. Flagger also writes
/// destinations of weight 0 into a row.
fn receiving(destinations: &[ParsedDestination]) -> Vec<ParsedDestination> {
    let any = destinations.iter().any(|destination| destination.weight > 0);
    destinations.iter().filter(|destination| !any || destination.weight > 0).cloned().collect()
}
