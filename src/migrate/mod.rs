//! **Moving** from one target to another: a proof that every request is answered as before.
//!
//! [`verify`] compares virtual hosts that were read from the objects of two targets: what
//! [`nginx::hosts`](crate::targets::nginx) returns for a cluster, and what a target's reader returns for the objects that were
//! written for it, by this crate or by another tool. [`Replay`] answers recorded requests with both.
//!
//! [`changes_on`] says what changes when another controller reads the same Ingresses.

mod answer;
mod changes_on;
mod classes;
mod dialect_change;
mod dialect_field;
mod dialect_finding;
mod former_tokens;
mod host_class;
mod host_classes;
mod location_pair;
mod outranked_paths;
mod replay;
mod replayed;
mod unused;
mod verification;

pub use answer::{Answer, LocationDifference};
pub use changes_on::changes_on;
pub use dialect_finding::{DialectFinding, DialectKind};
pub use host_class::HostClass;
pub use replay::Replay;
pub use replayed::{Destination, Replayed};
pub use verification::{LocationAnswer, Verification, verify, verify_each};
