//! The fields of VirtualService and RouteTable that this crate writes.

use super::HeaderValue;
use crate::targets::Object;

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
}

/// Hosts and their routes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualHost {
    /// The hosts; `*` is every host.
    pub domains: Vec<String>,
    /// The routes. The first route that matches decides.
    pub routes: Vec<Rule>,
}

/// The spec of a RouteTable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteTableSpec {
    /// The routes. The first route that matches decides.
    pub routes: Vec<Rule>,
}

/// A route: matchers, and the destination of the requests that match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Rule {
    /// A request matches the route if one of these matches.
    pub matchers: Vec<Matcher>,
    /// The destination of the requests that match.
    pub route_action: RouteAction,
    /// The changes that are made to responses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
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
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatcher>,
}

/// A match on a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatcher {
    /// The name of the header; the name of `Host` is `:authority`.
    pub name: String,
    /// The value, or a regular expression for the whole value. An empty text matches every value.
    pub value: String,
    /// Whether the text is a regular expression of RE2.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub regex: bool,
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
}

/// Several destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MultiDestination {
    /// The destinations and their weights.
    pub destinations: Vec<WeightedDestination>,
}

/// A destination and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightedDestination {
    /// The destination.
    pub destination: Destination,
    /// The weight, in parts of the sum of all weights.
    pub weight: u32,
    /// The changes that are made to responses of this destination.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Destination {
    /// The Service.
    pub kube: KubeDestination,
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
}

/// A reference to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ResourceRef {
    /// The name of the object.
    pub name: String,
    /// The namespace of the object.
    pub namespace: String,
}

/// Changes that are made to responses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Options {
    /// The changes to headers.
    pub header_manipulation: HeaderManipulation,
}

/// Changes to headers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct HeaderManipulation {
    /// The headers that are added to responses.
    pub response_headers_to_add: Vec<HeaderValueOption>,
}

/// A header that is added to responses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValueOption {
    /// The header.
    pub header: HeaderValue,
    /// Whether headers of the same name are kept.
    pub append: bool,
}

impl Options {
    /// Adds this `Set-Cookie` value to the cookies that the backend sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        let added = vec![HeaderValueOption { header: HeaderValue::set_cookie(value), append: true }];
        Options { header_manipulation: HeaderManipulation { response_headers_to_add: added } }
    }
}
