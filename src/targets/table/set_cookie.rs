//! `Set-Cookie` as a header that Envoy adds to a response.

use std::borrow::Cow;

use crate::targets::UnknownFields;

/// A header that Envoy, or Gloo through Envoy, adds to a response (`config.core.v3.HeaderValue`). The functions that write
/// one have examples.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HeaderValue {
    /// The name of the header.
    pub key: Cow<'static, str>,
    /// The value of the header; `%%` stands for `%`.
    pub value: String,
    /// The fields that this crate does not read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub unknown: UnknownFields,
}

impl HeaderValue {
    /// Whether the header is `Set-Cookie`, and nothing else is known of it.
    pub(in crate::targets) fn is_set_cookie(&self) -> bool {
        self.key.eq_ignore_ascii_case("set-cookie") && self.unknown.is_empty()
    }

    pub(in crate::targets) fn set_cookie(value: &str) -> Self {
        let unknown = UnknownFields::default();
        HeaderValue { key: Cow::Borrowed("Set-Cookie"), value: escape_percent(value), unknown }
    }
}

/// A header value as Envoy takes it: a single `%` would begin one of its variables.
pub(in crate::targets) fn escape_percent(value: &str) -> String {
    value.replace('%', "%%")
}

/// The header value that Envoy makes of an escaped one.
pub(in crate::targets) fn unescape_percent(value: &str) -> String {
    value.replace("%%", "%")
}
