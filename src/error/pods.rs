//! Errors of pods.

use thiserror::Error;

use crate::targets::Proportion;

/// Why a policy cannot be said in pods.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::PodsError;
/// use canary_policy::targets::replicas::{Params, split};
///
/// let error = split(&Policy::percent(30)?, &Params::new(1)?.with_one_of_each()).unwrap_err();
/// assert_eq!(error, PodsError::TooFew { pods: 1, variants: 2 });
/// assert_eq!(error.to_string(), "pods: 1 is too few for one of each: 2 variants have a share");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PodsError {
    /// Not every variant with a share gets a pod.
    #[error("pods: {pods} {} too few for one of each: {variants} variants have a share", if *.pods == 1 { "is" } else { "are" })]
    TooFew {
        /// How many pods there are.
        pods: u32,
        /// How many variants have a share.
        variants: usize,
    },
    /// No number of pods comes near enough.
    #[error("pods: none of 1 to {most} comes within {tolerance}: {exact} are exact")]
    TooFar {
        /// The most there may be.
        most: u32,
        /// How near it should be.
        tolerance: Proportion,
        /// How many say the weights exactly.
        exact: u32,
    },
}
