//! The places in an Ingress that name a Service.

use std::fmt;

/// A place in an Ingress that names a Service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::targets::nginx) enum Place {
    DefaultBackend,
    /// The index of a rule, and of a path of the rule.
    Path {
        rule: usize,
        path: usize,
    },
}

/// The path of the field.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::DefaultBackend => f.write_str("spec.defaultBackend"),
            Place::Path { rule, path } => write!(f, "spec.rules[{rule}].http.paths[{path}]"),
        }
    }
}
