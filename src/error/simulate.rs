//! The errors of [`simulate`](crate::simulate).

use thiserror::Error;

use super::Diagnostic;

/// Why clients cannot be a [`ClientMix`](crate::simulate::ClientMix).
///
/// ```
/// use canary_policy::error::InvalidMix;
/// use canary_policy::simulate::ClientMix;
///
/// assert_eq!(ClientMix::<()>::new([]).unwrap_err(), InvalidMix::NoClient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidMix {
    /// The mix has no client.
    #[error("the mix has no client: expected at least one")]
    NoClient,
    /// The parts of all clients add up to 0 or to more than 4,294,967,295.
    #[error("the parts of the mix add up to {0}: expected 1 to 4294967295")]
    Parts(u64),
    /// The number of requests that each client sends is 0.
    #[error("each client sends {0} requests: expected 1 to 4294967295")]
    Requests(u32),
}

impl Diagnostic for InvalidMix {
    fn code(&self) -> &'static str {
        match self {
            InvalidMix::NoClient => "mix-empty",
            InvalidMix::Parts(_) => "mix-parts",
            InvalidMix::Requests(_) => "mix-requests",
        }
    }
}
