//! Collects findings about several Ingresses.

use std::collections::BTreeMap;

use super::IngressFinding;
use crate::targets::finding::Findings;
use crate::targets::nginx::ObjectName;

/// Findings by Ingress.
#[derive(Default)]
pub(super) struct FindingsByIngress(BTreeMap<ObjectName, Findings>);

impl FindingsByIngress {
    pub(super) fn of(&mut self, ingress: &ObjectName) -> &mut Findings {
        self.0.entry(ingress.clone()).or_default()
    }

    pub(super) fn into_vec(self) -> Vec<IngressFinding> {
        let of_ingress = |(ingress, findings): (ObjectName, Findings)| {
            findings.into_vec().into_iter().map(move |finding| IngressFinding { ingress: ingress.clone(), finding })
        };
        self.0.into_iter().flat_map(of_ingress).collect()
    }
}
