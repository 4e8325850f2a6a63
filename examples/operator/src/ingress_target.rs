//! A policy beside a stable Ingress: a canary Ingress, and the affinity of the stable Ingress.
//!
//! The canary Ingress belongs to the release and is written by server-side apply without force. What somebody else adds to it
//! stays, and a value that somebody else changed is a conflict that the status shows. The affinity is on the stable Ingress, which
//! belongs to somebody else; these annotations are applied by a field manager of the release, so that exactly they go away again.

use std::collections::BTreeMap;

use canary_policy::error::{Diagnostic, Report};
use canary_policy::targets::Conversion;
use canary_policy::targets::nginx::{self, CanaryIngress, IngressParams};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Client, Resource, ResourceExt};
use serde_json::{Map, Value, json};

use crate::field_manager::{MANAGER, applied, has_applied, is_converged, manager_of};
use crate::metrics::Metrics;
use crate::obstacle::{Failure, Obstacle};
use crate::release::{CanaryRelease, Release};

const API_VERSION: &str = "networking.k8s.io/v1";

/// The Ingresses of a namespace.
pub(crate) struct IngressTarget<'c> {
    ingresses: Api<Ingress>,
    metrics: &'c Metrics,
}

/// What the library writes for a policy.
struct Written {
    canary: CanaryIngress,
    /// The annotations that the policy needs on the stable Ingress.
    wanted: BTreeMap<String, String>,
    losses: Vec<Report>,
}

fn write(stable: &Ingress, release: &Release) -> Result<Written, Failure> {
    let Release { policy, route, target: _ } = release;
    let params = IngressParams::of_route(policy, route)?.with_name(route.name());
    let Conversion { output: canary, losses } = nginx::canary_ingress(&read(stable)?, policy, &params)?;
    let wanted = nginx::annotations(policy, &params.flags.prefix).output.stable;
    Ok(Written { canary, wanted, losses: losses.iter().map(Diagnostic::report).collect() })
}

/// An Ingress as the library reads it.
fn read(ingress: &Ingress) -> Result<nginx::Ingress, Failure> {
    let object = format!("Ingress {}", ingress.name_any());
    let read = nginx::Ingress::try_from(ingress);
    read.map_err(|error| Obstacle::Unreadable { object, message: error.to_string() }.into())
}

impl<'c> IngressTarget<'c> {
    pub(crate) fn new(client: Client, namespace: &str, metrics: &'c Metrics) -> Self {
        IngressTarget { ingresses: Api::namespaced(client, namespace), metrics }
    }

    /// Puts the policy of a release beside a stable Ingress, and returns the losses. Nothing is written if nothing changes.
    pub(crate) async fn put_in(
        &self,
        object: &CanaryRelease,
        release: &Release,
        name: &str,
    ) -> Result<Vec<Report>, Failure> {
        let stable = self.ingresses.get_opt(name).await?.filter(|stable| stable.meta().deletion_timestamp.is_none());
        let stable = stable.ok_or_else(|| Obstacle::NotFound { object: format!("Ingress {name}") })?;
        let Written { canary, wanted, losses } = write(&stable, release)?;
        // The affinity comes first: a canary without it would get clients that do not keep their variant.
        self.put_affinity(object, &stable, &wanted, &canary.stable_edit).await?;
        self.put_canary(object, &canary).await?;
        Ok(losses)
    }

    /// Applies the annotations of the affinity.
    async fn put_affinity(
        &self,
        object: &CanaryRelease,
        stable: &Ingress,
        wanted: &BTreeMap<String, String>,
        stable_edit: &BTreeMap<String, Option<String>>,
    ) -> Result<(), Failure> {
        let manager = manager_of(&object.uid().unwrap_or_default());
        let own = applied(stable.meta(), &manager, &["metadata", "annotations"]);
        // An annotation to remove is one that this release applied before, or it is somebody's, who has to decide.
        if let Some((annotation, _)) = stable_edit.iter().find(|(key, value)| value.is_none() && !own.contains(*key)) {
            return Err(others_field(stable, format!("metadata.annotations[{annotation}]")));
        }
        let changes = stable_edit.values().any(Option::is_some);
        if changes || own.iter().any(|key| !wanted.contains_key(key)) {
            self.apply_to_stable(stable, &manager, wanted).await?;
        }
        Ok(())
    }

    /// Applies these annotations to a stable Ingress, and takes away those that the manager applied before. The identity and the
    /// version are named, so that no other Ingress is created or changed.
    async fn apply_to_stable(
        &self,
        stable: &Ingress,
        manager: &str,
        annotations: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let mut metadata = Map::from_iter([
            ("name".to_owned(), json!(stable.name_any())),
            ("uid".to_owned(), json!(stable.uid())),
            ("resourceVersion".to_owned(), json!(stable.resource_version())),
        ]);
        if !annotations.is_empty() {
            metadata.insert("annotations".to_owned(), json!(annotations));
        }
        let configuration = json!({ "apiVersion": API_VERSION, "kind": "Ingress", "metadata": metadata });
        self.apply(&stable.name_any(), manager, "stable", &configuration).await
    }

    /// Applies the canary Ingress, which belongs to the release.
    async fn put_canary(&self, object: &CanaryRelease, canary: &CanaryIngress) -> Result<(), Failure> {
        let nginx::Ingress { metadata, spec, .. } = &canary.ingress;
        let head = json!({
            "name": metadata.name,
            "annotations": metadata.annotations,
            "labels": { "app.kubernetes.io/managed-by": MANAGER },
            "ownerReferences": object.controller_owner_ref(&()).as_slice(),
        });
        let wanted = json!({ "apiVersion": API_VERSION, "kind": "Ingress", "metadata": head, "spec": spec });
        if let Some(live) = self.ingresses.get_opt(&metadata.name).await? {
            if !is_owned(&live, object) {
                return Err(Obstacle::NotOwned { object: format!("Ingress {}", metadata.name) }.into());
            }
            check_others(&live, canary)?;
            if is_converged(&json!(live), live.meta(), &wanted) {
                return Ok(());
            }
        }
        self.apply(&metadata.name, MANAGER, "canary", &wanted).await
    }

    async fn apply(&self, name: &str, manager: &str, role: &'static str, configuration: &Value) -> Result<(), Failure> {
        let params = PatchParams::apply(manager);
        let applied = self.ingresses.patch(name, &params, &Patch::Apply(configuration)).await;
        applied.map_err(|error| Failure::of_write(&format!("Ingress {name}"), error))?;
        self.metrics.count_write(role, "apply");
        Ok(())
    }

    /// Deletes the canary Ingress, and then takes the affinity away from the stable Ingress. What is gone already is left alone.
    pub(crate) async fn take_out(&self, object: &CanaryRelease, name: &str, canary: &str) -> Result<(), Failure> {
        let live = self.ingresses.get_opt(canary).await?.filter(|live| is_owned(live, object));
        if let Some(live) = live.filter(|live| live.meta().deletion_timestamp.is_none()) {
            let preconditions = Some(Preconditions { uid: live.uid(), resource_version: None });
            let params = DeleteParams { preconditions, ..DeleteParams::default() };
            match self.ingresses.delete(canary, &params).await {
                Ok(_) => self.metrics.count_write("canary", "delete"),
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(Failure::of_write(&format!("Ingress {canary}"), error)),
            }
        }
        let manager = manager_of(&object.uid().unwrap_or_default());
        let stable = self.ingresses.get_opt(name).await?;
        match stable.filter(|stable| has_applied(stable.meta(), &manager)) {
            Some(stable) => self.apply_to_stable(&stable, &manager, &BTreeMap::new()).await,
            None => Ok(()),
        }
    }
}

fn others_field(ingress: &Ingress, field: String) -> Failure {
    Obstacle::OthersField { object: format!("Ingress {}", ingress.name_any()), field }.into()
}

/// Refuses a canary Ingress to which somebody added what would change the meaning of the policy. An apply does not remove it.
fn check_others(live: &Ingress, canary: &CanaryIngress) -> Result<(), Failure> {
    let own = |path| applied(live.meta(), MANAGER, path);
    let (annotations, fields) = (own(&["metadata", "annotations"]), own(&["spec"]));
    let before = read(live)?;
    let mut meant = before.clone();
    canary.apply_to(&mut meant)?;
    let removed = before.metadata.annotations.keys().filter(|key| !meant.metadata.annotations.contains_key(*key));
    if let Some(annotation) = removed.into_iter().find(|key| !annotations.contains(*key)) {
        return Err(others_field(live, format!("metadata.annotations[{annotation}]")));
    }
    let has_backend = before.spec.default_backend.is_some() && meant.spec.default_backend.is_none();
    if has_backend && !fields.contains("defaultBackend") {
        return Err(others_field(live, "spec.defaultBackend".to_owned()));
    }
    Ok(())
}

/// Whether an Ingress belongs to this release.
fn is_owned(ingress: &Ingress, object: &CanaryRelease) -> bool {
    ingress.owner_references().iter().any(|owner| Some(&owner.uid) == object.meta().uid.as_ref())
}
