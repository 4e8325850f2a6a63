//! The routes of a stable Ingress, for other targets.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressSpec, ServiceBackendPort};

use super::swap::Swap;
use super::{Prefix, is_canary};
use crate::error::{Excerpt, IngressError, Invalid};
use crate::targets::{Backend, Finding, Host, Path, PathType, Port, Route};

/// The routes of an Ingress, and what else stands in it; [`routes`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Routes {
    /// One for all hosts with the same paths and port.
    pub routes: Vec<Route>,
    /// What no route says, and what was taken for something.
    pub findings: Vec<Finding>,
}

/// Takes the routes to the stable Service from its Ingress, as the controller reads them, with these Services for canaries.
/// `stable` may be left out where the Ingress routes to one Service only; a canary without a port is asked at the stable
/// one's.
///
/// Affinity is part of a policy, which [`read`](super::read) takes from the annotations; all others are findings. A path
/// that is `ImplementationSpecific` is a prefix letter by letter to the controller; here it is one element by
/// element, with a finding. Regular expressions are left out. Source: controller 1.15.1,
/// `internal/ingress/controller/template/template.go`.
///
/// # Errors
///
/// Those of [`canary_ingress`](super::canary_ingress), no canary, a host that is none, or no path that can be taken.
///
/// ```
/// use canary_policy::targets::nginx::{Manifest, Prefix, routes};
/// use k8s_openapi::api::networking::v1::Ingress;
/// use serde_json::json;
///
/// let path = |path: &str, service: &str| json!({
///     "path": path, "pathType": "Prefix", "backend": { "service": { "name": service, "port": { "number": 80 } } },
/// });
/// let stable = Ingress::from(serde_json::from_value::<Manifest>(json!({
///     "apiVersion": "networking.k8s.io/v1",
///     "kind": "Ingress",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "host": "a.test", "http": { "paths": [path("/", "web"), path("/api", "api")] } }] },
/// }))?);
///
/// let (web, next) = ("web".parse()?, "web-next".parse()?);
/// let read = routes(&stable, Some(&web), &[next], &Prefix::default())?;
/// assert_eq!(read.routes[0].canaries()[0].to_string(), "web-next:80");
/// assert_eq!(
///     read.findings[0].to_string(),
///     "spec.rules[0].http.paths[1]: `/api` is left out: it goes to another Service than the stable one",
/// );
/// assert!(routes(&stable, None, &["web-next".parse()?], &Prefix::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes(
    stable: &Ingress,
    wanted: Option<&Backend>,
    canaries: &[Backend],
    prefix: &Prefix,
) -> Result<Routes, IngressError> {
    let name = stable.metadata.name.clone().ok_or(IngressError::NoName)?;
    if is_canary(stable, prefix) {
        return Err(IngressError::IsCanary { ingress: name });
    }
    let first = canaries.first().ok_or(IngressError::NoCanary)?;
    for canary in canaries {
        Swap::new(stable, &name, wanted, canary)?;
    }
    // Without a port of its own, what is swapped in has that of the stable Service.
    let portless = Backend::new(first.service())?;
    let swap = Swap::new(stable, &name, wanted, &portless)?;
    let spec = stable.spec.clone().unwrap_or_default();

    let mut findings = left_out(stable, &spec, &swap, prefix);
    let mut groups: Vec<(Group, Vec<Host>)> = Vec::new();
    let rules = swap.rules(&spec);
    if rules.is_empty() {
        return Err(IngressError::NothingToSplit { ingress: name, service: swap.service() });
    }
    for rule in rules {
        let host = rule.host.as_deref().filter(|host| !host.is_empty()).map(Host::new).transpose()?;
        let mut ports: BTreeMap<Option<Port>, Vec<(Path, PathType)>> = BTreeMap::new();
        for path in rule.http.iter().flat_map(|http| &http.paths) {
            let port = path.backend.service.as_ref().and_then(|service| service.port.as_ref());
            let field = field_of(&spec, rule.host.as_deref(), path);
            if let Some(path) = path_of(field, path, regular_expressions(stable, prefix), &mut findings) {
                ports.entry(port.map(port_of).transpose()?).or_default().push(path);
            }
        }
        for (port, paths) in ports {
            let group = Group { port, paths, everywhere: host.is_none() };
            match groups.iter_mut().find(|(other, _)| *other == group) {
                Some((_, hosts)) => hosts.extend(host.clone()),
                None => groups.push((group, host.clone().into_iter().collect())),
            }
        }
    }
    if groups.is_empty() {
        // What was noticed last was noticed of a path.
        let why = findings.last().map(ToString::to_string).unwrap_or_default();
        return Err(IngressError::NoPath { ingress: name, service: swap.service(), why });
    }

    let mut routes = Vec::new();
    for (index, (Group { port, paths, everywhere: _ }, hosts)) in groups.into_iter().enumerate() {
        let at = |backend: Backend| match (backend.port(), &port) {
            (None, Some(port)) => backend.with_port(port.clone()),
            _ => backend,
        };
        let name = if index == 0 { name.clone() } else { format!("{name}-hosts-{}", index + 1) };
        let route = Route::new(&name, at(Backend::new(&swap.service())?), canaries.iter().cloned().map(at))?;
        let route = route.with_hosts(hosts)?.with_paths(paths)?;
        routes.push(match &stable.metadata.namespace {
            Some(namespace) => route.with_namespace(namespace)?,
            None => route,
        });
    }
    Ok(Routes { routes, findings })
}

/// What hosts have to share to be in one route.
#[derive(PartialEq)]
struct Group {
    port: Option<Port>,
    paths: Vec<(Path, PathType)>,
    /// A rule without a host is for every host that has no rule: it stays alone.
    everywhere: bool,
}

/// Whether the controller reads the paths of this Ingress as regular expressions.
fn regular_expressions(ingress: &Ingress, prefix: &Prefix) -> bool {
    let annotation = |name: &str| ingress.metadata.annotations.as_ref()?.get(&prefix.key(name));
    annotation("use-regex").is_some_and(|value| value == "true") || annotation("rewrite-target").is_some()
}

/// Where a path stands in the stable Ingress.
fn field_of(spec: &IngressSpec, host: Option<&str>, wanted: &HTTPIngressPath) -> String {
    let rules = spec.rules.iter().flatten().enumerate();
    let place = rules.filter(|(_, rule)| rule.host.as_deref() == host).find_map(|(index, rule)| {
        let mut paths = rule.http.iter().flat_map(|http| &http.paths);
        let place = paths.position(|path| path.path == wanted.path && path.path_type == wanted.path_type)?;
        Some((index, place))
    });
    match place {
        Some((index, place)) => format!("spec.rules[{index}].http.paths[{place}]"),
        None => "spec.defaultBackend".to_owned(),
    }
}

fn path_of(
    field: String,
    HTTPIngressPath { path, path_type, backend: _ }: &HTTPIngressPath,
    regex: bool,
    findings: &mut Vec<Finding>,
) -> Option<(Path, PathType)> {
    let text = path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let value = Excerpt::of(text);
    let is_regex =
        regex && path_type == "ImplementationSpecific" && text.contains(['(', '[', '*', '+', '?', '$', '\\', '^']);
    let read = Path::new(text);
    match (read, path_type.as_str()) {
        (_, _) if is_regex => {
            findings.push(Finding::LeftOut { field, value, why: "it is a regular expression" });
            None
        }
        (Err(_), _) => {
            findings.push(Finding::LeftOut { field, value, why: "it is no path that every target reads alike" });
            None
        }
        (Ok(path), "Exact") => Some((path, PathType::Exact)),
        (Ok(path), "ImplementationSpecific") if text != "/" => {
            let why = "ingress-nginx compares it letter by letter, a route element by element";
            findings.push(Finding::Assumed { field, value: Excerpt::of(&format!("Prefix {text}")), why });
            Some((path, PathType::Prefix))
        }
        (Ok(path), _) => Some((path, PathType::Prefix)),
    }
}

/// What stands in an Ingress beside the routes to the stable Service.
fn left_out(stable: &Ingress, spec: &IngressSpec, swap: &Swap<'_>, prefix: &Prefix) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut left_out = |field: String, value: &str, why| {
        findings.push(Finding::LeftOut { field, value: Excerpt::of(value), why });
    };
    let ours = format!("{}/", prefix.as_str());
    for (key, value) in stable.metadata.annotations.iter().flatten() {
        let Some(name) = key.strip_prefix(&ours) else { continue };
        if name.starts_with("canary") || name.starts_with("affinity") || name.starts_with("session-cookie") {
            continue; // what `read` makes a policy of
        }
        left_out(format!("metadata.annotations[{key}]"), value, "a route is hosts, paths and backends");
    }
    if let Some(tls) = spec.tls.iter().flatten().next() {
        let secret = tls.secret_name.as_deref().unwrap_or("tls");
        left_out("spec.tls".to_owned(), secret, "certificates belong to what a route hangs on");
    }
    let default = spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    if let Some(service) = default.filter(|service| !swap.names(service)) {
        let field = "spec.defaultBackend".to_owned();
        left_out(field, &service.name, "it is another Service than the stable one");
    }
    for (index, rule) in spec.rules.iter().flatten().enumerate() {
        for (place, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
            if !path.backend.service.as_ref().is_some_and(|service| swap.names(service)) {
                let field = format!("spec.rules[{index}].http.paths[{place}]");
                let text = path.path.as_deref().unwrap_or("/");
                left_out(field, text, "it goes to another Service than the stable one");
            }
        }
    }
    findings
}

fn port_of(port: &ServiceBackendPort) -> Result<Port, Invalid> {
    match (port.number, &port.name) {
        (Some(number), _) => number.to_string().parse(),
        (None, name) => name.as_deref().unwrap_or_default().parse(),
    }
}
