//! HTTPRoute and GRPCRoute, as far as they are written and read here.

use std::borrow::Cow;

use crate::targets::{Object, Unread};

/// A route that matches HTTP requests. [`http_routes`](super::http_routes) has an example.
pub type HttpRoute = Object<Spec<HttpMatch>>;

/// A route that matches gRPC requests. [`grpc_routes`](super::grpc_routes) has an example.
pub type GrpcRoute = Object<Spec<GrpcMatch>>;

/// What a route says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Spec<M> {
    /// What it hangs on.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub parent_refs: Vec<ParentRef>,
    /// The hosts it is for; none is every host.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub hostnames: Vec<String>,
    /// Its rules. The most specific match decides, and among equals the first.
    #[cfg_attr(feature = "serde", serde(default = "Vec::new"))]
    pub rules: Vec<Rule<M>>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// A Gateway, or with Linkerd a Service, that a route hangs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ParentRef {
    /// The API group; none is that of Gateways.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub group: Option<String>,
    /// The kind; none is `Gateway`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kind: Option<String>,
    /// The namespace; none is the route's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The port; none is every port.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<u16>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What happens with the requests that match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Rule<M> {
    /// One of them has to match; none is every request.
    #[cfg_attr(feature = "serde", serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty"))]
    pub matches: Vec<M>,
    /// What is done to every response.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub filters: Vec<Filter>,
    /// Where they go, by weight.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub backend_refs: Vec<BackendRef>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What an HTTP request has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpMatch {
    /// Its path; none is every path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<PathMatch>,
    /// Its headers: all of them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatch>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What a gRPC request has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrpcMatch {
    /// Its method; none is every method.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub method: Option<MethodMatch>,
    /// Its headers: all of them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatch>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What a path has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PathMatch {
    /// `Exact`, `PathPrefix`, or `RegularExpression`, which is read only.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "prefix"))]
    pub kind: Cow<'static, str>,
    /// The path.
    pub value: String,
}

#[cfg(feature = "serde")]
fn prefix() -> Cow<'static, str> {
    Cow::Borrowed("PathPrefix")
}

/// What a gRPC method has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MethodMatch {
    /// `Exact`.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "exact"))]
    pub kind: Cow<'static, str>,
    /// The service, with its package.
    pub service: String,
    /// The method; none is all of the service's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub method: Option<String>,
}

/// What a header has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatch {
    /// `Exact` or `RegularExpression`.
    #[cfg_attr(feature = "serde", serde(rename = "type", default = "exact"))]
    pub kind: Cow<'static, str>,
    /// The header's name.
    pub name: Cow<'static, str>,
    /// Its value, or what matches it.
    pub value: String,
}

#[cfg(feature = "serde")]
fn exact() -> Cow<'static, str> {
    Cow::Borrowed("Exact")
}

/// A Service, and its share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BackendRef {
    /// The API group; none and an empty one are that of Services.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub group: Option<String>,
    /// The kind; none is `Service`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kind: Option<String>,
    /// The Service.
    pub name: String,
    /// The Service's namespace; none is the route's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub namespace: Option<String>,
    /// Its port.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<u16>,
    /// Its parts of the sum; none is 1.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weight: Option<u32>,
    /// What is done to its responses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub filters: Vec<Filter>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What is done to a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Filter {
    /// `ResponseHeaderModifier`.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: Cow<'static, str>,
    /// The headers that change.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub response_header_modifier: Option<HeaderModifier>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// Headers that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderModifier {
    /// Those that are added, beside what is there.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub add: Vec<Header>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Header {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: String,
}

impl Filter {
    /// Sets this cookie beside those that the backend sets.
    pub(super) fn set_cookie(value: String) -> Self {
        let header = Header { name: Cow::Borrowed("Set-Cookie"), value };
        Filter {
            kind: Cow::Borrowed("ResponseHeaderModifier"),
            response_header_modifier: Some(HeaderModifier { add: vec![header], ..HeaderModifier::default() }),
            unread: Unread::default(),
        }
    }
}
