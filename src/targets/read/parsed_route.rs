//! The route that the fields of an object express.

use super::ParsedPolicy;
use crate::error::{InvalidRoute, ReadError};
use crate::policy::Policy;
use crate::route::{Host, Parent, Path, Route};
use crate::targets::Metadata;

/// The parts of a route that objects hold, and the names of the fields that hold them.
pub(in crate::targets) struct ParsedRoute<'o> {
    pub(in crate::targets) metadata: &'o Metadata,
    pub(in crate::targets) hosts: Field<Vec<Host>>,
    pub(in crate::targets) paths: Field<Vec<Path>>,
    pub(in crate::targets) parents: Field<Vec<Parent>>,
}

/// A value, and the path of the field that holds it.
pub(in crate::targets) struct Field<T> {
    pub(in crate::targets) path: &'static str,
    pub(in crate::targets) value: T,
}

impl ParsedRoute<'_> {
    /// The policy, and the route with its backends and former tokens.
    ///
    /// # Errors
    ///
    /// A name is invalid, or a host, path or parent is listed twice.
    pub(in crate::targets) fn with_policy(self, parsed: ParsedPolicy) -> Result<(Policy, Route), ReadError> {
        let ParsedPolicy { policy, stable, canaries, former_tokens, is_exact: _ } = parsed;
        let at =
            |field: &'static str| move |invalid: InvalidRoute| ReadError::Route { field: field.to_owned(), invalid };
        let ParsedRoute { metadata, hosts, paths, parents } = self;
        let Metadata { name, namespace, annotations: _, creation_timestamp: _, unknown: _ } = metadata;
        let route = Route::new(name, stable, canaries).map_err(at("metadata.name"))?;
        let route = match namespace {
            Some(namespace) => route.with_namespace(namespace).map_err(at("metadata.namespace"))?,
            None => route,
        };
        let route = route.with_hosts(hosts.value).map_err(at(hosts.path))?;
        let route = route.with_paths(paths.value).map_err(at(paths.path))?;
        let route = route.with_parents(parents.value).map_err(at(parents.path))?;
        let route = match former_tokens {
            Some(former_tokens) => route.with_former_tokens(former_tokens),
            None => route,
        };
        Ok((policy, route))
    }
}
