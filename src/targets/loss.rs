//! Losses: the parts of a policy and of a route that the output of a converter does not express.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Diagnostic, Excerpt, Severity};
use crate::policy::{Ratio, Variant};
use crate::route::Host;

/// A part of a policy or of a route, by its field path in a [`Spec`](crate::Spec) or a [`Route`](crate::Route).
///
/// ```
/// use canary_policy::Variant;
/// use canary_policy::targets::Part;
///
/// assert_eq!(Part::Cookie(1).to_string(), "canaries[1].cookie");
/// assert_eq!(Part::Host(0).to_string(), "hosts[0]");
/// assert_eq!(Part::Backend(Variant::Canary(0)).to_string(), "backends.canaries[0]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A whole canary, by its index.
    Canary(usize),
    /// A canary's weight.
    Weight(usize),
    /// A canary's header rule.
    Header(usize),
    /// A canary's cookie rule.
    Cookie(usize),
    /// The affinity as a whole.
    Affinity,
    /// The affinity cookie's precedence.
    AffinityPrecedence,
    /// The affinity cookie's revision.
    AffinityRevision,
    /// The affinity cookie's lifetime.
    AffinityMaxAge,
    /// The affinity cookie's path.
    AffinityPath,
    /// The affinity cookie's domain.
    AffinityDomain,
    /// The affinity cookie's `SameSite`.
    AffinitySameSite,
    /// Whether the affinity cookie is always marked `Secure`.
    AffinitySecure,
    /// The tokens in the affinity cookies of the former router. From this part on, the parts belong to a route; those above belong
    /// to a policy.
    FormerTokens,
    /// A host of the route, by its index.
    Host(usize),
    /// The backend of a variant.
    Backend(Variant),
    /// A rule of somebody's object that a policy is put into, by its index in `spec.rules` or `spec.http` of the object without a
    /// policy.
    Rule(usize),
}

/// The field path, as `Display` writes it.
#[cfg(feature = "serde")]
impl serde::Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Part {
    /// A key that sorts parts in the order of the fields of a `Spec`: canary by canary, then the affinity. The parts of a route
    /// come last.
    pub(super) fn position(self) -> (usize, Part) {
        match self {
            Part::Canary(index) | Part::Weight(index) | Part::Header(index) | Part::Cookie(index) => (index, self),
            Part::Affinity
            | Part::AffinityPrecedence
            | Part::AffinityRevision
            | Part::AffinityMaxAge
            | Part::AffinityPath
            | Part::AffinityDomain
            | Part::AffinitySameSite
            | Part::AffinitySecure
            | Part::FormerTokens
            | Part::Host(_)
            | Part::Backend(_)
            | Part::Rule(_) => (usize::MAX, self),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Canary(index) => write!(f, "canaries[{index}]"),
            Part::Weight(index) => write!(f, "canaries[{index}].weight"),
            Part::Header(index) => write!(f, "canaries[{index}].header"),
            Part::Cookie(index) => write!(f, "canaries[{index}].cookie"),
            Part::Affinity => f.write_str("affinity"),
            Part::AffinityPrecedence => f.write_str("affinity.cookie.precedence"),
            Part::AffinityRevision => f.write_str("affinity.cookie.revision"),
            Part::AffinityMaxAge => f.write_str("affinity.cookie.maxAge"),
            Part::AffinityPath => f.write_str("affinity.cookie.path"),
            Part::AffinityDomain => f.write_str("affinity.cookie.domain"),
            Part::AffinitySameSite => f.write_str("affinity.cookie.sameSite"),
            Part::AffinitySecure => f.write_str("affinity.cookie.secure"),
            Part::FormerTokens => f.write_str("formerTokens"),
            Part::Host(index) => write!(f, "hosts[{index}]"),
            Part::Backend(Variant::Stable) => f.write_str("backends.stable"),
            Part::Backend(Variant::Canary(index)) => write!(f, "backends.canaries[{index}]"),
            Part::Rule(index) => write!(f, "rules[{index}]"),
        }
    }
}

/// A part of a policy or of a route that the output of a converter does not express.
///
/// With `serde` it is written as `{"kind": "leftOut", "part": "canaries[0].cookie", "value": …, "why": …}`.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::targets::Part;
/// use canary_policy::{Canary, CookieRule, Loss, Match, Policy, Total};
///
/// let beta = CookieRule::new("cohort", Match::Exact("beta".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 5)?.with_cookie(beta)], Total::default())?;
/// let loss = &annotations(&policy, &Prefix::default()).losses[0];
/// assert!(matches!(loss, Loss::LeftOut { part: Part::Cookie(0), .. }));
/// assert_eq!(
///     loss.to_string(),
///     "canaries[0].cookie: `cohort = beta` is left out: ingress-nginx reads only always and never in a cookie",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Loss {
    /// The part was not written: the target cannot express it, or it would have no effect in the output.
    LeftOut {
        /// The part of the policy.
        part: Part,
        /// The value of the part.
        value: Excerpt,
        /// The reason.
        why: &'static str,
    },
    /// The target can express such a part, but refuses this value, so the part was not written.
    Refused {
        /// The part of the policy.
        part: Part,
        /// The value that is refused.
        value: Excerpt,
        /// The values that the target accepts.
        bound: &'static str,
    },
    /// The target's weights are coarser than the policy's, so the weight was rounded. A share above 0 never becomes 0, and a
    /// share below 1 never becomes 1, except for [`replicas`](super::replicas) when there are few pods.
    Rounded {
        /// The weight, by its field path.
        part: Part,
        /// The share in the policy.
        requested: Ratio,
        /// The share in the output.
        written: Ratio,
    },
    /// The target cannot express the part exactly, so something similar was written.
    Changed {
        /// The part of the policy.
        part: Part,
        /// The value in the policy.
        requested: Excerpt,
        /// The value in the output.
        written: Excerpt,
        /// The reason for the difference.
        why: &'static str,
    },
    /// The part was written as it is, but has its effect only together with an object that was not written. Until that object
    /// exists, requests fail.
    Needs {
        /// The part of the route.
        part: Part,
        /// The value of the part.
        value: Excerpt,
        /// The object, and what happens without it.
        object: &'static str,
    },
}

impl Loss {
    /// The loss of the former tokens of this affinity, whose cookie is left out.
    pub(in crate::targets) fn of_former_tokens(affinity: Excerpt) -> Self {
        let why = "a former token belongs to the affinity cookie, which is left out";
        Loss::LeftOut { part: Part::FormerTokens, value: affinity, why }
    }

    /// The part of the policy or route that is lost.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Loss::LeftOut { part, .. }
            | Loss::Refused { part, .. }
            | Loss::Rounded { part, .. }
            | Loss::Changed { part, .. }
            | Loss::Needs { part, .. } => *part,
        }
    }
}

/// One loss for each host that begins with `*`, for a target in which the `*` stands for one or more labels. In a route it stands
/// for exactly one, as in an Ingress.
pub(super) fn wildcard_hosts(hosts: &[Host]) -> impl Iterator<Item = Loss> {
    hosts.iter().enumerate().filter_map(|(index, host)| {
        let suffix = host.as_str().strip_prefix('*')?;
        Some(Loss::Changed {
            part: Part::Host(index),
            requested: Excerpt::of(&format!("one label before {suffix}")),
            written: Excerpt::of(&format!("one or more labels before {suffix}")),
            why: "the target has no host with a `*` for a single label",
        })
    })
}

impl Diagnostic for Loss {
    fn code(&self) -> &'static str {
        match self {
            Loss::LeftOut { .. } => "left-out",
            Loss::Refused { .. } => "refused",
            Loss::Rounded { .. } => "rounded",
            Loss::Changed { .. } => "changed",
            Loss::Needs { .. } => "needs",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.part().to_string()))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::LeftOut { part, value, why } => write!(f, "{part}: `{value}` is left out: {why}"),
            Loss::Refused { part, value, bound } => {
                write!(f, "{part}: `{value}` is refused, so it is left out: {bound}")
            }
            Loss::Rounded { part, requested, written } => write!(f, "{part}: {requested} is rounded to {written}"),
            Loss::Changed { part, requested, written, why } => {
                write!(f, "{part}: `{requested}` becomes `{written}`: {why}")
            }
            Loss::Needs { part, value, object } => write!(f, "{part}: `{value}` needs {object}"),
        }
    }
}
