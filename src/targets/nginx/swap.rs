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
            if becomes == *service {
                return Err(IngressError::SameService { service: service_text(service) });
            }
            if routed.contains(&&becomes) {
                return Err(IngressError::CanaryRouted { ingress, service: service_text(&becomes) });
            }
        }
        Ok(swap)
    }

    fn names(&self, service: &IngressServiceBackend) -> bool {
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

    /// The canary's default backend and rules.
    pub(super) fn routes(&self, spec: &IngressSpec) -> (Option<IngressBackend>, Vec<IngressRule>) {
        let default_backend = spec.default_backend.as_ref().and_then(|backend| self.backend(backend));
        let stable_rules = spec.rules.as_deref().unwrap_or_default();
        let rules: Vec<IngressRule> = stable_rules.iter().filter_map(|rule| self.rule(rule)).collect();
        match (stable_rules, default_backend) {
            ([], default_backend) => (default_backend, rules),
            // The split hangs on the Service: a rule that routes to it covers the default backend as well.
            (_, Some(backend)) if rules.is_empty() => (None, unclaimed(stable_rules, &backend)),
            _ => (None, rules),
        }
    }

    fn rule(&self, rule: &IngressRule) -> Option<IngressRule> {
        let IngressRule { host, http } = rule;
        let paths = http.as_ref()?.paths.iter().filter_map(|path| {
            let HTTPIngressPath { backend, path, path_type } = path;
            Some(HTTPIngressPath { backend: self.backend(backend)?, path: path.clone(), path_type: path_type.clone() })
        });
        let paths: Vec<HTTPIngressPath> = paths.collect();
        (!paths.is_empty()).then(|| IngressRule { host: host.clone(), http: Some(HTTPIngressRuleValue { paths }) })
    }
}

/// Where a default backend answers beside rules: at `/` of each host that has no `/` of its own.
fn unclaimed(rules: &[IngressRule], backend: &IngressBackend) -> Vec<IngressRule> {
    let claimed =
        |path: &HTTPIngressPath| matches!(path.path.as_deref(), None | Some("" | "/")) && path.path_type != "Exact";
    let claims = |rule: &&IngressRule| rule.http.iter().flat_map(|http| &http.paths).any(claimed);
    let hosts = |rules: Vec<&IngressRule>| rules.into_iter().filter_map(|rule| rule.host.clone()).collect();
    let all: BTreeSet<String> = hosts(rules.iter().collect());
    let taken: BTreeSet<String> = hosts(rules.iter().filter(claims).collect());
    let root = HTTPIngressPath { backend: backend.clone(), path: Some("/".to_owned()), path_type: "Prefix".to_owned() };
    all.difference(&taken)
        .map(|host| IngressRule {
            host: Some(host.clone()),
            http: Some(HTTPIngressRuleValue { paths: vec![root.clone()] }),
        })
        .collect()
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
