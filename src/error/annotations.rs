//! The errors of annotations.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Invalid};

/// Why the annotations of an Ingress express no policy.
///
/// ```
/// use canary_policy::error::{AnnotationError, Diagnostic};
/// use canary_policy::targets::nginx::{read, Annotations, Flags};
///
/// let error = read(&Annotations::default(), &Flags::default()).unwrap_err();
/// assert_eq!(error, AnnotationError::NotCanary);
/// assert_eq!((error.field().as_deref(), error.object().as_deref()), (Some("canary"), Some("canary")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// The annotation `canary` is not true, and no rule or weight is set either.
    #[error("canary: the annotation is not true, so the Ingress is not a canary")]
    NotCanary,
    /// The Ingress that should be the stable one is a canary.
    #[error("canary: the annotation is true on the stable Ingress, but a canary Ingress answers no request on its own")]
    StableIsCanary,
    /// The annotation `canary` is not true, but a rule or a weight above 0 is set.
    #[error(transparent)]
    NotEnabled(#[from] NotEnabled),
    /// No policy can hold the value of an annotation, although the controller uses it.
    #[error("{annotation}: {invalid}")]
    Unsupported {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Why no policy can hold its value.
        #[source]
        invalid: Invalid,
    },
}

impl AnnotationError {
    /// Makes the error for an annotation whose value no policy can hold.
    pub(crate) fn unsupported(annotation: &'static str) -> impl Fn(Invalid) -> Self {
        move |invalid| AnnotationError::Unsupported { annotation, invalid }
    }
}

impl Diagnostic for AnnotationError {
    fn code(&self) -> &'static str {
        match self {
            AnnotationError::NotCanary => "not-canary",
            AnnotationError::StableIsCanary => "stable-is-canary",
            AnnotationError::NotEnabled(error) => error.code(),
            AnnotationError::Unsupported { invalid, .. } => invalid.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            AnnotationError::NotCanary | AnnotationError::StableIsCanary => Some(Cow::Borrowed("canary")),
            AnnotationError::NotEnabled(error) => error.field(),
            AnnotationError::Unsupported { annotation, .. } => Some(Cow::Borrowed(annotation)),
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            AnnotationError::NotCanary => Some(Cow::Borrowed("canary")),
            AnnotationError::StableIsCanary => Some(Cow::Borrowed("stable")),
            AnnotationError::NotEnabled(error) => error.object(),
            // The annotations of a canary begin with `canary`; those of the affinity are on the stable Ingress.
            AnnotationError::Unsupported { annotation, .. } => {
                Some(Cow::Borrowed(if annotation.starts_with("canary") { "canary" } else { "stable" }))
            }
        }
    }
}

/// The only error of the controller's parser: a rule or a weight above 0 is set, but the annotation `canary` is not true. The
/// message is the controller's own.
///
/// In this case the controller treats the Ingress as an ordinary one, which competes with the stable Ingress. Source: controller
/// 1.15.1, `internal/ingress/annotations/canary/main.go`.
///
/// ```
/// use std::collections::BTreeMap;
/// use canary_policy::targets::nginx::{parse, Flags};
///
/// let weight = BTreeMap::from([("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "30".to_owned())]);
/// assert_eq!(
///     parse(&weight, &Flags::default()).config.unwrap_err().to_string(),
///     "the annotation canary does not contain a valid configuration: configured but not enabled",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("the annotation canary does not contain a valid configuration: configured but not enabled")]
#[non_exhaustive]
pub struct NotEnabled;

impl Diagnostic for NotEnabled {
    fn code(&self) -> &'static str {
        "not-enabled"
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("canary"))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("canary"))
    }
}
