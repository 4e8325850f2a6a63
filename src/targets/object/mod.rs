//! Kubernetes objects: the fields that all kinds have in common.

mod metadata;
#[cfg(feature = "serde")]
mod nulls;
mod unknown_fields;
mod variants;
mod variants_by_path;

use std::borrow::Cow;

pub use metadata::Metadata;
#[cfg(feature = "serde")]
pub(super) use nulls::{null_is, null_is_default};
pub use unknown_fields::UnknownFields;
#[cfg(feature = "serde")]
pub(super) use variants::variants_at_paths;
pub(super) use variants::{Variants, variants_of};
pub(super) use variants_by_path::VariantsByPath;

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
    /// The fields that this crate does not read, such as `status`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl<S> Object<S> {
    pub(super) fn new(api_version: &'static str, kind: &'static str, metadata: Metadata, spec: S) -> Self {
        let unknown = UnknownFields::default();
        Object { api_version: api_version.into(), kind: kind.into(), metadata, spec, unknown }
    }
}
