//! A canary Ingress that exists, and the changes that put a policy into it.

#[cfg(feature = "serde")]
use std::collections::BTreeMap;

use super::CanaryIngress;
use crate::error::{Excerpt, IngressError};
use crate::targets::Metadata;
use crate::targets::nginx::{Ingress, IngressSpec};

impl CanaryIngress {
    /// Puts the policy into a canary Ingress that exists, so that this Ingress means what [`ingress`](Self::ingress) means,
    /// whatever it meant before. Applying it again changes nothing. The affinity of the policy is on the stable Ingress: see
    /// [`stable_edit`](Self::stable_edit).
    ///
    /// | part of the existing Ingress | afterwards |
    /// |---|---|
    /// | the annotations in [`canary_edit`](Self::canary_edit) | those of `ingress`, and no other |
    /// | `spec.rules`, `spec.ingressClassName` | those of `ingress` |
    /// | `spec.defaultBackend` | none: it would take requests from hosts that the stable Ingress does not have |
    /// | everything else, such as labels, owner references, other annotations, TLS and the status | as before |
    ///
    /// # Errors
    ///
    /// The existing Ingress has another name or namespace than `ingress`, whose name is that of the
    /// [`IngressParams`](super::IngressParams::name).
    ///
    /// ```
    /// use canary_policy::Policy;
    /// use canary_policy::targets::nginx::{Ingress, IngressParams, canary_ingress};
    /// use serde_json::json;
    ///
    /// let ingress = |name: &str, service: &str, metadata: serde_json::Value| -> Ingress {
    ///     let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    ///     let mut ingress: Ingress = serde_json::from_value(json!({ "metadata": metadata, "spec": { "rules": [
    ///         { "host": "a.test", "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } },
    ///     ] } })).unwrap();
    ///     ingress.metadata.name = name.to_owned();
    ///     ingress
    /// };
    /// let stable = ingress("web", "web", json!({}));
    /// let mut canary = ingress("web-canary", "web-2", json!({ "labels": { "team": "shop" }, "annotations": {
    ///     "nginx.ingress.kubernetes.io/canary": "true",
    ///     "nginx.ingress.kubernetes.io/canary-by-header": "x-canary",
    ///     "example.com/owner": "shop",
    /// } }));
    ///
    /// let written = canary_ingress(&stable, &Policy::percent(30)?, &IngressParams::new("web-2".parse()?))?.exact()?;
    /// written.apply_to(&mut canary)?;
    /// let annotations: Vec<&str> = canary.metadata.annotations.keys().map(String::as_str).collect();
    /// assert_eq!(annotations, [
    ///     "example.com/owner",
    ///     "nginx.ingress.kubernetes.io/canary",
    ///     "nginx.ingress.kubernetes.io/canary-weight",
    /// ]);
    /// assert_eq!(serde_json::to_value(&canary)?["metadata"]["labels"]["team"], "shop");
    ///
    /// let error = written.apply_to(&mut stable.clone()).unwrap_err();
    /// assert_eq!(error.to_string(), "`web` is not the canary Ingress: expected an Ingress with the name `web-canary`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_to(&self, existing: &mut Ingress) -> Result<(), IngressError> {
        let CanaryIngress { ingress, canary_edit, stable_edit: _ } = self;
        if !existing.metadata.is_same_object(&ingress.metadata) {
            let (expected, found) = (full_name(&ingress.metadata), full_name(&existing.metadata));
            return Err(IngressError::OtherIngress { ingress: found, expected });
        }
        for (key, value) in canary_edit {
            match value {
                Some(value) => existing.metadata.annotations.insert(key.clone(), value.clone()),
                None => existing.metadata.annotations.remove(key),
            };
        }
        let IngressSpec { default_backend, ingress_class_name, rules, tls: _, unknown: _ } = ingress.spec.clone();
        existing.spec =
            IngressSpec { default_backend, ingress_class_name, rules, ..std::mem::take(&mut existing.spec) };
        Ok(())
    }

    /// The changes of [`apply_to`](Self::apply_to) as a JSON merge patch (RFC 7386), which needs no Ingress that was read before:
    /// what has to be absent is `null`.
    ///
    /// Server-side apply of [`ingress`](Self::ingress) leads to the same Ingress, unless another field manager has written one
    /// of these fields. Such a field stays when a later policy does not have it, and the merge patch removes it.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{Ingress, IngressParams, canary_ingress};
    /// # use serde_json::json;
    /// # let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    /// # let stable: Ingress = serde_json::from_value(json!({
    /// #     "metadata": { "name": "web" }, "spec": { "defaultBackend": backend },
    /// # }))?;
    /// let policy = canary_policy::Policy::percent(30)?;
    /// let written = canary_ingress(&stable, &policy, &IngressParams::new("web-2".parse()?))?.exact()?;
    /// let patch = serde_json::to_value(written.merge_patch())?;
    /// let annotations = &patch["metadata"]["annotations"];
    /// assert_eq!(annotations["nginx.ingress.kubernetes.io/canary-weight"], "30");
    /// assert!(annotations.as_object().unwrap()["nginx.ingress.kubernetes.io/canary-by-header"].is_null());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
    #[must_use]
    pub fn merge_patch(&self) -> impl serde::Serialize + std::fmt::Debug {
        let CanaryIngress { ingress, canary_edit, stable_edit: _ } = self;
        let IngressSpec { default_backend, ingress_class_name, rules, tls: _, unknown: _ } = &ingress.spec;
        MergePatch {
            metadata: MetadataPatch { annotations: canary_edit },
            spec: SpecPatch { default_backend, ingress_class_name, rules },
        }
    }

    /// The body of a merge patch that puts the affinity of the policy onto the stable Ingress ([`stable_edit`](Self::stable_edit)):
    /// annotations and nothing else. `None` if the stable Ingress has them already.
    ///
    /// ```
    /// # use canary_policy::targets::nginx::{Ingress, IngressParams, canary_ingress};
    /// # use canary_policy::{Affinity, CookieAffinity, Policy};
    /// # use serde_json::json;
    /// # let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    /// # let stable: Ingress = serde_json::from_value(json!({
    /// #     "metadata": { "name": "web" }, "spec": { "defaultBackend": backend },
    /// # }))?;
    /// let policy = Policy::percent(30)?;
    /// let sticky = policy.clone().with_affinity(Affinity::Cookie(CookieAffinity::new("route")?));
    /// let params = IngressParams::new("web-2".parse()?);
    /// let written = canary_ingress(&stable, &sticky, &params)?.exact()?;
    /// let patch = serde_json::to_value(written.stable_merge_patch().unwrap())?;
    /// assert_eq!(patch["metadata"]["annotations"]["nginx.ingress.kubernetes.io/session-cookie-name"], "route");
    ///
    /// assert!(canary_ingress(&stable, &policy, &params)?.exact()?.stable_merge_patch().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
    #[must_use]
    pub fn stable_merge_patch(&self) -> Option<impl serde::Serialize + std::fmt::Debug> {
        let annotations = &self.stable_edit;
        (!annotations.is_empty()).then_some(StablePatch { metadata: MetadataPatch { annotations } })
    }
}

#[cfg(feature = "serde")]
#[derive(Debug, serde::Serialize)]
struct StablePatch<'c> {
    metadata: MetadataPatch<'c>,
}

#[cfg(feature = "serde")]
#[derive(Debug, serde::Serialize)]
struct MergePatch<'c> {
    metadata: MetadataPatch<'c>,
    spec: SpecPatch<'c>,
}

#[cfg(feature = "serde")]
#[derive(Debug, serde::Serialize)]
struct MetadataPatch<'c> {
    annotations: &'c BTreeMap<String, Option<String>>,
}

/// Without a value, a field is `null` and not left out.
#[cfg(feature = "serde")]
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct SpecPatch<'c> {
    default_backend: &'c Option<crate::targets::nginx::IngressBackend>,
    ingress_class_name: &'c Option<String>,
    rules: &'c [crate::targets::nginx::IngressRule],
}

/// The name of an object, with its namespace if it has one.
fn full_name(metadata: &Metadata) -> Excerpt {
    let namespace = metadata.namespace.iter().map(|namespace| format!("{namespace}/"));
    Excerpt::of(&namespace.chain([metadata.name.clone()]).collect::<String>())
}
