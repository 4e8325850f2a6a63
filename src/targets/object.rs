//! What every Kubernetes object has.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Route;
use super::route::Backends;
use crate::policy::Policy;

/// An object of Kubernetes, as far as it is written and read here. The functions that write them have examples.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Object<S> {
    /// Its API group and version, as in `gateway.networking.k8s.io/v1`.
    pub api_version: Cow<'static, str>,
    /// Its kind, as in `HTTPRoute`.
    pub kind: Cow<'static, str>,
    /// Its name, and where it is.
    pub metadata: Metadata,
    /// What it says.
    pub spec: S,
}

impl<S> Object<S> {
    pub(super) fn new(api_version: &'static str, kind: &'static str, metadata: Metadata, spec: S) -> Self {
        Object { api_version: api_version.into(), kind: kind.into(), metadata, spec }
    }
}

/// An object's name, and where it is.
///
/// ```
/// use canary_policy::targets::Metadata;
///
/// assert_eq!(Metadata::default().name, "");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace, if it is given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// Its annotations. A converter says under [`VARIANTS`](Self::VARIANTS) which backend is whose.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// The annotation that says what an object cannot: the policy's total, and the backends of the variants by name, as in
    /// `total=100 stable=web:80 canary=web-canary:80`. Routing does not depend on it; reading back does.
    pub const VARIANTS: &'static str = "canary-policy/variants";

    /// The metadata of a route's object. Of several, those behind the first are numbered: `web`, `web-2`.
    pub(super) fn new(route: &Route, policy: &Policy, backends: Backends<'_>, index: usize) -> Self {
        let Route { name, namespace, .. } = route;
        let named = policy.names().zip(backends.all()).map(|(variant, backend)| format!("{variant}={backend}"));
        let words: Vec<String> = std::iter::once(format!("total={}", policy.total())).chain(named).collect();
        Metadata {
            name: if index == 0 { name.clone() } else { format!("{name}-{}", index + 1) },
            namespace: namespace.clone(),
            annotations: BTreeMap::from([(Metadata::VARIANTS.to_owned(), words.join(" "))]),
        }
    }
}

/// The names of fields that are not read here. Writers leave it empty.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::gateway::BackendRef;
///
/// let backend: BackendRef = serde_json::from_str(r#"{"name": "web", "subset": "v2"}"#).unwrap();
/// assert_eq!(backend.unread.names().collect::<Vec<_>>(), ["subset"]);
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread(BTreeSet<String>);

impl Unread {
    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Unread {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, serde::de::IgnoredAny>::deserialize(deserializer)?;
        Ok(Unread(fields.into_keys().collect()))
    }
}
