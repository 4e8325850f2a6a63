//! Reads one virtual host of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::HostReading;
use super::aliases::{Aliases, wildcards_above};
use super::annotations::{
    RegexAnnotation, changes_answers, condition, inexact_annotations, is_grpc, redirects_to_https, rewrites,
    why_left_out,
};
use super::findings_by_ingress::FindingsByIngress;
use super::location_reader::LocationReader;
use super::server_annotations::{ServerAnnotations, server_annotations};
use super::shared_cookies::SharedCookies;
use super::upstream_backends::UpstreamBackends;
use crate::error::InvalidRoute;
use crate::route::{self, Host, Path};
use crate::targets::finding::Findings;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::cluster::configuration::Record;
use crate::targets::nginx::cluster::host_locations::{Claim, ClaimOutcome};
use crate::targets::nginx::cluster::stored_ingress::{CATCH_ALL, StoredIngress};
use crate::targets::nginx::cluster::{ClusterParts, Place};
use crate::targets::nginx::{Configuration, Dialect, Location, ObjectName, VirtualHost};

/// Everything that virtual hosts are read from.
pub(super) struct HostReader<'c> {
    parts: ClusterParts<'c>,
    ingresses: BTreeMap<&'c ObjectName, &'c StoredIngress<'c>>,
    backends: UpstreamBackends<'c>,
    /// The places of the paths that have a location, by Ingress, host and path.
    places: BTreeMap<PathKey<'c>, Place>,
    /// The names of the virtual hosts, by host.
    names: BTreeMap<&'c str, String>,
    aliases: Aliases<'c>,
    cookies: SharedCookies,
    /// The hosts that are served, with their `*`.
    served: BTreeSet<&'c str>,
    /// The first Ingress that names a host.
    owners: BTreeMap<&'c str, &'c ObjectName>,
    /// The annotations that hold for a whole host, each with its Ingress, its name and its value.
    server_annotations: ServerAnnotations<'c>,
    /// The certificates of each Ingress and host; `None` has those that are for every host.
    certificates: BTreeMap<CertificateKey<'c>, Vec<Certificate<'c>>>,
}

/// An Ingress and a host.
type CertificateKey<'c> = (&'c ObjectName, Option<&'c str>);

/// A certificate of an Ingress: its place, and the name of its Secret.
#[derive(Clone, Copy)]
struct Certificate<'c> {
    index: usize,
    secret: &'c str,
}

/// The Ingress, host and text of a path.
type PathKey<'c> = (&'c ObjectName, &'c str, &'c str);

impl<'c> HostReader<'c> {
    pub(super) fn new(parts: ClusterParts<'c>, record: &'c Record<'c>, configuration: &'c Configuration) -> Self {
        let claimed = record.claims.iter().filter(|claim| claim.outcome == ClaimOutcome::Claimed);
        let hosts = configuration.virtual_hosts.as_slice();
        let mut owners = BTreeMap::new();
        for ingress in &record.ingresses {
            for rule in &ingress.rules {
                owners.entry(rule.host.as_str()).or_insert(ingress.name);
            }
        }
        let backends = UpstreamBackends::new(record, configuration, parts.services);
        let place = |claim: &'c Claim| ((&claim.ingress, claim.host.as_str(), claim.path.as_str()), claim.place);
        HostReader {
            parts,
            ingresses: record.ingresses.iter().map(|ingress| (ingress.name, ingress)).collect(),
            served: hosts.iter().filter(|host| is_served(host, &backends)).map(|host| host.host.as_str()).collect(),
            backends,
            places: claimed.map(place).collect(),
            certificates: certificates(parts),
            names: names(hosts.iter().map(|host| host.host.as_str())),
            aliases: Aliases::new(hosts),
            cookies: SharedCookies::new(hosts),
            owners,
            server_annotations: server_annotations(parts, record, hosts),
        }
    }

    /// Whether an Ingress answers on the host.
    pub(super) fn is_served(&self, host: &VirtualHost) -> bool {
        self.served.contains(host.host.as_str())
    }

    /// A host on which the default backend of the controller answers; `None` if nothing else would answer it elsewhere.
    pub(super) fn read_unserved(&self, host: &VirtualHost) -> Option<HostReading> {
        let mut others = wildcards_above(&host.host).chain([CATCH_ALL.to_owned()]);
        let owner =
            self.owners.get(host.host.as_str()).filter(|_| others.any(|other| self.served.contains(&*other)))?;
        let mut findings = FindingsByIngress::default();
        let why =
            "no path of the host has a Service, so the controller answers with 404, and elsewhere another host answers";
        findings.without_location(owner, "spec.rules", &host.host, why);
        let findings = findings.into_vec();
        Some(HostReading { host: host.host.clone(), virtual_host: None, whole: false, grpc: false, findings })
    }

    /// The virtual host, and the findings.
    pub(super) fn read(&self, host: &VirtualHost) -> HostReading {
        let mut findings = FindingsByIngress::default();
        let ingresses = self.ingresses_of(host);
        let shortest = host.locations.iter().rev().find_map(|location| location.ingress.as_ref());
        let namespace = shortest.map(ObjectName::namespace).unwrap_or_default();
        let locations = self.locations(host, namespace, &mut findings);
        self.inexact_canaries(host, &mut findings);
        for location in &host.locations {
            self.headers_after_cookies(location, &mut findings);
        }
        let grpc = ingresses.iter().all(|ingress| is_grpc(ingress, self.parts.flags));
        for ingress in &ingresses {
            findings.lacks_location |= rewrites(ingress, self.parts.flags);
            self.annotations(ingress, grpc, &mut findings);
            self.certificates(ingress, &host.host, findings.of(ingress.name));
        }
        if let Some(ingress) = ingresses.first().filter(|_| host.host == CATCH_ALL) {
            let why = "the controller answers this alias on another host, and elsewhere every other host answers it";
            for alias in self.aliases.lost() {
                findings.changed_location(ingress.name, "spec", alias, why);
            }
        }
        self.annotations_of_server(host, &ingresses, &mut findings);
        let hosts = self.aliases.names(host, &ingresses, &mut findings);
        if let Some(alias) = self.aliases.before(&host.host) {
            let why = "nginx compares this alias before a host with a `*`, which is a regular expression there";
            for ingress in &ingresses {
                findings.changed_location(ingress.name, "spec.rules", alias, why);
            }
        }
        // Without a location, each path is a finding already.
        let parts = hosts.filter(|_| !locations.is_empty());
        let virtual_host = parts.map(|hosts| self.virtual_host(&host.host, namespace, locations, hosts));
        if let Some(Err(invalid)) = &virtual_host {
            for ingress in &ingresses {
                let why = "no virtual host can have such a name or namespace";
                findings.of(ingress.name).left_out("spec.rules", &invalid.to_string(), why);
            }
        }
        let virtual_host = virtual_host.and_then(Result::ok);
        let whole = virtual_host.is_some() && !findings.lacks_location;
        HostReading { host: host.host.clone(), virtual_host, whole, grpc, findings: findings.into_vec() }
    }

    fn virtual_host(
        &self,
        host: &str,
        namespace: &str,
        locations: BTreeMap<Path, route::Location>,
        hosts: Vec<Host>,
    ) -> Result<route::VirtualHost, InvalidRoute> {
        let name = self.names.get(host).map_or(host, String::as_str);
        let read = route::VirtualHost::new(name, locations.into_values())?;
        read.with_namespace(namespace)?.with_hosts(hosts)
    }

    /// The locations by path. Longer paths come first, and the first location of a path decides.
    fn locations(
        &self,
        host: &VirtualHost,
        namespace: &str,
        findings: &mut FindingsByIngress,
    ) -> BTreeMap<Path, route::Location> {
        // What the cookies of other controllers contain is not known.
        let has_tokens = self.parts.flags.dialect.affinity == Dialect::INGRESS_NGINX.affinity
            && !self.parts.flags.dialect.not_known.contains(&key::AFFINITY);
        let regex = self.regex_annotation(host);
        let has_services = !self.parts.services.is_empty();
        let reader = LocationReader { backends: &self.backends, namespace, has_tokens, has_services, regex };
        let mut locations: BTreeMap<Path, route::Location> = BTreeMap::new();
        for location in &host.locations {
            let Some(ingress) = &location.ingress else { continue };
            let field = self.field(ingress, &host.host, location);
            let Some(read) = reader.read(location, &field, findings) else { continue };
            if locations.contains_key(read.path()) {
                let why = "an earlier location of the host has the same path here";
                findings.without_location(ingress, &field, &location.path, why);
            } else {
                locations.insert(read.path().clone(), self.cookies.told_apart(read, &location.stable));
            }
        }
        locations
    }

    /// The Ingresses that have locations of the host, sorted by name.
    fn ingresses_of(&self, host: &VirtualHost) -> Vec<&StoredIngress<'_>> {
        let names: BTreeSet<&ObjectName> =
            host.locations.iter().filter_map(|location| location.ingress.as_ref()).collect();
        names.into_iter().filter_map(|name| self.ingresses.get(name).copied()).collect()
    }

    /// The field of a location in its Ingress.
    fn field(&self, ingress: &ObjectName, host: &str, location: &Location) -> String {
        let place = self.places.get(&(ingress, host, location.path.as_str())).filter(|_| !location.is_default_backend);
        place.copied().unwrap_or(Place::DefaultBackend).to_string()
    }

    /// The annotation that makes every path of the host a regular expression.
    fn regex_annotation(&self, host: &VirtualHost) -> Option<RegexAnnotation> {
        host.locations.iter().find_map(|location| {
            let ingress = self.ingresses.get(location.ingress.as_ref()?)?;
            RegexAnnotation::of(ingress, &location.path, self.parts.flags)
        })
    }

    /// Reports the annotations that no virtual host can hold: most of them change what the host answers.
    fn annotations(&self, ingress: &StoredIngress<'_>, is_grpc_host: bool, findings: &mut FindingsByIngress) {
        for (key, value) in ingress.annotations {
            let Some(name) = self.parts.flags.annotation(key) else { continue };
            let field = || format!("metadata.annotations[{key}]");
            if let Some(condition) = condition(name, value, is_grpc_host) {
                findings.of(ingress.name).condition(field(), value, condition);
            } else if let Some(why) = why_left_out(name, value) {
                findings.lacks_location |= changes_answers(name);
                findings.of(ingress.name).left_out(field(), value, why);
            }
        }
    }

    /// Reports annotations of the canaries and of the affinity that the dialect reads in a way which no policy can express, or that
    /// is not known.
    fn inexact_canaries(&self, host: &VirtualHost, findings: &mut FindingsByIngress) {
        let canaries = host.locations.iter().flat_map(Location::canaries).filter_map(|canary| canary.ingress.as_ref());
        let sticky = host.locations.iter().filter(|location| location.canary.is_some());
        let sticky = sticky.filter_map(|location| location.ingress.as_ref());
        let all: BTreeSet<&ObjectName> = canaries.chain(sticky).collect();
        for ingress in all.into_iter().filter_map(|name| self.ingresses.get(name)) {
            for (annotation, value, why) in inexact_annotations(ingress, self.parts.flags) {
                findings.changed_location(ingress.name, &format!("metadata.annotations[{annotation}]"), &value, why);
            }
        }
    }

    /// Reports header rules of canaries after one with a cookie rule, if the dialect sends requests to several canaries.
    fn headers_after_cookies(&self, location: &Location, findings: &mut FindingsByIngress) {
        let after_cookie = location.canaries().skip_while(|canary| canary.config.cookie.is_empty()).skip(1);
        for canary in after_cookie.filter(|canary| !canary.config.header.is_empty()) {
            let why = "the controller asks an earlier canary for its cookie first, and a policy asks all headers first";
            if let Some(ingress) = &canary.ingress {
                let field = format!("metadata.annotations[{}]", self.parts.flags.prefix.key(key::HEADER));
                findings.changed_location(ingress, &field, &canary.config.header, why);
            }
        }
    }

    /// Reports the certificates of the host.
    fn certificates(&self, ingress: &StoredIngress<'_>, host: &str, findings: &mut Findings) {
        let of_host = |host| self.certificates.get(&(ingress.name, host)).into_iter().flatten();
        let mut all: Vec<&Certificate<'_>> = of_host(None).chain(of_host(Some(host))).collect();
        all.sort_by_key(|certificate| certificate.index);
        for Certificate { index, secret } in all {
            let field = format!("spec.tls[{index}]");
            if redirects_to_https(ingress, self.parts.flags) {
                let condition = "certificates belong to a Gateway or listener, and it redirects plain HTTP to HTTPS, as the \
                                 controller does";
                findings.condition(field, secret, condition);
            } else {
                findings.left_out(field, secret, "certificates belong to a Gateway or listener");
            }
        }
    }

    /// Reports the annotations for the whole host of Ingresses that have no location there.
    fn annotations_of_server(
        &self,
        host: &VirtualHost,
        ingresses: &[&StoredIngress<'_>],
        findings: &mut FindingsByIngress,
    ) {
        let of_host = self.server_annotations.get(host.host.as_str()).into_iter().flatten();
        let has_location = |name| ingresses.binary_search_by_key(&name, |ingress| ingress.name).is_ok();
        for (ingress, key, value) in of_host.filter(|(ingress, ..)| !has_location(*ingress)) {
            let why = "it holds for the whole host, and a virtual host holds only hosts, paths, backends and policies";
            findings.without_location(ingress, &format!("metadata.annotations[{key}]"), value, why);
        }
    }
}

/// Whether an Ingress answers on the host.
fn is_served(host: &VirtualHost, backends: &UpstreamBackends<'_>) -> bool {
    host.locations.iter().any(|location| location.ingress.is_some() && backends.has(&location.stable))
}

/// The certificates of all Ingresses, by Ingress and host, each once.
fn certificates(parts: ClusterParts<'_>) -> BTreeMap<CertificateKey<'_>, Vec<Certificate<'_>>> {
    let mut certificates: BTreeMap<CertificateKey<'_>, Vec<Certificate<'_>>> = BTreeMap::new();
    for (name, object) in parts.ingresses {
        for (index, tls) in object.spec.tls.iter().enumerate() {
            let certificate = Certificate { index, secret: tls.secret_name.as_deref().unwrap_or_default() };
            let named: BTreeSet<&str> = tls.hosts.iter().map(String::as_str).collect();
            let everywhere = named.is_empty().then_some(None);
            for host in named.into_iter().map(Some).chain(everywhere) {
                certificates.entry((name, host)).or_default().push(certificate);
            }
        }
    }
    certificates
}

/// The names of virtual hosts: the host, `catch-all`, or `wildcard.` and a domain. A name that another host has already gets a
/// number.
fn names<'h>(hosts: impl Iterator<Item = &'h str> + Clone) -> BTreeMap<&'h str, String> {
    let mut taken: BTreeSet<String> = hosts.clone().map(str::to_owned).collect();
    let mut names = BTreeMap::new();
    for host in hosts {
        let base = match host.strip_prefix("*.") {
            Some(domain) => format!("wildcard.{domain}"),
            None if host == CATCH_ALL => "catch-all".to_owned(),
            None => host.to_owned(),
        };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        let name = candidates.find(|name| name == host || taken.insert(name.clone()));
        names.insert(host, name.unwrap_or(base));
    }
    names
}
