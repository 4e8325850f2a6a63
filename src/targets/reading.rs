//! What is read of objects that route.

use std::fmt;

use super::Route;
use crate::error::Excerpt;
use crate::policy::Policy;

/// The policy and the route that objects say, and what else stands there.
///
/// [`gateway::read`](super::gateway::read) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Reading {
    /// Who gets what.
    pub policy: Policy,
    /// Hosts, paths and backends.
    pub route: Route,
    /// What is no part of either, and what was taken for something.
    pub findings: Vec<Finding>,
}

/// What a reader noticed.
///
/// ```
/// use canary_policy::error::Excerpt;
/// use canary_policy::targets::Finding;
///
/// let finding = Finding::LeftOut {
///     field: "spec.rules[0].timeouts".to_owned(),
///     value: Excerpt::of("timeouts"),
///     why: "it is no part of a policy or route",
/// };
/// assert_eq!(finding.to_string(), "spec.rules[0].timeouts: `timeouts` is left out: it is no part of a policy or route");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// Something that neither a policy nor a route says.
    LeftOut {
        /// The path of the field.
        field: String,
        /// What stands there.
        value: Excerpt,
        /// Why it is left out.
        why: &'static str,
    },
    /// Something that was taken for what it most likely is.
    Assumed {
        /// The path of the field.
        field: String,
        /// What it was taken for.
        value: Excerpt,
        /// Why.
        why: &'static str,
    },
}

impl Finding {
    /// The same in one of several objects.
    pub(super) fn within(self, object: &str) -> Self {
        let at = |field: String| format!("{object}{field}");
        match self {
            Finding::LeftOut { field, value, why } => Finding::LeftOut { field: at(field), value, why },
            Finding::Assumed { field, value, why } => Finding::Assumed { field: at(field), value, why },
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::LeftOut { field, value, why } => write!(f, "{field}: `{value}` is left out: {why}"),
            Finding::Assumed { field, value, why } => write!(f, "{field}: `{value}` is assumed: {why}"),
        }
    }
}
