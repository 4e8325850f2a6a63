//! The parameters of a VirtualService that neither a policy nor a route has.

use crate::error::{Excerpt, InvalidParams};
use crate::names::is_dns_subdomain;

/// Whether variants are Services or subsets, whether the rules are for sidecars too, and the domain of the cluster.
///
/// By default each variant is a Service, the rules are for the Gateways that the route attaches to, and the domain is
/// `cluster.local`.
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
}

impl Default for VirtualServiceParams {
    fn default() -> Self {
        VirtualServiceParams { subsets: None, mesh: false, cluster_domain: "cluster.local".to_owned() }
    }
}

impl VirtualServiceParams {
    /// The label that usually holds the version of a pod.
    pub const VERSION: &'static str = "version";

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
