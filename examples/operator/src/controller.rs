//! The controller: which objects are watched, and what is done when one of them changes.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use canary_policy::targets::gateway::RouteParams;
use futures::StreamExt;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Api, DynamicObject};
use kube::runtime::controller::{Action, Config, Error};
use kube::runtime::finalizer::{self, Event, finalizer};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::{Controller, watcher};
use kube::{Client, Resource, ResourceExt};

use crate::events::Events;
use crate::metrics::Metrics;
use crate::obstacle::Failure;
use crate::reconciler::Reconciler;
use crate::release::CanaryRelease;
use crate::route_target::http_routes;
use crate::siblings::are_siblings;
use crate::target::Place;

/// The finalizer that keeps a release until its policy is taken out.
pub const FINALIZER: &str = "canary.example.com/policy";

/// How many releases are reconciled at a time.
const CONCURRENCY: u16 = 16;

/// What may differ between two operators.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespace whose releases are served; `None` for all.
    pub namespace: Option<String>,
    /// How long a release waits if nothing changes. It is looked at again because a watch may have missed something.
    pub resync: Duration,
    /// How long a release waits after a request that failed.
    pub retry: Duration,
    /// The implementation of the Gateway API.
    pub route_params: RouteParams,
}

impl Default for Settings {
    fn default() -> Self {
        let (resync, retry) = (Duration::from_mins(5), Duration::from_secs(5));
        Settings { namespace: None, resync, retry, route_params: RouteParams::default() }
    }
}

/// What every reconciliation needs.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) events: Events,
    /// All releases, as the controller has them in its cache.
    pub(crate) releases: Store<CanaryRelease>,
}

/// Serves all releases until `ended` is ready, and finishes what has begun.
///
/// # Errors
///
/// The API server does not answer which resources it has.
pub async fn run(
    client: Client,
    settings: Settings,
    metrics: Metrics,
    ended: impl Future<Output = ()> + Send + Sync + 'static,
) -> Result<(), kube::Error> {
    let controller = Controller::new(api::<CanaryRelease>(&client, &settings), watcher::Config::default());
    let controller = controller.with_config(Config::default().concurrency(CONCURRENCY)).graceful_shutdown_on(ended);

    let releases = controller.store();
    let ingresses = api::<Ingress>(&client, &settings);
    let mut controller = controller.watches(ingresses, watcher::Config::default(), move |ingress| {
        let mut found =
            concerned(&releases, &Changed::Ingress, ingress.meta().namespace.as_deref(), &ingress.name_any());
        found.extend(siblings_of_owner(&releases, &ingress));
        found
    });
    if has_http_routes(&client).await? {
        let releases = controller.store();
        let routes: Api<DynamicObject> = match &settings.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &http_routes()),
            None => Api::all_with(client.clone(), &http_routes()),
        };
        controller = controller.watches_with(routes, http_routes(), watcher::Config::default(), move |route| {
            concerned(&releases, &Changed::HttpRoute, route.metadata.namespace.as_deref(), &route.name_any())
        });
    }

    let (events, releases) = (Events::new(client.clone()), controller.store());
    let context = Context { client, settings, metrics, events, releases };
    let results = controller.run(reconcile, |_, error, context| after_error(error, &context), Arc::new(context));
    results
        .for_each(|result| {
            if let Err(error) = result {
                log(&error);
            }
            ready(())
        })
        .await;
    Ok(())
}

fn log<E: std::error::Error + 'static, Q: std::error::Error + 'static>(error: &Error<E, Q>) {
    // A release that is gone by the time that its turn comes needs nothing any more.
    if !matches!(error, Error::ObjectNotFound(_)) {
        eprintln!("error: {error}");
    }
}

fn api<K>(client: &Client, settings: &Settings) -> Api<K>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope>,
    K::DynamicType: Default,
{
    match &settings.namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// Whether the Gateway API is installed. If it is installed later, restart the operator.
async fn has_http_routes(client: &Client) -> Result<bool, kube::Error> {
    match client.list_api_group_resources(&http_routes().api_version).await {
        Ok(list) => Ok(list.resources.iter().any(|resource| resource.name == http_routes().plural)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(error),
    }
}

/// The kind of an object that changed.
enum Changed {
    Ingress,
    HttpRoute,
}

/// The releases that want their policy in this object, or may have it there.
fn concerned(
    releases: &Store<CanaryRelease>,
    changed: &Changed,
    namespace: Option<&str>,
    name: &str,
) -> Vec<ObjectRef<CanaryRelease>> {
    let concerns = |release: &CanaryRelease| {
        let target = &release.spec.target;
        let place = release.status.as_ref().and_then(|status| status.place.as_ref());
        match changed {
            Changed::Ingress => {
                let is_place =
                    matches!(place, Some(Place::Ingress { name: stable, canary }) if stable == name || canary == name);
                is_place || target.ingress.as_deref() == Some(name)
            }
            Changed::HttpRoute => {
                let is_place = matches!(place, Some(Place::HttpRoute { name: route }) if route == name);
                is_place || target.http_route.as_deref() == Some(name)
            }
        }
    };
    let state = releases.state();
    let found = state.iter().filter(|release| release.meta().namespace.as_deref() == namespace && concerns(release));
    found.map(|release| ObjectRef::from_obj(&**release)).collect()
}

/// The releases that share a stable Service with the one that a canary Ingress belongs to.
fn siblings_of_owner(releases: &Store<CanaryRelease>, ingress: &Ingress) -> Vec<ObjectRef<CanaryRelease>> {
    let state = releases.state();
    let is_owner = |release: &&Arc<CanaryRelease>| {
        ingress.owner_references().iter().any(|owner| Some(&owner.uid) == release.meta().uid.as_ref())
    };
    let Some(owner) = state.iter().find(is_owner) else { return Vec::new() };
    let found = state.iter().filter(|release| !Arc::ptr_eq(release, owner) && are_siblings(release, owner));
    found.map(|release| ObjectRef::from_obj(&**release)).collect()
}

type ReconcileError = finalizer::Error<Failure>;

async fn reconcile(object: Arc<CanaryRelease>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    let namespace = object.namespace().unwrap_or_default();
    let releases = Api::<CanaryRelease>::namespaced(context.client.clone(), &namespace);
    let reconciler = Reconciler { context: &context, namespace: &namespace, releases: releases.clone() };
    finalizer(&releases, FINALIZER, object, |event| async {
        match event {
            Event::Apply(object) => reconciler.apply(&object).await,
            Event::Cleanup(object) => reconciler.clean_up(&object).await,
        }
    })
    .await
}

/// When a release is looked at again after an error.
fn after_error(error: &ReconcileError, context: &Context) -> Action {
    context.metrics.count_reconciliation("failed");
    match error {
        ReconcileError::ApplyFailed(Failure::Blocked(_)) | ReconcileError::CleanupFailed(Failure::Blocked(_)) => {
            Action::requeue(context.settings.resync)
        }
        _ => Action::requeue(context.settings.retry),
    }
}
