//! The parameters of a canary Ingress.

use crate::error::{ConversionError, Excerpt};
use crate::policy::{Policy, Variant};
use crate::route::{Backend, Group, Route};
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

    /// The parameters for the backends of a route: its stable backend, and that of the first canary, which is the one that
    /// ingress-nginx can have. A backend without a namespace is in that of the route, which has to be that of the stable Ingress.
    /// The stable Ingress has its own name, hosts and paths, so those of the route do not count.
    ///
    /// # Errors
    ///
    /// * The route and the policy do not belong together, see [`Route::check`].
    /// * The route has former tokens: ingress-nginx honours its own only.
    ///
    /// ```
    /// use canary_policy::targets::nginx::IngressParams;
    /// use canary_policy::{Policy, Route};
    ///
    /// let route = Route::new("web", "web:80".parse()?, ["web-canary:8080".parse()?])?;
    /// let params = IngressParams::of_route(&Policy::percent(30)?, &route)?;
    /// assert_eq!(params, IngressParams::new("web-canary:8080".parse()?).with_stable("web:80".parse()?));
    ///
    /// let none = Route::new("web", "web:80".parse()?, [])?;
    /// assert_eq!(
    ///     IngressParams::of_route(&Policy::percent(30)?, &none).unwrap_err().to_string(),
    ///     "backends: 0 canary backends are given, but the policy has 1 canary",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_route(policy: &Policy, route: &Route) -> Result<Self, ConversionError> {
        let Group { paths: _, policy: _, backends, former_tokens } = Group::of_route(policy, route)?;
        if let Some(tokens) = former_tokens {
            let (field, value) = ("formerTokens", Excerpt::of(tokens.stable().as_str()));
            return Err(ConversionError::Refused {
                field,
                value,
                bound: "ingress-nginx honours no tokens but its own",
            });
        }
        let backends = backends.moved(route.namespace(), None);
        Ok(IngressParams::new(backends.of(Variant::Canary(0)).clone()).with_stable(backends.stable().clone()))
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
