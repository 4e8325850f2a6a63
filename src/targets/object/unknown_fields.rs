//! What an object has beside what this crate reads.

use std::collections::BTreeMap;

/// The fields that an object has and that this crate does not read, each with its value, so that an object that is read and written
/// again keeps them. An object that this crate writes has none. A field whose value is `null` does not count, because API servers
/// drop it.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use canary_policy::targets::gateway::BackendRef;
///
/// let backend: BackendRef = serde_json::from_str(r#"{"name":"web","subset":"v2"}"#).unwrap();
/// assert!(!backend.unknown.is_empty());
/// assert_eq!(backend.unknown.names().collect::<Vec<_>>(), ["subset"]);
/// assert_eq!(serde_json::to_string(&backend).unwrap(), r#"{"name":"web","subset":"v2"}"#);
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
#[cfg_attr(
    not(feature = "serde"),
    allow(clippy::zero_sized_map_values, reason = "no value exists, so the map is empty")
)]
pub struct UnknownFields(BTreeMap<String, UnknownValue>);

/// The value of a field that this crate does not read.
#[cfg(feature = "serde")]
type UnknownValue = serde_json::Value;
/// Without serde nothing is deserialised, so that no field is unknown.
#[cfg(not(feature = "serde"))]
type UnknownValue = std::convert::Infallible;

impl UnknownFields {
    /// Whether there is no such field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(feature = "serde")]
impl UnknownFields {
    /// The value of a field.
    pub(in crate::targets) fn get(&self, name: &str) -> Option<&serde_json::Value> {
        self.0.get(name)
    }

    /// One field with a text.
    pub(in crate::targets) fn of_text(name: &str, text: String) -> Self {
        UnknownFields(BTreeMap::from([(name.to_owned(), serde_json::Value::String(text))]))
    }

    /// The same fields without this one.
    pub(in crate::targets) fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(other, _)| *other != name);
        UnknownFields(others.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for UnknownFields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = BTreeMap::<String, UnknownValue>::deserialize(deserializer)?;
        fields.retain(|_, value| !value.is_null());
        Ok(UnknownFields(fields))
    }
}
