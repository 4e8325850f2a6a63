//! Prints a policy in the form of a target: by default as a canary Ingress, ready for `kubectl apply`.
//!
//! The file has the stable Ingress that the canary is for. Without a policy in the arguments, the policy is read from the
//! canary Ingress in the file.
//!
//! ```console
//! $ cargo run --example render -- examples/manifests/prd.yaml --weight 30 --canary canary
//! $ cargo run --example render -- examples/manifests/pair.yaml --to gateway
//! ```

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/document.rs"]
mod document;
#[path = "common/files.rs"]
mod files;
#[path = "common/grpc.rs"]
mod grpc;
#[path = "common/implementation.rs"]
mod implementation;
#[path = "common/ingresses.rs"]
mod ingresses;
#[path = "common/json.rs"]
mod json;
#[path = "common/output.rs"]
mod output;
#[path = "common/policy.rs"]
mod policy;
#[path = "render/proof.rs"]
mod proof;
#[path = "render/report.rs"]
mod report;
#[path = "common/say.rs"]
mod say;
#[path = "common/spec.rs"]
mod spec;
#[path = "render/written.rs"]
mod written;

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

use canary_policy::error::Excerpt;
use canary_policy::route::{Backend, Parent, Port, VirtualHost};
use canary_policy::targets::Part;
use canary_policy::targets::gateway::Implementation;
use canary_policy::targets::nginx::{Cluster, Flags, Pair, Prefix, hosts};
use canary_policy::{Affinity, AffinityScope, Canary, Loss, Policy};
use clap::Parser;
use ingresses::Ingresses;
use report::Report;
use written::Written;

/// Prints a policy in the form of a target, for the hosts and paths of a stable Ingress.
#[derive(Parser)]
#[command(name = "render")]
struct Args {
    /// A YAML file with the stable Ingress, of any API version; other documents are skipped. `-` is standard input.
    file: String,
    /// The target that reads the output.
    #[arg(long, value_enum, default_value = "nginx")]
    to: Target,
    /// The Service of a canary, once for each canary of the policy; without a port it gets the port of the stable Service
    /// [default: the Service of the canary Ingress in the file].
    #[arg(long, value_name = "SERVICE[:PORT]")]
    canary: Vec<String>,
    /// The stable Service; required if the Ingress routes to several Services.
    #[arg(long, value_name = "SERVICE[:PORT]")]
    stable: Option<String>,
    /// The stable Ingress; required if the file has several.
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    ingress: Option<String>,
    /// The name of the objects [default: the name of the stable Ingress; for nginx also `-` and the name of the canary, for linkerd
    /// also `-linkerd`].
    #[arg(long)]
    name: Option<String>,
    /// The prefix of the annotations [default: nginx.ingress.kubernetes.io].
    #[arg(long)]
    prefix: Option<String>,
    /// The Gateways that the routes attach to, for gateway and istio [default: a Gateway with the name of the Ingress class].
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    gateway: Vec<String>,
    /// The implementation of the Gateway API, for gateway: what it says that it does not support is a loss.
    #[arg(long, value_name = "NAME", value_parser = implementation::parser())]
    implementation: Option<Implementation>,
    /// The number of the Services' port; required if the Ingress names the port and the target needs a number.
    #[arg(long, value_name = "NUMBER")]
    port: Option<u16>,
    /// The number of pods, for replicas.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pods: u32,
    /// Honour the affinity cookies that ingress-nginx has handed out for the canary Ingress in the file, so that its clients keep
    /// their variants. Needed until these cookies are gone.
    #[arg(long)]
    keep_sessions: bool,
    /// The form of losses, notes and errors on standard error.
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    losses: Report,
    /// If the output does not express the whole policy, print none and exit with 2.
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    policy: policy::PolicyFlags,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Target {
    /// A canary Ingress beside the stable Ingress, for ingress-nginx.
    Nginx,
    /// HTTPRoutes, or GRPCRoutes if the backend speaks gRPC.
    Gateway,
    /// VirtualServices.
    Istio,
    /// HTTPRoutes that attach to the stable Service.
    Linkerd,
    /// VirtualServices of Gloo Edge.
    Gloo,
    /// A RouteConfiguration for each route.
    Envoy,
    /// The number of pods of each variant behind one Service.
    Replicas,
}

/// The arguments, parsed.
struct Parameters {
    to: Target,
    stable: Option<Backend>,
    canaries: Vec<Backend>,
    name: Option<String>,
    parents: Vec<Parent>,
    implementation: Option<Implementation>,
    port: Option<Port>,
    pods: u32,
    flags: Flags,
    keep_sessions: bool,
    /// What the controller serves for the file, if the policy is read from the file.
    served: Option<Served>,
}

/// What the controller serves for all Ingresses of a file.
struct Served {
    hosts: Vec<VirtualHost>,
    /// The Service of the canary Ingress. The output may have another one.
    canary: Option<Backend>,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            args.losses.error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let given = if args.policy.are_given() { Some(args.policy.read()?) } else { None };
    let mut parameters = parameters(args)?;
    let file = if args.file == "-" { files::name("standard input") } else { files::name(&args.file) };
    let in_file = |why: &dyn Display| format!("{file}: {why}");

    let ingresses = ingresses::read(&files::read(&args.file)?, &parameters.flags, args.ingress.as_deref());
    let mut ingresses = ingresses.map_err(|why| in_file(&why))?;
    if parameters.canaries.is_empty() {
        parameters.canaries.push(canary_service(&ingresses, &parameters.flags).map_err(|why| in_file(&why))?);
    }
    let policy = match given {
        Some(policy) => policy,
        None if ingresses.canaries.is_empty() => args.policy.read()?,
        None => {
            parameters.served = Some(served(&ingresses, &parameters.flags).map_err(|why| in_file(&why))?);
            policy_of_pair(&mut ingresses, &parameters.flags).map_err(|why| in_file(&why))?
        }
    };
    if args.keep_sessions && parameters.served.is_none() {
        let why = "the policy has to be that of the canary Ingress in the file, whose cookies clients hold";
        return Err(format!("--keep-sessions: {why}").into());
    }
    let Written { documents, losses, notes } =
        written::written(&policy, &ingresses, &parameters).map_err(|why| in_file(&why))?;

    for note in ingresses.notes.iter().chain(&notes) {
        args.losses.note(&in_file(note));
    }
    for note in reach_notes(&policy, &losses, args.to) {
        args.losses.note(&note);
    }
    for loss in &losses {
        args.losses.loss(loss);
    }
    if args.exact && !losses.is_empty() {
        return Ok(ExitCode::from(2));
    }
    let text = documents.join("---\n");
    let _ = output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Notes about canaries that get no request, or only those of clients that they already have.
fn reach_notes(policy: &Policy, losses: &[Loss], to: Target) -> Vec<String> {
    let is_changed = |loss: &Loss| matches!(loss, Loss::Changed { .. });
    let is_lost = losses.iter().any(|loss| loss.part() == Part::Affinity && !is_changed(loss));
    let cookie = match policy.affinity() {
        Affinity::Cookie(cookie) if cookie.scope() == AffinityScope::AllVariants && !is_lost => Some(cookie.name()),
        Affinity::Cookie(_) | Affinity::Key(_) | Affinity::None => None,
    };
    let Some(cookie) = cookie else {
        let is_reached =
            |canary: &Canary| canary.weight() > 0 || canary.header().is_some() || canary.cookie().is_some();
        let none = !policy.canaries().iter().any(is_reached);
        return none
            .then(|| "no request reaches the canary: it has no weight and no rule".to_owned())
            .into_iter()
            .collect();
    };
    // A cookie of ingress-nginx has no revision.
    let release = if to == Target::Nginx { "another name of the cookie" } else { "another revision of the cookie" };
    let without_weight = policy.canaries().iter().filter(|canary| canary.weight() == 0);
    let note = |canary: &Canary| {
        format!(
            "the weight of `{}` is 0, but clients whose cookie `{cookie}` names it stay there: {release} releases them",
            canary.name()
        )
    };
    without_weight.map(note).collect()
}

fn parameters(args: &Args) -> Result<Parameters, String> {
    let canaries = args.canary.iter().map(|canary| flag("--canary", canary.parse())).collect::<Result<_, _>>()?;
    let stable = args.stable.as_ref().map(|stable| flag("--stable", stable.parse())).transpose()?;
    let prefix = args.prefix.as_ref().map_or(Ok(Prefix::default()), |prefix| flag("--prefix", Prefix::new(prefix)))?;
    let parents = args.gateway.iter().map(|parent| flag("--gateway", parent.parse())).collect::<Result<_, _>>()?;
    let port = args.port.map(|port| flag("--port", port.to_string().parse())).transpose()?;
    let flags = Flags::default().with_prefix(prefix);
    Ok(Parameters {
        to: args.to,
        stable,
        canaries,
        name: args.name.clone(),
        parents,
        implementation: args.implementation,
        port,
        pods: args.pods,
        flags,
        keep_sessions: args.keep_sessions,
        served: None,
    })
}

/// The value of a flag; the error names the flag.
fn flag<T, E: Display>(name: &str, value: Result<T, E>) -> Result<T, String> {
    value.map_err(|error| format!("{name}: {error}"))
}

/// The Service of the canary Ingress in the file.
fn canary_service(ingresses: &Ingresses, flags: &Flags) -> Result<Backend, String> {
    let service = Pair::find(&ingresses.stable, &ingresses.canaries, flags).and_then(|pair| pair.canary_service());
    service.map_err(|why| format!("--canary is not given, and {why}"))
}

/// What the controller of the stable Ingress serves for all Ingresses of the file.
fn served(ingresses: &Ingresses, flags: &Flags) -> Result<Served, String> {
    let stable = &ingresses.stable;
    let of_spec = stable.spec.ingress_class_name.as_ref();
    let class = of_spec.or(stable.metadata.annotations.get("kubernetes.io/ingress.class"));
    let of_class = flags.clone().with_class(class.map_or("nginx", String::as_str));
    let cluster = Cluster::new(of_class).with_ingresses(ingresses.all.clone());
    let readings = hosts(&cluster.with_services(ingresses.services.clone())).map_err(|panic| panic.to_string())?;
    let hosts = readings.into_iter().filter_map(|reading| reading.virtual_host).collect();
    Ok(Served { hosts, canary: canary_service(ingresses, flags).ok() })
}

/// The policy of the canary Ingress in the file. The stable Ingress is reduced to the paths that the canary Ingress covers.
fn policy_of_pair(ingresses: &mut Ingresses, flags: &Flags) -> Result<Policy, String> {
    let Ingresses { stable, canaries, notes, .. } = ingresses;
    let pair = Pair::find(stable, &*canaries, flags).map_err(|why| format!("no policy is given, and {why}"))?;
    let canary = Excerpt::of(&pair.canary().metadata.name);
    let reading = pair.read(flags).map_err(|why| format!("canary Ingress `{canary}`: {why}"))?;
    let covered = pair.covered();
    notes.push(format!("the policy is read from the canary Ingress `{canary}`"));
    notes.extend(reading.findings.iter().map(|finding| format!("{} Ingress: {finding}", finding.ingress)));
    notes.extend(covered.findings.iter().map(ToString::to_string));
    *stable = covered.ingress;
    Ok(reading.policy)
}
