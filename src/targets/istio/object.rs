//! VirtualService and DestinationRule, as far as they are written and read here.

use std::collections::BTreeMap;

use crate::targets::{Object, Unread};

/// What [`virtual_service`](super::virtual_service) writes, in the order to apply it; it has an example.
///
/// A subset that no DestinationRule names yet is answered with 503: apply the DestinationRule first, and delete it last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Objects {
    /// The subsets, if the variants are subsets of one Service.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub destination_rule: Option<DestinationRule>,
    /// Who goes where.
    pub virtual_service: VirtualService,
}

/// A VirtualService: its hosts, and its rules in order. [`read`](super::read) has an example.
pub type VirtualService = Object<VirtualServiceSpec>;

/// A DestinationRule: a Service's subsets. [`virtual_service`](super::virtual_service) has an example.
pub type DestinationRule = Object<DestinationRuleSpec>;

/// What a VirtualService says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct VirtualServiceSpec {
    /// The hosts it is for, at least one.
    #[cfg_attr(feature = "serde", serde(default))]
    pub hosts: Vec<String>,
    /// The Gateways it hangs on, and `mesh` for the sidecars; none is the sidecars alone.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub gateways: Vec<String>,
    /// Its rules. The first that matches decides.
    #[cfg_attr(feature = "serde", serde(default))]
    pub http: Vec<HttpRoute>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What happens with the requests that match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpRoute {
    /// One of them has to match; none is every request.
    #[cfg_attr(feature = "serde", serde(rename = "match", default, skip_serializing_if = "Vec::is_empty"))]
    pub matches: Vec<HttpMatch>,
    /// Where they go, by weight.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub route: Vec<HttpDestination>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What a request has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpMatch {
    /// Its path, without the query; none is every path.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub uri: Option<StringMatch>,
    /// Its headers by name, in lower case: all of them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub headers: BTreeMap<String, StringMatch>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What a text has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "StringMatchFields", into = "StringMatchFields")
)]
#[non_exhaustive]
pub enum StringMatch {
    /// Anything, as long as it is there: `{}`, which is read only.
    Present,
    /// This.
    Exact(String),
    /// This and anything behind it.
    Prefix(String),
    /// What this regular expression of RE2 matches as a whole.
    Regex(String),
}

/// A match as it is written.
#[cfg(feature = "serde")]
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct StringMatchFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<String>,
}

#[cfg(feature = "serde")]
impl TryFrom<StringMatchFields> for StringMatch {
    type Error = &'static str;

    fn try_from(fields: StringMatchFields) -> Result<Self, Self::Error> {
        match (fields.exact, fields.prefix, fields.regex) {
            (None, None, None) => Ok(StringMatch::Present),
            (Some(value), None, None) => Ok(StringMatch::Exact(value)),
            (None, Some(value), None) => Ok(StringMatch::Prefix(value)),
            (None, None, Some(value)) => Ok(StringMatch::Regex(value)),
            _ => Err("a match is one of `exact`, `prefix` and `regex`"),
        }
    }
}

#[cfg(feature = "serde")]
impl From<StringMatch> for StringMatchFields {
    fn from(matches: StringMatch) -> Self {
        let fields = StringMatchFields::default();
        match matches {
            StringMatch::Present => fields,
            StringMatch::Exact(value) => StringMatchFields { exact: Some(value), ..fields },
            StringMatch::Prefix(value) => StringMatchFields { prefix: Some(value), ..fields },
            StringMatch::Regex(value) => StringMatchFields { regex: Some(value), ..fields },
        }
    }
}

/// Where requests go, and their share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HttpDestination {
    /// Where they go.
    pub destination: Destination,
    /// Its parts of the sum, 1 to 2147483647. A single destination gets everything, whatever it says.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub weight: Option<u32>,
    /// What is done to headers.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub headers: Option<Headers>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// A Service, or a subset of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Destination {
    /// The Service's DNS name; a short one is looked for in the object's namespace.
    pub host: String,
    /// The subset; none is the whole Service.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub subset: Option<String>,
    /// The port; none is the only one that the Service has.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub port: Option<PortSelector>,
}

/// A port by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PortSelector {
    /// 1 to 65535.
    pub number: u16,
}

/// What is done to headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Headers {
    /// What is done to those of the response.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub response: Option<HeaderOperations>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// Headers that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderOperations {
    /// Those that are added by name, beside what is there. A `%` of a value is written twice, since Envoy reads
    /// `%VARIABLE%`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub add: BTreeMap<String, String>,
    /// What else stands there.
    #[cfg_attr(feature = "serde", serde(flatten, skip_serializing))]
    pub unread: Unread,
}

/// What a DestinationRule says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DestinationRuleSpec {
    /// The Service's DNS name.
    pub host: String,
    /// Its subsets.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub subsets: Vec<Subset>,
}

/// A part of a Service's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// The labels of its pods.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub labels: BTreeMap<String, String>,
}

impl Headers {
    /// Sets this cookie beside those that the variant sets.
    pub(super) fn set_cookie(value: &str) -> Self {
        let add = BTreeMap::from([("set-cookie".to_owned(), value.replace('%', "%%"))]);
        Headers { response: Some(HeaderOperations { add, ..HeaderOperations::default() }), ..Headers::default() }
    }
}
