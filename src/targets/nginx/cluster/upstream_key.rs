//! How an Ingress names a Service and port, and the name of the upstream that follows.

use super::ObjectName;
use crate::targets::nginx::IngressServiceBackend;

/// A Service and port as an Ingress names them.
pub(in crate::targets::nginx) struct UpstreamKey {
    /// The name of the upstream.
    pub(in crate::targets::nginx) name: String,
    pub(in crate::targets::nginx) service: ObjectName,
    pub(in crate::targets::nginx) port: String,
}

impl UpstreamKey {
    /// The Service and port as the controller reads them (controller 1.15.1, `upstreamName` and `upstreamServiceNameAndPort` in
    /// `internal/ingress/controller/util.go`).
    pub(super) fn new(namespace: &str, service: &IngressServiceBackend) -> Self {
        let IngressServiceBackend { name, port, unknown: _ } = service;
        let number = port.as_ref().and_then(|port| port.number).filter(|number| *number > 0);
        let text = port.as_ref().and_then(|port| port.name.clone()).filter(|name| !name.is_empty());
        match number.map(|number| number.to_string()).or(text) {
            Some(port) => UpstreamKey {
                name: format!("{namespace}-{name}-{port}"),
                service: ObjectName::new(namespace, name),
                port,
            },
            // No API server accepts such an Ingress.
            None => UpstreamKey {
                name: Self::invalid(namespace),
                service: ObjectName::new(namespace, ""),
                port: "0".to_owned(),
            },
        }
    }

    /// The name for a backend without a Service and port.
    pub(super) fn invalid(namespace: &str) -> String {
        format!("{namespace}-INVALID")
    }
}
