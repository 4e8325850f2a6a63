//! Values that mean what the controller does without the annotation.

use super::getter::{normalized, parse_bool};
use super::key;

/// Whether the value of an annotation is what the controller does without the annotation (controller 1.15.1,
/// `internal/ingress/annotations`).
pub(in crate::targets::nginx) fn is_default(annotation: &str, value: &str) -> bool {
    let value = normalized(value);
    match annotation {
        _ if value.is_empty() => true,
        key::AFFINITY_MODE => value == "balanced",
        "backend-protocol" => value == "HTTP",
        "enable-cors"
        | "force-ssl-redirect"
        | "from-to-www-redirect"
        | "service-upstream"
        | "ssl-passthrough"
        | "use-regex" => parse_bool(&value) == Some(false),
        _ => false,
    }
}
