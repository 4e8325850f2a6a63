//! The fields of an object that a policy owns, to be sent to an API server.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::targets::{Metadata, Object};

/// The fields of somebody's object that a policy owns, and no others: the list of rules and two annotations. It is serialised as
/// the body of a request that changes these fields of the object, before or after the policy is taken out.
///
/// An API server replaces the list of rules as a whole, with every kind of request. So two who write rules take turns, and the last
/// one wins: `merge_patch` names the version of the object that was edited, if it is known, so that a server refuses the change
/// (`409 Conflict`) if somebody else changed the object in between.
///
/// [`gateway::merge_patch`](crate::targets::gateway::merge_patch) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedFields<'o, R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'o str>,
    metadata: OwnedMetadata<'o>,
    spec: BTreeMap<&'static str, &'o [R]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnedMetadata<'o> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_version: Option<&'o str>,
    /// In a merge patch, `None` deletes an annotation.
    annotations: BTreeMap<&'static str, Option<&'o str>>,
}

impl<'o, R> OwnedFields<'o, R> {
    /// The body of a merge patch. `list` is the name of the list of rules.
    pub(in crate::targets) fn merge_patch<S>(object: &'o Object<S>, list: &'static str, rules: &'o [R]) -> Self {
        let resource_version = object.metadata.unknown.get("resourceVersion").and_then(|version| version.as_str());
        let metadata =
            OwnedMetadata { name: None, namespace: None, resource_version, annotations: annotations(&object.metadata) };
        OwnedFields { api_version: None, kind: None, metadata, spec: BTreeMap::from([(list, rules)]) }
    }

    /// The body of a server-side apply.
    pub(in crate::targets) fn apply_configuration<S>(
        object: &'o Object<S>,
        list: &'static str,
        rules: &'o [R],
    ) -> Self {
        let mut annotations = annotations(&object.metadata);
        annotations.retain(|_, value| value.is_some());
        let metadata = OwnedMetadata {
            name: Some(&object.metadata.name),
            namespace: object.metadata.namespace.as_deref(),
            resource_version: None,
            annotations,
        };
        let (api_version, kind) = (Some(&*object.api_version), Some(&*object.kind));
        OwnedFields { api_version, kind, metadata, spec: BTreeMap::from([(list, rules)]) }
    }
}

fn annotations(metadata: &Metadata) -> BTreeMap<&'static str, Option<&str>> {
    let value = |name: &'static str| (name, metadata.annotations.get(name).map(String::as_str));
    [Metadata::APPLIED, Metadata::VARIANTS].into_iter().map(value).collect()
}
