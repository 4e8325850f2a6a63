//! A service for each variant.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use canary_policy::{Decision, Variant};
use http::Request;
use tower_service::Service;

/// Passes each request on to the service of the variant that a [`CanaryLayer`](crate::CanaryLayer) chose.
///
/// The service of a variant is chosen by the request, so all of them have to be ready before a request is accepted. Services that
/// need a long time to become ready belong behind a buffer of their own.
///
/// ```
/// use canary_policy::{Policy, Selector};
/// use canary_tower::{ByVariant, CanaryLayer};
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let service = |name| service_fn(move |_: Request<()>| async move { Ok::<_, std::io::Error>(Response::new(name)) });
/// let variants = ByVariant::new(service("stable"), [service("canary")]);
///
/// let decided = CanaryLayer::new(Selector::new(&Policy::percent(100)?)).layer(variants.clone());
/// assert_eq!(decided.oneshot(Request::new(())).await?.into_body(), "canary");
///
/// // Without the layer, there is no decision.
/// let error = variants.oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(error.to_string(), "no layer has decided which variant answers the request");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// # })
/// # .map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByVariant<S> {
    stable: S,
    canaries: Vec<S>,
}

impl<S> ByVariant<S> {
    /// The services of stable and of the canaries, in the order of the policy's canaries.
    pub fn new(stable: S, canaries: impl IntoIterator<Item = S>) -> Self {
        ByVariant { stable, canaries: canaries.into_iter().collect() }
    }

    fn of(&mut self, variant: Variant) -> Option<&mut S> {
        match variant {
            Variant::Stable => Some(&mut self.stable),
            Variant::Canary(index) => self.canaries.get_mut(index),
        }
    }
}

/// Why a request was passed on to no service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDecision {
    /// The request has no decision in its extensions.
    NoLayer,
    /// The policy has more canaries than there are services.
    NoService(Variant),
}

impl fmt::Display for NoDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoDecision::NoLayer => f.write_str("no layer has decided which variant answers the request"),
            NoDecision::NoService(variant) => write!(f, "no service answers for {variant}"),
        }
    }
}

impl Error for NoDecision {}

/// The error of a service, or of the choice between services.
type BoxError = Box<dyn Error + Send + Sync>;

impl<S, B> Service<Request<B>> for ByVariant<S>
where
    S: Service<Request<B>, Error: Into<BoxError>, Response: 'static, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let mut all = Poll::Ready(Ok(()));
        for service in std::iter::once(&mut self.stable).chain(&mut self.canaries) {
            match service.poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(why)) => return Poll::Ready(Err(why.into())),
                Poll::Pending => all = Poll::Pending,
            }
        }
        all
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let variant = request.extensions().get::<Decision>().map(|decision| decision.variant);
        let chosen = match variant {
            None => Err(NoDecision::NoLayer),
            Some(variant) => self.of(variant).ok_or(NoDecision::NoService(variant)),
        };
        match chosen {
            Ok(service) => {
                let response = service.call(request);
                Box::pin(async move { response.await.map_err(Into::into) })
            }
            Err(why) => Box::pin(async move { Err(why.into()) }),
        }
    }
}
