//! The objects of each target for a virtual host, and what was read from the objects of a target.

use std::collections::BTreeSet;

use canary_policy::error::{ConversionError, Diagnostic, ReadError, Report};
use canary_policy::route::{Parent, VirtualHost};
use canary_policy::targets::gateway::{Implementation, RouteObjects, RouteParams};
use canary_policy::targets::nginx::HostReading;
use canary_policy::targets::{Conversion, LocationLoss, VirtualHostReading, envoy, gateway, gloo, istio, linkerd};
use serde::Serialize;
use serde_json::Value;

use crate::document::document;
use crate::implementation::route_params;
use crate::progress::Progress;

/// Where the hosts move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// HTTPRoutes of the Gateway API, or GRPCRoutes if every Service of the host speaks gRPC.
    Gateway,
    /// VirtualServices of Istio.
    Istio,
    /// HTTPRoutes that attach to Services, for Linkerd.
    Linkerd,
    /// VirtualServices of Gloo Edge.
    Gloo,
    /// A RouteConfiguration of Envoy.
    Envoy,
}

/// The objects of all hosts.
#[derive(Default)]
pub(crate) struct Written {
    /// Each object in YAML.
    pub(crate) documents: Vec<String>,
    pub(crate) losses: Vec<LocationLoss>,
    /// What not every implementation supports.
    pub(crate) notes: Vec<String>,
    /// The hosts that were not written, each with the reason.
    pub(crate) errors: Vec<HostError>,
    /// The kinds, namespaces and names of the objects.
    names: BTreeSet<String>,
    /// Why an object cannot be written.
    pub(crate) failures: Vec<String>,
    /// What was read back; `None` if there is no host.
    pub(crate) read: Option<Result<Vec<VirtualHostReading>, ReadError>>,
}

/// A host that cannot be written.
pub(crate) struct HostError {
    pub(crate) host: String,
    error: Box<dyn Diagnostic>,
}

impl HostError {
    pub(crate) fn report(&self) -> Report {
        let mut report = self.error.report();
        report.message = format!("{}: {}", self.host, report.message);
        report.object = Some(self.host.clone());
        report
    }
}

impl Written {
    /// The objects of all hosts for a target. Routes attach to these Gateways, and honour the affinity cookies of ingress-nginx if
    /// sessions are kept.
    pub(crate) fn new(
        target: Target,
        readings: &[HostReading],
        gateways: &[Parent],
        keep_sessions: bool,
        implementation: Option<Implementation>,
    ) -> Self {
        let mut written = Written::default();
        let hosts: Vec<(&HostReading, VirtualHost)> = readings
            .iter()
            .filter_map(|reading| Some((reading, reading.virtual_host.clone()?)))
            .map(|(reading, host)| (reading, if keep_sessions { host } else { host.without_former_tokens() }))
            .filter_map(|(reading, host)| written.attached(reading, host, gateways))
            .collect();
        match target {
            Target::Gateway => written.add_http_routes(&hosts, &route_params(implementation)),
            Target::Istio => written.add_virtual_services(&hosts),
            Target::Gloo => written.add_virtual_services_of_gloo(&hosts),
            Target::Linkerd => {
                let all: Vec<VirtualHost> = hosts.into_iter().map(|(_, host)| host).collect();
                let converted = linkerd::http_routes_of_hosts(&all, &linkerd::RouteParams::default());
                if let Some(routes) = written.kept("every host", converted) {
                    if routes.is_empty() {
                        written.notes.push("no host has a canary, so Linkerd needs no object".to_owned());
                    }
                    for route in &routes {
                        written.add(route);
                    }
                    written.read = Some(linkerd::read_hosts(&routes, &all));
                }
            }
            Target::Envoy => {
                let all: Vec<VirtualHost> = hosts.into_iter().map(|(_, host)| host).collect();
                let converted = envoy::route_configuration_of_hosts("routes", &all, &envoy::RouteParams::default());
                if let Some(object) = written.kept("every host", converted) {
                    written.add(&object);
                    written.read = (!all.is_empty()).then(|| envoy::read_hosts(&object, &all));
                }
            }
        }
        written
    }

    fn attached<'r>(
        &mut self,
        reading: &'r HostReading,
        host: VirtualHost,
        gateways: &[Parent],
    ) -> Option<(&'r HostReading, VirtualHost)> {
        match host.with_parents(gateways.iter().cloned()) {
            Ok(host) => Some((reading, host)),
            Err(error) => {
                self.error(&reading.host, error);
                None
            }
        }
    }

    fn add_http_routes(&mut self, hosts: &[(&HostReading, VirtualHost)], params: &RouteParams) {
        let (mut all, mut all_grpc) = (Vec::new(), Vec::new());
        let mut features = BTreeSet::new();
        let progress = Progress::new("hosts converted", hosts.len());
        for (reading, host) in hosts {
            progress.step();
            if reading.grpc {
                let routes = self.kept(&reading.host, gateway::grpc_routes_of_host(host, params));
                for route in routes.into_iter().flatten() {
                    features.extend(route.spec.features());
                    self.add(&route);
                    all_grpc.push(route);
                }
                continue;
            }
            let routes = self.kept(&reading.host, gateway::http_routes_of_host(host, params));
            for route in routes.into_iter().flatten() {
                features.extend(route.spec.features());
                self.add(&route);
                all.push(route);
            }
        }
        self.notes.extend(params.notes(features).iter().map(ToString::to_string));
        // A loss says which ReferenceGrants are needed. The proof is for the time when they exist.
        let objects = RouteObjects::new(&all).with_grpc_routes(&all_grpc);
        let is_empty = all.is_empty() && all_grpc.is_empty();
        self.read = Some(if is_empty { Ok(Vec::new()) } else { gateway::read_objects(&objects, &[]) });
    }

    /// The `DestinationRule`s come first, since their subsets have to exist before a route names them.
    fn add_virtual_services(&mut self, hosts: &[(&HostReading, VirtualHost)]) {
        let mut all = Vec::new();
        let progress = Progress::new("hosts converted", hosts.len());
        for (reading, host) in hosts {
            progress.step();
            let converted = istio::virtual_service_of_host(host, &istio::VirtualServiceParams::default());
            let Some(objects) = self.kept(&reading.host, converted) else { continue };
            for rule in &objects.destination_rules {
                self.add(rule);
            }
            self.add(&objects.virtual_service);
            all.push(objects.virtual_service);
        }
        self.read = Some(if all.is_empty() { Ok(Vec::new()) } else { istio::read_hosts(&all, &[]) });
    }

    fn add_virtual_services_of_gloo(&mut self, hosts: &[(&HostReading, VirtualHost)]) {
        let mut all = Vec::new();
        let progress = Progress::new("hosts converted", hosts.len());
        for (reading, host) in hosts {
            progress.step();
            if let Some(object) = self.kept(&reading.host, gloo::virtual_service_of_host(host)) {
                self.add(&object);
                all.push(object);
            }
        }
        self.read = Some(if all.is_empty() { Ok(Vec::new()) } else { gloo::read_hosts(&all, &[]) });
    }

    /// The output of a conversion; `None` and an error if the host cannot be written.
    fn kept<T>(&mut self, host: &str, converted: Result<Conversion<T, LocationLoss>, ConversionError>) -> Option<T> {
        match converted {
            Ok(Conversion { output, losses }) => {
                self.losses.extend(losses);
                Some(output)
            }
            Err(error) => {
                self.error(host, error);
                None
            }
        }
    }

    fn add(&mut self, object: &impl Serialize) {
        let written = serde_json::to_value(object).map_err(|error| error.to_string());
        let written = written.and_then(|value| {
            // The second of two objects of one name would replace the first.
            let text = |place: &str| value.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
            let name = ["/kind", "/metadata/namespace", "/metadata/name"].map(text).join(" ");
            if value.get("kind").is_some() && !self.names.insert(name.clone()) {
                return Err(format!("two hosts need an object of the same name: {name}"));
            }
            document(object)
        });
        match written {
            Ok(text) => self.documents.push(text),
            Err(why) => self.failures.push(why),
        }
    }

    fn error(&mut self, host: &str, error: impl Diagnostic + 'static) {
        self.errors.push(HostError { host: host.to_owned(), error: Box::new(error) });
    }
}
