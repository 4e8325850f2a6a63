//! The rules of all objects that one host has, and the virtual host that they express.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BackendSubset, MatchOrder, ParsedDestination, ParsedRule, ReadLocations, SubsetsOf, VariantNames,
    VirtualHostReading, Wildcards, locations, paths,
};
use crate::error::{InvalidRoute, ReadError};
use crate::route::{Host, Parent, Path, Specificity, VirtualHost};
use crate::targets::Metadata;
use crate::targets::finding::Findings;
use crate::targets::object::VariantsByPath;

/// An object whose rules were read.
pub(in crate::targets) struct ObjectRules<'o> {
    pub(in crate::targets) metadata: &'o Metadata,
    /// The hosts; an empty list is every host.
    pub(in crate::targets) hosts: Vec<Host>,
    pub(in crate::targets) parents: Vec<Parent>,
    pub(in crate::targets) rules: Vec<ParsedRule>,
    /// The Service that all destinations are subsets of.
    pub(in crate::targets) subsets: Option<SubsetsOf>,
    pub(in crate::targets) findings: Findings,
}

impl ObjectRules<'_> {
    /// The same object. If a field of the whole object is unclear, it is not known of any rule what it does.
    pub(in crate::targets) fn undecided_if(mut self, is_unclear: bool) -> Self {
        for rule in &mut self.rules {
            rule.is_known &= !is_unclear;
        }
        self
    }

    /// Leaves every path of the hosts undecided, whatever the rules say.
    pub(in crate::targets) fn leave_undecided(&mut self) {
        // Also the paths that no rule has are not decided.
        for rule in &mut self.rules {
            rule.is_known = false;
        }
        let (matches, destinations) = (Vec::new(), Vec::new());
        self.rules.push(ParsedRule { matches, destinations, unread: vec![None], is_known: false });
    }

    /// Each host; `None` is every host, if none is named.
    fn each_host(&self) -> impl Iterator<Item = Option<&Host>> {
        let all = self.hosts.is_empty().then_some(None);
        self.hosts.iter().map(Some).chain(all)
    }
}

/// The hosts of an object in which `*` is every host; an empty list is every host.
///
/// # Errors
///
/// A text is not a host.
pub(in crate::targets) fn hosts_of(domains: &[String], field: &str) -> Result<Vec<Host>, ReadError> {
    let named = domains.iter().filter(|domain| *domain != "*");
    let hosts: Result<Vec<Host>, InvalidRoute> = named.map(|domain| Host::new(domain)).collect();
    let hosts = hosts.map_err(|invalid| ReadError::Route { field: field.to_owned(), invalid })?;
    Ok(if domains.iter().any(|domain| domain == "*") { Vec::new() } else { hosts })
}

/// Checks that no two objects have the same host, for targets that promise no order between two objects.
///
/// # Errors
///
/// An object has a host of an earlier one. The error names the object, with `field` for its hosts.
pub(in crate::targets) fn distinct_hosts(objects: &[ObjectRules<'_>], field: &str) -> Result<(), ReadError> {
    let mut hosts = BTreeSet::new();
    for object in objects {
        let own: BTreeSet<Option<&Host>> = object.each_host().collect();
        if own.into_iter().any(|host| !hosts.insert(host)) {
            return Err(ReadError::SharedHost { field: format!("{}.{field}", object.metadata.name) });
        }
    }
    Ok(())
}

/// The virtual hosts of objects, which come in the order in which they decide. Hosts that the same objects have are one virtual
/// host.
///
/// The variants have the names of the location of `known`, if a policy with these names expresses the rules, or else those of the
/// annotation of the object. A host of which no rule was read has no location.
pub(in crate::targets) fn virtual_hosts(
    objects: &[ObjectRules<'_>],
    order: MatchOrder,
    known: &[VirtualHost],
) -> Result<Vec<VirtualHostReading>, ReadError> {
    let mut by_host: BTreeMap<Option<&Host>, Vec<usize>> = BTreeMap::new();
    for (index, object) in objects.iter().enumerate() {
        for host in object.each_host() {
            by_host.entry(host).or_default().push(index);
        }
    }
    let mut by_objects: BTreeMap<Vec<usize>, Vec<Host>> = BTreeMap::new();
    for (host, indexes) in by_host {
        by_objects.entry(indexes).or_default().extend(host.cloned());
    }
    let known = Known::new(known);
    let of_host = |(indexes, hosts): (Vec<usize>, Vec<Host>)| {
        let objects = indexes.iter().filter_map(|index| objects.get(*index)).collect();
        HostObjects { known: known.find(&hosts), hosts, objects }.read(order)
    };
    by_objects.into_iter().map(of_host).collect()
}

/// The virtual hosts that are known, by their hosts.
struct Known<'k> {
    by_host: BTreeMap<&'k Host, &'k VirtualHost>,
    /// The one for every other host.
    others: Option<&'k VirtualHost>,
}

impl<'k> Known<'k> {
    fn new(known: &'k [VirtualHost]) -> Self {
        let of_hosts = known.iter().rev().flat_map(|known| known.hosts().iter().map(move |host| (host, known)));
        Known { by_host: of_hosts.collect(), others: known.iter().find(|known| known.hosts().is_empty()) }
    }

    /// The one that has the first of these hosts that is known.
    fn find(&self, hosts: &[Host]) -> Option<&'k VirtualHost> {
        hosts.iter().find_map(|host| self.by_host.get(host)).copied().or(self.others)
    }
}

/// The objects of a virtual host.
struct HostObjects<'o> {
    hosts: Vec<Host>,
    objects: Vec<&'o ObjectRules<'o>>,
    known: Option<&'o VirtualHost>,
}

impl HostObjects<'_> {
    fn read(self, order: MatchOrder) -> Result<VirtualHostReading, ReadError> {
        let Some(first) = self.objects.first() else { return Err(ReadError::NoObject) };
        let Metadata { name, namespace, annotations: _, creation_timestamp: _, unknown: _ } = first.metadata;
        let to = namespace.as_deref();
        let rules: Vec<ParsedRule> = self.objects.iter().flat_map(|object| moved_rules(object, to)).collect();
        let owners: Vec<Owner<'_>> = self.objects.iter().map(|object| Owner::new(object)).collect();
        let owners = by_path(&owners);
        let names = |path: &Path| match owners.get(&path.specificity()) {
            Some(owner) => self.names(path, owner, to),
            None => Ok(Vec::new()),
        };
        let all_paths = paths(&rules);
        // A match on a path that a route does not have may decide about every path that no rule has.
        let decides_more =
            rules.iter().any(|rule| rule.unread.contains(&None)) && !all_paths.iter().any(|path| path.matches_all());
        let ReadLocations { all, mut inexact, findings: of_locations } = locations(all_paths, &rules, order, names)?;
        inexact.extend(decides_more.then(Path::root));

        let at = |field: &str, invalid: InvalidRoute| ReadError::Route { field: field.to_owned(), invalid };
        let host = if all.is_empty() { VirtualHost::unread(name) } else { VirtualHost::new(name, all) };
        let host = host.map_err(|invalid| at("metadata.name", invalid))?;
        let host = match to {
            Some(namespace) => host.with_namespace(namespace).map_err(|invalid| at("metadata.namespace", invalid))?,
            None => host,
        };
        let mut parents: Vec<Parent> = Vec::new();
        for parent in self.objects.iter().flat_map(|object| &object.parents) {
            if !parents.contains(parent) {
                parents.push(parent.clone());
            }
        }
        let host = host.with_hosts(self.hosts).map_err(|invalid| at("spec", invalid))?;
        let virtual_host = host.with_parents(parents).map_err(|invalid| at("spec", invalid))?;
        let of_objects = self.objects.iter().flat_map(|object| object.findings.of_object(&object.metadata.name));
        let findings = of_objects.chain(of_locations).collect();
        Ok(VirtualHostReading { virtual_host, inexact, wildcards: Wildcards::AnyLabels, findings })
    }

    /// The names that the variants of a path of this object may have, for a virtual host in the namespace `to`: those of the known
    /// location, and then those of the annotation. Routing does not depend on the annotation, which somebody may have forgotten
    /// when a canary became stable.
    fn names(&self, path: &Path, owner: &Owner<'_>, to: Option<&str>) -> Result<Vec<VariantNames>, ReadError> {
        let Owner { object, variants } = owner;
        let subsets = object.subsets.as_ref();
        let written = VariantNames::of_path(variants, object.metadata, path, to, subsets)?;
        // A known location has no subsets.
        let known = self.known_names(path, to).filter(|_| subsets.is_none());
        let mut all: Vec<VariantNames> = [known, written].into_iter().flatten().collect();
        all.dedup();
        Ok(all)
    }

    /// The variant names of the known location that decides requests for this path.
    fn known_names(&self, path: &Path, to: Option<&str>) -> Option<VariantNames> {
        let known = self.known?;
        Some(VariantNames::of_location(known.covering(path)?, known.namespace(), to))
    }
}

/// An object, and the variants that its annotation names.
struct Owner<'o> {
    object: &'o ObjectRules<'o>,
    variants: VariantsByPath<'o>,
}

impl<'o> Owner<'o> {
    fn new(object: &'o ObjectRules<'o>) -> Self {
        Owner { object, variants: VariantsByPath::of(object.metadata) }
    }
}

/// The first object that has each path.
fn by_path<'o>(owners: &'o [Owner<'o>]) -> BTreeMap<Specificity<'o>, &'o Owner<'o>> {
    let mut by_path = BTreeMap::new();
    for owner in owners {
        for one in owner.object.rules.iter().flat_map(|rule| &rule.matches) {
            by_path.entry(one.path.specificity()).or_insert(owner);
        }
    }
    by_path
}

/// The rules of an object, whose backends are named as an object in the namespace `to` names them.
pub(in crate::targets) fn moved_rules(object: &ObjectRules<'_>, to: Option<&str>) -> Vec<ParsedRule> {
    let own = object.metadata.namespace.as_deref();
    let destination = |destination: &ParsedDestination| {
        let backend = destination.backend.backend.moved(own, to);
        ParsedDestination { backend: BackendSubset { backend, ..destination.backend.clone() }, ..destination.clone() }
    };
    let rule = |rule: &ParsedRule| ParsedRule {
        matches: rule.matches.clone(),
        destinations: rule.destinations.iter().map(destination).collect(),
        unread: rule.unread.clone(),
        is_known: rule.is_known,
    };
    object.rules.iter().map(rule).collect()
}
