//! Conversions: the output of a converter, together with its losses.

use std::fmt;

use super::Loss;

/// The output of a converter, and the parts of the policy that the output does not express.
///
/// A function that converts virtual hosts has a [`LocationLoss`](super::LocationLoss) for each loss, which names the location.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Canary, Policy, Total};
///
/// let two = Policy::new([Canary::new("blue", 10)?, Canary::new("green", 20)?], Total::default())?;
/// let conversion = annotations(&two, &Prefix::default());
/// assert_eq!(conversion.losses.len(), 1);
/// assert!(conversion.exact().is_err());
///
/// assert!(annotations(&Policy::percent(30)?, &Prefix::default()).exact().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Conversion<T, L = Loss> {
    /// What the target takes: annotations, objects or a number of pods.
    pub output: T,
    /// The parts of the policy that the output does not express, in the order of the policy's fields.
    pub losses: Vec<L>,
}

impl<T, L> Conversion<T, L> {
    /// The output, if it expresses the whole policy.
    ///
    /// # Errors
    ///
    /// There are losses; the error holds them.
    pub fn exact(self) -> Result<T, Lossy<L>> {
        if self.losses.is_empty() { Ok(self.output) } else { Err(Lossy { losses: self.losses }) }
    }
}

/// The error of a conversion that has to be exact and is not.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let lossy = annotations(&policy, &Prefix::default()).exact().unwrap_err();
/// assert_eq!(lossy.to_string(), lossy.losses[0].to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lossy<L = Loss> {
    /// One or more losses, in the order of the policy's fields.
    pub losses: Vec<L>,
}

impl<L: fmt::Debug + fmt::Display> std::error::Error for Lossy<L> {}

impl<L: fmt::Display> fmt::Display for Lossy<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.losses.iter().map(L::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
