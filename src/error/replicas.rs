//! The errors of [`targets::replicas`](crate::targets::replicas).

use std::borrow::Cow;

use thiserror::Error;

use super::Diagnostic;

/// Why pods cannot be divided by the weights of a policy.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::ReplicasError;
/// use canary_policy::targets::replicas::{Pods, split};
///
/// let error = split(&Policy::percent(30)?, &Pods::new(1)?.with_one_of_each()).unwrap_err();
/// assert_eq!(error, ReplicasError::TooFew { pods: 1, variants: 2 });
/// assert_eq!(error.to_string(), "pods: 1 is fewer than the 2 variants that have a share");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ReplicasError {
    /// There are fewer pods than variants with a share, and each of those variants needs one.
    #[error("pods: {pods} is fewer than the {variants} variants that have a share")]
    TooFew {
        /// The number of pods.
        pods: u32,
        /// The number of variants with a share.
        variants: usize,
    },
    /// No number of pods up to the bound comes within the tolerance.
    #[error("pods: no number from 1 to {bound} comes within {tolerance}: {exact} pods are exact")]
    TooFar {
        /// The largest number of pods that is allowed.
        bound: u32,
        /// The tolerance, as a fraction such as `2/100`.
        tolerance: String,
        /// The number of pods that expresses the weights exactly.
        exact: u32,
    },
}

impl Diagnostic for ReplicasError {
    fn code(&self) -> &'static str {
        match self {
            ReplicasError::TooFew { .. } => "too-few-pods",
            ReplicasError::TooFar { .. } => "out-of-tolerance",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("pods"))
    }
}
