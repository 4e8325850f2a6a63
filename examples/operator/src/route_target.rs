//! A policy in somebody's HTTPRoute.
//!
//! The rules of an HTTPRoute are one list, which an API server replaces as a whole. With server-side apply the list has one owner:
//! the operator would have to take it over by force, and could never give it back, because a list that nobody applies any more is
//! deleted. So this is a merge patch that names the version of the object that was read. If somebody else changed the object in
//! between, the API server refuses the patch (`409 Conflict`), and it is made anew from the new object. If somebody changed the
//! rules that the operator wrote, nothing is written, and the status says which rule it is.

use canary_policy::error::{Diagnostic, Report};
use canary_policy::targets::Conversion;
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::field_manager::MANAGER;
use crate::metrics::Metrics;
use crate::obstacle::{Failure, Obstacle};
use crate::release::{CanaryRelease, Release};

/// The annotation that names the release whose policy is in an HTTPRoute.
pub const RELEASE: &str = "canary.example.com/release";

/// The resource of an HTTPRoute.
#[must_use]
pub fn http_routes() -> ApiResource {
    ApiResource {
        group: "gateway.networking.k8s.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "gateway.networking.k8s.io/v1".to_owned(),
        kind: "HTTPRoute".to_owned(),
        plural: "httproutes".to_owned(),
    }
}

/// The HTTPRoutes of a namespace.
pub(crate) struct RouteTarget<'c> {
    routes: Api<DynamicObject>,
    releases: Api<CanaryRelease>,
    metrics: &'c Metrics,
    params: &'c RouteParams,
}

impl<'c> RouteTarget<'c> {
    pub(crate) fn new(client: Client, namespace: &str, metrics: &'c Metrics, params: &'c RouteParams) -> Self {
        let routes = Api::namespaced_with(client.clone(), namespace, &http_routes());
        RouteTarget { routes, releases: Api::namespaced(client, namespace), metrics, params }
    }

    /// Puts the policy of a release into an HTTPRoute, and returns the losses. Nothing is written if nothing changes.
    pub(crate) async fn put_in(
        &self,
        object: &CanaryRelease,
        release: &Release,
        name: &str,
    ) -> Result<Vec<Report>, Failure> {
        let found = self.routes.get_opt(name).await?.filter(|route| route.metadata.deletion_timestamp.is_none());
        let found = found.ok_or_else(|| Obstacle::NotFound { object: format!("HTTPRoute {name}") })?;
        self.check_release(object, &found).await?;
        let theirs = read(&found)?;
        let Release { policy, route, target: _ } = release;
        let Conversion { output: edited, losses } = gateway::with_policy(&theirs, policy, route, self.params)?;
        let (before, after) = (patch(&theirs, owner(&found)), patch(&edited, Some(&object.name_any())));
        if before != after {
            self.check_other_routes(&edited).await?;
            self.patch(name, &after).await?;
        }
        Ok(losses.iter().map(Diagnostic::report).collect())
    }

    /// Refuses an HTTPRoute with the policy of another release, unless that release is gone.
    async fn check_release(&self, object: &CanaryRelease, route: &DynamicObject) -> Result<(), Failure> {
        let Some(other) = owner(route).filter(|other| *other != object.name_any()) else { return Ok(()) };
        match self.releases.get_opt(other).await? {
            Some(_) => {
                let (object, release) = (format!("HTTPRoute {}", route.name_any()), other.to_owned());
                Err(Obstacle::OtherRelease { object, release }.into())
            }
            None => Ok(()),
        }
    }

    /// Checks that the rules for conditions take no requests from the other HTTPRoutes of the namespace.
    async fn check_other_routes(&self, edited: &HttpRoute) -> Result<(), Failure> {
        let original = gateway::without_policy(edited)?;
        if edited.spec.rules.len() == original.spec.rules.len() {
            return Ok(());
        }
        let list = self.routes.list(&ListParams::default()).await?;
        let others = list.items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(gateway::check_other_routes(edited, &others)?)
    }

    async fn patch(&self, name: &str, patch: &Value) -> Result<(), Failure> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patched = self.routes.patch(name, &params, &Patch::Merge(patch)).await;
        patched.map_err(|error| Failure::of_write(&format!("HTTPRoute {name}"), error))?;
        self.metrics.count_write("route", "patch");
        Ok(())
    }

    /// Takes the policy of a release out of an HTTPRoute. One that is gone, or has the policy of another release, is left alone.
    pub(crate) async fn take_out(&self, object: &CanaryRelease, name: &str) -> Result<(), Failure> {
        let found = self.routes.get_opt(name).await?;
        let Some(found) = found.filter(|found| owner(found) == Some(&*object.name_any())) else { return Ok(()) };
        let original = gateway::without_policy(&read(&found)?)?;
        self.patch(name, &patch(&original, None)).await
    }
}

/// The name of the release whose policy is in an HTTPRoute.
fn owner(route: &DynamicObject) -> Option<&str> {
    route.annotations().get(RELEASE).map(String::as_str)
}

/// An HTTPRoute as the library reads it.
fn read(route: &DynamicObject) -> Result<HttpRoute, Failure> {
    let read = serde_json::to_value(route).and_then(serde_json::from_value);
    let object = format!("HTTPRoute {}", route.name_any());
    read.map_err(|error: serde_json::Error| Obstacle::Unreadable { object, message: error.to_string() }.into())
}

/// The merge patch that makes an HTTPRoute like this one, and names the release.
fn patch(route: &HttpRoute, release: Option<&str>) -> Value {
    json!(gateway::merge_patch(route).with_annotation(RELEASE, release))
}
