//! The errors of Ingress documents.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, InvalidRoute};

/// Why no API version has such an Ingress.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::targets::nginx::Manifest;
///
/// let document = serde_json::json!({ "apiVersion": "v1", "kind": "Service" });
/// let error = Manifest::try_from(document).unwrap_err();
/// assert!(error.to_string().starts_with("`Service` of `v1` is not an Ingress of networking.k8s.io/v1"));
/// assert_eq!(error.code(), "kind");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A field has a value of another type than in any version, or no version has the field.
    #[error("{0}")]
    Format(Excerpt),
    /// The document has another kind, or an API version that has no Ingress.
    #[error(
        "`{kind}` of `{api_version}` is not an Ingress of networking.k8s.io/v1, networking.k8s.io/v1beta1 or extensions/v1beta1"
    )]
    Kind {
        /// The `apiVersion` of the document.
        api_version: Excerpt,
        /// The `kind` of the document.
        kind: Excerpt,
    },
    /// A required field is missing; this is its path.
    #[error("{0} is missing")]
    Missing(String),
    /// A path type does not exist.
    #[error("{field}: `{value}` is not a path type: expected Exact, Prefix or ImplementationSpecific")]
    PathType {
        /// The path of the field.
        field: String,
        /// The value of the field.
        value: Excerpt,
    },
    /// A port cannot exist.
    #[error("{field}: {invalid}")]
    Port {
        /// The path of the field.
        field: String,
        /// What is wrong with its value.
        #[source]
        invalid: InvalidRoute,
    },
    /// A field belongs to another API version.
    #[error("{field} does not exist in {api_version}: use {instead}")]
    Field {
        /// The path of the field.
        field: String,
        /// The `apiVersion` of the document.
        api_version: &'static str,
        /// The fields that this version has instead.
        instead: &'static str,
    },
}

impl Diagnostic for ManifestError {
    fn code(&self) -> &'static str {
        match self {
            ManifestError::Format(_) => "manifest-format",
            ManifestError::Kind { .. } => "kind",
            ManifestError::Missing(_) => "missing",
            ManifestError::PathType { .. } => "path-type",
            ManifestError::Port { invalid, .. } => invalid.code(),
            ManifestError::Field { .. } => "field-of-other-version",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            ManifestError::Format(_) => None,
            ManifestError::Kind { .. } => Some(Cow::Borrowed("kind")),
            ManifestError::Missing(field)
            | ManifestError::PathType { field, .. }
            | ManifestError::Port { field, .. }
            | ManifestError::Field { field, .. } => Some(Cow::Borrowed(field)),
        }
    }
}
