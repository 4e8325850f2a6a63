//! The virtual hosts of a cluster as other targets can write them, with what is different or left out.

use std::borrow::Cow;
use std::fmt;

use super::host_reader::HostReader;
use crate::error::{ControllerPanic, Diagnostic, Excerpt, Severity};
use crate::route::VirtualHost;
use crate::targets::Finding;
use crate::targets::nginx::cluster::configuration::Record;
use crate::targets::nginx::{Cluster, ObjectName};

/// What one host of a cluster serves, for other targets; [`hosts`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct HostReading {
    /// The host as the controller names it: in the letter case of the Ingresses, and `_` for the catch-all host.
    pub host: String,
    /// The virtual host; `None` if no location of the host can be written elsewhere.
    pub virtual_host: Option<VirtualHost>,
    /// Whether the virtual host has every path that the controller serves on the host, each with the policy in force, and
    /// compared and rewritten as the controller does. If not, a finding says what is different, and a proof about the virtual
    /// host is no proof about the host.
    pub whole: bool,
    /// Whether the Services of all locations speak gRPC: the annotation `backend-protocol` is `GRPC` or `GRPCS`, which is a
    /// finding, [`Finding::Condition`]. Write such a host with
    /// [`grpc_routes_of_host`](crate::targets::gateway::grpc_routes_of_host): an implementation of the Gateway API does not speak
    /// gRPC because of an HTTPRoute.
    pub grpc: bool,
    /// What was left out, and what is read in another way than the controller does.
    pub findings: Vec<IngressFinding>,
}

/// A finding about an Ingress: a part of it that a virtual host cannot hold, or that is read in another way than the controller
/// does. [`hosts`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct IngressFinding {
    /// The Ingress.
    pub ingress: ObjectName,
    /// The field of the Ingress, its value and the reason.
    pub finding: Finding,
}

impl Diagnostic for IngressFinding {
    fn code(&self) -> &'static str {
        self.finding.code()
    }

    fn severity(&self) -> Severity {
        self.finding.severity()
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        self.finding.field()
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(Excerpt::whole(self.ingress.as_str()).to_string()))
    }
}

impl fmt::Display for IngressFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IngressFinding { ingress, finding } = self;
        write!(f, "{}: {finding}", Excerpt::whole(ingress.as_str()))
    }
}

/// The virtual hosts of a cluster, in the order of [`Cluster::virtual_hosts`]: what the controller really serves, for the targets
/// that convert a virtual host.
///
/// Each location has the policy in force by the rules of the controller. A host on which no Ingress answers is left out, unless a
/// wildcard or the catch-all host would answer it elsewhere: then it has no virtual host, and a finding. The name of a virtual host is that of its host: `shop.test`, `wildcard.shop.test` for `*.shop.test`, and `catch-all`; its namespace is
/// that of the Ingress with the shortest path. The name of a port becomes the number that the Service of the cluster gives it. A
/// virtual host has no parents, because Ingresses name no Gateway: add them by [`VirtualHost::with_parents`]. Without one, an
/// HTTPRoute is an error, and a VirtualService is for sidecars only.
///
/// | the controller | the virtual host |
/// |---|---|
/// | a path `/a` of the type `Prefix` or `ImplementationSpecific`: `/a` and everything below `/a/` | the prefix `/a` |
/// | a path `/a/`: everything below `/a/`, and a redirect to it from `/a` | the prefix `/a`, and a finding |
/// | `use-regex` or `rewrite-target`: every path of the host is a regular expression, letter case aside | a path without characters of a regular expression is read as a prefix, with a finding; any other path is left out |
/// | affinity cookies, which name the upstreams of a split path by tokens | [former tokens](crate::route::Location::former_tokens); [`VirtualHost::without_former_tokens`] leaves them out |
/// | a host `*.a.test`: a regular expression for one label | the host `*.a.test`, which is one label in a virtual host |
/// | an alias `*.a.test`: one or more labels, before every host with a `*` | left out, with a finding here, for such a host and for the catch-all host |
/// | an alias of several hosts: the first of them has it | an alias of the first host, and a finding for the others |
/// | `backend-protocol` `GRPC` or `GRPCS` on all paths | [`HostReading::grpc`], and a finding: the target has to speak gRPC too |
/// | a path with a `%`, which nginx compares with the decoded path of a request | left out, with a finding |
/// | certificates, with which the controller redirects plain HTTP, and annotations that are not part of a policy | a finding |
/// | a Service without endpoints: the controller answers with 503, or sends nothing to the canary | a finding, because endpoints come and go |
///
/// Source: controller 1.15.1, `internal/ingress/controller/location.go` and `template/template.go`.
///
/// # Errors
///
/// The controller crashes: a canary Ingress has a rule without `http`.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{hosts, Cluster, Flags, Ingress, Service, ServicePort};
/// use serde_json::json;
///
/// let path = |path: &str, service: &str| json!({
///     "path": path, "pathType": "Prefix", "backend": { "service": { "name": service, "port": { "name": "http" } } },
/// });
/// let ingress = |name: &str, annotations: serde_json::Value, paths: serde_json::Value| -> Ingress {
///     serde_json::from_value(json!({
///         "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///         "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
///         "spec": { "rules": [{ "host": "shop.test", "http": { "paths": paths } }] },
///     })).unwrap()
/// };
/// let canary = json!({ "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30" });
/// let cors = json!({ "nginx.ingress.kubernetes.io/enable-cors": "true" });
/// let service = |name| Service::new("shop", name).with_port(ServicePort::new(80).with_name("http"));
/// let cluster = Cluster::new(Flags::default())
///     .with_ingresses([
///         ingress("shop", cors, json!([path("/", "web"), path("/orders", "orders")])),
///         ingress("shop-canary", canary, json!([path("/", "next")])),
///     ])
///     .with_services([service("web"), service("next"), service("orders")]);
///
/// let hosts = hosts(&cluster)?;
/// let shop = hosts[0].virtual_host.as_ref().unwrap();
/// assert_eq!((shop.name(), shop.hosts()[0].as_str()), ("shop.test", "shop.test"));
/// let root = shop.location("/cart").unwrap();
/// assert_eq!(root.policy(), Some(&Policy::percent(30)?));
/// assert_eq!((root.stable().to_string(), root.canaries()[0].to_string()), ("web:80".to_owned(), "next:80".to_owned()));
/// assert_eq!(shop.location("/orders/1").unwrap().policy(), None);
/// assert_eq!(
///     hosts[0].findings[0].to_string(),
///     "shop/shop: metadata.annotations[nginx.ingress.kubernetes.io/enable-cors]: `true` is left out: \
///      a virtual host holds only hosts, paths, backends and policies",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hosts(cluster: &Cluster) -> Result<Vec<HostReading>, ControllerPanic> {
    let parts = cluster.parts();
    let record = Record::of(cluster, parts.flags)?;
    let configuration = record.configuration(parts.flags);
    let reader = HostReader::new(parts, &record, &configuration);
    let read = |host| if reader.is_served(host) { Some(reader.read(host)) } else { reader.read_unserved(host) };
    Ok(configuration.virtual_hosts.iter().filter_map(read).collect())
}
