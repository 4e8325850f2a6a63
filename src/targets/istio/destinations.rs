//! The destinations of a VirtualService that is read: whole Services, or the subsets of one Service.

use super::{Destination, HeaderOperations, Headers, HttpDestination, PortSelector, VirtualService};
use crate::error::{Excerpt, InvalidRoute, ReadError};
use crate::policy::CanaryName;
use crate::route::Backend;
use crate::targets::Metadata;
use crate::targets::finding::Findings;
use crate::targets::read::{
    AddedHeader, BackendSubset, ParsedDestination, SubsetsOf, VariantNames, set_cookie_of, unknown_fields,
};
use crate::targets::table::unescape_percent;

/// What the destinations of one VirtualService have in common.
#[derive(Clone, Copy)]
pub(super) struct Destinations<'o> {
    metadata: &'o Metadata,
    /// The Service that all destinations are subsets of, if they are subsets of one Service.
    subsets_of: Option<ServiceHost<'o>>,
    /// Whether a destination has a port.
    has_ports: bool,
}

/// The name of a Service and, if it is given, the namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ServiceHost<'h> {
    pub(super) name: &'h str,
    pub(super) namespace: Option<&'h str>,
}

impl<'h> ServiceHost<'h> {
    /// Reads `NAME` or `NAME.NAMESPACE.svc.DOMAIN`; `None` for any other host.
    pub(super) fn parse(host: &'h str) -> Option<Self> {
        let Some((name, rest)) = host.split_once('.') else { return Some(ServiceHost { name: host, namespace: None }) };
        let (namespace, rest) = rest.split_once('.')?;
        rest.starts_with("svc.").then_some(ServiceHost { name, namespace: Some(namespace) })
    }

    /// The domain of `NAME.NAMESPACE.svc.DOMAIN`.
    pub(super) fn domain(host: &str) -> Option<&str> {
        host.splitn(4, '.').nth(3)
    }

    /// The host as an object in this namespace names it: without the namespace if it is the same.
    fn within(self, namespace: Option<&str>) -> Self {
        ServiceHost { namespace: self.namespace.filter(|own| Some(*own) != namespace), ..self }
    }

    /// The Service as a backend.
    fn backend(self) -> Result<Backend, InvalidRoute> {
        let backend = Backend::new(self.name)?;
        match self.namespace {
            None => Ok(backend),
            Some(namespace) => backend.with_namespace(namespace),
        }
    }
}

impl<'o> Destinations<'o> {
    pub(super) fn of(object: &'o VirtualService) -> Self {
        let all = || object.spec.http.iter().flat_map(|rule| &rule.route).map(|to| &to.destination);
        let own = object.metadata.namespace.as_deref();
        let service = |to: &'o Destination| ServiceHost::parse(&to.host).map(|host| host.within(own));
        let first = all().next().and_then(service);
        let one_service = all().all(|to| to.subset.is_some() && service(to) == first);
        let has_ports = all().any(|to| to.port.is_some());
        Destinations { metadata: &object.metadata, subsets_of: first.filter(|_| one_service), has_ports }
    }

    /// The variants that the annotation [`Metadata::VARIANTS`] names. If all destinations are subsets of one Service, the variants
    /// are its subsets. This has to be called after the destinations were read.
    pub(super) fn variant_names(self) -> Result<Option<VariantNames>, ReadError> {
        VariantNames::of(self.metadata, self.subsets().as_ref())
    }

    /// The Service that all destinations are subsets of.
    pub(super) fn subsets(self) -> Option<SubsetsOf> {
        // Reading the first destination would have failed if its host were not a Service, so the name is valid.
        let service = self.subsets_of.and_then(|service| service.backend().ok());
        service.map(|service| SubsetsOf { service, has_ports: self.has_ports })
    }

    /// Reads one destination.
    pub(super) fn parsed(
        self,
        field: &str,
        to: &HttpDestination,
        findings: &mut Findings,
    ) -> Result<ParsedDestination, ReadError> {
        let HttpDestination { destination, weight, headers, unknown } = to;
        unknown_fields(field, unknown, findings);
        let Destination { host, subset, port, unknown } = destination;
        unknown_fields(&format!("{field}.destination"), unknown, findings);
        let at = |invalid| ReadError::Route { field: format!("{field}.destination"), invalid };
        let service = ServiceHost::parse(host).ok_or_else(|| at(InvalidRoute::Service(Excerpt::of(host))))?;
        let backend = service.within(self.metadata.namespace.as_deref()).backend().map_err(at)?;
        let subset = self.parsed_subset(field, subset.as_deref(), findings)?;
        let backend = match port {
            None => backend,
            Some(PortSelector { number, unknown }) => {
                unknown_fields(&format!("{field}.destination.port"), unknown, findings);
                backend.with_port(number.to_string().parse().map_err(at)?)
            }
        };
        let set_cookie = headers.as_ref().and_then(|headers| set_cookie(field, headers, findings));
        let backend = BackendSubset { backend, subset, elsewhere: None };
        Ok(ParsedDestination { backend, weight: weight.unwrap_or(0), set_cookie })
    }

    fn parsed_subset(
        self,
        field: &str,
        subset: Option<&str>,
        findings: &mut Findings,
    ) -> Result<Option<String>, ReadError> {
        let Some(subset) = subset else { return Ok(None) };
        if self.subsets_of.is_none() {
            let why = "the backends are either whole Services, or all of them subsets of one Service";
            findings.left_out(format!("{field}.destination.subset"), subset, why);
            return Ok(None);
        }
        if subset != "stable" {
            let at = |invalid| ReadError::Value { field: format!("{field}.destination"), invalid };
            CanaryName::new(subset).map_err(at)?;
        }
        Ok(Some(subset.to_owned()))
    }
}

/// The `Set-Cookie` value that is added to responses.
fn set_cookie(field: &str, headers: &Headers, findings: &mut Findings) -> Option<String> {
    let field = format!("{field}.headers");
    let Headers { response, unknown } = headers;
    unknown_fields(&field, unknown, findings);
    let HeaderOperations { add, unknown } = response.as_ref()?;
    unknown_fields(&format!("{field}.response"), unknown, findings);
    let added = add.iter().map(|(name, value)| AddedHeader {
        field: format!("{field}.response.add.{name}"),
        text: value.clone(),
        set_cookie: name.eq_ignore_ascii_case("set-cookie").then(|| unescape_percent(value)),
    });
    set_cookie_of(added, "a policy adds no other header to responses than its affinity cookie", findings)
}
