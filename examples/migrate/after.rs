//! The virtual hosts that the hosts of a cluster are compared with: read from objects that are already there, by whatever tool.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::{Excerpt, ReadError};
use canary_policy::route::{Host, Location, Path, VirtualHost};
use canary_policy::targets::envoy::RouteConfiguration;
use canary_policy::targets::gateway::{self, GrpcRoute, HttpRoute, RouteObjects};
use canary_policy::targets::nginx::Service;
use canary_policy::targets::{Metadata, Object, VirtualHostReading, Wildcards, envoy, gloo, istio, linkerd};

use crate::manifests::{Manifests, Source, Unread, full_name};
use crate::notes::note;
use crate::ports::with_ports;

/// The virtual hosts to compare with.
#[derive(Default)]
pub(crate) struct After {
    pub(crate) readings: Vec<VirtualHostReading>,
    /// Why an object cannot be read, each with its place. The hosts that it could concern are in `readings`, and not decided.
    pub(crate) errors: Vec<String>,
}

/// An object whose rules are read, alone or together with others.
struct Candidate<T> {
    object: T,
    /// Where the object is.
    place: String,
    /// The hosts that it could concern, as they are written. An empty list is every host that no other object names.
    hosts: Vec<String>,
    /// Two objects with one of these keys cannot be read together.
    keys: Vec<String>,
}

/// The virtual hosts of the objects of one target.
///
/// `services` are those of the cluster, beside those of `manifests`.
pub(crate) fn read(manifests: &Manifests, services: &[Service], known: &[VirtualHost]) -> Result<After, String> {
    let Manifests { routes, grpc_routes, virtual_services, gloo_services, configurations, unread, .. } = manifests;
    let (of_services, routes): (Vec<HttpRoute>, Vec<HttpRoute>) = routes.iter().cloned().partition(is_of_service);
    let has_routes = !routes.is_empty() || !grpc_routes.is_empty();
    let targets = [
        !of_services.is_empty(),
        has_routes,
        !virtual_services.is_empty(),
        !gloo_services.is_empty(),
        !configurations.is_empty(),
    ];
    if targets.iter().filter(|has| **has).count() > 1 {
        return Err("there are objects of several targets: only one target can be compared".to_owned());
    }
    let mut after = After::default();
    match targets {
        [true, ..] => {
            let candidate = |route: &HttpRoute| of_service(manifests, route, known);
            after.read_each(&of_services, candidate, |routes| linkerd::read_hosts(routes, known));
        }
        [_, true, ..] => after.read_gateway(manifests, &routes, known),
        [_, _, true, ..] => {
            let candidate = |service: &istio::VirtualService| {
                candidate(manifests, service, &service.spec.hosts, service.spec.hosts.clone())
            };
            let virtual_services = with_ports(virtual_services, services.iter().chain(&manifests.services));
            after.read_each(&virtual_services, candidate, |services| istio::read_hosts(services, known));
            after.leave_mesh_undecided();
        }
        [_, _, _, true, _] => {
            let candidate = |service: &gloo::VirtualService| {
                let domains = &service.spec.virtual_host.domains;
                candidate(manifests, service, domains, domains.clone())
            };
            after.read_each(gloo_services, candidate, |services| gloo::read_hosts(services, known));
        }
        [.., true] => after.read_envoy(configurations, known)?,
        _ if unread.is_empty() => {
            let why = "there is no HTTPRoute, GRPCRoute, VirtualService or RouteConfiguration: name the files with the objects \
                       that the hosts move to; only Linkerd needs none, for hosts without a canary: --to linkerd --verify \
                       proves that";
            return Err(why.to_owned());
        }
        _ => {}
    }
    after.leave_unread(unread);
    Ok(after)
}

/// Whether a route attaches to a Service, as those for Linkerd do.
fn is_of_service(route: &HttpRoute) -> bool {
    route.spec.parent_refs.iter().any(|parent| parent.kind.as_deref() == Some("Service"))
}

/// An object of a target.
fn candidate<S: Clone>(
    manifests: &Manifests,
    object: &Object<S>,
    hosts: &[String],
    keys: Vec<String>,
) -> Candidate<Object<S>> {
    let Object { kind, metadata, .. } = object;
    let name = object_name(metadata);
    let place = manifests.sources.get(&format!("{kind} {name}")).map(Source::place).unwrap_or_default();
    let place = format!("{place} ({kind} {})", Excerpt::whole(&name)).trim_start().to_owned();
    Candidate { object: object.clone(), place, hosts: hosts.to_vec(), keys }
}

/// An HTTPRoute of a Service, which concerns the hosts that lead to the Service.
fn of_service(manifests: &Manifests, route: &HttpRoute, known: &[VirtualHost]) -> Candidate<HttpRoute> {
    let parents: BTreeSet<&str> = route.spec.parent_refs.iter().map(|parent| parent.name.as_str()).collect();
    let is_parent = |location: &Location| parents.contains(location.stable().service());
    let concerned = known.iter().filter(|host| host.locations().iter().any(is_parent));
    let hosts: Vec<String> = concerned.flat_map(|host| host.hosts().iter().map(ToString::to_string)).collect();
    candidate(manifests, route, &hosts, Vec::new())
}

fn object_name(metadata: &Metadata) -> String {
    full_name(metadata.namespace.as_deref(), &metadata.name)
}

impl After {
    /// Reads objects together. If that fails, those that cannot be read, or not together, are left out.
    fn read_each<T: Clone>(
        &mut self,
        objects: &[T],
        candidate: impl Fn(&T) -> Candidate<T>,
        read: impl Fn(&[T]) -> Result<Vec<VirtualHostReading>, ReadError>,
    ) {
        if let Ok(readings) = read(objects) {
            self.readings.extend(readings);
            return;
        }
        let mut candidates: Vec<Candidate<T>> = objects.iter().map(candidate).collect();
        let all = |candidates: &[Candidate<T>]| candidates.iter().map(|one| one.object.clone()).collect::<Vec<_>>();
        let mut odd = Vec::new();
        let mut left_out = |candidates: Vec<Candidate<T>>, is_odd: &dyn Fn(&Candidate<T>) -> Option<String>| {
            let mut kept = Vec::new();
            for one in candidates {
                match is_odd(&one) {
                    Some(why) => odd.push((one, why)),
                    None => kept.push(one),
                }
            }
            kept
        };
        let alone = |one: &Candidate<T>| read(std::slice::from_ref(&one.object)).err().map(|why| why.to_string());
        candidates = left_out(candidates, &alone);
        if let (Err(why), false) = (read(&all(&candidates)), candidates.is_empty()) {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for key in candidates.iter().flat_map(|one| &one.keys) {
                *counts.entry(key.clone()).or_default() += 1;
            }
            let is_shared = |key: &String| counts.get(key).is_some_and(|count| *count > 1);
            let together = |one: &Candidate<T>| one.keys.iter().any(is_shared).then(|| why.to_string());
            candidates = left_out(candidates, &together);
        }
        match read(&all(&candidates)) {
            Ok(readings) => self.readings.extend(readings),
            Err(why) => drop(left_out(candidates, &|_| Some(why.to_string()))),
        }
        for (Candidate { place, hosts, .. }, why) in odd {
            self.errors.push(format!("{place}: {why}"));
            self.leave_undecided(&hosts);
        }
    }

    fn read_gateway(&mut self, manifests: &Manifests, routes: &[HttpRoute], known: &[VirtualHost]) {
        let grants = &manifests.grants;
        // Each GRPCRoute is tried alone: with one that cannot be read, no HTTPRoute could be.
        let alone = |route: &&GrpcRoute| {
            let objects = RouteObjects::default().with_grpc_routes(std::slice::from_ref(*route)).with_grants(grants);
            gateway::read_objects(&objects, known).err().map(|why| why.to_string())
        };
        let mut grpc_routes = Vec::new();
        let mut names = BTreeSet::new();
        for route in &manifests.grpc_routes {
            let twice = || format!("there are two objects `{}`", route.metadata.name);
            let odd = alone(&route).or_else(|| (!names.insert(object_name(&route.metadata))).then(twice));
            match odd {
                None => grpc_routes.push(route.clone()),
                Some(why) => {
                    let Candidate { place, hosts, .. } = candidate(manifests, route, &route.spec.hostnames, Vec::new());
                    self.errors.push(format!("{place}: {why}"));
                    self.leave_undecided(&hosts);
                }
            }
        }
        let with_name =
            |route: &HttpRoute| candidate(manifests, route, &route.spec.hostnames, vec![object_name(&route.metadata)]);
        self.read_each(routes, with_name, |routes| {
            let objects = RouteObjects::new(routes).with_grpc_routes(&grpc_routes).with_grants(grants);
            if routes.is_empty() && grpc_routes.is_empty() {
                Ok(Vec::new())
            } else {
                gateway::read_objects(&objects, known)
            }
        });
        self.leave_mesh_undecided();
    }

    fn read_envoy(&mut self, configurations: &[RouteConfiguration], known: &[VirtualHost]) -> Result<(), String> {
        let [configuration] = configurations else {
            return Err("there are several RouteConfigurations: only one can be compared".to_owned());
        };
        let name = Excerpt::whole(&configuration.name);
        let candidate = |host: &envoy::VirtualHost| {
            let place = format!("{name} (virtual host {})", Excerpt::whole(&host.name));
            Candidate { object: host.clone(), place, hosts: host.domains.clone(), keys: host.domains.clone() }
        };
        self.read_each(&configuration.virtual_hosts, candidate, |hosts| {
            let mut part = configuration.clone();
            part.virtual_hosts = hosts.to_vec();
            envoy::read_hosts(&part, known)
        });
        Ok(())
    }

    /// Leaves the readings undecided that are for no Gateway: requests from outside the cluster do not reach them.
    fn leave_mesh_undecided(&mut self) {
        for reading in &mut self.readings {
            let host = &reading.virtual_host;
            let is_undecided = reading.inexact.iter().any(|path| path.matches("/") && path.matches("/x"));
            if !is_undecided && !host.parents().iter().any(|parent| parent.name() != "mesh") {
                note(&format!("`{}` is for no Gateway, so it is not compared", host.name()));
                reading.inexact = host.locations().iter().map(|location| location.path().clone()).collect();
            }
        }
    }

    /// Leaves the hosts undecided that documents could concern which are no objects.
    fn leave_unread(&mut self, unread: &[Unread]) {
        for one in unread {
            match one {
                Unread::Hosts(hosts) => self.leave_undecided(hosts),
                Unread::Anything => self.leave_all_undecided(),
            }
        }
    }

    /// Leaves hosts undecided, whatever other objects say about them. A `*` and an empty list are every host that no other object
    /// names.
    fn leave_undecided(&mut self, hosts: &[String]) {
        let domains = hosts.iter().filter(|host| *host != "*");
        // Some tools write a port and capital letters.
        let domains = domains.map(|host| host.split(':').next().unwrap_or(host).to_ascii_lowercase());
        let named: Result<BTreeSet<Host>, _> = domains.map(|domain| Host::new(&domain)).collect();
        let is_every = hosts.is_empty() || hosts.iter().any(|host| host == "*");
        match named {
            // The first reading of a host counts.
            Ok(named) => {
                let named = if named.is_empty() { None } else { undecided(named) };
                let every = if is_every { undecided(BTreeSet::new()) } else { None };
                self.readings.splice(0..0, named.into_iter().chain(every));
            }
            // Any host may match.
            Err(_) => self.leave_all_undecided(),
        }
    }

    fn leave_all_undecided(&mut self) {
        for reading in &mut self.readings {
            reading.inexact = reading.virtual_host.locations().iter().map(|one| one.path().clone()).collect();
            reading.inexact.extend(Path::prefix("/"));
        }
        self.readings.splice(0..0, undecided(BTreeSet::new()));
    }
}

/// Hosts whose requests are not decided, so that it does not matter which backend they have.
fn undecided(hosts: BTreeSet<Host>) -> Option<VirtualHostReading> {
    let root = Path::prefix("/").ok()?;
    let location = Location::new(root.clone(), "unread:80".parse().ok()?);
    let mut reading = VirtualHostReading::from(VirtualHost::new("unread", [location]).ok()?.with_hosts(hosts).ok()?);
    reading.inexact = vec![root];
    reading.wildcards = Wildcards::AnyLabels;
    Some(reading)
}
