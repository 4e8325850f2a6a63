//! The controller's configuration: the upstreams and virtual hosts that it makes of all Ingresses.

use std::collections::BTreeMap;

use super::error_backend::use_error_backends;
use super::host_locations::{Claim, ClaimedLocation, HostLocations, Hosts, hosts};
use super::ingress_affinity::COOKIE;
use super::merge::{Merge, merge};
use super::stored_ingress::StoredIngress;
use super::upstream::{Upstream, upstreams};
use super::virtual_host::{CanaryInForce, Configuration, Location, VirtualHost};
use super::{Cluster, ObjectName};
use crate::error::{AnnotationError, ControllerPanic};
use crate::policy::{Affinity, AffinityScope, CanaryName};
use crate::targets::nginx::annotations::getter::Getter;
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::annotations::{Config, policy_of};
use crate::targets::nginx::{Flags, Side};

/// The record of how the controller read a cluster: the result of each of its steps.
pub(in crate::targets::nginx) struct Record<'c> {
    pub(in crate::targets::nginx) ingresses: Vec<StoredIngress<'c>>,
    pub(super) hosts: BTreeMap<String, HostLocations<'c>>,
    pub(super) upstreams: BTreeMap<String, Upstream>,
    pub(in crate::targets::nginx) claims: Vec<Claim>,
    pub(in crate::targets::nginx) merges: Vec<Merge>,
}

impl<'c> Record<'c> {
    /// Reads the Ingresses of a cluster in the order and with the steps of the controller.
    ///
    /// # Errors
    ///
    /// The controller crashes if a canary Ingress has a rule without `http`.
    pub(in crate::targets::nginx) fn of(cluster: &'c Cluster) -> Result<Self, ControllerPanic> {
        let ingresses = cluster.stored();
        let mut upstreams = upstreams(&ingresses, &cluster.services);
        let Hosts { mut hosts, claims } = hosts(&ingresses, &mut upstreams);
        let merges = merge(&ingresses, &hosts, &mut upstreams)?;
        use_error_backends(&mut hosts, &mut upstreams);
        Ok(Record { ingresses, hosts, upstreams, claims, merges })
    }

    /// The configuration at the end of all steps.
    pub(in crate::targets::nginx) fn configuration(&self, flags: &Flags) -> Configuration {
        let assembly = Assembly {
            upstreams: &self.upstreams,
            annotations: self.ingresses.iter().map(|ingress| (ingress.name, ingress.annotations)).collect(),
            flags,
        };
        let virtual_hosts = self.hosts.iter().map(|(host, locations)| assembly.virtual_host(host, locations));
        Configuration { virtual_hosts: virtual_hosts.collect(), upstreams: self.upstreams.values().cloned().collect() }
    }
}

/// Assembles the virtual hosts of the configuration.
struct Assembly<'a, 'c> {
    upstreams: &'a BTreeMap<String, Upstream>,
    annotations: BTreeMap<&'c ObjectName, &'c BTreeMap<String, String>>,
    flags: &'a Flags,
}

impl Assembly<'_, '_> {
    fn virtual_host(&self, host: &str, locations: &HostLocations<'_>) -> VirtualHost {
        let HostLocations { aliases, locations, .. } = locations;
        let mut locations: Vec<Location> = locations.iter().map(|location| self.location(location)).collect();
        locations.sort_by(|one, other| (other.path.len(), &other.path).cmp(&(one.path.len(), &one.path)));
        VirtualHost { host: host.to_owned(), aliases: aliases.iter().cloned().collect(), locations }
    }

    /// The location with the first alternative of its stable upstream; the controller does not look at any other.
    fn location(&self, location: &ClaimedLocation<'_>) -> Location {
        let ClaimedLocation { path, path_type, upstream, ingress, is_default, error_service: _ } = location;
        let stable = self.upstreams.get(upstream);
        let alternative = stable.and_then(|stable| stable.alternatives.first());
        let canary = alternative.and_then(|name| self.upstreams.get(name));
        Location {
            path: path.clone(),
            path_type: path_type.clone(),
            ingress: ingress.cloned(),
            is_default_backend: *is_default,
            stable_exists: stable.is_some(),
            stable_has_endpoints: stable.is_some_and(|stable| stable.has_endpoints),
            canary: stable.zip(canary).map(|(stable, canary)| self.in_force(stable, canary)),
            dangling: alternative.filter(|_| canary.is_none()).cloned(),
            stable: upstream.clone(),
        }
    }

    fn in_force(&self, stable: &Upstream, canary: &Upstream) -> CanaryInForce {
        let policy = |config: &Config| policy_of(config, CanaryName::default(), self.affinity(stable, canary)?);
        CanaryInForce {
            upstream: canary.name.clone(),
            ingress: canary.ingress.clone(),
            has_endpoints: canary.has_endpoints,
            policy: policy(&canary.config),
            config: canary.config.clone(),
        }
    }

    /// The affinity of a policy. The balancer asks the stable upstream and the canary's upstream for their cookies; clients are
    /// pinned to the canary only if both have the same one.
    fn affinity(&self, stable: &Upstream, canary: &Upstream) -> Result<Affinity, AnnotationError> {
        let has_cookie = stable.affinity.kind == COOKIE;
        let cookie_ingress = stable.affinity.ingress.as_ref().filter(|_| has_cookie);
        let Some(annotations) = cookie_ingress.and_then(|name| self.annotations.get(name)) else {
            return Ok(Affinity::None);
        };
        let is_shared = canary.affinity.is_shared_with(&stable.affinity);
        let scope = if is_shared { AffinityScope::AllVariants } else { AffinityScope::StableOnly };
        session_affinity(&mut Getter::new(Side::Stable, annotations, self.flags), scope)
    }
}
