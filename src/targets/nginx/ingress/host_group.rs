//! The hosts of an Ingress that one route can hold.

use std::collections::BTreeMap;

use super::location::path_text;
use super::routes::route_name;
use super::service::port;
use super::stable_ingress::StableIngress;
use super::stable_service::{StablePath, StableRule, StableService};
use crate::error::{IngressError, InvalidRoute};
use crate::route::{Backend, Host, Path, Port, Route};
use crate::targets::finding::Findings;
use crate::targets::nginx::Flags;

/// Hosts with the same paths and the same port, which become one route.
pub(super) struct HostGroup {
    /// The hosts; an empty list is every host that no other rule has.
    hosts: Vec<Host>,
    paths: Vec<Path>,
    port: Option<Port>,
}

impl HostGroup {
    /// Whether the hosts of both can be in one route. A rule for every host stays alone: its route has no list of hosts.
    fn is_alike(&self, other: &HostGroup) -> bool {
        self.paths == other.paths && self.port == other.port && self.hosts.is_empty() == other.hosts.is_empty()
    }

    /// The route, the `index`th of its Ingress.
    pub(super) fn route(
        self,
        index: usize,
        stable: StableIngress<'_>,
        service: &StableService,
        canaries: &[Backend],
    ) -> Result<Route, IngressError> {
        let HostGroup { hosts, paths, port } = self;
        let with_port = |backend: Backend| match (backend.port(), &port) {
            (None, Some(port)) => backend.with_port(port.clone()),
            _ => backend,
        };
        let backend = Backend::new(&service.name).map_err(at("stable"))?;
        let name = route_name(stable.name, index);
        let canaries = canaries.iter().cloned().map(with_port);
        let route = Route::new(&name, with_port(backend), canaries).map_err(at("metadata.name"))?;
        let route = route.with_hosts(hosts).map_err(at("spec.rules"))?.with_paths(paths).map_err(at("spec.rules"))?;
        match stable.namespace() {
            Some(namespace) => route.with_namespace(namespace).map_err(at("metadata.namespace")),
            None => Ok(route),
        }
    }
}

/// The hosts and paths on which the stable Service answers, in the order of the rules; empty if no route can hold any path.
pub(super) fn host_groups(
    stable: StableIngress<'_>,
    service: &StableService,
    flags: &Flags,
    findings: &mut Findings,
) -> Result<Vec<HostGroup>, IngressError> {
    let rules = by_host(service.rules(stable));
    if rules.is_empty() {
        return Err(service.nothing_to_split(stable));
    }
    let has_regexes = has_regexes(stable, flags);
    let mut groups: Vec<HostGroup> = Vec::new();
    for rule in rules {
        let host = rule.host.as_deref().filter(|host| !host.is_empty()).map(Host::new).transpose();
        let host = host.map_err(at(rule.field))?;
        let mut by_port: BTreeMap<Option<Port>, Vec<Path>> = BTreeMap::new();
        for path in &rule.paths {
            if let Some(route_path) = route_path(path, has_regexes, findings) {
                let port = path.service.port.as_ref().map(port).transpose();
                by_port.entry(port.map_err(at(path.field.as_str()))?).or_default().push(route_path);
            }
        }
        for (port, paths) in by_port {
            let group = HostGroup { hosts: host.iter().cloned().collect(), paths, port };
            match groups.iter_mut().find(|other| other.is_alike(&group)) {
                Some(other) => other.hosts.extend(group.hosts),
                None => groups.push(group),
            }
        }
    }
    Ok(groups)
}

/// One rule for each host, in the order in which the hosts come first: an Ingress may have several rules for one host.
fn by_host(rules: Vec<StableRule>) -> Vec<StableRule> {
    let mut hosts: Vec<StableRule> = Vec::new();
    for rule in rules {
        match hosts.iter_mut().find(|other| other.host == rule.host) {
            Some(other) => other.paths.extend(rule.paths),
            None => hosts.push(rule),
        }
    }
    hosts
}

/// Whether the controller reads the paths of this Ingress as regular expressions.
fn has_regexes(stable: StableIngress<'_>, flags: &Flags) -> bool {
    let annotation = |name: &str| flags.value(stable.annotations(), name);
    annotation("use-regex").is_some_and(|value| value == "true") || annotation("rewrite-target").is_some()
}

/// The path as a path of a route; `None` and a finding if no route can hold it.
fn route_path(path: &StablePath, has_regexes: bool, findings: &mut Findings) -> Option<Path> {
    const REGEX: [char; 8] = ['(', '[', '*', '+', '?', '$', '\\', '^'];
    let StablePath { field, path, service: _ } = path;
    let (text, path_type) = (path_text(path), path.path_type.as_str());
    if has_regexes && path_type == "ImplementationSpecific" && text.contains(REGEX) {
        findings.left_out(field, text, "it is a regular expression");
        return None;
    }
    let read = if path_type == "Exact" { Path::exact(text) } else { Path::prefix(text) };
    if read.is_err() {
        findings.left_out(field, text, "not every target would read this path alike");
    } else if path_type == "ImplementationSpecific" && text != "/" {
        let why = "ingress-nginx compares the prefix character by character, and a route element by element";
        findings.assumed(field, &format!("Prefix {text}"), why);
    }
    read.ok()
}

fn at(field: impl Into<String>) -> impl FnOnce(InvalidRoute) -> IngressError {
    let field = field.into();
    move |invalid| IngressError::Invalid { field, invalid }
}
