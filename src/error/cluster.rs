//! The error of a cluster whose controller crashes.

use std::borrow::Cow;

use thiserror::Error;

use super::{Diagnostic, Excerpt};

/// A canary Ingress that makes the controller crash: it has a rule without `http`, and the cluster has an Ingress that is no
/// canary.
///
/// The controller ends whenever it reads the Ingresses, so that no change of any Ingress arrives any more. Source: controller
/// 1.15.1, `mergeAlternativeBackends` in `internal/ingress/controller/controller.go`.
///
/// ```
/// use canary_policy::error::{ControllerPanic, Diagnostic};
/// use canary_policy::targets::nginx::{Cluster, Flags, Ingress};
/// use serde_json::json;
///
/// let canary: Ingress = serde_json::from_value(json!({
///     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///     "metadata": { "name": "web-canary", "annotations": { "nginx.ingress.kubernetes.io/canary": "true" } },
///     "spec": { "rules": [{ "host": "example.com" }] },
/// }))?;
/// let cluster = Cluster::new(Flags::default()).with_ingresses([canary, Ingress::default()]);
/// let ControllerPanic { ingress, rule, .. } = cluster.virtual_hosts().unwrap_err();
/// assert_eq!((ingress.as_str(), rule), ("default/web-canary", 0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error(
    "Ingress `{ingress}`: spec.rules[{rule}].http is missing, which makes the controller crash, because the Ingress is a canary"
)]
#[non_exhaustive]
pub struct ControllerPanic {
    /// The canary Ingress, `NAMESPACE/NAME`.
    pub ingress: Excerpt,
    /// The index of its first rule without `http`.
    pub rule: usize,
}

impl Diagnostic for ControllerPanic {
    fn code(&self) -> &'static str {
        "controller-panic"
    }

    fn field(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(format!("spec.rules[{}].http", self.rule)))
    }

    fn object(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.ingress.as_str()))
    }
}
