//! The canary Ingress of a policy, beside a stable Ingress.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{Ingress, IngressRule, IngressSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::IngressParams;
use super::service_swap::ServiceSwap;
use super::stable_ingress::{CLASS, StableIngress};
use super::stable_service::StableService;
use crate::error::{Excerpt, IngressError, InvalidRoute};
use crate::names::is_dns_subdomain;
use crate::policy::{Affinity, AffinityScope, CanaryName, Policy};
use crate::targets::nginx::annotations::getter::Getter;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::{Flags, Prefix, Side, annotations};
use crate::targets::{Conversion, Loss, Part};

/// The annotations that choose an endpoint. Besides the annotations of canaries these are the only ones that the controller
/// applies on a canary Ingress (controller 1.15.1, `mergeAlternativeBackends`).
const APPLIED: [&str; 5] =
    ["load-balance", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size", "service-upstream"];

/// A canary Ingress, and the changes to its stable Ingress; [`canary_ingress`] has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CanaryIngress {
    /// A new Ingress, to be applied as it is.
    pub ingress: Ingress,
    /// The annotations to change on the stable Ingress. Each key includes the prefix; the value is the new value, or `None` if
    /// the annotation is to be removed.
    pub stable_edit: BTreeMap<String, Option<String>>,
}

/// The canary Ingress that expresses a policy beside a stable Ingress, with the same namespace, class, hosts, paths and path
/// types, and with the canary's Service instead of the stable Service.
///
/// | part of the stable Ingress | in the canary Ingress |
/// |---|---|
/// | paths of other Services | left out: the controller deletes a canary if it finds no stable Service for one of its paths |
/// | `defaultBackend` | `/` of the catch-all server if there are no rules, else `/` of the hosts that have no `/` |
/// | annotations that choose an endpoint, such as `load-balance` and `upstream-hash-by` | copied |
/// | other annotations, TLS | left out, since a canary ignores them |
/// | labels | left out, since they may mark the stable Ingress as managed by some tool |
///
/// Source: controller 1.15.1, `internal/ingress/controller/controller.go`.
///
/// # Errors
///
/// * The stable Ingress has no name, is a canary, or routes to no Service.
/// * The stable Ingress routes to several Services, and the parameters name no stable Service.
/// * The stable Ingress does not route to the stable Service of the parameters.
/// * The canary's Service is the stable Service, or the stable Ingress already routes to it.
/// * The rules of other Services take all paths of the stable Service.
/// * A name or the prefix is invalid, or both Ingresses would have the same name.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{canary_ingress, IngressParams, Manifest};
/// use k8s_openapi::api::networking::v1::Ingress;
/// use serde_json::json;
///
/// let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
/// let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
/// let stable = Ingress::from(serde_json::from_value::<Manifest>(json!({
///     "apiVersion": "networking.k8s.io/v1",
///     "kind": "Ingress",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "host": "example.com", "http": { "paths": paths } }] },
/// }))?);
///
/// let written = canary_ingress(&stable, &Policy::percent(30)?, &IngressParams::new("web-2".parse()?))?;
/// assert_eq!(written.exact()?.ingress.metadata.name.as_deref(), Some("web-canary"));
///
/// let error = canary_ingress(&stable, &Policy::percent(30)?, &IngressParams::new("web".parse()?)).unwrap_err();
/// assert_eq!(error.to_string(), "`web:80` is the stable Service: ingress-nginx ignores a canary with the same Service");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn canary_ingress(
    stable: &Ingress,
    policy: &Policy,
    params: &IngressParams,
) -> Result<Conversion<CanaryIngress>, IngressError> {
    let IngressParams { canary, stable: stable_service, name, flags } = params;
    let stable = StableIngress::new(stable, flags)?;
    let Conversion { output: written, mut losses } = annotations(policy, &flags.prefix);
    let name = canary_name(stable, name.as_deref(), &written.name, &flags.prefix)?;

    let service = StableService::of(stable, stable_service.as_ref())?;
    let swap = ServiceSwap::to(canary);
    swap.check(stable, &service)?;
    let rules: Vec<IngressRule> = service.rules(stable).into_iter().map(|rule| swap.rule(rule)).collect();
    if rules.is_empty() {
        return Err(IngressError::NothingToSplit { ingress: stable.name.to_owned(), service: service.name });
    }

    let mut canary_annotations = written.canary;
    canary_annotations.extend(copied(stable, &flags.prefix));
    let ingress = Ingress {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: stable.namespace().map(str::to_owned),
            annotations: Some(canary_annotations),
            ..ObjectMeta::default()
        },
        spec: Some(IngressSpec {
            ingress_class_name: stable.class().filter(|_| class_annotation(stable).is_none()).map(str::to_owned),
            rules: Some(rules),
            ..IngressSpec::default()
        }),
        status: None,
    };
    let stable_edit = stable_edit(stable.annotations(), &written.stable, &flags.prefix);
    if written.stable.is_empty() {
        losses.extend(shared_affinity(stable.annotations(), policy, flags));
    }
    Ok(Conversion { output: CanaryIngress { ingress, stable_edit }, losses })
}

/// The name of the canary Ingress: the given one, or the default. Also checks the names of both Ingresses, the namespace and
/// the prefix.
fn canary_name(
    stable: StableIngress<'_>,
    given: Option<&str>,
    canary: &CanaryName,
    prefix: &Prefix,
) -> Result<String, IngressError> {
    let name = given.map_or_else(|| format!("{}-{canary}", stable.name), str::to_owned);
    let names =
        [("metadata.name", Some(stable.name)), ("name", Some(&name)), ("metadata.namespace", stable.namespace())];
    for (field, name) in names {
        if let Some(name) = name.filter(|name| !is_dns_subdomain(name)) {
            let invalid = InvalidRoute::ObjectName(Excerpt::of(name));
            return Err(IngressError::Invalid { field: field.to_owned(), invalid });
        }
    }
    if !is_dns_subdomain(prefix.as_str()) {
        return Err(IngressError::Prefix(Excerpt::of(prefix.as_str())));
    }
    if name == stable.name {
        return Err(IngressError::SameName { ingress: name });
    }
    Ok(name)
}

/// The class annotation of the stable Ingress, unless `spec.ingressClassName` has the same value. An API server refuses an
/// Ingress that has both with different values, so the canary Ingress gets only one of them: this annotation if there is one,
/// and `spec.ingressClassName` if not.
fn class_annotation(stable: StableIngress<'_>) -> Option<&str> {
    let class = stable.annotations().get(CLASS).map(String::as_str);
    class.filter(|class| stable.class() != Some(class))
}

/// The annotations that the canary Ingress takes from the stable Ingress.
fn copied(stable: StableIngress<'_>, prefix: &Prefix) -> BTreeMap<String, String> {
    let class = class_annotation(stable).map(|class| (CLASS.to_owned(), class.to_owned()));
    let applied = APPLIED.into_iter().filter_map(|annotation| {
        let key = prefix.key(annotation);
        let value = stable.annotations().get(&key)?.clone();
        Some((key, value))
    });
    class.into_iter().chain(applied).collect()
}

/// The changes that turn the `present` annotations of the affinity into the `written` ones. Attributes of the cookie that the
/// policy does not have are removed. If the policy writes no affinity, nothing changes.
fn stable_edit(
    present: &BTreeMap<String, String>,
    written: &BTreeMap<String, String>,
    prefix: &Prefix,
) -> BTreeMap<String, Option<String>> {
    if written.is_empty() {
        return BTreeMap::new();
    }
    let attributes = key::OF_COOKIE.into_iter().map(|attribute| prefix.key(attribute));
    let removed = attributes.filter(|key| present.contains_key(key) && !written.contains_key(key));
    let changed = written.iter().filter(|(key, value)| present.get(*key) != Some(value));
    let changed = changed.map(|(key, value)| (key.clone(), Some(value.clone())));
    removed.map(|key| (key, None)).chain(changed).collect()
}

/// The loss of a policy that writes no affinity, if the stable Ingress sets an affinity cookie: the cookie then applies to the
/// canary too.
fn shared_affinity(present: &BTreeMap<String, String>, policy: &Policy, flags: &Flags) -> Option<Loss> {
    let mut stable = Getter::new(Side::Stable, present, flags);
    let written = match session_affinity(&mut stable, AffinityScope::AllVariants) {
        Ok(Affinity::None | Affinity::Key(_)) => return None,
        Ok(cookie @ Affinity::Cookie(_)) => cookie.to_string(),
        // There is an affinity cookie, but no policy can hold its name.
        Err(_) => "cookie".to_owned(),
    };
    Some(Loss::Changed {
        part: Part::Affinity,
        requested: Excerpt::of(&policy.affinity().to_string()),
        written: Excerpt::of(&written),
        why: "the stable Ingress sets an affinity cookie, and its canary shares the cookie",
    })
}
