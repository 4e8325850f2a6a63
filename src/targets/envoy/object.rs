//! A RouteConfiguration, as far as it is written here. Fields are called what they are called in Envoy's YAML and JSON.

use std::borrow::Cow;

/// The routes of a listener (`config.route.v3.RouteConfiguration`). [`route_configuration`](super::route_configuration)
/// has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteConfiguration {
    /// Its name.
    pub name: String,
    /// Its virtual hosts.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Whether `example.com` is also `example.com:8080` in a request.
    pub ignore_port_in_host_matching: bool,
}

/// Hosts, and their routes (`config.route.v3.VirtualHost`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualHost {
    /// Its name.
    pub name: String,
    /// Hosts; `*` is every host.
    pub domains: Vec<String>,
    /// Its routes: the first that matches decides.
    pub routes: Vec<Rule>,
}

/// A route (`config.route.v3.Route`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Rule {
    /// What a request has to be.
    #[cfg_attr(feature = "serde", serde(rename = "match"))]
    pub matches: RouteMatch,
    /// Where it goes.
    pub route: RouteAction,
    /// What is added to every response.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub response_headers_to_add: Vec<HeaderValueOption>,
}

/// What a request has to be (`config.route.v3.RouteMatch`). One of the first three is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteMatch {
    /// The whole path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<String>,
    /// Elements that the path begins with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path_separated_prefix: Option<String>,
    /// Characters that the path begins with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub prefix: Option<String>,
    /// Its headers: all of them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub headers: Vec<HeaderMatcher>,
}

/// What a header has to be (`config.route.v3.HeaderMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatcher {
    /// The header's name.
    pub name: Cow<'static, str>,
    /// What one of its lines has to be.
    pub string_match: StringMatcher,
}

/// What a text has to be (`type.matcher.v3.StringMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StringMatcher {
    /// This.
    Exact(String),
    /// What a regular expression matches as a whole.
    SafeRegex(RegexMatcher),
}

/// A regular expression of RE2 (`type.matcher.v3.RegexMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RegexMatcher {
    /// Its text.
    pub regex: String,
}

/// Where a request goes (`config.route.v3.RouteAction`). One of the first two is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteAction {
    /// To this cluster.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub cluster: Option<String>,
    /// To one of these.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weighted_clusters: Option<WeightedClusters>,
    /// What the hash of a request is made of.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub hash_policy: Vec<HashPolicy>,
}

/// Clusters, and their shares (`config.route.v3.WeightedCluster`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightedClusters {
    /// The clusters. Their weights add up to 1 to 4294967295.
    pub clusters: Vec<ClusterWeight>,
    /// Whether a request's hash chooses, where it has one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub use_hash_policy: Option<bool>,
}

/// A cluster, and its share (`config.route.v3.WeightedCluster.ClusterWeight`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ClusterWeight {
    /// The cluster.
    pub name: String,
    /// Its parts of the sum.
    pub weight: u32,
    /// What is added to its responses.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub response_headers_to_add: Vec<HeaderValueOption>,
}

/// A part of a request's hash (`config.route.v3.RouteAction.HashPolicy`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HashPolicy {
    /// A header.
    Header(HashedHeader),
    /// A cookie. It has no `ttl`, with which Envoy would make one up.
    Cookie(HashedCookie),
}

/// A header in a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HashedHeader {
    /// Its name.
    pub header_name: String,
}

/// A cookie in a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HashedCookie {
    /// Its name.
    pub name: String,
}

/// A header that is added (`config.core.v3.HeaderValueOption`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValueOption {
    /// The header.
    pub header: HeaderValue,
    /// `APPEND_IF_EXISTS_OR_ADD`: beside the lines that are there.
    pub append_action: Cow<'static, str>,
}

/// A header (`config.core.v3.HeaderValue`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValue {
    /// Its name.
    pub key: Cow<'static, str>,
    /// Its value, in which `%%` is `%`.
    pub value: String,
}

impl HeaderValueOption {
    /// Sets this cookie beside those that the backend sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        HeaderValueOption {
            // A single `%` begins a command.
            header: HeaderValue { key: Cow::Borrowed("Set-Cookie"), value: value.replace('%', "%%") },
            append_action: Cow::Borrowed("APPEND_IF_EXISTS_OR_ADD"),
        }
    }
}
