//! The errors of [`route`](crate::route).

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// Why a value cannot be part of a [`Route`](crate::Route) or a [`VirtualHost`](crate::route::VirtualHost).
///
/// ```
/// use canary_policy::error::InvalidRoute;
/// use canary_policy::route::Backend;
///
/// assert!(matches!("web:99999".parse::<Backend>(), Err(InvalidRoute::Port(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidRoute {
    /// The name of a Service is not a DNS label that begins with a letter (RFC 1035).
    #[error("`{0}` is not a Service name: expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last")]
    Service(Excerpt),
    /// A port is neither a number from 1 to 65535 nor an IANA service name.
    #[error(
        "`{0}` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --"
    )]
    Port(Excerpt),
    /// A host is not a DNS name.
    #[error("`{0}` is not a host: expected a DNS name, or `*.` and a DNS name")]
    Host(Excerpt),
    /// A path is one that targets read differently, or that one of them refuses.
    #[error(
        "`{0}` is not a path: expected `/` and at most 1023 more characters of a URL path, without //, /./, /../ and %2f"
    )]
    Path(Excerpt),
    /// A path has an escape that proxies replace or refuse before they compare paths.
    #[error(
        "`{path}` is not a path: `{escape}` is replaced or refused by proxies: expected no escaped letter, digit, -, ., _, ~ and no %00"
    )]
    PathEscape {
        /// The path.
        path: Excerpt,
        /// The escape.
        escape: Excerpt,
    },
    /// A list names the same host, path or parent twice.
    #[error("`{0}` is listed twice")]
    Duplicate(Excerpt),
    /// A virtual host has no location.
    #[error("locations: none is given: a virtual host serves at least one path")]
    NoLocation,
    /// The name of an object is not a DNS name.
    #[error("`{0}` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends")]
    ObjectName(Excerpt),
    /// A namespace is not a DNS label.
    #[error("`{0}` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")]
    Namespace(Excerpt),
}

impl Diagnostic for InvalidRoute {
    fn code(&self) -> &'static str {
        match self {
            InvalidRoute::Service(_) => "service",
            InvalidRoute::Port(_) => "port",
            InvalidRoute::Host(_) => "host",
            InvalidRoute::Path(_) => "path",
            InvalidRoute::PathEscape { .. } => "path-escape",
            InvalidRoute::Duplicate(_) => "duplicate",
            InvalidRoute::NoLocation => "no-location",
            InvalidRoute::ObjectName(_) => "object-name",
            InvalidRoute::Namespace(_) => "namespace",
        }
    }
}
