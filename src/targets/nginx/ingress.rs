//! The canary Ingress beside the stable one.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{Ingress, IngressSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::config::Getter;
use super::read::affinity;
use super::swap::Swap;
use super::{Flags, Prefix, annotations, key};
use crate::error::{Excerpt, IngressError, Invalid};
use crate::policy::{Affinity, Pins, Policy, is_dns_subdomain};
use crate::targets::{Backend, Conversion, Loss, Part};

/// The class of an Ingress, where `spec.ingressClassName` does not say it.
const CLASS: &str = "kubernetes.io/ingress.class";

/// What goes to the canary, and how its Ingress is called.
///
/// ```
/// use canary_policy::targets::nginx::Params;
///
/// let params = Params::new("web-canary:8080".parse()?);
/// assert_eq!(params.name, None);
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    /// The canary's Service; without a port it is asked at the port of the Service it stands in for.
    pub canary: Backend,
    /// The stable Service. It may be left out where the Ingress routes to one Service only.
    pub stable: Option<Backend>,
    /// The canary Ingress's name, by default the stable one's, `-` and the canary's name.
    pub name: Option<String>,
    /// The annotations' prefix.
    pub prefix: Prefix,
}

impl Params {
    /// Everything by default but the canary's Service.
    #[must_use]
    pub fn new(canary: Backend) -> Self {
        Params { canary, stable: None, name: None, prefix: Prefix::default() }
    }
}

/// The canary Ingress, and what changes on the stable one.
#[derive(Clone, Debug, PartialEq)]
pub struct CanaryIngress {
    /// A new Ingress, ready to be applied.
    pub ingress: Ingress,
    /// Annotations of the stable Ingress that change: a value to set, or `None` for one to take away.
    pub stable_edit: BTreeMap<String, Option<String>>,
}

/// Whether the controller treats an Ingress as a canary: its `canary` annotation is one of Go's spellings of true.
///
/// ```
/// use canary_policy::targets::nginx::{is_canary, Prefix};
/// use k8s_openapi::api::networking::v1::Ingress;
///
/// assert!(!is_canary(&Ingress::default(), &Prefix::default()));
/// ```
#[must_use]
pub fn is_canary(ingress: &Ingress, prefix: &Prefix) -> bool {
    let flags = Flags { prefix: prefix.clone(), ..Flags::default() };
    with_getter(ingress, &flags, |getter| getter.bool(key::CANARY)).unwrap_or(false)
}

/// Builds the canary Ingress from the stable one: the same namespace, class, hosts, paths and path types, the Service
/// swapped.
///
/// Rules that do not route to the stable Service are left out: a canary path without its stable twin would make the
/// controller delete the canary. Labels, TLS and the other annotations are left out too: a canary ignores them, and
/// labels may mark the stable Ingress as somebody's. A stable `defaultBackend` is followed to where it answers: the
/// catch-all server if there are no rules, else `/` of the hosts that have no `/` of their own. Source: controller 1.15.1,
/// `internal/ingress/controller/controller.go`.
///
/// # Errors
///
/// The stable Ingress is a canary, routes to no Service, to several of which none was named, or not to the one that was;
/// the canary's Service is the stable one or is routed to already; a name cannot be.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::nginx::{canary_ingress, Manifest, Params};
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
/// let written = canary_ingress(&stable, &Policy::percent(30)?, &Params::new("web-2".parse()?))?;
/// assert_eq!(written.exact().unwrap().ingress.metadata.name.as_deref(), Some("web-canary"));
///
/// let error = canary_ingress(&stable, &Policy::percent(30)?, &Params::new("web".parse()?)).unwrap_err();
/// assert_eq!(error.to_string(), "`web:80` is the stable Service: ingress-nginx ignores a canary that names it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn canary_ingress(
    stable: &Ingress,
    policy: &Policy,
    params: &Params,
) -> Result<Conversion<CanaryIngress>, IngressError> {
    let Params { canary, stable: wanted, name, prefix } = params;
    let ingress_name = stable.metadata.name.clone().unwrap_or_default();
    if is_canary(stable, prefix) {
        return Err(IngressError::IsCanary { ingress: ingress_name });
    }
    let swap = Swap::new(stable, &ingress_name, wanted.as_ref(), canary)?;

    let Conversion { output: written, mut losses } = annotations(policy, prefix);
    let name = name.clone().unwrap_or_else(|| format!("{ingress_name}-{}", written.name));
    if !is_dns_subdomain(&name) {
        return Err(Invalid::ObjectName(Excerpt::of(&name)).into());
    }
    if name == ingress_name {
        return Err(IngressError::SameName { ingress: ingress_name });
    }

    let empty = BTreeMap::new();
    let present = stable.metadata.annotations.as_ref().unwrap_or(&empty);
    let mut canary_annotations = written.canary;
    canary_annotations.extend(present.get_key_value(CLASS).map(|(key, class)| (key.clone(), class.clone())));
    losses.extend(shared_affinity(stable, policy, prefix));

    let spec = stable.spec.clone().unwrap_or_default();
    let (default_backend, rules) = swap.routes(&spec);
    let ingress = Ingress {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: stable.metadata.namespace.clone(),
            annotations: Some(canary_annotations),
            ..ObjectMeta::default()
        },
        spec: Some(IngressSpec {
            default_backend,
            ingress_class_name: spec.ingress_class_name,
            rules: Some(rules).filter(|rules| !rules.is_empty()),
            tls: None,
        }),
        status: None,
    };
    let stable_edit = stable_edit(present, &written.stable, prefix);
    Ok(Conversion { output: CanaryIngress { ingress, stable_edit }, losses })
}

/// What differs from what is there. A cookie's attributes that the policy does not have are taken away.
fn stable_edit(
    present: &BTreeMap<String, String>,
    written: &BTreeMap<String, String>,
    prefix: &Prefix,
) -> BTreeMap<String, Option<String>> {
    const ATTRIBUTES: [&str; 5] =
        [key::SESSION_MAX_AGE, key::SESSION_PATH, key::SESSION_DOMAIN, key::SESSION_SAME_SITE, key::SESSION_SECURE];
    if written.is_empty() {
        return BTreeMap::new();
    }
    let extra = ATTRIBUTES.map(|attribute| prefix.key(attribute)).into_iter();
    let extra = extra.filter(|key| present.contains_key(key) && !written.contains_key(key)).map(|key| (key, None));
    let changed = written.iter().filter(|(key, value)| present.get(*key) != Some(value));
    extra.chain(changed.map(|(key, value)| (key.clone(), Some(value.clone())))).collect()
}

/// An affinity cookie of the stable Ingress holds for the canary too, whatever the policy says.
fn shared_affinity(stable: &Ingress, policy: &Policy, prefix: &Prefix) -> Option<Loss> {
    let flags = Flags { prefix: prefix.clone(), ..Flags::default() };
    let present = with_getter(stable, &flags, |getter| affinity(getter, Pins::Everyone));
    let wanted = match &policy.affinity {
        Affinity::Cookie(_) => return None,
        Affinity::Key(_) => "key",
        Affinity::None => "none",
    };
    let Ok(Affinity::Cookie(cookie)) = present else { return None };
    Some(Loss::Changed {
        part: Part::Affinity,
        wanted: Excerpt::of(wanted),
        got: Excerpt::of(&format!("cookie {}", cookie.name())),
        why: "the stable Ingress sets an affinity cookie, and a canary shares it",
    })
}

fn with_getter<T>(ingress: &Ingress, flags: &Flags, get: impl FnOnce(&mut Getter<'_>) -> T) -> T {
    let empty = BTreeMap::new();
    let annotations = ingress.metadata.annotations.as_ref().unwrap_or(&empty);
    get(&mut Getter { annotations, flags, findings: Vec::new() })
}
