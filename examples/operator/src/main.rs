//! Serves the releases of a cluster: `cargo run -- --help`.

use std::error::Error;
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;

use canary_operator::{Metrics, Settings, crd, run, serve};
use canary_policy::targets::gateway::{Implementation, RouteParams};
use clap::Parser;
use kube::Client;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Puts the policy of each CanaryRelease into a canary Ingress or an HTTPRoute.
#[derive(Parser)]
struct Args {
    /// Prints the CRD and ends.
    #[arg(long)]
    crd: bool,
    /// The namespace whose releases are served. By default all.
    #[arg(long)]
    namespace: Option<String>,
    /// The implementation of the Gateway API, as in `istio`. By default only what all of them accept is written.
    #[arg(long, value_name = "NAME")]
    implementation: Option<Implementation>,
    /// The address of the pages `/metrics` and `/healthz`.
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match start(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {}", with_sources(&*why));
            ExitCode::FAILURE
        }
    }
}

/// An error with what caused it: without that, a connection that fails does not say why.
fn with_sources(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |&source| source.source());
    let mut texts = vec![error.to_string()];
    for text in sources.map(ToString::to_string) {
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

async fn start(args: Args) -> Result<(), Box<dyn Error>> {
    let Args { crd: print_crd, namespace, implementation, listen } = args;
    if print_crd {
        stdout().write_all(crd()?.as_bytes())?;
        return Ok(());
    }
    let plain = RouteParams::default();
    let route_params = implementation.map_or(plain.clone(), |implementation| plain.with_implementation(implementation));
    let settings = Settings { namespace, route_params, ..Settings::default() };

    let metrics = Metrics::new();
    let listener = TcpListener::bind(listen).await.map_err(|why| format!("{listen}: {why}"))?;
    println!("metrics on http://{}/metrics", listener.local_addr()?);
    tokio::spawn(serve(listener, metrics.clone()));
    run(Client::try_default().await?, settings, metrics, interrupted()?).await?;
    Ok(())
}

/// Ready when the process is asked to end, by a terminal or by Kubernetes.
fn interrupted() -> std::io::Result<impl Future<Output = ()> + Send + Sync> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
