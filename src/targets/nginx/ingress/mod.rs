//! Ingress objects: the canary Ingress of a stable Ingress, the two as a pair, and the routes of an Ingress.
//!
//! [`Manifest`] reads an Ingress, [`canary_ingress`] writes the canary Ingress beside it, [`Pair`] finds the canary Ingress
//! that is already there, and [`routes`] turns the stable Ingress into the routes that other targets write.

mod api_server;
mod canary_edit;
mod canary_ingress;
mod host_group;
mod location;
#[cfg(feature = "serde")]
mod manifest;
mod owned_annotations;
mod pair;
mod params;
mod read_routes;
mod routes;
mod service;
mod service_swap;
mod stable_ingress;
mod stable_service;

pub use canary_ingress::{CanaryIngress, canary_ingress};
#[cfg(feature = "serde")]
pub use manifest::Manifest;
pub use pair::{CoveredIngress, Pair};
pub use params::IngressParams;
pub use read_routes::routes;
pub use routes::Routes;
pub use stable_ingress::is_canary;
