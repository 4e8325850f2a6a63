//! Requests per second through the proxy with and without a selector, side by side: `cargo bench`.
//!
//! Both sides pass requests on and count them. A returning client holds the affinity cookie; a new one is given it with the response.
//! Upstream, proxies and clients share one process. Rounds of both sides alternate, and the ratio is that of the medians.

// A benchmark may panic, as a test may.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../tests/util/mod.rs"]
mod util;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use canary_policy::{Policy, Reason, Selector};
use canary_proxy::{Metrics, Proxy, Upstreams};
use tokio::sync::watch;

const ROUNDS: usize = 25;
const CLIENTS: usize = 8;
const REQUESTS_OF_A_CLIENT: usize = 250;

/// A header rule, a cookie rule and an affinity cookie.
const POLICY: &str = include_str!("../../manifests/policy.yaml");

const NEW_CLIENT: &str = "session=8c1f; cohort=alpha";
const RETURNING_CLIENT: &str = "session=8c1f; cohort=alpha; route=7.stable";

#[tokio::main]
async fn main() {
    let stable = util::start_upstream("stable").await;
    let canary = util::start_upstream("canary").await;
    let upstreams = [format!("stable={stable}"), format!("canary={canary}")].map(|upstream| upstream.parse().unwrap());
    let policy: Policy = serde_saphyr::from_str(POLICY).unwrap();
    let in_force = watch::Sender::new(Selector::new(&policy));
    let proxy = Proxy::new(in_force.subscribe(), Upstreams::new(upstreams).unwrap(), Metrics::new());
    let with = util::start(proxy.clone()).await;
    let without = start_without_selector(proxy, stable.to_string().parse().unwrap()).await;

    let clients: Vec<_> = (0..CLIENTS).map(|_| util::client()).collect();
    for (client, cookies) in [("returning", RETURNING_CLIENT), ("new", NEW_CLIENT)] {
        let (mut of_with, mut of_without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_with.push(requests_per_second(&clients, with, cookies).await);
            of_without.push(requests_per_second(&clients, without, cookies).await);
        }
        let (with, without) = (median(of_with), median(of_without));
        println!("{client} clients: with selector {with:.0}/s, without {without:.0}/s, ratio {:.3}", with / without);
    }
}

/// Starts a proxy that passes every request on to this server.
async fn start_without_selector(proxy: Proxy, authority: http::uri::Authority) -> SocketAddr {
    let (metrics, variant) = (Metrics::new(), Arc::from("stable"));
    util::start_server(move |request, client| {
        let (proxy, metrics) = (proxy.clone(), metrics.clone());
        let (authority, variant) = (authority.clone(), Arc::clone(&variant));
        async move {
            let response = proxy.forward(request, &authority, client).await;
            metrics.count_request(&variant, Reason::Weight, response.status());
            response
        }
    })
    .await
}

async fn requests_per_second(clients: &[util::HttpClient], address: SocketAddr, cookies: &'static str) -> f64 {
    let start = Instant::now();
    let all = clients.iter().cloned().map(|client| {
        tokio::spawn(async move {
            for _ in 0..REQUESTS_OF_A_CLIENT {
                let headers = [("accept", "*/*"), ("user-agent", "bench"), ("cookie", cookies)];
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
