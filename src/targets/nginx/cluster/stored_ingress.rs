//! An Ingress in the controller's store: its annotations parsed, and its paths with their defaults.

use std::collections::{BTreeMap, BTreeSet};

use super::ingress_affinity::IngressAffinity;
use super::upstream_key::UpstreamKey;
use super::{ObjectName, Service};
use crate::targets::Timestamp;
use crate::targets::nginx::annotations::Config;
use crate::targets::nginx::annotations::getter::normalized;
use crate::targets::nginx::{
    Flags, HttpIngressPath, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, parse,
};

/// The name of the catch-all host.
pub(in crate::targets::nginx) const CATCH_ALL: &str = "_";

/// An Ingress in the controller's store.
pub(in crate::targets::nginx) struct StoredIngress<'c> {
    pub(in crate::targets::nginx) name: &'c ObjectName,
    /// The time of creation in whole seconds since 1970; an Ingress without a time is the oldest.
    pub(in crate::targets::nginx) created: Option<i64>,
    pub(in crate::targets::nginx) annotations: &'c BTreeMap<String, String>,
    /// The policy in the annotations. If it is not enabled, the Ingress is an ordinary one.
    pub(in crate::targets::nginx) config: Config,
    /// `canary-by-cookie-value`, which some dialects have.
    pub(in crate::targets::nginx) cookie_value: String,
    pub(in crate::targets::nginx) affinity: IngressAffinity,
    /// `server-alias`.
    pub(in crate::targets::nginx) aliases: BTreeSet<String>,
    /// The Service of the annotation `default-backend`, if the Service exists.
    pub(in crate::targets::nginx) error_service: Option<&'c Service>,
    pub(in crate::targets::nginx) default_backend: Option<DefaultBackend>,
    pub(in crate::targets::nginx) rules: Vec<StoredRule>,
}

/// The default backend of an Ingress.
pub(in crate::targets::nginx) enum DefaultBackend {
    Service(UpstreamKey),
    Resource,
}

/// A rule: a host, and its paths unless the rule has no `http`.
pub(in crate::targets::nginx) struct StoredRule {
    pub(in crate::targets::nginx) host: String,
    pub(in crate::targets::nginx) paths: Option<Vec<StoredPath>>,
}

/// A path of a rule.
pub(in crate::targets::nginx) struct StoredPath {
    pub(in crate::targets::nginx) path: String,
    pub(in crate::targets::nginx) path_type: String,
    /// Path and path type as the Ingress writes them.
    pub(in crate::targets::nginx) written: (String, String),
    /// `None` if the backend is not a Service.
    pub(in crate::targets::nginx) upstream: Option<UpstreamKey>,
}

impl<'c> StoredIngress<'c> {
    /// The Ingress as the controller stores it (controller 1.15.1, `syncIngress` in `internal/ingress/controller/store/store.go`,
    /// and `SetDefaultNGINXPathType` in `internal/k8s/main.go`).
    pub(in crate::targets::nginx) fn new(
        name: &'c ObjectName,
        object: &'c Ingress,
        services: &'c BTreeMap<ObjectName, Service>,
        flags: &Flags,
    ) -> Self {
        let annotations = &object.metadata.annotations;
        let value = |annotation: &str| flags.value(annotations, annotation).map(|raw| normalized(raw));
        let service = |service: String| services.get(&ObjectName::new(name.namespace(), &service));
        let parsed = parse(annotations, flags);
        StoredIngress {
            name,
            created: object.metadata.creation_timestamp.map(Timestamp::seconds),
            annotations,
            // The only error of the parser is ignored, so that the Ingress becomes an ordinary one.
            config: parsed.config.unwrap_or_default(),
            cookie_value: parsed.cookie_value,
            affinity: IngressAffinity::of(annotations, flags),
            aliases: value("server-alias").map(|text| aliases(&text)).unwrap_or_default(),
            error_service: value("default-backend").and_then(service),
            default_backend: default_backend(name.namespace(), &object.spec),
            rules: object.spec.rules.iter().map(|rule| StoredRule::new(name.namespace(), rule)).collect(),
        }
    }

    /// Whether the controller treats the Ingress as a canary.
    pub(in crate::targets::nginx) fn is_canary(&self) -> bool {
        self.config.enabled
    }

    /// The upstreams of the paths, in order.
    pub(in crate::targets::nginx) fn path_upstreams(&self) -> impl Iterator<Item = &UpstreamKey> {
        let paths = self.rules.iter().flat_map(|rule| rule.paths.iter().flatten());
        paths.filter_map(|path| path.upstream.as_ref())
    }

    /// The upstream of the default backend, if it is a Service.
    pub(in crate::targets::nginx) fn default_upstream(&self) -> Option<&UpstreamKey> {
        match &self.default_backend {
            Some(DefaultBackend::Service(key)) => Some(key),
            Some(DefaultBackend::Resource) | None => None,
        }
    }
}

impl StoredRule {
    fn new(namespace: &str, rule: &IngressRule) -> Self {
        let IngressRule { host, http, unknown: _ } = rule;
        let host = host.as_deref().filter(|host| !host.is_empty()).unwrap_or(CATCH_ALL);
        let paths = http.as_ref().map(|http| http.paths.iter().map(|path| StoredPath::new(namespace, path)).collect());
        StoredRule { host: host.to_owned(), paths }
    }
}

impl StoredPath {
    fn new(namespace: &str, path: &HttpIngressPath) -> Self {
        let HttpIngressPath { backend, path, path_type, unknown: _ } = path;
        let written = (path.clone().unwrap_or_default(), path_type.clone());
        let path_type = match path_type.as_str() {
            "" | "ImplementationSpecific" => "Prefix",
            path_type => path_type,
        };
        StoredPath {
            written,
            path: path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/").to_owned(),
            path_type: path_type.to_owned(),
            upstream: backend.service.as_ref().map(|service| UpstreamKey::new(namespace, service)),
        }
    }
}

fn default_backend(namespace: &str, spec: &IngressSpec) -> Option<DefaultBackend> {
    let IngressBackend { service, resource: _, unknown: _ } = spec.default_backend.as_ref()?;
    let key = |service: &IngressServiceBackend| DefaultBackend::Service(UpstreamKey::new(namespace, service));
    Some(service.as_ref().map_or(DefaultBackend::Resource, key))
}

fn aliases(text: &str) -> BTreeSet<String> {
    text.split(',').map(str::trim).filter(|alias| !alias.is_empty()).map(str::to_owned).collect()
}
