//! The layer that decides.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use canary_policy::{Sample, Selector};
use http::header::SET_COOKIE;
use http::{HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// A layer that decides for each request which variant answers it.
///
/// Clones of a layer, and the services that it makes, share the policy: [`replace`](Self::replace) changes it for all of them.
#[derive(Clone, Debug)]
pub struct CanaryLayer {
    in_force: Arc<RwLock<Selector>>,
}

impl CanaryLayer {
    /// A layer that decides with this selector.
    #[must_use]
    pub fn new(selector: Selector) -> Self {
        CanaryLayer { in_force: Arc::new(RwLock::new(selector)) }
    }

    /// Puts another policy into force. Requests that were decided before keep their decisions.
    pub fn replace(&self, selector: Selector) {
        // A selector is replaced whole, so a thread that panicked has left none half-written.
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = selector;
    }
}

impl<S> Layer<S> for CanaryLayer {
    type Service = Canary<S>;

    fn layer(&self, inner: S) -> Canary<S> {
        Canary { inner, layer: self.clone() }
    }
}

/// The service of a [`CanaryLayer`]: the decision of a request is in its extensions when the inner service is called.
#[derive(Clone, Debug)]
pub struct Canary<S> {
    inner: S,
    layer: CanaryLayer,
}

impl<S, B, R> Service<Request<B>> for Canary<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let selector = self.layer.in_force.read().unwrap_or_else(PoisonError::into_inner).clone();
        let decision = selector.select(request.headers(), Sample::from_rng(&mut rand::rng()));
        let set_cookie = decision.set_cookie.clone();
        request.extensions_mut().insert(decision);
        ResponseFuture { response: self.inner.call(request), set_cookie }
    }
}

pin_project_lite::pin_project! {
    /// The response of the inner service, to which the affinity cookie is added.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        response: F,
        set_cookie: Option<HeaderValue>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.response.poll(context).map_ok(|mut response| {
            if let Some(cookie) = this.set_cookie.take() {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        })
    }
}
