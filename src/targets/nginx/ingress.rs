//! The canary Ingress beside the stable one.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::config::Getter;
use super::read::affinity;
use super::{Flags, Prefix, annotations, key};
use crate::error::{Excerpt, IngressError, Invalid};
use crate::policy::{Affinity, Pins, Policy, is_dns_subdomain};
use crate::targets::{Backend, Conversion, Loss, Part, Port};

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

/// The stable Service's backends, and what each becomes.
struct Swap<'a> {
    /// The stable Service, and its port if it was given.
    service: String,
    port: Option<&'a Port>,
    canary: &'a Backend,
}

impl<'a> Swap<'a> {
    fn new(
        stable: &Ingress,
        ingress: &str,
        wanted: Option<&'a Backend>,
        canary: &'a Backend,
    ) -> Result<Self, IngressError> {
        let ingress = ingress.to_owned();
        let routed = routed(stable);
        let services = || listed(routed.iter().map(|service| service_text(service)));
        let names: BTreeSet<&str> = routed.iter().map(|service| service.name.as_str()).collect();
        let swap = match (wanted, names.first(), names.len()) {
            (_, None, _) => return Err(IngressError::NoService { ingress, hint: no_http(stable) }),
            (Some(wanted), ..) => Swap { service: wanted.service().to_owned(), port: wanted.port(), canary },
            (None, Some(only), 1) => Swap { service: (*only).to_owned(), port: None, canary },
            (None, Some(_), _) => return Err(IngressError::Ambiguous { ingress, services: services() }),
        };

        let swapped: Vec<&IngressServiceBackend> =
            routed.iter().copied().filter(|service| swap.names(service)).collect();
        if swapped.is_empty() {
            let service = wanted.map(Backend::to_string).unwrap_or_default();
            return Err(IngressError::NotRouted { ingress, service, services: services() });
        }
        for service in swapped {
            let becomes = swap.becomes(service);
            if becomes == *service {
                return Err(IngressError::SameService { service: service_text(service) });
            }
            if routed.contains(&&becomes) {
                return Err(IngressError::CanaryRouted { ingress, service: service_text(&becomes) });
            }
        }
        Ok(swap)
    }

    fn names(&self, service: &IngressServiceBackend) -> bool {
        service.name == self.service && self.port.is_none_or(|port| service.port == Some(port_of(port)))
    }

    fn becomes(&self, service: &IngressServiceBackend) -> IngressServiceBackend {
        let port = self.canary.port().map(port_of).or_else(|| service.port.clone());
        IngressServiceBackend { name: self.canary.service().to_owned(), port }
    }

    fn backend(&self, backend: &IngressBackend) -> Option<IngressBackend> {
        let service = backend.service.as_ref().filter(|service| self.names(service))?;
        Some(IngressBackend { resource: None, service: Some(self.becomes(service)) })
    }

    /// The canary's default backend and rules.
    fn routes(&self, spec: &IngressSpec) -> (Option<IngressBackend>, Vec<IngressRule>) {
        let default_backend = spec.default_backend.as_ref().and_then(|backend| self.backend(backend));
        let stable_rules = spec.rules.as_deref().unwrap_or_default();
        let rules: Vec<IngressRule> = stable_rules.iter().filter_map(|rule| self.rule(rule)).collect();
        match (stable_rules, default_backend) {
            ([], default_backend) => (default_backend, rules),
            // The split hangs on the Service: a rule that routes to it covers the default backend as well.
            (_, Some(backend)) if rules.is_empty() => (None, unclaimed(stable_rules, &backend)),
            _ => (None, rules),
        }
    }

    fn rule(&self, rule: &IngressRule) -> Option<IngressRule> {
        let IngressRule { host, http } = rule;
        let paths = http.as_ref()?.paths.iter().filter_map(|path| {
            let HTTPIngressPath { backend, path, path_type } = path;
            Some(HTTPIngressPath { backend: self.backend(backend)?, path: path.clone(), path_type: path_type.clone() })
        });
        let paths: Vec<HTTPIngressPath> = paths.collect();
        (!paths.is_empty()).then(|| IngressRule { host: host.clone(), http: Some(HTTPIngressRuleValue { paths }) })
    }
}

/// Where a default backend answers beside rules: at `/` of each host that has no `/` of its own.
fn unclaimed(rules: &[IngressRule], backend: &IngressBackend) -> Vec<IngressRule> {
    let claimed =
        |path: &HTTPIngressPath| matches!(path.path.as_deref(), None | Some("" | "/")) && path.path_type != "Exact";
    let claims = |rule: &&IngressRule| rule.http.iter().flat_map(|http| &http.paths).any(claimed);
    let hosts = |rules: Vec<&IngressRule>| rules.into_iter().filter_map(|rule| rule.host.clone()).collect();
    let all: BTreeSet<String> = hosts(rules.iter().collect());
    let taken: BTreeSet<String> = hosts(rules.iter().filter(claims).collect());
    let root = HTTPIngressPath { backend: backend.clone(), path: Some("/".to_owned()), path_type: "Prefix".to_owned() };
    all.difference(&taken)
        .map(|host| IngressRule {
            host: Some(host.clone()),
            http: Some(HTTPIngressRuleValue { paths: vec![root.clone()] }),
        })
        .collect()
}

/// Every Service an Ingress routes to, in the order in which it names them.
fn routed(ingress: &Ingress) -> Vec<&IngressServiceBackend> {
    let Some(spec) = &ingress.spec else { return Vec::new() };
    let paths = spec.rules.iter().flatten().filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths);
    let backends = spec.default_backend.iter().chain(paths.map(|path| &path.backend));
    backends.filter_map(|backend| backend.service.as_ref()).collect()
}

/// The commonest reason why no Service is routed to: `paths` stands beside `http`, not under it.
fn no_http(ingress: &Ingress) -> String {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let found = rules.enumerate().find(|(_, rule)| rule.http.is_none());
    found.map(|(index, _)| format!(": spec.rules[{index}] has no http")).unwrap_or_default()
}

fn port_of(port: &Port) -> ServiceBackendPort {
    match port {
        Port::Number(number) => ServiceBackendPort { name: None, number: Some(i32::from(number.get())) },
        Port::Name(_) => ServiceBackendPort { name: Some(port.to_string()), number: None },
    }
}

fn service_text(service: &IngressServiceBackend) -> String {
    let number = service.port.as_ref().and_then(|port| port.number).map(|number| number.to_string());
    let port = number.or_else(|| service.port.as_ref()?.name.clone());
    port.map_or_else(|| service.name.clone(), |port| format!("{}:{port}", service.name))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.map(|name| format!("`{name}`")).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
