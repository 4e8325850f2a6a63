//! Puts the Service of a canary in the place of the stable Service.

use super::service::{ingress_port, services, text};
use super::stable_ingress::StableIngress;
use super::stable_service::{StableRule, StableService};
use crate::error::{Excerpt, IngressError};
use crate::route::{Backend, Port};
use crate::targets::nginx::{
    HttpIngressPath, HttpIngressRuleValue, IngressBackend, IngressRule, IngressServiceBackend,
};

/// A canary's Service. Without a port it gets the port of the Service whose place it takes.
#[derive(Clone, Copy)]
pub(super) struct ServiceSwap<'c> {
    service: &'c str,
    port: Option<&'c Port>,
}

impl<'c> ServiceSwap<'c> {
    pub(super) fn to(canary: &'c Backend) -> Self {
        ServiceSwap { service: canary.service(), port: canary.port() }
    }

    /// Refuses a canary that ingress-nginx would ignore or drop (controller 1.15.1, `mergeAlternativeBackends` in
    /// `internal/ingress/controller/controller.go`). For an Ingress that routes to `web:80` and `api:80`, with `web` as the
    /// stable Service:
    ///
    /// | canary | result |
    /// |---|---|
    /// | `web-2`, `web:8080` | accepted |
    /// | `web`, `web:80` | refused: the stable Service |
    /// | `web:http` | refused: `http` may be the name of port 80, and the controller would split requests between the same pods |
    /// | `api`, `api:80` | refused: the Ingress already routes to it |
    pub(super) fn check(self, ingress: StableIngress<'_>, stable: &StableService) -> Result<(), IngressError> {
        let routed = services(ingress.object);
        for service in routed.iter().copied().filter(|service| stable.is(service)) {
            let canary = self.in_place_of(service);
            let [stable_text, canary_text] = [service, &canary].map(|service| Excerpt::of(&text(service)));
            if canary == *service {
                return Err(IngressError::SameService { service: stable_text });
            }
            if canary.name == service.name && has_named_port(&canary) != has_named_port(service) {
                return Err(IngressError::PortNotation { service: stable_text, canary: canary_text });
            }
            if routed.contains(&&canary) {
                return Err(IngressError::CanaryRouted { ingress: Excerpt::of(ingress.name), service: canary_text });
            }
        }
        Ok(())
    }

    /// The canary's Service, with the port that it has in the place of this Service.
    fn in_place_of(self, stable: &IngressServiceBackend) -> IngressServiceBackend {
        let port = self.port.map(ingress_port).or_else(|| stable.port.clone());
        IngressServiceBackend { name: self.service.to_owned(), port, unknown: stable.unknown.clone() }
    }

    /// The rule of the canary Ingress that takes requests from this rule of the stable Ingress.
    pub(super) fn rule(self, rule: StableRule) -> IngressRule {
        let StableRule { field: _, host, paths } = rule;
        let paths = paths.into_iter().map(|path| {
            let backend =
                IngressBackend { service: Some(self.in_place_of(&path.service)), resource: None, ..path.path.backend };
            HttpIngressPath { backend, ..path.path }
        });
        let http = HttpIngressRuleValue { paths: paths.collect(), ..HttpIngressRuleValue::default() };
        IngressRule { host, http: Some(http), ..IngressRule::default() }
    }
}

/// Whether the port is given by name. An Ingress does not say which number a name stands for, so a port by name may be the
/// same as a port by number.
fn has_named_port(service: &IngressServiceBackend) -> bool {
    service.port.as_ref().is_some_and(|port| port.name.is_some())
}
