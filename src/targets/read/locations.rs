//! The locations of a virtual host, from all rules that the objects of the host have.

use std::collections::BTreeSet;

use super::rules_by_path::RulesByPath;
use super::{MatchOrder, ParsedDestination, ParsedPolicy, ParsedRule, ParsedTable, VariantNames};
use crate::error::ReadError;
use crate::route::{Location, Path};
use crate::targets::Finding;
use crate::targets::finding::Findings;

/// The locations that were read, and those that no policy expresses.
pub(in crate::targets) struct ReadLocations {
    pub(in crate::targets) all: Vec<Location>,
    /// The paths whose rules no policy expresses exactly. A finding says why.
    pub(in crate::targets) inexact: Vec<Path>,
    pub(in crate::targets) findings: Vec<Finding>,
}

/// Reads a location for each of the paths. The location has every rule that matches the requests of its path, in the order in
/// which they decide there: a rule for `/` decides about `/cart` too, if no rule for `/cart` takes the request.
///
/// `names` returns the names that the variants of a path may have, the best ones first; none if nothing names them. The first
/// names count with which a policy expresses the rules exactly, or else the last ones. So names that contradict the rules, as those
/// of an annotation that nobody changed with them, make no difference between a location and what it was before.
pub(in crate::targets) fn locations(
    paths: Vec<&Path>,
    rules: &[ParsedRule],
    order: MatchOrder,
    names: impl Fn(&Path) -> Result<Vec<VariantNames>, ReadError>,
) -> Result<ReadLocations, ReadError> {
    let mut read = ReadLocations { all: Vec::new(), inexact: Vec::new(), findings: Vec::new() };
    let mut seen = BTreeSet::new();
    let rules = RulesByPath::new(rules, order);
    for path in paths {
        let mut findings = Findings::default();
        let rules_here = rules.at(path);
        let table = ParsedTable::of_rules(&rules_here, MatchOrder::AsListed, &mut findings);
        let is_exact_table = findings.is_empty() && rules.is_read_whole(path) && sends_to_services(&rules_here);
        let location = best_location(path, table, names(path)?, &mut findings);
        if !is_exact_table || !location.as_ref().is_some_and(|location| location.is_exact) {
            read.inexact.push(path.clone());
        }
        read.all.extend(location.map(|read| read.location));
        read.findings.extend(findings.into_vec().into_iter().filter(|finding| seen.insert(finding.to_string())));
    }
    Ok(read)
}

/// Whether every rule sends requests to Services by weight. A location holds no other kind of backend, and no answer without one,
/// such as a redirect.
fn sends_to_services(rules: &[ParsedRule]) -> bool {
    let is_service = |destination: &ParsedDestination| destination.backend.elsewhere.is_none();
    rules.iter().all(|rule| rule.is_known && !rule.destinations.is_empty() && rule.destinations.iter().all(is_service))
}

/// A location, and whether it decides every request as its rules do.
struct ReadLocation {
    location: Location,
    is_exact: bool,
}

/// The location of a path with the first of the names that express its rules exactly, or else with the last ones.
fn best_location(
    path: &Path,
    table: ParsedTable,
    mut names: Vec<VariantNames>,
    findings: &mut Findings,
) -> Option<ReadLocation> {
    let last = names.pop();
    for names in names {
        let mut of_names = Findings::default();
        let found = location(path, table.clone(), Some(names), &mut of_names);
        if found.as_ref().is_some_and(|location| location.is_exact) {
            findings.append(of_names);
            return found;
        }
    }
    location(path, table, last, findings)
}

/// The location of a path; `None` and a finding if its rules do not answer every request.
fn location(
    path: &Path,
    table: ParsedTable,
    names: Option<VariantNames>,
    findings: &mut Findings,
) -> Option<ReadLocation> {
    // Names of other backends say nothing about these rules.
    let names = names.filter(|names| table.sends_to_any_of(names));
    // If one backend gets every request and there is no canary, there is nothing to split.
    let only = if names.as_ref().is_none_or(VariantNames::is_stable_only) { table.only_destination() } else { None };
    if let Some(ParsedDestination { backend, set_cookie, weight: _ }) = only {
        let location = Location::new(path.clone(), backend.backend.clone());
        return Some(ReadLocation { location, is_exact: set_cookie.is_none() });
    }
    let read = table.policy(names, findings).map_err(|error| error.to_string()).and_then(|parsed| {
        let ParsedPolicy { policy, stable, canaries, former_tokens, is_exact } = parsed;
        let location = Location::new(path.clone(), stable).with_policy(policy, canaries);
        let location = location.map_err(|error| error.to_string())?;
        let location = match former_tokens {
            Some(former_tokens) => location.with_former_tokens(former_tokens).map_err(|error| error.to_string())?,
            None => location,
        };
        Ok(ReadLocation { location, is_exact })
    });
    read.map_err(|why| findings.left_out(path.to_string(), &why, "its rules are not those of a policy")).ok()
}

/// The paths of all matches, each once.
pub(in crate::targets) fn paths(rules: &[ParsedRule]) -> Vec<&Path> {
    let mut seen = BTreeSet::new();
    let all =
        rules.iter().flat_map(|rule| rule.matches.iter().map(|one| &one.path).chain(rule.unread.iter().flatten()));
    all.filter(|path| seen.insert((path.path_type(), path.compared()))).collect()
}
