//! A Service and, where it matters, its port.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::error::{Excerpt, Invalid, RouteError};
use crate::policy::{is_dns_label, is_service_name};

/// A port of a Service: its number, 1 to 65535, or its name.
///
/// ```
/// use canary_policy::targets::Port;
///
/// assert!(matches!("80".parse::<Port>()?, Port::Number(number) if number.get() == 80));
/// assert_eq!("http".parse::<Port>()?.to_string(), "http");
/// assert!("0".parse::<Port>().is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// By number.
    Number(NonZeroU16),
    /// By name.
    Name(PortName),
}

/// A port's name: 1 to 15 of a-z, 0-9 and `-` with a letter in it (an IANA service name). It is made by parsing a [`Port`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(String);

impl PortName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Port {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = is_dns_label(text) && text.len() <= 15 && text.bytes().any(|byte| byte.is_ascii_lowercase());
        match text.parse() {
            Ok(number) => Ok(Port::Number(number)),
            Err(_) if name => Ok(Port::Name(PortName(text.to_owned()))),
            Err(_) => Err(Invalid::Port(Excerpt::of(text))),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Port::Number(number) => number.fmt(f),
            Port::Name(PortName(name)) => f.write_str(name),
        }
    }
}

/// A Service, and a port of it or every port.
///
/// ```
/// use canary_policy::targets::Backend;
///
/// let backend: Backend = "web:80".parse()?;
/// assert_eq!((backend.service(), backend.to_string().as_str()), ("web", "web:80"));
/// assert_eq!(
///     "web:99999".parse::<Backend>().unwrap_err().to_string(),
///     "`99999` is not a port: 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it",
/// );
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    pub(super) service: String,
    pub(super) port: Option<Port>,
}

impl Backend {
    /// A Service, at whatever port.
    ///
    /// # Errors
    ///
    /// The name is not a DNS label that begins with a letter (RFC 1035).
    pub fn new(service: &str) -> Result<Self, Invalid> {
        if is_service_name(service) {
            Ok(Backend { service: service.to_owned(), port: None })
        } else {
            Err(Invalid::Service(Excerpt::of(service)))
        }
    }

    /// The same Service, at this port.
    #[must_use]
    pub fn with_port(self, port: Port) -> Self {
        Backend { port: Some(port), ..self }
    }

    /// The Service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The port's number, which not every target can look up by its name.
    pub(super) fn number(&self, why: &'static str) -> Result<u16, RouteError> {
        match &self.port {
            Some(Port::Number(number)) => Ok(number.get()),
            _ => Err(RouteError::Port { backend: Excerpt::of(&self.to_string()), why }),
        }
    }

    /// The port, if it is given.
    #[must_use]
    pub fn port(&self) -> Option<&Port> {
        self.port.as_ref()
    }
}

impl FromStr for Backend {
    type Err = Invalid;

    /// Reads `SERVICE` or `SERVICE:PORT`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once(':') {
            None => Backend::new(text),
            Some((service, port)) => Ok(Backend::new(service)?.with_port(port.parse()?)),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.port {
            None => f.write_str(&self.service),
            Some(port) => write!(f, "{}:{port}", self.service),
        }
    }
}
