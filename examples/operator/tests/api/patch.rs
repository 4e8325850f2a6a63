//! JSON patches (RFC 6902).

use serde_json::Value;

use super::answer::Refusal;

/// Kubernetes reads a missing value as null in a `test`, unlike the crate.
pub fn json_patch(target: &mut Value, patch: &Value) -> Result<(), Refusal> {
    let invalid = |why: String| Refusal::new(422, "Invalid", why);
    let mut operations = patch.as_array().cloned().unwrap_or_default();
    for operation in &operations {
        if operation["op"] == "test" && operation["value"].is_null() {
            let place = operation["path"].as_str().unwrap_or_default();
            if target.pointer(place).is_some_and(|value| !value.is_null()) {
                return Err(invalid(format!("testing value {place} failed")));
            }
        }
    }
    operations.retain(|operation| !(operation["op"] == "test" && operation["value"].is_null()));
    let patch: json_patch::Patch =
        serde_json::from_value(Value::Array(operations)).map_err(|why| invalid(why.to_string()))?;
    json_patch::patch(target, &patch).map_err(|why| invalid(why.to_string()))
}
