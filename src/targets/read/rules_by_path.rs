//! The matches of all rules by path, so that those of one path are found without a look at all others.

use std::collections::BTreeMap;

use super::{MatchOrder, ParsedMatch, ParsedRule};
use crate::route::{Path, Specificity};

/// The rules of the objects that one host has.
pub(super) struct RulesByPath<'r> {
    order: MatchOrder,
    matches: BTreeMap<Specificity<'r>, Vec<ListedMatch<'r>>>,
    /// For each path of a match that was not read, the number of the first rule with such a match.
    unread: BTreeMap<Specificity<'r>, usize>,
    /// The same for the matches that may have any path.
    unread_anywhere: Option<usize>,
}

/// A match and its place in the list.
#[derive(Clone, Copy)]
struct ListedMatch<'r> {
    /// The number of the rule, and that of the match in it.
    place: (usize, usize),
    rule: &'r ParsedRule,
    one: &'r ParsedMatch,
}

impl ListedMatch<'_> {
    fn takes_all(&self) -> bool {
        self.one.condition.is_none()
    }
}

impl<'r> RulesByPath<'r> {
    pub(super) fn new(rules: &'r [ParsedRule], order: MatchOrder) -> Self {
        let (matches, unread) = (BTreeMap::new(), BTreeMap::new());
        let mut by_path = RulesByPath { order, matches, unread, unread_anywhere: None };
        for (number, rule) in rules.iter().enumerate() {
            for (index, one) in rule.matches.iter().enumerate() {
                let listed = ListedMatch { place: (number, index), rule, one };
                by_path.matches.entry(one.path.specificity()).or_default().push(listed);
            }
            for unread in &rule.unread {
                match unread {
                    Some(path) => by_path.unread.entry(path.specificity()).or_insert(number),
                    None => by_path.unread_anywhere.get_or_insert(number),
                };
            }
        }
        by_path
    }

    /// The rules that match the requests of a path, one match each, in the order in which they decide. Their own paths no longer
    /// matter.
    pub(super) fn at(&self, path: &Path) -> Vec<ParsedRule> {
        let mut matching = self.covering(path);
        matching.sort_by_key(|listed| listed.place);
        if self.order == MatchOrder::BySpecificity {
            matching.sort_by_key(|listed| (listed.one.path.specificity(), listed.takes_all()));
        }
        // A match without a condition takes every request that reaches it.
        let end = matching.iter().position(ListedMatch::takes_all);
        matching.truncate(end.map_or(matching.len(), |end| end + 1));
        let alone = |ListedMatch { rule, one, .. }: ListedMatch<'_>| ParsedRule {
            matches: vec![ParsedMatch {
                field: one.field.clone(),
                path: Path::root(),
                condition: one.condition.clone(),
            }],
            destinations: rule.destinations.clone(),
            unread: Vec::new(),
            is_known: rule.is_known,
        };
        matching.into_iter().map(alone).collect()
    }

    /// Whether every match that decides about requests to the path was read. In a list, no match decides that comes after one which
    /// takes all of these requests, and none of the same rule, which leads to the same destinations. The exception is a single path
    /// that the rule does not have, although it has everything below: `/cart`, if it has the prefix `/cart/` of characters.
    pub(super) fn is_read_whole(&self, path: &Path) -> bool {
        let ends = self.covering(path).into_iter().filter(ListedMatch::takes_all).map(|listed| listed.place.0);
        let end = if self.order == MatchOrder::AsListed { ends.min() } else { None };
        let is_earlier = |rule: usize| end.is_none_or(|end| rule < end);
        let mut unread = Specificity::of_covering(path).filter_map(|known| Some((known, *self.unread.get(&known)?)));
        let decides =
            |(known, rule): (Specificity<'_>, usize)| is_earlier(rule) || (known.is_exact() && end == Some(rule));
        !self.unread_anywhere.is_some_and(is_earlier) && !unread.any(decides)
    }

    /// The matches whose paths have every request of this one.
    fn covering(&self, path: &Path) -> Vec<ListedMatch<'r>> {
        Specificity::of_covering(path).filter_map(|known| self.matches.get(&known)).flatten().copied().collect()
    }
}
