//! The same policy for whatever else routes.

use std::collections::BTreeSet;
use std::error::Error;

use canary_policy::targets::istio::Objects;
use canary_policy::targets::nginx::{self, Prefix, Routes};
use canary_policy::targets::{Backend, Parent, Port, Route, envoy, gateway, gloo, istio, linkerd, replicas};
use canary_policy::{Affinity, Conversion, Policy};
use k8s_openapi::api::networking::v1::Ingress;
use serde::Serialize;

use crate::{Target, Written};

/// What a target is told beside the policy.
pub(crate) struct Places {
    pub(crate) stable: Option<Backend>,
    pub(crate) canaries: Vec<Backend>,
    pub(crate) parents: Vec<Parent>,
    pub(crate) port: Option<Port>,
    pub(crate) pods: u32,
    pub(crate) prefix: Prefix,
}

pub(crate) fn written(target: Target, ingress: &Ingress, policy: &Policy, places: Places) -> Result<Written, String> {
    let Places { stable, canaries, parents, port, pods, prefix } = places;
    let read = nginx::routes(ingress, stable.as_ref(), &canaries, &prefix).map_err(|why| why.to_string())?;
    let Routes { routes, findings, .. } = read;
    let mut written = Written { notes: findings.iter().map(ToString::to_string).collect(), ..Written::default() };
    let affinity = ingress.metadata.annotations.iter().flatten().find(|(key, _)| key.ends_with("/affinity"));
    if let (Some((key, _)), Affinity::None) = (affinity, policy.affinity()) {
        written.notes.push(format!("the policy has no affinity, and the stable Ingress has one: `{key}`"));
    }
    // However many routes there are, the pods are behind one Service.
    let routes = if target == Target::Replicas { routes.into_iter().take(1).collect() } else { routes };
    let routes: Vec<Route> = routes.into_iter().map(|route| numbered(route, port.as_ref())).collect();
    let routes = if target == Target::Linkerd { without_hosts(routes)? } else { routes };
    let by_host = matches!(target, Target::Istio | Target::Gloo | Target::Envoy);
    if let Some(host) = shared_host(&routes).filter(|_| by_host) {
        return Err(format!(
            "host `{host}` has its paths at several ports of the Service, which would be several objects for one host, in no \
             order: write one for each port, or use --to gateway"
        ));
    }
    if policy.affinity() != &Affinity::None {
        written.notes.push("ingress-nginx keeps a client on one pod; this keeps it on its variant".to_owned());
    }
    for route in routes {
        let hangs = matches!(target, Target::Gateway | Target::Istio);
        let route = if hangs { hung(route, &parents, ingress, &mut written.notes)? } else { route };
        match target {
            Target::Nginx => return Err("an Ingress is no route".to_owned()),
            Target::Gateway if is_grpc(ingress, &prefix) => written.add_each(gateway::grpc_routes(policy, &route))?,
            Target::Gateway => written.add_each(gateway::http_routes(policy, &route))?,
            Target::Linkerd => written.add_each(linkerd::http_routes(policy, &route))?,
            Target::Gloo => written.add(gloo::virtual_service(policy, &route))?,
            Target::Envoy => written.add(envoy::route_configuration(policy, &route))?,
            Target::Istio => {
                let Objects { destination_rule, virtual_service, .. } =
                    written.kept(istio::virtual_service(policy, &route, &istio::Params::default()))?;
                // The subsets have to be there before a route names them.
                written.documents.extend(destination_rule.as_ref().map(document).transpose()?);
                written.documents.push(document(&virtual_service)?);
            }
            Target::Replicas => {
                let pods = replicas::Params::new(pods).map_err(|why| format!("--pods: {why}"))?;
                written.add(replicas::split(policy, &pods))?;
            }
        }
    }
    Ok(written)
}

impl Written {
    fn add<T: Serialize>(&mut self, converted: Result<Conversion<T>, impl Error>) -> Result<(), String> {
        let output = self.kept(converted)?;
        self.documents.push(document(&output)?);
        Ok(())
    }

    fn add_each<T: Serialize>(&mut self, converted: Result<Conversion<Vec<T>>, impl Error>) -> Result<(), String> {
        for object in self.kept(converted)? {
            self.documents.push(document(&object)?);
        }
        Ok(())
    }

    /// The output, its losses kept: one that several routes have is one.
    fn kept<T>(&mut self, converted: Result<Conversion<T>, impl Error>) -> Result<T, String> {
        let Conversion { output, losses, .. } = converted.map_err(|why| why.to_string())?;
        for loss in losses {
            if !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
        Ok(output)
    }
}

fn document(object: &impl Serialize) -> Result<String, String> {
    serde_saphyr::to_string(object).map_err(|error| error.to_string())
}

/// The route with the number of the ports that an Ingress calls by name.
fn numbered(route: Route, port: Option<&Port>) -> Route {
    let Some(port) = port else { return route };
    let at = |backend: &Backend| match backend.port() {
        Some(Port::Number(_)) => backend.clone(),
        _ => backend.clone().with_port(port.clone()),
    };
    let (stable, canaries): (Backend, Vec<Backend>) = (at(route.stable()), route.canaries().iter().map(at).collect());
    route.with_backends(stable, canaries)
}

/// Routes that differ in their hosts only, as one: for what hangs on a Service, where hosts do not matter.
fn without_hosts(routes: Vec<Route>) -> Result<Vec<Route>, String> {
    let mut merged: Vec<Route> = Vec::new();
    for route in routes {
        let same = |other: &Route| other.stable() == route.stable() && other.canaries() == route.canaries();
        match merged.iter().position(same) {
            None => merged.push(route),
            Some(at) => {
                let first = merged.swap_remove(at);
                let more = route.paths().iter().filter(|path| !first.paths().contains(path));
                let paths: Vec<_> = first.paths().iter().chain(more).cloned().collect();
                merged.push(first.with_paths(paths).map_err(|why| format!("paths: {why}"))?);
            }
        }
    }
    Ok(merged)
}

/// Whether one host is in several routes, which only the Gateway API puts in order.
fn shared_host(routes: &[Route]) -> Option<String> {
    let mut seen = BTreeSet::new();
    routes.iter().find_map(|route| {
        let hosts = route.hosts().iter().map(ToString::to_string);
        let mut hosts = hosts.chain(route.hosts().is_empty().then(|| "*".to_owned()));
        hosts.find(|host| !seen.insert(host.clone()))
    })
}

/// The route on its Gateways: without any it hangs on one that is called as the Ingress's class.
fn hung(route: Route, parents: &[Parent], ingress: &Ingress, notes: &mut Vec<String>) -> Result<Route, String> {
    let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.clone());
    let old = ingress.metadata.annotations.as_ref().and_then(|all| all.get("kubernetes.io/ingress.class").cloned());
    let class = class.or(old).unwrap_or_else(|| "nginx".to_owned());
    let parents = if parents.is_empty() {
        let note = format!("the Gateway is assumed to be named after the class, `{class}`: --gateway names another");
        if !notes.contains(&note) {
            notes.push(note);
        }
        vec![class.parse().map_err(|why| format!("the class: {why}"))?]
    } else {
        parents.to_vec()
    };
    route.with_parents(parents).map_err(|why| format!("--gateway: {why}"))
}

fn is_grpc(ingress: &Ingress, prefix: &Prefix) -> bool {
    let key = format!("{}/backend-protocol", prefix.as_str());
    let protocol = ingress.metadata.annotations.as_ref().and_then(|all| all.get(&key));
    protocol.is_some_and(|protocol| protocol.starts_with("GRPC"))
}
