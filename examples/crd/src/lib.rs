//! The custom resource of an operator: a policy and a route in one object.

use canary_policy::Spec;
use canary_policy::policy::{Lenient, transition_rules};
use canary_policy::route::RouteSpec;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The spec of a `CanaryRelease`. Both parts are read leniently, so that one object with a newer field does not keep the operator
/// from reading all the others.
#[derive(Clone, Debug, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "canary.example.com", version = "v1alpha1", kind = "CanaryRelease", namespaced, shortname = "cr")]
#[kube(doc = "A canary release: which requests each canary gets, and where.")]
#[schemars(description = "What is wanted.")]
pub struct CanaryReleaseSpec {
    /// Which share of the requests, and which requests, each canary gets.
    #[schemars(transform = transition_rules)]
    pub policy: Lenient<Spec>,
    /// The hosts and paths that the policy applies to, and the backend of each variant.
    pub route: Lenient<RouteSpec>,
}

/// The CRD in YAML.
///
/// # Errors
///
/// The CRD cannot be written as YAML.
pub fn crd() -> Result<String, serde_saphyr::ser::Error> {
    use kube::CustomResourceExt;
    serde_saphyr::to_string(&CanaryRelease::crd())
}
