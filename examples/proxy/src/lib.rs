//! A reverse proxy that decides with a canary policy: a variant for each request, affinity, and metrics.
//!
//! ```text
//! policy file ──► PolicyFile ──► the policy in force
//!                                        │
//! client ──► server ──► Proxy: which variant? ──► Upstreams ──► response, with the affinity cookie
//!                          │
//!                          └──► Metrics, by variant and reason
//! ```

mod hop_by_hop;
mod metrics;
mod policy_file;
mod proxy;
mod server;
mod upstreams;

pub use metrics::Metrics;
pub use policy_file::{PolicyFile, PolicyFileError};
pub use proxy::{Body, Proxy};
pub use server::{Connections, serve};
pub use upstreams::{InvalidUpstream, Upstream, Upstreams};
