//! What a reader can know of a policy that was written for a target.

use canary_policy::{Affinity, Policy, Spec};
use serde_json::Value;

/// The policy without positions, which change no share.
pub fn without_positions(policy: &Policy) -> Policy {
    let mut spec = Spec::from(policy);
    spec.canaries.iter_mut().for_each(|canary| canary.position = None);
    Policy::try_from(spec).unwrap()
}

/// The policy in lowest terms, without the parts that the output of a target does not express.
pub fn readable(policy: &Policy) -> Policy {
    let mut spec = Spec::from(without_positions(policy).reduced());
    let has_rules = spec.canaries.iter().any(|canary| canary.header.is_some() || canary.cookie.is_some());
    if let Some(cookie) = spec.affinity.as_mut().and_then(|affinity| affinity.cookie.as_mut()) {
        cookie.path = cookie.path.take().filter(|path| path != "/");
        cookie.precedence = cookie.precedence.take().filter(|_| has_rules);
        cookie.secure = Some(cookie.secure == Some(true) || cookie.same_site.as_deref() == Some("None"));
    }
    Policy::try_from(spec).unwrap()
}

/// Whether a policy has an affinity cookie that the output never sets. This is so where only stable is pinned and no request
/// goes to stable; then the attributes of the cookie are nowhere in the output.
pub fn sets_no_cookie(policy: &Policy, written: &Value) -> bool {
    matches!(policy.affinity(), Affinity::Cookie(_)) && !written.to_string().to_ascii_lowercase().contains("set-cookie")
}
