//! VirtualService and RouteTable, as far as they are written here.

use crate::targets::Object;

/// Hosts, and their routes. [`virtual_service`](super::virtual_service) has an example.
pub type VirtualService = Object<VirtualServiceSpec>;

/// Routes that a VirtualService delegates to. [`route_table`](super::route_table) has an example.
pub type RouteTable = Object<RouteTableSpec>;

/// What a VirtualService says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct VirtualServiceSpec {
    /// Hosts, and their routes.
    pub virtual_host: VirtualHost,
}

/// Hosts, and their routes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualHost {
    /// Hosts; `*` is every host.
    pub domains: Vec<String>,
    /// Their routes: the first that matches decides.
    pub routes: Vec<Rule>,
}

/// What a RouteTable says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteTableSpec {
    /// Its routes: the first that matches decides.
    pub routes: Vec<Rule>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Rule {
    /// What a request has to be: one of these.
    pub matchers: Vec<Matcher>,
    /// Where it goes.
    pub route_action: RouteAction,
    /// What is done to its response.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
}

/// What a request has to be. One of the first two is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Matcher {
    /// The whole path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub exact: Option<String>,
    /// Characters that the path begins with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub prefix: Option<String>,
    /// Its headers: all of them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatcher>,
}

/// What a header has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatcher {
    /// The header's name; that of `Host` is `:authority`.
    pub name: String,
    /// Its value, or what matches the whole of it. An empty one is any value.
    pub value: String,
    /// Whether the value is a regular expression of RE2.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub regex: bool,
}

/// Where a request goes. One of both is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteAction {
    /// Here.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub single: Option<Destination>,
    /// To one of these.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub multi: Option<MultiDestination>,
}

/// Destinations, and their shares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MultiDestination {
    /// The destinations.
    pub destinations: Vec<WeightedDestination>,
}

/// A destination, and its share.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightedDestination {
    /// The destination.
    pub destination: Destination,
    /// Its parts of the sum. None would be 0.
    pub weight: u32,
    /// What is done to its responses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub options: Option<Options>,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Destination {
    /// A Service.
    pub kube: KubeDestination,
}

/// A Service, and a port of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct KubeDestination {
    /// The Service.
    #[cfg_attr(feature = "serde", serde(rename = "ref"))]
    pub service: ResourceRef,
    /// Its port.
    pub port: u16,
}

/// An object, by its name and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ResourceRef {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// What is done to a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Options {
    /// Headers that change.
    pub header_manipulation: HeaderManipulation,
}

/// Headers that change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct HeaderManipulation {
    /// Those that are added to a response.
    pub response_headers_to_add: Vec<HeaderValueOption>,
}

/// A header that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValueOption {
    /// The header.
    pub header: HeaderValue,
    /// Whether it is beside the lines that are there.
    pub append: bool,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValue {
    /// Its name.
    pub key: String,
    /// Its value, in which `%%` is `%`.
    pub value: String,
}

impl Options {
    /// Sets this cookie beside those that the backend sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        // Envoy reads the value, and a single `%` begins a command there.
        let header = HeaderValue { key: "Set-Cookie".to_owned(), value: value.replace('%', "%%") };
        let added = vec![HeaderValueOption { header, append: true }];
        Options { header_manipulation: HeaderManipulation { response_headers_to_add: added } }
    }
}
