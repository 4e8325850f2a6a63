//! Destinations, by the names that tell them apart: of Services, or of one Service's subsets.

use super::{Destination, HeaderOperations, Headers, HttpDestination, VirtualService};
use crate::error::{Excerpt, Invalid, ReadingError};
use crate::policy::Name;
use crate::targets::found::left_out;
use crate::targets::lines::{Goal, Variants};
use crate::targets::{Backend, Finding, Metadata};

/// What destinations are told apart by.
#[derive(Clone, Copy)]
pub(super) struct Names<'o> {
    metadata: &'o Metadata,
    /// The one Service whose subsets they are. A subset's name stands for a backend's then.
    subsets_of: Option<&'o str>,
}

impl<'o> Names<'o> {
    pub(super) fn of(object: &'o VirtualService) -> Self {
        let all = || object.spec.http.iter().flat_map(|rule| &rule.route).map(|to| &to.destination);
        let first = all().next().and_then(|first| Some(service(&first.host)?.0));
        let one = |to: &Destination| to.subset.is_some() && service(&to.host).map(|(name, _)| name) == first;
        Names { metadata: &object.metadata, subsets_of: first.filter(|_| all().all(one)) }
    }

    /// What the annotation says, by the names that destinations are told apart by.
    pub(super) fn variants(self) -> Option<Variants> {
        let Variants { total, stable, canaries } = Variants::read(self.metadata)?;
        if self.subsets_of.is_none() {
            return Some(Variants { total, stable, canaries });
        }
        let named = |name: &str, backend: Backend| Backend { service: name.to_owned(), ..backend };
        let canaries = canaries.into_iter().map(|(name, backend): (Name, Backend)| {
            let backend = named(name.as_str(), backend);
            (name, backend)
        });
        Some(Variants { total, stable: named("stable", stable), canaries: canaries.collect() })
    }

    /// The backend that a name stands for.
    pub(super) fn backend(self, backend: Backend) -> Backend {
        match self.subsets_of {
            Some(service) => Backend { service: service.to_owned(), ..backend },
            None => backend,
        }
    }

    pub(super) fn goal(
        self,
        field: &str,
        to: &HttpDestination,
        findings: &mut Vec<Finding>,
    ) -> Result<Goal, ReadingError> {
        let HttpDestination { destination: Destination { host, subset, port }, weight, headers, unread } = to;
        left_out(field, unread, findings);
        let mut noticed = |part: &str, value: &str, why| {
            let field = format!("{field}.destination.{part}");
            findings.push(Finding::LeftOut { field, value: Excerpt::of(value), why });
        };
        let at = |what| ReadingError::Invalid { field: format!("{field}.destination"), what };
        let no_service = || at(Invalid::Service(Excerpt::of(host)));
        let (service, namespace) = service(host).ok_or_else(no_service)?;
        if namespace.is_some_and(|namespace| Some(namespace) != self.metadata.namespace.as_deref()) {
            noticed("host", host, "a route's backends are in its own namespace");
        }
        let mut backend = Backend::new(service).map_err(at)?;
        match (self.subsets_of, subset) {
            (Some(_), Some(subset)) => {
                Name::new(subset).map(drop).or_else(|what| if subset == "stable" { Ok(()) } else { Err(at(what)) })?;
                subset.clone_into(&mut backend.service);
            }
            (None, Some(subset)) => noticed("subset", subset, "backends are whole Services, or all subsets of one"),
            (_, None) => {}
        }
        if let Some(port) = port {
            backend = backend.with_port(port.number.to_string().parse().map_err(at)?);
        }
        let set_cookie = headers.as_ref().and_then(|headers| cookie_set(field, headers, findings));
        Ok(Goal { backend, weight: weight.unwrap_or(0), set_cookie })
    }
}

/// The Service's name and, if it is given, its namespace.
pub(super) fn service(host: &str) -> Option<(&str, Option<&str>)> {
    let Some((service, rest)) = host.split_once('.') else { return Some((host, None)) };
    let (namespace, rest) = rest.split_once('.')?;
    rest.starts_with("svc.").then_some((service, Some(namespace)))
}

/// The cookie that is set, if that is all that is done.
fn cookie_set(field: &str, headers: &Headers, findings: &mut Vec<Finding>) -> Option<String> {
    let field = format!("{field}.headers");
    let Headers { response, unread } = headers;
    left_out(&field, unread, findings);
    let HeaderOperations { add, unread } = response.as_ref()?;
    left_out(&format!("{field}.response"), unread, findings);
    let mut set_cookie = None;
    for (name, value) in add {
        if set_cookie.is_none() && name.eq_ignore_ascii_case("set-cookie") {
            set_cookie = Some(value.replace("%%", "%"));
        } else {
            findings.push(Finding::LeftOut {
                field: format!("{field}.response.add.{name}"),
                value: Excerpt::of(value),
                why: "of all that can be done to headers, a policy sets an affinity cookie",
            });
        }
    }
    set_cookie
}
