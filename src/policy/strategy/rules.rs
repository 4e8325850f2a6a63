//! Header rules and cookie rules.

use proptest::prelude::*;
use proptest::strategy::Union;

use super::texts::{Texts, one_of};
use crate::policy::{CookieRule, HeaderRule, Match, Pattern};

/// The name of a header or cookie, and the match on its value.
pub(super) type Rule = (String, Match);

/// A header rule, or none.
pub(super) fn header_rule(texts: &Texts) -> BoxedStrategy<Option<Rule>> {
    rule(texts.header_names, texts.header_values, texts.header_patterns, |name, value_match| {
        HeaderRule::new(name, value_match).is_ok()
    })
}

/// A cookie rule, or none.
pub(super) fn cookie_rule(texts: &Texts) -> BoxedStrategy<Option<Rule>> {
    rule(texts.cookie_names, texts.cookie_values, texts.cookie_patterns, |name, value_match| {
        CookieRule::new(name, value_match).is_ok()
    })
}

fn rule(
    names: &[&str],
    values: &[&str],
    patterns: &[&str],
    is_valid: fn(&str, Match) -> bool,
) -> BoxedStrategy<Option<Rule>> {
    let Some(names) = one_of(names) else { return Just(None).boxed() };
    let rule = (names, value_match(values, patterns));
    let rule = rule.prop_filter("a valid rule", move |(name, value_match)| is_valid(name, value_match.clone()));
    proptest::option::of(rule).boxed()
}

/// A match; the simplest is that on `always` and `never`.
fn value_match(values: &[&str], patterns: &[&str]) -> impl Strategy<Value = Match> + use<> {
    let pattern = |text: String| Pattern::new(&text).ok().map(Match::Pattern);
    let values = one_of(values).map(|value| (2, value.prop_map(Match::Exact).boxed()));
    let patterns = one_of(patterns).map(|text| (2, text.prop_filter_map("a pattern", pattern).boxed()));
    let all = [(3, Just(Match::AlwaysNever).boxed())].into_iter().chain(values).chain(patterns);
    Union::new_weighted(all.collect())
}
