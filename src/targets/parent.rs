//! What routes hang on.

use std::fmt;
use std::str::FromStr;

use crate::error::{Excerpt, Invalid};
use crate::policy::{is_dns_label, is_dns_subdomain};

/// What a route hangs on: a Gateway, by `NAME` or `NAMESPACE/NAME`.
///
/// ```
/// use canary_policy::targets::Parent;
///
/// let parent: Parent = "infra/public".parse()?;
/// assert_eq!((parent.namespace(), parent.name()), (Some("infra"), "public"));
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parent {
    namespace: Option<String>,
    name: String,
}

impl Parent {
    /// The namespace, if it is not the route's.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Parent {
    type Err = Invalid;

    /// Reads `NAME` or `NAMESPACE/NAME`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
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

pub(super) fn object_name(name: &str) -> Result<String, Invalid> {
    if is_dns_subdomain(name) { Ok(name.to_owned()) } else { Err(Invalid::ObjectName(Excerpt::of(name))) }
}

pub(super) fn namespace_name(name: &str) -> Result<String, Invalid> {
    if is_dns_label(name) { Ok(name.to_owned()) } else { Err(Invalid::Name(Excerpt::of(name))) }
}
