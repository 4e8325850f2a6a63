//! The parameters of a RouteConfiguration that neither a policy nor a route has.

use http::HeaderName;

/// The parameters of a RouteConfiguration: the point header, by which Envoy chooses the variant of a selector.
///
/// By default Envoy draws a number for each request that the weights decide, or hashes the affinity key with its own hash. With a
/// point header, Envoy uses the number in this header, so that a client has the same variant in Envoy as in every other tier.
/// Something in front of Envoy has to set the header to [`Selector::point`](crate::Selector::point), and has to remove what a
/// client sent. If a request has no such header, or a value that is not a number, Envoy draws a number.
///
/// ```
/// use canary_policy::targets::envoy::{self, RouteParams};
/// use canary_policy::{Affinity, KeyAffinity, Policy, Route};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// assert_eq!(envoy::route_configuration(&policy, &route, &RouteParams::default())?.losses.len(), 1);
///
/// let params = RouteParams::default().with_point_header(http::HeaderName::from_static("x-canary-point"));
/// let configuration = envoy::route_configuration(&policy, &route, &params)?.exact()?;
/// let split = configuration.virtual_hosts[0].routes[0].route.weighted_clusters.as_ref().unwrap();
/// // The clusters have the order of the intervals of the policy: the canary has the points 0 to 29.
/// assert_eq!((split.clusters[0].name.as_str(), split.clusters[0].weight), ("web-canary:80", 30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteParams {
    pub(super) point_header: Option<HeaderName>,
}

impl RouteParams {
    /// The same parameters with this point header (`header_name` of the `weighted_clusters`).
    #[must_use]
    pub fn with_point_header(self, name: HeaderName) -> Self {
        RouteParams { point_header: Some(name) }
    }

    /// The point header, if there is one.
    #[must_use]
    pub const fn point_header(&self) -> Option<&HeaderName> {
        self.point_header.as_ref()
    }
}
