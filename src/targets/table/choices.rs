//! The rules of a policy as choices, in the order in which they decide.

use std::collections::BTreeSet;
use std::fmt;

use super::{Choice, Condition, Limits};
use crate::error::Excerpt;
use crate::policy::Canary;
use crate::targets::{Conversion, Loss, Part};

/// Why a condition is not written again.
const WHY_REPEATED: &str = "an earlier rule has the same condition, so no request reaches it";

/// A rule, and the choices that it makes.
struct RuleChoices<'p> {
    part: Part,
    rule: &'p dyn fmt::Display,
    choices: Vec<Choice<Condition<'p>>>,
}

/// The choices of all header rules, and then those of all cookie rules, in the terms of the target.
///
/// Each condition is written once, because the first rule with a condition decides, and some implementations of the Gateway API
/// split the requests between two equal matches. If two canaries have the rule `x-canary: always or never`, only that of the
/// first is written, and that of the second is a loss.
pub(super) fn rule_choices<C>(
    canaries: &[Canary],
    limits: &Limits<impl Fn(Condition<'_>) -> Result<C, &'static str>>,
) -> Conversion<Vec<Choice<C>>> {
    let mut written = BTreeSet::new();
    let (mut output, mut losses) = (Vec::new(), Vec::new());
    for RuleChoices { part, rule, choices } in headers(canaries).chain(cookies(canaries)) {
        // Most rules have no loss, and need no text.
        let value = || Excerpt::of(&rule.to_string());
        let all = choices.len();
        let keyed = choices.into_iter().map(|choice| (choice.condition.key(), choice));
        let (keys, new): (Vec<_>, Vec<_>) = keyed.filter(|(key, _)| !written.contains(key)).unzip();
        if new.is_empty() {
            losses.push(Loss::LeftOut { part, value: value(), why: WHY_REPEATED });
            continue;
        }
        match translated(part, rule, new, limits) {
            Err(loss) => losses.push(loss),
            Ok(choices) => {
                if keys.len() < all {
                    let kept: Vec<String> = keys.iter().map(ToString::to_string).collect();
                    let kept = Excerpt::of(&kept.join(", "));
                    losses.push(Loss::Changed { part, requested: value(), written: kept, why: WHY_REPEATED });
                }
                written.extend(keys);
                output.extend(choices);
            }
        }
    }
    Conversion { output, losses }
}

fn headers(canaries: &[Canary]) -> impl Iterator<Item = RuleChoices<'_>> {
    canaries.iter().enumerate().filter_map(|(index, canary)| {
        let rule = canary.header()?;
        let choices = Choice::of_header(rule, index);
        Some(RuleChoices { part: Part::Header(index), rule, choices })
    })
}

fn cookies(canaries: &[Canary]) -> impl Iterator<Item = RuleChoices<'_>> {
    canaries.iter().enumerate().filter_map(|(index, canary)| {
        let rule = canary.cookie()?;
        let choices = Choice::of_cookie(rule, index);
        Some(RuleChoices { part: Part::Cookie(index), rule, choices })
    })
}

/// The choices of a rule or of the affinity cookie in the terms of the target. If the target cannot express one of them, all of
/// them are lost together: a rule with only one of its two choices would mean something else.
pub(super) fn translated<C>(
    part: Part,
    value: &dyn fmt::Display,
    choices: Vec<Choice<Condition<'_>>>,
    limits: &Limits<impl Fn(Condition<'_>) -> Result<C, &'static str>>,
) -> Result<Vec<Choice<C>>, Loss> {
    let choice = |Choice { condition, variant }| Ok(Choice { condition: (limits.translate)(condition)?, variant });
    let choices: Result<Vec<Choice<C>>, &'static str> = choices.into_iter().map(choice).collect();
    choices.map_err(|bound| Loss::Refused { part, value: Excerpt::of(&value.to_string()), bound })
}
