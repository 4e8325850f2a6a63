//! The policy and the Service of the canary Ingress that a file has beside the stable one.

use std::collections::BTreeSet;

use canary_policy::Policy;
use canary_policy::targets::Backend;
use canary_policy::targets::nginx::{self, Annotations, Flags, Prefix, Reading};
use k8s_openapi::api::networking::v1::{Ingress, IngressServiceBackend};

use crate::manifests::Found;

/// The one canary Ingress.
fn only(found: &Found) -> Result<&Ingress, String> {
    match found.canaries.as_slice() {
        [canary] => Ok(canary),
        [] => Err("has no canary Ingress to take it from".to_owned()),
        several => Err(format!("has {} canary Ingresses to take it from", several.len())),
    }
}

/// The policy that its annotations and those of the stable one are, and what was noticed in them.
pub(crate) fn policy(found: &Found, prefix: &Prefix) -> Result<(Policy, Vec<String>), String> {
    let canary = only(found).map_err(|why| format!("no policy is given, and the file {why}"))?;
    let of = |ingress: &Ingress| ingress.metadata.annotations.clone().unwrap_or_default();
    let flags = Flags::default().with_prefix(prefix.clone());
    let read = nginx::read(&Annotations::new(of(canary), of(&found.stable)), &flags);
    let name = canary.metadata.name.as_deref().unwrap_or_default();
    let Reading { policy, findings, .. } = read.map_err(|why| format!("canary Ingress `{name}`: {why}"))?;
    let taken = format!("the policy is that of the canary Ingress `{name}`");
    let noticed = findings.iter().map(|finding| format!("canary Ingress `{name}`: {finding}"));
    Ok((policy, std::iter::once(taken).chain(noticed).collect()))
}

/// The Service that it routes to.
pub(crate) fn service(found: &Found) -> Result<Backend, String> {
    let canary = only(found).map_err(|why| format!("--canary is not given, and the file {why}"))?;
    let rules = canary.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let paths = rules.filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths);
    let services: BTreeSet<String> = paths.filter_map(|path| path.backend.service.as_ref()).map(text).collect();
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
