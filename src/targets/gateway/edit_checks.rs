//! What has to hold of somebody's HTTPRoute or GRPCRoute so that a policy can be put in.

use super::Spec;
use super::edited_rule::{SET_COOKIE, is_empty};
use super::objects::{BackendRef, Filter, HeaderMatch, HeaderModifier, MODIFIER, Rule};
use super::refused::MAX_LIST;
use super::route_match::{PlacedMatch, RouteMatch};
use super::writer::{MAX_BACKENDS, MAX_MATCHES, MAX_RULE_MATCHES, MAX_RULES};
use crate::error::{EditError, Excerpt};
use crate::targets::Object;
use crate::targets::edit::Applied;

/// The list of rules.
pub(super) const RULES: &str = "spec.rules";

/// Checks a rule that the policy is put into.
///
/// # Errors
///
/// A match has a condition on a header that the policy needs too, or a filter changes `Set-Cookie` and the policy sets a cookie.
pub(super) fn check_base_rule<M: RouteMatch>(
    index: usize,
    rule: &Rule<M>,
    applied: &Applied<HeaderMatch, BackendRef>,
) -> Result<(), EditError> {
    for (number, one) in rule.matches.iter().enumerate() {
        let is_taken = |name: &str| one.headers().iter().any(|header| header.name.eq_ignore_ascii_case(name));
        if let Some(condition) = applied.conditions().find(|condition| is_taken(&condition.name)) {
            let field = format!("{RULES}[{index}].matches[{number}]");
            return Err(EditError::Header { field, header: Excerpt::of(&condition.name) });
        }
    }
    if !applied.sets_cookie() {
        return Ok(());
    }
    let of_backends = rule.backend_refs.iter().enumerate();
    let of_backends = of_backends.map(|(number, to)| (format!("{RULES}[{index}].backendRefs[{number}]"), &to.filters));
    for (field, filters) in std::iter::once((format!("{RULES}[{index}]"), &rule.filters)).chain(of_backends) {
        for (number, filter) in filters.iter().enumerate().filter(|(_, filter)| filter.kind == MODIFIER) {
            let why = filter_problem(filter);
            why.map_or(Ok(()), |why| Err(EditError::SetCookie { field: format!("{field}.filters[{number}]"), why }))?;
        }
    }
    Ok(())
}

/// Why a filter that changes the headers of responses cannot set a cookie too.
fn filter_problem(filter: &Filter) -> Option<&'static str> {
    let empty = Some("the filter is empty");
    let Some(modifier) = &filter.response_header_modifier else { return empty };
    let HeaderModifier { add, unknown } = modifier;
    let is_cookie = |name: &str| name.eq_ignore_ascii_case(SET_COOKIE);
    let listed =
        |list: &str| unknown.get(list).and_then(|items| items.as_array()).map(Vec::as_slice).unwrap_or_default();
    let is_set =
        listed("set").iter().any(|header| header.get("name").and_then(|name| name.as_str()).is_some_and(is_cookie));
    let is_removed = listed("remove").iter().any(|name| name.as_str().is_some_and(is_cookie));
    if is_empty(modifier) {
        empty
    } else if is_set || is_removed || add.iter().any(|header| is_cookie(&header.name)) {
        Some("the filter changes the header Set-Cookie")
    } else {
        None
    }
}

/// Checks that the rules which are made of others take no requests that another rule of the object has now.
///
/// # Errors
///
/// A match with one more header would be more specific than a match of another rule.
pub(super) fn check_others<M: RouteMatch>(
    rules: &[Rule<M>],
    are_base: &[bool],
    applied: &Applied<HeaderMatch, BackendRef>,
) -> Result<(), EditError> {
    let every_request = M::default();
    let (mut base, mut others) = (Vec::new(), Vec::new());
    for (one, is_base) in placed(rules, are_base, &every_request) {
        if is_base { base.push(one) } else { others.push(one) }
    }
    check_takes(&base, &others, applied, PlacedMatch::would_take, "")
}

/// Checks the same for the rules of another object, if it has a host of this one.
///
/// # Errors
///
/// A match with one more header would be as specific as a match of the other object, or more so.
pub(super) fn check_other_route<M: RouteMatch>(
    object: &Object<Spec<M>>,
    are_base: &[bool],
    applied: &Applied<HeaderMatch, BackendRef>,
    other: &Object<Spec<M>>,
) -> Result<(), EditError> {
    let (hosts, of_other) = (&object.spec.hostnames, &other.spec.hostnames);
    let has_host = |host: &String| of_other.iter().any(|other| other.eq_ignore_ascii_case(host));
    let share_host = hosts.is_empty() || of_other.is_empty() || hosts.iter().any(has_host);
    if !share_host || object.metadata.is_same_object(&other.metadata) {
        return Ok(());
    }
    let every_request = M::default();
    let base = placed(&object.spec.rules, are_base, &every_request).filter_map(|(one, is_base)| is_base.then_some(one));
    let are_all_others = vec![false; other.spec.rules.len()];
    let others = placed(&other.spec.rules, &are_all_others, &every_request).map(|(one, _)| one);
    let (base, others): (Vec<_>, Vec<_>) = (base.collect(), others.collect());
    let front = format!("{}.", other.metadata.name);
    check_takes(&base, &others, applied, PlacedMatch::could_take, &front)
}

/// The matches of rules, and whether the rule of each is one that the policy is put into.
fn placed<'m, M: RouteMatch>(
    rules: &'m [Rule<M>],
    are_base: &[bool],
    every_request: &'m M,
) -> impl Iterator<Item = (PlacedMatch<'m, M>, bool)> {
    rules.iter().zip(are_base).enumerate().flat_map(move |(index, (rule, is_base))| {
        let every = rule.matches.is_empty().then_some(every_request);
        let matches = rule.matches.iter().chain(every).enumerate();
        matches.map(move |(number, one)| (PlacedMatch { one, place: (index, number) }, *is_base))
    })
}

/// Checks that no match of the base rules takes requests of others. `front` is the name of their object.
fn check_takes<'m, M>(
    base: &[PlacedMatch<'m, M>],
    others: &[PlacedMatch<'m, M>],
    applied: &Applied<HeaderMatch, BackendRef>,
    takes: impl Fn(&PlacedMatch<'m, M>, &HeaderMatch, &PlacedMatch<'m, M>) -> bool,
    front: &str,
) -> Result<(), EditError> {
    let field = |(rule, number): (usize, usize)| format!("{RULES}[{rule}].matches[{number}]");
    for one in base {
        for other in others {
            if let Some(condition) = applied.conditions().find(|condition| takes(one, condition, other)) {
                let condition = Excerpt::of(&format!("{} = {}", condition.name, condition.value));
                let other = format!("{front}{}", field(other.place));
                return Err(EditError::Takes { field: field(one.place), condition, other });
            }
        }
    }
    Ok(())
}

/// Checks the limits of the Gateway API.
///
/// # Errors
///
/// A list is too long.
pub(super) fn check_limits<M: RouteMatch>(rules: &[Rule<M>]) -> Result<(), EditError> {
    let check = |field: &dyn Fn() -> String, count: usize, bound: usize, object: &'static str| {
        if count <= bound { Ok(()) } else { Err(EditError::TooMany { field: field(), count, bound, object }) }
    };
    let check_filters = |field: &str, filters: &[Filter], object: &'static str| -> Result<(), EditError> {
        check(&|| format!("{field}.filters"), filters.len(), MAX_LIST, object)?;
        for (index, filter) in filters.iter().enumerate() {
            let added = filter.response_header_modifier.as_ref().map_or(0, |modifier| modifier.add.len());
            let field = || format!("{field}.filters[{index}].responseHeaderModifier.add");
            check(&field, added, MAX_LIST, "a filter of an HTTPRoute or GRPCRoute")?;
        }
        Ok(())
    };
    let (route, of_rule) = ("an HTTPRoute or GRPCRoute", "a rule of an HTTPRoute or GRPCRoute");
    check(&|| RULES.to_owned(), rules.len(), MAX_RULES, route)?;
    let all = rules.iter().map(|rule| rule.matches.len().max(1)).sum();
    check(&|| format!("{RULES}[*].matches"), all, MAX_MATCHES, route)?;
    for (index, rule) in rules.iter().enumerate() {
        check(&|| format!("{RULES}[{index}].matches"), rule.matches.len(), MAX_RULE_MATCHES, of_rule)?;
        check_filters(&format!("{RULES}[{index}]"), &rule.filters, of_rule)?;
        check(&|| format!("{RULES}[{index}].backendRefs"), rule.backend_refs.len(), MAX_BACKENDS, of_rule)?;
        for (number, one) in rule.matches.iter().enumerate() {
            let field = || format!("{RULES}[{index}].matches[{number}].headers");
            check(&field, one.headers().len(), MAX_LIST, "a match of an HTTPRoute or GRPCRoute")?;
        }
        for (number, to) in rule.backend_refs.iter().enumerate() {
            let field = format!("{RULES}[{index}].backendRefs[{number}]");
            check_filters(&field, &to.filters, "a backend of an HTTPRoute or GRPCRoute")?;
        }
    }
    Ok(())
}
