//! Readings: a policy and a route that were read, and the findings.

use crate::policy::Policy;
use crate::route::Route;
use crate::targets::Finding;

/// The policy and the route that objects express, and findings for everything else in the objects.
///
/// ```
/// use canary_policy::targets::istio::{self, VirtualServiceParams};
/// use canary_policy::{Policy, Route};
///
/// let (policy, params) = (Policy::percent(30)?, VirtualServiceParams::default());
/// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
/// let written = istio::virtual_service(&policy, &route, &params)?.exact()?;
/// let reading = istio::read(&written.virtual_service)?;
/// assert_eq!((reading.policy, reading.route), (policy, route));
/// assert!(reading.findings.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Reading {
    /// Which variant gets which requests.
    pub policy: Policy,
    /// The hosts, paths and backends.
    pub route: Route,
    /// What was left out, and what was assumed.
    pub findings: Vec<Finding>,
}
