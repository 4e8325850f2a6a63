//! The names of hosts, Gateways and Services in a VirtualService, as Istio accepts them.

use super::{Destination, PortSelector, VirtualServiceParams};
use crate::error::{ConversionError, Excerpt};
use crate::names::is_dns_label;
use crate::route::{Backend, Front};
use crate::targets::UnknownFields;

/// The name that stands for all sidecars in a list of Gateways.
pub(super) const MESH: &str = "mesh";

/// The Gateways of a route, followed by `mesh` if the rules are for the sidecars too. If the list is empty, the rules are for the
/// sidecars alone.
pub(super) fn gateways(front: Front<'_>, params: &VirtualServiceParams) -> Result<Vec<String>, ConversionError> {
    let mut gateways = Vec::new();
    for parent in front.parents {
        // If no namespace is given, Istio reads `a.b` as the Gateway `a` in the namespace `b`, and refuses a name of digits only.
        let is_all_digits = parent.namespace().is_none() && parent.name().bytes().all(|byte| byte.is_ascii_digit());
        if !is_dns_label(parent.name()) || is_all_digits {
            let bound = "the name of a Gateway is a DNS label and, without a namespace, not all digits";
            return Err(ConversionError::Refused { field: "parents", value: Excerpt::of(&parent.to_string()), bound });
        }
        gateways.push(parent.to_string());
    }
    if params.mesh() && !gateways.is_empty() && !gateways.iter().any(|gateway| gateway == MESH) {
        gateways.push(MESH.to_owned());
    }
    Ok(gateways)
}

/// The hosts of a VirtualService, at least one. `service` is the host of stable's Service, if sidecars may take the name of that one
/// for the host that is missing.
pub(super) fn hosts(
    front: Front<'_>,
    service: Option<String>,
    gateways: &[String],
) -> Result<Vec<String>, ConversionError> {
    if front.hosts.is_empty() {
        return Ok(vec![default_host(service, gateways)?]);
    }
    let refused = |value: &str, bound: &'static str| {
        Err(ConversionError::Refused { field: "hosts", value: Excerpt::of(value), bound })
    };
    let mut hosts: Vec<String> = Vec::new();
    for host in front.hosts {
        let host = host.as_str();
        if !is_accepted(host) {
            return refused(
                host,
                "a host has at most 255 characters, a label at most 63, and the last of several labels is not all digits",
            );
        }
        if let Some(other) = hosts.iter().find(|other| overlap(host, other)) {
            return refused(&format!("{other}, {host}"), "the hosts of one VirtualService do not overlap");
        }
        hosts.push(host.to_owned());
    }
    Ok(hosts)
}

/// The host if none is given, which is every host: `*` if the rules are for Gateways, and the name of stable's Service if those of a
/// route are for sidecars. Otherwise no host fits, which is an error.
fn default_host(service: Option<String>, gateways: &[String]) -> Result<String, ConversionError> {
    let for_sidecars = gateways.is_empty() || gateways.iter().any(|gateway| gateway == MESH);
    let for_gateways = gateways.iter().any(|gateway| gateway != MESH);
    let why = "the host `*` is for Gateways only: sidecars need the names of hosts";
    let missing = ConversionError::Missing { field: "hosts", why };
    match (for_sidecars, for_gateways) {
        (false, _) => Ok("*".to_owned()),
        (true, false) => service.ok_or(missing),
        (true, true) => Err(missing),
    }
}

/// Whether Istio accepts a host (`ValidateWildcardDomain`).
pub(super) fn is_accepted(host: &str) -> bool {
    let (first, rest) = host.split_once('.').map_or((host, None), |(first, rest)| (first, Some(rest)));
    let is_numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let is_domain = |rest: &str| rest.split('.').all(is_dns_label) && !rest.rsplit('.').next().is_some_and(is_numeric);
    host.len() <= 255 && (first == "*" || is_dns_label(first)) && rest.is_none_or(is_domain)
}

/// Whether there is a name that matches both hosts. A `*` stands for one or more labels.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let covers = |wide: &str, narrow: &str| wide.strip_prefix('*').is_some_and(|suffix| narrow.ends_with(suffix));
    one == other || covers(one, other) || covers(other, one)
}

/// The DNS name of a Service: its short name if no namespace is known, and its full name otherwise.
pub(super) fn service_host(backend: &Backend, front: Front<'_>, params: &VirtualServiceParams) -> String {
    match backend.namespace().or(front.namespace) {
        None => backend.service().to_owned(),
        Some(namespace) => format!("{}.{namespace}.svc.{}", backend.service(), params.cluster_domain()),
    }
}

/// A backend as a destination.
pub(super) fn destination(
    backend: &Backend,
    front: Front<'_>,
    params: &VirtualServiceParams,
) -> Result<Destination, ConversionError> {
    let host = service_host(backend, front, params);
    if !is_accepted(&host) {
        let bound = "a host has at most 255 characters, a label at most 63, and the last label is not all digits";
        return Err(ConversionError::Refused { field: "backends", value: Excerpt::of(&host), bound });
    }
    // Without a port, Istio routes to the port of the Gateway or sidecar, which the Service need not have.
    let number = backend.port_number("a destination of Istio without one goes to the port that the request came to")?;
    let port = PortSelector { number, unknown: UnknownFields::default() };
    Ok(Destination { host, port: Some(port), ..Destination::default() })
}
