//! Several canaries of one location, for dialects in which all of them get requests.

use super::CanaryInForce;
use crate::error::{AnnotationError, Invalid};
use crate::policy::{Canary, CanaryName, Policy};
use crate::targets::nginx::annotations::key;

/// One policy of several canaries: the second one is named `canary-2`, and so on. The affinity is that of the first one, and the
/// total that of the first one with a weight.
///
/// # Errors
///
/// No policy can hold one of the canaries, or all of them together.
pub(super) fn policy_of_all<'c>(
    canaries: impl Iterator<Item = &'c CanaryInForce> + Clone,
) -> Result<Policy, AnnotationError> {
    let policies = canaries.map(|canary| canary.policy.as_ref().map_err(Clone::clone));
    let policies: Vec<&Policy> = policies.collect::<Result<_, _>>()?;
    let has_weight = |policy: &&&Policy| policy.canaries().iter().any(|canary| canary.weight() > 0);
    let Some(first) = policies.first() else { return Err(AnnotationError::NotCanary) };
    let total = policies.iter().find(has_weight).unwrap_or(first).total();
    let mut named = Vec::new();
    for (index, canary) in policies.iter().flat_map(|policy| policy.canaries()).enumerate() {
        let name = match index {
            0 => canary.name().clone(),
            _ => {
                CanaryName::new(&format!("canary-{}", index + 1)).map_err(AnnotationError::unsupported(key::CANARY))?
            }
        };
        named.push(Canary { name, ..canary.clone() });
    }
    let policy = Policy::new(named, total).map_err(|invalid| {
        let first = invalid.problems.into_iter().next().map_or(Invalid::NoCanary, |problem| problem.invalid);
        AnnotationError::unsupported(key::WEIGHT)(first)
    })?;
    Ok(policy.with_affinity(first.affinity().clone()))
}
