//! The errors of objects that are converted to a type of another crate.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// Why an object cannot be converted from or to a type of `k8s-openapi`. An object from an API server can be converted if the type
/// is at least as new as the API server.
///
/// ```
/// use canary_policy::error::{Diagnostic, ObjectError};
///
/// fn retry_with_newer_types(error: &ObjectError) -> bool {
///     error.code() == "lost-field"
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// A value is not of the type that the field has there.
    #[error("the object cannot be converted: {0}")]
    Value(Excerpt),
    /// The type has no such field, so that its value would be lost.
    #[error("{0} does not exist in this version of k8s-openapi, so its value would be lost")]
    LostField(Excerpt),
}

impl Diagnostic for ObjectError {
    fn code(&self) -> &'static str {
        match self {
            ObjectError::Value(_) => "object-value",
            ObjectError::LostField(_) => "lost-field",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            ObjectError::LostField(field) => Some(Cow::Borrowed(field.as_str())),
            ObjectError::Value(_) => None,
        }
    }
}
