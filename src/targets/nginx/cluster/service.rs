//! The Services of a cluster: their ports, and whether they have endpoints.

use super::ObjectName;
use crate::targets::nginx::IntOrString;
#[cfg(feature = "serde")]
use crate::targets::object::null_is_default;

/// A Service as the controller sees it: its ports, and whether a pod behind it is ready.
///
/// For the controller, a Service decides only whether an upstream has endpoints: it pairs Ingresses by the names of their Services,
/// even if no such Service exists. [`hosts`](super::super::hosts()) also takes the numbers of named ports from it.
///
/// A Service is deserialised from `{"namespace": …, "name": …, "ports": [{"name": …, "port": …, "targetPort": …}], "endpoints":
/// true}`.
///
/// ```
/// use canary_policy::targets::nginx::{Service, ServicePort};
///
/// let web = Service::new("shop", "web").with_port(ServicePort::new(80).with_name("http"));
/// assert!(web.has_endpoints && web.clone().without_endpoints() != web);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[non_exhaustive]
pub struct Service {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The ports, in order. `null` is no port, as Go writes an empty list.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub ports: Vec<ServicePort>,
    /// Whether a pod behind the Service is ready.
    #[cfg_attr(feature = "serde", serde(rename = "endpoints"))]
    pub has_endpoints: bool,
}

/// A port of a Service. An Ingress may name it by its number, by its name, or by the port of the pods.
///
/// ```
/// use canary_policy::targets::nginx::ServicePort;
///
/// let port = ServicePort::new(80).with_name("http").with_target(8080);
/// assert!(["80", "http", "8080"].into_iter().all(|text| port.is_named(text)) && !port.is_named("https"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct ServicePort {
    /// The name, if the port has one.
    pub name: Option<String>,
    /// The number.
    pub port: i32,
    /// The port of the pods, by default the same number.
    pub target_port: Option<IntOrString>,
}

impl Service {
    /// A Service without ports. It has endpoints.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Service { namespace: namespace.to_owned(), name: name.to_owned(), ports: Vec::new(), has_endpoints: true }
    }

    /// The same Service with another port after its ports.
    #[must_use]
    pub fn with_port(mut self, port: ServicePort) -> Self {
        self.ports.push(port);
        self
    }

    /// The same Service, behind which no pod is ready.
    #[must_use]
    pub fn without_endpoints(self) -> Self {
        Service { has_endpoints: false, ..self }
    }

    pub(super) fn object_name(&self) -> ObjectName {
        ObjectName::new(&self.namespace, &self.name)
    }

    /// Whether the controller finds endpoints for a port that an Ingress names (controller 1.15.1, `serviceEndpoints`).
    pub(super) fn has_endpoints_at(&self, port: &str) -> bool {
        self.has_endpoints && self.ports.iter().any(|known| known.is_named(port))
    }
}

impl ServicePort {
    /// A port with this number, and without a name.
    #[must_use]
    pub const fn new(port: i32) -> Self {
        ServicePort { name: None, port, target_port: None }
    }

    /// The same port with a name.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        ServicePort { name: Some(name.to_owned()), ..self }
    }

    /// The same port with this port of the pods.
    #[must_use]
    pub fn with_target(self, target: i32) -> Self {
        ServicePort { target_port: Some(IntOrString::Int(target)), ..self }
    }

    /// Whether an Ingress that names the port by this text means this port.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        let ServicePort { name, port, target_port } = self;
        let is_target = match target_port {
            None => false,
            Some(IntOrString::Int(number)) => number.to_string() == text,
            Some(IntOrString::String(name)) => name == text,
        };
        port.to_string() == text || is_target || name.as_deref() == Some(text)
    }
}
