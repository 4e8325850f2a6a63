//! Says what changes between two policies: in words for people who review a change, or in JSON.
//!
//! A file has a policy in YAML or JSON, or a custom resource with a policy in `spec` or `spec.policy`, or the stable Ingress and
//! the canary Ingress that express one. The exit code is 0 if every request is decided alike, 2 if not, and 3 if no difference
//! was found but not everything was searched. 1 is an error.
//!
//! ```console
//! $ cargo run --example compare -- examples/manifests/pair.yaml examples/manifests/policy.yaml
//! ```

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/files.rs"]
mod files;
#[path = "common/ingresses.rs"]
mod ingresses;
#[path = "common/json.rs"]
mod json;
#[path = "common/output.rs"]
mod output;
#[path = "common/say.rs"]
mod say;
#[path = "common/spec.rs"]
mod spec;
#[path = "compare/words.rs"]
mod words;

use std::process::ExitCode;

use canary_policy::Policy;
use canary_policy::compare::{self, Changes, Comparison};
use canary_policy::error::Excerpt;
use canary_policy::targets::nginx::{Flags, Pair, Prefix};
use clap::Parser;
use clap::builder::styling::AnsiColor;
use serde_json::{Value, json};

/// Says what changes between two policies. Exits with 0 if every request is decided alike, with 2 if not, and with 3 if that is
/// unknown.
#[derive(Parser)]
#[command(name = "compare")]
struct Args {
    /// A file with a policy, alone or in the spec of an object, or with a stable Ingress and its canary Ingress; `-` is standard
    /// input.
    old: String,
    /// The same for the policy that replaces it.
    new: String,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    /// The stable Ingress; required if a file has several.
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    ingress: Option<String>,
    /// The prefix of the annotations [default: nginx.ingress.kubernetes.io].
    #[arg(long)]
    prefix: Option<String>,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    run(&args).unwrap_or_else(|error| {
        say::say(AnsiColor::Red, "error", &error);
        ExitCode::FAILURE
    })
}

fn run(args: &Args) -> Result<ExitCode, String> {
    if args.old == "-" && args.new == "-" {
        return Err("only one of the policies can be on standard input".to_owned());
    }
    let (old, new) = (policy(&args.old, args)?, policy(&args.new, args)?);
    let changes = compare::changes(&old, &new);
    let text =
        if args.json { json::line(&report(&changes)?.to_string()) + "\n" } else { words::words(&changes, &old, &new) };
    let _ = output::print(&text)?;
    Ok(ExitCode::from(match changes.comparison() {
        Comparison::Same => 0,
        Comparison::Differs(_) => 2,
        _ => 3,
    }))
}

/// The policy in a file.
fn policy(file: &str, args: &Args) -> Result<Policy, String> {
    let name = if file == "-" { files::name("standard input") } else { files::name(file) };
    let in_file = |why: String| format!("{name}: {why}");
    let text = files::read(file)?;
    let documents = files::documents(&text).map_err(in_file)?;
    let is_ingress = |document: &Value| document.get("kind").is_some_and(|kind| kind == "Ingress");
    match (documents.iter().any(spec::has_policy), documents.iter().any(|document| document.get("kind").is_some())) {
        (true, _) if documents.iter().any(is_ingress) => {
            Err(in_file("the file has a policy and Ingresses: expected one of them".to_owned()))
        }
        // A policy alone has no kind, and every object of Kubernetes has one.
        (false, true) => policy_of_pair(&text, args, &name).map_err(in_file),
        _ => spec::policy(&text).map_err(in_file),
    }
}

/// The policy of the stable Ingress and the canary Ingress in a file.
fn policy_of_pair(text: &str, args: &Args, file: &Excerpt) -> Result<Policy, String> {
    let prefix = args.prefix.as_ref().map_or(Ok(Prefix::default()), |prefix| Prefix::new(prefix));
    let flags = Flags::default().with_prefix(prefix.map_err(|error| format!("--prefix: {error}"))?);
    let ingresses = ingresses::read(text, &flags, args.ingress.as_deref())?;
    let pair = Pair::find(&ingresses.stable, &ingresses.canaries, &flags).map_err(|error| error.to_string())?;
    let canary = Excerpt::of(&pair.canary().metadata.name);
    let reading = pair.read(&flags).map_err(|error| format!("canary Ingress `{canary}`: {error}"))?;
    let findings = reading.findings.iter().map(|finding| format!("{} Ingress: {finding}", finding.ingress));
    for note in ingresses.notes.iter().cloned().chain(findings) {
        say::say(AnsiColor::Cyan, "note", &format!("{file}: {note}"));
    }
    Ok(reading.policy)
}

/// The changes as JSON, with the answer in one word.
fn report(changes: &Changes) -> Result<Value, String> {
    let answer = match changes.comparison() {
        Comparison::Same => "same",
        Comparison::Differs(_) => "differs",
        _ => "undecided",
    };
    let changes = serde_json::to_value(changes).map_err(|error| error.to_string())?;
    let mut report = json!({ "answer": answer });
    if let (Some(report), Value::Object(changes)) = (report.as_object_mut(), changes) {
        report.extend(changes);
    }
    Ok(report)
}
