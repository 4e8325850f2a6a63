//! Generated virtual hosts, and what answers their requests by the meaning of a virtual host alone.
//!
//! Every backend is a Service `c` and a number, so that the readers of each target, which know the canaries of one policy by such
//! names, say which Service of the virtual host answers. Services from `c20` on are in the namespace `other`.

use canary_policy::policy::{FormerTokens, strategy};
use canary_policy::route::{Backend, Location, Path, VirtualHost};
use canary_policy::targets::{LocationLoss, gateway};
use canary_policy::{Affinity, Loss, Policy, Route, Variant};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::expressible;
use super::former_tokens::former_tokens;
use super::outcome::{Outcome, compare_with};
use super::request::{Lines, request};
use super::route::{paths, route};

/// The namespace of the virtual hosts, and of the Services below `c20`.
pub const NAMESPACE: &str = "shop";

/// The namespace of a Service.
pub fn namespace_of(service: &str) -> &'static str {
    match number(service) {
        20.. => "other",
        _ => NAMESPACE,
    }
}

/// The number of a Service.
fn number(service: &str) -> usize {
    let number = service.strip_prefix('c').and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{service}"))
}

/// The Service with this number, with its namespace if that is not the one of the virtual host.
fn backend(number: usize) -> Backend {
    let prefix = if number < 20 { "" } else { "other/" };
    format!("{prefix}c{number}:80").parse().unwrap()
}

/// A virtual host with some requests: a path, and header lines that the rules of one of its policies look at.
#[derive(Clone, Debug)]
pub struct Case {
    pub host: VirtualHost,
    pub requests: Vec<(String, Lines)>,
}

/// Virtual hosts with 1 to 6 locations and up to 3 policies. Some locations share their policy, their Services, or both. Half of
/// the policies with an affinity cookie have former tokens.
pub fn virtual_hosts() -> impl Strategy<Value = Case> {
    let policies = prop_oneof![8 => expressible::policies(), 1 => strategy::policy()];
    let keyed = |policy: &Policy| matches!(policy.affinity(), Affinity::Key(_));
    let policies = policies.prop_filter("no key, which most targets cannot hash", move |policy| !keyed(policy));
    let policies = (policies, any::<bool>()).prop_map(|(policy, is_moved)| {
        let tokens = former_tokens(&policy).filter(|_| is_moved);
        (policy, tokens)
    });
    let policies =
        policies.prop_filter("the rules of one HTTPRoute", |(policy, tokens)| fit(policy, tokens.clone())).boxed();
    vec(policies, 1..=3).prop_flat_map(|policies| {
        let path = prop_oneof![4 => "[=]?(/[ab]){1,3}", 2 => "=?/", 1 => "=(/[ab]){1,2}/"];
        // A location without a policy, or with one of the policies; its stable Service; and where its canaries begin.
        let kind =
            (proptest::option::weighted(0.6, 0..policies.len()), select(vec![0, 0, 1, 25]), select(vec![10, 10, 20]));
        let lines: Vec<_> = policies.iter().map(|(policy, _)| request(policy).boxed()).collect();
        let requests = vec(("(/[abc]){1,4}/?|/|/[ab]{2}", proptest::strategy::Union::new(lines)), 12);
        (btree_map(path, kind, 1..=6), requests).prop_map(move |(locations, requests)| {
            let location = |(path, (policy, stable, first)): (String, (Option<usize>, usize, usize))| {
                let location = Location::new(paths(&path).remove(0), backend(stable));
                match policy {
                    None => location,
                    Some(index) => {
                        let (policy, tokens) = policies[index].clone();
                        let canaries = (0..policy.canaries().len()).map(|canary| backend(first + canary));
                        let location = location.with_policy(policy, canaries.collect::<Vec<_>>()).unwrap();
                        tokens
                            .into_iter()
                            .fold(location, |location, tokens| location.with_former_tokens(tokens).unwrap())
                    }
                }
            };
            let host = VirtualHost::new("web", locations.into_iter().map(location)).unwrap();
            let host = host.with_namespace(NAMESPACE).unwrap().with_parents(["public".parse().unwrap()]).unwrap();
            Case { host, requests }
        })
    })
}

/// Whether the rules for one path fit into an HTTPRoute.
fn fit(policy: &Policy, tokens: Option<FormerTokens>) -> bool {
    let route = route(policy).with_parents(["public".parse().unwrap()]).unwrap();
    let route = tokens.into_iter().fold(route, Route::with_former_tokens);
    gateway::http_routes(policy, &route, &gateway::RouteParams::default()).is_ok()
}

/// Holds the outcome of a request, whose variants are the numbers of Services, against the location that decides.
pub fn decides(
    host: &VirtualHost,
    losses: &[LocationLoss],
    (path, request): &(String, Lines),
    routed: Outcome,
) -> Result<(), TestCaseError> {
    let Some(location) = host.location(path) else {
        prop_assert_eq!(routed, Outcome::Nothing, "{}", path);
        return Ok(());
    };
    let routed = of_location(location, routed);
    match location.policy() {
        None => prop_assert_eq!(routed, Outcome::split(vec![(Variant::Stable, 1, None)]), "{}", path),
        Some(policy) => {
            compare_with(policy, location.former_tokens(), &losses_at(losses, location.path()), request, routed)?;
        }
    }
    Ok(())
}

/// The losses of a location.
pub fn losses_at(losses: &[LocationLoss], path: &Path) -> Vec<Loss> {
    let of_path = losses.iter().filter(|loss| loss.location.as_ref() == Some(path));
    of_path.map(|loss| loss.loss.clone()).collect()
}

/// The outcome in the variants of a location, from one in the numbers of Services.
fn of_location(location: &Location, routed: Outcome) -> Outcome {
    let variant = |service: Variant| {
        let number = service.index().unwrap_or_else(|| panic!("no Service of {location:?} answers"));
        let backend = backend(number);
        let canary = location.canaries().iter().position(|canary| *canary == backend).map(Variant::Canary);
        let stable = (*location.stable() == backend).then_some(Variant::Stable);
        stable.or(canary).unwrap_or_else(|| panic!("{backend} answers for {location:?}"))
    };
    match routed {
        Outcome::To(service, cookie) => Outcome::To(variant(service), cookie),
        Outcome::Split(destinations) => {
            let own = |(service, weight, cookie)| (variant(service), weight, cookie);
            Outcome::Split(sorted(destinations.into_iter().map(own).collect()))
        }
        Outcome::Nothing => Outcome::Nothing,
    }
}

fn sorted(mut destinations: Vec<(Variant, u32, Option<String>)>) -> Vec<(Variant, u32, Option<String>)> {
    destinations.sort();
    destinations
}

/// The value with every object in it changed.
pub fn with_each(value: &mut Value, change: &impl Fn(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| with_each(item, change)),
        Value::Object(fields) => {
            change(fields);
            fields.values_mut().for_each(|field| with_each(field, change));
        }
        _ => {}
    }
}
