//! The fields that this operator applied to an object, as the API server records them.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};

/// The manager of what only this operator writes: canary Ingresses and statuses.
pub const MANAGER: &str = "canary-operator";

/// The manager of the annotations that a release has on a stable Ingress. Each release has its own, because several releases may
/// have annotations on one Ingress, and an API server takes away what a manager does not apply again.
pub(crate) fn manager_of(release_uid: &str) -> String {
    format!("{MANAGER}-{release_uid}")
}

/// The names of the fields below this path that a manager has applied.
pub(crate) fn applied(metadata: &ObjectMeta, manager: &str, path: &[&str]) -> BTreeSet<String> {
    let entries = metadata.managed_fields.iter().flatten();
    let entries = entries.filter(|entry| entry.operation.as_deref() == Some("Apply") && entry.subresource.is_none());
    let entry =
        entries.filter(|entry| entry.manager.as_deref() == Some(manager)).find_map(|entry| entry.fields_v1.as_ref());
    let fields =
        entry.and_then(|fields| path.iter().try_fold(&fields.0, |fields, name| fields.get(format!("f:{name}"))));
    let names = fields.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    names.filter_map(|name| name.strip_prefix("f:")).map(str::to_owned).collect()
}

/// Whether a manager has applied anything.
pub(crate) fn has_applied(metadata: &ObjectMeta, manager: &str) -> bool {
    let mut entries = metadata.managed_fields.iter().flatten();
    entries.any(|entry| entry.manager.as_deref() == Some(manager) && entry.operation.as_deref() == Some("Apply"))
}

/// Whether applying this configuration would change nothing: the object has all of its values, and the manager has applied nothing
/// else in the annotations and the spec.
pub(crate) fn is_converged(live: &Value, metadata: &ObjectMeta, configuration: &Value) -> bool {
    let same_names = |path: &[&str]| {
        let wanted = path.iter().try_fold(configuration, |value, name| value.get(name)).and_then(Value::as_object);
        let wanted: BTreeSet<String> = wanted.into_iter().flat_map(Map::keys).cloned().collect();
        applied(metadata, MANAGER, path) == wanted
    };
    has_values(live, configuration) && same_names(&["metadata", "annotations"]) && same_names(&["spec"])
}

/// Whether an object has all of these values. Lists are equal as a whole, as they are applied.
fn has_values(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| live.get(name).is_some_and(|live| has_values(live, wanted)))
        }
        (live, wanted) => live == wanted,
    }
}
