//! Errors that occur when a policy and a route are converted for a target.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt, InvalidFormerTokens, InvalidRoute};

/// Why a policy and a route cannot be converted for a target.
///
/// A part of a policy that a target cannot express is not an error but a [`Loss`](crate::Loss).
///
/// ```
/// use canary_policy::error::ConversionError;
/// use canary_policy::targets::gateway;
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("web", "web:80".parse()?, [])?.with_parents(["public".parse()?])?;
/// let error = gateway::http_routes(&Policy::percent(30)?, &route, &gateway::RouteParams::default()).unwrap_err();
/// assert_eq!(error, ConversionError::Canaries { policy: 1, route: 0 });
/// assert_eq!(error.to_string(), "backends: 0 canary backends are given, but the policy has 1 canary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// A route or location has another number of canary backends than its policy has canaries.
    #[error(
        "backends: {route} canary {} given, but the policy has {policy} {}",
        if *.route == 1 { "backend is" } else { "backends are" },
        if *.policy == 1 { "canary" } else { "canaries" }
    )]
    Canaries {
        /// The number of canaries of the policy.
        policy: usize,
        /// The number of canary backends of the route or location.
        route: usize,
    },
    /// The former tokens of the route are not those of the policy.
    #[error(transparent)]
    FormerTokens(#[from] InvalidFormerTokens),
    /// The target needs a port number, but the backend has no port or a named one.
    #[error("backends: `{backend}` needs a port number: {why}")]
    Port {
        /// The backend.
        backend: Excerpt,
        /// Why the target needs the number.
        why: &'static str,
    },
    /// The route exceeds a limit of the target, even when it is divided into several objects.
    #[error("{field}: {count} are too many: {object} takes at most {bound}")]
    TooMany {
        /// The part of the route that exceeds the limit.
        field: &'static str,
        /// The number of items that it has.
        count: usize,
        /// The largest number of items that the target takes.
        bound: usize,
        /// The kind of object that has this limit.
        object: &'static str,
    },
    /// The object would be larger than what Kubernetes stores: each path of the route is written for each condition of the policy.
    #[error(
        "paths: {object} with all of them has about {bytes} bytes: Kubernetes stores at most {bound}: divide the paths between routes"
    )]
    TooLarge {
        /// The kind of object.
        object: &'static str,
        /// The size of the object in bytes, by an estimate.
        bytes: usize,
        /// The largest size.
        bound: usize,
    },
    /// The target needs something that the route does not have.
    #[error("{field}: none is given: {why}")]
    Missing {
        /// The part of the route that is missing.
        field: &'static str,
        /// Why the target needs it.
        why: &'static str,
    },
    /// The target refuses a value that other targets take.
    #[error("{field}: `{value}` is refused: {bound}")]
    Refused {
        /// The part of the route that has the value.
        field: &'static str,
        /// The value.
        value: Excerpt,
        /// What the target takes.
        bound: &'static str,
    },
    /// Another location decides the same requests in another way, and the target cannot tell them apart.
    #[error("{field}: `{other}` decides the same requests in another way: {why}")]
    Conflict {
        /// The part of the location.
        field: &'static str,
        /// The other location, as in `shop Prefix /cart`.
        other: Excerpt,
        /// Why the target cannot tell the requests apart.
        why: &'static str,
    },
    /// A path is not the path of a gRPC method.
    #[error("paths: `{0}` is not a gRPC method: expected `/SERVICE/METHOD` exactly, or `/` or `/SERVICE` as a prefix")]
    GrpcPath(Excerpt),
    /// A name that the target derives from the route is invalid.
    #[error("{field}: {invalid}")]
    Invalid {
        /// The field that would have the name.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        invalid: InvalidRoute,
    },
    /// A location of a virtual host cannot be converted.
    #[error("{host} {location}: {error}")]
    Location {
        /// The virtual host, as `NAMESPACE/NAME`, or as `NAME` if it has no namespace.
        host: Excerpt,
        /// The type and the text of the path, as in `Prefix /cart`. If the locations of several paths lead to the same backends by
        /// the same policy, it is the first of them.
        location: Excerpt,
        /// Why it cannot be converted.
        #[source]
        error: Box<ConversionError>,
    },
    /// One of several virtual hosts cannot be converted.
    #[error("{host}: {error}")]
    VirtualHost {
        /// The virtual host, as `NAMESPACE/NAME`, or as `NAME` if it has no namespace.
        host: Excerpt,
        /// Why it cannot be converted.
        #[source]
        error: Box<ConversionError>,
    },
}

impl Diagnostic for ConversionError {
    fn code(&self) -> &'static str {
        match self {
            ConversionError::Canaries { .. } => "backend-count",
            ConversionError::FormerTokens(invalid) => invalid.code(),
            ConversionError::Port { .. } => "port-number",
            ConversionError::TooMany { .. } => "too-many",
            ConversionError::TooLarge { .. } => "too-large",
            ConversionError::Missing { .. } => "missing",
            ConversionError::Refused { .. } => "refused",
            ConversionError::Conflict { .. } => "conflict",
            ConversionError::GrpcPath(_) => "grpc-path",
            ConversionError::Invalid { invalid, .. } => invalid.code(),
            ConversionError::Location { error, .. } | ConversionError::VirtualHost { error, .. } => error.code(),
        }
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        match self {
            ConversionError::Canaries { .. } | ConversionError::Port { .. } => Some(Cow::Borrowed("backends")),
            ConversionError::FormerTokens(invalid) => invalid.field(),
            ConversionError::GrpcPath(_) | ConversionError::TooLarge { .. } => Some(Cow::Borrowed("paths")),
            ConversionError::TooMany { field, .. }
            | ConversionError::Missing { field, .. }
            | ConversionError::Refused { field, .. }
            | ConversionError::Conflict { field, .. }
            | ConversionError::Invalid { field, .. } => Some(Cow::Borrowed(field)),
            ConversionError::Location { location, error, .. } => {
                error.field().map(|field| Cow::Owned(format!("locations[{location}].{field}")))
            }
            ConversionError::VirtualHost { error, .. } => error.field(),
        }
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        match self {
            ConversionError::Location { host, .. } | ConversionError::VirtualHost { host, .. } => {
                Some(Cow::Borrowed(host.as_str()))
            }
            _ => None,
        }
    }
}
