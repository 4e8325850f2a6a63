//! Prints the canary Ingress that stands beside a stable one, ready for `kubectl apply`.
//!
//! ```console
//! $ cargo run --example render -- examples/manifests/prd.yaml --weight 30 --canary canary
//! ```

#[path = "common/arguments.rs"]
mod arguments;
#[path = "common/files.rs"]
mod files;
#[path = "render/manifests.rs"]
mod manifests;
#[path = "common/policy.rs"]
mod policy;
#[path = "common/say.rs"]
mod say;

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use canary_policy::Conversion;
use canary_policy::targets::Backend;
use canary_policy::targets::nginx::{CanaryIngress, Params, Prefix, canary_ingress};
use clap::Parser;
use clap::builder::styling::AnsiColor;
use k8s_openapi::api::networking::v1::Ingress;
use manifests::Found;
use say::say;

/// Prints the canary Ingress that stands beside a stable one, ready for `kubectl apply`.
#[derive(Parser)]
#[command(name = "render")]
struct Args {
    /// YAML with the stable Ingress in any form it ever had, among other documents or alone; `-` is standard input.
    file: String,
    /// The Service under trial; without a port it is asked at the stable one's.
    #[arg(long, value_name = "SERVICE[:PORT]")]
    canary: String,
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
    /// Print nothing and exit with 2 if anything the policy says is lost.
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    policy: policy::PolicyFlags,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            say(AnsiColor::Red, "error", &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let policy = args.policy.read()?;
    let mut params = Params::new(flag("--canary", args.canary.parse::<Backend>())?);
    params.stable = args.stable.as_ref().map(|stable| flag("--stable", stable.parse())).transpose()?;
    params.name.clone_from(&args.name);
    params.prefix =
        args.prefix.as_ref().map_or(Ok(Prefix::default()), |prefix| flag("--prefix", Prefix::new(prefix)))?;

    let file = if args.file == "-" { "standard input" } else { &args.file };
    let in_file = |why: &dyn Display| format!("{file}: {why}");
    let found = manifests::read(&files::read(&args.file)?, &params.prefix, args.ingress.as_deref());
    let Found { stable, canaries, notes } = found.map_err(|why| in_file(&why))?;
    let Conversion { output, losses, .. } = canary_ingress(&stable, &policy, &params).map_err(|why| in_file(&why))?;

    for note in notes {
        say(AnsiColor::Cyan, "note", &in_file(&note));
    }
    let named = |ingress: &Ingress| (ingress.metadata.namespace.clone(), ingress.metadata.name.clone());
    if canaries.iter().any(|canary| named(canary) == named(&output.ingress)) {
        let name = output.ingress.metadata.name.as_deref().unwrap_or_default();
        say(AnsiColor::Cyan, "note", &in_file(&format!("has a canary `{name}` already, which this one replaces")));
    }
    if !output.stable_edit.is_empty() {
        say(
            AnsiColor::Cyan,
            "note",
            "the affinity is an edit of the stable Ingress: the command stands above the manifest",
        );
    }
    let reached = policy
        .canaries()
        .iter()
        .any(|canary| canary.weight() > 0 || canary.header().is_some() || canary.cookie().is_some());
    if !reached {
        say(AnsiColor::Cyan, "note", "the canary has no weight and no rule: nothing reaches it");
    }
    for loss in &losses {
        say(AnsiColor::Yellow, "loss", &loss.to_string());
    }
    if args.exact && !losses.is_empty() {
        return Ok(ExitCode::from(2));
    }
    let text = format!("{}{}", edit(&stable, &output), serde_saphyr::to_string(&output.ingress)?);
    anstream::stdout().write_all(text.as_bytes()).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// The error with the flag it is about.
fn flag<T, E: Display>(name: &str, value: Result<T, E>) -> Result<T, String> {
    value.map_err(|error| format!("{name}: {error}"))
}

/// What changes on the stable Ingress, as a comment above the canary: an edit, not a second manifest that would replace it.
fn edit(stable: &Ingress, output: &CanaryIngress) -> String {
    if output.stable_edit.is_empty() {
        return String::new();
    }
    let name = stable.metadata.name.as_deref().unwrap_or_default();
    let namespace = stable.metadata.namespace.iter().map(|namespace| format!(" --namespace {namespace}"));
    let changes = output.stable_edit.iter().map(|(key, value)| match value {
        Some(value) => format!(" '{key}={}'", value.replace('\'', r"'\''")),
        None => format!(" '{key}-'"),
    });
    let arguments: String = namespace.chain(changes).collect();
    format!("# The stable Ingress carries the affinity:\n#   kubectl annotate --overwrite ingress {name}{arguments}\n")
}
