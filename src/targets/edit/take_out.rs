//! A policy is taken out of the rules of an object.

use super::edited_rule::{AppliedTo, EditedRule, why_alike};
use crate::error::EditError;

/// The rules as they were before the policy was put in.
///
/// Rules that somebody added or changed elsewhere are kept. Rules without anything of the policy, because somebody put the original
/// rules back, are returned as they are.
///
/// # Errors
///
/// A rule with the split, or one that was made of such a rule, is not as it was. `field` is the path of the list of rules.
pub(in crate::targets) fn take_out<R: EditedRule>(
    rules: &[R],
    applied: &AppliedTo<R>,
    own: Option<&str>,
    field: &'static str,
) -> Result<Vec<R>, EditError> {
    let changed = |index: usize| EditError::Changed { field: format!("{field}[{index}]") };
    let mut left = Left { rules: rules.iter().map(Some).collect(), next: 0 };
    let mut weights = applied.weights.iter().copied();
    let originals: Vec<Option<R>> = rules.iter().map(|rule| original(rule, applied, own, &mut weights)).collect();

    for (index, original) in originals.iter().enumerate() {
        let Some(original) = original else { continue };
        let taken: Vec<bool> = applied.rules.iter().map(|rule| left.take(&original.made(rule))).collect();
        // If a rule with the split is the rule as it was, it may also be a new rule, of which none was made.
        let is_new = applied.leaves_rules_as_they_are() && !taken.contains(&true);
        if taken.contains(&false) && !is_new {
            return Err(changed(index));
        }
    }

    let mut restored = Vec::new();
    for (index, (rule, original)) in left.rules.into_iter().zip(originals).enumerate() {
        match (rule, original) {
            (_, Some(original)) => restored.push(original),
            (None, None) => {}
            (Some(rule), None) if why_alike(rule, applied, own).is_some() => return Err(changed(index)),
            (Some(rule), None) => restored.push(rule.clone()),
        }
    }
    Ok(restored)
}

/// What a rule was before it got the split; `None` if it does not have the split.
fn original<R: EditedRule>(
    rule: &R,
    applied: &AppliedTo<R>,
    own: Option<&str>,
    weights: &mut (impl Iterator<Item = Option<u32>> + Clone),
) -> Option<R> {
    // The rules that were made of another one may lead to stable alone, too.
    if applied.conditions().any(|condition| rule.has_condition(condition)) {
        return None;
    }
    let mut after = weights.clone();
    let original = rule.without_split(&applied.split, after.next().flatten())?;
    let has_split = original.leads_only_to(&applied.stable, own) && original.with_split(&applied.split).is_same(rule);
    if !has_split {
        return None;
    }
    *weights = after;
    Some(original)
}

/// The rules that are not taken out yet.
struct Left<'r, R> {
    rules: Vec<Option<&'r R>>,
    /// Where to look first: rules are usually in the order in which they were put in.
    next: usize,
}

impl<R: EditedRule> Left<'_, R> {
    /// Takes the rule out, if it is there.
    fn take(&mut self, made: &R) -> bool {
        let count = self.rules.len();
        let is_made =
            |index: &usize| self.rules.get(*index).is_some_and(|rule| rule.is_some_and(|rule| rule.is_same(made)));
        let Some(index) = (self.next..count).chain(0..self.next.min(count)).find(is_made) else { return false };
        if let Some(rule) = self.rules.get_mut(index) {
            *rule = None;
        }
        self.next = index + 1;
        true
    }
}
