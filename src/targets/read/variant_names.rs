//! The names of the variants of an object, and their backends.

use super::BackendSubset;
use crate::policy::{CanaryName, Variant};
use crate::route::{Backend, Port};
use crate::targets::Metadata;

/// Which backend is which variant, and the policy's total if it is known.
#[derive(Clone, Debug)]
pub(in crate::targets) struct VariantNames {
    pub(in crate::targets) total: Option<u32>,
    pub(in crate::targets) stable: BackendSubset,
    pub(in crate::targets) canaries: Vec<NamedCanary>,
}

/// A canary's name and backend.
#[derive(Clone, Debug)]
pub(in crate::targets) struct NamedCanary {
    pub(in crate::targets) name: CanaryName,
    pub(in crate::targets) backend: BackendSubset,
}

impl VariantNames {
    /// Reads the annotation [`Metadata::VARIANTS`], as in `total=100 stable=web:80 canary=web-canary:80`; `None` if it is
    /// absent or malformed.
    pub(in crate::targets) fn of(metadata: &Metadata) -> Option<Self> {
        let mut words = metadata.annotations.get(Metadata::VARIANTS)?.split(' ').map(|word| word.split_once('='));
        let ("total", total) = words.next()?? else { return None };
        let ("stable", stable) = words.next()?? else { return None };
        let canaries = words.map(|word| {
            let (name, backend) = word?;
            let backend = BackendSubset::whole(backend.parse().ok()?);
            Some(NamedCanary { name: CanaryName::new(name).ok()?, backend })
        });
        Some(VariantNames {
            total: Some(total.parse().ok()?),
            stable: BackendSubset::whole(stable.parse().ok()?),
            canaries: canaries.collect::<Option<_>>()?,
        })
    }

    /// The names for an object without the annotation: only stable is known so far.
    pub(super) fn of_stable(stable: BackendSubset) -> Self {
        VariantNames { total: None, stable, canaries: Vec::new() }
    }

    /// The same variants as subsets of this Service. Each subset has the name of its variant, and the port of its backend.
    pub(in crate::targets) fn into_subsets_of(self, service: &Backend) -> Self {
        let subset = |name: &str, backend: &Backend| {
            let at_port = |port: &Port| service.clone().with_port(port.clone());
            BackendSubset {
                backend: backend.port().map_or_else(|| service.clone(), at_port),
                subset: Some(name.to_owned()),
            }
        };
        VariantNames {
            total: self.total,
            stable: subset("stable", &self.stable.backend),
            canaries: self
                .canaries
                .into_iter()
                .map(|NamedCanary { name, backend }| {
                    let backend = subset(name.as_str(), &backend.backend);
                    NamedCanary { name, backend }
                })
                .collect(),
        }
    }

    /// Adds a canary for a backend that is not yet one of a variant. The canary is named after its subset or Service; if that name
    /// is taken or is not valid for a canary, the canary is named `canary-N`.
    pub(super) fn add(&mut self, backend: &BackendSubset) {
        let known = self.stable == *backend || self.canaries.iter().any(|canary| canary.backend == *backend);
        if known {
            return;
        }
        let taken = |name: &CanaryName| self.canaries.iter().any(|canary| canary.name == *name);
        let numbered = || CanaryName::new(&format!("canary-{}", self.canaries.len())).ok();
        let name = CanaryName::new(backend.name()).ok().filter(|name| !taken(name)).or_else(numbered);
        self.canaries.push(NamedCanary { name: name.unwrap_or_default(), backend: backend.clone() });
    }

    /// The variant of a backend. Every backend has to be [added](Self::add) before: one that was not would count as stable.
    pub(super) fn variant(&self, backend: &BackendSubset) -> Variant {
        if *backend == self.stable {
            return Variant::Stable;
        }
        let index = self.canaries.iter().position(|canary| canary.backend == *backend);
        index.map_or(Variant::Stable, Variant::Canary)
    }

    /// The name of a variant, as the value of an affinity cookie contains it.
    pub(super) fn name(&self, variant: Variant) -> &str {
        let canary = variant.index().and_then(|index| self.canaries.get(index));
        canary.map_or("stable", |canary| canary.name.as_str())
    }
}
