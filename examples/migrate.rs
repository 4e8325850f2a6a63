//! Says what ingress-nginx serves for all Ingresses of a cluster: JSON lines in, JSON lines out.
//!
//! ```console
//! $ cargo run --features k8s-openapi --example migrate -- --effective examples/manifests/cluster.jsonl
//! ```
//!
//! A line is the state of one cluster: the data of the controller's `ConfigMap`, the Ingresses, and the Services with whether a pod
//! behind them is ready. The answer has each location with its stable Service and the canary in force.
//!
//! ```json
//! {"id": 1, "config": {"annotations-risk-level": "High"},
//!  "ingresses": [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {}, "spec": {}}],
//!  "services": [{"namespace": "shop", "name": "web", "ports": [{"name": "http", "port": 80, "targetPort": 8080}], "endpoints": true}]}
//! ```
//!
//! A line that is not of this form is an error on standard error. The other lines are answered, and the exit code is 1.

#[path = "common/arguments.rs"]
mod arguments;
#[path = "migrate/effective.rs"]
mod effective;
#[path = "common/json.rs"]
mod json_line;
#[path = "migrate/lines.rs"]
mod lines;
#[path = "common/output.rs"]
mod output;
#[path = "common/say.rs"]
mod say;

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::styling::AnsiColor;
use lines::Line;

/// Says what ingress-nginx serves for all Ingresses of a cluster.
#[derive(Parser)]
#[command(name = "migrate", group = clap::ArgGroup::new("mode").required(true))]
struct Args {
    /// Read states of clusters as JSON lines, and write the locations of each with the canary in force.
    #[arg(long, group = "mode")]
    effective: bool,
    /// Files with JSON lines; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<String>,
}

fn main() -> ExitCode {
    let args = match arguments::parsed::<Args>() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let Args { effective: _, files } = args;
    let mut code = ExitCode::SUCCESS;
    for file in &files {
        let ended = lines::each(file, |line| match answer(line) {
            Ok(flow) => flow,
            Err(why) => {
                say::say(AnsiColor::Red, "error", &why);
                code = ExitCode::FAILURE;
                ControlFlow::Continue(())
            }
        });
        match ended {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(why) => {
                say::say(AnsiColor::Red, "error", &why);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Answers a line; `Break` if nobody reads the answers any more. A line that cannot be answered is an error that names the line.
fn answer(line: Line) -> Result<ControlFlow<()>, String> {
    let Line { place, text } = line;
    let answer = text.and_then(|text| effective::answer(&text)).map_err(|why| format!("{place}: {why}"))?;
    output::print(&format!("{answer}\n"))
}
