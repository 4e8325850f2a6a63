//! Errors in the parameters of [`targets`](crate::targets).

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// Why the value of a target's parameter is refused.
///
/// ```
/// use canary_policy::error::InvalidParams;
/// use canary_policy::targets::replicas::Pods;
///
/// assert_eq!(Pods::new(0).unwrap_err(), InvalidParams::Pods(0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidParams {
    /// The number of pods is 0 or above 1,000,000.
    #[error("{0} is not a number of pods: expected 1 to 1000000")]
    Pods(u32),
    /// The tolerance is not a fraction from 0 to 1.
    #[error("{parts}/{total} is not a tolerance: expected a fraction from 0 to 1")]
    Tolerance {
        /// The numerator.
        parts: u32,
        /// The denominator.
        total: u32,
    },
    /// The name of a label is one that the Kubernetes API server refuses.
    #[error(
        "`{0}` is not the name of a label: expected 1 to 63 letters, digits, `-`, `_` or `.`, optionally after a DNS name and `/`"
    )]
    Label(Excerpt),
    /// The domain of the cluster is not a DNS name.
    #[error("`{0}` is not a domain: expected a DNS name of 1 to 253 of a-z, 0-9, - and .")]
    Domain(Excerpt),
    /// The prefix of annotations is one that no annotation key begins with.
    #[error("`{0}` is not an annotation prefix: expected 1 to 253 letters, digits, `.`, `-`, `_` or `/`")]
    Prefix(Excerpt),
    /// The name is none of those that are known.
    #[error("`{value}` is no {what}: expected {}", .expected.join(", "))]
    Unknown {
        /// What has the name.
        what: &'static str,
        /// The name.
        value: Excerpt,
        /// The known names.
        expected: Vec<&'static str>,
    },
}

impl Diagnostic for InvalidParams {
    fn code(&self) -> &'static str {
        match self {
            InvalidParams::Pods(_) => "pods",
            InvalidParams::Tolerance { .. } => "tolerance",
            InvalidParams::Label(_) => "label",
            InvalidParams::Domain(_) => "domain",
            InvalidParams::Prefix(_) => "prefix",
            InvalidParams::Unknown { .. } => "unknown-name",
        }
    }
}
