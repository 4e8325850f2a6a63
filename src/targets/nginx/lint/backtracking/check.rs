//! The check of the patterns in force.

use std::collections::BTreeMap;

use super::automaton::Automaton;
use super::budget::{Budget, Unexamined};
use super::expression::Expression;
use super::program::Program;
use super::pumps::Pumps;
use super::repeated_value::RepeatedValue;
use super::search::Search;
use crate::policy::Match;
use crate::targets::nginx::Location;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::lint::{Findings, LintKind, State};

/// Finds the patterns in force on which the controller gives up. Each pattern is examined once.
pub(in crate::targets::nginx::lint) fn check(state: &State<'_, '_>, findings: &mut Findings) {
    if !state.parts.flags.dialect.backtracks {
        return;
    }
    let locations = state.configuration.virtual_hosts.iter().flat_map(|host| &host.locations);
    let are_unknown = state.parts.services.is_empty();
    let mut kinds: BTreeMap<String, Option<LintKind>> = BTreeMap::new();
    for canary in locations.flat_map(Location::canaries).filter(|canary| canary.has_endpoints || are_unknown) {
        let (Some(ingress), Ok(policy)) = (&canary.ingress, &canary.policy) else { continue };
        for rule in policy.canaries().iter().filter_map(|canary| canary.header()) {
            let Match::Pattern(pattern) = rule.value_match() else { continue };
            let kind = kinds.entry(pattern.as_str().to_owned()).or_insert_with(|| match examine(pattern.as_str()) {
                Ok(value) => value.map(|value| LintKind::PatternBacktracks { value }),
                Err(Unexamined) => Some(LintKind::PatternNotExamined),
            });
            if let Some(kind) = kind {
                findings.add(ingress, key::HEADER_PATTERN, kind.clone());
            }
        }
    }
}

/// A header value on which PCRE gives up, if one is found.
fn examine(pattern: &str) -> Result<Option<RepeatedValue>, Unexamined> {
    let mut budget = Budget::new(Budget::STEPS);
    let expression = Expression::of(pattern).ok_or(Unexamined)?;
    let program = Program::of(&expression, &mut budget)?;
    let automaton = Automaton::of(&program, &mut budget)?;
    let search =
        Search { automaton: &automaton, min_len: expression.min_len(), literals: program.literals().collect() };
    let pumps = Pumps::of(&automaton, &mut budget)?;
    if let Some(value) = search.run(&pumps.doubling(&mut budget)?, &mut budget)? {
        return Ok(Some(value));
    }
    // That this search ends early does not make a pattern suspicious.
    let mut budget = Budget::new(Budget::GROWING_STEPS);
    let growing = pumps.growing(&mut budget).and_then(|words| search.run(&words, &mut budget));
    Ok(growing.unwrap_or_default())
}
