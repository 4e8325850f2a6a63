//! Parents: the Gateways that a route attaches to.

use std::fmt;
use std::str::FromStr;

use crate::error::{Excerpt, InvalidRoute};
use crate::names::{is_dns_label, is_dns_subdomain, serde_as_text};

/// A Gateway that a route attaches to, written `NAME` or `NAMESPACE/NAME`.
///
/// ```
/// use canary_policy::route::Parent;
///
/// let parent: Parent = "infra/public".parse()?;
/// assert_eq!((parent.namespace(), parent.name()), (Some("infra"), "public"));
/// assert!("infra/".parse::<Parent>().is_err());
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parent {
    namespace: Option<String>,
    name: String,
}

impl Parent {
    /// The namespace of the Gateway; `None` is the namespace of the route.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name of the Gateway.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Parent {
    type Err = InvalidRoute;

    fn from_str(text: &str) -> Result<Self, InvalidRoute> {
        match text.split_once('/') {
            None => Ok(Parent { namespace: None, name: object_name(text)? }),
            Some((namespace, name)) => {
                Ok(Parent { namespace: Some(namespace_name(namespace)?), name: object_name(name)? })
            }
        }
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parent { namespace, name } = self;
        match namespace {
            None => f.write_str(name),
            Some(namespace) => write!(f, "{namespace}/{name}"),
        }
    }
}

serde_as_text!(Parent);

/// The name of a Kubernetes object, checked.
pub(super) fn object_name(name: &str) -> Result<String, InvalidRoute> {
    if is_dns_subdomain(name) { Ok(name.to_owned()) } else { Err(InvalidRoute::ObjectName(Excerpt::of(name))) }
}

/// The name of a namespace, checked.
pub(super) fn namespace_name(name: &str) -> Result<String, InvalidRoute> {
    if is_dns_label(name) { Ok(name.to_owned()) } else { Err(InvalidRoute::Namespace(Excerpt::of(name))) }
}
