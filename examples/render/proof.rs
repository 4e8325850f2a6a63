//! The proof that the routes of a pair answer as the controller does for all Ingresses of a file.

use std::collections::BTreeMap;

use canary_policy::Policy;
use canary_policy::migrate::{self, Answer};
use canary_policy::route::{Backend, Host, Location, Port, Route, VirtualHost};
use canary_policy::targets::VirtualHostReading;
use canary_policy::targets::nginx::{Routes, Service};

use crate::Served;

/// Checks that the routes with this policy answer every request as the controller does. A name of a port there stands for `port`.
///
/// A pair of Ingresses is not all that a host serves: other Ingresses of the file, other paths, and other hosts with the same
/// Service count too.
pub(crate) fn check(policy: &Policy, routes: &Routes, served: &Served, port: Option<&Port>) -> Result<(), String> {
    let Served { hosts, canary } = served;
    // Whether the output honours former tokens is for its owner to say.
    let hosts = hosts.iter().map(|host| host.clone().without_former_tokens());
    let before: Vec<VirtualHost> = hosts.map(|host| with_port(&host, port)).collect::<Result<_, _>>()?;
    let mut locations: BTreeMap<Option<&Host>, Vec<Location>> = BTreeMap::new();
    for route in &routes.routes {
        let all = route.hosts().is_empty().then_some(None);
        for host in route.hosts().iter().map(Some).chain(all) {
            locations.entry(host).or_default().extend(locations_of(policy, route, canary.as_ref())?);
        }
    }
    let namespace = routes.routes.first().and_then(Route::namespace).unwrap_or("default");
    let after = locations.into_iter().map(|(host, locations)| {
        let after = VirtualHost::new("pair", locations)?.with_namespace(namespace)?.with_hosts(host.cloned())?;
        Ok(VirtualHostReading::from(after))
    });
    let after: Vec<VirtualHostReading> =
        after.collect::<Result<_, canary_policy::error::InvalidRoute>>().map_err(|why| why.to_string())?;
    let answers = migrate::verify(&before, &after).locations;
    match answers.into_iter().find(|location| location.answer != Answer::Same) {
        None => Ok(()),
        Some(location) => Err(format!(
            "the pair is not all that its hosts serve: {location}: the example `migrate` writes whole hosts"
        )),
    }
}

/// The same routes, each with the tokens of the controller at its first host and path.
pub(crate) fn with_former_tokens(mut routes: Routes, served: &Served) -> Routes {
    let with_tokens = |route: Route| {
        let host = served.hosts.iter().find(|host| match route.hosts().first() {
            Some(name) => host.hosts().contains(name),
            None => host.hosts().is_empty(),
        });
        let location = host.zip(route.paths().first()).and_then(|(host, path)| host.location(path.as_str()));
        match location.and_then(Location::former_tokens) {
            Some(former_tokens) => route.with_former_tokens(former_tokens.clone()),
            None => route,
        }
    };
    routes.routes = std::mem::take(&mut routes.routes).into_iter().map(with_tokens).collect();
    routes
}

/// The locations of a route, with the Service of the canary Ingress in the place of the one that the output gets.
fn locations_of(policy: &Policy, route: &Route, canary: Option<&Backend>) -> Result<Vec<Location>, String> {
    let own = route.canaries().iter().map(|own| match canary {
        // A canary without the number of a port has the one that the output found for it.
        Some(canary) if !matches!(canary.port(), Some(Port::Number(_))) => {
            own.port().map_or_else(|| canary.clone(), |port| canary.clone().with_port(port.clone()))
        }
        Some(canary) => canary.clone(),
        None => own.clone(),
    });
    let route = route.clone().with_backends(route.stable().clone(), own.collect::<Vec<_>>());
    let host = VirtualHost::of_route(policy, &route).map_err(|why| why.to_string())?;
    Ok(host.locations().to_vec())
}

/// The same virtual host, in which each name of a port is this port.
fn with_port(host: &VirtualHost, port: Option<&Port>) -> Result<VirtualHost, String> {
    let Some(port) = port else { return Ok(host.clone()) };
    let numbered = |backend: &Backend| match backend.port() {
        Some(Port::Name(_)) => backend.clone().with_port(port.clone()),
        _ => backend.clone(),
    };
    let location = |location: &Location| {
        let numbered_location = Location::new(location.path().clone(), numbered(location.stable()));
        match location.policy() {
            None => Ok(numbered_location),
            Some(policy) => numbered_location
                .with_policy(policy.clone(), location.canaries().iter().map(numbered))
                .map_err(|why| why.to_string()),
        }
    };
    let locations = host.locations().iter().map(location).collect::<Result<Vec<_>, String>>()?;
    let namespace = host.namespace().unwrap_or("default");
    let same = VirtualHost::new(host.name(), locations).and_then(|same| same.with_namespace(namespace));
    same.and_then(|same| same.with_hosts(host.hosts().iter().cloned())).map_err(|why| why.to_string())
}

/// The same routes, with the numbers that the Services of the file give to the names of ports.
pub(crate) fn with_known_ports(mut routes: Routes, services: &[Service]) -> Routes {
    let numbered = |backend: &Backend, namespace: &str| {
        let of_name = |port: &Port| {
            let service =
                services.iter().find(|known| known.namespace == namespace && known.name == backend.service())?;
            let known = service.ports.iter().find(|known| known.is_named(&port.to_string()))?;
            known.port.to_string().parse().ok()
        };
        match backend.port().and_then(of_name) {
            Some(port) => backend.clone().with_port(port),
            None => backend.clone(),
        }
    };
    let route = |route: Route| {
        let namespace = route.namespace().unwrap_or("default").to_owned();
        let stable = numbered(route.stable(), &namespace);
        let canaries: Vec<Backend> = route.canaries().iter().map(|canary| numbered(canary, &namespace)).collect();
        route.with_backends(stable, canaries)
    };
    routes.routes = std::mem::take(&mut routes.routes).into_iter().map(route).collect();
    routes
}
