//! A permission to refer to objects of another namespace.

use crate::targets::{Object, UnknownFields};

/// The permission for routes of other namespaces to have a Service as their backend.
///
/// ```
/// use canary_policy::targets::gateway::ReferenceGrant;
///
/// # #[cfg(feature = "serde")] {
/// let grant: ReferenceGrant = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1beta1",
///     "kind": "ReferenceGrant",
///     "metadata": { "name": "from-shop", "namespace": "api" },
///     "spec": {
///         "from": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop" }],
///         "to": [{ "group": "", "kind": "Service" }],
///     },
/// })).unwrap();
/// assert_eq!(grant.spec.to[0].name, None);
/// # }
/// ```
pub type ReferenceGrant = Object<GrantSpec>;

/// The spec of a [`ReferenceGrant`]: each of `from` may refer to each of `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrantSpec {
    /// The kinds and namespaces of objects that may refer to others.
    pub from: Vec<GrantFrom>,
    /// What they may refer to, in the namespace of the grant.
    pub to: Vec<GrantTo>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Objects that may refer to others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrantFrom {
    /// The API group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Objects that others may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrantTo {
    /// The API group; an empty text is the group of Services.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The name; `None` is every name.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub name: Option<String>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}
