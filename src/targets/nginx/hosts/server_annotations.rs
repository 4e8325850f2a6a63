//! Annotations that hold for a whole host.

use std::collections::{BTreeMap, BTreeSet};

use super::annotations::is_of_server;
use crate::targets::nginx::annotations::is_default;
use crate::targets::nginx::cluster::ClusterParts;
use crate::targets::nginx::cluster::configuration::Record;
use crate::targets::nginx::cluster::stored_ingress::CATCH_ALL;
use crate::targets::nginx::{ObjectName, VirtualHost};

/// The annotations of each host, each with its Ingress, its name and its value.
pub(super) type ServerAnnotations<'c> = BTreeMap<&'c str, Vec<(&'c ObjectName, &'c str, &'c str)>>;

/// The annotations that hold for a whole host. The catch-all host has those of a host that no ordinary Ingress names.
pub(super) fn server_annotations<'c>(
    parts: ClusterParts<'_>,
    record: &'c Record<'c>,
    hosts: &'c [VirtualHost],
) -> ServerAnnotations<'c> {
    let known: BTreeSet<&str> = hosts.iter().map(|host| host.host.as_str()).collect();
    let mut annotations = ServerAnnotations::new();
    for ingress in &record.ingresses {
        let is_of_server = |key: &str, value: &str| {
            let name = parts.flags.annotation(key);
            name.is_some_and(|name| is_of_server(name, ingress.is_canary()) && !is_default(name, value))
        };
        for (key, value) in ingress.annotations.iter().filter(|(key, value)| is_of_server(key, value)) {
            for rule in &ingress.rules {
                let host = known.get(rule.host.as_str()).copied().unwrap_or(CATCH_ALL);
                annotations.entry(host).or_default().push((ingress.name, key.as_str(), value.as_str()));
            }
        }
    }
    annotations
}
