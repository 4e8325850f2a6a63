//! Errors of reading routes back.

use thiserror::Error;

use super::{Excerpt, Invalid, InvalidPolicy};

/// Why objects that route are no policy.
///
/// ```
/// use canary_policy::error::ReadingError;
/// use canary_policy::targets::gateway;
///
/// assert_eq!(gateway::read(&[]).unwrap_err(), ReadingError::NoObject);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// An object of another kind.
    #[error("kind: `{kind}` is not {wanted}")]
    Kind {
        /// Its kind.
        kind: Excerpt,
        /// The kind that is read.
        wanted: &'static str,
    },
    /// Nothing to read.
    #[error("there is no object to read")]
    NoObject,
    /// No rule takes the requests that no other rule is for.
    #[error("no rule is without a header: nothing says where the other requests go")]
    NoSplit,
    /// Every share of the split is 0.
    #[error("{field}: all weights are 0, so that no request is answered")]
    NoWeight {
        /// The split.
        field: String,
    },
    /// Nothing but stable is routed to.
    #[error("everything goes to `{stable}`: a policy has a canary")]
    NoCanary {
        /// The one backend.
        stable: Excerpt,
    },
    /// The weights add up to more than can be counted.
    #[error("{field}: the weights add up to {sum}: 4294967295 at most")]
    Sum {
        /// The split.
        field: String,
        /// Their sum.
        sum: u64,
    },
    /// Objects that are read together say different things.
    #[error("{field}: it differs from that of the first object")]
    Differs {
        /// What differs.
        field: String,
    },
    /// A value that neither a policy nor a route can hold.
    #[error("{field}: {what}")]
    Invalid {
        /// The path of the field.
        field: String,
        /// What is wrong with it.
        what: Invalid,
    },
    /// Parts that do not make a policy together.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
}
