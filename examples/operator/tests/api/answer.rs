//! Answers that are no objects.

use serde_json::{Value, json};

/// A request that is refused, as a `Status`.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    causes: Vec<Value>,
}

impl Refusal {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Refusal { code, reason, message: message.into(), causes: Vec::new() }
    }

    pub fn with_causes(self, causes: Vec<Value>) -> Self {
        Refusal { causes, ..self }
    }

    pub fn not_found(what: &str) -> Self {
        Refusal::new(404, "NotFound", format!("{what} not found"))
    }

    pub fn body(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": self.code, "reason": self.reason,
            "message": self.message, "details": { "causes": self.causes },
        })
    }
}
