//! Fronts: what a route and a virtual host have in common besides paths and backends.

use super::{Host, Parent};

/// The name, namespace, hosts and parents of a route or virtual host.
#[derive(Clone, Copy)]
pub(crate) struct Front<'r> {
    pub(crate) name: &'r str,
    pub(crate) namespace: Option<&'r str>,
    /// An empty list is every host.
    pub(crate) hosts: &'r [Host],
    pub(crate) parents: &'r [Parent],
}

impl Front<'_> {
    /// The hosts as text, for targets that write `*` for every host.
    pub(crate) fn domains(&self) -> Vec<String> {
        let all = self.hosts.is_empty().then(|| "*".to_owned());
        self.hosts.iter().map(Host::to_string).chain(all).collect()
    }

    /// The name, with the namespace in front if one is given.
    pub(crate) fn full_name(&self) -> String {
        match self.namespace {
            None => self.name.to_owned(),
            Some(namespace) => format!("{namespace}/{}", self.name),
        }
    }
}
