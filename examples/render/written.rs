//! The documents, losses and notes of each target.

use std::collections::BTreeSet;
use std::error::Error;

use canary_policy::route::Route;
use canary_policy::targets::istio::{Objects, VirtualServiceParams};
use canary_policy::targets::nginx::{self, CanaryIngress, Ingress, IngressParams, Routes};
use canary_policy::targets::replicas::{self, Pods};
use canary_policy::targets::{Finding, envoy, gateway, gloo, istio, linkerd};
use canary_policy::{Affinity, Conversion, Loss, Policy};
use serde::Serialize;

use crate::document::document;
use crate::grpc::is_in_grpc_route;
use crate::implementation::route_params;
use crate::ingresses::Ingresses;
use crate::proof;
use crate::{Parameters, Target};

/// The output of a run, before anything is printed.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) documents: Vec<String>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn written(policy: &Policy, ingresses: &Ingresses, parameters: &Parameters) -> Result<Written, String> {
    let mut written = Written { notes: without_effect(parameters), ..Written::default() };
    match parameters.to {
        Target::Nginx => written.add_canary_ingress(policy, ingresses, parameters)?,
        Target::Gateway => {
            let routes = written.routes(policy, ingresses, parameters)?;
            let routes = written.attached(routes, parameters)?;
            let params = route_params(parameters.implementation);
            let mut features = BTreeSet::new();
            for route in &routes.routes {
                if routes.grpc {
                    let objects = written.kept(gateway::grpc_routes(policy, route, &params))?;
                    features.extend(objects.iter().flat_map(|object| object.spec.features()));
                    written.add_objects(&objects)?;
                } else {
                    let objects = written.kept(gateway::http_routes(policy, route, &params))?;
                    features.extend(objects.iter().flat_map(|object| object.spec.features()));
                    written.add_objects(&objects)?;
                }
            }
            written.notes.extend(params.notes(features).iter().map(ToString::to_string));
        }
        Target::Istio => {
            let routes = hosts_apart(written.routes(policy, ingresses, parameters)?)?;
            for route in written.attached(routes, parameters)?.routes {
                written.add_istio(policy, &route)?;
            }
        }
        Target::Linkerd => {
            let routes = written.routes(policy, ingresses, parameters)?.regardless_of_hosts();
            for route in routes.map_err(|why| format!("paths: {why}"))?.routes {
                let objects = linkerd::http_routes(policy, &route, &linkerd::RouteParams::default());
                let objects = written.kept(objects)?;
                written.add_objects(&objects)?;
            }
        }
        Target::Gloo => {
            for route in hosts_apart(written.routes(policy, ingresses, parameters)?)?.routes {
                written.add(gloo::virtual_service(policy, &route))?;
            }
        }
        Target::Envoy => {
            for route in hosts_apart(written.routes(policy, ingresses, parameters)?)?.routes {
                written.add(envoy::route_configuration(policy, &route, &envoy::RouteParams::default()))?;
            }
        }
        Target::Replicas => {
            // The pods are behind one Service, whatever its routes are. The Ingress is read for its errors and notes.
            let _ = written.routes(policy, ingresses, parameters)?;
            let pods = Pods::new(parameters.pods).map_err(|why| format!("--pods: {why}"))?;
            written.add(replicas::split(policy, &pods))?;
        }
    }
    Ok(written)
}

/// A note for each flag that the target does not read.
fn without_effect(parameters: &Parameters) -> Vec<String> {
    let Parameters {
        to,
        stable: _,
        canaries: _,
        name,
        parents,
        implementation,
        port: _,
        pods: _,
        flags: _,
        keep_sessions,
        served: _,
    } = parameters;
    let flags = [
        ("--name", name.is_some() && *to == Target::Replicas),
        ("--implementation", implementation.is_some() && *to != Target::Gateway),
        ("--gateway", !parents.is_empty() && !matches!(to, Target::Gateway | Target::Istio)),
        // The controller honours its own cookies, and pods none.
        ("--keep-sessions", *keep_sessions && matches!(to, Target::Nginx | Target::Replicas)),
    ];
    let unread = flags.into_iter().filter(|(_, unread)| *unread);
    unread.map(|(flag, _)| format!("{flag} has no effect on the output for this target")).collect()
}

/// The routes, for a target that needs all rules of a host in one object.
fn hosts_apart(routes: Routes) -> Result<Routes, String> {
    match routes.shared_host() {
        None => Ok(routes),
        Some(host) => Err(format!(
            "host `{host}` needs several objects, since its paths are at several ports of the Service, and this target does \
             not order them: write one object for each port, or use --to gateway"
        )),
    }
}

impl Written {
    /// The routes of the stable Ingress. Everything else in the Ingress becomes a note.
    fn routes(&mut self, policy: &Policy, ingresses: &Ingresses, parameters: &Parameters) -> Result<Routes, String> {
        let Parameters { to, stable: service, canaries, name, port, flags, keep_sessions, served, .. } = parameters;
        let Ingresses { stable, services, .. } = ingresses;
        let routes = nginx::routes(stable, service.as_ref(), canaries, flags).map_err(|why| why.to_string())?;
        let is_written = |finding: &Finding| *to == Target::Gateway && is_in_grpc_route(finding);
        let findings = routes.findings.iter().filter(|finding| !is_written(finding));
        self.notes.extend(findings.map(ToString::to_string));
        match policy.affinity() {
            Affinity::None if routes.affinity => {
                self.notes.push("the stable Ingress has an affinity, and the policy has none".to_owned());
            }
            Affinity::None => {}
            Affinity::Cookie(_) | Affinity::Key(_) => {
                let note = "ingress-nginx pins a client to one pod, and this target pins a client to its variant";
                self.notes.push(note.to_owned());
            }
        }
        // HTTPRoutes of one name for a Gateway and for Linkerd would replace each other.
        let of_linkerd = || routes.routes.first().map(|route| format!("{}-linkerd", route.name()));
        let name = name.clone().or_else(|| if *to == Target::Linkerd { of_linkerd() } else { None });
        let routes = match name {
            Some(name) => routes.with_name(&name).map_err(|why| format!("--name: {why}"))?,
            None => routes,
        };
        let routes = proof::with_known_ports(routes, services);
        let routes = match port {
            Some(port) => routes.with_port(port),
            None => routes,
        };
        if let Some(served) = served.as_ref().filter(|_| *to != Target::Replicas) {
            proof::check(policy, &routes, served, port.as_ref())?;
        }
        let Some(served) = served else { return Ok(routes) };
        let moved = proof::with_former_tokens(routes.clone(), served);
        if *keep_sessions {
            return Ok(moved);
        }
        if moved != routes && *to != Target::Replicas {
            let note =
                "clients that hold a cookie of ingress-nginx are assigned anew: --keep-sessions keeps their variants";
            self.notes.push(note.to_owned());
        }
        Ok(routes)
    }

    /// The routes, attached to the Gateways of the arguments or to the Gateway with the name of the class.
    fn attached(&mut self, routes: Routes, parameters: &Parameters) -> Result<Routes, String> {
        let mut parents = parameters.parents.clone();
        if parents.is_empty() {
            let class = &routes.class;
            self.notes.push(format!(
                "the Gateway is assumed to have the name of the class, `{class}`: --gateway sets another"
            ));
            parents.push(routes.gateway_of_class().map_err(|why| format!("the class: {why}"))?);
        }
        routes.with_parents(parents).map_err(|why| format!("--gateway: {why}"))
    }

    fn add_canary_ingress(
        &mut self,
        policy: &Policy,
        ingresses: &Ingresses,
        parameters: &Parameters,
    ) -> Result<(), String> {
        let Parameters { stable: service, canaries, name, flags, .. } = parameters;
        let canary = canaries.first().ok_or("--canary is not given")?;
        let mut params = IngressParams::new(canary.clone()).with_flags(flags.clone());
        (params.stable, params.name) = (service.clone(), name.clone());
        let output = self.kept(nginx::canary_ingress(&ingresses.stable, policy, &params))?;

        let identity = |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
        if ingresses.canaries.iter().any(|canary| identity(canary) == identity(&output.ingress)) {
            let name = &output.ingress.metadata.name;
            self.notes.push(format!("the output replaces the canary Ingress `{name}` of the file"));
        }
        if !output.stable_edit.is_empty() {
            let why = if output.stable_edit.values().all(Option::is_none) {
                "the policy has no affinity cookie, and the canary would share that of the stable Ingress"
            } else {
                "the affinity needs a change of the stable Ingress"
            };
            self.notes.push(format!("{why}: the command is in a comment above the manifest"));
        }
        self.documents.push(format!("{}{}", command(&ingresses.stable, &output), document(&output.ingress)?));
        Ok(())
    }

    /// The DestinationRule comes first, since its subsets have to exist before a route names them.
    fn add_istio(&mut self, policy: &Policy, route: &Route) -> Result<(), String> {
        let objects = self.kept(istio::virtual_service(policy, route, &VirtualServiceParams::default()))?;
        let Objects { destination_rule, virtual_service, .. } = objects;
        self.documents.extend(destination_rule.as_ref().map(document).transpose()?);
        self.documents.push(document(&virtual_service)?);
        Ok(())
    }

    fn add<T: Serialize>(&mut self, converted: Result<Conversion<T>, impl Error>) -> Result<(), String> {
        let output = self.kept(converted)?;
        self.documents.push(document(&output)?);
        Ok(())
    }

    fn add_objects(&mut self, objects: &[impl Serialize]) -> Result<(), String> {
        for object in objects {
            self.documents.push(document(object)?);
        }
        Ok(())
    }

    /// The output of a conversion. A loss that several routes have is kept once.
    fn kept<T>(&mut self, converted: Result<Conversion<T>, impl Error>) -> Result<T, String> {
        let Conversion { output, losses } = converted.map_err(|why| why.to_string())?;
        for loss in losses {
            if !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
        Ok(output)
    }
}

/// A comment with the command that changes the stable Ingress; empty if nothing changes. A second manifest of the stable
/// Ingress would replace it.
fn command(stable: &Ingress, output: &CanaryIngress) -> String {
    if output.stable_edit.is_empty() {
        return String::new();
    }
    let name = &stable.metadata.name;
    let namespace = stable.metadata.namespace.iter().map(|namespace| format!(" --namespace {namespace}"));
    let changes = output.stable_edit.iter().map(|(key, value)| match value {
        Some(value) => format!(" '{key}={}'", value.replace('\'', r"'\''")),
        None => format!(" '{key}-'"),
    });
    let arguments: String = namespace.chain(changes).collect();
    format!("# The stable Ingress carries the affinity:\n#   kubectl annotate --overwrite ingress {name}{arguments}\n")
}
