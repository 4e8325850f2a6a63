//! The problems of a policy, collected so that all of them are reported together.

use std::collections::BTreeSet;

use super::{CanaryName, Total};
use crate::error::{Excerpt, Invalid, InvalidPolicy, Problem};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

/// The name and the weight of a canary, each `None` if it is invalid.
pub(super) struct NameAndWeight<'c> {
    pub(super) name: Option<&'c CanaryName>,
    pub(super) weight: Option<u32>,
}

impl Problems {
    /// The value, if it is valid; otherwise adds the problem of this field.
    pub(super) fn keep<T>(&mut self, field: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|invalid| self.0.push(invalid.at(field))).ok()
    }

    /// Adds the problems that canaries have together although each is valid by itself: no canary at all, two canaries
    /// with one name, and weights above the total.
    pub(super) fn check_together(&mut self, canaries: &[NameAndWeight<'_>], total: Option<Total>) {
        if canaries.is_empty() {
            self.0.push(Invalid::NoCanary.at("canaries"));
        }

        let mut seen = BTreeSet::new();
        for (index, canary) in canaries.iter().enumerate() {
            if let Some(name) = canary.name
                && !seen.insert(name)
            {
                let field = format!("canaries[{index}].name");
                self.0.push(Invalid::NameTwice(Excerpt::of(name.as_str())).at(field));
            }
        }

        let Some(total) = total.map(Total::get) else { return };
        let mut sum = 0_u64;
        let mut one_is_above = false;
        for (index, canary) in canaries.iter().enumerate() {
            let weight = canary.weight.unwrap_or(0);
            sum += u64::from(weight);
            if weight > total {
                one_is_above = true;
                self.0.push(Invalid::WeightAboveTotal { weight, total }.at(format!("canaries[{index}].weight")));
            }
        }
        if sum > u64::from(total) && !one_is_above {
            self.0.push(Invalid::SumAboveTotal { sum, total }.at("canaries"));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All problems as one error. There has to be at least one.
    pub(super) fn into_error(self) -> InvalidPolicy {
        InvalidPolicy { problems: self.0 }
    }
}
