//! Hosts, Gateways and Services by the names that Istio admits.

use super::{Destination, Params, PortSelector};
use crate::error::{Excerpt, RouteError};
use crate::policy::is_dns_label;
use crate::targets::{Backend, Port, Route};

/// The word for the sidecars in a list of Gateways.
const MESH: &str = "mesh";

/// The Gateways, with the word for the sidecars if they are meant too; none is the sidecars alone.
pub(super) fn gateways(route: &Route, params: &Params) -> Result<Vec<String>, RouteError> {
    let mut gateways = Vec::new();
    for parent in &route.parents {
        // Without a namespace, a name with dots is an old form of one with it, and one of digits is refused.
        let digits = parent.namespace().is_none() && parent.name().bytes().all(|byte| byte.is_ascii_digit());
        if !is_dns_label(parent.name()) || digits {
            let bound = "a Gateway's name is a DNS label, and without a namespace not all digits";
            return Err(RouteError::Refused { field: "parents", value: Excerpt::of(&parent.to_string()), bound });
        }
        gateways.push(parent.to_string());
    }
    if params.mesh() && !gateways.is_empty() && !gateways.iter().any(|gateway| gateway == MESH) {
        gateways.push(MESH.to_owned());
    }
    Ok(gateways)
}

/// The hosts, at least one.
pub(super) fn hosts(route: &Route, params: &Params, gateways: &[String]) -> Result<Vec<String>, RouteError> {
    let mesh = gateways.is_empty() || gateways.iter().any(|gateway| gateway == MESH);
    let only_mesh = gateways.iter().all(|gateway| gateway == MESH);
    if route.hosts.is_empty() {
        return match (mesh, only_mesh) {
            (false, _) => Ok(vec!["*".to_owned()]),
            (true, true) => Ok(vec![service(&route.stable, route, params)]),
            (true, false) => {
                let why = "every host, `*`, is for Gateways alone: sidecars take hosts by name";
                Err(RouteError::Missing { field: "hosts", why })
            }
        };
    }
    let refused = |value: &str, bound: &'static str| {
        Err(RouteError::Refused { field: "hosts", value: Excerpt::of(value), bound })
    };
    let mut hosts: Vec<String> = Vec::new();
    for host in &route.hosts {
        let host = host.as_str();
        if !is_admitted(host) {
            return refused(host, "labels have 63 characters at most, and the last one of several is not all digits");
        }
        if let Some(other) = hosts.iter().find(|other| overlap(host, other)) {
            return refused(&format!("{other}, {host}"), "hosts of one VirtualService do not overlap");
        }
        hosts.push(host.to_owned());
    }
    Ok(hosts)
}

/// A name that Istio takes for a host (`ValidateWildcardDomain`).
fn is_admitted(host: &str) -> bool {
    let (first, rest) = host.split_once('.').map_or((host, None), |(first, rest)| (first, Some(rest)));
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let named =
        rest.is_none_or(|rest| rest.split('.').all(is_dns_label) && !rest.rsplit('.').next().is_some_and(numeric));
    host.len() <= 255 && (first == "*" || is_dns_label(first)) && named
}

/// Whether some name is of both. A `*` stands for one label and more.
fn overlap(one: &str, other: &str) -> bool {
    let covers = |wide: &str, narrow: &str| wide.strip_prefix('*').is_some_and(|suffix| narrow.ends_with(suffix));
    one == other || covers(one, other) || covers(other, one)
}

/// A Service's DNS name, as far as its namespace is known.
pub(super) fn service(backend: &Backend, route: &Route, params: &Params) -> String {
    match route.namespace() {
        None => backend.service().to_owned(),
        Some(namespace) => format!("{}.{namespace}.svc.{}", backend.service(), params.cluster_domain()),
    }
}

/// A backend as a destination.
pub(super) fn destination(backend: &Backend, route: &Route, params: &Params) -> Result<Destination, RouteError> {
    let host = service(backend, route, params);
    if !is_admitted(&host) {
        let bound = "labels have 63 characters at most, names 255, and the last label is not all digits";
        return Err(RouteError::Refused { field: "backends", value: Excerpt::of(&host), bound });
    }
    let port = match backend.port() {
        None => None,
        Some(Port::Number(number)) => Some(number.get()),
        Some(Port::Name(_)) => Some(backend.number("a destination has no named one")?),
    };
    Ok(Destination { host, subset: None, port: port.map(|number| PortSelector { number }) })
}
