//! A canary policy as a layer for [tower](https://docs.rs/tower): axum, hyper and tonic run such layers.
//!
//! [`CanaryLayer`] decides for each request and puts the [`Decision`] into the extensions of the request, where handlers find it.
//! If the policy has an affinity cookie, the layer sets it on the response. [`ByVariant`] is a service that passes each request
//! on to the service of its variant.
//!
//! ```
//! use axum::http::Request;
//! use axum::{Extension, Router, body::Body, routing::get};
//! use canary_policy::{Decision, Policy, Selector};
//! use canary_tower::CanaryLayer;
//! use tower::ServiceExt;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! async fn greet(Extension(decision): Extension<Decision>) -> &'static str {
//!     if decision.variant.index().is_some() { "new" } else { "old" }
//! }
//!
//! let layer = CanaryLayer::new(Selector::new(&Policy::percent(100)?));
//! let app: Router = Router::new().route("/", get(greet)).layer(layer);
//! let response = app.oneshot(Request::new(Body::empty())).await?;
//! assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "new");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by_variant;
mod layer;

pub use by_variant::{ByVariant, NoDecision};
#[doc(no_inline)]
pub use canary_policy::Decision;
pub use layer::{Canary, CanaryLayer, ResponseFuture};
