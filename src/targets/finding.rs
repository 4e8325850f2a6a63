//! Findings: the parts of people's objects that a reader leaves out or has to interpret, or that need an object that is not there.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::error::{Diagnostic, Excerpt, Severity};

/// A part of an object that a reader left out of the policy and route, that it had to interpret, or that needs another object.
///
/// With `serde` it is written as `{"kind": "leftOut", "field": …, "value": …, "why": …}`.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::targets::gateway;
///
/// # #[cfg(feature = "serde")] {
/// let web = serde_json::json!({ "name": "web", "port": 80, "weight": 90 });
/// let next = serde_json::json!({ "name": "web-next", "port": 80, "weight": 10 });
/// let route = serde_json::from_value(serde_json::json!({
///     "apiVersion": "gateway.networking.k8s.io/v1",
///     "kind": "HTTPRoute",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "backendRefs": [web, next], "timeouts": { "request": "1s" } }] },
/// })).unwrap();
/// let finding = &gateway::read(&[route]).unwrap().findings[0];
/// assert_eq!((finding.code(), finding.field().as_deref()), ("left-out", Some("spec.rules[0].timeouts")));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Finding {
    /// Neither a policy nor a route can hold the field, so it was left out.
    LeftOut {
        /// The path of the field.
        field: String,
        /// The value of the field.
        value: Excerpt,
        /// The reason.
        why: &'static str,
    },
    /// The field can be read in several ways, and the most likely one was assumed.
    Assumed {
        /// The path of the field.
        field: String,
        /// The reading that was assumed.
        value: Excerpt,
        /// Why the field can be read in several ways.
        why: &'static str,
    },
    /// An API server or the target refuses the value, so the object does not exist, whatever its rules say.
    Refused {
        /// The path of the field.
        field: String,
        /// The value of the field, or the number of its elements.
        value: Excerpt,
        /// Which values are accepted.
        bound: &'static str,
    },
    /// What was read holds only under a condition, which no object that is read says anything about.
    Condition {
        /// The path of the field.
        field: String,
        /// The value of the field.
        value: Excerpt,
        /// The condition.
        condition: &'static str,
    },
    /// The field has its effect only together with an object that is not there. Until that object exists, requests fail.
    Needs {
        /// The path of the field.
        field: String,
        /// The value of the field.
        value: Excerpt,
        /// The object, and what happens without it.
        object: &'static str,
    },
}

impl Finding {
    fn path(&self) -> &str {
        match self {
            Finding::LeftOut { field, .. }
            | Finding::Assumed { field, .. }
            | Finding::Refused { field, .. }
            | Finding::Condition { field, .. }
            | Finding::Needs { field, .. } => field,
        }
    }
}

impl Diagnostic for Finding {
    fn code(&self) -> &'static str {
        match self {
            Finding::LeftOut { .. } => "left-out",
            Finding::Assumed { .. } => "assumed",
            Finding::Refused { .. } => "refused-object",
            Finding::Condition { .. } => "condition",
            Finding::Needs { .. } => "needs",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.path()))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::LeftOut { field, value, why } => write!(f, "{field}: `{value}` is left out: {why}"),
            Finding::Assumed { field, value, why } => write!(f, "{field}: `{value}` is assumed: {why}"),
            Finding::Refused { field, value, bound } => write!(f, "{field}: `{value}` is refused: {bound}"),
            Finding::Condition { field, value, condition } => {
                write!(f, "{field}: `{value}` is a condition: {condition}")
            }
            Finding::Needs { field, value, object } => write!(f, "{field}: `{value}` needs {object}"),
        }
    }
}

/// Collects findings while objects are read. A field may have names of the objects in it, so it is escaped as values are.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding for a field that neither a policy nor a route can hold.
    pub(super) fn left_out(&mut self, field: impl Into<String>, value: &str, why: &'static str) {
        self.0.push(Finding::LeftOut {
            field: Excerpt::whole(&field.into()).to_string(),
            value: Excerpt::of(value),
            why,
        });
    }

    /// Adds a finding for a field that was read as `value`, although it can be read in several ways.
    pub(super) fn assumed(&mut self, field: impl Into<String>, value: &str, why: &'static str) {
        self.0.push(Finding::Assumed {
            field: Excerpt::whole(&field.into()).to_string(),
            value: Excerpt::of(value),
            why,
        });
    }

    /// Adds a finding for a value that an API server or the target refuses.
    pub(super) fn refused(&mut self, field: impl Into<String>, value: &str, bound: &'static str) {
        self.0.push(Finding::Refused {
            field: Excerpt::whole(&field.into()).to_string(),
            value: Excerpt::of(value),
            bound,
        });
    }

    /// Adds a finding for a field that is a condition of what was read.
    pub(super) fn condition(&mut self, field: impl Into<String>, value: &str, condition: &'static str) {
        self.0.push(Finding::Condition {
            field: Excerpt::whole(&field.into()).to_string(),
            value: Excerpt::of(value),
            condition,
        });
    }

    /// Adds a finding for a field that has no effect without another object.
    pub(super) fn needs(&mut self, field: impl Into<String>, value: &str, object: &'static str) {
        self.0.push(Finding::Needs {
            field: Excerpt::whole(&field.into()).to_string(),
            value: Excerpt::of(value),
            object,
        });
    }

    /// Adds the findings of further objects, each with the name of its object, which is written before their fields. A finding that
    /// the first object has too is not repeated.
    pub(super) fn extend_from(&mut self, objects: Vec<(String, Findings)>) {
        let of_first: BTreeSet<String> = self.0.iter().map(Finding::to_string).collect();
        for (object, others) in objects {
            let further =
                Findings(others.0.into_iter().filter(|finding| !of_first.contains(&finding.to_string())).collect());
            self.0.extend(further.of_object(&object));
        }
    }

    /// The findings with the name of an object before their fields.
    pub(super) fn of_object(&self, object: &str) -> Vec<Finding> {
        let object = Excerpt::whole(object);
        let at = |field: &str| format!("{object}.{field}");
        let named = self.0.iter().map(|finding| match finding {
            Finding::LeftOut { field, value, why } => Finding::LeftOut { field: at(field), value: value.clone(), why },
            Finding::Assumed { field, value, why } => Finding::Assumed { field: at(field), value: value.clone(), why },
            Finding::Refused { field, value, bound } => {
                Finding::Refused { field: at(field), value: value.clone(), bound }
            }
            Finding::Condition { field, value, condition } => {
                Finding::Condition { field: at(field), value: value.clone(), condition }
            }
            Finding::Needs { field, value, object } => {
                Finding::Needs { field: at(field), value: value.clone(), object }
            }
        });
        named.collect()
    }

    /// Adds the findings of another collector.
    pub(super) fn append(&mut self, mut other: Findings) {
        self.0.append(&mut other.0);
    }

    /// Whether a part of a rule besides its matches was not read, and changes how a request is answered: a rewrite or a redirect,
    /// for example. How long a proxy waits, and where it sends copies, and which pod
    /// of a Service it prefers, changes no answer.
    pub(super) fn change_answers(&self) -> bool {
        const HARMLESS: [&str; 15] = [
            "hash_policy",
            "mirror",
            "mirrorPercent",
            "mirrorPercentage",
            "mirror_percent",
            "mirrors",
            "name",
            "requestMirror",
            "request_mirror_policies",
            "retries",
            "retry",
            "shadowing",
            "stat_prefix",
            "timeout",
            "timeouts",
        ];
        let is_harmless = |field: &str| field.rsplit('.').next().is_some_and(|last| HARMLESS.contains(&last));
        self.0.iter().map(Finding::path).any(|field| !field.contains(".match") && !is_harmless(field))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
