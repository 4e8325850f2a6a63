//! Virtual hosts for other targets: what a cluster serves, in the words of routes.

mod aliases;
mod annotations;
mod findings_by_ingress;
mod host_reader;
mod host_reading;
mod location_reader;
mod server_annotations;
mod shared_cookies;
mod upstream_backends;

pub use host_reading::{HostReading, IngressFinding, hosts};
