//! The spec of a route from serde, strict and lenient.

use super::{PathSpec, RouteSpec};
use crate::policy::read_spec::{deserialize_part, deserialize_whole, part};

part!(RouteSpec {
    name: "name",
    namespace: "namespace",
    hosts: "hosts",
    paths: "paths",
    parents: "parents",
    stable: "stable",
    canaries: "canaries",
    former_tokens: "formerTokens"
} and unread: Vec::new());
part!(PathSpec { path: "path", path_type: "pathType" });

deserialize_whole!(RouteSpec);
deserialize_part!(PathSpec);
