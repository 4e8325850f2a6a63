//! The fields of an Ingress that this crate writes and reads.

#[cfg(feature = "serde")]
use crate::targets::object::null_is_default;
use crate::targets::{Metadata, UnknownFields};

/// An Ingress of `networking.k8s.io/v1`: the fields that this crate writes and reads, and all others as they are.
///
/// With the feature `serde` an Ingress is read from JSON, as an API server returns it, alone or in a list, and written as JSON. A
/// field that is missing or `null` has its default, as in Kubernetes; `Manifest` is stricter. With the features `k8s-openapi`,
/// `k8s-openapi-0-28`, `k8s-openapi-0-27` and `k8s-openapi-0-26` it is converted with `TryFrom`, by reference, from and to the
/// `Ingress` of these versions of that crate.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::nginx::Ingress;
/// use serde_json::json;
///
/// let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
/// let object = json!({
///     "apiVersion": "networking.k8s.io/v1",
///     "kind": "Ingress",
///     "metadata": { "name": "web", "labels": { "app": "web" }, "resourceVersion": "7" },
///     "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
///         { "path": "/", "pathType": "Prefix", "backend": backend },
///     ] } }] },
///     "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } },
/// });
/// let mut ingress: Ingress = serde_json::from_value(object.clone())?;
/// assert_eq!(ingress.spec.rules[0].host.as_deref(), Some("a.test"));
/// assert_eq!(serde_json::to_value(&ingress)?, object);
///
/// ingress.metadata.annotations.insert("example.com/owner".to_owned(), "shop".to_owned());
/// assert_eq!(serde_json::to_value(&ingress)?["metadata"]["labels"]["app"], "web");
/// let other = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" } });
/// assert!(serde_json::from_value::<Ingress>(other).is_err());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(try_from = "super::document::IngressDocument"))]
#[non_exhaustive]
pub struct Ingress {
    /// The name, the namespace, the annotations and the time of creation. An empty name is no name.
    pub metadata: Metadata,
    /// The class, the hosts, the paths and their backends.
    pub spec: IngressSpec,
    /// The fields that this crate does not read, such as `status`.
    pub unknown: UnknownFields,
}

/// The spec of an [`Ingress`]. The fields of these types are in alphabetical order, as Kubernetes writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct IngressSpec {
    /// The backend of requests that no rule takes.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub default_backend: Option<IngressBackend>,
    /// The class, which names the controller.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub ingress_class_name: Option<String>,
    /// The rules, each for a host.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub rules: Vec<IngressRule>,
    /// The certificates.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub tls: Vec<IngressTls>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The paths of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IngressRule {
    /// The host; `None` is every host that no other rule has.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub host: Option<String>,
    /// The paths; `None` is a rule without any, which sends all requests to the default backend.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub http: Option<HttpIngressRuleValue>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The paths of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpIngressRuleValue {
    /// The paths, in order.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub paths: Vec<HttpIngressPath>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A path and its backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct HttpIngressPath {
    /// The backend.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub backend: IngressBackend,
    /// The path; `None` is `/`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<String>,
    /// `Exact`, `Prefix` or `ImplementationSpecific`.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub path_type: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A backend: a Service, or another resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IngressBackend {
    /// The other resource.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub resource: Option<TypedLocalObjectReference>,
    /// The Service.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub service: Option<IngressServiceBackend>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A Service and one of its ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IngressServiceBackend {
    /// The name of the Service, which is in the namespace of the Ingress.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub name: String,
    /// The port. An API server refuses a Service without a port.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<ServiceBackendPort>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A port of a Service, by its name or by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ServiceBackendPort {
    /// The name.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub name: Option<String>,
    /// The number.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub number: Option<i32>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// An object in the namespace of the Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TypedLocalObjectReference {
    /// The kind.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub kind: String,
    /// The name.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub name: String,
    /// The fields that this crate does not read, such as `apiGroup`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct IngressTls {
    /// The hosts of the certificate.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub hosts: Vec<String>,
    /// The name of the Secret that holds the certificate.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub secret_name: Option<String>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A port as an API server reads it: a number, or a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(untagged, expecting = "expected a number of 32 bits or a text"))]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name.
    String(String),
}
