//! An operator that puts the policy of a `CanaryRelease` into a canary Ingress or an HTTPRoute.
//!
//! ```text
//! CanaryRelease ──► release: is it valid? ──► reconciler ──┬─► ingress_target: a canary Ingress beside a stable one
//!       ▲                                                  │
//!       │                                                  └─► route_target: rules in somebody's HTTPRoute
//!       │                                                               │
//!       └── status: conditions, losses, problems ◄── obstacle ◄─────────┘
//! ```
//!
//! `controller` watches all three kinds of objects, and has a release reconciled when one of them changes.
//!
//! The library `canary-policy` reads the release and writes the objects. What is here is what only an operator needs: which objects
//! to read, when to write, and what to do if somebody else writes too.

mod controller;
mod events;
mod field_manager;
mod ingress_target;
mod metrics;
mod obstacle;
mod reconciler;
mod release;
mod route_target;
mod server;
mod siblings;
mod status;
mod target;

pub use controller::{FINALIZER, Settings, run};
pub use field_manager::MANAGER;
pub use metrics::Metrics;
pub use obstacle::{Failure, Obstacle};
pub use release::{CanaryRelease, CanaryReleaseSpec, Release};
pub use route_target::{RELEASE, http_routes};
pub use server::serve;
pub use status::{Outcome, ReleaseStatus};
pub use target::{Place, Target, TargetSpec};

/// The CRD of a `CanaryRelease` in YAML.
///
/// # Errors
///
/// The CRD cannot be written as YAML.
pub fn crd() -> Result<String, serde_saphyr::ser::Error> {
    use kube::CustomResourceExt;
    serde_saphyr::to_string(&CanaryRelease::crd())
}
