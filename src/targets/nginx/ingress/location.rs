//! The paths of an Ingress: where they are in the object, and which of them the controller takes for the same location.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::targets::nginx::{HttpIngressPath, Ingress, IngressBackend, IngressRule, IngressServiceBackend};

/// A host and a path, compared as the controller does: an absent path is `/`, and every path type but `Exact` is a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    /// The host; the empty text is the catch-all server.
    host: String,
    path: String,
    is_exact: bool,
}

impl Location {
    pub(super) fn new(host: Option<&str>, path: &HttpIngressPath) -> Self {
        Location {
            host: host.unwrap_or_default().to_owned(),
            path: path_text(path).to_owned(),
            is_exact: path.path_type == "Exact",
        }
    }
}

/// The path on which a default backend answers.
pub(super) fn root(service: &IngressServiceBackend) -> HttpIngressPath {
    HttpIngressPath {
        backend: IngressBackend { service: Some(service.clone()), ..IngressBackend::default() },
        path: Some("/".to_owned()),
        path_type: "Prefix".to_owned(),
        ..HttpIngressPath::default()
    }
}

/// The host and the path, as in `example.com/cart`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { host, path, is_exact: _ } = self;
        write!(f, "{host}{path}")
    }
}

/// The path; `/` if it is absent or empty.
pub(super) fn path_text(path: &HttpIngressPath) -> &str {
    path.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/")
}

/// A path of an Ingress, with its host and the path of its field, as in `spec.rules[0].http.paths[1]`.
pub(super) struct IngressPath<'i> {
    pub(super) field: String,
    pub(super) host: Option<&'i str>,
    pub(super) path: &'i HttpIngressPath,
}

impl IngressPath<'_> {
    pub(super) fn location(&self) -> Location {
        Location::new(self.host, self.path)
    }
}

/// The paths of a rule, which is the `index`th of its Ingress.
pub(super) fn paths_of_rule(index: usize, rule: &IngressRule) -> impl Iterator<Item = IngressPath<'_>> {
    let paths = rule.http.iter().flat_map(|http| &http.paths).enumerate();
    paths.map(move |(place, path)| IngressPath {
        field: format!("spec.rules[{index}].http.paths[{place}]"),
        host: rule.host.as_deref(),
        path,
    })
}

/// The paths of all rules, in order.
pub(super) fn paths(ingress: &Ingress) -> impl Iterator<Item = IngressPath<'_>> {
    ingress.spec.rules.iter().enumerate().flat_map(|(index, rule)| paths_of_rule(index, rule))
}

/// A host on which the default backend of an Ingress answers, with the path `/`.
pub(super) struct DefaultHost<'i> {
    /// The host; `None` is the catch-all server.
    pub(super) host: Option<&'i str>,
    /// The index of the first rule with this host; 0 if the Ingress has no rules.
    pub(super) rule: usize,
    /// The path `/`, with the default backend.
    pub(super) path: HttpIngressPath,
}

impl DefaultHost<'_> {
    pub(super) fn location(&self) -> Location {
        Location::new(self.host, &self.path)
    }
}

/// The hosts on which the default backend answers, sorted, if the default backend is a Service. If the Ingress has no rules,
/// there is one such host, the catch-all server. Otherwise these are the hosts of the rules that have no prefix `/`. Source:
/// controller 1.15.1, `createServers` and `getBackendServers` in `internal/ingress/controller/controller.go`.
pub(super) fn default_hosts(ingress: &Ingress) -> Vec<DefaultHost<'_>> {
    let service = ingress.spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    let Some(path) = service.map(root) else { return Vec::new() };
    let mut hosts = BTreeMap::new();
    for (index, rule) in ingress.spec.rules.iter().enumerate() {
        hosts.entry(rule.host.as_deref()).or_insert(index);
    }
    if hosts.is_empty() {
        hosts.insert(None, 0);
    } else {
        hosts.retain(|host, _| host.is_some_and(|host| !host.is_empty()));
    }
    let taken: BTreeSet<Location> = paths(ingress).map(|path| path.location()).collect();
    let hosts = hosts.into_iter().map(|(host, rule)| DefaultHost { host, rule, path: path.clone() });
    hosts.filter(|host| !taken.contains(&host.location())).collect()
}
