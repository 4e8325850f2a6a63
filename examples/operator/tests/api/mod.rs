//! A stand-in for an API server: the HTTP API over loopback, with the objects in memory.
//!
//! It does what an operator relies on, as Kubernetes 1.33 does it:
//!
//! * `resourceVersion`, `generation` and `uid`; a write that changes nothing has no new version.
//! * Optimistic concurrency: `409 Conflict` if a request names another version or identity than the object has.
//! * Server-side apply with field managers: conflicts with their managers and fields, `force`, and fields that go away when their
//!   manager does not apply them again. Other writes take the fields over that they change.
//! * Merge patches, and JSON patches as kube's finalizer sends them.
//! * The subresource `status`: a write of the object does not change it, and a write of the status changes nothing else.
//! * Finalizers: an object that has one gets a `deletionTimestamp`, and goes away when the last one is removed.
//! * Lists in pages; watches with bookmarks, and `410 Gone` for versions that are compacted.
//! * The defaults that the CRD of the HTTPRoute 1.3 fills in.
//!
//! Its limits: every list is atomic, as those of HTTPRoutes and Ingresses are, while the lists of owners and conditions, which a
//! real server merges by their keys, have one manager here. There is no validation, no admission beyond [`Server::refuse`], no
//! selector, no authentication, no garbage collection and no other API version. Continued lists show the objects as they are now.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::must_use_candidate)]
#![allow(dead_code, missing_docs)]

mod answer;
mod apply;
mod defaults;
mod fields;
mod http_api;
mod patch;
mod request;
mod server;
mod state;
mod store;
mod watch;

pub use request::{Key, Resource};
pub use server::Server;
