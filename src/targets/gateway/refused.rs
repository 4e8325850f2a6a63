//! What an API server refuses in an HTTPRoute, so that the object does not exist, whatever its rules say.
//!
//! Source: the schema of HTTPRoutes in the standard channel of the Gateway API 1.6.1
//! (`config/crd/standard/gateway.networking.k8s.io_httproutes.yaml`). What no route can hold, such as the path `//`, is an error or
//! a finding of the reader already.

use std::collections::BTreeSet;

use super::objects::MODIFIER;
use super::writer::{MAX_BACKENDS, MAX_HOSTS, MAX_MATCHES, MAX_PARENTS, MAX_RULE_MATCHES, MAX_RULES, MAX_WEIGHT};
use super::{BackendRef, Filter, HeaderMatch, HttpMatch, Rule, Spec};
use crate::names::is_header_name;
use crate::targets::finding::Findings;

/// The largest number of headers of a match or filter, and of filters of a rule or backend.
pub(super) const MAX_LIST: usize = 16;

/// The largest number of characters of the name of a header.
const MAX_HEADER_NAME: usize = 256;

/// The largest number of characters of the value of a header.
const MAX_HEADER_VALUE: usize = 4096;

/// The largest number of characters of a path.
const MAX_PATH: usize = 1024;

/// Reports everything in an HTTPRoute that an API server refuses.
pub(in crate::targets) fn report_refused(spec: &Spec<HttpMatch>, findings: &mut Findings) {
    let Spec { parent_refs, hostnames, rules, unknown: _ } = spec;
    let mut refused = Refused(findings);
    refused.longer("spec.parentRefs", parent_refs.len(), MAX_PARENTS, "an HTTPRoute has at most 32 parents");
    refused.longer("spec.hostnames", hostnames.len(), MAX_HOSTS, "an HTTPRoute has at most 16 hosts");
    refused.longer("spec.rules", rules.len(), MAX_RULES, "an HTTPRoute has at most 16 rules");
    // An API server adds one match to a rule without matches.
    let matches = rules.iter().map(|rule| rule.matches.len().max(1)).sum();
    refused.longer("spec.rules", matches, MAX_MATCHES, "the rules of an HTTPRoute have at most 128 matches together");
    for (index, rule) in rules.iter().enumerate() {
        refused.rule(&format!("spec.rules[{index}]"), rule);
    }
}

/// The findings for what is refused.
struct Refused<'f>(&'f mut Findings);

impl Refused<'_> {
    /// Reports a list with more than `bound` elements.
    fn longer(&mut self, field: &str, count: usize, bound: usize, why: &'static str) {
        if count > bound {
            self.0.refused(field, &count.to_string(), why);
        }
    }

    fn rule(&mut self, field: &str, rule: &Rule<HttpMatch>) {
        let Rule { matches, filters, backend_refs, unknown: _ } = rule;
        self.longer(&format!("{field}.matches"), matches.len(), MAX_RULE_MATCHES, "a rule has at most 64 matches");
        self.longer(
            &format!("{field}.backendRefs"),
            backend_refs.len(),
            MAX_BACKENDS,
            "a rule has at most 16 backends",
        );
        self.filters(&format!("{field}.filters"), filters);
        for (index, one) in matches.iter().enumerate() {
            self.http_match(&format!("{field}.matches[{index}]"), one);
        }
        for (index, BackendRef { weight, filters, .. }) in backend_refs.iter().enumerate() {
            let field = format!("{field}.backendRefs[{index}]");
            if let Some(weight) = weight.filter(|weight| *weight > MAX_WEIGHT) {
                self.0.refused(format!("{field}.weight"), &weight.to_string(), "a weight is at most 1000000");
            }
            self.filters(&format!("{field}.filters"), filters);
        }
    }

    fn http_match(&mut self, field: &str, one: &HttpMatch) {
        let HttpMatch { path, headers, unknown: _ } = one;
        if let Some(path) = path.as_ref().filter(|path| path.value.chars().count() > MAX_PATH) {
            self.0.refused(format!("{field}.path.value"), &path.value, "a path has at most 1024 characters");
        }
        self.longer(&format!("{field}.headers"), headers.len(), MAX_LIST, "a match has at most 16 headers");
        let mut names = BTreeSet::new();
        for (index, HeaderMatch { name, value, .. }) in headers.iter().enumerate() {
            let field = format!("{field}.headers[{index}]");
            self.header(&field, name, value);
            if !names.insert(name) {
                self.0.refused(format!("{field}.name"), name, "the headers of a match have different names");
            }
        }
    }

    fn filters(&mut self, field: &str, filters: &[Filter]) {
        self.longer(field, filters.len(), MAX_LIST, "a rule or backend has at most 16 filters");
        let mut modifiers = 0;
        for (index, filter) in filters.iter().enumerate() {
            modifiers += usize::from(filter.kind == MODIFIER);
            let field = format!("{field}[{index}].responseHeaderModifier.add");
            let added = filter.response_header_modifier.iter().flat_map(|modifier| &modifier.add);
            self.longer(&field, added.clone().count(), MAX_LIST, "a filter adds at most 16 headers");
            for (index, header) in added.enumerate() {
                self.header(&format!("{field}[{index}]"), &header.name, &header.value);
            }
        }
        let why = "a rule or backend has at most one ResponseHeaderModifier";
        self.longer(field, modifiers, 1, why);
    }

    fn header(&mut self, field: &str, name: &str, value: &str) {
        if !is_header_name(name) || name.len() > MAX_HEADER_NAME {
            let why = "the name of a header has 1 to 256 letters, digits and characters of !#$%&'*+-.^_`|~";
            self.0.refused(format!("{field}.name"), name, why);
        }
        if value.is_empty() || value.chars().count() > MAX_HEADER_VALUE {
            self.0.refused(format!("{field}.value"), value, "the value of a header has 1 to 4096 characters");
        }
    }
}
