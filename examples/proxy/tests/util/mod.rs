//! Servers and clients on loopback.

// Each program uses a part of this file, and may panic as a test may.
#![allow(clippy::panic, clippy::unwrap_used, dead_code)]

use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use canary_proxy::{Body, Metrics, PolicyFile, Proxy, Upstreams, serve};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

/// A listener on a free port, and its address.
pub async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Starts a server that answers with its name, and with the point header of the request as `x-seen-point`.
pub async fn start_upstream(name: &'static str) -> SocketAddr {
    start_server(move |request: Request<Incoming>, _| {
        let mut response: Response<Body> = Response::new(Either::Right(Full::new(Bytes::from_static(name.as_bytes()))));
        let points: Vec<&HeaderValue> = request.headers().get_all("x-canary-point").iter().collect();
        if let [point] = points[..] {
            response.headers_mut().insert("x-seen-point", point.clone());
        }
        ready(response)
    })
    .await
}

/// Starts a server on a free port.
pub async fn start_server<F, A>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>, IpAddr) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let (listener, address) = listener().await;
    tokio::spawn(serve(listener, answer, std::future::pending()));
    address
}

/// A proxy with two upstreams that runs in this process.
pub struct Running {
    pub address: SocketAddr,
    pub metrics: Metrics,
    pub policy: PathBuf,
}

/// Starts a proxy whose policy is in a file of this name.
pub async fn start_proxy(file: &str, policy: &str) -> Running {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    write(&path, policy);
    let (stable, canary) = (start_upstream("stable").await, start_upstream("canary").await);
    let upstreams = [format!("stable={stable}"), format!("canary={canary}")].map(|upstream| upstream.parse().unwrap());
    let upstreams = Upstreams::new(upstreams).unwrap();
    let file = PolicyFile::open(path.clone(), upstreams.clone()).await.unwrap();
    let metrics = Metrics::new();
    let proxy = Proxy::new(file.in_force(), upstreams, metrics.clone());
    let proxy = proxy.with_point_header(http::HeaderName::from_static("x-canary-point"));
    tokio::spawn(file.follow(metrics.clone()));
    Running { address: start(proxy).await, metrics, policy: path }
}

/// Starts this proxy.
pub async fn start(proxy: Proxy) -> SocketAddr {
    start_server(move |request, client| {
        let proxy = proxy.clone();
        async move { proxy.answer(request, client).await }
    })
    .await
}

/// Replaces a file at once, as an editor or a `ConfigMap` does.
pub fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

pub type HttpClient = Client<HttpConnector, Empty<Bytes>>;

pub fn client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build(HttpConnector::new())
}

/// Sends a request with these headers, and returns the response with its body.
pub async fn get(client: &HttpClient, address: SocketAddr, headers: &[(&str, &str)]) -> Response<String> {
    let mut request = Request::get(format!("http://{address}/"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap())
}

/// Waits until the metrics have a line, for ten seconds at most.
pub async fn counted(metrics: &Metrics, line: &str) {
    for _ in 0..1000 {
        if metrics.text().unwrap().contains(line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no `{line}` in {}", metrics.text().unwrap());
}
