//! The controller's configuration: the upstreams and virtual hosts that it makes of all Ingresses.

use std::collections::{BTreeMap, BTreeSet};

use super::canary_of_service::{CanaryOfService, canaries_of_services, merge_by_path};
use super::error_backend::use_error_backends;
use super::host_locations::{Claim, ClaimedLocation, HostLocations, Hosts, hosts};
use super::ingress_affinity::COOKIE;
use super::merge::{Merge, merge};
use super::stored_ingress::{StoredIngress, StoredPath};
use super::upstream::{Upstream, upstreams};
use super::virtual_host::{CanaryInForce, Configuration, Location, VirtualHost};
use super::{Cluster, ObjectName};
use crate::error::{AnnotationError, ControllerPanic};
use crate::policy::{Affinity, AffinityScope, CanaryName};
use crate::targets::nginx::annotations::getter::Getter;
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::annotations::{Config, policy_of};
use crate::targets::nginx::{Attachment, Flags, Side};

/// The record of how the controller read a cluster: the result of each of its steps.
pub(in crate::targets::nginx) struct Record<'c> {
    pub(in crate::targets::nginx) ingresses: Vec<StoredIngress<'c>>,
    pub(super) hosts: BTreeMap<String, HostLocations<'c>>,
    pub(super) upstreams: BTreeMap<String, Upstream>,
    pub(in crate::targets::nginx) claims: Vec<Claim>,
    pub(in crate::targets::nginx) merges: Vec<Merge>,
    /// Whether Services are known, and so their endpoints.
    has_services: bool,
}

impl<'c> Record<'c> {
    /// Reads the Ingresses of a cluster in the order and with the steps of the controller.
    ///
    /// # Errors
    ///
    /// The controller crashes if a canary Ingress has a rule without `http`.
    pub(in crate::targets::nginx) fn of(cluster: &'c Cluster, flags: &Flags) -> Result<Self, ControllerPanic> {
        let ingresses = cluster.stored(flags);
        let mut upstreams = upstreams(&ingresses, &cluster.services);
        let Hosts { mut hosts, claims } = hosts(&ingresses, &mut upstreams, flags.dialect.attachment);
        let merges = match flags.dialect.attachment {
            Attachment::Service | Attachment::Path => {
                let merges = merge(&ingresses, &hosts, &mut upstreams, &flags.dialect)?;
                use_error_backends(&mut hosts, &mut upstreams);
                merges
            }
            Attachment::LastPath => merge_by_path(&ingresses, &hosts, &flags.dialect),
        };
        let has_services = !cluster.services.is_empty();
        Ok(Record { ingresses, hosts, upstreams, claims, merges, has_services })
    }

    /// The configuration at the end of all steps.
    pub(in crate::targets::nginx) fn configuration(&self, flags: &Flags) -> Configuration {
        let is_of_service = flags.dialect.attachment == Attachment::LastPath;
        let assembly = Assembly {
            upstreams: &self.upstreams,
            annotations: self.ingresses.iter().map(|ingress| (ingress.name, ingress.annotations)).collect(),
            flags,
            has_services: self.has_services,
            named: self.named(flags.dialect.attachment),
            of_services: is_of_service
                .then(|| canaries_of_services(&self.ingresses, &self.upstreams, self.has_services, &flags.dialect)),
        };
        let virtual_hosts = self.hosts.iter().map(|(host, locations)| assembly.virtual_host(host, locations));
        Configuration { virtual_hosts: virtual_hosts.collect(), upstreams: self.upstreams.values().cloned().collect() }
    }
}

/// A location that a canary Ingress names, and the upstream of the canary.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NamedLocation<'n> {
    host: &'n str,
    path: &'n str,
    path_type: &'n str,
    upstream: &'n str,
}

impl Record<'_> {
    /// The locations that the canary Ingresses name, if a canary belongs to these and not to its stable Service.
    fn named(&self, attachment: Attachment) -> Option<BTreeSet<NamedLocation<'_>>> {
        if attachment != Attachment::Path {
            return None;
        }
        let mut named = BTreeSet::new();
        for rule in self.ingresses.iter().filter(|ingress| ingress.is_canary()).flat_map(|ingress| &ingress.rules) {
            for StoredPath { path, path_type, written: _, upstream } in rule.paths.iter().flatten() {
                let key = upstream.as_ref().map(|key| key.name.as_str());
                named.extend(key.map(|upstream| NamedLocation { host: &rule.host, path, path_type, upstream }));
            }
        }
        Some(named)
    }
}

/// Assembles the virtual hosts of the configuration.
struct Assembly<'a, 'c> {
    upstreams: &'a BTreeMap<String, Upstream>,
    annotations: BTreeMap<&'c ObjectName, &'c BTreeMap<String, String>>,
    flags: &'a Flags,
    has_services: bool,
    named: Option<BTreeSet<NamedLocation<'a>>>,
    /// The canary of each stable upstream, if a canary belongs to the Service of its last path.
    of_services: Option<BTreeMap<&'a str, CanaryOfService<'a>>>,
}

impl Assembly<'_, '_> {
    fn virtual_host(&self, host: &str, locations: &HostLocations<'_>) -> VirtualHost {
        let HostLocations { aliases, locations, .. } = locations;
        let mut locations: Vec<Location> = locations.iter().map(|location| self.location(host, location)).collect();
        locations.sort_by(|one, other| (other.path.len(), &other.path).cmp(&(one.path.len(), &one.path)));
        VirtualHost { host: host.to_owned(), aliases: aliases.iter().cloned().collect(), locations }
    }

    /// The location with the first alternative of its stable upstream. ingress-nginx does not look at any other; some dialects do.
    fn location(&self, host: &str, location: &ClaimedLocation<'_>) -> Location {
        let ClaimedLocation { path: _, path_type: _, upstream, ingress, is_default, error_service: _ } = location;
        let stable = self.upstreams.get(upstream);
        if let Some(of_services) = &self.of_services {
            let canary = of_services.get(upstream.as_str()).filter(|_| !is_default);
            return Location {
                canary: canary.map(|canary| self.of_service(canary, *ingress)),
                ..plain(location, stable)
            };
        }
        let all = stable.into_iter().flat_map(|stable| &stable.alternatives);
        let mut alternatives = all.filter(|name| self.counts(name, host, location));
        let alternative = alternatives.next();
        let canary = alternative.and_then(|name| self.upstreams.get(name));
        // Without the first canary, no other one gets requests.
        let further = alternatives.filter(|_| self.flags.dialect.several_canaries && canary.is_some());
        let further = further.filter_map(|name| Some(self.in_force(stable?, self.upstreams.get(name)?)));
        Location {
            canary: stable.zip(canary).map(|(stable, canary)| self.in_force(stable, canary)),
            further_canaries: further.collect(),
            dangling: alternative.filter(|_| canary.is_none()).cloned(),
            ..plain(location, stable)
        }
    }

    /// The canary of a stable Service, with the affinity of the location's Ingress.
    fn of_service(&self, canary: &CanaryOfService<'_>, stable: Option<&ObjectName>) -> CanaryInForce {
        let CanaryOfService { ingress, upstream } = canary;
        let affinity = self.affinity_of(stable, AffinityScope::AllVariants);
        self.with_policy(upstream, Some(ingress.name), &ingress.config, &ingress.cookie_value, affinity)
    }

    /// Whether the dialect looks at an alternative of the location's upstream.
    fn counts(&self, alternative: &str, host: &str, location: &ClaimedLocation<'_>) -> bool {
        let dialect = &self.flags.dialect;
        let Some(canary) = self.upstreams.get(alternative) else { return true };
        let namespace = |ingress: Option<&ObjectName>| ingress.map(|name| name.namespace().to_owned());
        let is_near = dialect.other_namespaces || namespace(canary.ingress.as_ref()) == namespace(location.ingress);
        let is_ready = !dialect.skips_without_endpoints || !self.has_services || canary.has_endpoints;
        let (path, path_type) = (location.path.as_str(), location.path_type.as_str());
        let place = NamedLocation { host, path, path_type, upstream: alternative };
        is_near && is_ready && self.named.as_ref().is_none_or(|named| named.contains(&place))
    }

    fn in_force(&self, stable: &Upstream, canary: &Upstream) -> CanaryInForce {
        let affinity = self.affinity(stable, canary);
        self.with_policy(canary, canary.ingress.as_ref(), &canary.config, &canary.cookie_value, affinity)
    }

    /// The canary of an upstream, with the policy of an Ingress.
    fn with_policy(
        &self,
        upstream: &Upstream,
        ingress: Option<&ObjectName>,
        config: &Config,
        cookie_value: &str,
        affinity: Result<Affinity, AnnotationError>,
    ) -> CanaryInForce {
        let dialect = &self.flags.dialect;
        let policy = |affinity| policy_of(config, cookie_value, CanaryName::default(), affinity, dialect);
        CanaryInForce {
            upstream: upstream.name.clone(),
            ingress: ingress.cloned(),
            has_endpoints: upstream.has_endpoints,
            policy: affinity.and_then(policy),
            config: config.clone(),
        }
    }

    /// The affinity of a policy. The balancer asks the stable upstream and the canary's upstream for their cookies; clients are
    /// pinned to the canary only if both have the same one.
    fn affinity(&self, stable: &Upstream, canary: &Upstream) -> Result<Affinity, AnnotationError> {
        let has_cookie = stable.affinity.kind == COOKIE;
        let is_shared = canary.affinity.is_shared_with(&stable.affinity);
        let scope = if is_shared { AffinityScope::AllVariants } else { AffinityScope::StableOnly };
        self.affinity_of(stable.affinity.ingress.as_ref().filter(|_| has_cookie), scope)
    }

    /// The affinity in the annotations of an Ingress.
    fn affinity_of(&self, ingress: Option<&ObjectName>, scope: AffinityScope) -> Result<Affinity, AnnotationError> {
        match ingress.and_then(|name| self.annotations.get(name)) {
            Some(annotations) => session_affinity(&mut Getter::new(Side::Stable, annotations, self.flags), scope),
            None => Ok(Affinity::None),
        }
    }
}

/// The location without canaries.
fn plain(location: &ClaimedLocation<'_>, stable: Option<&Upstream>) -> Location {
    let ClaimedLocation { path, path_type, upstream, ingress, is_default, error_service: _ } = location;
    Location {
        path: path.clone(),
        path_type: path_type.clone(),
        ingress: ingress.cloned(),
        is_default_backend: *is_default,
        stable: upstream.clone(),
        stable_exists: stable.is_some(),
        stable_has_endpoints: stable.is_some_and(|stable| stable.has_endpoints),
        canary: None,
        further_canaries: Vec::new(),
        dangling: None,
    }
}
