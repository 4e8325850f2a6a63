//! Requests per second through the proxy with and without a decision, side by side: `cargo bench`.
//!
//! Upstream, proxies and clients share one process. Rounds of both sides alternate, and the ratio is that of the medians.

// A benchmark may panic, as a test may.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../tests/util/mod.rs"]
mod util;

use std::net::SocketAddr;
use std::time::Instant;

use canary_policy::{Policy, Selector};
use canary_proxy::{Metrics, Proxy, Upstreams};
use tokio::sync::watch;

const ROUNDS: usize = 25;
const CLIENTS: usize = 8;
const REQUESTS_OF_A_CLIENT: usize = 250;

#[tokio::main]
async fn main() {
    let with = util::start_proxy("throughput.yaml", include_str!("../../manifests/policy.yaml")).await.address;
    let without = start_plain_proxy().await;
    let clients: Vec<_> = (0..CLIENTS).map(|_| util::client()).collect();
    let (mut with_selector, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        with_selector.push(requests_per_second(&clients, with).await);
        plain.push(requests_per_second(&clients, without).await);
    }
    let (with_selector, plain) = (median(with_selector), median(plain));
    println!("with selector {with_selector:.0}/s, without {plain:.0}/s, ratio {:.3}", with_selector / plain);
}

/// Starts a proxy that passes every request on to one server.
async fn start_plain_proxy() -> SocketAddr {
    let upstream = util::start_upstream("stable").await;
    let in_force = watch::Sender::new(Selector::new(&Policy::percent(0).unwrap()));
    let upstreams = Upstreams::new([format!("stable={upstream}").parse().unwrap()]).unwrap();
    let proxy = Proxy::new(in_force.subscribe(), upstreams, Metrics::new());
    let authority: http::uri::Authority = upstream.to_string().parse().unwrap();
    util::start_server(move |request, client| {
        let (proxy, authority) = (proxy.clone(), authority.clone());
        async move { proxy.forward(request, &authority, client).await }
    })
    .await
}

async fn requests_per_second(clients: &[util::HttpClient], address: SocketAddr) -> f64 {
    let start = Instant::now();
    let all = clients.iter().cloned().map(|client| {
        tokio::spawn(async move {
            for _ in 0..REQUESTS_OF_A_CLIENT {
                let headers = [("accept", "*/*"), ("user-agent", "bench"), ("cookie", "session=8c1f; cohort=alpha")];
                util::get(&client, address, &headers).await;
            }
        })
    });
    for client in all.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let requests = u32::try_from(clients.len() * REQUESTS_OF_A_CLIENT).unwrap();
    f64::from(requests) / start.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
