//! **Moving** from one target to another: a proof that every request is answered as before.
//!
//! [`verify`] compares virtual hosts that were read from the objects of two targets: what
//! [`nginx::hosts`](crate::targets::nginx) returns for a cluster, and what a target's reader returns for the objects that were
//! written for it, by this crate or by another tool. [`Replay`] answers recorded requests with both.

mod answer;
mod classes;
mod former_tokens;
mod host_class;
mod host_classes;
mod location_pair;
mod replay;
mod replayed;
mod verification;

pub use answer::{Answer, LocationDifference};
pub use host_class::HostClass;
pub use replay::Replay;
pub use replayed::{Destination, Replayed};
pub use verification::{LocationAnswer, Verification, verify, verify_each};
