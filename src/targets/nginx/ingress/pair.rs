//! A stable Ingress and its canary Ingress.

use std::collections::BTreeSet;

use super::is_canary;
use super::location::{DefaultHost, Location, default_hosts, paths};
use super::service::{backend, services, texts};
use crate::error::{AnnotationError, Excerpt, PairError};
use crate::route::Backend;
use crate::targets::Finding;
use crate::targets::finding::Findings;
use crate::targets::nginx::{AnnotationReading, Annotations, Flags, HttpIngressRuleValue, Ingress, IngressRule, read};

/// A stable Ingress and the one canary Ingress beside it.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::error::PairError;
/// use canary_policy::targets::nginx::{canary_ingress, Flags, Ingress, IngressParams, Manifest, Pair};
/// use serde_json::json;
///
/// let path = |path: &str| json!({
///     "path": path, "pathType": "Prefix", "backend": { "service": { "name": "web", "port": { "number": 80 } } },
/// });
/// let stable = Ingress::from(serde_json::from_value::<Manifest>(json!({
///     "apiVersion": "networking.k8s.io/v1",
///     "kind": "Ingress",
///     "metadata": { "name": "web" },
///     "spec": { "rules": [{ "host": "a.test", "http": { "paths": [path("/")] } }] },
/// }))?);
/// let written = canary_ingress(&stable, &Policy::percent(30)?, &IngressParams::new("web-next".parse()?))?;
/// let canary = written.output.ingress;
///
/// let pair = Pair::find(&stable, [&canary], &Flags::default())?;
/// assert_eq!(pair.read(&Flags::default())?.policy, Policy::percent(30)?);
/// assert_eq!(pair.canary_service()?.to_string(), "web-next:80");
/// assert_eq!(pair.covered().ingress, stable);
///
/// assert_eq!(Pair::find(&stable, [&canary, &canary], &Flags::default()).unwrap_err().to_string(),
///     "2 canary Ingresses have a host and path of the stable Ingress: `web-canary`, `web-canary`");
/// assert_eq!(Pair::find(&stable, [&stable], &Flags::default()), Err(PairError::NoCanary));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<'i> {
    stable: &'i Ingress,
    canary: &'i Ingress,
}

/// The part of a stable Ingress that its canary Ingress covers.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct CoveredIngress {
    /// The stable Ingress without the paths that the canary Ingress does not have. If the default backend is a Service, it is
    /// now the path `/` of each host on which it answers and which the canary Ingress covers.
    pub ingress: Ingress,
    /// One finding for each path of the stable Ingress that was left out, those of the default backend included.
    pub findings: Vec<Finding>,
}

impl<'i> Pair<'i> {
    /// Pairs the stable Ingress with the one candidate that is its canary Ingress. Such a candidate fulfils three conditions:
    ///
    /// * It is a canary.
    /// * It is in the namespace of the stable Ingress, or one of the two names no namespace.
    /// * It has a host and path that the stable Ingress has too. A default backend has the path `/` of each host that has no
    ///   other `/`. If the candidate has no path, this counts as fulfilled.
    ///
    /// # Errors
    ///
    /// No candidate fulfils the conditions, or several do.
    pub fn find(
        stable: &'i Ingress,
        candidates: impl IntoIterator<Item = &'i Ingress>,
        flags: &Flags,
    ) -> Result<Self, PairError> {
        let candidates = candidates.into_iter().filter(|candidate| is_canary(candidate, flags));
        let canaries: Vec<&Ingress> = candidates.filter(|canary| is_beside(canary, stable)).collect();
        match canaries.as_slice() {
            [canary] => Ok(Pair { stable, canary }),
            [] => Err(PairError::NoCanary),
            several => {
                Err(PairError::SeveralCanaries { canaries: several.iter().map(|canary| name(canary)).collect() })
            }
        }
    }

    /// The stable Ingress.
    #[must_use]
    pub const fn stable(&self) -> &'i Ingress {
        self.stable
    }

    /// The canary Ingress.
    #[must_use]
    pub const fn canary(&self) -> &'i Ingress {
        self.canary
    }

    /// The policy that the annotations of both Ingresses express.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](super::super::read).
    pub fn read(&self, flags: &Flags) -> Result<AnnotationReading, AnnotationError> {
        let annotations = |ingress: &Ingress| ingress.metadata.annotations.clone();
        read(&Annotations::new(annotations(self.canary), annotations(self.stable)), flags)
    }

    /// The Service that the canary Ingress routes to.
    ///
    /// # Errors
    ///
    /// The canary Ingress routes to no Service or to several, or the Service cannot exist.
    pub fn canary_service(&self) -> Result<Backend, PairError> {
        let services = services(self.canary);
        let canary = name(self.canary);
        let Some(first) = services.first() else { return Err(PairError::NoService { canary }) };
        let texts = texts(&services);
        if texts.len() > 1 {
            return Err(PairError::SeveralServices { canary, services: texts });
        }
        backend(first).map_err(|invalid| PairError::Service { canary, invalid })
    }

    /// The part of the stable Ingress that the canary Ingress covers: requests to other hosts and paths are not split.
    ///
    /// If the canary Ingress has no path, it covers the whole stable Ingress.
    pub fn covered(&self) -> CoveredIngress {
        let covered: BTreeSet<Location> = paths(self.canary).map(|path| path.location()).collect();
        let mut ingress = self.stable.clone();
        let mut findings = Findings::default();
        if covered.is_empty() {
            return CoveredIngress { ingress, findings: findings.into_vec() };
        }
        let why = "the canary Ingress has no such host and path";
        for path in paths(self.stable).filter(|path| !covered.contains(&path.location())) {
            findings.left_out(&path.field, &path.location().to_string(), why);
        }
        let (kept, left): (Vec<_>, Vec<_>) =
            default_hosts(self.stable).into_iter().partition(|host| covered.contains(&host.location()));
        for host in left {
            findings.left_out("spec.defaultBackend", &host.location().to_string(), why);
        }
        let spec = &mut ingress.spec;
        for rule in &mut spec.rules {
            let host = rule.host.clone();
            if let Some(http) = &mut rule.http {
                http.paths.retain(|path| covered.contains(&Location::new(host.as_deref(), path)));
            }
        }
        spec.rules.retain(|rule| rule.http.as_ref().is_some_and(|http| !http.paths.is_empty()));
        spec.rules.extend(kept.into_iter().map(|DefaultHost { host, rule: _, path }| IngressRule {
            host: host.map(str::to_owned),
            http: Some(HttpIngressRuleValue { paths: vec![path], ..HttpIngressRuleValue::default() }),
            ..IngressRule::default()
        }));
        // A default backend that is no Service stays: the routes report it.
        spec.default_backend = spec.default_backend.take().filter(|backend| backend.service.is_none());
        CoveredIngress { ingress, findings: findings.into_vec() }
    }
}

/// Whether a canary Ingress and a stable Ingress belong together, by their namespaces, hosts and paths.
fn is_beside(canary: &Ingress, stable: &Ingress) -> bool {
    if !canary.metadata.may_share_namespace(&stable.metadata) {
        return false;
    }
    let has_no_path = paths(canary).next().is_none();
    let of_default_backend = default_hosts(stable).into_iter().map(|host| host.location());
    let of_stable: BTreeSet<Location> = paths(stable).map(|path| path.location()).chain(of_default_backend).collect();
    has_no_path || paths(canary).any(|path| of_stable.contains(&path.location()))
}

/// The name of an Ingress; empty if it has none.
fn name(ingress: &Ingress) -> Excerpt {
    Excerpt::of(&ingress.metadata.name)
}
