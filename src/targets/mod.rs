//! **How** a policy reaches the software that routes requests, and how people's objects are read back.
//!
//! A converter is a plain function that is named after what it returns. Every part of a policy that a target cannot express
//! becomes a [`Loss`]. A function for a [`VirtualHost`](crate::route::VirtualHost) writes all of its locations together, and each
//! of its losses is a [`LocationLoss`], which names the location. A reader turns objects back into a policy and a route, or into
//! virtual hosts. Everything else in them becomes a [`Finding`]. An editor, such as `gateway::with_policy`, puts a policy into
//! somebody's object, leaves everything else in it as it is, and takes the policy out again.
//!
#![doc = include_str!("matrix.md")]
//!
//! *exact*: there is no loss. *exact\**: there is no loss, but unusual requests are decided differently, such as one with a
//! header on several lines or with two cookies of one name; a table in `DESIGN.md` lists these requests. *approximate*: a loss
//! says what was written instead. *impossible*: nothing was written, and a loss says so. ingress-nginx takes one canary, so it
//! takes at most one header rule and one cookie rule.

mod conversion;
#[cfg(feature = "serde")]
mod edit;
pub mod envoy;
mod finding;
pub mod gateway;
pub mod gloo;
pub mod istio;
pub mod linkerd;
mod location_loss;
mod loss;
pub mod nginx;
mod object;
mod read;
pub mod replicas;
mod table;
mod timestamp;

pub use conversion::{Conversion, Lossy};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use edit::OwnedFields;
pub use finding::Finding;
pub use location_loss::LocationLoss;
pub use loss::{Loss, Part};
pub use object::{Metadata, Object, UnknownFields};
pub use read::{Reading, VirtualHostReading, Wildcards};
pub use timestamp::Timestamp;
