//! What a reader noticed in someone's annotations.

use std::fmt;

use crate::error::Excerpt;

/// Something in the annotations that does not mean what it seems to.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::targets::nginx::{parse, Finding, Flags};
///
/// let annotations = BTreeMap::from([
///     ("nginx.ingress.kubernetes.io/canary".to_owned(), "true".to_owned()),
///     ("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "10%".to_owned()),
/// ]);
/// let findings = parse(&annotations, &Flags::default()).findings;
/// assert_eq!(findings[0].code(), "invalid-value");
/// assert_eq!(findings[0].to_string(), "canary-weight: `10%` is not an integer: the controller takes 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// The controller does not take the value and says so only in its log.
    InvalidValue {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Its value.
        value: Excerpt,
        /// What it should have been.
        bound: &'static str,
        /// What the controller takes instead.
        instead: &'static str,
    },
    /// White space around the value, or around its lines, is cut off.
    Trimmed {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Its value.
        value: Excerpt,
    },
    /// A weight below 0 counts as 0.
    WeightBelowZero {
        /// The weight.
        weight: i64,
    },
    /// A weight above the total counts as the total.
    WeightAboveTotal {
        /// The weight.
        weight: i64,
        /// The total that counts.
        total: i64,
    },
    /// A total up to 100 counts as 100.
    TotalIgnored {
        /// The total.
        total: i64,
    },
    /// With a value, the pattern is not looked at.
    PatternIgnored {
        /// The pattern.
        pattern: Excerpt,
    },
    /// Without a header's name, its value or pattern is not looked at.
    NoHeaderName {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Its value.
        value: Excerpt,
    },
    /// nginx reads `_` in the name as `-`.
    HeaderUnderscore {
        /// The header's name.
        name: Excerpt,
    },
    /// nginx drops every request header of that name, so the rule never decides.
    HeaderNeverSeen {
        /// The header's name.
        name: Excerpt,
    },
    /// The annotation begins with `canary` and the controller does not know it.
    UnknownAnnotation {
        /// The annotation, without its prefix.
        annotation: Excerpt,
    },
    /// The annotation does nothing on this Ingress.
    WrongIngress {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Where it would do something: `stable` or `canary`.
        belongs: &'static str,
    },
    /// The annotation does nothing as long as the stable Ingress has no `affinity: cookie`.
    NoAffinity {
        /// The annotation, without its prefix.
        annotation: &'static str,
    },
    /// The annotation works, and a policy has no part for it, or not for this value.
    OutsidePolicy {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Its value.
        value: Excerpt,
    },
}

impl Finding {
    /// A short name for programs, as `total-ignored`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Finding::InvalidValue { .. } => "invalid-value",
            Finding::Trimmed { .. } => "trimmed",
            Finding::WeightBelowZero { .. } => "weight-below-zero",
            Finding::WeightAboveTotal { .. } => "weight-above-total",
            Finding::TotalIgnored { .. } => "total-ignored",
            Finding::PatternIgnored { .. } => "pattern-ignored",
            Finding::NoHeaderName { .. } => "no-header-name",
            Finding::HeaderUnderscore { .. } => "header-underscore",
            Finding::HeaderNeverSeen { .. } => "header-never-seen",
            Finding::UnknownAnnotation { .. } => "unknown-annotation",
            Finding::WrongIngress { .. } => "wrong-ingress",
            Finding::NoAffinity { .. } => "no-affinity",
            Finding::OutsidePolicy { .. } => "outside-policy",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::InvalidValue { annotation, value, bound, instead } => {
                write!(f, "{annotation}: `{value}` is not {bound}: the controller takes {instead}")
            }
            Finding::Trimmed { annotation, value } => {
                write!(f, "{annotation}: the white space at the ends of `{value}` is cut off")
            }
            Finding::WeightBelowZero { weight } => write!(f, "canary-weight: {weight} counts as 0"),
            Finding::WeightAboveTotal { weight, total } => {
                write!(f, "canary-weight: {weight} is more than the total and counts as {total}")
            }
            Finding::TotalIgnored { total } => {
                write!(f, "canary-weight-total: {total} counts as 100, like every total up to 100")
            }
            Finding::PatternIgnored { pattern } => {
                write!(f, "canary-by-header-pattern: `{pattern}` is not looked at beside canary-by-header-value")
            }
            Finding::NoHeaderName { annotation, value } => {
                write!(f, "{annotation}: `{value}` is not looked at without canary-by-header")
            }
            Finding::HeaderUnderscore { name } => write!(
                f,
                "canary-by-header: nginx reads `{name}` with - for each _, and drops request headers that have a _"
            ),
            Finding::HeaderNeverSeen { name } => write!(
                f,
                "canary-by-header: nginx drops request headers called `{name}`: only letters, digits and - pass"
            ),
            Finding::UnknownAnnotation { annotation } => {
                write!(f, "{annotation}: ingress-nginx has no such annotation")
            }
            Finding::WrongIngress { annotation, belongs } => {
                write!(f, "{annotation}: does nothing here, it belongs on the {belongs} Ingress")
            }
            Finding::NoAffinity { annotation } => {
                write!(f, "{annotation}: does nothing while the stable Ingress has no affinity: cookie")
            }
            Finding::OutsidePolicy { annotation, value } => {
                write!(f, "{annotation}: `{value}` is not part of a canary policy")
            }
        }
    }
}
