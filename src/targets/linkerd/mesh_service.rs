//! Services of the mesh: the locations of all hosts that lead to one Service.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{ConversionError, Excerpt};
use crate::route::{Backend, Group, Location, Specificity, VirtualHost, groups};
use crate::targets::location_loss::at_location;
use crate::targets::{LocationLoss, Loss};

/// A Service that is stable at a location with a policy, and all locations at which it is stable.
pub(super) struct MeshService<'h> {
    /// The Service with its namespace, if that is known.
    backend: Backend,
    /// At least one, host by host.
    origins: Vec<Origin<'h>>,
    /// A location for each path, in the order in which they decide.
    by_path: BTreeMap<Specificity<'h>, Origin<'h>>,
}

/// A location, and the virtual host that has it.
#[derive(Clone, Copy)]
struct Origin<'h> {
    host: &'h VirtualHost,
    location: &'h Location,
}

/// The name of a Service and its namespace, if that is known.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ServiceName<'b> {
    namespace: Option<&'b str>,
    service: &'b str,
}

impl<'b> ServiceName<'b> {
    fn of(backend: &'b Backend) -> Self {
        ServiceName { namespace: backend.namespace(), service: backend.service() }
    }
}

impl<'h> Origin<'h> {
    fn error(self, error: ConversionError) -> ConversionError {
        at_location(self.host.front(), self.location.path(), error)
    }

    /// The error that the other location decides requests to this one in another way.
    fn conflict(self, other: Origin<'_>) -> ConversionError {
        let other = Excerpt::whole(&format!("{} {}", other.host.front().full_name(), other.location.path()));
        let why = "Linkerd knows the Service and the path of a request, and not its host";
        self.error(ConversionError::Conflict { field: "policy", other, why })
    }

    /// The stable Service with its namespace, if that is known.
    fn stable(self) -> Backend {
        self.location.stable().moved(self.host.namespace(), None)
    }

    /// The location as a group of an object in this namespace.
    fn group(self, namespace: Option<&str>) -> Group<'h> {
        Group::of_location(self.location, self.host.namespace(), namespace)
    }
}

impl<'h> MeshService<'h> {
    /// The Services that are stable at a location with a policy, in the order of their names.
    ///
    /// # Errors
    ///
    /// * Two locations of one Service decide the same request in different ways.
    /// * The namespace of a canary is unknown.
    /// * The port of a location without a policy may be one that a policy splits.
    pub(super) fn of_hosts(hosts: &'h [VirtualHost]) -> Result<Vec<Self>, ConversionError> {
        let mut services: BTreeMap<Backend, Vec<Origin<'h>>> = BTreeMap::new();
        for host in hosts {
            for location in host.locations() {
                let origin = Origin { host, location };
                services.entry(origin.stable()).or_default().push(origin);
            }
        }
        let has_policy = |origins: &[Origin<'_>]| origins.iter().any(|origin| origin.location.policy().is_some());
        let (split, whole): (Vec<_>, Vec<_>) = services.into_iter().partition(|(_, origins)| has_policy(origins));
        let names: BTreeSet<ServiceName<'_>> = split.iter().map(|(backend, _)| ServiceName::of(backend)).collect();
        for (backend, origins) in whole.iter().filter(|(backend, _)| names.contains(&ServiceName::of(backend))) {
            let port = backend.port_number("a policy splits a port of its Service, which may be the same one");
            if let (Err(error), Some(origin)) = (port, origins.first()) {
                return Err(origin.error(error));
            }
        }
        split.into_iter().map(|(backend, origins)| MeshService::new(backend, origins)).collect()
    }

    fn new(backend: Backend, origins: Vec<Origin<'h>>) -> Result<Self, ConversionError> {
        let mut service = MeshService { backend, origins: Vec::new(), by_path: BTreeMap::new() };
        for origin in &origins {
            service.check_namespaces(*origin)?;
            let earlier = *service.by_path.entry(origin.location.path().specificity()).or_insert(*origin);
            service.check_alike(*origin, earlier)?;
        }
        service.origins = origins;
        service.check_hosts()?;
        Ok(service)
    }

    /// Checks that the namespace of each canary is known if the object has one.
    fn check_namespaces(&self, origin: Origin<'_>) -> Result<(), ConversionError> {
        let unknown = |backend: &&Backend| backend.namespace().or(origin.host.namespace()).is_none();
        match origin.location.canaries().iter().find(unknown).filter(|_| self.backend.namespace().is_some()) {
            None => Ok(()),
            Some(backend) => {
                let bound = "the object is in the namespace of stable, so a canary needs a namespace too";
                let value = Excerpt::of(&backend.to_string());
                Err(origin.error(ConversionError::Refused { field: "backends", value, bound }))
            }
        }
    }

    /// Checks that two locations, of which `decisive` decides in the mesh, lead alike.
    fn check_alike(&self, origin: Origin<'_>, decisive: Origin<'_>) -> Result<(), ConversionError> {
        let namespace = self.backend.namespace();
        let alike = origin.group(namespace).leads_like(&decisive.group(namespace));
        if alike { Ok(()) } else { Err(origin.conflict(decisive)) }
    }

    /// Checks for each host that the locations of the other hosts decide none of its requests in another way.
    ///
    /// Which locations match a request depends only on the longest path among them that the request is equal to or below. So it is
    /// enough to look at one request for each path, and one below it.
    fn check_hosts(&self) -> Result<(), ConversionError> {
        // Mostly a Service has one policy, whatever the host and the path are.
        if self.groups().len() == 1 {
            return Ok(());
        }
        for of_host in self.origins.chunk_by(|one, other| std::ptr::eq(one.host, other.host)) {
            let own: BTreeSet<Specificity<'_>> =
                of_host.iter().map(|origin| origin.location.path().specificity()).collect();
            let Some(Origin { host, .. }) = of_host.first() else { continue };
            let others = self.by_path.iter().filter(|(path, _)| !own.contains(path));
            for request in others.flat_map(|(_, other)| requests(other.location)) {
                let location = host.location(&request).map(|location| Origin { host, location });
                let origin = location.filter(|origin| origin.stable() == self.backend);
                if let (Some(origin), Some(decisive)) = (origin, self.decisive(&request)) {
                    self.check_alike(origin, decisive)?;
                }
            }
        }
        Ok(())
    }

    /// The location that decides in the mesh.
    fn decisive(&self, request: &str) -> Option<Origin<'h>> {
        Specificity::of_request(request).find_map(|path| self.by_path.get(&path)).copied()
    }

    /// The Service with its namespace, if that is known.
    pub(super) const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The name of the first object. The name of a Service has no dot, so that the numbered objects of two Services differ.
    pub(super) fn object_name(&self) -> String {
        match self.backend.port() {
            None => self.backend.service().to_owned(),
            Some(port) => format!("{}.{port}", self.backend.service()),
        }
    }

    /// The groups of the locations, for objects in the namespace of the Service.
    pub(super) fn groups(&self) -> Vec<Group<'h>> {
        groups(self.by_path.values().map(|origin| origin.group(self.backend.namespace())).collect())
    }

    /// The losses of a group, once for each of its locations.
    pub(super) fn losses(&self, group: &Group<'_>, losses: &[Loss]) -> Vec<LocationLoss> {
        let paths: BTreeSet<Specificity<'_>> = group.paths.iter().map(|path| path.specificity()).collect();
        let origins = self.origins.iter().filter(|origin| paths.contains(&origin.location.path().specificity()));
        let of_origin = |Origin { host, location }: &Origin<'_>| {
            let group = Group { paths: vec![location.path()], ..group.clone() };
            LocationLoss::of_group(host.front(), &group, losses)
        };
        origins.flat_map(of_origin).collect()
    }

    /// An error that names the first location of the Service.
    pub(super) fn at_first(&self, error: ConversionError) -> ConversionError {
        match self.origins.first() {
            None => error,
            Some(origin) => origin.error(error),
        }
    }

    /// An error that names the first location of a group.
    pub(super) fn at_group(&self, group: &Group<'_>, error: ConversionError) -> ConversionError {
        let origin = group.paths.first().and_then(|path| self.by_path.get(&path.specificity()));
        match origin {
            None => error,
            Some(origin) => origin.error(error),
        }
    }
}

/// The path of a location as a request, and a request below it that no other location has as its path.
fn requests(location: &Location) -> [String; 2] {
    let path = location.path().compared();
    let equal = if path.is_empty() { "/" } else { path };
    // No path has the character 0.
    [equal.to_owned(), format!("{path}/\0")]
}
