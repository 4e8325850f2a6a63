//! Virtual hosts and locations: the result of a cluster.

use super::several::policy_of_all;
use super::{ObjectName, Upstream};
use crate::error::AnnotationError;
use crate::policy::Policy;
use crate::targets::nginx::annotations::Config;

/// All that one host serves; [`Cluster`](super::Cluster) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VirtualHost {
    /// The host in the letter case of the Ingresses. `_` is the catch-all host, which answers for every host that has no virtual
    /// host.
    pub host: String,
    /// Further names of the host, from the annotation `server-alias`.
    pub aliases: Vec<String>,
    /// The locations: longer paths first, paths of the same length in descending order. A path can occur twice.
    pub locations: Vec<Location>,
}

/// One path of a virtual host, with its stable Service and the canary that takes requests from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The path.
    pub path: String,
    /// `Exact` or `Prefix`. `Prefix` stands for `ImplementationSpecific` too.
    pub path_type: String,
    /// The Ingress that has the location; `None` for the catch-all host as long as no Ingress claims it.
    pub ingress: Option<ObjectName>,
    /// Whether no rule has the location, so that a default backend answers.
    pub is_default_backend: bool,
    /// The name of the stable upstream.
    pub stable: String,
    /// Whether the stable upstream exists. If not, a canary's default backend has deleted it, and requests are answered with 503.
    pub stable_exists: bool,
    /// Whether the stable upstream has endpoints. Without endpoints every request is answered with 503, even one that would go to
    /// the canary.
    pub stable_has_endpoints: bool,
    /// The canary, if there is one.
    pub canary: Option<CanaryInForce>,
    /// The canaries besides the first one, if the [`Dialect`](crate::targets::nginx::Dialect) sends requests to several.
    pub further_canaries: Vec<CanaryInForce>,
    /// The name of a canary's upstream that was deleted although the stable upstream still lists it first. Every request then goes
    /// to stable, and no other canary gets any.
    pub dangling: Option<String>,
}

impl Location {
    /// All canaries that get requests.
    pub fn canaries(&self) -> impl Iterator<Item = &CanaryInForce> + Clone {
        self.canary.iter().chain(&self.further_canaries)
    }

    /// The location as it would be without canaries.
    pub(crate) fn without_canaries(&self) -> Self {
        Location { canary: None, further_canaries: Vec::new(), dangling: None, ..self.clone() }
    }

    /// The policy of all canaries; `None` without a canary. With several canaries, the second one is named `canary-2`, and so on.
    ///
    /// # Errors
    ///
    /// No policy can hold the annotations.
    #[must_use]
    pub fn policy(&self) -> Option<Result<Policy, AnnotationError>> {
        let canary = self.canary.as_ref()?;
        if self.further_canaries.is_empty() {
            return Some(canary.policy.clone());
        }
        Some(policy_of_all(self.canaries()))
    }
}

/// The canary of a location, and the policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CanaryInForce {
    /// The name of the canary's upstream.
    pub upstream: String,
    /// The Ingress whose policy is in force, which is the one that created the upstream. An ordinary Ingress may have created it;
    /// then no request goes to the canary.
    pub ingress: Option<ObjectName>,
    /// Whether the canary has endpoints. Without endpoints every request goes to stable.
    pub has_endpoints: bool,
    /// The policy in force as the controller holds it.
    pub config: Config,
    /// The policy in force, with the affinity of the stable upstream.
    ///
    /// # Errors
    ///
    /// No policy can hold a value, such as a pattern that needs a backtracking engine.
    pub policy: Result<Policy, AnnotationError>,
}

impl CanaryInForce {
    /// Whether the canary has a weight or a rule.
    #[must_use]
    pub fn can_get_requests(&self) -> bool {
        self.config.can_get_requests()
    }
}

/// An Ingress that the controller has stored, as [`Cluster::processed`](super::Cluster::processed) returns it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ProcessedIngress {
    /// The name of the Ingress.
    pub ingress: ObjectName,
    /// Whether the controller treats the Ingress as a canary.
    pub canary: bool,
}

/// The state of a cluster as its controller holds it: [`Cluster::configuration`](super::Cluster::configuration) returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Configuration {
    /// The upstreams, sorted by name.
    pub upstreams: Vec<Upstream>,
    /// The virtual hosts, sorted by host.
    pub virtual_hosts: Vec<VirtualHost>,
}
