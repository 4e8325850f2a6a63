//! The fields of an object, as paths, and their managers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

pub type Path = Vec<String>;

/// A manager, and the fields that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    pub name: String,
    pub operation: &'static str,
    pub subresource: Option<&'static str>,
    pub fields: BTreeSet<Path>,
}

/// What the server itself writes, and what says which object it is, has no manager.
const UNMANAGED: [&str; 9] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "selfLink",
];

/// The paths of all values that are no objects, and of empty objects. A list is one value.
pub fn leaves(value: &Value) -> BTreeSet<Path> {
    fn walk(value: &Value, path: &mut Path, leaves: &mut BTreeSet<Path>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    path.push(name.clone());
                    walk(value, path, leaves);
                    path.pop();
                }
            }
            _ => {
                leaves.insert(path.clone());
            }
        }
    }
    let mut found = BTreeSet::new();
    if let Value::Object(fields) = value {
        for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind")) {
            walk(value, &mut vec![name.clone()], &mut found);
        }
    }
    found.retain(|path| {
        path != &["metadata"]
            && !(path[0] == "metadata" && path.get(1).is_some_and(|name| UNMANAGED.contains(&&**name)))
    });
    found
}

pub fn get<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

pub fn set(value: &mut Value, path: &[String], new: Value) {
    let place = path.iter().fold(value, |value, name| {
        if !value.is_object() {
            *value = json!({});
        }
        value.as_object_mut().unwrap().entry(name.clone()).or_insert(Value::Null)
    });
    *place = new;
}

/// Removes a value, and the objects that are empty then.
pub fn remove(value: &mut Value, path: &[String]) {
    let Some((name, rest)) = path.split_first() else { return };
    let Some(fields) = value.as_object_mut() else { return };
    if rest.is_empty() {
        fields.remove(name);
    } else if let Some(inner) = fields.get_mut(name) {
        remove(inner, rest);
        if inner.as_object().is_some_and(Map::is_empty) {
            fields.remove(name);
        }
    }
}

/// Whether one path is the other, or leads to it.
pub fn touches(one: &[String], other: &[String]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// The managers as `metadata.managedFields`.
pub fn written(managers: &[Manager], api_version: &str) -> Value {
    let entries = managers.iter().map(|manager| {
        let mut fields = json!({});
        for path in &manager.fields {
            let path: Path = path.iter().map(|name| format!("f:{name}")).collect();
            set(&mut fields, &path, json!({}));
        }
        let mut entry = json!({
            "manager": manager.name, "operation": manager.operation, "apiVersion": api_version,
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if let Some(subresource) = manager.subresource {
            entry["subresource"] = json!(subresource);
        }
        entry
    });
    entries.collect()
}
