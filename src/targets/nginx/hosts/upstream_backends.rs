//! The backends of upstreams: their Services, and the numbers of their ports.

use std::collections::BTreeMap;

use crate::error::InvalidRoute;
use crate::route::{Backend, Port};
use crate::targets::nginx::cluster::configuration::Record;
use crate::targets::nginx::cluster::stored_ingress::StoredIngress;
use crate::targets::nginx::cluster::upstream_key::UpstreamKey;
use crate::targets::nginx::{Configuration, ObjectName, Service};

/// The Services and ports of all upstreams, by the name of the upstream.
pub(super) struct UpstreamBackends<'c> {
    upstreams: BTreeMap<&'c str, NamedPort<'c>>,
    services: &'c BTreeMap<ObjectName, Service>,
}

/// A Service and the text by which an Ingress names its port.
#[derive(Clone, Copy)]
struct NamedPort<'c> {
    service: &'c ObjectName,
    port: &'c str,
}

impl<'c> UpstreamBackends<'c> {
    /// The upstreams of a configuration, and those that the controller has deleted: an Ingress still names their Services.
    pub(super) fn new(
        record: &'c Record<'_>,
        configuration: &'c Configuration,
        services: &'c BTreeMap<ObjectName, Service>,
    ) -> Self {
        let mut upstreams = BTreeMap::new();
        for key in record.ingresses.iter().flat_map(keys) {
            upstreams.insert(key.name.as_str(), NamedPort { service: &key.service, port: &key.port });
        }
        for upstream in &configuration.upstreams {
            if let Some(service) = &upstream.service {
                upstreams.insert(upstream.name.as_str(), NamedPort { service, port: &upstream.port });
            }
        }
        UpstreamBackends { upstreams, services }
    }

    /// Whether the upstream is a Service of an Ingress.
    pub(super) fn has(&self, upstream: &str) -> bool {
        self.upstreams.contains_key(upstream)
    }

    /// The backend of an upstream, as an object in this namespace names it; `None` if the upstream is the default backend of the
    /// controller, which is no Service of an Ingress.
    ///
    /// # Errors
    ///
    /// No such Service can exist.
    pub(super) fn backend(&self, upstream: &str, namespace: &str) -> Result<Option<Backend>, InvalidRoute> {
        let Some(NamedPort { service, port }) = self.upstreams.get(upstream) else { return Ok(None) };
        let backend = Backend::new(service.name())?.with_port(self.port(service, port)?);
        if service.namespace() == namespace {
            return Ok(Some(backend));
        }
        backend.with_namespace(service.namespace()).map(Some)
    }

    /// The number of the port, if the Service is known: an Ingress may also name it by its name, or by the port of the pods.
    fn port(&self, service: &ObjectName, text: &str) -> Result<Port, InvalidRoute> {
        let ports = self.services.get(service).map(|service| service.ports.as_slice()).unwrap_or_default();
        match ports.iter().find(|port| port.is_named(text)) {
            Some(port) => port.port.to_string().parse(),
            None => text.parse(),
        }
    }
}

/// The Services and ports that an Ingress names.
fn keys<'i>(ingress: &'i StoredIngress<'_>) -> impl Iterator<Item = &'i UpstreamKey> {
    ingress.path_upstreams().chain(ingress.default_upstream())
}
