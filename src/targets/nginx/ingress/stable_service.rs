//! The stable Service of an Ingress, and the paths on which it answers.

use std::collections::BTreeSet;

use super::location::{DefaultHost, default_hosts, paths_of_rule};
use super::service::{ingress_port, services, texts};
use super::stable_ingress::StableIngress;
use crate::error::{Excerpt, IngressError};
use crate::route::Backend;
use crate::targets::nginx::{HttpIngressPath, IngressServiceBackend, ServiceBackendPort};

/// The Service that a canary takes requests from.
pub(super) struct StableService {
    pub(super) name: String,
    /// The port; `None` stands for every port of the Service.
    port: Option<ServiceBackendPort>,
}

/// A host, and its paths on which the stable Service answers. There is at least one path.
pub(super) struct StableRule {
    /// The field of the Ingress that holds the host, such as `spec.rules[0].host`.
    pub(super) field: String,
    pub(super) host: Option<String>,
    pub(super) paths: Vec<StablePath>,
}

/// A path on which the stable Service answers.
pub(super) struct StablePath {
    /// The field of the Ingress that holds the path, such as `spec.rules[0].http.paths[1]`, or `spec.defaultBackend`.
    pub(super) field: String,
    pub(super) path: HttpIngressPath,
    pub(super) service: IngressServiceBackend,
}

impl StableService {
    /// The Service that the caller named, or, if the caller named none, the only Service that the Ingress routes to.
    pub(super) fn of(ingress: StableIngress<'_>, named: Option<&Backend>) -> Result<Self, IngressError> {
        let routed = services(ingress.object);
        let name = Excerpt::of(ingress.name);
        let Some(first) = routed.first() else {
            // A frequent mistake, which the error points out.
            let rule = ingress.rules().iter().position(|rule| rule.http.is_none());
            return Err(IngressError::NoService { ingress: name, rule });
        };
        match named {
            Some(named) => {
                ingress.check_namespace(named)?;
                let service = StableService { name: named.service().to_owned(), port: named.port().map(ingress_port) };
                if routed.iter().any(|routed| service.is(routed)) {
                    Ok(service)
                } else {
                    let service = Excerpt::of(&named.to_string());
                    Err(IngressError::NotRouted { ingress: name, service, services: texts(&routed) })
                }
            }
            None if routed.iter().all(|routed| routed.name == first.name) => {
                Ok(StableService { name: first.name.clone(), port: None })
            }
            None => Err(IngressError::Ambiguous { ingress: name, services: texts(&routed) }),
        }
    }

    /// Whether a backend of an Ingress is this Service.
    pub(super) fn is(&self, service: &IngressServiceBackend) -> bool {
        service.name == self.name && (self.port.is_none() || service.port == self.port)
    }

    /// The error for an Ingress in which [`rules`](Self::rules) finds nothing.
    pub(super) fn nothing_to_split(&self, ingress: StableIngress<'_>) -> IngressError {
        IngressError::NothingToSplit { ingress: Excerpt::of(ingress.name), service: Excerpt::of(&self.name) }
    }

    /// The hosts and paths on which this Service answers. The list is empty if the rules of other Services take all its paths.
    /// For the Service `web`:
    ///
    /// | the stable Ingress | hosts and paths |
    /// |---|---|
    /// | `a.test`: `/` to web, `/api` to api | `a.test/` |
    /// | `a.test`: `/` to api, `/` to web | none, since the first of two equal paths answers |
    /// | web as the default backend, no rule | `/` of the catch-all server |
    /// | web as the default backend, `a.test`: `/api` to api | `a.test/` |
    /// | web as the default backend, `a.test`: `/cart` to web | `a.test/cart`, `a.test/` |
    pub(super) fn rules(&self, ingress: StableIngress<'_>) -> Vec<StableRule> {
        let mut rules = self.of_rules(ingress);
        rules.extend(self.of_default_backend(ingress));
        rules
    }

    /// The hosts and paths that a canary Ingress has to name, so that it takes requests wherever this Service answers.
    ///
    /// The default backend is left out if one of the rules has its Service and port. The controller splits all requests to a
    /// Service and port, whatever their path, so the canary of that rule takes requests from the default backend too.
    ///
    /// Each host of the default backend needs a rule of its own, because the canary Ingress must not have a default backend: it
    /// would split every location of the catch-all server, or make the controller delete the canary.
    pub(super) fn rules_of_canary(&self, ingress: StableIngress<'_>) -> Vec<StableRule> {
        let mut rules = self.of_rules(ingress);
        let of_default_backend = self.of_default_backend(ingress);
        let services = |rules: &[StableRule]| -> Vec<IngressServiceBackend> {
            rules.iter().flat_map(|rule| &rule.paths).map(|path| path.service.clone()).collect()
        };
        let split = services(&rules);
        if !services(&of_default_backend).iter().any(|service| split.contains(service)) {
            rules.extend(of_default_backend);
        }
        rules
    }

    /// The hosts and paths of the rules.
    fn of_rules(&self, ingress: StableIngress<'_>) -> Vec<StableRule> {
        let mut taken = BTreeSet::new();
        let mut rules = Vec::new();
        for (index, rule) in ingress.rules().iter().enumerate() {
            let mut paths = Vec::new();
            for place in paths_of_rule(index, rule) {
                let is_first = taken.insert(place.location());
                let service = place.path.backend.service.as_ref().filter(|service| self.is(service));
                if let Some(service) = service.filter(|_| is_first) {
                    let (path, service) = (place.path.clone(), service.clone());
                    paths.push(StablePath { field: place.field, path, service });
                }
            }
            if !paths.is_empty() {
                rules.push(StableRule { field: format!("spec.rules[{index}].host"), host: rule.host.clone(), paths });
            }
        }
        rules
    }

    /// The hosts on which the default backend answers, each with the path `/`, if the default backend is this Service.
    fn of_default_backend(&self, ingress: StableIngress<'_>) -> Vec<StableRule> {
        let service = ingress.default_backend().and_then(|backend| backend.service.as_ref());
        let Some(service) = service.filter(|service| self.is(service)) else { return Vec::new() };
        let rule = |DefaultHost { host, rule, path }: DefaultHost<'_>| StableRule {
            field: format!("spec.rules[{rule}].host"),
            host: host.map(str::to_owned),
            paths: vec![StablePath { field: "spec.defaultBackend".to_owned(), path, service: service.clone() }],
        };
        default_hosts(ingress.object).into_iter().map(rule).collect()
    }
}
