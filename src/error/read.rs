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
    /// An object is of another API group than the one that the function reads, or of a version that is not known.
    #[error("apiVersion: `{api_version}` is not one of {expected}")]
    ApiVersion {
        /// The API version of the object.
        api_version: Excerpt,
        /// The API versions that the function reads.
        expected: &'static str,
    },
    /// The annotation that names the variants is malformed.
    #[error("metadata.annotations[{annotation}]: {invalid}")]
    Annotation {
        /// The name of the annotation.
        annotation: &'static str,
        /// What is wrong with its value.
        #[source]
        invalid: InvalidVariants,
    },
    /// A backend has no port, and the target needs one.
    #[error("{field}: no port is given for `{backend}`: expected a number from 1 to 65535")]
    NoPort {
        /// The path of the backend.
        field: String,
        /// The name of the backend.
        backend: Excerpt,
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
    /// Two objects have the same name, so that one of them would replace the other.
    #[error("metadata.name: there are two objects `{object}`")]
    Twice {
        /// The name.
        object: Excerpt,
    },
    /// Two objects have the same host, and the target does not promise which of them decides.
    #[error("{field}: another object has a host of this one too, and no order between them is promised")]
    SharedHost {
        /// The path of the field.
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

/// What is wrong with the annotation [`Metadata::VARIANTS`](crate::targets::Metadata::VARIANTS), which names the variants of an
/// object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidVariants {
    /// A word is missing, or is not of the form that its place requires.
    #[error("{}: expected {expected}", given(word))]
    Word {
        /// The word; empty if it is missing.
        word: Excerpt,
        /// The form that the word should have.
        expected: &'static str,
    },
    /// The annotation is that of a virtual host with several policies, or with a policy for some of its paths.
    #[error(
        "the object is for several locations of a virtual host, and not for one policy: `read_hosts` reads such objects"
    )]
    SeveralPolicies,
    /// The name of a canary is not valid, or is given twice.
    #[error(transparent)]
    Name(#[from] Invalid),
    /// A backend is not valid.
    #[error(transparent)]
    Backend(#[from] InvalidRoute),
}

fn given(word: &Excerpt) -> String {
    if word.as_str().is_empty() { "a word is missing".to_owned() } else { format!("`{word}` is given") }
}

impl Diagnostic for InvalidVariants {
    fn code(&self) -> &'static str {
        match self {
            InvalidVariants::Word { .. } => "variants-word",
            InvalidVariants::SeveralPolicies => "variants-several-policies",
            InvalidVariants::Name(invalid) => invalid.code(),
            InvalidVariants::Backend(invalid) => invalid.code(),
        }
    }
}

impl Diagnostic for ReadError {
    fn code(&self) -> &'static str {
        match self {
            ReadError::Kind { .. } => "kind",
            ReadError::ApiVersion { .. } => "api-version",
            ReadError::Annotation { invalid, .. } => invalid.code(),
            ReadError::NoPort { .. } => "no-port",
            ReadError::NoObject => "no-object",
            ReadError::NoSplit => "no-split",
            ReadError::NoWeight { .. } => "no-weight",
            ReadError::NoCanary { .. } => "no-canary",
            ReadError::Sum { .. } => "weights-too-large",
            ReadError::Differs { .. } => "objects-differ",
            ReadError::SharedHost { .. } => "shared-host",
            ReadError::Twice { .. } => "object-twice",
            ReadError::Route { invalid, .. } => invalid.code(),
            ReadError::Value { invalid, .. } => invalid.code(),
            ReadError::Policy(policy) => policy.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            ReadError::Kind { .. } => Some(Cow::Borrowed("kind")),
            ReadError::ApiVersion { .. } => Some(Cow::Borrowed("apiVersion")),
            ReadError::Twice { .. } => Some(Cow::Borrowed("metadata.name")),
            ReadError::Annotation { annotation, .. } => Some(Cow::Owned(format!("metadata.annotations[{annotation}]"))),
            ReadError::NoObject | ReadError::NoSplit | ReadError::NoCanary { .. } => None,
            ReadError::NoPort { field, .. }
            | ReadError::NoWeight { field }
            | ReadError::Sum { field, .. }
            | ReadError::Differs { field }
            | ReadError::SharedHost { field }
            | ReadError::Route { field, .. }
            | ReadError::Value { field, .. } => Some(Cow::Borrowed(field)),
            ReadError::Policy(policy) => policy.field(),
        }
    }
}
