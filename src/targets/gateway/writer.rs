//! The rules of groups, and the objects that the rules fit in.

use std::collections::BTreeSet;

use super::cookie_filters::{place, set_cookie_filters, supported_table};
use super::header_match::header_match;
use super::method::method_match;
use super::{BackendRef, Feature, GrpcMatch, HeaderMatch, HttpMatch, ParentRef, PathMatch, RouteParams, Rule, Spec};
use crate::error::{ConversionError, Excerpt};
use crate::policy::{FormerTokens, Policy, Variant};
use crate::route::{Backend, Backends, Front, Group, Host, Parent, Path, PathType};
use crate::targets::object::variants_of;
use crate::targets::table::{Condition, Limits, Row, Table, WeightLimit, Weighted};
use crate::targets::{Conversion, Loss, Metadata, Object, Part as LossPart, UnknownFields};

const API_VERSION: &str = "gateway.networking.k8s.io/v1";

/// The name of the object in an error, if the object exceeds one of the limits below.
const OBJECT: &str = "an HTTPRoute or GRPCRoute";

/// The largest number of rules of an object.
pub(super) const MAX_RULES: usize = 16;

/// The largest number of matches of a rule.
pub(super) const MAX_RULE_MATCHES: usize = 64;

/// The largest number of matches of an object.
pub(super) const MAX_MATCHES: usize = 128;

/// The largest number of hosts of an object.
pub(super) const MAX_HOSTS: usize = 16;

/// The largest number of parents of an object.
pub(super) const MAX_PARENTS: usize = 32;

/// The largest number of backends of a rule.
pub(super) const MAX_BACKENDS: usize = 16;

/// The largest weight.
pub(super) const MAX_WEIGHT: u32 = 1_000_000;

/// Why an affinity key cannot choose the variant.
const WHY_NO_HASH: &str =
    "a route of the Gateway API cannot hash a key: a variant is chosen by weight for each request";

/// Writes the objects of a route or virtual host. `M` is the match of their kind.
pub(in crate::targets) struct Writer<'w, M> {
    front: Front<'w>,
    parents: Vec<ParentRef>,
    hosts: &'w [Host],
    params: &'w RouteParams,
    kind: &'static str,
    /// A path and a header as a match.
    to_match: ToMatch<M>,
    /// The conditions that are accepted besides the limits of the Gateway API.
    accepts: fn(Condition<'_>) -> Result<(), &'static str>,
    /// Whether a backend in another namespace needs a `ReferenceGrant`.
    needs_grants: bool,
}

type ToMatch<M> = fn(&Path, Option<&HeaderMatch>) -> Result<M, ConversionError>;

/// Rules that fit in one object: all rules of a group on some of its paths, or the rules of several groups without a policy.
#[derive(Clone)]
pub(in crate::targets) struct Part<M> {
    pub(in crate::targets) rules: Vec<Rule<M>>,
    /// The value of the annotation that names the variants; `None` without a policy.
    pub(in crate::targets) variants: Option<String>,
}

impl<'w, M: Clone> Writer<'w, M> {
    /// Writes objects for the Gateways and hosts of a route or virtual host.
    pub(super) fn new(front: Front<'w>, params: &'w RouteParams, kind: &'static str, to_match: ToMatch<M>) -> Self {
        let parents = front.parents.iter().map(parent_ref).collect();
        let accepts = |_: Condition<'_>| Ok(());
        Writer { front, parents, hosts: front.hosts, params, kind, to_match, accepts, needs_grants: true }
    }

    pub(super) fn check_parents(&self) -> Result<(), ConversionError> {
        let field = "parents";
        match self.parents.len() {
            0 => {
                let why = "an HTTPRoute or GRPCRoute that attaches to no Gateway has no effect";
                Err(ConversionError::Missing { field, why })
            }
            1..=MAX_PARENTS => Ok(()),
            count => Err(ConversionError::TooMany { field, count, bound: MAX_PARENTS, object: OBJECT }),
        }
    }

    /// Checks that a path can be matched.
    pub(super) fn check_path(&self, path: &Path) -> Result<(), ConversionError> {
        (self.to_match)(path, None).map(|_| ())
    }

    /// The rules of a group: one part, unless the limits require several, each with some of the paths.
    pub(in crate::targets) fn parts(&self, group: &Group<'_>) -> Result<Conversion<Vec<Part<M>>>, ConversionError> {
        let Conversion { output: table, mut losses } = self.table(group);
        check_size(&table)?;
        if self.needs_grants {
            losses.extend(needed_grants(&table, &group.backends));
        }
        let variants = variants_of(std::slice::from_ref(group));
        let part = |paths: &[&Path]| {
            let rules = table.rows.iter().map(|row| self.rule(row, paths, &group.backends));
            Ok(Part { rules: rules.collect::<Result<_, _>>()?, variants: variants.clone() })
        };
        let output = group.paths.chunks(paths_by_object(&table)).map(part).collect::<Result<_, ConversionError>>()?;
        Ok(Conversion { output, losses })
    }

    fn table(&self, group: &Group<'_>) -> Conversion<Table<HeaderMatch>> {
        let Some(policy) = group.policy else { return Conversion { output: Table::stable(), losses: Vec::new() } };
        policy_table(policy, group.former_tokens, self.params, self.accepts)
    }

    /// An object for each part, and so often that each has at most 16 of the hosts. Without hosts an object is for every host.
    pub(in crate::targets) fn objects(&self, parts: Vec<Part<M>>) -> Result<Vec<Object<Spec<M>>>, ConversionError> {
        let mut objects = Vec::new();
        let mut chunks = self.hosts.chunks(MAX_HOSTS);
        let last = chunks.next_back().unwrap_or_default();
        for hosts in chunks {
            for part in &parts {
                objects.push(self.object(hosts, part.clone(), objects.len())?);
            }
        }
        for part in parts {
            objects.push(self.object(last, part, objects.len())?);
        }
        Ok(objects)
    }

    fn object(&self, hosts: &[Host], part: Part<M>, index: usize) -> Result<Object<Spec<M>>, ConversionError> {
        let Part { rules, variants } = part;
        let spec = Spec {
            parent_refs: self.parents.clone(),
            hostnames: hosts.iter().map(Host::to_string).collect(),
            rules,
            unknown: UnknownFields::default(),
        };
        Ok(Object::new(API_VERSION, self.kind, Metadata::new(self.front, index, variants)?, spec))
    }

    fn rule(&self, row: &Row<HeaderMatch>, paths: &[&Path], backends: &Backends) -> Result<Rule<M>, ConversionError> {
        let matches =
            row.matches(paths).map(|(path, header)| (self.to_match)(path, header)).collect::<Result<_, _>>()?;
        let is_of_rule = place(row) == Feature::RuleFilter;
        let (mut filters, mut backend_refs) = (Vec::new(), Vec::new());
        for Weighted { destination, weight } in row.split.destinations() {
            let mut backend = BackendRef { weight, ..backend_ref(backends.of(destination.variant))? };
            let of_cookie = if is_of_rule { &mut filters } else { &mut backend.filters };
            of_cookie.extend(set_cookie_filters(destination));
            backend_refs.push(backend);
        }
        Ok(Rule { matches, filters, backend_refs, unknown: UnknownFields::default() })
    }
}

impl<'w> Writer<'w, HttpMatch> {
    /// Writes HTTPRoutes that attach to a Service instead of a Gateway, and whose conditions are those that `accepts` takes.
    pub(in crate::targets) fn of_service(
        front: Front<'w>,
        service: ParentRef,
        params: &'w RouteParams,
        accepts: fn(Condition<'_>) -> Result<(), &'static str>,
    ) -> Self {
        let writer = Writer::new(front, params, "HTTPRoute", http_match);
        Writer { parents: vec![service], hosts: &[], accepts, needs_grants: false, ..writer }
    }
}

/// The table of a policy for the implementation of the parameters. `accepts` says which conditions are accepted besides the limits
/// of the Gateway API.
pub(super) fn policy_table(
    policy: &Policy,
    former_tokens: Option<&FormerTokens>,
    params: &RouteParams,
    accepts: fn(Condition<'_>) -> Result<(), &'static str>,
) -> Conversion<Table<HeaderMatch>> {
    let table_of = |policy: &Policy| {
        let limits = Limits {
            translate: |condition: Condition<'_>| {
                accepts(condition).and_then(|()| header_match(policy, condition, params))
            },
            weights: WeightLimit::Each(MAX_WEIGHT),
            why_no_hash: Some(WHY_NO_HASH),
        };
        Table::new(policy, former_tokens, &limits)
    };
    supported_table(policy, params, former_tokens.is_some(), table_of)
}

/// The parts, of which those without a policy are united as long as one object can have their rules.
pub(in crate::targets) fn one_object_for_several<M>(parts: impl Iterator<Item = Part<M>>) -> Vec<Part<M>> {
    let mut united: Vec<Part<M>> = Vec::new();
    // The place of the last part without a policy.
    let mut open = None;
    for part in parts {
        let is_open = part.variants.is_none();
        match open.filter(|_| is_open).and_then(|place: usize| united.get_mut(place)) {
            Some(last) if fits(&last.rules, &part.rules) => last.rules.extend(part.rules),
            _ => {
                open = if is_open { Some(united.len()) } else { open };
                united.push(part);
            }
        }
    }
    united
}

/// Whether an object with these rules can have the others too. An API server adds one match to a rule without matches.
pub(in crate::targets) fn fits<M>(rules: &[Rule<M>], others: &[Rule<M>]) -> bool {
    let matches = |rules: &[Rule<M>]| rules.iter().map(|rule| rule.matches.len().max(1)).sum::<usize>();
    rules.len() + others.len() <= MAX_RULES && matches(rules) + matches(others) <= MAX_MATCHES
}

/// One loss for each backend in another namespace that gets requests.
pub(super) fn needed_grants(table: &Table<HeaderMatch>, backends: &Backends) -> Vec<Loss> {
    let destinations = table.rows.iter().flat_map(|row| row.split.destinations());
    let variants: BTreeSet<Variant> = destinations.map(|to| to.destination.variant).collect();
    let elsewhere = variants.into_iter().filter(|variant| backends.of(*variant).namespace().is_some());
    let loss = |variant| Loss::Needs {
        part: LossPart::Backend(variant),
        value: Excerpt::of(&backends.of(variant).to_string()),
        object: "a ReferenceGrant in the namespace of the Service: without one, the requests to this backend fail",
    };
    elsewhere.map(loss).collect()
}

fn check_size(table: &Table<HeaderMatch>) -> Result<(), ConversionError> {
    let backends = table.rows.iter().map(|row| row.split.len()).max().unwrap_or(0);
    let rules = table.rows.len();
    if backends > MAX_BACKENDS {
        return Err(ConversionError::TooMany {
            field: "backends",
            count: backends,
            bound: MAX_BACKENDS,
            object: OBJECT,
        });
    }
    if rules > MAX_RULES {
        return Err(ConversionError::TooMany { field: "rules", count: rules, bound: MAX_RULES, object: OBJECT });
    }
    Ok(())
}

/// The number of paths that fit in one object, at least 1. A rule has one match for each of its conditions on each path, and one
/// match on each path if it has no condition.
///
/// Rows with 2, 1 and 0 conditions need 2, 1 and 1 matches for each path, which are 4 in all. 64 / 2 = 32 paths fit in the first
/// rule, and 128 / 4 = 32 paths in the object.
fn paths_by_object(table: &Table<HeaderMatch>) -> usize {
    let in_a_rule = table.rows.iter().map(|row| row.conditions.len().max(1)).max().unwrap_or(1);
    let in_all: usize = table.rows.iter().map(|row| row.conditions.len().max(1)).sum();
    (MAX_RULE_MATCHES / in_a_rule).min(MAX_MATCHES / in_all.max(1)).max(1)
}

/// A backend without a weight.
pub(in crate::targets) fn backend_ref(backend: &Backend) -> Result<BackendRef, ConversionError> {
    let port = backend.port_number("a backendRef to a Service has a port number")?;
    Ok(BackendRef {
        name: backend.service().to_owned(),
        namespace: backend.namespace().map(str::to_owned),
        port: Some(port),
        ..BackendRef::default()
    })
}

fn parent_ref(parent: &Parent) -> ParentRef {
    ParentRef {
        namespace: parent.namespace().map(str::to_owned),
        name: parent.name().to_owned(),
        ..ParentRef::default()
    }
}

/// Never fails. It returns a `Result` because it has the same type as [`grpc_match`], which fails for some paths.
#[allow(clippy::unnecessary_wraps, reason = "`Writer::to_match` has one function type for both kinds")]
pub(super) fn http_match(path: &Path, header: Option<&HeaderMatch>) -> Result<HttpMatch, ConversionError> {
    let kind = match path.path_type() {
        PathType::Exact => "Exact",
        PathType::Prefix => "PathPrefix",
    };
    let path = Some(PathMatch::new(kind, path.as_str()));
    Ok(HttpMatch { path, headers: header.cloned().into_iter().collect(), ..HttpMatch::default() })
}

pub(super) fn grpc_match(path: &Path, header: Option<&HeaderMatch>) -> Result<GrpcMatch, ConversionError> {
    let method = method_match(path)?;
    Ok(GrpcMatch { method, headers: header.cloned().into_iter().collect(), ..GrpcMatch::default() })
}
