//! A policy in a file, in YAML or JSON: alone, or in an object of Kubernetes.

use canary_policy::error::Excerpt;
use canary_policy::{Policy, Spec};
use serde_json::Value;

use crate::files::{documents, parsed};

/// The policy in the text of a file. It is the only document, or the `spec` or `spec.policy` of an object, beside which the file
/// may have objects without a policy.
pub(crate) fn policy(text: &str) -> Result<Policy, String> {
    let mut documents = documents(text)?;
    let count = documents.len();
    if count > 1 && documents.iter().filter(|document| has_policy(document)).count() == 1 {
        documents.retain(has_policy);
    }
    match documents.pop() {
        Some(document) if documents.is_empty() => of_document(document),
        None => Err("the file is empty or null: expected one policy".to_owned()),
        Some(_) => Err(format!("the file has {count} documents: expected one policy")),
    }
}

/// Whether a document is an object of Kubernetes that has a policy.
pub(crate) fn has_policy(document: &Value) -> bool {
    field(document).is_some()
}

/// The field of an object of Kubernetes that has a policy. Every such object has a kind, and every policy has canaries.
fn field(document: &Value) -> Option<&'static str> {
    document.get("kind")?;
    ["/spec/policy", "/spec"]
        .into_iter()
        .find(|field| document.pointer(field).is_some_and(|spec| spec.get("canaries").is_some()))
}

fn of_document(mut document: Value) -> Result<Policy, String> {
    let Some(field) = field(&document) else {
        if let Some(kind) = document.get("kind") {
            let kind = Excerpt::of(kind.as_str().unwrap_or_default());
            return Err(format!(
                "the object of kind `{kind}` has no policy: expected `canaries` in its spec or in spec.policy"
            ));
        }
        return of_spec(document);
    };
    let spec = document.pointer_mut(field).map(Value::take).unwrap_or_default();
    let field = field.trim_start_matches('/').replace('/', ".");
    of_spec(spec).map_err(|why| format!("in {field}: {why}"))
}

fn of_spec(spec: Value) -> Result<Policy, String> {
    Policy::try_from(parsed::<Spec>(spec)?).map_err(|error| error.to_string())
}
