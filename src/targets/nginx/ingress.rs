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

/// The class of an Ingress as it was said before `spec.ingressClassName`; to the controller it beats that.
const CLASS: &str = "kubernetes.io/ingress.class";

/// What the controller applies of a canary's other annotations (`mergeAlternativeBackend`): how its endpoints are chosen.
const APPLIED: [&str; 5] =
    ["load-balance", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size", "service-upstream"];

/// What goes to the canary, and how its Ingress is called.
///
/// ```
/// use canary_policy::targets::nginx::Params;
///
/// let params = Params::new("web-canary:8080".parse()?).with_stable("web".parse()?).with_name("web-next");
/// assert_eq!(params.name.as_deref(), Some("web-next"));
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

    /// The same with the stable Service named.
    #[must_use]
    pub fn with_stable(self, stable: Backend) -> Self {
        Params { stable: Some(stable), ..self }
    }

    /// The same with the canary Ingress named.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        Params { name: Some(name.to_owned()), ..self }
    }

    /// The same with another prefix.
    #[must_use]
    pub fn with_prefix(self, prefix: Prefix) -> Self {
        Params { prefix, ..self }
    }
}

/// The canary Ingress, and what changes on the stable one; [`canary_ingress`] has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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
/// let mut ingress = Ingress::default();
/// assert!(!is_canary(&ingress, &Prefix::default()));
/// for (value, canary) in [("T", true), ("true ", false), ("yes", false)] {
///     let annotation = ("nginx.ingress.kubernetes.io/canary".to_owned(), value.to_owned());
///     ingress.metadata.annotations = Some([annotation].into());
///     assert_eq!(is_canary(&ingress, &Prefix::default()), canary);
/// }
/// ```
#[must_use]
pub fn is_canary(ingress: &Ingress, prefix: &Prefix) -> bool {
    let flags = Flags::default().with_prefix(prefix.clone());
    let annotations = ingress.metadata.annotations.as_ref();
    annotations.is_some_and(|annotations| Getter::new(annotations, &flags).bool(key::CANARY) == Some(true))
}

/// Builds the canary Ingress from the stable one: the same namespace, class, hosts, paths and path types, the Service
/// swapped.
///
/// Rules that do not route to the stable Service are left out: a canary path without its stable twin would make the
/// controller delete the canary. So are labels, which may mark the stable Ingress as somebody's, TLS, and annotations,
/// which a canary ignores but for those that choose an endpoint (`load-balance`, `upstream-hash-by` and the like), which
/// are copied. A stable `defaultBackend` is followed to where it answers: to `/` of the catch-all server if there are no
/// rules, else of the hosts that have no `/` of their own. Source: controller 1.15.1,
/// `internal/ingress/controller/controller.go`.
///
/// # Errors
///
/// The stable Ingress is a canary, routes to no Service, to several of which none was named, or not to the one that was;
/// the canary's Service is the stable one or is routed to already; nothing is left to split; a name is missing or no name.
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
    let ObjectMeta { name: stable_name, namespace, annotations: present, .. } = &stable.metadata;
    let stable_name = stable_name.clone().ok_or(IngressError::NoName)?;
    if is_canary(stable, prefix) {
        return Err(IngressError::IsCanary { ingress: stable_name });
    }
    let Conversion { output: written, mut losses } = annotations(policy, prefix);
    let name = name.clone().unwrap_or_else(|| format!("{stable_name}-{}", written.name));
    for name in [&stable_name, &name].into_iter().chain(namespace) {
        if !is_dns_subdomain(name) {
            return Err(Invalid::ObjectName(Excerpt::of(name)).into());
        }
    }
    if !is_dns_subdomain(prefix.as_str()) {
        return Err(Invalid::PrefixKey(Excerpt::of(prefix.as_str())).into());
    }
    if name == stable_name {
        return Err(IngressError::SameName { ingress: stable_name });
    }

    let swap = Swap::new(stable, &stable_name, wanted.as_ref(), canary)?;
    let spec = stable.spec.clone().unwrap_or_default();
    let rules = swap.rules(&spec);
    if rules.is_empty() {
        return Err(IngressError::NothingToSplit { ingress: stable_name, service: swap.service() });
    }

    let empty = BTreeMap::new();
    let present = present.as_ref().unwrap_or(&empty);
    let class = present.get_key_value(CLASS).filter(|(_, class)| spec.ingress_class_name.as_ref() != Some(*class));
    let applied = APPLIED.map(|annotation| prefix.key(annotation));
    let applied = applied.iter().filter_map(|key| present.get_key_value(key));
    let mut canary_annotations = written.canary;
    canary_annotations.extend(class.into_iter().chain(applied).map(|(key, value)| (key.clone(), value.clone())));
    losses.extend(shared_affinity(present, policy, &written.stable, prefix));

    let ingress = Ingress {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: namespace.clone(),
            annotations: Some(canary_annotations),
            ..ObjectMeta::default()
        },
        spec: Some(IngressSpec {
            // Both at once, and different, is what an API server refuses.
            ingress_class_name: spec.ingress_class_name.filter(|_| class.is_none()),
            rules: Some(rules),
            ..IngressSpec::default()
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
    const ATTRIBUTES: [&str; 6] = [
        key::SESSION_EXPIRES,
        key::SESSION_MAX_AGE,
        key::SESSION_PATH,
        key::SESSION_DOMAIN,
        key::SESSION_SAME_SITE,
        key::SESSION_SECURE,
    ];
    if written.is_empty() {
        return BTreeMap::new();
    }
    let extra = ATTRIBUTES.map(|attribute| prefix.key(attribute)).into_iter();
    let extra = extra.filter(|key| present.contains_key(key) && !written.contains_key(key)).map(|key| (key, None));
    let changed = written.iter().filter(|(key, value)| present.get(*key) != Some(value));
    extra.chain(changed.map(|(key, value)| (key.clone(), Some(value.clone())))).collect()
}

/// An affinity cookie of the stable Ingress holds for the canary too, whatever the policy says.
fn shared_affinity(
    present: &BTreeMap<String, String>,
    policy: &Policy,
    written: &BTreeMap<String, String>,
    prefix: &Prefix,
) -> Option<Loss> {
    let Policy { canaries: _, total: _, affinity: wanted } = policy;
    if !written.is_empty() {
        return None;
    }
    let flags = Flags::default().with_prefix(prefix.clone());
    let got = match affinity(&mut Getter::new(present, &flags), Pins::Everyone) {
        Ok(Affinity::None | Affinity::Key(_)) => return None,
        Ok(Affinity::Cookie(cookie)) => format!("cookie {}", cookie.name()),
        Err(_) => "cookie".to_owned(),
    };
    let wanted = match wanted {
        Affinity::None => "none".to_owned(),
        Affinity::Key(_) => "key".to_owned(),
        Affinity::Cookie(cookie) => format!("cookie {}", cookie.name()),
    };
    Some(Loss::Changed {
        part: Part::Affinity,
        wanted: Excerpt::of(&wanted),
        got: Excerpt::of(&got),
        why: "the stable Ingress sets an affinity cookie, and a canary shares it",
    })
}
