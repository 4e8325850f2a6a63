//! The parameters of a canary Ingress.

use crate::route::Backend;
use crate::targets::nginx::Flags;

/// The Services of a canary Ingress, its name, and the flags of the controller.
///
/// ```
/// use canary_policy::targets::nginx::IngressParams;
///
/// let params = IngressParams::new("web-canary:8080".parse()?).with_stable("web".parse()?).with_name("web-next");
/// assert_eq!(params.name.as_deref(), Some("web-next"));
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct IngressParams {
    /// The Service of the canary. Without a port it gets the port of the stable Service.
    pub canary: Backend,
    /// The stable Service; required if the stable Ingress routes to several Services. Without a port it stands for all of its
    /// ports.
    pub stable: Option<Backend>,
    /// The name of the canary Ingress, by default the name of the stable Ingress, `-` and the name of the canary.
    pub name: Option<String>,
    /// The flags of the controller that reads the Ingresses.
    pub flags: Flags,
}

impl IngressParams {
    /// The parameters for this Service of the canary. All others have their defaults.
    #[must_use]
    pub fn new(canary: Backend) -> Self {
        IngressParams { canary, stable: None, name: None, flags: Flags::default() }
    }

    /// The same parameters with this stable Service.
    #[must_use]
    pub fn with_stable(self, stable: Backend) -> Self {
        IngressParams { stable: Some(stable), ..self }
    }

    /// The same parameters with this name of the canary Ingress.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        IngressParams { name: Some(name.to_owned()), ..self }
    }

    /// The same parameters with these flags.
    #[must_use]
    pub fn with_flags(self, flags: Flags) -> Self {
        IngressParams { flags, ..self }
    }
}
