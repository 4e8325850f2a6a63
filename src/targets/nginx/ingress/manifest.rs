//! Ingresses of every API version, read as networking.k8s.io/v1.

use serde::Deserialize;

use super::service::ingress_port;
use crate::error::{Excerpt, InvalidRoute, ManifestError};
use crate::route::Port;
use crate::targets::UnknownFields;
use crate::targets::nginx::document::MetadataDocument;
use crate::targets::nginx::{
    HttpIngressPath, HttpIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTls, IntOrString, ServiceBackendPort, TypedLocalObjectReference,
};

/// An Ingress, deserialised from any API version that Ingresses have had: networking.k8s.io/v1, networking.k8s.io/v1beta1 and
/// extensions/v1beta1 (both removed in Kubernetes 1.22).
///
/// The older versions are converted as the API server converted them: `serviceName` and `servicePort` become `service`, and an
/// absent `pathType` becomes `ImplementationSpecific`. Documents that an API server refuses are errors, such as one with a
/// field of another version, or a path of v1 without `pathType`.
///
/// ```
/// use canary_policy::targets::nginx::{Ingress, Manifest};
/// use serde_json::json;
///
/// let paths = json!([{ "path": "/", "backend": { "serviceName": "web", "servicePort": 80 } }]);
/// let mut document = json!({
///     "apiVersion": "extensions/v1beta1",
///     "kind": "Ingress",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "host": "example.com", "http": { "paths": paths } }] },
/// });
/// let ingress = Ingress::from(serde_json::from_value::<Manifest>(document.clone())?);
/// let rule = &ingress.spec.rules[0];
/// assert_eq!(rule.http.as_ref().unwrap().paths[0].path_type, "ImplementationSpecific");
///
/// document["apiVersion"] = "networking.k8s.io/v1".into();
/// assert_eq!(
///     serde_json::from_value::<Manifest>(document).unwrap_err().to_string(),
///     "spec.rules[0].http.paths[0].backend.serviceName does not exist in networking.k8s.io/v1: use service.name",
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Document")]
pub struct Manifest(Ingress);

/// The same from a value, with an error that is a [`Diagnostic`](crate::error::Diagnostic).
impl TryFrom<serde_json::Value> for Manifest {
    type Error = ManifestError;

    fn try_from(document: serde_json::Value) -> Result<Self, ManifestError> {
        let document: Document =
            serde_json::from_value(document).map_err(|error| ManifestError::Format(Excerpt::of(&error.to_string())))?;
        document.try_into()
    }
}

impl From<Manifest> for Ingress {
    fn from(manifest: Manifest) -> Self {
        manifest.0
    }
}

/// The fields of all three versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: String,
    #[serde(default)]
    metadata: MetadataDocument,
    spec: Option<SpecDocument>,
    #[serde(flatten)]
    unknown: UnknownFields,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpecDocument {
    ingress_class_name: Option<String>,
    default_backend: Option<BackendDocument>,
    backend: Option<BackendDocument>,
    rules: Option<Vec<RuleDocument>>,
    tls: Option<Vec<IngressTls>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleDocument {
    host: Option<String>,
    http: Option<HttpDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpDocument {
    paths: Vec<PathDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PathDocument {
    path: Option<String>,
    path_type: Option<String>,
    backend: BackendDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BackendDocument {
    service: Option<IngressServiceBackend>,
    resource: Option<TypedLocalObjectReference>,
    service_name: Option<String>,
    service_port: Option<IntOrString>,
}

#[derive(Clone, Copy, PartialEq)]
enum Version {
    V1,
    Networking,
    Extensions,
}

impl Version {
    const ALL: [Version; 3] = [Version::V1, Version::Networking, Version::Extensions];

    fn as_str(self) -> &'static str {
        match self {
            Version::V1 => "networking.k8s.io/v1",
            Version::Networking => "networking.k8s.io/v1beta1",
            Version::Extensions => "extensions/v1beta1",
        }
    }

    /// An error if a field is present that this version does not have.
    fn expect_absent<T>(self, field: String, value: Option<&T>, instead: &'static str) -> Result<(), ManifestError> {
        match value {
            None => Ok(()),
            Some(_) => Err(ManifestError::Field { field, api_version: self.as_str(), instead }),
        }
    }
}

impl TryFrom<Document> for Manifest {
    type Error = ManifestError;

    fn try_from(document: Document) -> Result<Self, ManifestError> {
        let Document { api_version, kind, metadata, spec, unknown } = document;
        let version = Version::ALL.into_iter().find(|version| kind == "Ingress" && version.as_str() == api_version);
        let Some(version) = version else {
            return Err(ManifestError::Kind { api_version: Excerpt::of(&api_version), kind: Excerpt::of(&kind) });
        };
        let spec = spec.ok_or_else(|| ManifestError::Missing("spec".to_owned()))?;
        Ok(Manifest(Ingress { metadata: metadata.into(), spec: spec.convert(version)?, unknown }))
    }
}

impl SpecDocument {
    fn convert(self, version: Version) -> Result<IngressSpec, ManifestError> {
        let SpecDocument { ingress_class_name, default_backend, backend, rules, tls } = self;
        let (field, default_backend) = match version {
            Version::V1 => {
                version.expect_absent("spec.backend".to_owned(), backend.as_ref(), "spec.defaultBackend")?;
                ("spec.defaultBackend", default_backend)
            }
            Version::Networking | Version::Extensions => {
                let field = "spec.defaultBackend".to_owned();
                version.expect_absent(field, default_backend.as_ref(), "spec.backend")?;
                ("spec.backend", backend)
            }
        };
        let default_backend = default_backend.map(|backend| backend.convert(version, field)).transpose()?;
        let rules = rules.unwrap_or_default().into_iter().enumerate();
        let rules = rules.map(|(index, rule)| rule.convert(version, &format!("spec.rules[{index}]")));
        let rules = rules.collect::<Result<_, _>>()?;
        let (tls, unknown) = (tls.unwrap_or_default(), UnknownFields::default());
        Ok(IngressSpec { default_backend, ingress_class_name, rules, tls, unknown })
    }
}

impl RuleDocument {
    fn convert(self, version: Version, field: &str) -> Result<IngressRule, ManifestError> {
        let RuleDocument { host, http } = self;
        let unknown = UnknownFields::default();
        let Some(HttpDocument { paths }) = http else { return Ok(IngressRule { host, http: None, unknown }) };
        let paths = paths.into_iter().enumerate();
        let paths = paths.map(|(index, path)| path.convert(version, &format!("{field}.http.paths[{index}]")));
        let paths = paths.collect::<Result<_, _>>()?;
        Ok(IngressRule { host, http: Some(HttpIngressRuleValue { paths, unknown: unknown.clone() }), unknown })
    }
}

impl PathDocument {
    fn convert(self, version: Version, field: &str) -> Result<HttpIngressPath, ManifestError> {
        let PathDocument { path, path_type, backend } = self;
        let backend = backend.convert(version, &format!("{field}.backend"))?;
        let path_type = match (path_type, version) {
            (Some(path_type), _) => path_type,
            (None, Version::V1) => return Err(ManifestError::Missing(format!("{field}.pathType"))),
            (None, Version::Networking | Version::Extensions) => "ImplementationSpecific".to_owned(),
        };
        if !["Exact", "Prefix", "ImplementationSpecific"].contains(&path_type.as_str()) {
            return Err(ManifestError::PathType { field: format!("{field}.pathType"), value: Excerpt::of(&path_type) });
        }
        Ok(HttpIngressPath { backend, path, path_type, unknown: UnknownFields::default() })
    }
}

impl BackendDocument {
    fn convert(self, version: Version, field: &str) -> Result<IngressBackend, ManifestError> {
        let BackendDocument { service, resource, service_name, service_port } = self;
        let at = |name: &str| format!("{field}.{name}");
        let service = match version {
            Version::V1 => {
                version.expect_absent(at("serviceName"), service_name.as_ref(), "service.name")?;
                version.expect_absent(at("servicePort"), service_port.as_ref(), "service.port")?;
                service.map(|service| checked_service(service, at("service.port"))).transpose()?
            }
            Version::Networking | Version::Extensions => {
                version.expect_absent(at("service"), service.as_ref(), "serviceName and servicePort")?;
                match (service_name, service_port) {
                    (None, None) => None,
                    (Some(name), Some(port)) => {
                        let port = Some(checked_port(&port, at("servicePort"))?);
                        Some(IngressServiceBackend { name, port, unknown: UnknownFields::default() })
                    }
                    (Some(_), None) => return Err(ManifestError::Missing(at("servicePort"))),
                    (None, Some(_)) => return Err(ManifestError::Missing(at("serviceName"))),
                }
            }
        };
        if service.is_some() || resource.is_some() {
            Ok(IngressBackend { resource, service, unknown: UnknownFields::default() })
        } else {
            Err(ManifestError::Missing(at(if version == Version::V1 { "service" } else { "serviceName" })))
        }
    }
}

/// A Service of networking.k8s.io/v1: its port is either a number or a name.
fn checked_service(service: IngressServiceBackend, field: String) -> Result<IngressServiceBackend, ManifestError> {
    let port = match service.port.as_ref().map(|port| (&port.name, port.number)) {
        Some((None, Some(number))) => IntOrString::Int(number),
        Some((Some(name), None)) => IntOrString::String(name.clone()),
        _ => return Err(ManifestError::Missing(field)),
    };
    checked_port(&port, field)?;
    Ok(service)
}

/// A port. An API server reads a number as a number and a text as a name: it refuses `"80"`.
fn checked_port(port: &IntOrString, field: String) -> Result<ServiceBackendPort, ManifestError> {
    let (text, is_number) = match port {
        IntOrString::Int(number) => (number.to_string(), true),
        IntOrString::String(name) => (name.clone(), false),
    };
    match text.parse::<Port>() {
        Ok(port) if matches!(port, Port::Number(_)) == is_number => Ok(ingress_port(&port)),
        Ok(_) => Err(ManifestError::Port { field, invalid: InvalidRoute::Port(Excerpt::of(&text)) }),
        Err(invalid) => Err(ManifestError::Port { field, invalid }),
    }
}
