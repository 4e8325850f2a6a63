//! The problems of a policy, collected so that all of them are reported together.

use std::collections::BTreeSet;

use super::{Canary, CanaryName, CookieRule, HeaderRule, Match, Pattern, Policy, Total};
use crate::error::{Excerpt, Invalid, InvalidPolicy, Problem};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems {
    problems: Vec<Problem>,
    /// The fields whose values could not be read. Each of them has a problem already, and a further one would only repeat it.
    unread: BTreeSet<String>,
}

/// The parts of a canary, each `None` if it is invalid. A rule that the canary does not have is `None` too.
#[derive(Clone, Copy)]
pub(super) struct CanaryParts<'c> {
    pub(super) name: Option<&'c CanaryName>,
    pub(super) weight: Option<u32>,
    /// The position, if the canary has one and it is valid.
    pub(super) position: Option<u32>,
    pub(super) header: Option<&'c HeaderRule>,
    pub(super) cookie: Option<&'c CookieRule>,
}

impl<'c> CanaryParts<'c> {
    pub(super) fn of(canary: &'c Canary) -> Self {
        let Canary { name, weight, position, header, cookie } = canary;
        CanaryParts {
            name: Some(name),
            weight: Some(*weight),
            position: *position,
            header: header.as_ref(),
            cookie: cookie.as_ref(),
        }
    }

    /// The patterns of the rules.
    pub(super) fn patterns(self) -> impl Iterator<Item = &'c Pattern> {
        let CanaryParts { name: _, weight: _, position: _, header, cookie } = self;
        let matches = [header.map(HeaderRule::value_match), cookie.map(CookieRule::value_match)];
        matches.into_iter().flatten().filter_map(Match::pattern)
    }
}

impl Problems {
    /// The problems of a spec with values that could not be read.
    pub(super) fn of_unread(unread: Vec<Problem>) -> Self {
        Problems { unread: unread.iter().map(|problem| problem.field.clone()).collect(), problems: unread }
    }

    /// The value, if it is valid and could be read; otherwise adds the problem of this field.
    pub(super) fn keep<T>(&mut self, field: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        let field = field.into();
        match value {
            Ok(value) => Some(value).filter(|_| !self.unread.contains(&field)),
            Err(invalid) => {
                self.add(invalid, field);
                None
            }
        }
    }

    /// Adds a problem of this field, unless the field or a part of it could not be read, or nothing could.
    fn add(&mut self, invalid: Invalid, field: impl Into<String>) {
        let field = field.into();
        if self.unread.contains("") {
            return;
        }
        let is_part = |unread: &str| unread.strip_prefix(&field).is_some_and(|rest| rest.starts_with(['.', '[']));
        // The parts of a field come directly after it.
        let mut from_here = self.unread.range(field.clone()..).take_while(|unread| unread.starts_with(&field));
        if !from_here.any(|unread| *unread == field || is_part(unread)) {
            self.problems.push(invalid.at(field));
        }
    }

    /// Adds the problem that there is no canary, or that there are too many.
    pub(super) fn check_count(&mut self, count: usize) {
        let bound = Policy::MAX_CANARIES;
        match count {
            0 => self.add(Invalid::NoCanary, "canaries"),
            count if count > bound => self.add(Invalid::CanaryCount { count, bound }, "canaries"),
            _ => {}
        }
    }

    /// Adds the problems that canaries have together although each is valid by itself: two canaries with one name, patterns
    /// that cost too much, weights above the total, and intervals that overlap.
    pub(super) fn check_together(&mut self, canaries: &[CanaryParts<'_>], total: Option<Total>) {
        let mut seen = BTreeSet::new();
        for (index, canary) in canaries.iter().enumerate() {
            if let Some(name) = canary.name.filter(|name| !seen.insert(*name)) {
                self.add(Invalid::NameTwice(Excerpt::of(name.as_str())), format!("canaries[{index}].name"));
            }
        }

        let patterns = canaries.iter().copied().flat_map(CanaryParts::patterns);
        let (cost, bound) = (patterns.map(|pattern| u64::from(pattern.cost())).sum(), Policy::MAX_PATTERN_COST);
        if cost > u64::from(bound) {
            self.add(Invalid::PatternCosts { cost, bound }, "canaries");
        }

        let Some(total) = total.map(Total::get) else { return };
        let mut sum = 0_u64;
        let mut one_is_above = false;
        for (index, canary) in canaries.iter().enumerate() {
            let weight = canary.weight.unwrap_or(0);
            sum += u64::from(weight);
            if weight > total {
                one_is_above = true;
                self.add(Invalid::WeightAboveTotal { weight, total }, format!("canaries[{index}].weight"));
            }
        }
        if sum > u64::from(total) && !one_is_above {
            self.add(Invalid::SumAboveTotal { sum, total }, "canaries");
        }
        self.check_positions(canaries, total);
    }

    /// Adds the problems of the positions: some canaries have none, an interval ends after the total, or two intervals overlap.
    fn check_positions(&mut self, canaries: &[CanaryParts<'_>], total: u32) {
        if canaries.iter().all(|canary| canary.position.is_none()) {
            return;
        }
        let mut intervals = Vec::new();
        for (index, canary) in canaries.iter().enumerate() {
            let field = format!("canaries[{index}].position");
            let Some(position) = canary.position else {
                self.add(Invalid::PositionMissing, field);
                continue;
            };
            let weight = canary.weight.unwrap_or(0);
            match position.checked_add(weight) {
                Some(end) if end <= total => intervals.push((position, end, index)),
                _ => self.add(Invalid::PositionAboveTotal { position, weight, total }, field),
            }
        }

        intervals.retain(|(start, end, _)| start < end);
        intervals.sort_unstable();
        for (&(start, end, lower), &(from, to, upper)) in intervals.iter().zip(intervals.iter().skip(1)) {
            if from < end {
                // The canary that comes later in the list has the problem.
                let (interval, other, at, of) = if lower < upper {
                    (from..to, start..end, upper, lower)
                } else {
                    (start..end, from..to, lower, upper)
                };
                let name = canaries.get(of).and_then(|canary| canary.name).map_or("", CanaryName::as_str);
                self.add(
                    Invalid::PositionOverlap { interval, other, name: Excerpt::of(name) },
                    format!("canaries[{at}].position"),
                );
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// All problems as one error. There has to be at least one.
    pub(super) fn into_error(self) -> InvalidPolicy {
        InvalidPolicy { problems: self.problems }
    }
}
