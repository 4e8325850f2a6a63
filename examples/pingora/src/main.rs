//! A reverse proxy with pingora that decides with a canary policy.
//!
//! ```console
//! $ cargo run -- policy.yaml --upstream 127.0.0.1:8081 --upstream 127.0.0.1:8082
//! ```

mod policy_file;
mod proxy;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use pingora_core::server::Server;
use pingora_core::services::background::background_service;
use pingora_proxy::http_proxy_service;

use policy_file::PolicyFile;
use proxy::Proxy;

/// A reverse proxy that decides with a canary policy. A change of the policy file is in force within a second.
#[derive(Parser)]
struct Args {
    /// The policy, in YAML or JSON.
    policy: PathBuf,
    /// The servers: first that of stable, then those of the canaries in the order of the policy.
    #[arg(long, required = true, value_name = "IP:PORT")]
    upstream: Vec<SocketAddr>,
    /// The address on which requests are answered.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let Args { policy, upstream, listen } = args;
    let file = background_service("policy file", PolicyFile::open(policy, upstream.len())?);
    let proxy = Proxy { policy_file: file.task(), upstreams: upstream };

    let mut server = Server::new(None)?;
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, proxy);
    service.add_tcp(&listen.to_string());
    server.add_service(service);
    server.add_service(file);
    server.run_forever()
}
