//! Moves the Ingresses of a cluster: says what each host does today, what is wrong with it, and what it becomes elsewhere, and
//! proves that nothing changes.
//!
//! ```console
//! $ kubectl get ingress,svc -A -o yaml | cargo run --example migrate -- -
//! $ cargo run --example migrate -- examples/manifests/hosts.yaml --to gateway --gateway infra/public \
//!     --keep-sessions --verify
//! $ cargo run --example migrate -- examples/manifests/hosts.yaml --against FILE
//! $ cargo run --example migrate -- examples/manifests/hosts.yaml --to istio --replay examples/manifests/traffic.jsonl
//! $ cargo run --example migrate -- examples/manifests/hosts.yaml --will-run-on traefik
//! ```
//!
//! The objects for the target are on standard output, and the report is on standard error. Without a target, the report is on
//! standard output.
//!
//! The exit code is 0 if everything that was asked is proven, or if nothing was asked; 1 is an error, 2 a loss or finding at the
//! severity of `--fail-on`, 3 a request that is answered differently, and 4 means that no difference was found but not everything
//! was compared.
//!
//! With `--replay` recorded requests are answered as before and after the move, and each request that is answered differently is
//! reported, which is the exit code 3. A line is a request in JSON:
//!
//! ```json
//! {"id": 1, "request": {"host": "shop.test", "path": "/cart", "headers": [["X-Canary", "always"]]}, "draw": 30}
//! ```
//!
//! Without `host`, the header `Host` is the host. `draw` is the number that the controller's `random(1..=total)` returned; if it
//! is null or missing, every number is tried. `id` is any value, and is reported; other fields are ignored, so that the lines of
//! `replay` can be extended. A line that is not of this form is an error, and the other lines are answered; a file
//! whose first lines are not JSON is one error.
//!
//! With `--effective` the input is JSON lines, each the state of one cluster: the data of the controller's `ConfigMap`, the
//! Ingresses, and the Services with whether a pod behind them is ready. The answer has each location with its stable Service and
//! the canary in force.
//!
//! ```console
//! $ cargo run --example migrate -- --effective examples/manifests/cluster.jsonl
//! ```
//!
//! ```json
//! {"id": 1, "config": {"annotations-risk-level": "High"},
//!  "ingresses": [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {}, "spec": {}}],
//!  "services": [{"namespace": "shop", "name": "web", "ports": [{"name": "http", "port": 80, "targetPort": 8080}], "endpoints": true}]}
//! ```
//!
//! A line that is not of this form is an error on standard error. The other lines are answered, and the exit code is 1. A file
//! whose first lines are not JSON is one error.

#[path = "migrate/after.rs"]
mod after;
#[path = "common/arguments.rs"]
mod arguments;
#[path = "migrate/dialect.rs"]
mod dialect;
#[path = "common/document.rs"]
mod document;
#[path = "migrate/effective.rs"]
mod effective;
#[path = "common/files.rs"]
mod files;
#[path = "common/grpc.rs"]
mod grpc;
#[path = "common/implementation.rs"]
mod implementation;
#[path = "common/json.rs"]
mod json;
#[path = "common/lines.rs"]
mod lines;
#[path = "migrate/list.rs"]
mod list;
#[path = "migrate/manifests.rs"]
mod manifests;
#[path = "migrate/notes.rs"]
mod notes;
#[path = "common/output.rs"]
mod output;
#[path = "migrate/ports.rs"]
mod ports;
#[path = "migrate/progress.rs"]
mod progress;
#[path = "migrate/proof.rs"]
mod proof;
#[path = "migrate/region.rs"]
mod region;
#[path = "migrate/replay.rs"]
mod replay;
#[path = "migrate/report.rs"]
mod report;
#[path = "migrate/sarif.rs"]
mod sarif;
#[path = "common/say.rs"]
mod say;
#[path = "migrate/target.rs"]
mod target;
#[path = "migrate/text.rs"]
mod text;
#[path = "migrate/unique_keys.rs"]
mod unique_keys;
#[path = "migrate/unread.rs"]
mod unread;

use std::io::Write;
use std::process::ExitCode;

use canary_policy::error::Severity;
use canary_policy::migrate;
use canary_policy::route::{Parent, VirtualHost};
use canary_policy::targets::gateway::Implementation;
use canary_policy::targets::nginx::{Cluster, Dialect, Flags, HostReading, Ingress, Prefix, Refusal, hosts, lint};
use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use manifests::Manifests;
use notes::{error, note, note_first};
use proof::Proof;
use report::{Parts, Report};
use target::{Target, Written};

/// Moves the Ingresses of a cluster: says what each host does today, what is wrong with it, and what it becomes elsewhere.
///
/// Exits with 0 if everything that was asked is proven, with 1 after an error, with 2 for a loss or finding at the severity of
/// --fail-on, with 3 if a request is answered differently, and with 4 if that is not decided.
#[derive(Parser)]
#[command(name = "migrate")]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a flag of the command line")]
struct Args {
    /// Files and folders with Ingresses and Services in YAML or JSON, of any API version; `-` is standard input. With --effective,
    /// files with JSON lines [default then: -].
    #[arg(value_name = "FILE", required_unless_present = "effective")]
    files: Vec<String>,
    /// The target that the hosts move to.
    #[arg(long, value_enum, group = "moved")]
    to: Option<Target>,
    /// The Gateways that the routes attach to [default for gateway and istio: a Gateway with the name of the class].
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    gateway: Vec<String>,
    /// Honour the affinity cookies that ingress-nginx has handed out, so that its clients keep their variants. Needed until these
    /// cookies are gone; to take the additional rules out again, convert again without it.
    #[arg(long, requires = "to")]
    keep_sessions: bool,
    /// The implementation of the Gateway API, for gateway: what it says that it does not support is a loss.
    #[arg(long, value_name = "NAME", requires = "to", value_parser = implementation::parser())]
    implementation: Option<Implementation>,
    /// Read the objects back, and prove that every request is answered as before.
    #[arg(long, requires = "to")]
    verify: bool,
    /// Prove it for the objects of these files, by whatever tool they were written. Can be repeated.
    #[arg(long, value_name = "FILE", group = "moved", conflicts_with_all = ["to", "effective"])]
    against: Vec<String>,
    /// Answer the requests of these files as before and after the move; `-` is standard input. A line is a request in JSON, as in
    /// `{"id": 1, "request": {"host": "shop.test", "path": "/cart", "headers": [["X-Canary", "always"]]}, "draw": 30}`. Can be
    /// repeated.
    #[arg(long, value_name = "FILE", requires = "moved")]
    replay: Vec<String>,
    /// The form of the report.
    #[arg(long, value_enum, default_value = "text")]
    report: Form,
    /// Write the report to this file, and only its summary to standard error, or to standard output without a target.
    #[arg(long, value_name = "FILE", conflicts_with = "effective")]
    report_file: Option<String>,
    /// The severity from which on losses and findings are a failure.
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    fail_on: Option<Severity>,
    /// Stop if a document cannot be read, instead of going on without it.
    #[arg(long)]
    strict: bool,
    /// The controller that reads the Ingresses today.
    #[arg(long, value_name = "NAME", default_value = "ingress-nginx", value_parser = dialect::parser())]
    from: Dialect,
    /// Say what changes when this controller reads the same Ingresses.
    #[arg(long, value_name = "NAME", conflicts_with = "effective", value_parser = dialect::parser())]
    will_run_on: Option<Dialect>,
    /// The class of the controller's Ingresses.
    #[arg(long, default_value = "nginx")]
    class: String,
    /// The prefix of the annotations [default: that of the controller].
    #[arg(long)]
    prefix: Option<String>,
    /// Read states of clusters as JSON lines, and write the locations of each with the canary in force.
    #[arg(long, conflicts_with_all = ["to", "strict", "fail_on"])]
    effective: bool,
}

impl Args {
    /// What is wrong with arguments together.
    fn conflict(&self) -> Option<&'static str> {
        let is_gateway = self.to.is_none_or(|target| target == Target::Gateway);
        let has_effect = self.implementation.is_none() || is_gateway;
        (!has_effect).then_some("--implementation is one of the Gateway API, and has no effect on another target")
    }
}

/// Reads a severity. Notes are never a failure.
fn severity() -> impl TypedValueParser<Value = Severity> {
    let severities = [Severity::Warning, Severity::Error];
    let parser = PossibleValuesParser::new(severities.map(Severity::as_str));
    parser.try_map(move |name| severities.into_iter().find(|one| one.as_str() == name).ok_or("no severity"))
}

/// The form of a report.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Form {
    /// Lines for people.
    Text,
    /// One line of JSON. With a target it is the last line on standard error.
    Json,
    /// SARIF 2.1.0 on one line, for code-scanning pages. With a target it is the last line on standard error.
    Sarif,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>().and_then(|args| arguments::checked(args, Args::conflict)) {
        Ok(args) => args,
        Err(code) => return code,
    };
    if args.effective {
        let input = vec!["-".to_owned()];
        return effective::run(if args.files.is_empty() { &input } else { &args.files });
    }
    run(&args).unwrap_or_else(|why| {
        error(&why);
        ExitCode::FAILURE
    })
}

fn run(args: &Args) -> Result<ExitCode, String> {
    let manifests = manifests::read(&args.files, args.strict)?;
    let cluster = cluster(args, &manifests)?;
    let findings = lint(&cluster);
    let mut readings = hosts(&cluster).map_err(|panic| panic.to_string())?;
    if args.to == Some(Target::Gateway) {
        for reading in readings.iter_mut().filter(|reading| reading.grpc) {
            reading.findings.retain(|one| !grpc::is_in_grpc_route(&one.finding));
        }
    }
    let changes = args.will_run_on.map(|dialect| migrate::changes_on(&cluster, &dialect)).transpose();
    let changes = changes.map_err(|panic| panic.to_string())?.unwrap_or_default();
    let written = args.to.map(|target| written(args, target, &readings)).transpose()?;
    let concerned = manifests.of_cluster.concerned();
    let proof = Proof::of(args, &manifests, &readings, written.as_ref(), &concerned)?;
    let mut errors = manifests.errors.clone();
    errors.extend(proof.errors().cloned());
    for why in written.iter().flat_map(|written| &written.failures).chain(proof.replay_errors()) {
        error(why);
        errors.push(why.clone());
    }
    let failed = !errors.is_empty() || written.as_ref().is_some_and(|written| !written.errors.is_empty());
    let report = Report::new(Parts {
        dialect: args.from,
        readings: &readings,
        findings: &findings,
        changes: &changes,
        written: written.as_ref(),
        proof: &proof,
        concerned: &concerned,
        errors,
    });
    let documents = written.as_ref().map(|written| written.documents.join("---\n"));
    print(args, &report, &manifests, documents.as_deref())?;
    Ok(ExitCode::from(proof.exit_code(&report, args.fail_on, failed)))
}

/// The cluster that the manifests are, as its controller reads it.
fn cluster(args: &Args, manifests: &Manifests) -> Result<Cluster, String> {
    let flags = Flags::default().with_dialect(args.from).with_class(&args.class);
    let prefix = args.prefix.as_ref().map(|prefix| Prefix::new(prefix)).transpose();
    let flags = prefix.map_err(|why| format!("--prefix: {why}"))?.into_iter().fold(flags, Flags::with_prefix);
    if manifests.ingresses.is_empty() {
        return Err(format!("{}: there is no Ingress", manifests::names(&args.files)));
    }
    let cluster =
        Cluster::new(flags).with_ingresses(manifests.ingresses.clone()).with_services(manifests.services.clone());
    let others = cluster.refused().into_iter().filter(|(_, refusal)| matches!(refusal, Refusal::OtherClass { .. }));
    let others: Vec<String> = others.map(|(name, _)| format!("`{name}`")).collect();
    note_first(&format!("left out, because they are of another class than `{}`", args.class), &others);
    let without = manifests.ingresses.iter().filter(|ingress| !has_class(ingress)).map(|ingress| &ingress.metadata);
    let without: Vec<String> = without
        .map(|metadata| format!("`{}`", manifests::full_name(metadata.namespace.as_deref(), &metadata.name)))
        .collect();
    let why = "read although they have no class, as the controller does only with --watch-ingress-without-class";
    note_first(why, &without);
    Ok(cluster)
}

/// Whether an Ingress names its class.
fn has_class(ingress: &Ingress) -> bool {
    ingress.spec.ingress_class_name.is_some()
        || ingress.metadata.annotations.contains_key("kubernetes.io/ingress.class")
}

/// The objects for the target.
fn written(args: &Args, target: Target, readings: &[HostReading]) -> Result<Written, String> {
    let gateways = gateways(args, target)?;
    let written = Written::new(target, readings, &gateways, args.keep_sessions, args.implementation);
    for text in &written.notes {
        note(text);
    }
    let hosts = readings.iter().filter_map(|reading| reading.virtual_host.as_ref());
    let mut locations = hosts.flat_map(VirtualHost::locations);
    if !args.keep_sessions && locations.any(|location| location.former_tokens().is_some()) {
        note(
            "clients that hold an affinity cookie of ingress-nginx are assigned anew: --keep-sessions keeps their variants",
        );
    }
    Ok(written)
}

/// The Gateways of the arguments, or the one with the name of the class.
fn gateways(args: &Args, target: Target) -> Result<Vec<Parent>, String> {
    let needs_gateway = matches!(target, Target::Gateway | Target::Istio);
    if !args.gateway.is_empty() && !needs_gateway {
        note("--gateway has no effect on the output for this target");
    }
    if args.gateway.is_empty() && needs_gateway {
        let assumed =
            format!("the Gateway is assumed to have the name of the class, `{}`: --gateway sets another", args.class);
        note(&assumed);
        return Ok(vec![args.class.parse().map_err(|why| format!("the class: {why}"))?]);
    }
    let parsed = args.gateway.iter().map(|gateway| gateway.parse().map_err(|why| format!("--gateway: {why}")));
    parsed.collect()
}

/// Prints the objects and the report.
fn print(args: &Args, report: &Report<'_>, manifests: &Manifests, documents: Option<&str>) -> Result<(), String> {
    let as_json = |value: Result<serde_json::Value, serde_json::Error>| {
        value.map(|value| json::line(&value.to_string()) + "\n").map_err(|error| error.to_string())
    };
    let text = match args.report {
        // Elsewhere than in a file, the errors stand above it already.
        Form::Text if args.report_file.is_some() => text::errors(report) + &text::text(report),
        Form::Text => text::text(report),
        Form::Json => as_json(serde_json::to_value(report))?,
        Form::Sarif => as_json(Ok(sarif::sarif(report, manifests)))?,
    };
    let text = match &args.report_file {
        Some(file) => {
            let plain = anstream::adapter::strip_str(&text).to_string();
            std::fs::write(file, plain).map_err(|error| format!("{}: {error}", files::name(file)))?;
            text::summary(report) + "\n"
        }
        None => text,
    };
    match documents {
        Some(documents) => {
            let _ = output::print(documents)?;
            // If standard error is closed, there is nobody to tell.
            let _ = anstream::stderr().write_all(text.as_bytes());
        }
        None => {
            let _ = output::print(&anstream::adapter::strip_str(&text).to_string())?;
        }
    }
    Ok(())
}
