//! What goes wrong with ingress-nginx's annotations, requests and manifests.

use thiserror::Error;

use super::{Excerpt, Invalid};

/// Why annotations say no policy.
///
/// ```
/// use canary_policy::error::ReadError;
/// use canary_policy::targets::nginx::{read, Annotations, Flags};
///
/// let nothing = Annotations::default();
/// assert_eq!(read(&nothing, &Flags::default()), Err(ReadError::NotCanary));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// `canary` is not true and nothing else is set.
    #[error("`canary` is not true: this is an ordinary Ingress")]
    NotCanary,
    /// The Ingress that should be the stable one is a canary.
    #[error("the stable Ingress is itself a canary: it serves nothing alone")]
    StableIsCanary,
    /// `canary` is not true, yet a rule or a positive weight is set.
    #[error(transparent)]
    NotEnabled(#[from] NotEnabled),
    /// The controller runs it, and this crate refuses to.
    #[error("{annotation}: {what}")]
    Unsupported {
        /// The annotation, without its prefix.
        annotation: &'static str,
        /// Why it is refused.
        what: Invalid,
    },
}

/// The controller's one error: it then treats the Ingress as an ordinary one, which competes with the stable Ingress.
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

/// A request that the controller's nginx answers with 400 before any rule is looked at.
///
/// ```
/// use canary_policy::targets::nginx::View;
///
/// let error = View::new(&[("X Canary", "always")]).unwrap_err();
/// assert_eq!(error.to_string(), "nginx answers 400: the header name `X Canary` has a byte it refuses");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BadRequest {
    /// The name is empty, or has a blank, a colon or a control character.
    #[error("nginx answers 400: the header name `{0}` has a byte it refuses")]
    Name(Excerpt),
    /// The value has NUL, CR or LF.
    #[error("nginx answers 400: the value of `{0}` has NUL, CR or LF")]
    Value(Excerpt),
    /// A header that may come once came twice.
    #[error("nginx answers 400: `{0}` came twice")]
    Twice(Excerpt),
    /// One line is longer than a buffer.
    #[error("nginx answers 400: the line of `{name}` has {length} bytes, more than {bound}")]
    Line {
        /// The header's name.
        name: Excerpt,
        /// The bytes of the line, with its end.
        length: usize,
        /// The most it may have.
        bound: usize,
    },
}

/// Why a document is not an Ingress that an API server has or had.
///
/// ```
/// use canary_policy::targets::nginx::Manifest;
///
/// let document = serde_json::json!({ "apiVersion": "v1", "kind": "Service" });
/// let error = serde_json::from_value::<Manifest>(document).unwrap_err();
/// assert!(error.to_string().starts_with("`Service` of `v1` is not an Ingress of networking.k8s.io/v1"));
/// ```
#[cfg(feature = "k8s-openapi")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Another kind, or an API version without Ingresses.
    #[error(
        "`{kind}` of `{api_version}` is not an Ingress of networking.k8s.io/v1, networking.k8s.io/v1beta1 or extensions/v1beta1"
    )]
    Kind {
        /// The document's `apiVersion`.
        api_version: Excerpt,
        /// The document's `kind`.
        kind: Excerpt,
    },
    /// A field that must be there.
    #[error("{0} is missing")]
    Missing(String),
    /// A path type that does not exist.
    #[error("{field}: `{value}` is not Exact, Prefix or ImplementationSpecific")]
    PathType {
        /// The path of the field.
        field: String,
        /// Its value.
        value: Excerpt,
    },
    /// A port that cannot exist.
    #[error("{field}: {what}")]
    Port {
        /// The path of the field.
        field: String,
        /// What is wrong with it.
        what: Invalid,
    },
    /// A field of the other API version.
    #[error("{field} does not exist in {api_version}: {instead}")]
    Field {
        /// The path of the field.
        field: String,
        /// The document's `apiVersion`.
        api_version: &'static str,
        /// What stands there in that version.
        instead: &'static str,
    },
}

/// Why no canary Ingress can be written beside this stable one.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::IngressError;
/// use canary_policy::targets::nginx::{canary_ingress, Params};
/// use k8s_openapi::api::networking::v1::Ingress;
///
/// let params = Params::new("web-2".parse()?);
/// let error = canary_ingress(&Ingress::default(), &Policy::percent(30)?, &params).unwrap_err();
/// assert_eq!(error, IngressError::NoName);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "k8s-openapi")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum IngressError {
    /// Neither a rule nor a default backend names a Service.
    #[error("Ingress `{ingress}` routes to no Service{hint}")]
    NoService {
        /// The stable Ingress.
        ingress: String,
        /// What was found instead, as `: spec.rules[0] has no http`.
        hint: String,
    },
    /// Several Services, and the caller did not say which.
    #[error("Ingress `{ingress}` routes to several Services, so the stable one must be named: {services}")]
    Ambiguous {
        /// The stable Ingress.
        ingress: String,
        /// The Services it routes to.
        services: String,
    },
    /// The named Service is none of those.
    #[error("Ingress `{ingress}` does not route to the Service `{service}`: it routes to {services}")]
    NotRouted {
        /// The stable Ingress.
        ingress: String,
        /// The Service that was named.
        service: String,
        /// The Services it routes to.
        services: String,
    },
    /// The canary Ingress would be called as the stable one is, and replace it.
    #[error("`{ingress}` is the stable Ingress's name: the canary Ingress needs another")]
    SameName {
        /// The stable Ingress.
        ingress: String,
    },
    /// The canary's Service is the stable one's.
    #[error("`{service}` is the stable Service: ingress-nginx ignores a canary that names it")]
    SameService {
        /// The Service that was named.
        service: String,
    },
    /// The stable Ingress routes to the canary's Service too.
    #[error("Ingress `{ingress}` already routes to `{service}`: ingress-nginx then drops the canary's rules")]
    CanaryRouted {
        /// The stable Ingress.
        ingress: String,
        /// The canary's Service.
        service: String,
    },
    /// The stable Service answers nowhere that a canary could stand beside.
    #[error("Ingress `{ingress}` sends nothing to `{service}`: other Services have its paths")]
    NothingToSplit {
        /// The stable Ingress.
        ingress: String,
        /// The stable Service.
        service: String,
    },
    /// Every path of the stable Service is a regular expression, or odd.
    #[error("Ingress `{ingress}` sends nothing to `{service}` on a path that other targets read alike: {why}")]
    NoPath {
        /// The stable Ingress.
        ingress: String,
        /// The stable Service.
        service: String,
        /// The last of its paths, and why it is left out.
        why: String,
    },
    /// Nothing that requests could be shared with.
    #[error("no Service is given for a canary")]
    NoCanary,
    /// The stable Ingress has no name yet.
    #[error("the stable Ingress has no metadata.name")]
    NoName,
    /// The Ingress is itself a canary.
    #[error("Ingress `{ingress}` is a canary: a canary stands beside a stable Ingress")]
    IsCanary {
        /// The Ingress.
        ingress: String,
    },
    /// A name or port that cannot exist.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}
