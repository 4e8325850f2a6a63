//! The fields of a RouteConfiguration that this crate writes and reads. They have the names that they have in Envoy's YAML and
//! JSON.

use std::borrow::Cow;

use super::HeaderValue;
use crate::targets::UnknownFields;
#[cfg(feature = "serde")]
use crate::targets::object::{null_is, null_is_default};

/// The routes of a listener (`config.route.v3.RouteConfiguration`). [`route_configuration`](super::route_configuration)
/// has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteConfiguration {
    /// The name.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub name: String,
    /// The virtual hosts.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub virtual_hosts: Vec<VirtualHost>,
    /// Whether the host `example.com` also matches `example.com:8080` in a request.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub ignore_port_in_host_matching: bool,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Hosts and their routes (`config.route.v3.VirtualHost`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualHost {
    /// The name.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub name: String,
    /// The hosts; `*` is every host.
    pub domains: Vec<String>,
    /// The routes. The first route that matches decides.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub routes: Vec<Rule>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A route (`config.route.v3.Route`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Rule {
    /// The match on requests.
    #[cfg_attr(feature = "serde", serde(rename = "match"))]
    pub matches: RouteMatch,
    /// The destination of the requests that match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub route: RouteAction,
    /// The headers that are added to every response.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub response_headers_to_add: Vec<HeaderValueOption>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a request (`config.route.v3.RouteMatch`). One of `path`, `path_separated_prefix` and `prefix` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteMatch {
    /// The whole path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path: Option<String>,
    /// The path elements that the path begins with.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub path_separated_prefix: Option<String>,
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

/// A match on a header (`config.route.v3.HeaderMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderMatcher {
    /// The name of the header.
    pub name: Cow<'static, str>,
    /// The match on one line of the header.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "StringMatcher::is_missing"))]
    pub string_match: StringMatcher,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a text (`type.matcher.v3.StringMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StringMatcher {
    /// The text is equal.
    Exact(String),
    /// The regular expression matches the whole text.
    SafeRegex(RegexMatcher),
    /// Another match, which this crate never writes: its fields. There are none if the header matcher has no `string_match`.
    #[cfg_attr(feature = "serde", serde(untagged))]
    Other(UnknownFields),
}

#[cfg(feature = "serde")]
impl StringMatcher {
    fn is_missing(&self) -> bool {
        matches!(self, StringMatcher::Other(fields) if fields.is_empty())
    }
}

impl Default for StringMatcher {
    fn default() -> Self {
        StringMatcher::Other(UnknownFields::default())
    }
}

/// A regular expression of RE2 (`type.matcher.v3.RegexMatcher`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RegexMatcher {
    /// The text of the regular expression.
    pub regex: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The destination of requests (`config.route.v3.RouteAction`). Either `cluster` or `weighted_clusters` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RouteAction {
    /// The name of the cluster.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub cluster: Option<String>,
    /// The clusters between which requests are split.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weighted_clusters: Option<WeightedClusters>,
    /// The parts of a request that are hashed to choose a cluster.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub hash_policy: Vec<HashPolicy>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Clusters and their weights (`config.route.v3.WeightedCluster`). At most one of `use_hash_policy` and `header_name` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightedClusters {
    /// The clusters. Their weights add up to a number from 1 to 4294967295.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub clusters: Vec<ClusterWeight>,
    /// Whether the hash of a request chooses the cluster, if the request has a hash.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub use_hash_policy: Option<bool>,
    /// The header whose value, a number, chooses the cluster: modulo the sum of all weights, in the order of the clusters.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub header_name: Option<String>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A cluster and its weight (`config.route.v3.WeightedCluster.ClusterWeight`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ClusterWeight {
    /// The name of the cluster.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub name: String,
    /// The weight, in parts of the sum of all weights; 0 if it is missing.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub weight: u32,
    /// The headers that are added to responses of this cluster.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub response_headers_to_add: Vec<HeaderValueOption>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A part of a request that is hashed (`config.route.v3.RouteAction.HashPolicy`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HashPolicy {
    /// The value of a header.
    Header(HashedHeader),
    /// The value of a cookie. A `ttl` is not written: with it, Envoy would set a cookie that is missing.
    Cookie(HashedCookie),
}

/// A header that is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HashedHeader {
    /// The name of the header.
    pub header_name: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A cookie that is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HashedCookie {
    /// The name of the cookie.
    pub name: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A header that is added to a response (`config.core.v3.HeaderValueOption`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValueOption {
    /// The header.
    pub header: HeaderValue,
    /// `APPEND_IF_EXISTS_OR_ADD`, which is the default: headers of the same name are kept.
    #[cfg_attr(feature = "serde", serde(default = "appended", deserialize_with = "appended_if_null"))]
    pub append_action: Cow<'static, str>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

#[cfg(feature = "serde")]
fn appended() -> Cow<'static, str> {
    Cow::Borrowed(APPEND)
}

#[cfg(feature = "serde")]
fn appended_if_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    null_is(appended, deserializer)
}

/// The action that keeps headers of the same name.
pub(super) const APPEND: &str = "APPEND_IF_EXISTS_OR_ADD";

impl HeaderValueOption {
    /// Adds this `Set-Cookie` value to the cookies that the backend sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        HeaderValueOption {
            header: HeaderValue::set_cookie(value),
            append_action: Cow::Borrowed(APPEND),
            unknown: UnknownFields::default(),
        }
    }
}
