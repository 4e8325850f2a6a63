//! The canary's Service in the stable one's place.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    ServiceBackendPort,
};

use crate::error::IngressError;
use crate::targets::{Backend, Port};

/// The stable Service's backends, and what each becomes.
pub(super) struct Swap<'a> {
    /// The stable Service, and its port if it was given.
    service: String,
    port: Option<&'a Port>,
    canary: &'a Backend,
}

impl<'a> Swap<'a> {
    pub(super) fn new(
        stable: &Ingress,
        ingress: &str,
        wanted: Option<&'a Backend>,
        canary: &'a Backend,
    ) -> Result<Self, IngressError> {
        let ingress = ingress.to_owned();
        let routed = routed(stable);
        let services = || listed(routed.iter().map(|service| service_text(service)));
        let names: BTreeSet<&str> = routed.iter().map(|service| service.name.as_str()).collect();
        let swap = match (wanted, names.first(), names.len()) {
            (_, None, _) => return Err(IngressError::NoService { ingress, hint: no_http(stable) }),
            (Some(wanted), ..) => Swap { service: wanted.service().to_owned(), port: wanted.port(), canary },
            (None, Some(only), 1) => Swap { service: (*only).to_owned(), port: None, canary },
            (None, Some(_), _) => return Err(IngressError::Ambiguous { ingress, services: services() }),
        };

        let swapped: Vec<&IngressServiceBackend> =
            routed.iter().copied().filter(|service| swap.names(service)).collect();
        if swapped.is_empty() {
            let service = wanted.map(Backend::to_string).unwrap_or_default();
            return Err(IngressError::NotRouted { ingress, service, services: services() });
        }
        for service in swapped {
            let becomes = swap.becomes(service);
            if becomes == *service || (becomes.name == service.name && other_notation(&becomes, service)) {
                return Err(IngressError::SameService { service: service_text(service) });
            }
            if routed.contains(&&becomes) {
                return Err(IngressError::CanaryRouted { ingress, service: service_text(&becomes) });
            }
        }
        Ok(swap)
    }

    /// The stable Service's name.
    pub(super) fn service(&self) -> String {
        self.service.clone()
    }

    pub(super) fn names(&self, service: &IngressServiceBackend) -> bool {
        service.name == self.service && self.port.is_none_or(|port| service.port == Some(port_of(port)))
    }

    fn becomes(&self, service: &IngressServiceBackend) -> IngressServiceBackend {
        let port = self.canary.port().map(port_of).or_else(|| service.port.clone());
        IngressServiceBackend { name: self.canary.service().to_owned(), port }
    }

    fn backend(&self, backend: &IngressBackend) -> Option<IngressBackend> {
        let service = backend.service.as_ref().filter(|service| self.names(service))?;
        Some(IngressBackend { resource: None, service: Some(self.becomes(service)) })
    }

    /// The canary's rules: the stable ones that route to its Service, and `/` where its default backend answers.
    pub(super) fn rules(&self, spec: &IngressSpec) -> Vec<IngressRule> {
        let stable = spec.rules.as_deref().unwrap_or_default();
        let mut claimed = BTreeSet::new();
        let mut split = Vec::new();
        let mut rules = Vec::new();
        for IngressRule { host, http } in stable {
            let mut paths = Vec::new();
            for path in http.iter().flat_map(|http| &http.paths) {
                // Of two equal paths the first one answers. A canary beside the second would split the first one's traffic.
                let first = claimed.insert((host_of(host.as_deref()), location(path)));
                if let Some(backend) = self.backend(&path.backend).filter(|_| first) {
                    split.extend(path.backend.service.clone());
                    paths.push(HTTPIngressPath { backend, ..path.clone() });
                }
            }
            if !paths.is_empty() {
                rules.push(IngressRule { host: host.clone(), http: Some(HTTPIngressRuleValue { paths }) });
            }
        }

        // The split hangs on Service and port: where a rule has the default backend's, nothing is missing.
        let default_backend = spec.default_backend.as_ref();
        let uncovered = default_backend.filter(|backend| backend.service.as_ref().is_some_and(|s| !split.contains(s)));
        if let Some(backend) = uncovered.and_then(|backend| self.backend(backend)) {
            let root = HTTPIngressPath { backend, path: Some("/".to_owned()), path_type: "Prefix".to_owned() };
            // Alone it answers on the catch-all server, beside rules on their hosts. A canary's own default backend would
            // split every location of the catch-all server, or delete the canary.
            let hosts: BTreeSet<&str> = stable.iter().map(|rule| host_of(rule.host.as_deref())).collect();
            let hosts = if stable.is_empty() { BTreeSet::from([""]) } else { &hosts - &BTreeSet::from([""]) };
            let free = hosts.into_iter().filter(|&host| !claimed.contains(&(host, location(&root))));
            rules.extend(free.map(|host| IngressRule {
                host: Some(host.to_owned()).filter(|host| !host.is_empty()),
                http: Some(HTTPIngressRuleValue { paths: vec![root.clone()] }),
            }));
        }
        rules
    }
}

/// No host and an empty one are the catch-all server.
fn host_of(host: Option<&str>) -> &str {
    host.unwrap_or_default()
}

/// A path as the controller compares it: none is `/`, and anything but `Exact` is `Prefix`.
fn location(path: &HTTPIngressPath) -> (String, bool) {
    let text = path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    (text.to_owned(), path.path_type == "Exact")
}

/// Whether one names its port by number and the other by name: to the controller these are two backends.
fn other_notation(one: &IngressServiceBackend, other: &IngressServiceBackend) -> bool {
    let named = |service: &IngressServiceBackend| service.port.as_ref().is_some_and(|port| port.name.is_some());
    named(one) != named(other)
}

/// Every Service an Ingress routes to, in the order in which it names them.
fn routed(ingress: &Ingress) -> Vec<&IngressServiceBackend> {
    let Some(spec) = &ingress.spec else { return Vec::new() };
    let paths = spec.rules.iter().flatten().filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths);
    let backends = spec.default_backend.iter().chain(paths.map(|path| &path.backend));
    backends.filter_map(|backend| backend.service.as_ref()).collect()
}

/// The commonest reason why no Service is routed to: `paths` stands beside `http`, not under it.
fn no_http(ingress: &Ingress) -> String {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let found = rules.enumerate().find(|(_, rule)| rule.http.is_none());
    found.map(|(index, _)| format!(": spec.rules[{index}] has no http")).unwrap_or_default()
}

fn port_of(port: &Port) -> ServiceBackendPort {
    match port {
        Port::Number(number) => ServiceBackendPort { name: None, number: Some(i32::from(number.get())) },
        Port::Name(_) => ServiceBackendPort { name: Some(port.to_string()), number: None },
    }
}

fn service_text(service: &IngressServiceBackend) -> String {
    let number = service.port.as_ref().and_then(|port| port.number).map(|number| number.to_string());
    let port = number.or_else(|| service.port.as_ref()?.name.clone());
    port.map_or_else(|| service.name.clone(), |port| format!("{}:{port}", service.name))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.map(|name| format!("`{name}`")).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
