//! A policy is put into the rules of an object.

use super::edited_rule::{AppliedTo, EditedRule, why_alike};
use crate::error::{ConversionError, EditError, Excerpt};
use crate::policy::{Policy, Variant};
use crate::route::Backend;

/// Where the rules are put that are made of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::targets) enum Place {
    /// In front of that rule, because the first rule that matches decides.
    InFront,
    /// Behind all rules, because the most specific match decides, and among equally specific matches the first one.
    AtTheEnd,
}

/// Checks that no canary has the backend of stable, as the target names it. A backend that is a canary's and stable's could not be
/// told apart when the policy is taken out, and there is nothing to split.
///
/// # Errors
///
/// A canary has the backend of stable, or a backend cannot be written.
pub(in crate::targets) fn check_backends<B: PartialEq>(
    policy: &Policy,
    stable: &Backend,
    named: impl Fn(Variant) -> Result<B, ConversionError>,
) -> Result<(), EditError> {
    let of_stable = named(Variant::Stable)?;
    for (index, canary) in policy.canaries().iter().enumerate() {
        if named(Variant::Canary(index))? == of_stable {
            let (canary, backend) = (Excerpt::of(canary.name().as_str()), Excerpt::of(&stable.to_string()));
            return Err(EditError::SameBackend { canary, backend });
        }
    }
    Ok(())
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
