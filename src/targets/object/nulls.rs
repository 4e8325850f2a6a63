//! `null` in place of a value, which API servers take for a field that is missing.

/// Reads a value that may be missing. `null` is the default value, because API servers drop such a `null`.
pub(in crate::targets) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    null_is(T::default, deserializer)
}

/// Reads a value that may be missing. `null` is this value, because API servers replace such a `null` by the default of the field.
pub(in crate::targets) fn null_is<'de, T, D>(default: fn() -> T, deserializer: D) -> Result<T, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    <Option<T> as serde::Deserialize>::deserialize(deserializer).map(|value| value.unwrap_or_else(default))
}
