//! The fields of HTTPRoute and GRPCRoute that this crate writes and reads.

use std::borrow::Cow;

#[cfg(feature = "serde")]
use crate::targets::object::{null_is, null_is_default};
use crate::targets::{Object, UnknownFields};

/// A route for HTTP requests. [`http_routes`](super::http_routes) has an example.
pub type HttpRoute = Object<Spec<HttpMatch>>;

/// A route for gRPC requests. [`grpc_routes`](super::grpc_routes) has an example.
pub type GrpcRoute = Object<Spec<GrpcMatch>>;

/// The spec of an HTTPRoute or GRPCRoute, which differ in their matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "M: serde::Deserialize<'de>")))]
#[non_exhaustive]
pub struct Spec<M> {
    /// The parents that the route attaches to.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub parent_refs: Vec<ParentRef>,
    /// The hosts; an empty list is every host.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub hostnames: Vec<String>,
    /// The rules. The most specific match decides; among equally specific matches the first one decides.
    #[cfg_attr(feature = "serde", serde(default = "Vec::new", deserialize_with = "null_is_default"))]
    pub rules: Vec<Rule<M>>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A parent that a route attaches to: a Gateway, or a Service for Linkerd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ParentRef {
    /// The API group; `None` is the group of Gateways.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub group: Option<String>,
    /// The kind; `None` is `Gateway`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kind: Option<String>,
    /// The namespace; `None` is the namespace of the route.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The listener of the Gateway; `None` is every listener.
    #[cfg_attr(feature = "serde", serde(rename = "sectionName", default, skip_serializing_if = "Option::is_none"))]
    pub section_name: Option<String>,
    /// The port; `None` is every port.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<u16>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Matches, and the backends of the requests that match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "serde", serde(bound(deserialize = "M: serde::Deserialize<'de>")))]
#[non_exhaustive]
pub struct Rule<M> {
    /// A request matches the rule if one of these matches; an empty list matches every request.
    #[cfg_attr(feature = "serde", serde(default = "Vec::new", deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub matches: Vec<M>,
    /// The changes that are made to every response.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub filters: Vec<Filter>,
    /// The backends, between which requests are split by weight.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub backend_refs: Vec<BackendRef>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on an HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpMatch {
    /// The path; `None` is every path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<PathMatch>,
    /// The headers, all of which have to match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatch>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a gRPC request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrpcMatch {
    /// The method; `None` is every method.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub method: Option<MethodMatch>,
    /// The headers, all of which have to match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatch>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PathMatch {
    /// `Exact` or `PathPrefix`. `RegularExpression` is read, but never written.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "prefix", deserialize_with = "type_or_prefix"))]
    pub kind: Cow<'static, str>,
    /// The path; `/` if it is missing.
    #[cfg_attr(feature = "serde", serde(default = "root", deserialize_with = "text_or_root"))]
    pub value: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

#[cfg(feature = "serde")]
fn prefix() -> Cow<'static, str> {
    Cow::Borrowed("PathPrefix")
}

#[cfg(feature = "serde")]
fn type_or_prefix<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    null_is(prefix, deserializer)
}

#[cfg(feature = "serde")]
fn root() -> String {
    "/".to_owned()
}

#[cfg(feature = "serde")]
fn text_or_root<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    null_is(root, deserializer)
}

/// A match on a gRPC method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MethodMatch {
    /// `Exact`.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "exact", deserialize_with = "type_or_exact"))]
    pub kind: Cow<'static, str>,
    /// The name of the service, including its package; empty is every service, and is not written, because an API server refuses it.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "String::is_empty"))]
    pub service: String,
    /// The name of the method; `None` is every method of the service.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub method: Option<String>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatch {
    /// `Exact` or `RegularExpression`.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "exact", deserialize_with = "type_or_exact"))]
    pub kind: Cow<'static, str>,
    /// The name of the header.
    pub name: Cow<'static, str>,
    /// The value, or a regular expression for the value.
    pub value: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

#[cfg(feature = "serde")]
fn exact() -> Cow<'static, str> {
    Cow::Borrowed("Exact")
}

#[cfg(feature = "serde")]
fn type_or_exact<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    null_is(exact, deserializer)
}

/// A backend, usually a Service, and its weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BackendRef {
    /// The API group; `None` and an empty group are the group of Services.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub group: Option<String>,
    /// The kind; `None` is `Service`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kind: Option<String>,
    /// The name of the Service.
    pub name: String,
    /// The namespace of the Service; `None` is the namespace of the route.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The port number.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<u16>,
    /// The weight, in parts of the sum of the rule's weights; `None` is 1.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weight: Option<u32>,
    /// The changes that are made to the responses of this backend.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub filters: Vec<Filter>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The type of the filter that changes the headers of responses.
pub(super) const MODIFIER: &str = "ResponseHeaderModifier";

/// A change that is made to responses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Filter {
    /// `ResponseHeaderModifier`.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: Cow<'static, str>,
    /// The headers that a `ResponseHeaderModifier` changes.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub response_header_modifier: Option<HeaderModifier>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Changes to the headers of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderModifier {
    /// The headers to add; headers of the same name are kept.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub add: Vec<Header>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The name and value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Header {
    /// The name of the header.
    pub name: Cow<'static, str>,
    /// The value of the header.
    pub value: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl PathMatch {
    pub(super) fn new(kind: &'static str, value: impl Into<String>) -> Self {
        PathMatch { kind: Cow::Borrowed(kind), value: value.into(), unknown: UnknownFields::default() }
    }
}

impl Header {
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Header { name: Cow::Borrowed(name), value: value.into(), unknown: UnknownFields::default() }
    }
}

impl Filter {
    /// A filter that adds this `Set-Cookie` value to the cookies that the backend sets.
    pub(super) fn set_cookie(value: String) -> Self {
        let header = Header::new("Set-Cookie", value);
        Filter {
            kind: Cow::Borrowed(MODIFIER),
            response_header_modifier: Some(HeaderModifier { add: vec![header], ..HeaderModifier::default() }),
            unknown: UnknownFields::default(),
        }
    }
}
