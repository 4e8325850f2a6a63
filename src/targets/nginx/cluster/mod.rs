//! Whole clusters: all Ingresses and Services as one controller reads them.
//!
//! [`Cluster`] takes these objects in any order and returns every virtual host with its locations. Each location has its stable
//! Service and the canary that really takes requests from it, by the rules of controller 1.15.1.

mod canary_of_service;
pub(super) mod configuration;
pub(super) mod error_backend;
pub(super) mod host_locations;
pub(super) mod ingress_affinity;
pub(super) mod merge;
mod object_name;
mod place;
mod refusal;
mod service;
#[cfg(feature = "serde")]
mod service_manifest;
mod several;
pub(super) mod stored_ingress;
pub(super) mod upstream;
pub(super) mod upstream_key;
mod virtual_host;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use configuration::Record;
pub use object_name::ObjectName;
pub(super) use place::Place;
pub use refusal::Refusal;
pub use service::{Service, ServicePort};
#[cfg(feature = "serde")]
pub use service_manifest::ServiceManifest;
use stored_ingress::StoredIngress;
pub use upstream::{Upstream, UpstreamAffinity};
pub use virtual_host::{CanaryInForce, Configuration, Location, ProcessedIngress, VirtualHost};

use crate::error::ControllerPanic;
use crate::targets::nginx::{Flags, Ingress};

/// The Ingresses and Services of a cluster, and the flags of the controller that reads them.
///
/// Objects of an API server are deserialised as [`Ingress`] and [`Service`] is made of a
/// [`ServiceManifest`](super::ServiceManifest). Files may have an Ingress of any API version, which is a
/// [`Manifest`](super::Manifest). A `List`, as `kubectl get -o yaml` prints it, has the objects in `items`.
///
/// The controller pairs stable and canary Ingresses of the whole cluster, in the order of their creation: an Ingress of another
/// namespace or for another host can change what a canary does. The order in which objects are added does not matter. An
/// object without a namespace is in `default`, and an Ingress without `creationTimestamp` is older than every other one.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{Cluster, Flags, Ingress, Service, ServicePort};
/// use serde_json::json;
///
/// let ingress = |name: &str, path: &str, annotations: serde_json::Value| -> Ingress {
///     let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
///     serde_json::from_value(json!({
///         "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///         "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
///         "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
///             { "path": path, "pathType": "Prefix", "backend": backend },
///         ] } }] },
///     })).unwrap()
/// };
/// let canary = json!({ "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30" });
/// let service = |name| Service::new("shop", name).with_port(ServicePort::new(80));
/// let cluster = Cluster::new(Flags::default())
///     .with_ingresses([ingress("next", "/", canary.clone()), ingress("web", "/", json!({}))])
///     .with_services([service("web"), service("next")]);
///
/// let hosts = cluster.virtual_hosts()?;
/// assert_eq!((hosts[0].host.as_str(), hosts[1].host.as_str()), ("_", "a.test"));
/// let location = &hosts[1].locations[0];
/// assert_eq!((location.path.as_str(), location.stable.as_str()), ("/", "shop-web-80"));
/// assert_eq!(location.canary.as_ref().unwrap().policy, Ok(Policy::percent(30)?));
///
/// // The path of the canary is not the path of the stable Ingress, so the canary gets no request.
/// let cluster = cluster.with_ingresses([ingress("next", "/cart", canary)]);
/// assert_eq!(cluster.virtual_hosts()?[1].locations[0].canary, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    flags: Flags,
    ingresses: BTreeMap<ObjectName, Ingress>,
    /// The Ingresses that replaced another one.
    replaced: BTreeSet<ObjectName>,
    services: BTreeMap<ObjectName, Service>,
}

/// The parts of a cluster.
#[derive(Clone, Copy)]
pub(super) struct ClusterParts<'c> {
    pub(super) flags: &'c Flags,
    pub(super) ingresses: &'c BTreeMap<ObjectName, Ingress>,
    pub(super) replaced: &'c BTreeSet<ObjectName>,
    pub(super) services: &'c BTreeMap<ObjectName, Service>,
}

impl Cluster {
    /// A cluster without Ingresses and Services, whose controller has these flags.
    #[must_use]
    pub const fn new(flags: Flags) -> Self {
        Cluster { flags, ingresses: BTreeMap::new(), replaced: BTreeSet::new(), services: BTreeMap::new() }
    }

    /// The same cluster for a controller with other flags.
    #[must_use]
    pub fn with_flags(self, flags: Flags) -> Self {
        Cluster { flags, ..self }
    }

    /// The same cluster with further Ingresses. An Ingress replaces one of the same namespace and name, which is a
    /// finding of [`lint`](super::lint()).
    #[must_use]
    pub fn with_ingresses(mut self, ingresses: impl IntoIterator<Item = Ingress>) -> Self {
        for ingress in ingresses {
            let name = ObjectName::of(&ingress.metadata);
            // The controller reads no other field.
            let is_alike =
                |previous: &Ingress| (&previous.metadata, &previous.spec) == (&ingress.metadata, &ingress.spec);
            if self.ingresses.get(&name).is_some_and(|previous| !is_alike(previous)) {
                self.replaced.insert(name.clone());
            }
            self.ingresses.insert(name, ingress);
        }
        self
    }

    /// The same cluster with further Services. A Service replaces one of the same namespace and name. Without any Service, it is not
    /// known which of them have endpoints. As soon as there is one, a Service that is missing counts as one without endpoints, so add
    /// all of them.
    #[must_use]
    pub fn with_services(mut self, services: impl IntoIterator<Item = Service>) -> Self {
        self.services.extend(services.into_iter().map(|service| (service.object_name(), service)));
        self
    }

    /// The Ingresses that the controller stores, in the order in which it reads them: older ones first, and those of the same
    /// second in descending order of `NAMESPACE/NAME`.
    #[must_use]
    pub fn processed(&self) -> Vec<ProcessedIngress> {
        self.processed_of(&self.flags)
    }

    /// The Ingresses that a controller with these flags stores, as [`processed`](Self::processed) returns them.
    pub(crate) fn processed_of(&self, flags: &Flags) -> Vec<ProcessedIngress> {
        let stored = self.stored(flags).into_iter();
        let processed = |ingress: StoredIngress<'_>| ProcessedIngress {
            ingress: ingress.name.clone(),
            canary: ingress.is_canary(),
        };
        stored.map(processed).collect()
    }

    /// The Ingresses that the controller does not store, by name, each with the reason.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<ObjectName, Refusal> {
        let refused =
            |(name, ingress): (&ObjectName, &Ingress)| Some((name.clone(), Refusal::of(ingress, &self.flags)?));
        self.ingresses.iter().filter_map(refused).collect()
    }

    /// The upstreams and virtual hosts that the controller makes of the cluster.
    ///
    /// # Errors
    ///
    /// The controller crashes: a canary Ingress has a rule without `http`.
    pub fn configuration(&self) -> Result<Configuration, ControllerPanic> {
        self.configuration_of(&self.flags)
    }

    /// The upstreams and virtual hosts that a controller with these flags makes of the cluster.
    pub(crate) fn configuration_of(&self, flags: &Flags) -> Result<Configuration, ControllerPanic> {
        Ok(Record::of(self, flags)?.configuration(flags))
    }

    /// The flags of the controller.
    #[must_use]
    pub const fn flags(&self) -> &Flags {
        &self.flags
    }

    /// Whether Services are known, and so their endpoints.
    pub(crate) fn has_services(&self) -> bool {
        !self.services.is_empty()
    }

    /// An Ingress of the cluster.
    pub(crate) fn ingress(&self, name: &ObjectName) -> Option<&Ingress> {
        self.ingresses.get(name)
    }

    /// The virtual hosts of [`configuration`](Self::configuration), sorted by host. The catch-all host `_` is always among them.
    ///
    /// # Errors
    ///
    /// Those of [`configuration`](Self::configuration).
    pub fn virtual_hosts(&self) -> Result<Vec<VirtualHost>, ControllerPanic> {
        Ok(self.configuration()?.virtual_hosts)
    }

    /// The Ingresses, Services and flags, for the linter.
    pub(super) fn parts(&self) -> ClusterParts<'_> {
        let Cluster { flags, ingresses, replaced, services } = self;
        ClusterParts { flags, ingresses, replaced, services }
    }

    fn stored(&self, flags: &Flags) -> Vec<StoredIngress<'_>> {
        let accepted = self.ingresses.iter().filter(|(_, ingress)| Refusal::of(ingress, flags).is_none());
        let stored = |(name, ingress)| StoredIngress::new(name, ingress, &self.services, flags);
        let mut stored: Vec<StoredIngress<'_>> = accepted.map(stored).collect();
        stored.sort_by_key(|ingress| (ingress.created, Reverse(ingress.name)));
        stored
    }
}
