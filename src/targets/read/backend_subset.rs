//! The backends of an object: whole Services, or subsets of one Service.

use std::fmt;

use crate::route::Backend;

/// A backend, or a subset of a backend. An object gives each variant its own backend, or its own subset of one backend that all
/// variants share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::targets) struct BackendSubset {
    pub(in crate::targets) backend: Backend,
    /// The name of the subset, if the variants are subsets.
    pub(in crate::targets) subset: Option<String>,
}

impl BackendSubset {
    /// A backend as a whole.
    pub(in crate::targets) fn whole(backend: Backend) -> Self {
        BackendSubset { backend, subset: None }
    }

    /// The name of the subset or of the Service.
    pub(in crate::targets) fn name(&self) -> &str {
        self.subset.as_deref().unwrap_or(self.backend.service())
    }
}

/// The name of the subset or Service, and the port if it is given.
impl fmt::Display for BackendSubset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.backend.port() {
            None => f.write_str(self.name()),
            Some(port) => write!(f, "{}:{port}", self.name()),
        }
    }
}
