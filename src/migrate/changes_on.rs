//! Finds what changes when another controller reads the Ingresses of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::dialect_change::{Change, Pair, Place, What};
use super::dialect_field;
use super::dialect_finding::{DialectFinding, DialectKind};
use super::outranked_paths::{outranked, outranked_exact, outranking_prefixes};
use crate::error::ControllerPanic;
use crate::policy::{Affinity, CookieRule, Match, Policy, Variant};
use crate::select::{Reason, Sample, Selector};
use crate::targets::nginx::{
    Aspect, CanaryInForce, Cluster, Configuration, CookieReading, Dialect, Flags, Location, ObjectName, VirtualHost,
};

/// What changes for the canaries of a cluster when a controller of another dialect reads the same Ingresses, sorted by Ingress.
///
/// The cluster is read twice, by the rules of its own controller and by those of the dialect, and the policies of each location are
/// [compared](crate::compare::policies): there is a finding about a rule if and only if it changes a decision. If other canaries
/// get requests on a location, its policies are not compared. A finding has a request unless none was found or no policy can hold
/// one of the two. What no policy can say, and what is not known of the controller, is a finding too.
///
/// # Errors
///
/// The controller of the cluster crashes: a canary Ingress has a rule without `http`.
///
/// ```
/// use canary_policy::error::Diagnostic;
/// use canary_policy::migrate;
/// use canary_policy::targets::nginx::{Cluster, Dialect, Flags, Ingress};
/// use serde_json::json;
///
/// let ingress = |name: &str, annotations: serde_json::Value| -> Ingress {
///     let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
///     serde_json::from_value(json!({
///         "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
///         "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
///         "spec": { "rules": [{ "host": "a.test", "http": { "paths": [
///             { "path": "/", "pathType": "Prefix", "backend": backend },
///         ] } }] },
///     })).unwrap()
/// };
/// let canary = json!({
///     "nginx.ingress.kubernetes.io/canary": "true",
///     "nginx.ingress.kubernetes.io/canary-by-header": "x-canary",
/// });
/// let cluster = Cluster::new(Flags::default()).with_ingresses([ingress("web", json!({})), ingress("next", canary)]);
/// assert_eq!(migrate::changes_on(&cluster, &Dialect::TRAEFIK)?, []);
///
/// let findings = migrate::changes_on(&cluster, &Dialect::HIGRESS)?;
/// assert_eq!((findings.len(), findings[0].code()), (1, "other-words"));
/// assert_eq!(
///     findings[0].to_string(),
///     "shop/next: canary-by-header: here, `always` and `never` decide, and in higress, only `always` decides: \
///      `x-canary: never` goes to stable by header before and by weight after (`a.test/`)",
/// );
/// assert_eq!(findings[0].advice(), "make sure that no client relies on `never`");
/// # Ok::<(), canary_policy::error::ControllerPanic>(())
/// ```
pub fn changes_on(cluster: &Cluster, dialect: &Dialect) -> Result<Vec<DialectFinding>, ControllerPanic> {
    let here = cluster.flags();
    let there = here.clone().with_dialect(*dialect);
    let mut run = Run { cluster, here, dialect, findings: BTreeMap::new(), settled: BTreeSet::new() };
    run.prefixes(&there);
    // If an Ingress is a canary for only one of them, the locations differ too, and the others are compared with the prefix and the
    // booleans from here.
    let aspects = Aspect::ALL.into_iter().filter(|aspect| *aspect != Aspect::Bools);
    let all = aspects.fold(here.dialect, |mixed, aspect| aspect.of(dialect, &mixed));
    let mixed = if run.settled.is_empty() { there.clone() } else { Flags { dialect: all, ..here.clone() } };

    let before = cluster.configuration_of(here)?;
    let after = cluster.configuration_of(&mixed)?;
    let of_after = locations(&after);
    let of_before = locations(&before);
    let only_there = of_after.iter().filter(|(place, _)| !of_before.contains_key(*place));
    let without_canaries: Vec<(Place<'_>, Location)> =
        only_there.map(|(place, location)| (*place, location.without_canaries())).collect();
    let pairs = of_before.iter().map(|(place, location)| (*place, *location));
    let pairs = pairs.chain(without_canaries.iter().map(|(place, location)| (*place, location)));
    let pairs = pairs.filter_map(|(place, here)| Some(Pair { place, here, there: of_after.get(&place).copied()? }));
    let changes = pairs.flat_map(|pair| pair.changes(cluster));
    let mut changes: Vec<Change<'_>> = changes.filter(|change| run.is_compared(change)).collect();
    for aspect in Aspect::ALL {
        let alone = aspect.of(dialect, &here.dialect);
        if changes.is_empty() || alone == here.dialect {
            continue;
        }
        let without = aspect.of(&here.dialect, &mixed.dialect);
        let alone = cluster.configuration_of(&Flags { dialect: alone, ..here.clone() })?;
        let without = cluster.configuration_of(&Flags { dialect: without, ..mixed.clone() })?;
        let (alone, without) = (locations(&alone), locations(&without));
        for change in &mut changes {
            if let (Some(alone), Some(without)) = (alone.get(&change.place), without.get(&change.place)) {
                change.attribute(aspect, alone, without);
            }
        }
    }
    for change in &changes {
        run.change(change);
    }
    run.only_here(&of_before, &of_after);
    if dialect.longest_rule_decides && !here.dialect.longest_rule_decides {
        for host in &after.virtual_hosts {
            run.rule_order(host);
        }
    }
    for host in &after.virtual_hosts {
        run.cookies(host, &of_before);
    }
    run.annotations(&before, &there);
    Ok(run.findings.into_values().collect())
}

/// The locations of a reading, by host, path and path type.
type Locations<'c> = BTreeMap<Place<'c>, &'c Location>;

fn locations(configuration: &Configuration) -> Locations<'_> {
    let mut locations = Locations::new();
    for host in &configuration.virtual_hosts {
        for location in &host.locations {
            locations.entry((&host.host, &location.path, &location.path_type)).or_insert(location);
        }
    }
    locations
}

/// What is searched, and what was found.
struct Run<'c> {
    cluster: &'c Cluster,
    here: &'c Flags,
    dialect: &'c Dialect,
    findings: BTreeMap<Key, DialectFinding>,
    /// The Ingresses that are canaries for one of the controllers only: their annotations are not compared.
    settled: BTreeSet<ObjectName>,
}

/// What tells findings apart: each of them is about one annotation and aspect of one Ingress.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    object: ObjectName,
    field: &'static str,
    aspect: Option<Aspect>,
    kind: &'static str,
    /// The location, if each one has a finding of its own.
    location: Option<String>,
}

impl Key {
    /// The key of a finding that no aspect leads to, and that all locations share.
    fn new(object: ObjectName, field: &'static str, kind: &'static str) -> Self {
        Key { object, field, aspect: None, kind, location: None }
    }
}

impl Run<'_> {
    /// The annotation or field that the controllers read in another way.
    fn field(&self, aspect: Option<Aspect>, canary: &CanaryInForce) -> &'static str {
        let annotations = canary.ingress.as_ref().and_then(|object| self.cluster.ingress(object));
        let annotations = annotations.map(|ingress| &ingress.metadata.annotations);
        dialect_field::field(aspect, canary, annotations, self.here, self.dialect)
    }

    fn add(&mut self, key: Key, location: Option<String>, kind: impl FnOnce() -> DialectKind) {
        let Key { object, field, .. } = key.clone();
        let (here, there) = (self.here.dialect, *self.dialect);
        let new = || DialectFinding { here, there, object, field, locations: Vec::new(), kind: kind() };
        let finding = self.findings.entry(key).or_insert_with(new);
        finding.locations.extend(location.filter(|location| !finding.locations.contains(location)));
    }

    /// Ingresses that are canaries for one of the controllers only.
    fn prefixes(&mut self, there: &Flags) {
        let canaries = |flags: &Flags| -> BTreeMap<ObjectName, bool> {
            let all = self.cluster.processed_of(flags).into_iter();
            all.map(|processed| (processed.ingress, processed.canary)).collect()
        };
        let (before, after) = (canaries(self.here), canaries(there));
        for (object, is_canary) in before {
            if after.get(&object).is_none_or(|there| *there == is_canary) {
                continue;
            }
            let kind = if is_canary { DialectKind::NotCanary } else { DialectKind::BecomesCanary };
            let key = Key::new(object.clone(), "canary", "prefix");
            self.add(key, None, || kind);
            self.settled.insert(object);
        }
    }

    /// Whether the change is one of an Ingress that is a canary for both controllers.
    fn is_compared(&self, change: &Change<'_>) -> bool {
        change.canary.ingress.as_ref().is_some_and(|object| !self.settled.contains(object))
    }

    /// Adds a finding for each aspect that leads to a change.
    fn change(&mut self, change: &Change<'_>) {
        let Some(object) = &change.canary.ingress else { return };
        for (aspect, comparison) in change.causes() {
            let (name, kind) = match &change.what {
                What::Canaries { gains, here, there } => {
                    let (here, there) = (here.clone(), there.clone());
                    ("canaries", DialectKind::Canaries { aspect, gains: *gains, here, there })
                }
                What::Policy(_) => ("policy", DialectKind::Policy { aspect, comparison }),
            };
            let key = Key { aspect, ..Key::new(object.clone(), self.field(aspect, change.canary), name) };
            self.add(key, Some(change.text()), || kind);
        }
    }

    /// What changes on a host because the longest rule decides there.
    fn rule_order(&mut self, host: &VirtualHost) {
        let mut of_paths: BTreeMap<(&str, &str), BTreeSet<&ObjectName>> = BTreeMap::new();
        for location in host.locations.iter().filter(|location| !location.is_default_backend) {
            of_paths.entry((&location.path, &location.path_type)).or_default().extend(&location.ingress);
        }
        for location in &host.locations {
            let Some(canary) = &location.canary else { continue };
            let Some(Ok(_)) = location.policy() else { continue };
            let text = format!("{}{}", host.host, location.path);
            let longer = outranked(host, location, canary);
            if !longer.is_empty() {
                let field = if canary.config.header.is_empty() { "canary-by-cookie" } else { "canary-by-header" };
                self.add_rule(canary, field, &text, DialectKind::OutranksPaths { longer });
            }
            let exact = outranked_exact(host, location);
            if !exact.is_empty() {
                self.add_rule(canary, "spec.rules", &text, DialectKind::OutranksExact { exact });
            }
            let by = outranking_prefixes(host, location);
            if !by.is_empty() {
                self.add_rule(canary, "spec.rules", &text, DialectKind::Outranked { by });
            }
            let ingresses = of_paths.get(&(location.path.as_str(), location.path_type.as_str()));
            if let Some(ingresses) = ingresses.filter(|ingresses| ingresses.len() > 1) {
                let ingresses = ingresses.iter().copied().cloned().collect();
                self.add_rule(canary, "spec.rules", &text, DialectKind::Unordered { ingresses });
            }
        }
    }

    /// Cookie rules whose cookie only one of the controllers finds: one reads the Cookie line as nginx does, and the other one as a
    /// text.
    fn cookies(&mut self, host: &VirtualHost, of_before: &Locations<'_>) {
        if self.dialect.cookie_reading == self.here.dialect.cookie_reading {
            return;
        }
        for there in &host.locations {
            let Some(here) = of_before.get(&(host.host.as_str(), there.path.as_str(), there.path_type.as_str())) else {
                continue;
            };
            let text = format!("{}{}", host.host, there.path);
            let (of_nginx, other) = match self.here.dialect.cookie_reading {
                CookieReading::Nginx => (*here, there),
                CookieReading::Text => (there, *here),
            };
            let Some(Ok(policy)) = of_nginx.policy() else { continue };
            for (index, canary) in of_nginx.canaries().enumerate() {
                let has_rule = |other: &CanaryInForce| other.upstream == canary.upstream && cookie(other).is_some();
                if let Some(example) = cookie_example(canary, index, &policy).filter(|_| other.canaries().any(has_rule))
                {
                    self.add_rule(canary, "canary-by-cookie", &text, DialectKind::CookieReading { example });
                }
            }
        }
    }

    /// Adds a finding about a rule of a canary.
    fn add_rule(&mut self, canary: &CanaryInForce, field: &'static str, location: &str, kind: DialectKind) {
        let Some(object) = canary.ingress.clone().filter(|object| !self.settled.contains(object)) else { return };
        let name = match kind {
            DialectKind::CookieReading { .. } => "cookie",
            DialectKind::Outranked { .. } => "outranked",
            DialectKind::OutranksExact { .. } => "exact",
            DialectKind::Unordered { .. } => "unordered",
            _ => "paths",
        };
        // A finding about the order of paths names others, which are not those of the next location.
        let own = Some(location.to_owned()).filter(|_| name != "cookie");
        self.add(Key { location: own, ..Key::new(object, field, name) }, Some(location.to_owned()), || kind);
    }

    /// Locations that only the controller here has.
    fn only_here(&mut self, of_before: &Locations<'_>, of_after: &Locations<'_>) {
        for (place, location) in of_before.iter().filter(|(place, _)| !of_after.contains_key(*place)) {
            let Some(object) = location.ingress.clone().filter(|object| !self.settled.contains(object)) else {
                continue;
            };
            if !location.is_default_backend {
                let (host, path, _) = place;
                let key = Key::new(object, "spec.rules", "no location");
                self.add(key, Some(format!("{host}{path}")), || DialectKind::NoLocation);
            }
        }
    }

    /// Annotations whose meaning is not known, or that have a meaning only there.
    fn annotations(&mut self, before: &Configuration, there: &Flags) {
        let hosts = before.virtual_hosts.iter().flat_map(|host| &host.locations);
        for canary in hosts.flat_map(Location::canaries) {
            let Some(object) = canary.ingress.clone().filter(|object| !self.settled.contains(object)) else { continue };
            let annotations = self.cluster.ingress(&object).map(|ingress| &ingress.metadata.annotations);
            let is_set = |name: &str| annotations.is_some_and(|all| there.value(all, name).is_some());
            let is_pinned = canary.policy.as_ref().is_ok_and(|policy| *policy.affinity() != Affinity::None);
            let of_rules = canary.config.not_known_of(self.dialect, is_set("canary-by-cookie-value"));
            let of_affinity = self.dialect.not_known.iter().copied().find(|name| *name == "affinity" && is_pinned);
            for field in of_rules.chain(of_affinity) {
                if !self.here.dialect.not_known.contains(&field) {
                    let key = Key::new(object.clone(), field, "not known");
                    self.add(key, None, || DialectKind::NotKnown);
                }
            }
            for field in self.dialect.outside_policy.iter().filter(|field| is_set(field)) {
                if !self.here.dialect.outside_policy.contains(field) {
                    let key = Key::new(object.clone(), field, "outside");
                    self.add(key, None, || DialectKind::OutsidePolicy);
                }
            }
        }
    }
}

/// The cookie rule of a canary.
fn cookie(canary: &CanaryInForce) -> Option<&CookieRule> {
    canary.policy.as_ref().ok()?.canaries().first()?.cookie()
}

/// A Cookie line in which nginx finds the cookie of the canary's rule, so that the rule decides, and one who looks for the text of
/// the rule does not. `index` is the index of the canary in the policy of all canaries of the location.
fn cookie_example(canary: &CanaryInForce, index: usize, policy: &Policy) -> Option<String> {
    let rule = cookie(canary)?;
    let value = match rule.value_match() {
        Match::AlwaysNever => "always",
        Match::Exact(value) => value,
        Match::Pattern(_) => return None,
    };
    let line = format!("{} ={value}", rule.name);
    let decision = Selector::new(policy).select(&[("cookie", line.as_str())], Sample::MAX);
    let decides = decision.reason == Reason::Cookie && decision.variant == Variant::Canary(index);
    Some(line).filter(|_| decides)
}
