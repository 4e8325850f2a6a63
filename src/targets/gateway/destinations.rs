//! Reads the backends of a rule, and the cookie that its filters set.

use super::objects::MODIFIER;
use super::{BackendRef, Filter};
use crate::error::{Excerpt, ReadError};
use crate::route::Backend;
use crate::targets::Metadata;
use crate::targets::finding::Findings;
use crate::targets::read::{AddedHeader, BackendSubset, ParsedDestination, set_cookie_of, unknown_fields};

/// A backend of a rule.
pub(super) fn parsed_destination(
    field: &str,
    backend: &BackendRef,
    metadata: &Metadata,
    set_cookie_of_rule: Option<&String>,
    findings: &mut Findings,
) -> Result<ParsedDestination, ReadError> {
    let BackendRef { group, kind, name, namespace, port, weight, filters, unknown } = backend;
    unknown_fields(field, unknown, findings);
    let is_core = group.as_deref().is_none_or(|group| matches!(group, "" | "core"));
    let kind = kind.as_deref().unwrap_or("Service");
    let other_kind = Some(kind).filter(|kind| !is_core || *kind != "Service");
    if let Some(kind) = other_kind {
        findings.left_out(format!("{field}.kind"), kind, "a backend of a route is a Service");
    }
    let at = |invalid| ReadError::Route { field: field.to_owned(), invalid };
    let backend = Backend::new(name).map_err(at)?;
    let port = port.ok_or_else(|| ReadError::NoPort { field: field.to_owned(), backend: Excerpt::of(name) })?;
    let backend = backend.with_port(port.to_string().parse().map_err(at)?);
    let own_namespace = metadata.namespace.as_deref();
    let backend = match namespace {
        None => backend,
        Some(namespace) => backend.with_namespace(namespace).map_err(at)?.moved(own_namespace, own_namespace),
    };
    let own = set_cookie(field, filters, findings);
    if let (Some(_), Some(_)) = (&own, set_cookie_of_rule) {
        findings.left_out(
            format!("{field}.filters"),
            "Set-Cookie",
            "the rule sets a cookie too, and a policy sets one",
        );
    }
    Ok(ParsedDestination {
        backend: BackendSubset { elsewhere: other_kind.map(str::to_owned), ..BackendSubset::whole(backend) },
        weight: weight.unwrap_or(1),
        set_cookie: set_cookie_of_rule.cloned().or(own),
    })
}

/// The `Set-Cookie` value that filters add.
pub(super) fn set_cookie(field: &str, filters: &[Filter], findings: &mut Findings) -> Option<String> {
    let added = filters.iter().enumerate().map(|(index, filter)| AddedHeader {
        field: match &*filter.kind {
            // A copy of a request changes no answer.
            "RequestMirror" => format!("{field}.filters[{index}].requestMirror"),
            _ => format!("{field}.filters[{index}]"),
        },
        text: filter.kind.to_string(),
        set_cookie: only_set_cookie(filter),
    });
    set_cookie_of(added, "a policy has no other filter than the one that sets its affinity cookie", findings)
}

/// The `Set-Cookie` value that a filter adds, if it does nothing else.
fn only_set_cookie(filter: &Filter) -> Option<String> {
    let Filter { kind, response_header_modifier, unknown } = filter;
    let is_modifier = kind == MODIFIER && unknown.is_empty();
    let modifier = response_header_modifier.as_ref().filter(|modifier| is_modifier && modifier.unknown.is_empty())?;
    match modifier.add.as_slice() {
        [header] if header.name.eq_ignore_ascii_case("set-cookie") && header.unknown.is_empty() => {
            Some(header.value.clone())
        }
        _ => None,
    }
}
