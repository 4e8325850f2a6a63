//! Errors that occur when the objects of a target are read back to a policy and a route.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, Invalid, InvalidPolicy, InvalidRoute};

/// Why no policy can be read from routing objects.
///
/// ```
/// use canary_policy::error::ReadError;
/// use canary_policy::targets::gateway;
///
/// assert_eq!(gateway::read(&[]).unwrap_err(), ReadError::NoObject);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// An object is not of the kind that the function reads.
    #[error("kind: `{kind}` is not {expected}")]
    Kind {
        /// The kind of the object.
        kind: Excerpt,
        /// The kind that the function reads.
        expected: &'static str,
    },
    /// No object is given.
    #[error("no object is given")]
    NoObject,
    /// Every rule matches on a header, so no rule splits the other requests by weight.
    #[error("no rule takes the requests that match no header")]
    NoSplit,
    /// Every weight of the split is 0.
    #[error("{field}: all weights are 0, so that no request is answered")]
    NoWeight {
        /// The path of the rule that splits requests by weight.
        field: String,
    },
    /// All requests go to one backend.
    #[error("all requests go to `{stable}`: a policy has at least one canary")]
    NoCanary {
        /// The backend.
        stable: Excerpt,
    },
    /// The weights add up to more than the largest total of a policy.
    #[error("{field}: the weights add up to {sum}: expected at most 4294967295")]
    Sum {
        /// The path of the rule that splits requests by weight.
        field: String,
        /// The sum of the weights.
        sum: u64,
    },
    /// Two objects do not express the same policy.
    #[error("{field}: differs from the first object")]
    Differs {
        /// The path of the field that differs.
        field: String,
    },
    /// A value in the objects is not valid in a route.
    #[error("{field}: {invalid}")]
    Route {
        /// The path of the field.
        field: String,
        /// What is wrong with its value.
        #[source]
        invalid: InvalidRoute,
    },
    /// A value in the objects is not valid in a policy.
    #[error("{field}: {invalid}")]
    Value {
        /// The path of the field.
        field: String,
        /// What is wrong with its value.
        #[source]
        invalid: Invalid,
    },
    /// The values that were read are not a valid policy together.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
}

impl Diagnostic for ReadError {
    fn code(&self) -> &'static str {
        match self {
            ReadError::Kind { .. } => "kind",
            ReadError::NoObject => "no-object",
            ReadError::NoSplit => "no-split",
            ReadError::NoWeight { .. } => "no-weight",
            ReadError::NoCanary { .. } => "no-canary",
            ReadError::Sum { .. } => "sum",
            ReadError::Differs { .. } => "differs",
            ReadError::Route { invalid, .. } => invalid.code(),
            ReadError::Value { invalid, .. } => invalid.code(),
            ReadError::Policy(policy) => policy.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            ReadError::Kind { .. } => Some(Cow::Borrowed("kind")),
            ReadError::NoObject | ReadError::NoSplit | ReadError::NoCanary { .. } => None,
            ReadError::NoWeight { field }
            | ReadError::Sum { field, .. }
            | ReadError::Differs { field }
            | ReadError::Route { field, .. }
            | ReadError::Value { field, .. } => Some(Cow::Borrowed(field)),
            ReadError::Policy(policy) => policy.field(),
        }
    }
}
