//! The CRD and the library say the same: what an API server stores is what the library takes, but for the rows of a table.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic,
    clippy::unwrap_used
)]

/// Generated documents, and the table of disagreements.
mod agreement;
/// An API server: how it reads an object, and what it refuses.
mod api_server;
/// What the rules of the schema cost.
mod cost;
/// Documents that are good, bad, or nearly good.
mod documents;
/// The CRD as it is printed.
mod golden;
/// A list of objects of which one is newer.
mod lenient;
/// Which schemas an API server takes.
mod structural;
/// Updates of running releases.
mod transition;

use kube::CustomResourceExt;
use serde_json::Value;

/// The schema of the CRD.
pub fn schema() -> Value {
    let crd = serde_json::to_value(canary_crd::CanaryRelease::crd()).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// The schema of a part of the spec.
pub fn schema_of(part: &str) -> Value {
    schema()["properties"]["spec"]["properties"][part].clone()
}
