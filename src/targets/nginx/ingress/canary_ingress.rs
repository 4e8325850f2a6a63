//! The canary Ingress of a policy, beside a stable Ingress.

use std::collections::BTreeMap;

use super::IngressParams;
use super::api_server::{check_names, check_object_name, check_rule};
use super::owned_annotations::{APPLIED, canary_edit};
use super::service_swap::ServiceSwap;
use super::stable_ingress::{CLASS, StableIngress};
use super::stable_service::StableService;
use crate::error::{Excerpt, IngressError};
use crate::policy::{Affinity, AffinityScope, CanaryName, Policy};
use crate::targets::nginx::annotations::getter::Getter;
use crate::targets::nginx::annotations::key;
use crate::targets::nginx::annotations::session_affinity::session_affinity;
use crate::targets::nginx::{Flags, Ingress, IngressSpec, Prefix, Side, annotations};
use crate::targets::{Conversion, Metadata, UnknownFields};

/// A canary Ingress, and the changes to its stable Ingress; [`canary_ingress`] has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CanaryIngress {
    /// A new Ingress, to be applied as it is. [`apply_to`](Self::apply_to) puts the policy into one that exists.
    pub ingress: Ingress,
    /// Every annotation that `canary_ingress` owns on a canary Ingress, by its whole key: the value that it has in `ingress`, or
    /// `None` if a canary Ingress that exists must not have it.
    pub canary_edit: BTreeMap<String, Option<String>>,
    /// The annotations to change on the stable Ingress. Each key includes the prefix; the value is the new value, or `None` if
    /// the annotation is to be removed.
    ///
    /// If no affinity is written and the stable Ingress sets an affinity cookie, the cookie's annotations are removed, because the
    /// canary would share the cookie. The map is empty once the changes are made.
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
/// * An API server refuses a name, the namespace, the class, a host, a path or the prefix.
/// * Both Ingresses would have the same name.
/// * A Service is in another namespace than the stable Ingress.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{canary_ingress, Ingress, IngressParams, Manifest};
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
/// assert_eq!(written.exact()?.ingress.metadata.name, "web-canary");
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
    let Conversion { output: written, losses } = annotations(policy, &flags.prefix);
    let name = canary_name(stable, name.as_deref(), &written.name, &flags.prefix)?;

    stable.check_namespace(canary)?;
    let service = StableService::of(stable, stable_service.as_ref())?;
    let swap = ServiceSwap::to(canary);
    swap.check(stable, &service)?;
    let rules = service.rules_of_canary(stable);
    if rules.is_empty() {
        return Err(service.nothing_to_split(stable));
    }
    rules.iter().try_for_each(|rule| check_rule(rule, canary))?;
    let class = stable.class().filter(|_| class_annotation(stable).is_none());
    class.map_or(Ok(()), |class| check_object_name("spec.ingressClassName", class))?;

    let mut canary_annotations = written.canary;
    canary_annotations.extend(copied(stable, &flags.prefix));
    let canary_edit = canary_edit(&canary_annotations, flags);
    let ingress = Ingress {
        metadata: Metadata {
            name,
            namespace: stable.namespace().map(str::to_owned),
            annotations: canary_annotations,
            ..Metadata::default()
        },
        spec: IngressSpec {
            ingress_class_name: class.map(str::to_owned),
            rules: rules.into_iter().map(|rule| swap.rule(rule)).collect(),
            ..IngressSpec::default()
        },
        unknown: UnknownFields::default(),
    };
    let stable_edit = stable_edit(stable.annotations(), &written.stable, flags);
    Ok(Conversion { output: CanaryIngress { ingress, canary_edit, stable_edit }, losses })
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
    check_names(stable, &name, prefix)?;
    if name == stable.name {
        return Err(IngressError::SameName { ingress: Excerpt::of(&name) });
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
/// policy does not have are removed. If the policy writes no affinity, the whole cookie is removed, if there is one.
fn stable_edit(
    present: &BTreeMap<String, String>,
    written: &BTreeMap<String, String>,
    flags: &Flags,
) -> BTreeMap<String, Option<String>> {
    let mut stable = Getter::new(Side::Stable, present, flags);
    // An error means a cookie whose name no policy can hold.
    let has_cookie = !matches!(session_affinity(&mut stable, AffinityScope::AllVariants), Ok(Affinity::None));
    if written.is_empty() && !has_cookie {
        return BTreeMap::new();
    }
    let keys = key::OF_COOKIE.into_iter().map(|annotation| flags.prefix.key(annotation));
    let removed = keys.filter(|key| present.contains_key(key) && !written.contains_key(key));
    let changed = written.iter().filter(|(key, value)| present.get(*key) != Some(value));
    let changed = changed.map(|(key, value)| (key.clone(), Some(value.clone())));
    removed.map(|key| (key, None)).chain(changed).collect()
}
