//! The error of times.

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// A text that is no time of RFC 3339.
///
/// ```
/// use canary_policy::targets::Timestamp;
///
/// let error = "2026-02-29T00:00:00Z".parse::<Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "`2026-02-29T00:00:00Z` is not a time: expected one such as 2026-03-01T09:00:00Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("`{0}` is not a time: expected one such as 2026-03-01T09:00:00Z")]
pub struct InvalidTimestamp(pub(crate) Excerpt);

impl Diagnostic for InvalidTimestamp {
    fn code(&self) -> &'static str {
        "timestamp"
    }
}
