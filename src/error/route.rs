//! Errors of routes.

use thiserror::Error;

use super::{Excerpt, Invalid};

/// Why a target cannot take a route. What it cannot take of a policy is a [`Loss`](crate::Loss) instead.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::RouteError;
/// use canary_policy::targets::{Route, gateway};
///
/// let route = Route::new("web", "web:80".parse()?, [])?.with_parents(["public".parse()?])?;
/// let error = gateway::http_routes(&Policy::percent(30)?, &route).unwrap_err();
/// assert_eq!(error, RouteError::Canaries { wanted: 1, got: 0 });
/// assert_eq!(error.to_string(), "backends: the route has 0 for canaries, and the policy has 1 canary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RouteError {
    /// Not every canary has a backend, or not every backend a canary.
    #[error("backends: the route has {got} for canaries, and the policy has {wanted} {}", if *.wanted == 1 { "canary" } else { "canaries" })]
    Canaries {
        /// The policy's canaries.
        wanted: usize,
        /// The route's backends for canaries.
        got: usize,
    },
    /// A backend without a port number, where the target needs one.
    #[error("backends: `{backend}` needs the number of a port: {why}")]
    Port {
        /// The backend.
        backend: Excerpt,
        /// Who wants it.
        why: &'static str,
    },
    /// More of something than the target takes in one object, however it is divided.
    #[error("{field}: {count} are too many: {why} takes {bound}")]
    TooMany {
        /// What there is too much of.
        field: &'static str,
        /// How much there is.
        count: usize,
        /// The most the target takes.
        bound: usize,
        /// Who says so.
        why: &'static str,
    },
    /// Something that the target cannot do without.
    #[error("{field}: there is none: {why}")]
    Missing {
        /// What is missing.
        field: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// A value that other targets take and this one refuses.
    #[error("{field}: `{value}` is refused: {bound}")]
    Refused {
        /// What it is.
        field: &'static str,
        /// The value.
        value: Excerpt,
        /// What the target takes.
        bound: &'static str,
    },
    /// A path that is no gRPC method.
    #[error("paths: `{0}` is not a gRPC method: `/SERVICE/METHOD` exactly, or `/` or `/SERVICE` as a prefix")]
    GrpcPath(Excerpt),
    /// A name that cannot exist.
    #[error("{field}: {what}")]
    Invalid {
        /// What it names.
        field: &'static str,
        /// What is wrong with it.
        what: Invalid,
    },
}
