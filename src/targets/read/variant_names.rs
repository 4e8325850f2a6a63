//! The names of the variants of an object, and their backends.

use std::collections::{BTreeMap, BTreeSet};

use super::BackendSubset;
use crate::error::ReadError;
use crate::policy::{CanaryName, Variant};
use crate::route::{Backend, Location, Path, Port};
use crate::targets::Metadata;
use crate::targets::object::{Variants, VariantsByPath};

/// Which backend is which variant, and the policy's total if it is known.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::targets) struct VariantNames {
    pub(super) total: Option<u32>,
    pub(super) stable: BackendSubset,
    pub(super) canaries: Vec<NamedCanary>,
    /// The variant of each backend. A backend of several variants is that of the first.
    variants: BTreeMap<BackendSubset, Variant>,
    taken: BTreeSet<CanaryName>,
    /// The number of the next canary that cannot be named after its backend.
    next: usize,
}

/// The Service that all destinations of an object are subsets of.
pub(in crate::targets) struct SubsetsOf {
    pub(in crate::targets) service: Backend,
    /// Whether the destinations have ports. If they have none, the ports in the annotation do not tell subsets apart.
    pub(in crate::targets) has_ports: bool,
}

/// A canary's name and backend.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::targets) struct NamedCanary {
    pub(super) name: CanaryName,
    pub(super) backend: BackendSubset,
}

impl VariantNames {
    /// Reads the annotation [`Metadata::VARIANTS`]; `None` if it is absent. If the variants of the object are subsets, each
    /// subset has the name of its variant, and the port of its backend in the annotation.
    ///
    /// # Errors
    ///
    /// The annotation is malformed.
    pub(in crate::targets) fn of(metadata: &Metadata, subsets: Option<&SubsetsOf>) -> Result<Option<Self>, ReadError> {
        let variants = Variants::of(metadata)?;
        let own = metadata.namespace.as_deref();
        Ok(variants.map(|variants| VariantNames::new(variants, own, own, subsets)))
    }

    /// The same for the variants of one path of a virtual host in the namespace `to`.
    ///
    /// # Errors
    ///
    /// The annotation is malformed.
    pub(in crate::targets) fn of_path(
        variants: &VariantsByPath<'_>,
        metadata: &Metadata,
        path: &Path,
        to: Option<&str>,
        subsets: Option<&SubsetsOf>,
    ) -> Result<Option<Self>, ReadError> {
        let variants = variants.at(path)?;
        Ok(variants.map(|variants| VariantNames::new(variants, metadata.namespace.as_deref(), to, subsets)))
    }

    /// The names of the variants of a location whose virtual host is in the namespace `from`, for one in the namespace `to`. A
    /// location without a policy has stable only.
    pub(in crate::targets) fn of_location(location: &Location, from: Option<&str>, to: Option<&str>) -> Self {
        match Variants::of_location(location) {
            Some(variants) => VariantNames::new(variants, from, to, None),
            None => VariantNames::of_stable(BackendSubset::whole(location.stable().moved(from, to))),
        }
    }

    fn new(variants: Variants, from: Option<&str>, to: Option<&str>, subsets: Option<&SubsetsOf>) -> Self {
        let Variants { total, stable, canaries } = variants;
        let backend = |name: &str, backend: Backend| match subsets {
            None => BackendSubset::whole(backend.moved(from, to)),
            Some(SubsetsOf { service, has_ports }) => {
                let at_port = |port: &Port| service.clone().with_port(port.clone());
                let port = backend.port().filter(|_| *has_ports);
                let backend = port.map_or_else(|| service.clone(), at_port);
                BackendSubset { subset: Some(name.to_owned()), ..BackendSubset::whole(backend) }
            }
        };
        let mut names = VariantNames::of_stable(backend("stable", stable));
        names.total = Some(total.get());
        for (name, of_canary) in canaries {
            let backend = backend(name.as_str(), of_canary);
            names.push(NamedCanary { name, backend });
        }
        names
    }

    /// The names for an object without the annotation: only stable is known so far.
    pub(super) fn of_stable(stable: BackendSubset) -> Self {
        VariantNames {
            total: None,
            variants: BTreeMap::from([(stable.clone(), Variant::Stable)]),
            stable,
            canaries: Vec::new(),
            taken: BTreeSet::new(),
            next: 0,
        }
    }

    /// Whether there is no canary.
    pub(super) fn is_stable_only(&self) -> bool {
        self.canaries.is_empty()
    }

    /// Whether a backend is one of a variant.
    pub(super) fn has(&self, backend: &BackendSubset) -> bool {
        self.variants.contains_key(backend)
    }

    /// Adds a canary for a backend that is not yet one of a variant, and returns its name. The canary is named after its subset or
    /// Service; if that name is taken or is not valid for a canary, the canary is named `canary-N`, with the first number from the
    /// count of canaries on that is free. `None` if the backend is one of a variant already.
    pub(super) fn add(&mut self, backend: &BackendSubset) -> Option<CanaryName> {
        if self.has(backend) {
            return None;
        }
        let own = CanaryName::new(backend.name()).ok().filter(|name| !self.taken.contains(name));
        let name = own.unwrap_or_else(|| self.numbered());
        self.push(NamedCanary { name: name.clone(), backend: backend.clone() });
        Some(name)
    }

    /// The first free name `canary-N`.
    fn numbered(&mut self) -> CanaryName {
        self.next = self.next.max(self.canaries.len());
        loop {
            // The name is a DNS label, whatever the number is.
            let name = CanaryName::new(&format!("canary-{}", self.next)).unwrap_or_default();
            self.next += 1;
            if !self.taken.contains(&name) {
                return name;
            }
        }
    }

    fn push(&mut self, canary: NamedCanary) {
        self.taken.insert(canary.name.clone());
        self.variants.entry(canary.backend.clone()).or_insert(Variant::Canary(self.canaries.len()));
        self.canaries.push(canary);
    }

    /// The variant of a backend. Every backend has to be [added](Self::add) before: one that was not would count as stable.
    pub(super) fn variant(&self, backend: &BackendSubset) -> Variant {
        self.variants.get(backend).copied().unwrap_or(Variant::Stable)
    }

    /// The name of a variant, as the value of an affinity cookie contains it.
    pub(super) fn name(&self, variant: Variant) -> &str {
        let canary = variant.index().and_then(|index| self.canaries.get(index));
        canary.map_or("stable", |canary| canary.name.as_str())
    }
}
