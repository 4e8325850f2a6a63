//! The Services and ports that Ingresses name, as text and as parts of a route.

use std::collections::BTreeSet;

use super::location::paths;
use crate::error::{Excerpt, InvalidRoute};
use crate::route::{Backend, Port};
use crate::targets::UnknownFields;
use crate::targets::nginx::{Ingress, IngressServiceBackend, ServiceBackendPort};

/// The Services that an Ingress routes to: first that of the default backend, then those of the paths in order.
pub(super) fn services(ingress: &Ingress) -> Vec<&IngressServiceBackend> {
    let default = ingress.spec.default_backend.iter();
    let backends = default.chain(paths(ingress).map(|path| &path.path.backend));
    backends.filter_map(|backend| backend.service.as_ref()).collect()
}

/// The Services as text, sorted and without duplicates.
pub(super) fn texts(services: &[&IngressServiceBackend]) -> Vec<Excerpt> {
    let texts: BTreeSet<String> = services.iter().map(|service| text(service)).collect();
    texts.iter().map(|text| Excerpt::of(text)).collect()
}

/// A Service as text: `SERVICE`, `SERVICE:NUMBER` or `SERVICE:NAME`.
pub(super) fn text(service: &IngressServiceBackend) -> String {
    let IngressServiceBackend { name, port, unknown: _ } = service;
    port.as_ref().and_then(port_text).map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

/// A Service as a backend of a route.
pub(super) fn backend(service: &IngressServiceBackend) -> Result<Backend, InvalidRoute> {
    text(service).parse()
}

/// A port of an Ingress as a port of a route.
pub(super) fn port(port: &ServiceBackendPort) -> Result<Port, InvalidRoute> {
    port_text(port).unwrap_or_default().parse()
}

/// A port of a route as a port of an Ingress.
pub(super) fn ingress_port(port: &Port) -> ServiceBackendPort {
    let (name, number) = match port {
        Port::Number(number) => (None, Some(i32::from(number.get()))),
        Port::Name(name) => (Some(name.as_str().to_owned()), None),
    };
    ServiceBackendPort { name, number, unknown: UnknownFields::default() }
}

fn port_text(port: &ServiceBackendPort) -> Option<String> {
    let ServiceBackendPort { name, number, unknown: _ } = port;
    number.map(|number| number.to_string()).or_else(|| name.clone())
}
