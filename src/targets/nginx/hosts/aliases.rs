//! The aliases of all hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::findings_by_ingress::FindingsByIngress;
use crate::route::Host;
use crate::targets::nginx::VirtualHost;
use crate::targets::nginx::cluster::stored_ingress::{CATCH_ALL, StoredIngress};

/// The aliases of all hosts.
pub(super) struct Aliases<'c> {
    /// The first host that has an alias, which is the one that nginx knows.
    hosts: BTreeMap<&'c str, &'c str>,
    /// The aliases with a `*`, which nginx compares before the regular expression of a host with a `*`.
    wildcards: BTreeSet<&'c str>,
}

impl<'c> Aliases<'c> {
    pub(super) fn new(all: &'c [VirtualHost]) -> Self {
        let mut hosts = BTreeMap::new();
        for host in all {
            for alias in &host.aliases {
                hosts.entry(alias.as_str()).or_insert(host.host.as_str());
            }
        }
        let wildcards = hosts.keys().copied().filter(|alias| alias.starts_with("*.")).collect();
        Aliases { hosts, wildcards }
    }

    /// The names of a host: the host and its aliases. `None` if the host cannot be written elsewhere, which is a finding.
    pub(super) fn names(
        &self,
        host: &VirtualHost,
        ingresses: &[&StoredIngress<'_>],
        findings: &mut FindingsByIngress,
    ) -> Option<Vec<Host>> {
        if host.host == CATCH_ALL {
            return Some(Vec::new());
        }
        let report = |findings: &mut FindingsByIngress, name: &str, why| {
            for ingress in ingresses {
                findings.without_location(ingress.name, "spec.rules", name, why);
            }
        };
        let no_host = "a host of a route is a DNS name in small letters";
        let Ok(first) = Host::new(&host.host) else {
            report(findings, &host.host, no_host);
            return None;
        };
        let mut hosts = vec![first];
        for alias in &host.aliases {
            match Host::new(alias) {
                // The controller writes an alias as it is, and a host with a `*` as a regular expression.
                Ok(alias) if alias.wildcard_domain().is_some() => {
                    let why = "the `*` of an alias is one or more labels, and that of a host of a route is one";
                    report(findings, alias.as_str(), why);
                }
                Ok(alias) if self.hosts.get(alias.as_str()) == Some(&host.host.as_str()) => hosts.push(alias),
                Ok(alias) => {
                    let why = "it is an alias of an earlier host too, which has its requests";
                    for ingress in ingresses {
                        findings.of(ingress.name).left_out("spec.rules", alias.as_str(), why);
                    }
                }
                Err(_) => report(findings, alias, no_host),
            }
        }
        Some(hosts)
    }

    /// An alias that takes the requests of a host with a `*`.
    pub(super) fn before(&self, host: &str) -> Option<&str> {
        let mut wildcards = wildcards_above(host).filter(|_| host.starts_with("*."));
        wildcards.find_map(|wildcard| self.wildcards.get(wildcard.as_str()).copied())
    }

    /// The aliases that no host of a route can be, so that elsewhere every other host answers them.
    pub(super) fn lost(&self) -> impl Iterator<Item = &str> {
        let is_host = |alias: &str| Host::new(alias).is_ok_and(|host| host.wildcard_domain().is_none());
        self.hosts.keys().copied().filter(move |alias| !is_host(alias))
    }
}

/// The wildcards that match a host, from the longest one on: `*.b.c` and `*.c` for `a.b.c`, and for `*.b.c` too.
pub(super) fn wildcards_above(host: &str) -> impl Iterator<Item = String> {
    host.match_indices('.').filter_map(|(dot, _)| host.get(dot..)).map(|domain| format!("*{domain}"))
}
