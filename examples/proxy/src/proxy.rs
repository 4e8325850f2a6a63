//! The proxy: a request in, the response of a variant out.

use std::net::IpAddr;

use bytes::Bytes;
use canary_policy::{Sample, Selector};
use http::header::{HOST, SET_COOKIE};
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;

use crate::{Metrics, Upstreams, hop_by_hop};

/// The body of a response: that of the upstream as it comes, or a text of the proxy.
pub type Body = Either<Incoming, Full<Bytes>>;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Decides for each request which variant answers it, and passes it on. Clones share connections and metrics.
#[derive(Clone, Debug)]
pub struct Proxy {
    client: Client<HttpConnector, Incoming>,
    in_force: watch::Receiver<Selector>,
    upstreams: Upstreams,
    metrics: Metrics,
    point_header: Option<HeaderName>,
}

impl Proxy {
    /// A proxy that decides by the policy in force. The upstreams are those for which the policy was checked.
    #[must_use]
    pub fn new(in_force: watch::Receiver<Selector>, upstreams: Upstreams, metrics: Metrics) -> Self {
        let mut connector = HttpConnector::new();
        // Small responses would otherwise wait for an acknowledgement.
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Proxy { client, in_force, upstreams, metrics, point_header: None }
    }

    /// The same proxy with a header that tells the tiers behind it the point of each request
    /// ([`Selector::point`]), so that they split the requests alike.
    #[must_use]
    pub fn with_point_header(self, name: HeaderName) -> Self {
        Proxy { point_header: Some(name), ..self }
    }

    /// Answers a request of this client with the response of the variant that the policy chooses.
    pub async fn answer(&self, mut request: Request<Incoming>, client: IpAddr) -> Response<Body> {
        restore_host(&mut request);
        // The policy in force is shared with the requests that it decided before; a change replaces it, and leaves theirs alone.
        let selector = self.in_force.borrow().clone();
        let sample = Sample::from_rng(&mut rand::rng());
        let decision = selector.select(request.headers(), sample);
        if let Some(name) = &self.point_header {
            let point = selector.point(request.headers(), sample);
            request.headers_mut().insert(name, point.into());
        }
        let Some((variant, authority)) = self.upstreams.of(selector.policy(), decision.variant) else {
            return text(StatusCode::BAD_GATEWAY, "no upstream\n");
        };
        let mut response = self.forward(request, authority, client).await;
        if let Some(cookie) = decision.set_cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        self.metrics.count_request(variant, decision.reason, response.status());
        response
    }

    /// Passes a request on to this server. An upstream that does not answer is the status 502.
    pub async fn forward(
        &self,
        mut request: Request<Incoming>,
        authority: &Authority,
        client: IpAddr,
    ) -> Response<Body> {
        hop_by_hop::remove(request.headers_mut());
        if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
            request.headers_mut().append(X_FORWARDED_FOR, client);
        }
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority.clone());
        parts.path_and_query.get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
        let Ok(uri) = Uri::from_parts(parts) else { return text(StatusCode::BAD_REQUEST, "invalid target\n") };
        *request.uri_mut() = uri;
        *request.version_mut() = http::Version::HTTP_11;
        match self.client.request(request).await {
            Ok(response) => {
                let mut response = response.map(Either::Left);
                hop_by_hop::remove(response.headers_mut());
                response
            }
            Err(why) => {
                eprintln!("error: {authority}: {why}");
                text(StatusCode::BAD_GATEWAY, "the upstream does not answer\n")
            }
        }
    }
}

/// Gives a request without a `Host` header the authority of its target, as in HTTP/2, so that a rule on `host` finds it.
fn restore_host(request: &mut Request<Incoming>) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}

/// A response of the proxy itself.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Either::Right(Full::new(text.into())));
    *response.status_mut() = status;
    response
}
