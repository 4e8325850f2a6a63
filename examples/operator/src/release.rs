//! The custom resource, and what a valid one asks for.

use std::collections::BTreeMap;

use canary_policy::error::{Diagnostic, Report};
use canary_policy::route::Path;
use canary_policy::{Policy, Route};
use kube::CustomResource;
use kube::api::ResourceExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::status::ReleaseStatus;
use crate::target::{Place, Target, TargetSpec};

/// The spec of a `CanaryRelease`: a policy and a route, as in the crate `canary-crd`, and the object that gets the policy.
#[derive(Clone, Debug, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "canary.example.com", version = "v1alpha1", kind = "CanaryRelease", namespaced, shortname = "cr")]
#[kube(doc = "A canary release: which requests each canary gets, and where.", status = "ReleaseStatus")]
#[kube(
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#
)]
#[kube(
    printcolumn = r#"{"name": "Exact", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Exact')].status"}"#
)]
#[kube(
    printcolumn = r#"{"name": "Reason", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].reason"}"#
)]
#[schemars(description = "What is wanted.")]
pub struct CanaryReleaseSpec {
    /// The policy and the route.
    #[serde(flatten)]
    pub wanted: canary_crd::CanaryReleaseSpec,
    /// The object that gets the policy.
    pub target: TargetSpec,
    /// The fields that this version does not know. They are kept, so that a newer version finds them again.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: BTreeMap<String, Value>,
}

/// A valid release.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The policy.
    pub policy: Policy,
    /// The backend of each variant.
    pub route: Route,
    /// The object that gets the policy.
    pub target: Target,
}

impl Release {
    /// Checks every part of a release.
    ///
    /// # Errors
    ///
    /// A part is invalid, is unknown to this version, or has no effect on the target. The reports have all problems, and an
    /// operator leaves everything as it is.
    pub fn read(object: &CanaryRelease) -> Result<Self, Vec<Report>> {
        let CanaryReleaseSpec { wanted: canary_crd::CanaryReleaseSpec { policy, route }, target, unknown } =
            &object.spec;
        let mut problems = Vec::new();
        let unknown = unknown.iter().filter(|(_, value)| !value.is_null());
        problems.extend(unknown.map(|(field, _)| Obstacle::UnknownField { field: format!("spec.{field}") }.report()));
        problems.extend(policy.unknown().iter().map(|field| at("spec.policy", field)));
        problems.extend(route.unknown().iter().map(|field| at("spec.route", field)));

        let policy = Policy::try_from(policy.form());
        let policy = policy.map_err(|error| problems.extend(error.problems.iter().map(|one| at("spec.policy", one))));
        let route = Route::try_from(route.form());
        let route = route.map_err(|error| problems.extend(error.problems.iter().map(|one| at("spec.route", one))));
        let target = target.check().map_err(|obstacles| problems.extend(obstacles.iter().map(Diagnostic::report)));

        let (Ok(policy), Ok(route), Ok(target)) = (policy, route, target) else { return Err(problems) };
        // The name becomes part of the path of a request.
        if let Err(invalid) = route.clone().with_name(target.name()) {
            problems.push(at("spec.target", &invalid));
        }
        problems.extend(without_effect(&route, &target, object.namespace().as_deref()).iter().map(Diagnostic::report));
        problems.extend(route.check(&policy).err().map(|error| at("spec.route", &error)));
        if problems.is_empty() { Ok(Release { policy, route, target }) } else { Err(problems) }
    }

    /// Where the policy is when it is written.
    #[must_use]
    pub fn place(&self) -> Place {
        match &self.target {
            Target::Ingress { name } => Place::Ingress { name: name.clone(), canary: self.route.name().to_owned() },
            Target::HttpRoute { name } => Place::HttpRoute { name: name.clone() },
        }
    }
}

/// A report of a problem in a part of the object.
fn at(part: &str, problem: &impl Diagnostic) -> Report {
    problem.report().within(part)
}

/// The parts of a route that have no effect, because the target has its own.
fn without_effect(route: &Route, target: &Target, namespace: Option<&str>) -> Vec<Obstacle> {
    let object = target.to_string();
    let parts = [
        ("spec.route.hosts", route.hosts().is_empty()),
        ("spec.route.paths", route.paths() == [Path::root()]),
        ("spec.route.parents", route.parents().is_empty()),
        ("spec.route.namespace", route.namespace().is_none_or(|own| Some(own) == namespace)),
        ("spec.route.formerTokens", route.former_tokens().is_none() || matches!(target, Target::HttpRoute { .. })),
    ];
    let given = parts.into_iter().filter(|(_, is_plain)| !is_plain);
    given.map(|(field, _)| Obstacle::WithoutEffect { field, object: object.clone() }).collect()
}
