//! Kubernetes objects: the fields that all kinds have in common.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::ConversionError;
use crate::policy::Policy;
use crate::route::Route;

/// A Kubernetes object: the fields that this crate writes and reads. The functions that write objects have examples.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Object<S> {
    /// The API group and version, as in `gateway.networking.k8s.io/v1`.
    pub api_version: Cow<'static, str>,
    /// The kind, as in `HTTPRoute`.
    pub kind: Cow<'static, str>,
    /// The name, the namespace and the annotations.
    pub metadata: Metadata,
    /// The spec. Each kind of object has its own type for it.
    pub spec: S,
}

impl<S> Object<S> {
    pub(super) fn new(api_version: &'static str, kind: &'static str, metadata: Metadata, spec: S) -> Self {
        Object { api_version: api_version.into(), kind: kind.into(), metadata, spec }
    }
}

/// The name, the namespace and the annotations of an object.
///
/// ```
/// use canary_policy::targets::{Metadata, gloo};
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let metadata = gloo::route_table(&Policy::percent(30)?, &route)?.exact()?.metadata;
/// assert_eq!(metadata.name, "web");
/// assert_eq!(metadata.annotations[Metadata::VARIANTS], "total=100 stable=web:80 canary=web-canary:80");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Metadata {
    /// The name of the object.
    pub name: String,
    /// The namespace, if one is given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The annotations. A converter writes [`VARIANTS`](Self::VARIANTS) and no other.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// The annotation that holds the policy's total and the backend of each variant by name, as in
    /// `total=100 stable=web:80 canary=web-canary:80`.
    ///
    /// Routing does not depend on the annotation. A reader needs it, because a route object names Services and not variants.
    pub const VARIANTS: &'static str = "canary-policy/variants";

    /// The metadata of an object that is written for a route; `index` counts these objects from 0. The first one has the name
    /// of the route, and further ones are numbered: `web`, `web-2`, `web-3`.
    pub(super) fn new(route: &Route, policy: &Policy, index: usize) -> Result<Self, ConversionError> {
        let backends = route.backends(policy)?;
        let named = policy.names().zip(backends.all()).map(|(variant, backend)| format!("{variant}={backend}"));
        let words: Vec<String> = std::iter::once(format!("total={}", policy.total())).chain(named).collect();
        Ok(Metadata {
            name: if index == 0 { route.name().to_owned() } else { format!("{}-{}", route.name(), index + 1) },
            namespace: route.namespace().map(str::to_owned),
            annotations: BTreeMap::from([(Metadata::VARIANTS.to_owned(), words.join(" "))]),
        })
    }
}

/// The names of the fields that an object has and that this crate does not read. An object that this crate writes has none.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::gateway::BackendRef;
///
/// let backend: BackendRef = serde_json::from_str(r#"{"name": "web", "subset": "v2"}"#).unwrap();
/// assert!(!backend.unknown.is_empty());
/// assert_eq!(backend.unknown.names().collect::<Vec<_>>(), ["subset"]);
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UnknownFields(BTreeSet<String>);

impl UnknownFields {
    /// Whether there is no such field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for UnknownFields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, serde::de::IgnoredAny>::deserialize(deserializer)?;
        Ok(UnknownFields(fields.into_keys().collect()))
    }
}
