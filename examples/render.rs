//! Prints what a policy is for whatever routes, from the stable Ingress: the canary Ingress beside it, ready for
//! `kubectl apply`, or with `--to` what another target reads. Without a policy it is that of the canary Ingress in the file.
//!
//! ```console
//! $ cargo run --example render -- examples/manifests/prd.yaml --weight 30 --canary canary
//! $ cargo run --example render -- examples/manifests/prd.yaml --weight 30 --canary canary --to gateway
//! ```

#[path = "common/arguments.rs"]
mod arguments;
#[path = "render/canary.rs"]
mod canary;
#[path = "common/files.rs"]
mod files;
#[path = "render/ingress.rs"]
mod ingress;
#[path = "render/manifests.rs"]
mod manifests;
#[path = "common/policy.rs"]
mod policy;
#[path = "render/report.rs"]
mod report;
#[path = "render/routed.rs"]
mod routed;
#[path = "common/say.rs"]
mod say;

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use canary_policy::Loss;
use canary_policy::targets::Backend;
use canary_policy::targets::nginx::{Params, Prefix};
use clap::Parser;
use report::Report;
use routed::Places;

/// Prints what a policy is for whatever routes, from the stable Ingress.
#[derive(Parser)]
#[command(name = "render")]
struct Args {
    /// YAML with the stable Ingress in any form it ever had, among other documents or alone; `-` is standard input.
    file: String,
    /// What reads the output.
    #[arg(long, value_enum, default_value = "nginx")]
    to: Target,
    /// The Service under trial, one for each canary of the policy; without a port it is asked at the stable one's
    /// [default: that of the canary Ingress in the file].
    #[arg(long, value_name = "SERVICE[:PORT]")]
    canary: Vec<String>,
    /// The Service it stands in for, where the Ingress routes to several.
    #[arg(long, value_name = "SERVICE[:PORT]")]
    stable: Option<String>,
    /// The stable Ingress, where the file has several.
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    ingress: Option<String>,
    /// The canary Ingress's name [default: the stable one's, `-` and the canary's name].
    #[arg(long)]
    name: Option<String>,
    /// The annotations' prefix [default: nginx.ingress.kubernetes.io].
    #[arg(long)]
    prefix: Option<String>,
    /// What the routes hang on, for gateway and istio [default: a Gateway called as the Ingress's class].
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    gateway: Vec<String>,
    /// The number of the Services' port, where the Ingress calls it by name.
    #[arg(long, value_name = "NUMBER")]
    port: Option<u16>,
    /// How many pods there are, for replicas.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pods: u32,
    /// How losses, notes and errors are told on standard error.
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    losses: Report,
    /// Print nothing and exit with 2 if anything the policy says is lost.
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    policy: policy::PolicyFlags,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Target {
    /// A canary Ingress beside the stable one, for ingress-nginx.
    Nginx,
    /// HTTPRoutes, or GRPCRoutes where the backend speaks gRPC.
    Gateway,
    /// VirtualServices.
    Istio,
    /// HTTPRoutes on the stable Service.
    Linkerd,
    /// VirtualServices of Gloo Edge.
    Gloo,
    /// A RouteConfiguration for each route.
    Envoy,
    /// How many pods of each variant stand behind one Service.
    Replicas,
}

/// What comes of a conversion.
#[derive(Default)]
struct Written {
    documents: Vec<String>,
    losses: Vec<Loss>,
    notes: Vec<String>,
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
    let canaries = args.canary.iter().map(|canary| flag("--canary", canary.parse()));
    let mut canaries: Vec<Backend> = canaries.collect::<Result<_, _>>()?;
    let stable = args.stable.as_ref().map(|stable| flag("--stable", stable.parse())).transpose()?;
    let prefix = args.prefix.as_ref().map_or(Ok(Prefix::default()), |prefix| flag("--prefix", Prefix::new(prefix)))?;
    let parents = args.gateway.iter().map(|parent| flag("--gateway", parent.parse())).collect::<Result<_, _>>()?;
    let port = args.port.map(|port| flag("--port", port.to_string().parse())).transpose()?;

    let file = if args.file == "-" { "standard input" } else { &args.file };
    let in_file = |why: &dyn Display| format!("{file}: {why}");
    let found = manifests::read(&files::read(&args.file)?, &prefix, args.ingress.as_deref());
    let mut found = found.map_err(|why| in_file(&why))?;
    if canaries.is_empty() {
        canaries.push(canary::service(&found).map_err(|why| in_file(&why))?);
    }
    let (policy, noticed) = match given {
        Some(policy) => (policy, Vec::new()),
        None if found.canaries.is_empty() => (args.policy.read()?, Vec::new()),
        None => canary::policy(&mut found, &prefix).map_err(|why| in_file(&why))?,
    };
    let written = match (args.to, canaries.first()) {
        (Target::Nginx, Some(canary)) => {
            let mut params = Params::new(canary.clone());
            (params.stable, params.name, params.prefix) = (stable, args.name.clone(), prefix);
            ingress::written(&found, &policy, &params)
        }
        (target, _) => {
            let places = Places { stable, canaries, parents, port, pods: args.pods, prefix };
            routed::written(target, &found.stable, &policy, places)
        }
    };
    let Written { documents, losses, notes } = written.map_err(|why| in_file(&why))?;

    for note in found.notes.iter().chain(&noticed).chain(&notes) {
        args.losses.note(&in_file(note));
    }
    let reached = policy
        .canaries()
        .iter()
        .any(|canary| canary.weight() > 0 || canary.header().is_some() || canary.cookie().is_some());
    if !reached {
        args.losses.note("the canary has no weight and no rule: nothing reaches it");
    }
    for loss in &losses {
        args.losses.loss(loss);
    }
    if args.exact && !losses.is_empty() {
        return Ok(ExitCode::from(2));
    }
    let text = documents.join("---\n");
    anstream::stdout().write_all(text.as_bytes()).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// The error with the flag it is about.
fn flag<T, E: Display>(name: &str, value: Result<T, E>) -> Result<T, String> {
    value.map_err(|error| format!("{name}: {error}"))
}
