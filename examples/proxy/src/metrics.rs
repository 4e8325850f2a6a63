//! Metrics in the text format of Prometheus.

use std::fmt;
use std::sync::Arc;

use canary_policy::Reason;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::Body;
use crate::proxy::text;

/// What the proxy counts. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    registry: Arc<Registry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// Shared with the upstreams, so that no request copies it.
    variant: Arc<str>,
    reason: ReasonLabel,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ReasonLabel(Reason);

impl EncodeLabelValue for ReasonLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        self.0.as_str().encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

impl Metrics {
    /// Metrics without a count.
    #[must_use]
    pub fn new() -> Self {
        let (requests, reloads) = (Family::default(), Family::default());
        let mut registry = Registry::default();
        registry.register("canary_requests", "Requests by variant, reason and status code", requests.clone());
        registry.register("canary_policy_reloads", "Changes of the policy file by result", reloads.clone());
        Metrics { requests, reloads, registry: Arc::new(registry) }
    }

    /// Counts a request that a variant answered.
    pub fn count_request(&self, variant: &Arc<str>, reason: Reason, code: StatusCode) {
        let labels = RequestLabels { variant: Arc::clone(variant), reason: ReasonLabel(reason), code: code.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a change of the policy file.
    pub(crate) fn count_reload(&self, is_in_force: bool) {
        let result = if is_in_force { "in_force" } else { "refused" };
        self.reloads.get_or_create(&ReloadLabels { result }).inc();
    }

    /// The metrics as text.
    ///
    /// # Errors
    ///
    /// Never: a `String` takes any text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Answers a request for the metrics, with the path `/metrics`.
    #[must_use]
    pub fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        match (request.uri().path(), self.text()) {
            ("/metrics", Ok(metrics)) => text(StatusCode::OK, metrics),
            ("/metrics", Err(_)) => text(StatusCode::INTERNAL_SERVER_ERROR, "no metrics\n"),
            _ => text(StatusCode::NOT_FOUND, "see /metrics\n"),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}
