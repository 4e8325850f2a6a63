//! The errors of pairs of Ingresses.

use std::borrow::Cow;

use thiserror::Error;

use super::ingress::list;
use super::{Diagnostic, Excerpt, InvalidRoute};

/// Why the canary Ingress of a stable Ingress, or the Service of this canary Ingress, cannot be found.
///
/// ```
/// use canary_policy::error::PairError;
/// use canary_policy::targets::nginx::{Flags, Ingress, Pair};
///
/// let stable = Ingress::default();
/// assert_eq!(Pair::find(&stable, [], &Flags::default()).unwrap_err(), PairError::NoCanary);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PairError {
    /// No canary Ingress of the namespace has a host and path of the stable Ingress.
    #[error("no canary Ingress has a host and path of the stable Ingress")]
    NoCanary,
    /// Several canary Ingresses of the namespace have a host and path of the stable Ingress.
    #[error("{} canary Ingresses have a host and path of the stable Ingress: {}", canaries.len(), list(canaries))]
    SeveralCanaries {
        /// The names of the canary Ingresses.
        canaries: Vec<Excerpt>,
    },
    /// The canary Ingress routes to no Service.
    #[error("the canary Ingress `{canary}` routes to no Service")]
    NoService {
        /// The name of the canary Ingress.
        canary: Excerpt,
    },
    /// The canary Ingress routes to several Services.
    #[error("the canary Ingress `{canary}` routes to {} Services: {}", services.len(), list(services))]
    SeveralServices {
        /// The name of the canary Ingress.
        canary: Excerpt,
        /// The Services, sorted, each `SERVICE` or `SERVICE:PORT`.
        services: Vec<Excerpt>,
    },
    /// The canary Ingress names a Service or a port that cannot exist.
    #[error("the canary Ingress `{canary}` routes to an invalid Service: {invalid}")]
    Service {
        /// The name of the canary Ingress.
        canary: Excerpt,
        /// What is wrong with the Service.
        #[source]
        invalid: InvalidRoute,
    },
}

/// `object` returns the name of the canary Ingress.
impl Diagnostic for PairError {
    fn code(&self) -> &'static str {
        match self {
            PairError::NoCanary => "no-canary-ingress",
            PairError::SeveralCanaries { .. } => "several-canary-ingresses",
            PairError::NoService { .. } => "no-service",
            PairError::SeveralServices { .. } => "several-services",
            PairError::Service { invalid, .. } => invalid.code(),
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            PairError::NoCanary | PairError::SeveralCanaries { .. } => None,
            PairError::NoService { canary }
            | PairError::SeveralServices { canary, .. }
            | PairError::Service { canary, .. } => Some(Cow::Borrowed(canary.as_str())),
        }
    }
}
