//! Hosts: DNS names, whose first label may be `*`.

use std::net::Ipv4Addr;

use crate::error::{Excerpt, InvalidRoute};
use crate::names::{is_dns_subdomain, text};

/// A host of a route: a DNS name in lower case, or one whose first label is `*`.
///
/// ```
/// use canary_policy::route::Host;
///
/// assert_eq!("*.example.com".parse::<Host>()?.as_str(), "*.example.com");
/// assert!("Example.com".parse::<Host>().is_err());
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// A host.
    ///
    /// # Errors
    ///
    /// The text is neither a DNS name nor `*.` and a DNS name, has more than 253 characters, or is an IPv4 address, which
    /// neither an Ingress nor a route of the Gateway API accepts.
    pub fn new(host: &str) -> Result<Self, InvalidRoute> {
        let name = is_dns_subdomain(host.strip_prefix("*.").unwrap_or(host)) && host.len() <= 253;
        if name && host.parse::<Ipv4Addr>().is_err() {
            Ok(Host(host.to_owned()))
        } else {
            Err(InvalidRoute::Host(Excerpt::of(host)))
        }
    }

    /// The domain below which the hosts of a wildcard are: `a.test` of `*.a.test`.
    pub(crate) fn wildcard_domain(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }
}

text!(Host, InvalidRoute);
