//! What an API server or Istio refuses in a VirtualService, so that the object does not exist, whatever its rules say.
//!
//! Source: Istio 1.30, `ValidateVirtualService` and `validateHTTPRoute` (`pkg/config/validation/virtualservice.go` and
//! `validation.go`), and the schema of VirtualServices, in which a weight is an `int32`.

use regex_syntax::ast::ErrorKind;
use regex_syntax::ast::parse::Parser;

use super::header_match::MAX_REGEX;
use super::hosts::{is_accepted, overlap};
use super::write::MAX_WEIGHT;
use super::{HttpRoute, StringMatch, VirtualServiceSpec};
use crate::names::is_header_name;
use crate::targets::finding::Findings;

/// Reports everything in a VirtualService that an API server or Istio refuses.
pub(super) fn report_refused(spec: &VirtualServiceSpec, findings: &mut Findings) {
    let VirtualServiceSpec { hosts, gateways: _, http, unknown: _ } = spec;
    if hosts.is_empty() {
        findings.refused("spec.hosts", "0", "a VirtualService has at least one host");
    }
    for (index, host) in hosts.iter().enumerate() {
        let field = || format!("spec.hosts[{index}]");
        if !is_accepted(host) {
            let why = "a host has at most 255 characters, a label at most 63, and the last of several labels is not all \
                       digits";
            findings.refused(field(), host, why);
        }
        if hosts.iter().take(index).any(|other| overlap(host, other)) {
            findings.refused(field(), host, "the hosts of one VirtualService do not overlap");
        }
    }
    for (index, rule) in http.iter().enumerate() {
        report_rule(&format!("spec.http[{index}]"), rule, findings);
    }
}

fn report_rule(field: &str, rule: &HttpRoute, findings: &mut Findings) {
    let HttpRoute { matches, route, unknown: _ } = rule;
    for (index, one) in matches.iter().enumerate() {
        let field = format!("{field}.match[{index}]");
        if let Some(text) = &one.uri {
            report_text(&format!("{field}.uri"), text, findings);
        }
        for (name, text) in &one.headers {
            let field = format!("{field}.headers.{name}");
            if !is_accepted_header(name) {
                let why = "the name of a header has at least one letter, digit or character of !#$%&'*+-.^_`|~, and no \
                           other character";
                findings.refused(&field, name, why);
            }
            report_text(&field, text, findings);
        }
    }
    for (index, to) in route.iter().enumerate() {
        if let Some(weight) = to.weight.filter(|weight| *weight > MAX_WEIGHT) {
            let why = "a weight is at most 2147483647";
            findings.refused(format!("{field}.route[{index}].weight"), &weight.to_string(), why);
        }
        if !is_accepted(&to.destination.host) {
            let why = "a host has at most 255 characters, a label at most 63, and the last label is not all digits";
            findings.refused(format!("{field}.route[{index}].destination.host"), &to.destination.host, why);
        }
    }
    if route.len() > 1 && route.iter().all(|to| to.weight.unwrap_or(0) == 0) {
        findings.refused(format!("{field}.route"), "0", "the weights of several destinations add up to at least 1");
    }
}

fn report_text(field: &str, text: &StringMatch, findings: &mut Findings) {
    match text {
        StringMatch::Prefix(prefix) if prefix.is_empty() => {
            findings.refused(format!("{field}.prefix"), "", "a prefix is not empty");
        }
        StringMatch::Regex(regex) if regex.is_empty() || regex.len() > MAX_REGEX => {
            findings.refused(format!("{field}.regex"), regex, "a regular expression has 1 to 1024 bytes");
        }
        StringMatch::Regex(regex) if !has_closed_groups(regex) => {
            findings.refused(
                format!("{field}.regex"),
                regex,
                "every group of a regular expression is opened and closed",
            );
        }
        _ => {}
    }
}

/// Whether every group is opened and closed. Other mistakes are not looked at, because some of them are none in RE2.
fn has_closed_groups(regex: &str) -> bool {
    let parsed = Parser::new().parse(regex);
    !parsed.is_err_and(|error| matches!(error.kind(), ErrorKind::GroupUnclosed | ErrorKind::GroupUnopened))
}

/// Whether Istio accepts the name of a header (`ValidateHTTPHeaderName`). The names of pseudo headers and of claims begin with a
/// `:` or a `@`, and no policy has them.
fn is_accepted_header(name: &str) -> bool {
    name.starts_with('@') || is_header_name(name.strip_prefix(':').unwrap_or(name))
}
