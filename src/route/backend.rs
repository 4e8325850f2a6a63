//! Backends: a Service, its namespace, and the port of the Service that requests go to.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::parent::namespace_name;
use crate::error::{ConversionError, Excerpt, InvalidRoute};
use crate::names::{is_dns_label, is_service_name, serde_as_text};

/// A port of a Service: its number, 1 to 65535, or its name.
///
/// ```
/// use canary_policy::route::Port;
///
/// assert!(matches!("80".parse::<Port>()?, Port::Number(number) if number.get() == 80));
/// assert_eq!("http".parse::<Port>()?.to_string(), "http");
/// assert!("0".parse::<Port>().is_err());
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// The number of the port.
    Number(NonZeroU16),
    /// The name of the port.
    Name(PortName),
}

/// The name of a port: 1 to 15 characters of a-z, 0-9 and `-`, at least one of them a letter, with no `-` at
/// either end and no two in a row (RFC 6335).
///
/// ```
/// use canary_policy::route::Port;
///
/// assert!(matches!("http".parse::<Port>()?, Port::Name(name) if name.as_str() == "http"));
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(String);

impl PortName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The largest number of characters of the name of a port.
pub(super) const MAX_PORT_NAME: usize = 15;

impl FromStr for Port {
    type Err = InvalidRoute;

    fn from_str(text: &str) -> Result<Self, InvalidRoute> {
        let has_letter = text.bytes().any(|byte| byte.is_ascii_lowercase());
        let name = is_dns_label(text) && text.len() <= MAX_PORT_NAME && has_letter && !text.contains("--");
        match text.parse() {
            // Rust reads `+80` and `080` as numbers, and Kubernetes does not.
            Ok(number) if text.starts_with(|first: char| ('1'..='9').contains(&first)) => Ok(Port::Number(number)),
            _ if name => Ok(Port::Name(PortName(text.to_owned()))),
            _ => Err(InvalidRoute::Port(Excerpt::of(text))),
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

serde_as_text!(Port);

/// A Service, or a Service and one of its ports. It is written `SERVICE` or `SERVICE:PORT`, and `NAMESPACE/SERVICE:PORT` if the
/// Service is in another namespace than the route.
///
/// ```
/// use canary_policy::route::Backend;
///
/// let backend: Backend = "web:80".parse()?;
/// assert_eq!((backend.service(), backend.to_string().as_str()), ("web", "web:80"));
/// assert_eq!("shop/web:80".parse::<Backend>()?.namespace(), Some("shop"));
/// assert_eq!(
///     "web:99999".parse::<Backend>().unwrap_err().to_string(),
///     "`99999` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --",
/// );
/// # Ok::<(), canary_policy::error::InvalidRoute>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    namespace: Option<String>,
    service: String,
    port: Option<Port>,
}

impl Backend {
    /// A Service without a port.
    ///
    /// # Errors
    ///
    /// The name is not a DNS label that begins with a letter (RFC 1035).
    pub fn new(service: &str) -> Result<Self, InvalidRoute> {
        if is_service_name(service) {
            Ok(Backend { namespace: None, service: service.to_owned(), port: None })
        } else {
            Err(InvalidRoute::Service(Excerpt::of(service)))
        }
    }

    /// The same Service with this port.
    #[must_use]
    pub fn with_port(self, port: Port) -> Self {
        Backend { port: Some(port), ..self }
    }

    /// The same Service in this namespace.
    ///
    /// # Errors
    ///
    /// The namespace is not a DNS label.
    pub fn with_namespace(self, namespace: &str) -> Result<Self, InvalidRoute> {
        Ok(Backend { namespace: Some(namespace_name(namespace)?), ..self })
    }

    /// The namespace of the Service; `None` is the namespace of the route or virtual host.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name of the Service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The port, if one is given.
    #[must_use]
    pub const fn port(&self) -> Option<&Port> {
        self.port.as_ref()
    }

    /// The same Service, named as an object in the namespace `to` names it, if an object in the namespace `from` names it so: the
    /// namespace is given only if it is another one than `to`.
    pub(crate) fn moved(&self, from: Option<&str>, to: Option<&str>) -> Self {
        let namespace = self.namespace().or(from).filter(|namespace| Some(*namespace) != to);
        Backend { namespace: namespace.map(str::to_owned), ..self.clone() }
    }

    /// The number of the port, for a target that cannot look up a port by its name; `why` says what it is needed for.
    pub(crate) fn port_number(&self, why: &'static str) -> Result<u16, ConversionError> {
        match &self.port {
            Some(Port::Number(number)) => Ok(number.get()),
            _ => Err(ConversionError::Port { backend: Excerpt::of(&self.to_string()), why }),
        }
    }
}

impl FromStr for Backend {
    type Err = InvalidRoute;

    fn from_str(text: &str) -> Result<Self, InvalidRoute> {
        let (namespace, service) =
            text.split_once('/').map_or((None, text), |(namespace, rest)| (Some(namespace), rest));
        let backend = match service.split_once(':') {
            None => Backend::new(service)?,
            Some((service, port)) => Backend::new(service)?.with_port(port.parse()?),
        };
        match namespace {
            None => Ok(backend),
            Some(namespace) => backend.with_namespace(namespace),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Backend { namespace, service, port } = self;
        if let Some(namespace) = namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(service)?;
        port.iter().try_for_each(|port| write!(f, ":{port}"))
    }
}

serde_as_text!(Backend);
