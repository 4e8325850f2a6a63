//! The fields of VirtualService and RouteTable that this crate writes and reads.

use super::HeaderValue;
#[cfg(feature = "serde")]
use crate::targets::object::{null_is, null_is_default};
use crate::targets::{Object, UnknownFields};

/// A VirtualService: hosts and their routes. [`virtual_service`](super::virtual_service) has an example.
pub type VirtualService = Object<VirtualServiceSpec>;

/// A RouteTable: routes that a VirtualService delegates to. [`route_table`](super::route_table) has an example.
pub type RouteTable = Object<RouteTableSpec>;

/// The spec of a VirtualService.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct VirtualServiceSpec {
    /// The hosts and their routes.
    pub virtual_host: VirtualHost,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Hosts and their routes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualHost {
    /// The hosts; `*` is every host, and so is an empty list.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub domains: Vec<String>,
    /// The routes. The first route that matches decides.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub routes: Vec<Rule>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The spec of a RouteTable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteTableSpec {
    /// The routes. The first route that matches decides.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub routes: Vec<Rule>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A route: matchers, and the destination of the requests that match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Rule {
    /// A request matches the route if one of these matches; an empty list matches every request.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub matchers: Vec<Matcher>,
    /// The destination of the requests that match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub route_action: RouteAction,
    /// The changes that are made to responses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a request. Either `exact` or `prefix` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Matcher {
    /// The whole path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub exact: Option<String>,
    /// The characters that the path begins with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub prefix: Option<String>,
    /// The headers, all of which have to match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatcher>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatcher {
    /// The name of the header; the name of `Host` is `:authority`.
    pub name: String,
    /// The value, or a regular expression for the whole value. An empty text matches every value.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub value: String,
    /// Whether the text is a regular expression of RE2.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub regex: bool,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The destination of requests. Either `single` or `multi` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteAction {
    /// One destination.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub single: Option<Destination>,
    /// Several destinations, between which requests are split.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub multi: Option<MultiDestination>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Several destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MultiDestination {
    /// The destinations and their weights.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub destinations: Vec<WeightedDestination>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A destination and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightedDestination {
    /// The destination.
    pub destination: Destination,
    /// The weight, in parts of the sum of all weights; 0 if it is missing.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub weight: u32,
    /// The changes that are made to responses of this destination.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Destination {
    /// The Service; `None` if the destination is of another kind, which is an [unknown](Self::unknown) field.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub kube: Option<KubeDestination>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A Service and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct KubeDestination {
    /// The Service.
    #[cfg_attr(feature = "serde", serde(rename = "ref"))]
    pub service: ResourceRef,
    /// The port number.
    pub port: u16,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A reference to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ResourceRef {
    /// The name of the object.
    pub name: String,
    /// The namespace of the object.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub namespace: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Changes that are made to responses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Options {
    /// The changes to headers.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub header_manipulation: HeaderManipulation,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Changes to headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct HeaderManipulation {
    /// The headers that are added to responses.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub response_headers_to_add: Vec<HeaderValueOption>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A header that is added to responses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValueOption {
    /// The header.
    pub header: HeaderValue,
    /// Whether headers of the same name are kept; they are if this is missing.
    #[cfg_attr(feature = "serde", serde(default = "kept", deserialize_with = "kept_if_null"))]
    pub append: bool,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

#[cfg(feature = "serde")]
fn kept() -> bool {
    true
}

#[cfg(feature = "serde")]
fn kept_if_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    null_is(kept, deserializer)
}

impl Options {
    /// Adds this `Set-Cookie` value to the cookies that the backend sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        let unknown = UnknownFields::default();
        let added = vec![HeaderValueOption { header: HeaderValue::set_cookie(value), append: true, unknown }];
        let unknown = UnknownFields::default();
        let header_manipulation = HeaderManipulation { response_headers_to_add: added, unknown };
        Options { header_manipulation, unknown: UnknownFields::default() }
    }
}
