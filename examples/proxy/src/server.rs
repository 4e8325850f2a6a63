//! Connections of clients, in HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::Body;

/// How long requests that are being answered have until the proxy ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connections of a server.
pub struct Connections(GracefulShutdown);

impl Connections {
    /// Waits until every request that is being answered has its response, for 30 seconds at most.
    pub async fn finish(self) {
        // What is left after that is cut off.
        let _ = tokio::time::timeout(PATIENCE, self.0.shutdown()).await;
    }
}

/// Answers requests on this address until `ended` is ready.
pub async fn serve<F, A>(listener: TcpListener, answer: F, ended: impl Future<Output = ()>) -> Connections
where
    F: Fn(Request<Incoming>, IpAddr) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let connections = GracefulShutdown::new();
    tokio::pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => return Connections(connections),
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            // The client is gone already, or too many files are open: the next one may fare better.
            Err(why) => {
                eprintln!("error: {why}");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        // Without this, small responses wait for an acknowledgement. If it fails, they only take longer.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answer = answer(request, client.ip());
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let builder = Builder::new(TokioExecutor::new());
        let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
        // A client that goes away in the middle of a request is no concern of the others.
        tokio::spawn(async move { drop(connection.await) });
    }
}
