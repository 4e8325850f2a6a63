//! Services as an API server has them.

use serde::Deserialize;

use super::{ObjectName, Service, ServicePort};
use crate::targets::Metadata;
use crate::targets::nginx::document::{MetadataDocument, check_kind};
use crate::targets::object::null_is_default;

/// A Service, deserialised from an object of `v1` as an API server returns it, alone or in a list.
///
/// The object does not say whether the pods of the Service are ready, so it is taken to have endpoints.
///
/// ```
/// use canary_policy::targets::nginx::{Service, ServiceManifest};
/// use serde_json::json;
///
/// let mut document = json!({
///     "apiVersion": "v1",
///     "kind": "Service",
///     "metadata": { "name": "web", "namespace": "shop" },
///     "spec": { "selector": { "app": "web" }, "ports": [{ "name": "http", "port": 80, "targetPort": "web" }] },
/// });
/// let service = Service::from(serde_json::from_value::<ServiceManifest>(document.clone())?);
/// assert_eq!((service.namespace.as_str(), service.name.as_str(), service.has_endpoints), ("shop", "web", true));
/// assert!(service.ports[0].is_named("http"));
///
/// document["apiVersion"] = "serving.knative.dev/v1".into();
/// assert_eq!(
///     serde_json::from_value::<ServiceManifest>(document).unwrap_err().to_string(),
///     "invalid value: string \"serving.knative.dev/v1\", expected v1",
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ServiceDocument")]
pub struct ServiceManifest(Service);

impl From<ServiceManifest> for Service {
    fn from(manifest: ServiceManifest) -> Self {
        manifest.0
    }
}

/// The fields that are read. The items of a list have no API version and no kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceDocument {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    metadata: MetadataDocument,
    #[serde(default, deserialize_with = "null_is_default")]
    spec: SpecDocument,
}

#[derive(Default, Deserialize)]
struct SpecDocument {
    #[serde(default, deserialize_with = "null_is_default")]
    ports: Vec<ServicePort>,
}

impl TryFrom<ServiceDocument> for ServiceManifest {
    type Error = String;

    fn try_from(document: ServiceDocument) -> Result<Self, String> {
        let ServiceDocument { api_version, kind, metadata, spec: SpecDocument { ports } } = document;
        check_kind([api_version, kind], ["v1", "Service"])?;
        let name = ObjectName::of(&Metadata::from(metadata));
        Ok(ServiceManifest(Service { ports, ..Service::new(name.namespace(), name.name()) }))
    }
}
