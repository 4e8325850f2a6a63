//! Implementations of the Gateway API, and what each of them says that it supports.

use std::fmt;
use std::str::FromStr;

use super::Feature;
use crate::error::{Excerpt, InvalidParams};

/// An implementation of the Gateway API, and what it says that it supports.
///
/// Each row is the newest conformance report of the implementation in kubernetes-sigs/gateway-api at commit `4564255`, read in
/// November 2026. The size of regular expressions is that of the Envoy configuration which the implementation writes (Istio 1.30,
/// Envoy Gateway 1.9, Cilium 1.20, kgateway 2.4).
///
/// ```
/// use canary_policy::targets::gateway::{Feature, Implementation, Proxy, Support};
///
/// let fabric: Implementation = "nginx-gateway-fabric".parse()?;
/// assert_eq!((fabric.version, fabric.api), (Some("v2.7.0-pre"), Some("1.6")));
/// assert_eq!((fabric.support(Feature::RuleFilter), fabric.support(Feature::BackendFilter)), (Support::Yes, Support::No));
/// assert_eq!(fabric.proxy, Proxy::Other);
///
/// assert!("nginx".parse::<Implementation>().unwrap_err().to_string().starts_with("`nginx` is no implementation: expected "));
/// # Ok::<(), canary_policy::error::InvalidParams>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Implementation {
    /// The name in kebab-case, as [`FromStr`] reads it.
    pub name: &'static str,
    /// The version of the implementation in the report; `None` if there is no report.
    pub version: Option<&'static str>,
    /// The version of the Gateway API in the report; `None` if there is no report.
    pub api: Option<&'static str>,
    /// Whether a rule can change headers of responses (`HTTPRouteResponseHeaderModification`).
    pub rule_filters: Support,
    /// Whether a backend of a rule can change headers of requests (`HTTPRouteBackendRequestHeaderModification`). An affinity
    /// cookie needs a change of responses, for which the conformance tests have no feature: an implementation without this one is
    /// taken not to support it, and one with this feature may support it.
    pub backend_filters: Support,
    /// The proxy, which limits regular expressions if it is Envoy.
    pub proxy: Proxy,
}

/// Whether an implementation supports a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Support {
    /// The conformance report has the feature.
    Yes,
    /// The conformance report does not have the feature.
    No,
    /// There is no conformance report, or no feature for it.
    NotSaid,
}

/// The proxy of an implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Proxy {
    /// Envoy, which matches whole values with RE2.
    #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
    Envoy {
        /// The most instructions of a regular expression. Envoy's default is 100.
        program_size: u32,
    },
    /// Another proxy, which has no such limit.
    Other,
    /// It is not known whether the proxy is Envoy, or whether its limit is the default.
    NotSaid,
}

/// Envoy with its default limit.
const ENVOY: Proxy = Proxy::Envoy { program_size: 100 };

/// Istio sets `re2.max_program_size.error_level` to this number.
const ENVOY_OF_ISTIO: Proxy = Proxy::Envoy { program_size: 32_768 };

/// Envoy Gateway sets it to the largest number.
const ENVOY_GATEWAY: Proxy = Proxy::Envoy { program_size: u32::MAX };

impl Implementation {
    /// The known implementations, by name.
    pub const ALL: [Implementation; 25] = {
        use Proxy::{NotSaid, Other};
        use Support::{No, Yes};
        [
            reported("agentgateway", "1.6", "v1.3.1", [Yes, Yes], Other),
            reported("airlock-microgateway", "1.6", "5.1.0", [Yes, No], NotSaid),
            reported("alibaba-cloud-service-mesh", "1.3", "1.27", [Yes, Yes], NotSaid),
            unreported("aws-application-networking", Other),
            reported("aws-load-balancer-controller", "1.6", "v3.5.0", [No, No], Other),
            reported("azure-application-gateway-for-containers", "1.2", "1.7.9", [Yes, No], NotSaid),
            reported("calico", "1.4", "v3.32.0", [Yes, Yes], NotSaid),
            reported("cilium", "1.6", "v1.20.0", [Yes, Yes], ENVOY),
            unreported("cloud-provider-kind", NotSaid),
            reported("contour", "1.3", "v1.33.0", [Yes, Yes], NotSaid),
            reported("envoy-gateway", "1.6", "v1.9.0", [Yes, Yes], ENVOY_GATEWAY),
            reported("gke", "1.6", "1.36.2-gke", [Yes, No], NotSaid),
            reported("gloo-gateway", "1.4", "v1.21.3", [Yes, No], NotSaid),
            reported("gravitee", "1.6", "4.12.10", [Yes, Yes], NotSaid),
            reported("haproxy-ingress", "1.5", "v0.17.0-alpha.1", [Yes, No], Other),
            unreported("higress", NotSaid),
            reported("istio", "1.5", "1.30.1", [Yes, Yes], ENVOY_OF_ISTIO),
            reported("kgateway", "1.6", "v2.4.0-rc.1", [Yes, Yes], ENVOY),
            reported("kong-operator", "1.6", "v2.3.0-rc.3", [Yes, No], Other),
            unreported("kubvernor", NotSaid),
            reported("nginx-gateway-fabric", "1.6", "v2.7.0-pre", [Yes, No], Other),
            reported("sunbeam-proxy", "1.5", "v0.2.0", [Yes, Yes], Other),
            reported("traefik", "1.6", "v3.7.10", [Yes, Yes], Other),
            reported("varnish-gateway", "1.5", "v0.20.0", [Yes, No], Other),
            reported("wso2-api-platform-gateway", "1.5", "v1.2.0-alpha2", [No, No], NotSaid),
        ]
    };

    /// Whether the implementation supports a feature. No conformance report says anything about regular expressions on headers;
    /// Envoy is known to match whole values with RE2.
    #[must_use]
    pub const fn support(&self, feature: Feature) -> Support {
        match (feature, self.proxy) {
            (Feature::RuleFilter, _) => self.rule_filters,
            (Feature::BackendFilter, _) => self.backend_filters,
            (Feature::RegularExpression, Proxy::Envoy { .. }) => Support::Yes,
            (Feature::RegularExpression, Proxy::Other | Proxy::NotSaid) => Support::NotSaid,
        }
    }
}

/// An implementation with a conformance report: the versions of the Gateway API and of the implementation, and whether it has
/// filters on rules and on backends.
const fn reported(
    name: &'static str,
    api: &'static str,
    version: &'static str,
    [rule_filters, backend_filters]: [Support; 2],
    proxy: Proxy,
) -> Implementation {
    Implementation { name, version: Some(version), api: Some(api), rule_filters, backend_filters, proxy }
}

/// An implementation without a conformance report.
const fn unreported(name: &'static str, proxy: Proxy) -> Implementation {
    let (rule_filters, backend_filters) = (Support::NotSaid, Support::NotSaid);
    Implementation { name, version: None, api: None, rule_filters, backend_filters, proxy }
}

impl fmt::Display for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for Implementation {
    type Err = InvalidParams;

    fn from_str(text: &str) -> Result<Self, InvalidParams> {
        let found = Implementation::ALL.into_iter().find(|implementation| implementation.name == text);
        found.ok_or_else(|| InvalidParams::Unknown {
            what: "implementation",
            value: Excerpt::of(text),
            expected: Implementation::ALL.map(|implementation| implementation.name).to_vec(),
        })
    }
}
