//! Upstreams: what the controller keeps of each Service and port that an Ingress names.

use std::collections::BTreeMap;

use super::stored_ingress::StoredIngress;
use super::upstream_key::UpstreamKey;
use super::{ObjectName, Service};
use crate::targets::nginx::annotations::Config;

/// The name of the upstream that answers with 404, unless the controller has a default backend of its own.
pub(in crate::targets::nginx) const DEFAULT_UPSTREAM: &str = "upstream-default-backend";

/// A Service and port that Ingresses name, as the controller holds it.
///
/// An upstream belongs to no host and no path: the canary of a Service and port gets requests wherever an Ingress routes to
/// this Service and port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upstream {
    /// `NAMESPACE-SERVICE-PORT`, where the port is written as in the Ingress. Two Services can have the same name: the Service
    /// `b-web` in `team`, and `web` in `team-b`.
    pub name: String,
    /// The Service; `None` for the default backend of the controller.
    pub service: Option<ObjectName>,
    /// The port as it is written in the Ingress: a number or a name.
    pub port: String,
    /// The Ingress that created the upstream, whose annotations are its policy; `None` for the default backend of the controller.
    pub ingress: Option<ObjectName>,
    /// Whether a canary Ingress created the upstream. Rules then get no location for it.
    pub is_canary: bool,
    /// The policy of the Ingress that created the upstream. If that is no canary Ingress, every number is 0, including the total.
    pub config: Config,
    /// `canary-by-cookie-value` of that Ingress, which some dialects have.
    pub cookie_value: String,
    /// Whether the controller found endpoints. A canary without endpoints gets no request, and a stable Service without endpoints
    /// answers with 503.
    pub has_endpoints: bool,
    /// The upstreams of the canaries. Only the first one gets requests.
    pub alternatives: Vec<String>,
    /// The session affinity. Unless `affinity-canary-behavior` is `legacy`, a canary has that of the last stable upstream that it
    /// was merged into.
    pub affinity: UpstreamAffinity,
}

/// The session affinity of an upstream; its parts can come from several Ingresses. [`Cluster`](super::Cluster) has an example of
/// what is read from a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UpstreamAffinity {
    /// `affinity` of the first Ingress that has it; empty if none has it.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: String,
    /// `affinity-mode` of the first Ingress that has it, even if that Ingress has no `affinity`; empty if none has it.
    pub mode: String,
    /// The name of the cookie of the last Ingress with `affinity: cookie`; empty if there is none.
    #[cfg_attr(feature = "serde", serde(rename = "cookieName"))]
    pub cookie_name: String,
    /// The paths for which the balancer sets the cookie, by host.
    pub locations: BTreeMap<String, Vec<String>>,
    /// The last Ingress with `affinity: cookie`, whose annotations are the attributes of the cookie.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub ingress: Option<ObjectName>,
}

impl UpstreamAffinity {
    /// Whether the balancer reads the same cookie for both upstreams.
    pub(in crate::targets::nginx) fn is_shared_with(&self, other: &Self) -> bool {
        (&self.kind, &self.cookie_name) == (&other.kind, &other.cookie_name)
    }
}

/// The upstreams of all Ingresses, by name. The Ingresses are in the order of the controller.
///
/// The first Ingress with a rule for an upstream creates it; a default backend creates it anew. Source: controller 1.15.1,
/// `createUpstreams` in `internal/ingress/controller/controller.go`.
pub(super) fn upstreams(
    ingresses: &[StoredIngress<'_>],
    services: &BTreeMap<ObjectName, Service>,
) -> BTreeMap<String, Upstream> {
    let mut upstreams = BTreeMap::from([(DEFAULT_UPSTREAM.to_owned(), Upstream::default_backend())]);
    for ingress in ingresses {
        if let Some(key) = ingress.default_upstream() {
            upstreams.insert(key.name.clone(), Upstream::new(key, ingress, services));
        }
        for key in ingress.path_upstreams() {
            if !upstreams.contains_key(&key.name) {
                upstreams.insert(key.name.clone(), Upstream::new(key, ingress, services));
            }
        }
    }
    upstreams
}

impl Upstream {
    /// The default backend of the controller, which always answers.
    fn default_backend() -> Self {
        Upstream {
            name: DEFAULT_UPSTREAM.to_owned(),
            service: None,
            port: String::new(),
            ingress: None,
            is_canary: false,
            config: no_policy(),
            cookie_value: String::new(),
            has_endpoints: true,
            alternatives: Vec::new(),
            affinity: UpstreamAffinity::default(),
        }
    }

    fn new(key: &UpstreamKey, ingress: &StoredIngress<'_>, services: &BTreeMap<ObjectName, Service>) -> Self {
        let UpstreamKey { name, service, port } = key;
        Upstream {
            name: name.clone(),
            service: Some(service.clone()),
            port: port.clone(),
            ingress: Some(ingress.name.clone()),
            is_canary: ingress.is_canary(),
            config: if ingress.is_canary() { ingress.config.clone() } else { no_policy() },
            cookie_value: if ingress.is_canary() { ingress.cookie_value.clone() } else { String::new() },
            has_endpoints: services.get(service).is_some_and(|service| service.has_endpoints_at(port)),
            ..Upstream::default_backend()
        }
    }
}

/// The policy of an upstream that no canary Ingress created.
fn no_policy() -> Config {
    Config { weight_total: 0, ..Config::default() }
}
