//! Rules of somebody's HTTPRoute or GRPCRoute, as a policy is put in and taken out.

use super::objects::{BackendRef, Filter, Header, HeaderMatch, HeaderModifier, MODIFIER, Rule};
use super::route_match::RouteMatch;
use crate::targets::UnknownFields;
use crate::targets::edit::{AppliedRule, EditedRule, Share, is_whole};

pub(super) const SET_COOKIE: &str = "Set-Cookie";

impl<M: RouteMatch> EditedRule for Rule<M> {
    type Condition = HeaderMatch;
    /// Its name, namespace and port.
    type Backend = BackendRef;

    fn leads_only_to(&self, backend: &BackendRef, own: Option<&str>) -> bool {
        matches!(self.backend_refs.as_slice(), [only] if only.weight != Some(0) && is_backend(only, backend, own))
    }

    fn leads_to(&self, backend: &BackendRef, own: Option<&str>) -> bool {
        self.backend_refs.iter().any(|one| is_backend(one, backend, own))
    }

    fn has_condition(&self, condition: &HeaderMatch) -> bool {
        let is_condition = |header: &HeaderMatch| {
            let HeaderMatch { kind, name, value, unknown: _ } = header;
            name.eq_ignore_ascii_case(&condition.name) && *kind == condition.kind && *value == condition.value
        };
        self.matches.iter().any(|one| one.headers().iter().any(is_condition))
    }

    fn weight(&self) -> Option<u32> {
        self.backend_refs.first().and_then(|backend| backend.weight)
    }

    fn with_split(&self, split: &[Share<BackendRef>]) -> Self {
        let Some(stable) = self.backend_refs.first() else { return self.clone() };
        let mut rule = self.clone();
        let of_rule = is_whole(split);
        rule.backend_refs.clear();
        for share in split {
            let mut backend = backend_of(stable, share);
            let filters = if of_rule { &mut rule.filters } else { &mut backend.filters };
            add_cookie(filters, share.set_cookie.as_deref());
            rule.backend_refs.push(backend);
        }
        rule
    }

    fn without_split(&self, split: &[Share<BackendRef>], weight: Option<u32>) -> Option<Self> {
        let place = split.iter().position(|share| share.backend.is_none())?;
        let share = split.get(place)?;
        let mut stable = self.backend_refs.get(place)?.clone();
        if share.weight.is_some() {
            stable.weight = weight;
        }
        let mut rule = self.clone();
        if is_whole(split) {
            for share in split {
                remove_cookie(&mut rule.filters, share.set_cookie.as_deref());
            }
        } else {
            remove_cookie(&mut stable.filters, share.set_cookie.as_deref());
        }
        rule.backend_refs = vec![stable];
        Some(rule)
    }

    fn made(&self, rule: &AppliedRule<HeaderMatch, BackendRef>) -> Self {
        let AppliedRule { conditions, to } = rule;
        let every_request = [M::default()];
        let matches = if self.matches.is_empty() { every_request.as_slice() } else { self.matches.as_slice() };
        let with_condition = |one: &M, condition: &HeaderMatch| {
            let mut one = one.clone();
            one.headers_mut().push(condition.clone());
            one
        };
        let matches =
            conditions.iter().flat_map(|condition| matches.iter().map(move |one| with_condition(one, condition)));
        let mut filters = self.filters.clone();
        add_cookie(&mut filters, to.set_cookie.as_deref());
        Rule {
            matches: matches.collect(),
            filters,
            backend_refs: self.backend_refs.iter().map(|stable| backend_of(stable, to)).collect(),
            // The name of a rule is unique.
            unknown: self.unknown.without("name"),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        with_defaults(self) == with_defaults(other)
    }
}

/// Whether a backend is this Service and port.
fn is_backend(one: &BackendRef, backend: &BackendRef, own: Option<&str>) -> bool {
    let BackendRef { group, kind, name, namespace, port, weight: _, filters: _, unknown: _ } = one;
    let is_service =
        matches!(group.as_deref(), None | Some("" | "core")) && matches!(kind.as_deref(), None | Some("Service"));
    let namespaces = (namespace.as_deref().or(own), backend.namespace.as_deref().or(own));
    is_service && *name == backend.name && namespaces.0 == namespaces.1 && *port == backend.port
}

/// The backend of a share: everything but the Service and the weight is as it is for stable.
fn backend_of(stable: &BackendRef, share: &Share<BackendRef>) -> BackendRef {
    let mut backend = stable.clone();
    if let Some(BackendRef { name, namespace, port, .. }) = &share.backend {
        (backend.name, backend.namespace, backend.port) = (name.clone(), namespace.clone(), *port);
    }
    backend.weight = share.weight.or(backend.weight);
    backend
}

/// Adds a cookie to the filter that changes the headers of responses, of which a list has one, or adds such a filter.
fn add_cookie(filters: &mut Vec<Filter>, set_cookie: Option<&str>) {
    let Some(value) = set_cookie else { return };
    let mut modifiers = filters.iter_mut().filter(|filter| filter.kind == MODIFIER);
    match modifiers.find_map(|filter| filter.response_header_modifier.as_mut()) {
        Some(modifier) => modifier.add.push(Header::new(SET_COOKIE, value)),
        None => filters.push(Filter::set_cookie(value.to_owned())),
    }
}

/// Removes a cookie that [`add_cookie`] added.
fn remove_cookie(filters: &mut Vec<Filter>, set_cookie: Option<&str>) {
    let Some(value) = set_cookie else { return };
    for filter in filters.iter_mut().filter(|filter| filter.kind == MODIFIER) {
        let Some(modifier) = filter.response_header_modifier.as_mut() else { continue };
        modifier.add.retain(|header| header.name != SET_COOKIE || header.value != value);
    }
    filters.retain(|filter| !filter.response_header_modifier.as_ref().is_some_and(is_empty));
}

pub(super) fn is_empty(modifier: &HeaderModifier) -> bool {
    let HeaderModifier { add, unknown } = modifier;
    add.is_empty() && unknown.is_empty()
}

/// The rule with the defaults that an API server adds.
fn with_defaults<M: RouteMatch>(rule: &Rule<M>) -> Rule<M> {
    let backend = |backend: &BackendRef| BackendRef {
        group: backend.group.clone().or_else(|| Some(String::new())),
        kind: backend.kind.clone().or_else(|| Some("Service".to_owned())),
        weight: backend.weight.or(Some(1)),
        ..backend.clone()
    };
    let matches = if rule.matches.is_empty() { vec![M::default()] } else { rule.matches.clone() };
    Rule {
        matches: matches.into_iter().map(M::with_defaults).collect(),
        filters: rule.filters.clone(),
        backend_refs: rule.backend_refs.iter().map(backend).collect(),
        unknown: UnknownFields::clone(&rule.unknown),
    }
}
