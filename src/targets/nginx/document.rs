//! An Ingress as JSON has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::{Ingress, IngressSpec};
use crate::targets::object::null_is_default;
use crate::targets::{Metadata, Timestamp, UnknownFields};

const API_VERSION: &str = "networking.k8s.io/v1";
const KIND: &str = "Ingress";

/// An Ingress as it is read. The items of a list have no API version and no kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IngressDocument {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    metadata: MetadataDocument,
    #[serde(default, deserialize_with = "null_is_default")]
    spec: IngressSpec,
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// The metadata of an Ingress as it is read: every field may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataDocument {
    #[serde(default, deserialize_with = "null_is_default")]
    name: String,
    namespace: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    annotations: BTreeMap<String, String>,
    creation_timestamp: Option<Timestamp>,
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// An Ingress as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenIngress<'i> {
    api_version: &'static str,
    kind: &'static str,
    metadata: WrittenMetadata<'i>,
    #[serde(skip_serializing_if = "is_default")]
    spec: &'i IngressSpec,
    #[serde(flatten)]
    unknown: &'i UnknownFields,
}

/// The metadata of an Ingress as it is written: in alphabetical order, as Kubernetes writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenMetadata<'i> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'i BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'i str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'i str>,
    #[serde(flatten)]
    unknown: &'i UnknownFields,
}

fn is_default(spec: &IngressSpec) -> bool {
    *spec == IngressSpec::default()
}

/// Refuses an object of another API version or kind. One that says neither is taken for what it is read as.
pub(super) fn check_kind(found: [Option<String>; 2], expected: [&str; 2]) -> Result<(), String> {
    for (found, expected) in found.into_iter().zip(expected) {
        if let Some(found) = found.filter(|found| found != expected) {
            return Err(format!("invalid value: string {found:?}, expected {expected}"));
        }
    }
    Ok(())
}

impl TryFrom<IngressDocument> for Ingress {
    type Error = String;

    fn try_from(document: IngressDocument) -> Result<Self, String> {
        let IngressDocument { api_version, kind, metadata, spec, unknown } = document;
        check_kind([api_version, kind], [API_VERSION, KIND])?;
        Ok(Ingress { metadata: metadata.into(), spec, unknown })
    }
}

impl From<MetadataDocument> for Metadata {
    fn from(document: MetadataDocument) -> Self {
        let MetadataDocument { name, namespace, annotations, creation_timestamp, unknown } = document;
        Metadata { name, namespace, annotations, creation_timestamp, unknown }
    }
}

impl Serialize for Ingress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Ingress { metadata, spec, unknown } = self;
        let Metadata { name, namespace, annotations, creation_timestamp, unknown: others } = metadata;
        let metadata = WrittenMetadata {
            annotations,
            creation_timestamp: *creation_timestamp,
            name,
            namespace: namespace.as_deref(),
            unknown: others,
        };
        WrittenIngress { api_version: API_VERSION, kind: KIND, metadata, spec, unknown }.serialize(serializer)
    }
}
