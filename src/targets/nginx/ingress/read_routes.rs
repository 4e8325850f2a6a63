//! Reads the routes of a stable Ingress.

use super::Routes;
use super::host_group::host_groups;
use super::location::paths;
use super::service_swap::ServiceSwap;
use super::stable_ingress::{CLASS, StableIngress};
use super::stable_service::StableService;
use crate::error::{Excerpt, IngressError};
use crate::route::{Backend, Route};
use crate::targets::finding::Findings;
use crate::targets::nginx::annotations::{grpc_condition, key};
use crate::targets::nginx::{Flags, Ingress};

/// Reads the routes of a stable Ingress to its stable Service. `canaries` are the Services of the canaries of a policy, in
/// order; the routes have them as further backends.
///
/// `stable_service` may be `None` if the Ingress routes to one Service only. A canary without a port gets the port of the
/// stable Service. Hosts with the same paths and the same port become one route. A rule without a host is
/// always a route of its own, and a default backend has the path `/` of each host that has no other `/`:
///
/// | the stable Ingress | routes |
/// |---|---|
/// | `a.test`: `/` to web:80; `b.test`: `/` to web:80 | `web`: `a.test` and `b.test`, `/` |
/// | `a.test`: `/` to web:80, `/admin` to web:8080 | `web`: `a.test`, `/`; `web-hosts-2`: `a.test`, `/admin` |
/// | web:80 as the default backend, `a.test`: `/cart` to web:80 | `web`: `a.test`, `/cart` and `/` |
/// | `a.test`: `/` to web:80; no host: `/` to web:80 | `web`: `a.test`, `/`; `web-hosts-2`: every host, `/` |
///
/// These parts of the Ingress become findings:
///
/// * each annotation that has the prefix of `flags`, except those of canaries and of the affinity: they express a policy, which
///   [`read`](super::super::read) returns
/// * certificates, and the paths and the default backend of other Services, which are left out
/// * a path of the type `ImplementationSpecific`, except `/`: the controller compares it character by character, and a route
///   element by element (`/cart` matches `/carts` only in the controller)
/// * a path that is a regular expression, or that targets read differently, which is left out
///
/// Source: controller 1.15.1, `internal/ingress/controller/template/template.go`.
///
/// # Errors
///
/// * The stable Ingress has no name, is a canary, or routes to no Service.
/// * `canaries` is empty.
/// * The stable Ingress routes to several Services, and `stable_service` is `None`.
/// * The stable Ingress does not route to `stable_service`.
/// * The Service of a canary is the stable Service, may be it, or the stable Ingress already routes to it.
/// * A name, a host or a port is invalid.
/// * The rules of other Services take all paths of the stable Service, or no route can hold any of its paths.
///
/// ```
/// use canary_policy::targets::nginx::{routes, Flags, Ingress, Manifest};
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
/// let read = routes(&stable, Some(&web), &[next], &Flags::default())?;
/// assert_eq!(read.routes[0].canaries()[0].to_string(), "web-next:80");
/// assert_eq!(
///     read.findings[0].to_string(),
///     "spec.rules[0].http.paths[1]: `/api` is left out: it routes to another Service than the stable one",
/// );
/// assert!(routes(&stable, None, &["web-next".parse()?], &Flags::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn routes(
    stable: &Ingress,
    stable_service: Option<&Backend>,
    canaries: &[Backend],
    flags: &Flags,
) -> Result<Routes, IngressError> {
    let stable = StableIngress::new(stable, flags)?;
    if canaries.is_empty() {
        return Err(IngressError::NoCanary);
    }
    let service = StableService::of(stable, stable_service)?;
    for canary in canaries {
        ServiceSwap::to(canary).check(stable, &service)?;
    }

    let mut findings = Findings::default();
    report_left_out(stable, &service, flags, &mut findings);
    let groups = host_groups(stable, &service, flags, &mut findings)?;
    let findings = findings.into_vec();
    if groups.is_empty() {
        // Each path of the stable Service was left out, so the last finding is about a path.
        let why = findings.last().map(ToString::to_string).unwrap_or_default();
        return Err(IngressError::NoPath {
            ingress: Excerpt::of(stable.name),
            service: Excerpt::of(&service.name),
            why,
        });
    }
    let routes = groups.into_iter().enumerate().map(|(index, group)| group.route(index, stable, &service, canaries));
    let routes = routes.collect::<Result<Vec<Route>, IngressError>>()?;

    let annotation = |name: &str| flags.value(stable.annotations(), name);
    Ok(Routes {
        routes,
        class: stable.class().or(stable.annotations().get(CLASS).map(String::as_str)).unwrap_or("nginx").to_owned(),
        grpc: annotation(key::BACKEND_PROTOCOL).is_some_and(|value| grpc_condition(value).is_some()),
        affinity: annotation(key::AFFINITY).is_some(),
        findings,
    })
}

/// Reports the parts of the Ingress that are part of no policy and of no route to the stable Service.
fn report_left_out(stable: StableIngress<'_>, service: &StableService, flags: &Flags, findings: &mut Findings) {
    for (key, value) in stable.annotations() {
        let Some(name) = flags.annotation(key) else { continue };
        let is_of_policy = ["canary", "affinity", "session-cookie"].iter().any(|start| name.starts_with(start));
        if is_of_policy {
            continue;
        }
        let field = format!("metadata.annotations[{key}]");
        match grpc_condition(value) {
            Some(condition) if name == key::BACKEND_PROTOCOL => findings.condition(field, value, condition),
            _ => findings.left_out(field, value, "a route holds only hosts, paths and backends"),
        }
    }
    if let Some(tls) = stable.tls().first() {
        let secret = tls.secret_name.as_deref().unwrap_or("tls");
        findings.left_out("spec.tls", secret, "certificates belong to the Gateway that a route attaches to");
    }
    match stable.default_backend().map(|backend| (&backend.service, &backend.resource)) {
        Some((Some(other), _)) if !service.is(other) => {
            findings.left_out("spec.defaultBackend", &other.name, "it is another Service than the stable one");
        }
        Some((None, Some(resource))) => findings.left_out("spec.defaultBackend", &resource.name, "it is no Service"),
        Some(_) | None => {}
    }
    for path in paths(stable.object) {
        if !path.path.backend.service.as_ref().is_some_and(|routed| service.is(routed)) {
            let text = path.path.path.as_deref().unwrap_or("/");
            findings.left_out(path.field, text, "it routes to another Service than the stable one");
        }
    }
}
