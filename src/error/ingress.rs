//! The errors of stable Ingresses.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, InvalidRoute};

/// Why no canary Ingress can be written for a stable Ingress, or no routes can be read from it.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::IngressError;
/// use canary_policy::targets::nginx::{canary_ingress, IngressParams};
/// use k8s_openapi::api::networking::v1::Ingress;
///
/// let params = IngressParams::new("web-2".parse()?);
/// let error = canary_ingress(&Ingress::default(), &Policy::percent(30)?, &params).unwrap_err();
/// assert_eq!(error, IngressError::NoName);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum IngressError {
    /// The stable Ingress has no name.
    #[error("metadata.name is missing: the stable Ingress needs a name")]
    NoName,
    /// The stable Ingress is a canary.
    #[error("Ingress `{ingress}` is a canary: expected a stable Ingress")]
    IsCanary {
        /// The name of the Ingress.
        ingress: String,
    },
    /// No rule and no default backend names a Service.
    #[error("Ingress `{ingress}` routes to no Service{}", without_http(*.rule))]
    NoService {
        /// The name of the stable Ingress.
        ingress: String,
        /// The index of the first rule without `http`, if there is one.
        rule: Option<usize>,
    },
    /// The stable Ingress routes to several Services, and none was named.
    #[error("Ingress `{ingress}` routes to several Services, so the stable one must be named: {}", list(services))]
    Ambiguous {
        /// The name of the stable Ingress.
        ingress: String,
        /// The Services, sorted, each `SERVICE` or `SERVICE:PORT`.
        services: Vec<String>,
    },
    /// The stable Ingress does not route to the Service that was named.
    #[error("Ingress `{ingress}` does not route to the Service `{service}`: it routes to {}", list(services))]
    NotRouted {
        /// The name of the stable Ingress.
        ingress: String,
        /// The Service that was named, `SERVICE` or `SERVICE:PORT`.
        service: String,
        /// The Services that the Ingress routes to, sorted.
        services: Vec<String>,
    },
    /// The canary Ingress would have the name of the stable Ingress, and would replace it.
    #[error("`{ingress}` is the name of the stable Ingress: the canary Ingress needs another name")]
    SameName {
        /// The name of the stable Ingress.
        ingress: String,
    },
    /// The canary's Service is the stable Service.
    #[error("`{service}` is the stable Service: ingress-nginx ignores a canary with the same Service")]
    SameService {
        /// The Service.
        service: String,
    },
    /// The stable Ingress routes to the canary's Service too.
    #[error("Ingress `{ingress}` already routes to `{service}`: ingress-nginx would drop the canary's rules")]
    CanaryRouted {
        /// The name of the stable Ingress.
        ingress: String,
        /// The canary's Service.
        service: String,
    },
    /// No canary Service is given.
    #[error("no Service is given for a canary: expected at least one")]
    NoCanary,
    /// Rules of other Services take every path of the stable Service.
    #[error("Ingress `{ingress}` sends no request to `{service}`: rules of other Services take its paths")]
    NothingToSplit {
        /// The name of the stable Ingress.
        ingress: String,
        /// The name of the stable Service.
        service: String,
    },
    /// No route can hold any path of the stable Service.
    #[error("Ingress `{ingress}` has no path to `{service}` that a route can hold: {why}")]
    NoPath {
        /// The name of the stable Ingress.
        ingress: String,
        /// The name of the stable Service.
        service: String,
        /// Why the last path is left out.
        why: String,
    },
    /// An API server refuses annotations with this prefix.
    #[error("`{0}` cannot be the prefix of an annotation: an API server expects a DNS name before the `/`")]
    Prefix(Excerpt),
    /// A name, a port, a host or a path is invalid.
    #[error("{field}: {invalid}")]
    Invalid {
        /// The path of the field in the stable Ingress, or the name of the parameter.
        field: String,
        /// What is wrong with its value.
        #[source]
        invalid: InvalidRoute,
    },
}

/// Text that points to the first rule without `http`. The most frequent cause of [`IngressError::NoService`] is a manifest
/// with `paths` beside `http` instead of below it.
fn without_http(rule: Option<usize>) -> String {
    rule.map(|index| format!(": spec.rules[{index}] has no http")).unwrap_or_default()
}

/// The names in backticks, separated by commas.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Diagnostic for IngressError {
    fn code(&self) -> &'static str {
        match self {
            IngressError::NoName => "no-name",
            IngressError::IsCanary { .. } => "is-canary",
            IngressError::NoService { .. } => "no-service",
            IngressError::Ambiguous { .. } => "ambiguous",
            IngressError::NotRouted { .. } => "not-routed",
            IngressError::SameName { .. } => "same-name",
            IngressError::SameService { .. } => "same-service",
            IngressError::CanaryRouted { .. } => "canary-routed",
            IngressError::NoCanary => "no-canary",
            IngressError::NothingToSplit { .. } => "nothing-to-split",
            IngressError::NoPath { .. } => "no-path",
            IngressError::Prefix(_) => "prefix",
            IngressError::Invalid { invalid, .. } => invalid.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            IngressError::NoName => Some(Cow::Borrowed("metadata.name")),
            IngressError::NoService { rule: Some(index), .. } => Some(Cow::Owned(format!("spec.rules[{index}].http"))),
            IngressError::Invalid { field, .. } => Some(Cow::Borrowed(field)),
            _ => None,
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            IngressError::IsCanary { ingress }
            | IngressError::NoService { ingress, .. }
            | IngressError::Ambiguous { ingress, .. }
            | IngressError::NotRouted { ingress, .. }
            | IngressError::SameName { ingress }
            | IngressError::CanaryRouted { ingress, .. }
            | IngressError::NothingToSplit { ingress, .. }
            | IngressError::NoPath { ingress, .. } => Some(Cow::Borrowed(ingress)),
            IngressError::NoName
            | IngressError::SameService { .. }
            | IngressError::NoCanary
            | IngressError::Prefix(_)
            | IngressError::Invalid { .. } => None,
        }
    }
}
