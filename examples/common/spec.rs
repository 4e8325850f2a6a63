//! A policy in a file, in YAML or JSON.

use canary_policy::{Policy, Spec};

use crate::files::{documents, parsed};

/// The policy in the text of a file.
pub(crate) fn policy(text: &str) -> Result<Policy, String> {
    let mut documents = documents(text)?;
    let count = documents.len();
    match documents.pop() {
        Some(document) if count == 1 => Policy::try_from(parsed::<Spec>(document)?).map_err(|error| error.to_string()),
        None => Err("the file is empty or null: expected one policy".to_owned()),
        Some(_) => Err(format!("the file has {count} documents: expected one policy")),
    }
}
