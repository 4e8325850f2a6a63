//! **Moving** from one target to another: a proof that every request is answered as before.
//!
//! [`verify`] compares virtual hosts that were read from the objects of two targets: what
//! [`nginx::hosts`](crate::targets::nginx) returns for a cluster, and what a target's reader returns for the objects that were
//! written for it, by this crate or by another tool.

mod answer;
mod classes;
mod former_tokens;
mod location_pair;
mod verification;

pub use answer::{Answer, LocationDifference};
pub use verification::{LocationAnswer, Verification, verify};
