//! A virtual host that was read from the objects of a target.

use crate::route::{Path, VirtualHost};
use crate::targets::Finding;

/// A virtual host that was read from the objects of a target, and findings for everything else in the objects.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::gateway::{self, RouteParams};
///
/// let shop = Location::new(Path::prefix("/")?, "shop:80".parse()?);
/// let shop = shop.with_policy(Policy::percent(30)?, ["shop-canary:80".parse()?])?;
/// let orders = Location::new(Path::prefix("/orders")?, "orders:80".parse()?);
/// let host = VirtualHost::new("shop", [shop, orders])?.with_hosts(["shop.test".parse()?])?.with_parents(["public".parse()?])?;
/// let routes = gateway::http_routes_of_host(&host, &RouteParams::default())?.exact()?;
///
/// let readings = gateway::read_hosts(&routes, &[])?;
/// assert_eq!(readings[0].virtual_host, host);
/// assert!(readings[0].findings.is_empty() && readings[0].inexact.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct VirtualHostReading {
    /// The locations, each with the policy that its rules express.
    pub virtual_host: VirtualHost,
    /// The paths whose rules no policy expresses exactly. A finding says why. The virtual host may have no location for such a path.
    pub inexact: Vec<Path>,
    /// What was left out, and what was assumed.
    pub findings: Vec<Finding>,
}

/// A virtual host that is known without reading an object.
impl From<VirtualHost> for VirtualHostReading {
    fn from(virtual_host: VirtualHost) -> Self {
        VirtualHostReading { virtual_host, inexact: Vec::new(), findings: Vec::new() }
    }
}
