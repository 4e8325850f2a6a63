//! The linter: what in a cluster does not do what its owner probably thinks.

mod annotations;
mod backtracking;
mod effect;
mod finding;
mod locations;
mod message;
mod nearest;
mod paths;
mod state;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

pub use backtracking::RepeatedValue;
pub use finding::{LintFinding, LintKind};

use effect::effect;
use state::State;

use super::cluster::configuration::Record;
use super::{Cluster, ObjectName};
use crate::error::Excerpt;

/// The findings about the canaries of a cluster, sorted by Ingress: what happens at run time, and what to do about it.
///
/// A finding always has an effect: a part of the cluster that works as it is written is not a finding. Without
/// [`Service`](super::Service)s in the cluster, there are no findings about endpoints.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::targets::nginx::{lint, Cluster, Flags, Ingress};
/// use canary_policy::error::Severity;
/// use serde_json::json;
///
/// let ingress = |name: &str, path: &str, annotations: serde_json::Value| -> Ingress {
///     let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
///     serde_json::from_value(json!({
///         "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///         "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
///         "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
///             { "path": path, "pathType": "Prefix", "backend": backend },
///         ] } }] },
///     })).unwrap()
/// };
/// let canary = json!({ "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "30" });
/// let cluster = Cluster::new(Flags::default())
///     .with_ingresses([ingress("web", "/cart", json!({})), ingress("next", "/cart/", canary)]);
///
/// let findings = lint(&cluster);
/// assert_eq!((findings[0].code(), findings[0].severity()), ("no-location", Severity::Error));
/// assert_eq!(
///     findings[0].to_string(),
///     "shop/next: spec.rules[0].http.paths[0]: the host has no stable location `a.test/cart/`, so the canary gets no request, \
///      not even on its other paths with the same Service",
/// );
/// assert_eq!(findings[0].advice(), "write host, path and path type as the stable Ingress does: `a.test/cart` is the nearest");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn lint(cluster: &Cluster) -> Vec<LintFinding> {
    let mut findings = Findings::default();
    let parts = cluster.parts();
    stored::replaced(parts, &mut findings);
    match Record::of(cluster, parts.flags) {
        Err(panic) => {
            stored::refused(cluster, &[], &mut findings);
            stored::panic(&panic, &mut findings);
        }
        Ok(record) => {
            let configuration = record.configuration(parts.flags);
            let state = State::new(parts, &record, &configuration);
            stored::refused(cluster, &configuration.virtual_hosts, &mut findings);
            stored::check(&state, &mut findings);
            annotations::check(&state, &mut findings);
            paths::check(&state, &mut findings);
            locations::check(&state, &mut findings);
            backtracking::check(&state, &mut findings);
        }
    }
    findings.into_vec()
}

/// Collects findings by Ingress and field, each finding once.
#[derive(Default)]
struct Findings(BTreeMap<(ObjectName, String), OfField>);

/// The findings about one field.
#[derive(Default)]
struct OfField {
    kinds: Vec<LintKind>,
    /// What the findings say.
    effects: BTreeSet<String>,
}

impl Findings {
    fn add(&mut self, object: &ObjectName, field: impl Display, kind: LintKind) {
        // An annotation is named by its key, which may be anything.
        let field = Excerpt::whole(&field.to_string()).to_string();
        let of_field = self.0.entry((object.clone(), field)).or_default();
        if of_field.effects.insert(effect(&kind)) {
            of_field.kinds.push(kind);
        }
    }

    fn into_vec(self) -> Vec<LintFinding> {
        let of_field = |((object, field), of_field): ((ObjectName, String), OfField)| {
            of_field.kinds.into_iter().map(move |kind| LintFinding {
                object: object.clone(),
                field: field.clone(),
                kind,
            })
        };
        self.0.into_iter().flat_map(of_field).collect()
    }
}
