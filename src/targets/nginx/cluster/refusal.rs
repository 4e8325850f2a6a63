//! Ingresses that the controller does not store.

use crate::names::is_service_name;
use crate::targets::nginx::annotations::chars;
use crate::targets::nginx::{Flags, Ingress, IngressSpec, RiskLevel};

/// The annotation that held the class before `spec.ingressClassName` existed.
const CLASS: &str = "kubernetes.io/ingress.class";

/// Why the controller does not store an Ingress, which is then neither stable nor canary.
///
/// ```
/// use canary_policy::targets::nginx::{Cluster, Flags, Ingress, ObjectName, Refusal};
/// use serde_json::json;
///
/// let ingress: Ingress = serde_json::from_value(json!({
///     "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///     "metadata": { "name": "web", "namespace": "shop" }, "spec": { "ingressClassName": "other" },
/// }))?;
/// let refused = Cluster::new(Flags::default()).with_ingresses([ingress]).refused();
/// assert_eq!(refused[&ObjectName::new("shop", "web")], Refusal::OtherClass { class: "other".to_owned() });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Refusal {
    /// The Ingress has the class of another controller.
    OtherClass {
        /// The class.
        class: String,
    },
    /// An annotation is riskier than [`Flags::risk_level`].
    TooRisky {
        /// The whole key of the annotation. A key without any prefix counts too.
        annotation: String,
        /// The risk of the annotation.
        risk: RiskLevel,
    },
    /// The value of an annotation is invalid. The controller refuses the Ingress for `default-backend` and `server-alias`; an
    /// invalid value of a canary's annotation becomes its default instead.
    InvalidAnnotation {
        /// The annotation without its prefix.
        annotation: &'static str,
    },
    /// A host, a path or a name of a certificate has text that the controller takes for an attack.
    Suspicious {
        /// The text.
        text: String,
    },
}

impl Refusal {
    /// The reason for which the controller does not store an Ingress, if there is one (controller 1.15.1, `GetIngressClass` in
    /// `internal/ingress/controller/store/store.go`, `internal/ingress/inspector`, and `Extract` in
    /// `internal/ingress/annotations/annotations.go`).
    pub(in crate::targets::nginx) fn of(ingress: &Ingress, flags: &Flags) -> Option<Self> {
        other_class(ingress, flags)
            .or_else(|| suspicious(&ingress.spec))
            .or_else(|| too_risky(ingress, flags))
            .or_else(|| invalid_annotation(ingress, flags))
    }
}

/// The reason for an Ingress of another class. The class in `spec` decides; if there is none, the annotation does.
fn other_class(ingress: &Ingress, flags: &Flags) -> Option<Refusal> {
    let of_annotation = ingress.metadata.annotations.get(CLASS).map(String::as_str).filter(|class| !class.is_empty());
    let class = ingress.spec.ingress_class_name.as_deref().or(of_annotation)?;
    (class != flags.class).then(|| Refusal::OtherClass { class: class.to_owned() })
}

fn too_risky(ingress: &Ingress, flags: &Flags) -> Option<Refusal> {
    ingress.metadata.annotations.keys().find_map(|key| {
        let risk = RiskLevel::of_annotation(flags.annotation(key).unwrap_or(key));
        (risk > flags.risk_level).then(|| Refusal::TooRisky { annotation: key.clone(), risk })
    })
}

fn invalid_annotation(ingress: &Ingress, flags: &Flags) -> Option<Refusal> {
    let is_refused = |annotation: &str, is_valid: fn(&str) -> bool| {
        let value = flags.value(&ingress.metadata.annotations, annotation).filter(|value| !value.is_empty());
        flags.checks_values() && value.is_some_and(|value| !is_valid(value))
    };
    if is_refused("default-backend", is_service_name) {
        Some(Refusal::InvalidAnnotation { annotation: "default-backend" })
    } else if is_refused("server-alias", are_aliases) {
        Some(Refusal::InvalidAnnotation { annotation: "server-alias" })
    } else {
        None
    }
}

fn are_aliases(text: &str) -> bool {
    text.split(',').all(|alias| alias.trim().bytes().all(chars::pattern))
}

/// Looks for text that could end a directive of nginx or show a file of the controller (`internal/ingress/inspector/rules.go`).
fn suspicious(spec: &IngressSpec) -> Option<Refusal> {
    let of_rules = spec.rules.iter().flat_map(|rule| {
        let paths = rule.http.iter().flat_map(|http| &http.paths).filter_map(|path| path.path.as_ref());
        rule.host.iter().chain(paths)
    });
    let of_certificates = spec.tls.iter().flat_map(|tls| tls.secret_name.iter().chain(&tls.hosts));
    let text = of_rules.chain(of_certificates).find(|text| is_suspicious(text))?;
    Some(Refusal::Suspicious { text: text.clone() })
}

fn is_suspicious(text: &str) -> bool {
    let has_directive = |name: &str| text.split_once(name).is_some_and(|(_, rest)| rest.contains(';'));
    let folders = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/nginx", "/etc/ingress-controller"];
    has_directive("alias")
        || has_directive("root")
        || folders.into_iter().any(|folder| text.contains(folder))
        || text.contains("/var/run/secrets")
        || text.contains("_by_lua")
}
