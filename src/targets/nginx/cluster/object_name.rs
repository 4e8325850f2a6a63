//! The names of objects in a cluster.

use std::fmt;

use crate::targets::Metadata;

/// The namespace and the name of an object, written `NAMESPACE/NAME`.
///
/// Names are ordered by that text, byte by byte, as the controller orders Ingresses of the same age: `shop/10` comes before
/// `shop/9`.
///
/// ```
/// use canary_policy::targets::nginx::ObjectName;
///
/// let name = ObjectName::new("shop", "web");
/// assert_eq!((name.namespace(), name.name(), name.to_string().as_str()), ("shop", "web", "shop/web"));
/// assert!(ObjectName::new("shop", "10") < ObjectName::new("shop", "9"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct ObjectName(String);

impl ObjectName {
    /// A name in a namespace. Nothing is checked: an object of an API server has a valid name.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        ObjectName(format!("{namespace}/{name}"))
    }

    /// The name of an object. An object without a namespace is in `default`, where it would be applied.
    pub(super) fn of(metadata: &Metadata) -> Self {
        ObjectName::of_object(metadata.namespace.as_deref(), &metadata.name)
    }

    /// The name of an object that perhaps has a namespace.
    pub(in crate::targets::nginx) fn of_object(namespace: Option<&str>, name: &str) -> Self {
        ObjectName::new(namespace.filter(|namespace| !namespace.is_empty()).unwrap_or("default"), name)
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The name without the namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// The whole text, `NAMESPACE/NAME`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
