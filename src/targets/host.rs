//! Hosts.

use std::net::Ipv4Addr;

use crate::error::{Excerpt, Invalid};
use crate::policy::{is_dns_subdomain, text};

/// A DNS name, or one with `*` for its first label.
///
/// ```
/// use canary_policy::targets::Host;
///
/// assert_eq!("*.example.com".parse::<Host>()?.as_str(), "*.example.com");
/// assert!("Example.com".parse::<Host>().is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// A host.
    ///
    /// # Errors
    ///
    /// It is not a DNS name, nor `*.` and one.
    pub fn new(host: &str) -> Result<Self, Invalid> {
        let name = is_dns_subdomain(host.strip_prefix("*.").unwrap_or(host)) && host.len() <= 253;
        // An Ingress and the Gateway API take no address.
        if name && host.parse::<Ipv4Addr>().is_err() {
            Ok(Host(host.to_owned()))
        } else {
            Err(Invalid::Host(Excerpt::of(host)))
        }
    }
}

text!(Host);
