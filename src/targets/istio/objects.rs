//! The fields of VirtualService and DestinationRule that this crate writes and reads.

use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use crate::targets::object::null_is_default;
use crate::targets::table::escape_percent;
use crate::targets::{Object, UnknownFields};

/// The API version of both kinds.
pub(super) const API_VERSION: &str = "networking.istio.io/v1";

/// The objects that [`virtual_service`](super::virtual_service) writes, in the order in which to apply them; it has an
/// example.
///
/// Requests to a subset that no DestinationRule defines are answered with 503: apply the DestinationRule first, and delete it
/// last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Objects {
    /// The object that defines the subsets, if the variants are subsets of one Service.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub destination_rule: Option<DestinationRule>,
    /// The object that routes requests.
    pub virtual_service: VirtualService,
}

/// The objects that [`virtual_service_of_host`](super::virtual_service_of_host) writes, in the order in which to apply them; it
/// has an example.
///
/// Requests to a subset that no DestinationRule defines are answered with 503: apply each DestinationRule first, and delete it
/// last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct HostObjects {
    /// The objects that define subsets: one for each Service whose variants are subsets.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub destination_rules: Vec<DestinationRule>,
    /// The object that routes requests.
    pub virtual_service: VirtualService,
}

/// A VirtualService: hosts and rules. [`read`](super::read) has an example.
pub type VirtualService = Object<VirtualServiceSpec>;

/// A DestinationRule: the subsets of a Service. [`virtual_service`](super::virtual_service) writes them.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::istio::DestinationRule;
/// use serde_json::json;
///
/// let theirs = json!({
///     "apiVersion": "networking.istio.io/v1",
///     "kind": "DestinationRule",
///     "metadata": { "name": "web" },
///     "spec": {
///         "host": "web",
///         "trafficPolicy": { "tls": { "mode": "ISTIO_MUTUAL" } },
///         "subsets": [{ "name": "stable", "labels": { "v": "1" }, "trafficPolicy": { "tls": { "mode": "DISABLE" } } }],
///     },
/// });
/// let rule: DestinationRule = serde_json::from_value(theirs.clone()).unwrap();
/// assert_eq!(rule.spec.subsets[0].name, "stable");
/// assert_eq!(serde_json::to_value(rule).unwrap(), theirs);
/// # }
/// ```
pub type DestinationRule = Object<DestinationRuleSpec>;

/// The spec of a VirtualService.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualServiceSpec {
    /// The hosts, at least one.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub hosts: Vec<String>,
    /// The Gateways that the rules are for, and `mesh` for the sidecars; an empty list is the sidecars alone.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub gateways: Vec<String>,
    /// The rules. The first rule that matches decides.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    pub http: Vec<HttpRoute>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A rule: matches, and the destinations of the requests that match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpRoute {
    /// A request matches the rule if one of these matches; an empty list matches every request.
    #[cfg_attr(feature = "serde", serde(rename = "match", default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub matches: Vec<HttpMatch>,
    /// The destinations, between which requests are split by weight.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub route: Vec<HttpDestination>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpMatch {
    /// The path without the query; `None` is every path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub uri: Option<StringMatch>,
    /// The headers by name in lower case, all of which have to match.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub headers: BTreeMap<String, StringMatch>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A match on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "UnknownFields", into = "UnknownFields")
)]
#[non_exhaustive]
pub enum StringMatch {
    /// Any value: `{}`, which is read, but never written.
    Present,
    /// The text is equal.
    Exact(String),
    /// The text begins with these characters.
    Prefix(String),
    /// The regular expression, of RE2, matches the whole text.
    Regex(String),
    /// Another match, or several at once, which this crate never writes: its fields.
    Other(UnknownFields),
}

#[cfg(feature = "serde")]
impl From<UnknownFields> for StringMatch {
    fn from(fields: UnknownFields) -> Self {
        let text = |name: &str| fields.get(name).and_then(|value| value.as_str().map(str::to_owned));
        let only: Vec<&str> = fields.names().collect();
        let known = match only.as_slice() {
            [] => Some(StringMatch::Present),
            ["exact"] => text("exact").map(StringMatch::Exact),
            ["prefix"] => text("prefix").map(StringMatch::Prefix),
            ["regex"] => text("regex").map(StringMatch::Regex),
            _ => None,
        };
        known.unwrap_or(StringMatch::Other(fields))
    }
}

#[cfg(feature = "serde")]
impl From<StringMatch> for UnknownFields {
    fn from(matches: StringMatch) -> Self {
        match matches {
            StringMatch::Present => UnknownFields::default(),
            StringMatch::Exact(text) => UnknownFields::of_text("exact", text),
            StringMatch::Prefix(text) => UnknownFields::of_text("prefix", text),
            StringMatch::Regex(text) => UnknownFields::of_text("regex", text),
            StringMatch::Other(fields) => fields,
        }
    }
}

/// A destination, its weight, and the changes to headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpDestination {
    /// The Service or subset.
    pub destination: Destination,
    /// The weight, 1 to 2147483647, in parts of the sum of the rule's weights. A single destination gets every request,
    /// whatever its weight is.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weight: Option<u32>,
    /// The changes that are made to headers.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub headers: Option<Headers>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A Service, or a subset of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Destination {
    /// The DNS name of the Service; a short name is looked up in the namespace of the object.
    pub host: String,
    /// The name of the subset; `None` is the whole Service.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub subset: Option<String>,
    /// The port; `None` is the only port of the Service.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<PortSelector>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A port, by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PortSelector {
    /// The number, 1 to 65535.
    pub number: u16,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Changes to the headers of requests and responses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Headers {
    /// The changes to the headers of the response.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub response: Option<HeaderOperations>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// Changes to a set of headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderOperations {
    /// The headers to add, by name; headers of the same name are kept. `%%` stands for `%`, because Envoy reads `%NAME%` as a
    /// variable.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub add: BTreeMap<String, String>,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// The spec of a DestinationRule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DestinationRuleSpec {
    /// The DNS name of the Service.
    pub host: String,
    /// The subsets of the Service.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub subsets: Vec<Subset>,
    /// The fields that this crate does not read, such as `trafficPolicy`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

/// A subset: some of the pods of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Subset {
    /// The name of the subset.
    pub name: String,
    /// The labels that select the pods.
    #[cfg_attr(feature = "serde", serde(default, deserialize_with = "null_is_default"))]
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub labels: BTreeMap<String, String>,
    /// The fields that this crate does not read, such as `trafficPolicy`.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl Headers {
    /// Adds this `Set-Cookie` value to the cookies that the variant sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        let add = BTreeMap::from([("set-cookie".to_owned(), escape_percent(value))]);
        Headers { response: Some(HeaderOperations { add, ..HeaderOperations::default() }), ..Headers::default() }
    }
}
