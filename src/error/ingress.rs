//! The errors of stable Ingresses.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, InvalidRoute};

/// Why no canary Ingress can be written for a stable Ingress, or no routes can be read from it.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::IngressError;
/// use canary_policy::targets::nginx::{canary_ingress, Ingress, IngressParams};
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
        ingress: Excerpt,
    },
    /// No rule and no default backend names a Service.
    #[error("Ingress `{ingress}` routes to no Service{}", without_http(*.rule))]
    NoService {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The index of the first rule without `http`, if there is one.
        rule: Option<usize>,
    },
    /// The stable Ingress routes to several Services, and none was named.
    #[error("Ingress `{ingress}` routes to several Services, so the stable one must be named: {}", list(services))]
    Ambiguous {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The Services, sorted, each `SERVICE` or `SERVICE:PORT`.
        services: Vec<Excerpt>,
    },
    /// The stable Ingress does not route to the Service that was named.
    #[error("Ingress `{ingress}` does not route to the Service `{service}`: it routes to {}", list(services))]
    NotRouted {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The Service that was named, `SERVICE` or `SERVICE:PORT`.
        service: Excerpt,
        /// The Services that the Ingress routes to, sorted.
        services: Vec<Excerpt>,
    },
    /// The canary Ingress would have the name of the stable Ingress, and would replace it.
    #[error("`{ingress}` is the name of the stable Ingress: the canary Ingress needs another name")]
    SameName {
        /// The name of the stable Ingress.
        ingress: Excerpt,
    },
    /// A policy was to be put into another Ingress than the canary Ingress.
    #[error("`{ingress}` is not the canary Ingress: expected an Ingress with the name `{expected}`")]
    OtherIngress {
        /// The name of the Ingress, with its namespace if it has one.
        ingress: Excerpt,
        /// The name of the canary Ingress.
        expected: Excerpt,
    },
    /// A Service is in another namespace than the stable Ingress.
    #[error(
        "`{service}` is in another namespace: the backends of an Ingress are Services in the namespace of the Ingress"
    )]
    OtherNamespace {
        /// The Service that was named, with its namespace.
        service: Excerpt,
    },
    /// The canary's Service is the stable Service.
    #[error("`{service}` is the stable Service: ingress-nginx ignores a canary with the same Service")]
    SameService {
        /// The Service.
        service: Excerpt,
    },
    /// The canary's Service is the stable Service, and one of the two has a port by name and the other one by number. An
    /// Ingress does not say which number the name stands for.
    #[error(
        "`{canary}` may be the stable Service `{service}`, whose port is written in another way: expected both ports by name, or \
         both by number"
    )]
    PortNotation {
        /// The stable Service, `SERVICE` or `SERVICE:PORT`.
        service: Excerpt,
        /// The canary's Service.
        canary: Excerpt,
    },
    /// The stable Ingress routes to the canary's Service too.
    #[error("Ingress `{ingress}` already routes to `{service}`: ingress-nginx would drop the canary's rules")]
    CanaryRouted {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The canary's Service.
        service: Excerpt,
    },
    /// No canary Service is given.
    #[error("no Service is given for a canary: expected at least one")]
    NoCanary,
    /// Every path to the stable Service is also a path to another Service earlier in the Ingress, so that the stable Service
    /// gets no request.
    #[error("Ingress `{ingress}` sends no request to `{service}`: rules of other Services take its paths")]
    NothingToSplit {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The name of the stable Service.
        service: Excerpt,
    },
    /// No route can hold any path of the stable Service.
    #[error("Ingress `{ingress}` has no path to `{service}` that a route can hold: {why}")]
    NoPath {
        /// The name of the stable Ingress.
        ingress: Excerpt,
        /// The name of the stable Service.
        service: Excerpt,
        /// Why the path is left out; if there are several, the reason of the last one.
        why: String,
    },
    /// An API server refuses annotations with this prefix.
    #[error("`{0}` cannot be the prefix of an annotation: an API server expects a DNS name before the `/`")]
    Prefix(Excerpt),
    /// An API server refuses the path in an Ingress.
    #[error("{field}: `{path}` is not a path of an Ingress: expected `/` at the beginning{}", without_dots(path_type))]
    Path {
        /// The path of the field in the stable Ingress.
        field: String,
        /// The path; empty if there is none.
        path: Excerpt,
        /// The type of the path.
        path_type: Excerpt,
    },
    /// A name, a port or a host is invalid, or a path that a route would have.
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

/// What an API server expects of a path with this type, besides the `/` at the beginning.
fn without_dots(path_type: &Excerpt) -> &'static str {
    match path_type.as_str() {
        "Exact" | "Prefix" => ", and neither //, /./, /../ and %2f nor /. or /.. at the end",
        _ => "",
    }
}

/// The names in backticks, separated by commas.
pub(super) fn list(names: &[Excerpt]) -> String {
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
            IngressError::OtherIngress { .. } => "other-ingress",
            IngressError::OtherNamespace { .. } => "service-in-other-namespace",
            IngressError::SameService { .. } => "same-service",
            IngressError::PortNotation { .. } => "port-notation",
            IngressError::CanaryRouted { .. } => "canary-routed",
            IngressError::NoCanary => "no-canary",
            IngressError::NothingToSplit { .. } => "nothing-to-split",
            IngressError::NoPath { .. } => "no-path",
            IngressError::Prefix(_) => "prefix",
            IngressError::Path { .. } => "ingress-path",
            IngressError::Invalid { invalid, .. } => invalid.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            IngressError::NoName | IngressError::OtherIngress { .. } => Some(Cow::Borrowed("metadata.name")),
            IngressError::NoService { rule: Some(index), .. } => Some(Cow::Owned(format!("spec.rules[{index}].http"))),
            IngressError::Path { field, .. } | IngressError::Invalid { field, .. } => Some(Cow::Borrowed(field)),
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
            | IngressError::OtherIngress { ingress, .. }
            | IngressError::CanaryRouted { ingress, .. }
            | IngressError::NothingToSplit { ingress, .. }
            | IngressError::NoPath { ingress, .. } => Some(Cow::Borrowed(ingress.as_str())),
            IngressError::NoName
            | IngressError::OtherNamespace { .. }
            | IngressError::SameService { .. }
            | IngressError::PortNotation { .. }
            | IngressError::NoCanary
            | IngressError::Prefix(_)
            | IngressError::Path { .. }
            | IngressError::Invalid { .. } => None,
        }
    }
}
