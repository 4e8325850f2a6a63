//! Metrics in the text format of Prometheus.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What the operator counts. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    reconciliations: Family<OutcomeLabels, Counter>,
    writes: Family<WriteLabels, Counter>,
    registry: Arc<Registry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    object: &'static str,
    verb: &'static str,
}

impl Metrics {
    /// Metrics without a count.
    #[must_use]
    pub fn new() -> Self {
        let (reconciliations, writes) = (Family::default(), Family::default());
        let mut registry = Registry::default();
        registry.register("canary_reconciliations", "Reconciliations of releases by outcome", reconciliations.clone());
        registry.register("canary_writes", "Changes of objects by object and verb", writes.clone());
        Metrics { reconciliations, writes, registry: Arc::new(registry) }
    }

    /// Counts a reconciliation: `begun`, `written`, `invalid`, `blocked`, `removed` or `failed`.
    pub(crate) fn count_reconciliation(&self, outcome: &'static str) {
        self.reconciliations.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts a change of a `stable` Ingress, a `canary` Ingress, a `route` or a `status`.
    pub(crate) fn count_write(&self, object: &'static str, verb: &'static str) {
        self.writes.get_or_create(&WriteLabels { object, verb }).inc();
    }

    /// The number of reconciliations with this outcome.
    #[must_use]
    pub fn reconciliations(&self, outcome: &'static str) -> u64 {
        self.reconciliations.get_or_create(&OutcomeLabels { outcome }).get()
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
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}
