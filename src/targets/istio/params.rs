//! The parameters of a VirtualService that neither a policy nor a route has.

use crate::error::{Excerpt, InvalidParams};
use crate::names::is_dns_subdomain;

/// Whether variants are Services or subsets, whether the rules are for sidecars too, the domain of the cluster, and whether weights
/// add up to 100.
///
/// By default each variant is a Service, the rules are for the Gateways that the route attaches to, the domain is `cluster.local`,
/// and weights are those of the policy.
///
/// ```
/// use canary_policy::targets::istio::VirtualServiceParams;
///
/// let params = VirtualServiceParams::default().with_subsets(VirtualServiceParams::VERSION)?.with_mesh();
/// assert_eq!(params.subsets(), Some("version"));
/// assert_eq!(params.cluster_domain(), "cluster.local");
/// assert!(params.with_subsets("app version").is_err());
/// # Ok::<(), canary_policy::error::InvalidParams>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualServiceParams {
    subsets: Option<String>,
    mesh: bool,
    cluster_domain: String,
    weights_of_100: bool,
}

impl Default for VirtualServiceParams {
    fn default() -> Self {
        VirtualServiceParams {
            subsets: None,
            mesh: false,
            cluster_domain: Self::CLUSTER_DOMAIN.to_owned(),
            weights_of_100: false,
        }
    }
}

impl VirtualServiceParams {
    /// The label that usually holds the version of a pod.
    pub const VERSION: &'static str = "version";

    /// The domain that most clusters have.
    pub(super) const CLUSTER_DOMAIN: &'static str = "cluster.local";

    /// The same parameters for variants that are subsets of stable's Service. A variant is then the pods that have this label with
    /// the value `stable` or the name of the canary. A DestinationRule with these subsets is written too.
    ///
    /// # Errors
    ///
    /// A Kubernetes API server refuses the name of the label: see [`InvalidParams::Label`].
    pub fn with_subsets(self, label: &str) -> Result<Self, InvalidParams> {
        let (prefix, name) = label.split_once('/').map_or((None, label), |(prefix, name)| (Some(prefix), name));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_end = |byte: u8| byte.is_ascii_alphanumeric();
        let ends = name.bytes().next().is_some_and(is_end) && name.bytes().last().is_some_and(is_end);
        if prefix.is_none_or(is_dns_subdomain) && name.len() <= 63 && ends && name.bytes().all(is_plain) {
            Ok(VirtualServiceParams { subsets: Some(label.to_owned()), ..self })
        } else {
            Err(InvalidParams::Label(Excerpt::of(label)))
        }
    }

    /// The same parameters for rules that are for the sidecars as well as for the Gateways. Without Gateways the rules are for
    /// the sidecars in any case.
    #[must_use]
    pub fn with_mesh(self) -> Self {
        VirtualServiceParams { mesh: true, ..self }
    }

    /// The same parameters for a cluster with this domain, which follows `SERVICE.NAMESPACE.svc.` in a DNS name.
    ///
    /// # Errors
    ///
    /// The domain is not a DNS name.
    pub fn with_cluster_domain(self, domain: &str) -> Result<Self, InvalidParams> {
        if is_dns_subdomain(domain) {
            Ok(VirtualServiceParams { cluster_domain: domain.to_owned(), ..self })
        } else {
            Err(InvalidParams::Domain(Excerpt::of(domain)))
        }
    }

    /// The same parameters for weights that add up to 100, which Istio 1.14 and older versions require. Istio has taken any weights
    /// since version 1.15 (pull request 39544). A weight that 100 parts cannot express is rounded, which is a loss.
    ///
    /// ```
    /// use canary_policy::targets::istio::{self, VirtualServiceParams};
    /// use canary_policy::{Canary, Policy, Route, Total};
    ///
    /// let policy = Policy::new([Canary::new("canary", 5)?], Total::new(1000)?)?;
    /// let route = Route::new("web", "web:80".parse()?, ["web-canary:80".parse()?])?;
    /// let params = VirtualServiceParams::default().with_weights_of_100();
    /// let losses = istio::virtual_service(&policy, &route, &params)?.losses;
    /// assert_eq!(losses[0].to_string(), "canaries[0].weight: 1/200 is rounded to 1/100");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_weights_of_100(self) -> Self {
        VirtualServiceParams { weights_of_100: true, ..self }
    }

    /// Whether the weights add up to 100.
    #[must_use]
    pub const fn weights_of_100(&self) -> bool {
        self.weights_of_100
    }

    /// The name of the label that tells variants apart, if they are subsets.
    #[must_use]
    pub fn subsets(&self) -> Option<&str> {
        self.subsets.as_deref()
    }

    /// Whether the rules are for the sidecars as well as for the Gateways.
    #[must_use]
    pub const fn mesh(&self) -> bool {
        self.mesh
    }

    /// The domain of the cluster.
    #[must_use]
    pub fn cluster_domain(&self) -> &str {
        &self.cluster_domain
    }
}
