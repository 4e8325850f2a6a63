//! The ports of destinations that name none.

use std::collections::BTreeMap;

use canary_policy::targets::istio::{PortSelector, VirtualService};
use canary_policy::targets::nginx::Service;
use serde_json::json;

use crate::files;
use crate::manifests::full_name;

/// The VirtualServices, in which each destination without a port has the only port of its Service, as Istio reads it. It stays as
/// it is if the Service is not among these or has several ports.
pub(crate) fn with_ports<'s>(
    objects: &[VirtualService],
    services: impl Iterator<Item = &'s Service>,
) -> Vec<VirtualService> {
    let only: BTreeMap<String, Option<u16>> = services.map(|one| (name(one), only_port(one))).collect();
    let mut objects = objects.to_vec();
    for object in &mut objects {
        let own = object.metadata.namespace.clone();
        for to in object.spec.http.iter_mut().flat_map(|rule| &mut rule.route) {
            if to.destination.port.is_none() {
                let service = of_host(&to.destination.host, own.as_deref());
                let number = only.get(&service).copied().flatten();
                to.destination.port = number.and_then(selector);
            }
        }
    }
    objects
}

fn name(service: &Service) -> String {
    full_name(Some(&service.namespace), &service.name)
}

/// The number of the port, if the Service has one only.
fn only_port(service: &Service) -> Option<u16> {
    match service.ports.as_slice() {
        [port] => u16::try_from(port.port).ok(),
        _ => None,
    }
}

/// The Service of a host: `NAME`, or `NAME.NAMESPACE.svc.cluster.local`.
fn of_host(host: &str, own: Option<&str>) -> String {
    let full = host.strip_suffix(".svc.cluster.local").and_then(|service| service.split_once('.'));
    full.map_or_else(|| full_name(own, host), |(name, namespace)| full_name(Some(namespace), name))
}

fn selector(number: u16) -> Option<PortSelector> {
    files::parsed(json!({ "number": number })).ok()
}
