//! The parameters of a route of Linkerd that neither a policy nor a route has.

/// Whether a last rule sends the requests that no path of the route matches to stable.
///
/// By default the rule is written if the paths of the route do not cover every request, because a Service with an HTTPRoute answers
/// nothing else. **Only one of several routes of a Service may write it**: if one route is for `/api` and another for `/`, the rule
/// of the first and the split of the second match the same requests equally well, and the older object decides, or the first by
/// name. Write it for none of them if one of the routes is for `/`. [`http_routes_of_hosts`](super::http_routes_of_hosts) writes
/// the routes of a Service together, and the rule once.
///
/// ```
/// use canary_policy::route::Path;
/// use canary_policy::targets::linkerd::{self, RouteParams};
/// use canary_policy::{Policy, Route};
///
/// let route = Route::new("api", "web:80".parse()?, ["web-canary:80".parse()?])?.with_paths([Path::prefix("/api")?])?;
/// let rules = |params: &RouteParams| -> Result<usize, Box<dyn std::error::Error>> {
///     Ok(linkerd::http_routes(&Policy::percent(30)?, &route, params)?.exact()?[0].spec.rules.len())
/// };
/// assert_eq!(rules(&RouteParams::default())?, 2);
/// assert_eq!(rules(&RouteParams::default().without_fallback())?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteParams {
    fallback: bool,
}

impl Default for RouteParams {
    fn default() -> Self {
        RouteParams { fallback: true }
    }
}

impl RouteParams {
    /// The same parameters without a rule for other requests.
    #[must_use]
    pub fn without_fallback(self) -> Self {
        RouteParams { fallback: false }
    }

    /// Whether a rule for other requests is written, if the route needs one.
    #[must_use]
    pub const fn fallback(&self) -> bool {
        self.fallback
    }
}
