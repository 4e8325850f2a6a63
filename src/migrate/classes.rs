//! The classes of hosts and paths that two lists of virtual hosts tell apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::route::{Host, Location, Path, PathType, VirtualHost};
use crate::targets::VirtualHostReading;

/// The virtual hosts before and after that answer for one class of hosts.
pub(super) struct HostClass<'h> {
    /// A host that is named stands for itself. A wildcard stands for every host that it matches and that no more specific host of
    /// the lists matches. `None` stands for every host that none of them matches.
    pub(super) host: Option<Host>,
    pub(super) before: Option<&'h VirtualHost>,
    pub(super) after: Option<&'h VirtualHostReading>,
}

/// The hosts that are named before or after, and every other host.
pub(super) fn host_classes<'h>(before: &'h [VirtualHost], after: &'h [VirtualHostReading]) -> Vec<HostClass<'h>> {
    let before = ByHost::new(before, |host| host);
    let after = ByHost::new(after, |reading| &reading.virtual_host);
    let named: BTreeSet<&Host> = before.hosts().chain(after.hosts()).collect();
    let classes = named.into_iter().cloned().map(Some).chain([None]);
    classes
        .map(|host| HostClass { before: before.find(host.as_ref()), after: after.find(host.as_ref()), host })
        .collect()
}

/// Virtual hosts by the names of their hosts.
struct ByHost<'h, T> {
    hosts: BTreeMap<&'h Host, &'h T>,
    /// The one for every other host.
    others: Option<&'h T>,
}

impl<'h, T> ByHost<'h, T> {
    fn new(all: &'h [T], host: fn(&T) -> &VirtualHost) -> Self {
        let of_names = all.iter().rev().flat_map(|one| host(one).hosts().iter().map(move |name| (name, one)));
        ByHost { hosts: of_names.collect(), others: all.iter().find(|one| host(one).hosts().is_empty()) }
    }

    fn hosts(&self) -> impl Iterator<Item = &'h Host> {
        self.hosts.keys().copied()
    }

    /// The virtual host of a host or wildcard: its own, that of the longest wildcard above it, or that of every other host.
    fn find(&self, host: Option<&Host>) -> Option<&'h T> {
        let Some(host) = host else { return self.others };
        let domain = host.as_str().strip_prefix("*.").unwrap_or(host.as_str());
        let above = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot..)).map(|rest| format!("*{rest}"));
        let wildcards = above.filter_map(|wildcard| Host::new(&wildcard).ok());
        let own = self.hosts.get(host).copied();
        own.or_else(|| wildcards.into_iter().find_map(|wildcard| self.hosts.get(&wildcard).copied())).or(self.others)
    }
}

/// The paths of both virtual hosts, and `/`: every request belongs to the class of the most specific one that matches.
pub(super) struct PathClasses {
    pub(super) paths: Vec<Path>,
    /// An element that no path has.
    unknown: String,
}

impl PathClasses {
    pub(super) fn new(class: &HostClass<'_>) -> Self {
        let sides = class.before.into_iter().chain(class.after.map(|reading| &reading.virtual_host));
        let of_locations = sides.flat_map(VirtualHost::locations).map(Location::path);
        let inexact = class.after.iter().flat_map(|reading| &reading.inexact);
        let all = of_locations.chain(inexact).cloned().chain([Path::root()]);
        let mut seen = BTreeSet::new();
        let paths: Vec<Path> = all.filter(|path| seen.insert(path.to_string())).collect();
        let elements: BTreeSet<&str> = paths.iter().flat_map(|path| path.as_str().split('/')).collect();
        let mut unknown = "x".to_owned();
        while elements.contains(unknown.as_str()) {
            unknown.push('x');
        }
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
