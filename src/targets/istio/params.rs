//! What neither a policy nor a route says, and a VirtualService needs.

use crate::error::{Excerpt, Invalid};
use crate::policy::is_dns_subdomain;

/// Where the variants are, and who reads the rules.
///
/// ```
/// use canary_policy::targets::istio::Params;
///
/// let params = Params::default().with_subsets(Params::VERSION)?.with_mesh();
/// assert_eq!(params.subsets(), Some("version"));
/// assert_eq!(params.cluster_domain(), "cluster.local");
/// assert!(params.with_subsets("app version").is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    subsets: Option<String>,
    mesh: bool,
    cluster_domain: String,
}

/// Each variant is a Service, in a cluster of the usual domain; the rules are for the Gateways that the route hangs on.
impl Default for Params {
    fn default() -> Self {
        Params { subsets: None, mesh: false, cluster_domain: "cluster.local".to_owned() }
    }
}

impl Params {
    /// The usual label that tells a version's pods.
    pub const VERSION: &'static str = "version";

    /// The variants are subsets of stable's Service: the pods whose label of this name says `stable`, or a canary's name.
    /// The DestinationRule that says so is written too.
    ///
    /// # Errors
    ///
    /// It is not a label's name.
    pub fn with_subsets(self, label: &str) -> Result<Self, Invalid> {
        let (prefix, name) = label.split_once('/').map_or((None, label), |(prefix, name)| (Some(prefix), name));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let ends = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
            && name.bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if prefix.is_none_or(is_dns_subdomain) && name.len() <= 63 && ends && name.bytes().all(plain) {
            Ok(Params { subsets: Some(label.to_owned()), ..self })
        } else {
            Err(Invalid::Label(Excerpt::of(label)))
        }
    }

    /// The rules are for the sidecars too. Without Gateways they are for the sidecars anyway.
    #[must_use]
    pub fn with_mesh(self) -> Self {
        Params { mesh: true, ..self }
    }

    /// The cluster's domain, behind `SERVICE.NAMESPACE.svc.`.
    ///
    /// # Errors
    ///
    /// It is not a DNS name.
    pub fn with_cluster_domain(self, domain: &str) -> Result<Self, Invalid> {
        if is_dns_subdomain(domain) {
            Ok(Params { cluster_domain: domain.to_owned(), ..self })
        } else {
            Err(Invalid::Domain(Excerpt::of(domain)))
        }
    }

    /// The label of the variants' pods, if they are subsets.
    #[must_use]
    pub fn subsets(&self) -> Option<&str> {
        self.subsets.as_deref()
    }

    /// Whether the rules are for the sidecars beside Gateways.
    #[must_use]
    pub fn mesh(&self) -> bool {
        self.mesh
    }

    /// The cluster's domain.
    #[must_use]
    pub fn cluster_domain(&self) -> &str {
        &self.cluster_domain
    }
}
