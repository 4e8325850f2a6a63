//! The objects of the Gateway API that decide about requests together.

use std::collections::BTreeSet;

use super::{BackendRef, GrpcRoute, HttpRoute, ReferenceGrant};
use crate::route::Host;

/// The objects of the Gateway API that decide about requests together. [`read_objects`](super::read_objects) has an example.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouteObjects<'o> {
    pub(super) http_routes: &'o [HttpRoute],
    pub(super) grpc_routes: &'o [GrpcRoute],
    /// `None` if they are not known, and every backend is taken to be permitted.
    pub(super) grants: Option<&'o [ReferenceGrant]>,
}

impl<'o> RouteObjects<'o> {
    /// HTTPRoutes, without GRPCRoutes. Every backend is taken to be permitted.
    #[must_use]
    pub const fn new(http_routes: &'o [HttpRoute]) -> Self {
        RouteObjects { http_routes, grpc_routes: &[], grants: None }
    }

    /// The same objects with these GRPCRoutes.
    #[must_use]
    pub const fn with_grpc_routes(self, grpc_routes: &'o [GrpcRoute]) -> Self {
        RouteObjects { grpc_routes, ..self }
    }

    /// The same objects with these `ReferenceGrant`s, and no others.
    #[must_use]
    pub const fn with_grants(self, grants: &'o [ReferenceGrant]) -> Self {
        RouteObjects { grants: Some(grants), ..self }
    }

    /// Whether the backend of a route in this namespace is permitted: it is in the namespace of the route, or a `ReferenceGrant`
    /// in its own namespace permits it to routes of this kind, or the `ReferenceGrant`s are not known.
    pub(super) fn permit(&self, kind: &str, namespace: Option<&str>, backend: &BackendRef) -> bool {
        let is_elsewhere = |other: &&str| Some(*other) != namespace;
        let Some(elsewhere) = backend.namespace.as_deref().filter(is_elsewhere) else { return true };
        let Some(grants) = self.grants else { return true };
        let (group, own_kind) = (backend.group.as_deref().unwrap_or(""), backend.kind.as_deref().unwrap_or("Service"));
        grants.iter().filter(|grant| grant.metadata.namespace.as_deref() == Some(elsewhere)).any(|grant| {
            let mut from = grant.spec.from.iter();
            let mut to = grant.spec.to.iter();
            from.any(|from| from.group == GROUP && from.kind == kind && Some(from.namespace.as_str()) == namespace)
                && to.any(|to| {
                    let is_named = to.name.as_ref().is_none_or(|name| name.is_empty() || *name == backend.name);
                    core(&to.group) == core(group) && to.kind == own_kind && is_named
                })
        })
    }
}

/// The API group of routes.
const GROUP: &str = "gateway.networking.k8s.io";

/// The core group, which has no name, although some tools write one.
fn core(group: &str) -> &str {
    if group == "core" { "" } else { group }
}

/// Hosts that are compared with others. An empty list of hosts is every host.
#[derive(Default)]
pub(super) struct HostSet<'h> {
    every: bool,
    hosts: BTreeSet<&'h Host>,
}

impl<'h> HostSet<'h> {
    pub(super) fn add(&mut self, hosts: &'h [Host]) {
        self.every |= hosts.is_empty();
        self.hosts.extend(hosts);
    }

    /// Whether a host of a request can be one of these hosts and one of the set.
    pub(super) fn intersects(&self, hosts: &[Host]) -> bool {
        let is_empty = !self.every && self.hosts.is_empty();
        if is_empty {
            return false;
        }
        let meets = |host: &Host| self.hosts.contains(host) || self.hosts.iter().any(|own| intersect(own, host));
        self.every || hosts.is_empty() || hosts.iter().any(meets)
    }
}

/// Whether a host of a request can be both. A `*` is one or more labels.
fn intersect(one: &Host, other: &Host) -> bool {
    let is_below = |host: &Host, domain: &str| {
        let labels = host.as_str().strip_suffix(domain).and_then(|labels| labels.strip_suffix('.'));
        labels.is_some_and(|labels| !labels.is_empty())
    };
    match (one.wildcard_domain(), other.wildcard_domain()) {
        (None, None) => one == other,
        (Some(domain), None) => is_below(other, domain),
        (None, Some(domain)) => is_below(one, domain),
        (Some(domain), Some(other_domain)) => is_below(other, domain) || is_below(one, other_domain),
    }
}
