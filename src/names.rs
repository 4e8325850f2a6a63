//! DNS names as Kubernetes checks them, and what every newtype over text has in common.

/// Gives a newtype over a `String` its text in the usual ways: `as_str`, `AsRef<str>`, `Display`, `FromStr` through the
/// type's own `new`, and `Serialize`, `Deserialize` and `JsonSchema` as a string.
macro_rules! text {
    ($type:ident, $error:ty) => {
        impl $type {
            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        crate::names::serde_as_text!($type);
    };
}
pub(crate) use text;

/// Serialises a type as its `Display` text and deserialises it with `FromStr`; its JSON schema is a string.
macro_rules! serde_as_text {
    ($type:ident) => {
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// The largest number of characters of a DNS label.
pub(crate) const MAX_LABEL: usize = 63;

/// The largest number of characters of a DNS name.
pub(crate) const MAX_SUBDOMAIN: usize = 253;

/// Whether a text is a DNS label: 1 to 63 of a-z, 0-9 and `-`, with a letter or digit at both ends (RFC 1123).
pub(crate) fn is_dns_label(text: &str) -> bool {
    text.len() <= MAX_LABEL && is_label(text)
}

/// Whether a text is a token, as the name of a header must be (RFC 9110, section 5.6.2).
pub(crate) fn is_header_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Whether a text is a DNS label that begins with a letter, as the name of a Service must (RFC 1035).
pub(crate) fn is_service_name(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether a text is a DNS subdomain, as the name of a Kubernetes object must be: 1 to 253 characters of labels and
/// dots. Kubernetes does not bound the length of one label here (RFC 1123, `IsDNS1123Subdomain`).
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= MAX_SUBDOMAIN && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}
