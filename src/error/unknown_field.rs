//! The fields of a written form that this version does not know.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use thiserror::Error;

use super::{Diagnostic, Excerpt, Severity};

/// A field of a written form that this version does not know: see [`Lenient`](crate::policy::Lenient).
///
/// ```
/// use canary_policy::Spec;
/// use canary_policy::error::Diagnostic;
/// use canary_policy::policy::Lenient;
///
/// let text = r#"{ "canaries": [{}], "affinity": { "cookie": { "name": "a", "partitioned": 1 } } }"#;
/// let spec: Lenient<Spec> = serde_json::from_str(text)?;
/// let field = &spec.unknown()[0];
/// assert_eq!((field.path.as_str(), &field.value), ("affinity.cookie.partitioned", &serde_json::json!(1)));
/// assert_eq!(field.code(), "unknown-field");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnknownField {
    /// The path of the field in the form, as in `canaries[0].mirror`.
    pub path: String,
    /// The value of the field.
    pub value: Value,
    steps: Vec<Step>,
}

/// A step from an object to the value of one of its fields, or from a list to one of its items.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
}

/// The path of these steps.
pub(crate) fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(name) if path.is_empty() => path.push_str(name),
            Step::Field(name) => path.extend([".", name]),
            Step::Item(index) => path.extend(["[", &index.to_string(), "]"]),
        }
    }
    path
}

impl UnknownField {
    pub(crate) fn new(steps: Vec<Step>, value: Value) -> Self {
        UnknownField { path: path(&steps), value, steps }
    }

    /// The place of the field in the form; `None` if the form has no such object or item.
    pub(crate) fn place_in<'f>(&self, form: &'f mut Value) -> Option<&'f mut Value> {
        self.steps.iter().try_fold(form, |value, step| match (step, value) {
            (Step::Field(name), Value::Object(fields)) => Some(fields.entry(name.as_str()).or_insert(Value::Null)),
            (Step::Item(index), Value::Array(items)) => items.get_mut(*index),
            _ => None,
        })
    }
}

/// The path and what is wrong.
impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the field is unknown to this version", Excerpt::of(&self.path))
    }
}

impl Diagnostic for UnknownField {
    fn code(&self) -> &'static str {
        "unknown-field"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.path))
    }
}

/// All fields of a written form that this version does not know, one for each line of the message.
///
/// ```
/// use canary_policy::Spec;
/// use canary_policy::policy::Lenient;
///
/// let spec: Lenient<Spec> = serde_json::from_str(r#"{ "canaries": [{ "wieght": 3 }], "ramp": {} }"#)?;
/// assert_eq!(
///     spec.known().unwrap_err().to_string(),
///     "canaries[0].wieght: the field is unknown to this version\nramp: the field is unknown to this version",
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}", super::policy::first_lines(.fields))]
#[non_exhaustive]
pub struct UnknownFieldsError {
    /// The fields, at least one.
    pub fields: Vec<UnknownField>,
}

/// The field is the first one.
impl Diagnostic for UnknownFieldsError {
    fn code(&self) -> &'static str {
        "unknown-field"
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        self.fields.first().and_then(UnknownField::field)
    }
}
