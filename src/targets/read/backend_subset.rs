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
    /// The namespace or kind, as in `other` or `ServiceImport`, of a backend that is not a Service in the namespace of the object. A
    /// route does not hold it, but the Service `web` is another backend than the Service `web` in another namespace.
    pub(in crate::targets) elsewhere: Option<String>,
}

impl BackendSubset {
    /// A Service in the namespace of the object, as a whole.
    pub(in crate::targets) fn whole(backend: Backend) -> Self {
        BackendSubset { backend, subset: None, elsewhere: None }
    }

    /// The name of the subset or of the Service.
    pub(in crate::targets) fn name(&self) -> &str {
        self.subset.as_deref().unwrap_or(self.backend.service())
    }
}

/// The name of the subset or Service, with the namespace or kind in front if it is another one, and the port if it is given.
impl fmt::Display for BackendSubset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(elsewhere) = &self.elsewhere {
            write!(f, "{elsewhere}/")?;
        }
        match self.backend.port() {
            None => f.write_str(self.name()),
            Some(port) => write!(f, "{}:{port}", self.name()),
        }
    }
}
