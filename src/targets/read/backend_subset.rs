//! The backends of an object: whole Services, or subsets of one Service.

use std::fmt;

use crate::route::Backend;

/// A backend, or a subset of a backend. An object gives each variant its own backend, or its own subset of one backend that all
/// variants share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::targets) struct BackendSubset {
    pub(in crate::targets) backend: Backend,
    /// The name of the subset, if the variants are subsets.
    pub(in crate::targets) subset: Option<String>,
    /// The kind, as in `ServiceImport`, of a backend that is not a Service. A route does not hold it, but the `ServiceImport` named
    /// `web` is another backend than the Service `web`.
    pub(in crate::targets) elsewhere: Option<String>,
}

impl BackendSubset {
    /// A Service as a whole.
    pub(in crate::targets) fn whole(backend: Backend) -> Self {
        BackendSubset { backend, subset: None, elsewhere: None }
    }

    /// The name of the subset or of the Service.
    pub(in crate::targets) fn name(&self) -> &str {
        self.subset.as_deref().unwrap_or(self.backend.service())
    }
}

/// The name of the subset or Service, with the kind and the namespace in front if they are other ones, and the port if it is given.
impl fmt::Display for BackendSubset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(elsewhere) = &self.elsewhere {
            write!(f, "{elsewhere}/")?;
        }
        if let Some(namespace) = self.backend.namespace() {
            write!(f, "{namespace}/")?;
        }
        match self.backend.port() {
            None => f.write_str(self.name()),
            Some(port) => write!(f, "{}:{port}", self.name()),
        }
    }
}
