//! The error of [`Sample::from_fraction`](crate::Sample::from_fraction).

use thiserror::Error;

use super::Diagnostic;

/// A fraction that is not a [`Sample`](crate::Sample) because it is 1 or more.
///
/// ```
/// use canary_policy::Sample;
///
/// let error = Sample::from_fraction(100, 100).unwrap_err();
/// assert_eq!(error.to_string(), "100/100 is not a sample: expected a fraction of 0 or more and below 1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{parts}/{total} is not a sample: expected a fraction of 0 or more and below 1")]
#[non_exhaustive]
pub struct InvalidSample {
    /// The numerator.
    pub parts: u32,
    /// The denominator.
    pub total: u32,
}

impl InvalidSample {
    pub(crate) fn new(parts: u32, total: u32) -> Self {
        InvalidSample { parts, total }
    }
}

impl Diagnostic for InvalidSample {
    fn code(&self) -> &'static str {
        "sample"
    }
}
