//! A policy is put into the rules of an object.

use super::edited_rule::{AppliedTo, EditedRule, why_alike};
use crate::error::{EditError, Excerpt};
use crate::route::Backend;

/// Where the rules are put that are made of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::targets) enum Place {
    /// In front of that rule, because the first rule that matches decides.
    InFront,
    /// Behind all rules, because the most specific match decides, and among equally specific matches the first one.
    AtTheEnd,
}

/// For each rule, whether it is one that the policy is put into.
///
/// # Errors
///
/// A rule is like one of the policy. `field` is the path of the list of rules.
pub(in crate::targets) fn base_rules<R: EditedRule>(
    rules: &[R],
    applied: &AppliedTo<R>,
    own: Option<&str>,
    field: &'static str,
) -> Result<Vec<bool>, EditError> {
    let mut are_base = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let is_base = rule.leads_only_to(&applied.stable, own);
        if let Some(why) = why_alike(rule, applied, own).filter(|_| !is_base) {
            return Err(EditError::Alike { field: format!("{field}[{index}]"), why });
        }
        are_base.push(is_base);
    }
    Ok(are_base)
}

/// Checks that the policy is put into a rule. `field` is the path of the list of rules.
///
/// # Errors
///
/// No rule sends all of its requests to stable.
pub(in crate::targets) fn check_has_base(
    are_base: &[bool],
    stable: &Backend,
    field: &'static str,
) -> Result<(), EditError> {
    if are_base.contains(&true) {
        return Ok(());
    }
    Err(EditError::NoRule { field, stable: Excerpt::of(&stable.to_string()) })
}

/// The rules with a policy in those that `are_base` says. If the split gives the backend of stable a weight, the weight that it had
/// is recorded.
pub(in crate::targets) fn put_in<R: EditedRule>(
    rules: &[R],
    are_base: &[bool],
    applied: &mut AppliedTo<R>,
    place: Place,
) -> Vec<R> {
    applied.weights.clear();
    let has_weight = applied.split.iter().any(|share| share.backend.is_none() && share.weight.is_some());
    let (mut edited, mut at_the_end) = (Vec::new(), Vec::new());
    for (rule, is_base) in rules.iter().zip(are_base) {
        if !is_base {
            edited.push(rule.clone());
            continue;
        }
        let made = applied.rules.iter().map(|row| rule.made(row));
        match place {
            Place::InFront => edited.extend(made),
            Place::AtTheEnd => at_the_end.extend(made),
        }
        edited.push(rule.with_split(&applied.split));
        applied.weights.extend(has_weight.then(|| rule.weight()));
    }
    edited.extend(at_the_end);
    edited
}
