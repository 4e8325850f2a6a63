//! Matches of HTTPRoutes and GRPCRoutes, as far as a policy is put into their rules.

use std::cmp::Reverse;

use super::objects::{GrpcMatch, HeaderMatch, HttpMatch, MethodMatch, PathMatch};
use super::read::parsed_path;
use super::read_hosts::http_match;
use crate::route::Path;

/// A match of an HTTPRoute or GRPCRoute: [`HttpMatch`] or [`GrpcMatch`]. No other type can be one.
pub trait RouteMatch: EditedMatch {}

impl RouteMatch for HttpMatch {}

impl RouteMatch for GrpcMatch {}

/// What is needed of a match. The trait is public, and its module is not, so that no other crate can have such a match.
pub trait EditedMatch: Clone + Default + PartialEq + serde::Serialize {
    /// The kind of the object.
    const KIND: &'static str;

    /// The path; `None` if a route has no such path.
    fn path(&self) -> Option<Path>;

    fn headers(&self) -> &[HeaderMatch];

    fn headers_mut(&mut self) -> &mut Vec<HeaderMatch>;

    /// The match with the defaults that an API server adds.
    fn with_defaults(self) -> Self;

    /// Whether both matches are equally specific by what counts before headers, and a request can satisfy both in this.
    fn ties_with(&self, other: &Self) -> bool;

    /// The conditions on the query.
    fn query(&self) -> &[serde_json::Value];
}

impl EditedMatch for HttpMatch {
    const KIND: &'static str = "HTTPRoute";

    fn path(&self) -> Option<Path> {
        parsed_path(self.path.as_ref())
    }

    fn headers(&self) -> &[HeaderMatch] {
        &self.headers
    }

    fn headers_mut(&mut self) -> &mut Vec<HeaderMatch> {
        &mut self.headers
    }

    fn with_defaults(self) -> Self {
        let path = self.path.or_else(|| Some(PathMatch::new("PathPrefix", "/")));
        HttpMatch { path, ..self }
    }

    fn ties_with(&self, other: &Self) -> bool {
        let method = |one: &Self| one.unknown.get("method").and_then(|method| method.as_str().map(str::to_owned));
        let path = |one: &Self| match &one.path {
            None => ("PathPrefix".to_owned(), String::new()),
            Some(PathMatch { kind, value, .. }) if kind == "PathPrefix" => {
                (kind.to_string(), value.trim_end_matches('/').to_owned())
            }
            Some(PathMatch { kind, value, .. }) => (kind.to_string(), value.clone()),
        };
        let ((kind, one), (other_kind, another)) = (path(self), path(other));
        // Which of two regular expressions is more specific is up to the implementation; usually it is the longer one.
        let is_expression = !matches!(kind.as_str(), "Exact" | "PathPrefix");
        kind == other_kind && (one == another || is_expression) && method(self) == method(other)
    }

    fn query(&self) -> &[serde_json::Value] {
        self.unknown.get("queryParams").and_then(|params| params.as_array()).map(Vec::as_slice).unwrap_or_default()
    }
}

impl EditedMatch for GrpcMatch {
    const KIND: &'static str = "GRPCRoute";

    fn path(&self) -> Option<Path> {
        parsed_path(http_match(self).path.as_ref())
    }

    fn headers(&self) -> &[HeaderMatch] {
        &self.headers
    }

    fn headers_mut(&mut self) -> &mut Vec<HeaderMatch> {
        &mut self.headers
    }

    fn with_defaults(self) -> Self {
        self
    }

    fn ties_with(&self, other: &Self) -> bool {
        let method = |one: &Self| match &one.method {
            None => ("Exact".to_owned(), String::new(), String::new()),
            Some(MethodMatch { kind, service, method, .. }) => {
                (kind.to_string(), service.clone(), method.clone().unwrap_or_default())
            }
        };
        let (one, another) = (method(self), method(other));
        let is_expression = one.0 != "Exact" || another.0 != "Exact";
        one == another || is_expression
    }

    fn query(&self) -> &[serde_json::Value] {
        &[]
    }
}

/// A match and its place among the rules of an object.
pub(super) struct PlacedMatch<'m, M> {
    pub(super) one: &'m M,
    /// The index of the rule, and that of the match in it.
    pub(super) place: (usize, usize),
}

impl<M: EditedMatch> PlacedMatch<'_, M> {
    /// Whether this match with one more condition would take requests of another match of the object, which has them now. Matches
    /// with a condition are behind all others, so that they lose against an equally specific one.
    pub(super) fn would_take(&self, condition: &HeaderMatch, other: &Self) -> bool {
        let order = |one: &PlacedMatch<'_, M>| (one.rank(), Reverse(one.place));
        let is_others_now = order(other) > order(self);
        is_others_now && self.rank_with_condition() > other.rank() && self.meets(condition, other)
    }

    /// Whether this match with one more condition could take requests of a match of another object. Which of two equally specific
    /// matches decides is not known.
    pub(super) fn could_take(&self, condition: &HeaderMatch, other: &Self) -> bool {
        let may_be_others_now = other.rank() >= self.rank();
        may_be_others_now && self.rank_with_condition() >= other.rank() && self.meets(condition, other)
    }

    /// How specific the match is among those of the same path and method.
    fn rank(&self) -> (usize, usize) {
        (self.one.headers().len(), self.one.query().len())
    }

    fn rank_with_condition(&self) -> (usize, usize) {
        let (headers, query) = self.rank();
        (headers + 1, query)
    }

    /// Whether a request may satisfy this match, the condition and the other match, which has an equally specific path and method.
    fn meets(&self, condition: &HeaderMatch, other: &Self) -> bool {
        self.one.ties_with(other.one)
            && !self.one.headers().iter().chain([condition]).any(|header| excludes(header, other.one.headers()))
            && !self.one.query().iter().any(|query| excludes_query(query, other.one.query()))
    }
}

/// Whether no value satisfies the condition and one of the others.
fn excludes(header: &HeaderMatch, others: &[HeaderMatch]) -> bool {
    others.iter().any(|other| {
        let are_exact = header.kind == "Exact" && other.kind == "Exact";
        are_exact && header.name.eq_ignore_ascii_case(&other.name) && header.value != other.value
    })
}

fn excludes_query(query: &serde_json::Value, others: &[serde_json::Value]) -> bool {
    let exact = |one: &serde_json::Value| {
        let is_exact = one.get("type").is_none_or(|kind| kind == "Exact");
        let text = |name: &str| one.get(name).and_then(|value| value.as_str().map(str::to_owned));
        is_exact.then(|| (text("name"), text("value")))
    };
    let Some((name, value)) = exact(query) else { return false };
    others.iter().filter_map(exact).any(|(other, of_other)| name == other && value != of_other)
}
