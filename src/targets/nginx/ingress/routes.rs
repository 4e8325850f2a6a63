//! The routes of a stable Ingress, and the changes that other targets need in them.

use std::collections::BTreeSet;

use crate::error::InvalidRoute;
use crate::route::{Backend, Parent, Path, Port, Route};
use crate::targets::Finding;

/// The routes of an Ingress to its stable Service, and what other targets need to know of the Ingress;
/// [`routes`](super::routes()) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Routes {
    /// The routes: one for all hosts with the same paths and the same port. [`routes`](super::routes()) returns at least one.
    pub routes: Vec<Route>,
    /// The class of the Ingress, `nginx` if it has none.
    pub class: String,
    /// Whether the Services speak gRPC: the annotation `backend-protocol` is `GRPC` or `GRPCS`.
    pub grpc: bool,
    /// Whether the Ingress has the annotation `affinity`. A policy expresses it, not a route.
    pub affinity: bool,
    /// The parts of the Ingress that were left out, and the paths that a route compares in another way than the controller.
    pub findings: Vec<Finding>,
}

impl Routes {
    /// The same routes, in which each Service without a port, or with the name of a port, gets this port.
    ///
    /// Most targets need the number of a port, and an Ingress does not say which number a name stands for.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(serde_json::json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "defaultBackend": { "service": { "name": "web", "port": { "name": "http" } } } },
    /// # }))?);
    /// let read = routes(&stable, None, &["next:8080".parse()?], &Flags::default())?;
    /// assert_eq!(read.routes[0].stable().to_string(), "web:http");
    ///
    /// let read = read.with_port(&"80".parse()?);
    /// assert_eq!((read.routes[0].stable().to_string(), read.routes[0].canaries()[0].to_string()),
    ///     ("web:80".to_owned(), "next:8080".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_port(self, port: &Port) -> Self {
        let numbered = |backend: &Backend| match backend.port() {
            Some(Port::Number(_)) => backend.clone(),
            Some(Port::Name(_)) | None => backend.clone().with_port(port.clone()),
        };
        let route = |route: Route| {
            let (stable, canaries) =
                (numbered(route.stable()), route.canaries().iter().map(numbered).collect::<Vec<_>>());
            route.with_backends(stable, canaries)
        };
        Routes { routes: self.routes.into_iter().map(route).collect(), ..self }
    }

    /// The same routes with this name. All but the first one are numbered, as in `web`, `web-hosts-2`, `web-hosts-3`.
    ///
    /// [`routes`](super::routes()) names them after the Ingress. Objects of one kind for several targets need different names, such
    /// as the HTTPRoutes of a Gateway and those of Linkerd.
    ///
    /// # Errors
    ///
    /// A name is not a valid name of a Kubernetes object.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(serde_json::json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } } },
    /// # }))?);
    /// let read = routes(&stable, None, &["next".parse()?], &Flags::default())?;
    /// assert_eq!(read.clone().with_name("web-mesh")?.routes[0].name(), "web-mesh");
    /// assert!(read.with_name("Web").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_name(self, name: &str) -> Result<Self, InvalidRoute> {
        let routes = self.routes.into_iter().enumerate();
        let routes = routes.map(|(index, route)| route.with_name(&route_name(name, index)));
        Ok(Routes { routes: routes.collect::<Result<_, _>>()?, ..self })
    }

    /// The same routes, all attached to these Gateways.
    ///
    /// # Errors
    ///
    /// A Gateway is listed twice.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(serde_json::json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } } },
    /// # }))?);
    /// let read = routes(&stable, None, &["next".parse()?], &Flags::default())?;
    /// let read = read.with_parents(["infra/public".parse()?])?;
    /// assert_eq!(read.routes[0].parents()[0].to_string(), "infra/public");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_parents(self, parents: impl IntoIterator<Item = Parent>) -> Result<Self, InvalidRoute> {
        let parents: Vec<Parent> = parents.into_iter().collect();
        let routes = self.routes.into_iter().map(|route| route.with_parents(parents.iter().cloned()));
        Ok(Routes { routes: routes.collect::<Result<_, _>>()?, ..self })
    }

    /// The Gateway that is named after the class of the Ingress, in the namespace of the route.
    ///
    /// An Ingress names no Gateway, so this is a guess, which a person should confirm.
    ///
    /// # Errors
    ///
    /// The class cannot be the name of an object.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # let backend = serde_json::json!({ "service": { "name": "web", "port": { "number": 80 } } });
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(serde_json::json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "ingressClassName": "public", "defaultBackend": backend },
    /// # }))?);
    /// let read = routes(&stable, None, &["next".parse()?], &Flags::default())?;
    /// assert_eq!(read.gateway_of_class()?.name(), "public");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn gateway_of_class(&self) -> Result<Parent, InvalidRoute> {
        self.class.parse()
    }

    /// The routes without regard to hosts: routes with the same backends become one route with the paths of all of them.
    ///
    /// Use it for a target that attaches its rules to a Service and does not look at hosts, such as Linkerd. A merged route
    /// has the name and the hosts of the first of its routes.
    ///
    /// # Errors
    ///
    /// Two merged routes have prefixes that differ only in a `/` at the end, such as `/cart` and `/cart/`.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # use serde_json::json;
    /// # let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    /// # let rule = |host: &str, path: &str| json!({ "host": host, "http": { "paths": [
    /// #     { "path": path, "pathType": "Prefix", "backend": backend },
    /// # ] } });
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "rules": [rule("a.test", "/a"), rule("b.test", "/b")] },
    /// # }))?);
    /// let read = routes(&stable, None, &["next".parse()?], &Flags::default())?;
    /// assert_eq!(read.routes.len(), 2);
    /// let merged = read.regardless_of_hosts()?;
    /// assert_eq!((merged.routes.len(), merged.routes[0].paths().len()), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn regardless_of_hosts(self) -> Result<Self, InvalidRoute> {
        let mut merged: Vec<Route> = Vec::new();
        for route in self.routes {
            let is_same = |other: &Route| other.stable() == route.stable() && other.canaries() == route.canaries();
            match merged.iter_mut().find(|other| is_same(other)) {
                None => merged.push(route),
                Some(first) => {
                    let further = route.paths().iter().filter(|path| !first.paths().contains(path));
                    let paths: Vec<Path> = first.paths().iter().chain(further).cloned().collect();
                    *first = first.clone().with_paths(paths)?;
                }
            }
        }
        Ok(Routes { routes: merged, ..self })
    }

    /// The first host that is in several routes; `None` if no host is. A route for every host counts as a route with the host
    /// `*`.
    ///
    /// A host has several routes if its paths are at several ports of the Service. Only the Gateway API orders the rules of
    /// several objects for one host; the other targets need all rules of a host in one object.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
    /// # use serde_json::json;
    /// # let path = |path: &str, port: u16| json!({
    /// #     "path": path, "pathType": "Prefix", "backend": { "service": { "name": "web", "port": { "number": port } } },
    /// # });
    /// # let stable = Ingress::from(serde_json::from_value::<Manifest>(json!({
    /// #     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web" },
    /// #     "spec": { "rules": [{ "host": "a.test", "http": { "paths": [path("/", 80), path("/admin", 8080)] } }] },
    /// # }))?);
    /// let read = routes(&stable, None, &["next".parse()?], &Flags::default())?;
    /// assert_eq!(read.shared_host().as_deref(), Some("a.test"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn shared_host(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.routes.iter().flat_map(|route| route.front().domains()).find(|host| !seen.insert(host.clone()))
    }
}

/// The name of the route at `index`, if the first one has this name.
pub(super) fn route_name(name: &str, index: usize) -> String {
    if index == 0 { name.to_owned() } else { format!("{name}-hosts-{}", index + 1) }
}
