//! Errors that occur when a policy is put into somebody's object, or taken out of it again.

use std::borrow::Cow;

use thiserror::Error;

use super::{ConversionError, Diagnostic, Excerpt, ReadError};

/// Why a policy cannot be put into an object, or taken out of it. The object is left as it was.
///
/// ```
/// use canary_policy::error::EditError;
/// use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
/// use canary_policy::{Policy, Route};
///
/// let orders: HttpRoute = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "orders" },
///     "spec": { "rules": [{ "backendRefs": [{ "name": "orders", "port": 80 }] }] },
/// }))?;
/// let web = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let error = gateway::with_policy(&orders, &Policy::percent(30)?, &web, &RouteParams::default()).unwrap_err();
/// assert!(matches!(error, EditError::NoRule { .. }));
/// assert_eq!(
///     error.to_string(),
///     "spec.rules: no rule sends all of its requests to `web:80`, so the policy has no place",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EditError {
    /// The object is of another kind or API version.
    #[error(transparent)]
    Object(#[from] ReadError),
    /// The policy and the backends cannot be converted for the target.
    #[error(transparent)]
    Conversion(#[from] ConversionError),
    /// A converter wrote the whole object from a policy, so that nothing in it is somebody else's. Its rules are written again by
    /// the converter, and not edited.
    #[error(
        "metadata.annotations[{annotation}]: a converter wrote the whole object, so convert the policy again instead"
    )]
    Written {
        /// The annotation by which the object is recognised.
        annotation: &'static str,
    },
    /// The annotation that says what was put into the object is malformed.
    #[error("metadata.annotations[{annotation}]: it does not say what was put into the object: {why}")]
    Annotation {
        /// The name of the annotation.
        annotation: &'static str,
        /// What is wrong with its value.
        why: String,
    },
    /// A canary has the backend of stable, so that their requests, and the rules for both, could not be told apart.
    #[error("backends: `{backend}` is the backend of stable and of `{canary}`: the two could not be told apart")]
    SameBackend {
        /// The name of the canary.
        canary: Excerpt,
        /// The backend.
        backend: Excerpt,
    },
    /// No rule of the object has the stable backend as its only one, with a weight above 0.
    #[error("{field}: no rule sends all of its requests to `{stable}`, so the policy has no place")]
    NoRule {
        /// The list of rules.
        field: &'static str,
        /// The stable backend.
        stable: Excerpt,
    },
    /// A match has a condition on a header that the policy needs too.
    #[error(
        "{field}: it has a condition on `{header}`, and so has the policy: a match takes one condition on a header"
    )]
    Header {
        /// The path of the match.
        field: String,
        /// The name of the header.
        header: Excerpt,
    },
    /// A rule that the policy is not put into has a condition of the policy, or splits requests between stable and a canary. It
    /// could not be told apart from the rules of the policy later.
    #[error("{field}: it is like a rule of the policy, because {why}")]
    Alike {
        /// The path of the rule.
        field: String,
        /// What it has in common with the policy.
        why: &'static str,
    },
    /// A match with a condition of the policy would be at least as specific as the match of another rule, and could take its
    /// requests.
    #[error(
        "{field}: with the condition `{condition}` it would be at least as specific as {other}, and could take requests of that rule"
    )]
    Takes {
        /// The path of the match that the policy is put into.
        field: String,
        /// The condition of the policy.
        condition: Excerpt,
        /// The path of the match of the other rule.
        other: String,
    },
    /// The object changes the header `Set-Cookie` itself, so that the affinity cookie could be lost.
    #[error("{field}: {why}, and the policy adds a Set-Cookie there")]
    SetCookie {
        /// The path of the filter or of the headers.
        field: String,
        /// What is there.
        why: &'static str,
    },
    /// The object would exceed a limit of the API.
    #[error("{field}: {count} are too many: {object} takes at most {bound}")]
    TooMany {
        /// The path of the list.
        field: String,
        /// The number of items that it would have.
        count: usize,
        /// The largest number of items.
        bound: usize,
        /// What has this limit.
        object: &'static str,
    },
    /// A rule is not as it was when the policy was put in, so that taking the policy out could undo somebody's work. To go on, undo
    /// the change, or put the original rules back.
    #[error("{field}: somebody changed it, or a rule that was made of it, after the policy was put in")]
    Changed {
        /// The path of the rule.
        field: String,
    },
}

impl Diagnostic for EditError {
    fn code(&self) -> &'static str {
        match self {
            EditError::Object(error) => error.code(),
            EditError::Conversion(error) => error.code(),
            EditError::Written { .. } => "written-whole",
            EditError::Annotation { .. } => "edit-annotation",
            EditError::SameBackend { .. } => "same-backend",
            EditError::NoRule { .. } => "no-rule",
            EditError::Header { .. } => "header-taken",
            EditError::Alike { .. } => "rule-alike",
            EditError::Takes { .. } => "takes-requests",
            EditError::SetCookie { .. } => "set-cookie",
            EditError::TooMany { .. } => "list-too-long",
            EditError::Changed { .. } => "rule-changed",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            EditError::Object(error) => error.field(),
            EditError::Conversion(error) => error.field(),
            EditError::Written { annotation } | EditError::Annotation { annotation, .. } => {
                Some(Cow::Owned(format!("metadata.annotations[{annotation}]")))
            }
            EditError::SameBackend { .. } => Some(Cow::Borrowed("backends")),
            EditError::NoRule { field, .. } => Some(Cow::Borrowed(field)),
            EditError::Header { field, .. }
            | EditError::Alike { field, .. }
            | EditError::Takes { field, .. }
            | EditError::SetCookie { field, .. }
            | EditError::TooMany { field, .. }
            | EditError::Changed { field } => Some(Cow::Borrowed(field)),
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            EditError::Object(error) => error.object(),
            EditError::Conversion(error) => error.object(),
            _ => None,
        }
    }
}
