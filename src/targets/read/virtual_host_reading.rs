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
    /// The locations, each with the policy that its rules express. If no rule can be read, there is no location.
    pub virtual_host: VirtualHost,
    /// The paths whose rules no policy expresses exactly. A finding says why. The virtual host may have no location for such a
    /// path.
    pub inexact: Vec<Path>,
    /// Which hosts the wildcards among its hosts match.
    pub wildcards: Wildcards,
    /// What was left out, and what was assumed.
    pub findings: Vec<Finding>,
}

/// Which hosts a wildcard such as `*.a.test` matches.
///
/// ```
/// use canary_policy::migrate::{self, HostClass};
/// use canary_policy::route::{Location, Path, VirtualHost};
/// use canary_policy::targets::{VirtualHostReading, Wildcards};
///
/// let web = Location::new(Path::prefix("/")?, "web:80".parse()?);
/// let host = VirtualHost::new("web", [web])?.with_hosts(["*.a.test".parse()?])?;
/// let mut after = VirtualHostReading::from(host.clone());
/// assert_eq!(after.wildcards, Wildcards::OneLabel);
/// assert_eq!(migrate::verify(&[host.clone()], &[after.clone()]).locations.len(), 1);
///
/// // Most targets answer `x.y.a.test` too.
/// after.wildcards = Wildcards::AnyLabels;
/// let verification = migrate::verify(&[host], &[after]);
/// assert_eq!(verification.locations[1].hosts, HostClass::MoreLabels("*.a.test".parse()?));
/// assert_eq!(
///     verification.locations[1].to_string(),
///     "hosts with two or more labels before .a.test, such as x.x.a.test, Prefix /: \
///      no location matches before, and stable is `web:80` after",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Wildcards {
    /// The `*` is one label, as in a route and in an Ingress.
    OneLabel,
    /// The `*` is one or more labels, and the longest wildcard that matches decides, as in HTTPRoutes, VirtualServices and the
    /// configuration of Envoy.
    AnyLabels,
}

/// A virtual host that is known without reading an object.
impl From<VirtualHost> for VirtualHostReading {
    fn from(virtual_host: VirtualHost) -> Self {
        let wildcards = Wildcards::OneLabel;
        VirtualHostReading { virtual_host, inexact: Vec::new(), wildcards, findings: Vec::new() }
    }
}
