//! The parameters of a route of the Gateway API that neither a policy nor a route has.

use std::collections::BTreeSet;

use super::{Feature, FeatureNote, Implementation, Proxy};

/// The implementation of the Gateway API: which one it is, or whether it is built on Envoy and how large a regular expression may
/// become there.
///
/// Most implementations are built on Envoy. By default, only what all of them accept is written, and the rest is a loss: Cilium and
/// kgateway, for example, run Envoy with its default limit for regular expressions, and where one route exceeds the limit, Envoy
/// refuses the routes of the whole listener. Istio and Envoy Gateway raise the limit.
///
/// ```
/// use canary_policy::targets::gateway::{self, RouteParams};
/// use canary_policy::{Canary, HeaderRule, Match, Pattern, Policy, Route, Total};
///
/// let user = HeaderRule::new("x-user", Match::Pattern(Pattern::new("^[a-z]{3,50}$")?))?;
/// let policy = Policy::new([Canary::new("canary", 5)?.with_header(user)], Total::default())?;
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_parents(["public".parse()?])?;
///
/// let anywhere = gateway::http_routes(&policy, &route, &RouteParams::default())?;
/// assert_eq!(anywhere.losses.len(), 1);
/// assert!(gateway::http_routes(&policy, &route, &RouteParams::default().with_program_size(32_768))?.exact().is_ok());
/// assert!(gateway::http_routes(&policy, &route, &RouteParams::default().without_envoy())?.exact().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteParams {
    program_size: Option<u32>,
    implementation: Option<Implementation>,
}

impl Default for RouteParams {
    fn default() -> Self {
        RouteParams { program_size: Some(100), implementation: None }
    }
}

impl RouteParams {
    /// The same parameters for an implementation that is built on Envoy and accepts regular expressions that RE2 compiles to at
    /// most this many instructions (`re2.max_program_size.error_level`). The default is Envoy's own, 100.
    #[must_use]
    pub fn with_program_size(self, instructions: u32) -> Self {
        RouteParams { program_size: Some(instructions), ..self }
    }

    /// The same parameters for an implementation that is not built on Envoy: it has no limit for regular expressions, sees every
    /// header as the client sent it, and adds a `%` to a response as it is.
    #[must_use]
    pub fn without_envoy(self) -> Self {
        RouteParams { program_size: None, ..self }
    }

    /// The same parameters for this implementation. Its limit for regular expressions replaces the one before, if it is known, and
    /// what the implementation says that it does not support is a loss.
    ///
    /// ```
    /// use canary_policy::targets::gateway::{self, RouteParams};
    /// use canary_policy::{Affinity, CookieAffinity, Policy, Route};
    ///
    /// let policy = Policy::percent(30)?.with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?.with_parents(["public".parse()?])?;
    /// let istio = RouteParams::default().with_implementation("istio".parse()?);
    /// assert_eq!(istio.program_size(), Some(32_768));
    /// assert!(gateway::http_routes(&policy, &route, &istio)?.exact().is_ok());
    ///
    /// let gke = RouteParams::default().with_implementation("gke".parse()?);
    /// assert_eq!(
    ///     gateway::http_routes(&policy, &route, &gke)?.losses[0].to_string(),
    ///     "affinity: `cookie route` is left out: \
    ///      the implementation supports no ResponseHeaderModifier where a response would set the cookie",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_implementation(self, implementation: Implementation) -> Self {
        let program_size = match implementation.proxy {
            Proxy::Envoy { program_size } => Some(program_size),
            Proxy::Other => None,
            Proxy::NotSaid => self.program_size,
        };
        RouteParams { program_size, implementation: Some(implementation) }
    }

    /// The implementation, if one is given.
    #[must_use]
    pub const fn implementation(&self) -> Option<Implementation> {
        self.implementation
    }

    /// A note for each of these features that the implementation may not support, or that not every implementation supports if none
    /// is given. The features are those that a route [needs](super::Spec::features).
    #[must_use]
    pub fn notes(&self, features: impl IntoIterator<Item = Feature>) -> Vec<FeatureNote> {
        let features: BTreeSet<Feature> = features.into_iter().collect();
        features.into_iter().filter_map(|feature| FeatureNote::new(feature, self.implementation)).collect()
    }

    /// The largest number of instructions of a regular expression; `None` if the implementation is not built on Envoy.
    #[must_use]
    pub const fn program_size(&self) -> Option<u32> {
        self.program_size
    }
}
