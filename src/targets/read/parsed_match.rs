//! Rules that were read from an object: their matches, and where the requests that match go.

use super::{BackendSubset, OwnedCondition};
use crate::route::Path;
use crate::targets::UnknownFields;
use crate::targets::finding::Findings;

/// One rule: a request that satisfies one of the matches goes to one of the destinations.
pub(in crate::targets) struct ParsedRule {
    pub(in crate::targets) matches: Vec<ParsedMatch>,
    pub(in crate::targets) destinations: Vec<ParsedDestination>,
    /// The matches that were left out, because a policy has no such condition: the path of each, or `None` if a route has no such
    /// path.
    pub(in crate::targets) unread: Vec<Option<Path>>,
    /// Whether it is known what the rule does: it sends requests to its destinations by their weights, and not by a hash, and does
    /// nothing else that changes an answer, as a rewrite does.
    pub(in crate::targets) is_known: bool,
}

impl ParsedRule {
    /// The same rule, whose findings are added to `findings`. What the rule does is not known if one of them changes an answer.
    pub(in crate::targets) fn with_findings(self, of_rule: Findings, findings: &mut Findings) -> Self {
        let is_known = self.is_known && !of_rule.change_answers();
        findings.append(of_rule);
        ParsedRule { is_known, ..self }
    }
}

/// One match of a rule.
#[derive(Clone)]
pub(in crate::targets) struct ParsedMatch {
    /// The path of the field.
    pub(in crate::targets) field: String,
    pub(in crate::targets) path: Path,
    /// The condition on a header or cookie; `None` matches every request to the path.
    pub(in crate::targets) condition: Option<OwnedCondition>,
}

/// Where requests go: a backend or subset, its weight, and the `Set-Cookie` value that is added to its responses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::targets) struct ParsedDestination {
    pub(in crate::targets) backend: BackendSubset,
    pub(in crate::targets) weight: u32,
    pub(in crate::targets) set_cookie: Option<String>,
}

/// The condition of a match on these headers; `None` if there are none. The match may have other conditions too.
pub(in crate::targets) fn condition_of<'m, H>(
    headers: &'m [H],
    has_others: bool,
    parsed: impl FnOnce(&'m H) -> Result<OwnedCondition, &'static str>,
) -> Result<Option<OwnedCondition>, &'static str> {
    match headers {
        _ if has_others => Err("a rule of a policy matches a header or a cookie"),
        [] => Ok(None),
        [header] => parsed(header).map(Some),
        [_, _, ..] => Err("a rule of a policy matches one header"),
    }
}

/// Gives destinations the `Set-Cookie` value of their rule. If one has a value of its own, that is a finding for `field` with the
/// reason `why`.
pub(in crate::targets) fn add_cookie_of_rule(
    destinations: &mut [ParsedDestination],
    set_cookie: Option<&String>,
    field: &str,
    why: &'static str,
    findings: &mut Findings,
) {
    let Some(set_cookie) = set_cookie else { return };
    for destination in destinations {
        if destination.set_cookie.replace(set_cookie.clone()).is_some() {
            findings.left_out(field, "Set-Cookie", why);
        }
    }
}

/// A field of an object that changes the headers of a response.
pub(in crate::targets) struct AddedHeader {
    /// The path of the field.
    pub(in crate::targets) field: String,
    /// A short text for the field, for a finding.
    pub(in crate::targets) text: String,
    /// The `Set-Cookie` value, if the field adds it and changes nothing else.
    pub(in crate::targets) set_cookie: Option<String>,
}

/// The first `Set-Cookie` value. Each of the other fields becomes a finding with the reason `why`.
pub(in crate::targets) fn set_cookie_of(
    added: impl Iterator<Item = AddedHeader>,
    why: &'static str,
    findings: &mut Findings,
) -> Option<String> {
    let mut first = None;
    for AddedHeader { field, text, set_cookie } in added {
        if first.is_none() && set_cookie.is_some() {
            first = set_cookie;
        } else {
            findings.left_out(field, &text, why);
        }
    }
    first
}

/// Reports the fields of an object that this crate does not read.
pub(in crate::targets) fn unknown_fields(field: &str, unknown: &UnknownFields, findings: &mut Findings) {
    for name in unknown.names() {
        findings.left_out(format!("{field}.{name}"), name, "a policy or route has no such field");
    }
}

/// Reports the fields of a rule that this crate does not read. The name of a rule, which has no influence on routing, is not
/// reported: Argo Rollouts needs one in every rule that it edits.
pub(in crate::targets) fn unknown_rule_fields(field: &str, unknown: &UnknownFields, findings: &mut Findings) {
    for name in unknown.names().filter(|name| *name != "name") {
        findings.left_out(format!("{field}.{name}"), name, "a policy or route has no such field");
    }
}
