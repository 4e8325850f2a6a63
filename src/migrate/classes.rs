//! The classes of paths that two virtual hosts tell apart.

use std::collections::BTreeSet;

use super::host_classes::HostPair;
use super::unused::unused;
use crate::route::{Location, Path, PathType, VirtualHost};

/// The paths of both virtual hosts, and `/`: every request belongs to the class of the most specific one that matches.
pub(super) struct PathClasses {
    pub(super) paths: Vec<Path>,
    /// An element that no path has.
    unknown: String,
}

impl PathClasses {
    pub(super) fn new(hosts: &HostPair<'_>) -> Self {
        let sides = hosts.before.into_iter().chain(hosts.after.map(|reading| &reading.virtual_host));
        let of_locations = sides.flat_map(VirtualHost::locations).map(Location::path);
        let inexact = hosts.after.iter().flat_map(|reading| &reading.inexact);
        let all = of_locations.chain(inexact).cloned().chain([Path::root()]);
        let mut seen = BTreeSet::new();
        let paths: Vec<Path> = all.filter(|path| seen.insert(path.to_string())).collect();
        let unknown = unused(paths.iter().flat_map(|path| path.as_str().split('/')));
        PathClasses { paths, unknown }
    }

    /// A path of a request of this class: one that no other path matches more specifically.
    pub(super) fn example(&self, class: &Path) -> String {
        match class.path_type() {
            PathType::Exact => class.as_str().to_owned(),
            PathType::Prefix => format!("{}/{}", class.compared(), self.unknown),
        }
    }
}
