//! Collects findings about several Ingresses.

use std::collections::BTreeMap;

use super::IngressFinding;
use crate::targets::finding::Findings;
use crate::targets::nginx::ObjectName;

/// Findings by Ingress.
#[derive(Default)]
pub(super) struct FindingsByIngress {
    findings: BTreeMap<ObjectName, Findings>,
    /// Whether a location or a policy was left out or changed.
    pub(super) lacks_location: bool,
}

impl FindingsByIngress {
    pub(super) fn of(&mut self, ingress: &ObjectName) -> &mut Findings {
        self.findings.entry(ingress.clone()).or_default()
    }

    /// Adds a finding for a location or a policy that no virtual host can hold.
    pub(super) fn without_location(&mut self, ingress: &ObjectName, field: &str, value: &str, why: &'static str) {
        self.lacks_location = true;
        self.of(ingress).left_out(field, value, why);
    }

    /// Adds a finding for a location that answers other requests than the virtual host's.
    pub(super) fn changed_location(&mut self, ingress: &ObjectName, field: &str, value: &str, why: &'static str) {
        self.lacks_location = true;
        self.of(ingress).assumed(field, value, why);
    }

    pub(super) fn into_vec(self) -> Vec<IngressFinding> {
        let of_ingress = |(ingress, findings): (ObjectName, Findings)| {
            findings.into_vec().into_iter().map(move |finding| IngressFinding { ingress: ingress.clone(), finding })
        };
        self.findings.into_iter().flat_map(of_ingress).collect()
    }
}
