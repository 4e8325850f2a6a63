//! Simulates a policy: prints the expected and the observed share of each variant and reason, and draws a ramp.
//!
//! ```console
//! $ cargo run --features rand --example simulate -- --weight 5 --header x-canary --plot ramp.svg
//! $ cargo run --features rand --example simulate -- --policy examples/manifests/policy.yaml \
//!     --mix examples/manifests/mix.jsonl --requests 20
//! ```
//!
//! A line of a mix is a kind of client: its number of parts of the mix, its headers, and whether it returns cookies. By
//! default it has one part and no headers, and returns cookies.
//!
//! ```json
//! {"parts": 9, "headers": [["X-Canary", "always"]], "cookies": false}
//! ```

#[path = "common/arguments.rs"]
mod arguments;
#[path = "simulate/clients.rs"]
mod clients;
#[path = "common/files.rs"]
mod files;
#[path = "common/output.rs"]
mod output;
#[path = "simulate/plot.rs"]
mod plot;
#[path = "common/policy.rs"]
mod policy;
#[path = "simulate/ramp.rs"]
mod ramp;
#[path = "common/say.rs"]
mod say;
#[path = "common/spec.rs"]
mod spec;
#[path = "simulate/svg.rs"]
mod svg;
#[path = "simulate/table.rs"]
mod table;

use std::error::Error;
use std::process::ExitCode;

use canary_policy::simulate::Simulation;
use clap::Parser;
use clap::builder::styling::AnsiColor;
use http::HeaderMap;
use indicatif::{ProgressBar, ProgressStyle};
use ramp::Ramp;
use say::say;

/// Simulates a policy: prints the expected and the observed share of each variant and reason, and draws a ramp.
#[derive(Parser)]
#[command(name = "simulate")]
struct Args {
    #[command(flatten)]
    policy: policy::PolicyFlags,
    /// A file of JSON lines, each a kind of client; `-` is standard input [default: a client without headers, or 10000
    /// clients with a key each if the policy has an affinity key].
    #[arg(long, value_name = "FILE")]
    mix: Option<String>,
    /// The number of clients.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    clients: u64,
    /// The number of requests that each client sends, one after the other.
    #[arg(long, value_name = "N", default_value_t = 1)]
    requests: u32,
    /// The seed of all chance: the same seed gives the same output.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Draw how clients without rules and affinity cookies move while the first canary grows to 100 %.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<String>,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(AnsiColor::Red, "error", &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let policy = args.policy.read()?;
    let mix = match &args.mix {
        Some(file) => clients::read(&files::read(file)?).map_err(|why| format!("{}: {why}", files::name(file)))?,
        None => clients::plain(&policy)?,
    };
    let mix = mix.with_requests(args.requests).map_err(|error| format!("--requests: {error}"))?;
    if let Some(file) = &args.plot {
        let ramp = Ramp::new(&policy, args.seed).map_err(|why| format!("--plot: {why}"))?;
        std::fs::write(file, plot::svg(&ramp)).map_err(|error| format!("{}: {error}", files::name(file)))?;
    }
    let simulation = simulated(Simulation::new(&policy, mix, args.seed), args)?;
    let text = table::text(&policy, &simulation.shares());
    let _ = output::print(&text)?;
    Ok(())
}

/// Simulates all clients. A progress bar is shown if that takes long and standard error is a terminal.
fn simulated(mut simulation: Simulation<HeaderMap>, args: &Args) -> Result<Simulation<HeaderMap>, Box<dyn Error>> {
    let long = args.clients.saturating_mul(args.requests.into()) > 100_000;
    let bar = if long { ProgressBar::new(args.clients) } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos} of {len} clients, {eta} left")?);
    while simulation.clients() < args.clients {
        let step = (args.clients / 200).clamp(1, args.clients - simulation.clients());
        simulation.advance(step);
        bar.inc(step);
    }
    bar.finish_and_clear();
    Ok(simulation)
}
