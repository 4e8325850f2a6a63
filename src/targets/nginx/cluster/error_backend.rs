//! The annotation `default-backend`: a Service that answers in place of one without endpoints.

use std::collections::BTreeMap;

use super::host_locations::HostLocations;
use super::upstream::{DEFAULT_UPSTREAM, Upstream};

/// The beginning of the names of the upstreams that answer in place of others.
pub(in crate::targets::nginx) const ERROR_UPSTREAM: &str = "custom-default-backend-";

/// Moves each location whose upstream has no endpoints to the Service of its annotation `default-backend`, if this Service has
/// endpoints. The location then has a copy of its upstream, with all alternatives and under another name.
///
/// If two upstreams without endpoints have the same such Service, the controller writes two upstreams of one name in random order,
/// and it is a matter of chance which one counts. Here the first one in the order of hosts and locations counts.
///
/// Source: controller 1.15.1, `getBackendServers` in `internal/ingress/controller/controller.go`.
pub(super) fn use_error_backends(
    hosts: &mut BTreeMap<String, HostLocations<'_>>,
    upstreams: &mut BTreeMap<String, Upstream>,
) {
    let mut copies: BTreeMap<String, Upstream> = BTreeMap::new();
    for location in hosts.values_mut().flat_map(|host| &mut host.locations) {
        let Some(service) = location.error_service.filter(|service| service.has_endpoints && !service.ports.is_empty())
        else {
            continue;
        };
        let Some(upstream) = upstreams.get(&location.upstream) else { continue };
        if upstream.has_endpoints || upstream.name == DEFAULT_UPSTREAM {
            continue;
        }
        let name = format!("{ERROR_UPSTREAM}{}-{}", service.namespace, service.name);
        let copy = || Upstream { name: name.clone(), has_endpoints: true, ..upstream.clone() };
        copies.entry(name.clone()).or_insert_with(copy);
        location.upstream = name;
    }
    for (name, copy) in copies {
        upstreams.entry(name).or_insert(copy);
    }
}
