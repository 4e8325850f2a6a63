//! Objects in YAML.

use canary_policy::error::Excerpt;
use serde::Serialize;

use crate::json;

/// The object in YAML. If a text of it has characters that a terminal would not show as they are, it is written as JSON, which is
/// YAML too and in which every character can be escaped.
pub(crate) fn document(object: &impl Serialize) -> Result<String, String> {
    let yaml = serde_saphyr::to_string(object).map_err(|error| error.to_string())?;
    if yaml.lines().all(|line| Excerpt::whole(line).as_str() == line) {
        return Ok(yaml);
    }
    let value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    Ok(json::line(&value.to_string()) + "\n")
}
