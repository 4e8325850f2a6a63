//! What all kinds of objects are known by.

use std::collections::BTreeMap;

use super::UnknownFields;
#[cfg(feature = "serde")]
use super::null_is_default;
use crate::error::{ConversionError, Excerpt, InvalidRoute};
use crate::route::Front;
use crate::targets::Timestamp;

/// The name, the namespace, the annotations and the time of creation of an object.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Metadata {
    /// The name of the object.
    pub name: String,
    /// The namespace, if one is given.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The annotations. A converter writes [`VARIANTS`](Self::VARIANTS), and an edit also writes [`APPLIED`](Self::APPLIED).
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub annotations: BTreeMap<String, String>,
    /// The time of creation, which an API server sets.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub creation_timestamp: Option<Timestamp>,
    /// The fields that this crate does not read, such as `labels`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl Metadata {
    /// The annotation that holds the policy's total and the backend of each variant by name, as in
    /// `total=100 stable=web:80 canary=web-canary:80`.
    ///
    /// An object of a virtual host whose locations do not all lead to the same backends has a line for each policy, with the
    /// paths in front, as in `Prefix:/cart Exact:/pay total=100 stable=web:80 canary=web-canary:80`. Locations without a policy
    /// have no line.
    ///
    /// Routing does not depend on the annotation. A reader needs it, because a route object names Services and not variants.
    pub const VARIANTS: &'static str = "canary-policy/variants";

    /// The annotation of somebody's object that a policy was put into, which says in JSON what was put in. The policy is taken out
    /// by it. Routing does not depend on it.
    pub const APPLIED: &'static str = "canary-policy/applied";

    /// The metadata of one of the objects that are written for a route or virtual host; `index` counts these objects from 0. The
    /// first one has the name of the route, and further ones are numbered: `web`, `web-2`, `web-3`.
    ///
    /// # Errors
    ///
    /// The name becomes too long with the number, or the annotation does.
    pub(in crate::targets) fn new(
        front: Front<'_>,
        index: usize,
        variants: Option<String>,
    ) -> Result<Self, ConversionError> {
        let name = if index == 0 { front.name.to_owned() } else { format!("{}-{}", front.name, index + 1) };
        if index > 0 && name.len() > MAX_NAME {
            let invalid = InvalidRoute::ObjectName(Excerpt::of(&name));
            return Err(ConversionError::Invalid { field: "name", invalid });
        }
        let bytes = variants.as_ref().map_or(0, String::len);
        if bytes > MAX_ANNOTATION {
            let object = "the annotation canary-policy/variants of an object";
            return Err(ConversionError::TooLarge { object, bytes, bound: MAX_ANNOTATION });
        }
        let annotations = variants.into_iter().map(|variants| (Metadata::VARIANTS.to_owned(), variants)).collect();
        let namespace = front.namespace.map(str::to_owned);
        Ok(Metadata { name, namespace, annotations, ..Metadata::default() })
    }

    /// Whether two objects can be in one namespace. An object without a namespace can be applied to any.
    pub(in crate::targets) fn may_share_namespace(&self, other: &Metadata) -> bool {
        !matches!((&self.namespace, &other.namespace), (Some(one), Some(other)) if one != other)
    }

    /// Whether two objects of one kind are the same one, as far as their names say.
    pub(in crate::targets) fn is_same_object(&self, other: &Metadata) -> bool {
        self.name == other.name && self.may_share_namespace(other)
    }
}

/// The largest number of characters of an object's name.
const MAX_NAME: usize = 253;

/// The most bytes that Kubernetes stores in the annotations of an object (`TotalAnnotationSizeLimitB` of `apimachinery`), without a
/// few that are left to others.
const MAX_ANNOTATION: usize = 250_000;
