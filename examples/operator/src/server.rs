//! The pages of the operator: `/metrics`, and `/healthz` for a probe.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

/// Answers requests on this address, for ever.
pub async fn serve(listener: TcpListener, metrics: Metrics) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // The client is gone already, or too many files are open: the next one may fare better.
            Err(why) => {
                eprintln!("error: {why}");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let metrics = metrics.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(request.uri().path(), &metrics);
            async move { Ok::<_, Infallible>(response) }
        });
        // A client that goes away in the middle of a request is no concern of the others.
        tokio::spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
    }
}

fn answer(path: &str, metrics: &Metrics) -> Response<Full<Bytes>> {
    let (status, text) = match (path, metrics.text()) {
        ("/metrics", Ok(text)) => (StatusCode::OK, text),
        ("/metrics", Err(_)) => (StatusCode::INTERNAL_SERVER_ERROR, "no metrics\n".to_owned()),
        ("/healthz", _) => (StatusCode::OK, "ok\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "see /metrics and /healthz\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}
