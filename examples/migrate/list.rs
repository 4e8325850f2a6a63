//! Lists of objects: `kind: List`, a list of one kind, and a list without a kind.

use serde_json::Value;

/// The items of a document.
pub(crate) enum Items {
    /// The document is no list.
    None,
    /// The objects of the list.
    Some(Vec<Value>),
    /// The items are no list.
    Malformed,
}

/// Takes the items out of a list. In a list of one kind, as `IngressList`, an item without a kind and an API version of its own has
/// those of the list: client libraries write such lists.
pub(crate) fn take_items(value: &mut Value) -> Items {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, version) = (text("kind"), text("apiVersion"));
    if kind.as_ref().is_some_and(|kind| !kind.ends_with("List")) {
        return Items::None;
    }
    match value.get_mut("items").map(Value::take) {
        // Go writes an empty list as `null`.
        Some(Value::Null) if kind.is_some() => Items::Some(Vec::new()),
        None | Some(Value::Null) => Items::None,
        Some(Value::Array(mut items)) => {
            let of_one_kind = kind.as_ref().and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty());
            if let Some(kind) = of_one_kind {
                for item in &mut items {
                    add_kind(item, kind, version.as_deref());
                }
            }
            Items::Some(items)
        }
        Some(_) => Items::Malformed,
    }
}

/// Adds the kind and the API version of the list to an item that has neither.
fn add_kind(item: &mut Value, kind: &str, version: Option<&str>) {
    let Some(fields) = item.as_object_mut() else { return };
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    if has("kind") || has("apiVersion") {
        return;
    }
    fields.insert("kind".to_owned(), kind.into());
    if let Some(version) = version {
        fields.insert("apiVersion".to_owned(), version.into());
    }
}
