//! What the values of annotations mean, apart from how they are written.

use super::backend_protocol::{backend_protocol, is_http};
use super::getter::normalized;
use super::key;
use crate::targets::nginx::BoolRule;

/// Whether the value of an annotation is what the controller does without the annotation (controller 1.15.1,
/// `internal/ingress/annotations`).
pub(in crate::targets::nginx) fn is_default(annotation: &str, value: &str) -> bool {
    let value = normalized(value);
    match annotation {
        _ if value.is_empty() => true,
        key::AFFINITY_MODE => value == "balanced",
        key::BACKEND_PROTOCOL => is_http(&backend_protocol(&value)),
        "enable-cors"
        | "force-ssl-redirect"
        | "from-to-www-redirect"
        | "service-upstream"
        | "ssl-passthrough"
        | "use-regex" => BoolRule::Go.read(&value) == Some(false),
        _ => false,
    }
}

/// The value of an annotation without what the controller does not look at; `None` if the value is what the controller does without
/// the annotation.
pub(in crate::targets::nginx) fn meaning(annotation: &str, value: &str) -> Option<String> {
    match annotation {
        _ if is_default(annotation, value) => None,
        key::BACKEND_PROTOCOL => Some(backend_protocol(value)),
        _ => Some(normalized(value)),
    }
}
