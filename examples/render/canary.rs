//! The policy, the Service and the places of the canary Ingress that a file has beside the stable one.

use std::collections::BTreeSet;

use canary_policy::Policy;
use canary_policy::targets::Backend;
use canary_policy::targets::nginx::{self, Annotations, Flags, Prefix, Reading};
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressBackend, IngressServiceBackend};

use crate::manifests::Found;

/// The one canary Ingress in the stable one's namespace that has a place of it.
fn only(found: &Found) -> Result<&Ingress, String> {
    let beside = |canary: &&Ingress| {
        let namespaces = (&canary.metadata.namespace, &found.stable.metadata.namespace);
        // Without one it is where it is applied.
        let same = !matches!(namespaces, (Some(canary), Some(stable)) if canary != stable);
        let places = places(&found.stable);
        let spread = |ingress: &Ingress| ingress.spec.as_ref().is_some_and(|spec| spec.default_backend.is_some());
        let anywhere = places_of(canary).next().is_none() || spread(&found.stable);
        same && (anywhere || places_of(canary).any(|place| places.contains(&place)))
    };
    let canaries: Vec<&Ingress> = found.canaries.iter().filter(beside).collect();
    match canaries.as_slice() {
        [canary] => Ok(canary),
        [] => Err("has no canary Ingress with a host and path of the stable one".to_owned()),
        several => Err(format!("has {} canary Ingresses with a host and path of the stable one", several.len())),
    }
}

/// The policy that its annotations and those of the stable one are, and what was noticed in them. What the canary does not
/// cover of the stable Ingress is taken away, since nothing is split there.
pub(crate) fn policy(found: &mut Found, prefix: &Prefix) -> Result<(Policy, Vec<String>), String> {
    let canary = only(found).map_err(|why| format!("no policy is given, and the file {why}"))?;
    let of = |ingress: &Ingress| ingress.metadata.annotations.clone().unwrap_or_default();
    let flags = Flags::default().with_prefix(prefix.clone());
    let read = nginx::read(&Annotations::new(of(canary), of(&found.stable)), &flags);
    let name = canary.metadata.name.clone().unwrap_or_default();
    let Reading { policy, findings, .. } = read.map_err(|why| format!("canary Ingress `{name}`: {why}"))?;
    let mut notes = vec![format!("the policy is that of the canary Ingress `{name}`")];
    notes.extend(findings.iter().map(|finding| format!("canary Ingress `{name}` and its stable one: {finding}")));

    let covered = places(canary);
    let rules = found.stable.spec.iter_mut().flat_map(|spec| spec.rules.iter_mut().flatten());
    for rule in rules.filter(|_| !covered.is_empty()) {
        let host = rule.host.clone().unwrap_or_default();
        let Some(http) = &mut rule.http else { continue };
        http.paths.retain(|path| {
            let kept = covered.contains(&place(&host, path));
            if !kept {
                let text = path.path.as_deref().unwrap_or("/");
                notes.push(format!("`{host}{text}` is left aside: the canary Ingress `{name}` does not cover it"));
            }
            kept
        });
    }
    if let Some(spec) = found.stable.spec.as_mut().filter(|_| !covered.is_empty()) {
        spec.rules
            .iter_mut()
            .for_each(|rules| rules.retain(|rule| rule.http.iter().any(|http| !http.paths.is_empty())));
    }
    Ok((policy, notes))
}

/// A host, a path, and whether it is exact.
type Place = (String, String, bool);

fn place(host: &str, path: &HTTPIngressPath) -> Place {
    let text = path.path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned());
    (host.to_owned(), text, path.path_type == "Exact")
}

fn places_of(ingress: &Ingress) -> impl Iterator<Item = Place> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        rule.http.iter().flat_map(|http| &http.paths).map(move |path| place(host, path))
    })
}

fn places(ingress: &Ingress) -> BTreeSet<Place> {
    places_of(ingress).collect()
}

/// The Service that it routes to.
pub(crate) fn service(found: &Found) -> Result<Backend, String> {
    let canary = only(found).map_err(|why| format!("--canary is not given, and the file {why}"))?;
    let rules = canary.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let paths = rules.filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths);
    let default = canary.spec.iter().filter_map(|spec| spec.default_backend.as_ref());
    let backends = default.chain(paths.map(|path| &path.backend));
    let services = backends.filter_map(|IngressBackend { service, .. }| service.as_ref());
    let services: BTreeSet<String> = services.map(text).collect();
    match services.first() {
        Some(service) if services.len() == 1 => service.parse().map_err(|why| format!("the canary's Service: {why}")),
        _ => Err(format!("--canary is not given, and the canary Ingress routes to {} Services", services.len())),
    }
}

fn text(IngressServiceBackend { name, port }: &IngressServiceBackend) -> String {
    let number = port.as_ref().and_then(|port| port.number).map(|number| number.to_string());
    let port = number.or_else(|| port.as_ref()?.name.clone());
    port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}
