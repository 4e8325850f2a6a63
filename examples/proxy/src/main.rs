//! A reverse proxy that decides with a canary policy.
//!
//! ```console
//! $ cargo run -- policy.yaml --upstream stable=127.0.0.1:8081 --upstream canary=127.0.0.1:8082
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use canary_proxy::{Metrics, PolicyFile, Proxy, Upstream, Upstreams, serve};
use clap::Parser;
use http::HeaderName;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A reverse proxy that decides with a canary policy. A change of the policy file is in force within a second, without a restart.
#[derive(Parser)]
struct Args {
    /// The policy, in YAML or JSON.
    policy: PathBuf,
    /// The server of a variant. `stable` and every canary of the policy need one.
    #[arg(long, value_name = "VARIANT=HOST:PORT", required = true)]
    upstream: Vec<Upstream>,
    /// The address on which requests are answered.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The address on which the path `/metrics` has metrics for Prometheus.
    #[arg(long)]
    metrics: Option<SocketAddr>,
    /// The request header that tells upstreams the point of each request. A value that a client sends is replaced.
    #[arg(long, value_name = "NAME")]
    point_header: Option<HeaderName>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let Args { policy, upstream, listen, metrics: metrics_address, point_header } = args;
    let upstreams = Upstreams::new(upstream)?;
    let file = PolicyFile::open(policy, upstreams.clone()).await?;
    let metrics = Metrics::new();
    let proxy = Proxy::new(file.in_force(), upstreams, metrics.clone());
    let proxy = match point_header {
        Some(name) => proxy.with_point_header(name),
        None => proxy,
    };
    tokio::spawn(file.follow(metrics.clone()));

    if let Some(address) = metrics_address {
        let listener = TcpListener::bind(address).await.map_err(|why| format!("{address}: {why}"))?;
        println!("metrics on http://{}/metrics", listener.local_addr()?);
        let answer = move |request, _| std::future::ready(metrics.answer(&request));
        tokio::spawn(serve(listener, answer, std::future::pending()));
    }

    let listener = TcpListener::bind(listen).await.map_err(|why| format!("{listen}: {why}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    let answer = move |request, client| {
        let proxy = proxy.clone();
        async move { proxy.answer(request, client).await }
    };
    serve(listener, answer, interrupted()?).await.finish().await;
    Ok(())
}

/// Ready when the process is asked to end, by a terminal or by Kubernetes.
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
