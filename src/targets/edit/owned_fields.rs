//! The fields of an object that a policy owns, to be sent to an API server.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::targets::{Metadata, Object};

/// The fields of somebody's object that a policy owns, and no others: the list of rules and two annotations. It is serialised as
/// the body of a request that changes these fields of the object, before or after the policy is taken out. A program can add
/// annotations of its own, by [`with_annotation`](Self::with_annotation).
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
    annotations: BTreeMap<&'o str, Option<&'o str>>,
    /// Whether an annotation can be deleted, as in a merge patch. A server-side apply deletes what it does not name any more.
    #[serde(skip)]
    deletes: bool,
}

impl<'o, R> OwnedFields<'o, R> {
    /// The same fields and one more annotation, such as the name of the custom resource that has the policy: with this value, or
    /// without one if it is to go away. The annotations of the policy stay as they are.
    ///
    /// ```
    /// use canary_policy::targets::gateway::{self, HttpRoute};
    /// use serde_json::json;
    ///
    /// let web: HttpRoute = serde_json::from_value(json!({
    ///     "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": { "name": "web" }, "spec": {},
    /// }))?;
    /// let annotations = |value| {
    ///     let patch = gateway::merge_patch(&web).with_annotation("example.com/release", value);
    ///     serde_json::to_value(patch).map(|patch| patch["metadata"]["annotations"].clone())
    /// };
    /// assert_eq!(annotations(Some("web"))?["example.com/release"], "web");
    /// assert!(annotations(None)?.as_object().unwrap()["example.com/release"].is_null());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn with_annotation(mut self, name: &'o str, value: Option<&'o str>) -> Self {
        if value.is_some() || self.metadata.deletes {
            self.metadata.annotations.entry(name).or_insert(value);
        }
        self
    }

    /// The body of a merge patch. `list` is the name of the list of rules.
    pub(in crate::targets) fn merge_patch<S>(object: &'o Object<S>, list: &'static str, rules: &'o [R]) -> Self {
        let resource_version = object.metadata.unknown.get("resourceVersion").and_then(|version| version.as_str());
        let metadata = OwnedMetadata {
            name: None,
            namespace: None,
            resource_version,
            annotations: annotations(&object.metadata),
            deletes: true,
        };
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
            deletes: false,
        };
        let (api_version, kind) = (Some(&*object.api_version), Some(&*object.kind));
        OwnedFields { api_version, kind, metadata, spec: BTreeMap::from([(list, rules)]) }
    }
}

fn annotations(metadata: &Metadata) -> BTreeMap<&str, Option<&str>> {
    let value = |name: &'static str| (name, metadata.annotations.get(name).map(String::as_str));
    [Metadata::APPLIED, Metadata::VARIANTS].into_iter().map(value).collect()
}
