//! Subsets: the variants of a Service whose pods a label tells apart.

use std::collections::BTreeMap;

use super::hosts::service_host;
use super::objects::API_VERSION;
use super::{DestinationRule, DestinationRuleSpec, Subset, VirtualServiceParams};
use crate::error::{ConversionError, Excerpt};
use crate::policy::{Policy, Variant};
use crate::route::{Front, Group};
use crate::targets::object::variants_of;
use crate::targets::{Metadata, Object};

/// The Services whose variants are subsets, if the parameters ask for subsets.
pub(super) struct Subsets<'g> {
    /// The label that tells the pods of the variants apart.
    label: &'g str,
    services: Vec<Service<'g>>,
}

/// A Service that policies split into subsets.
struct Service<'g> {
    host: String,
    /// The groups of which the Service is stable, at least one, each with a policy.
    groups: Vec<Group<'g>>,
}

impl<'g> Subsets<'g> {
    pub(super) fn new(front: Front<'_>, params: &'g VirtualServiceParams, groups: &[Group<'g>]) -> Self {
        let Some(label) = params.subsets() else { return Subsets { label: "", services: Vec::new() } };
        let mut services: Vec<Service<'g>> = Vec::new();
        for group in groups.iter().filter(|group| group.policy.is_some()) {
            let host = service_host(group.backends.stable(), front, params);
            match services.iter_mut().find(|service| service.host == host) {
                Some(service) => service.groups.push(group.clone()),
                None => services.push(Service { host, groups: vec![group.clone()] }),
            }
        }
        Subsets { label, services }
    }

    /// The name of the subset of a variant, if the Service with this host has subsets.
    pub(super) fn subset(&self, host: &str, policy: Option<&Policy>, variant: Variant) -> Option<String> {
        self.services.iter().find(|service| service.host == host)?;
        match policy {
            None => Some("stable".to_owned()),
            Some(policy) => policy.name(variant).map(str::to_owned),
        }
    }

    /// A DestinationRule for each Service, with one subset for each variant: the pods that have the label with the name of the
    /// variant as its value. It is in the namespace of the Service, where the Gateways of other namespaces look for it.
    pub(super) fn destination_rules(&self, front: Front<'_>) -> Result<Vec<DestinationRule>, ConversionError> {
        let mut rules = Vec::new();
        for Service { host, groups } in &self.services {
            let mut names: Vec<&str> = Vec::new();
            for name in groups.iter().filter_map(|group| group.policy).flat_map(Policy::names) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let labels = |name: &str| BTreeMap::from([(self.label.to_owned(), name.to_owned())]);
            let subset = |name: &str| Subset { name: name.to_owned(), labels: labels(name), ..Subset::default() };
            let subsets = names.into_iter().map(subset).collect();
            let spec = DestinationRuleSpec { host: host.clone(), subsets, ..DestinationRuleSpec::default() };
            let of_service = groups.first().and_then(|group| group.backends.stable().namespace());
            let front = Front { namespace: of_service.or(front.namespace), ..front };
            let metadata = Metadata::new(front, rules.len(), variants_of(groups))?;
            rules.push(Object::new(API_VERSION, "DestinationRule", metadata, spec));
        }
        Ok(rules)
    }
}

/// Checks that all variants have the same backend, if they are subsets.
pub(super) fn check_subsets(group: &Group<'_>, params: &VirtualServiceParams) -> Result<(), ConversionError> {
    let stable = group.backends.stable();
    let other = group.backends.all().find(|backend| *backend != stable).filter(|_| params.subsets().is_some());
    match other {
        None => Ok(()),
        Some(other) => {
            let bound = "subsets belong to the Service and port of stable";
            Err(ConversionError::Refused { field: "backends", value: Excerpt::of(&other.to_string()), bound })
        }
    }
}
