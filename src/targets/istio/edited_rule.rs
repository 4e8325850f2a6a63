//! Rules of somebody's VirtualService, as a policy is put in and taken out.

use super::destinations::ServiceHost;
use super::{Destination, HeaderOperations, Headers, HttpDestination, HttpMatch, HttpRoute, StringMatch};
use crate::targets::edit::{AppliedRule, EditedRule, Share};
use crate::targets::table::escape_percent;

/// The header that sets a cookie, as this crate writes it.
pub(super) const SET_COOKIE: &str = "set-cookie";

impl EditedRule for HttpRoute {
    /// The name of a header, and the match on its value.
    type Condition = (String, StringMatch);
    type Backend = Destination;

    fn leads_only_to(&self, backend: &Destination, own: Option<&str>) -> bool {
        matches!(self.route.as_slice(), [only] if is_backend(&only.destination, backend, own))
    }

    fn leads_to(&self, backend: &Destination, own: Option<&str>) -> bool {
        self.route.iter().any(|to| is_backend(&to.destination, backend, own))
    }

    fn has_condition(&self, (name, value): &(String, StringMatch)) -> bool {
        let is_condition =
            |(other, of_other): (&String, &StringMatch)| other.eq_ignore_ascii_case(name) && of_other == value;
        self.matches.iter().any(|one| one.headers.iter().any(is_condition))
    }

    fn weight(&self) -> Option<u32> {
        self.route.first().and_then(|to| to.weight)
    }

    fn with_split(&self, split: &[Share<Destination>]) -> Self {
        let Some(stable) = self.route.first() else { return self.clone() };
        HttpRoute { route: split.iter().map(|share| destination_of(stable, share)).collect(), ..self.clone() }
    }

    fn without_split(&self, split: &[Share<Destination>], weight: Option<u32>) -> Option<Self> {
        let place = split.iter().position(|share| share.backend.is_none())?;
        let share = split.get(place)?;
        let mut stable = self.route.get(place)?.clone();
        if share.weight.is_some() {
            stable.weight = weight;
        }
        remove_cookie(&mut stable, share.set_cookie.as_deref());
        Some(HttpRoute { route: vec![stable], ..self.clone() })
    }

    fn made(&self, rule: &AppliedRule<(String, StringMatch), Destination>) -> Self {
        let AppliedRule { conditions, to } = rule;
        let every_request = [HttpMatch::default()];
        let matches = if self.matches.is_empty() { every_request.as_slice() } else { self.matches.as_slice() };
        let with_condition = |one: &HttpMatch, (name, value): &(String, StringMatch)| {
            let mut one = one.clone();
            one.headers.insert(name.clone(), value.clone());
            one
        };
        let matches =
            conditions.iter().flat_map(|condition| matches.iter().map(move |one| with_condition(one, condition)));
        HttpRoute {
            matches: matches.collect(),
            route: self.route.iter().map(|stable| destination_of(stable, to)).collect(),
            unknown: self.unknown.clone(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Whether a destination is this one. A destination without a port goes to the only port of its Service. A Service of another
/// domain, such as `clusterset.local`, is another one.
fn is_backend(to: &Destination, backend: &Destination, own: Option<&str>) -> bool {
    let service = |to: &Destination| {
        let service = ServiceHost::parse(&to.host)?;
        Some((service.name.to_owned(), service.namespace.or(own).map(str::to_owned)))
    };
    let domains = ServiceHost::domain(&to.host).zip(ServiceHost::domain(&backend.host));
    service(to).is_some_and(|found| service(backend) == Some(found))
        && domains.is_none_or(|(one, other)| one == other)
        && to.subset == backend.subset
        && (to.port.is_none() || to.port == backend.port)
}

/// The destination of a share: everything but the Service, the subset, the weight and the cookie is as it is for stable.
fn destination_of(stable: &HttpDestination, share: &Share<Destination>) -> HttpDestination {
    let mut to = stable.clone();
    if let Some(destination) = &share.backend {
        to.destination = destination.clone();
    }
    to.weight = share.weight.or(to.weight);
    if let Some(value) = &share.set_cookie {
        let response = to.headers.get_or_insert_default().response.get_or_insert_default();
        response.add.insert(SET_COOKIE.to_owned(), escape_percent(value));
    }
    to
}

/// Removes the cookie that [`destination_of`] added.
fn remove_cookie(to: &mut HttpDestination, set_cookie: Option<&str>) {
    let Some(value) = set_cookie.map(escape_percent) else { return };
    let Some(headers) = &mut to.headers else { return };
    if let Some(response) = &mut headers.response {
        response.add.retain(|name, of_name| name != SET_COOKIE || *of_name != value);
        if *response == HeaderOperations::default() {
            headers.response = None;
        }
    }
    if *headers == Headers::default() {
        to.headers = None;
    }
}
