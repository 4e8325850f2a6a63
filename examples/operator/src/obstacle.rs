//! Why a target does not have the policy of a release.

use std::borrow::Cow;

use canary_policy::error::{ConversionError, Diagnostic, EditError, IngressError, Report};
use thiserror::Error;

/// What the operator itself finds wrong, beside the errors of `canary-policy`. The codes are those of a status.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Obstacle {
    /// A field that a newer version may know.
    #[error("{field}: the field is unknown to this version")]
    UnknownField {
        /// The path of the field.
        field: String,
    },
    /// No target, or two.
    #[error("spec.target: give one of ingress and httpRoute")]
    NotOneTarget,
    /// A part of the route that the target has itself.
    #[error("{field}: it has no effect, because the {object} decides that itself: leave it out")]
    WithoutEffect {
        /// The path of the field.
        field: &'static str,
        /// The target.
        object: String,
    },
    /// The target does not exist, or is being deleted.
    #[error("{object}: there is no such object")]
    NotFound {
        /// The target.
        object: String,
    },
    /// Another release has put its policy into the target, or has the stable Service of ingress-nginx.
    #[error("{object}: it is taken by the CanaryRelease {release}")]
    OtherRelease {
        /// The target, or the stable Service.
        object: String,
        /// The other release.
        release: String,
    },
    /// An object has the name of the canary Ingress, and belongs to somebody else.
    #[error("{object}: it exists, and does not belong to this release")]
    NotOwned {
        /// The object.
        object: String,
    },
    /// Another field manager has another value in a field that the policy needs.
    #[error("{object}: {message}")]
    FieldConflict {
        /// The object.
        object: String,
        /// What the API server says, with the fields and their managers.
        message: String,
    },
    /// Somebody added what changes the meaning of the policy, such as an affinity that the policy does not have.
    #[error("{object}: {field} belongs to somebody else, and changes what the policy means")]
    OthersField {
        /// The object.
        object: String,
        /// The path of the field.
        field: String,
    },
    /// The API server, or an admission webhook, refuses a request.
    #[error("{object}: the API server refuses the change: {message}")]
    Refused {
        /// The object.
        object: String,
        /// What the API server says.
        message: String,
    },
    /// The API server has an object that cannot be read.
    #[error("{object}: it cannot be read: {message}")]
    Unreadable {
        /// The object.
        object: String,
        /// Why not.
        message: String,
    },
}

impl Diagnostic for Obstacle {
    fn code(&self) -> &'static str {
        match self {
            Obstacle::UnknownField { .. } => "unknown-field",
            Obstacle::NotOneTarget => "target",
            Obstacle::WithoutEffect { .. } => "without-effect",
            Obstacle::NotFound { .. } => "not-found",
            Obstacle::OtherRelease { .. } => "other-release",
            Obstacle::NotOwned { .. } => "not-owned",
            Obstacle::FieldConflict { .. } => "field-conflict",
            Obstacle::OthersField { .. } => "others-field",
            Obstacle::Refused { .. } => "refused-by-server",
            Obstacle::Unreadable { .. } => "unreadable",
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            Obstacle::UnknownField { field } | Obstacle::OthersField { field, .. } => Some(Cow::Borrowed(field)),
            Obstacle::NotOneTarget => Some(Cow::Borrowed("spec.target")),
            Obstacle::WithoutEffect { field, .. } => Some(Cow::Borrowed(field)),
            _ => None,
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            Obstacle::UnknownField { .. } | Obstacle::NotOneTarget | Obstacle::WithoutEffect { .. } => None,
            Obstacle::NotFound { object }
            | Obstacle::OtherRelease { object, .. }
            | Obstacle::NotOwned { object }
            | Obstacle::FieldConflict { object, .. }
            | Obstacle::OthersField { object, .. }
            | Obstacle::Refused { object, .. }
            | Obstacle::Unreadable { object, .. } => Some(Cow::Borrowed(object)),
        }
    }
}

/// Why a target does not have the policy now.
#[derive(Debug, Error)]
pub enum Failure {
    /// Somebody has to change something first. The status says what.
    #[error("{}", .0.message)]
    Blocked(Box<Report>),
    /// A request failed, and is made again later.
    #[error(transparent)]
    Request(#[from] kube::Error),
}

impl From<Obstacle> for Failure {
    fn from(obstacle: Obstacle) -> Self {
        Failure::Blocked(Box::new(obstacle.report()))
    }
}

impl From<ConversionError> for Failure {
    fn from(error: ConversionError) -> Self {
        Failure::Blocked(Box::new(error.report()))
    }
}

impl From<IngressError> for Failure {
    fn from(error: IngressError) -> Self {
        Failure::Blocked(Box::new(error.report()))
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Failure::Blocked(Box::new(error.report()))
    }
}

impl Failure {
    /// What an error of a write to an object means. The object may have changed since it was read (`409 Conflict`), and then the
    /// next attempt reads it anew; but if a field belongs to another manager, or the change is refused, somebody has to act.
    pub(crate) fn of_write(object: &str, error: kube::Error) -> Self {
        let kube::Error::Api(status) = &error else { return Failure::Request(error) };
        let (object, message) = (object.to_owned(), status.message.clone());
        let causes = status.details.iter().flat_map(|details| &details.causes);
        match status.code {
            409 if causes.into_iter().any(|cause| cause.reason == "FieldManagerConflict") => {
                Obstacle::FieldConflict { object, message }.into()
            }
            400 | 403 | 422 => Obstacle::Refused { object, message }.into(),
            _ => Failure::Request(error),
        }
    }
}
