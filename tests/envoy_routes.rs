//! What is written for Envoy means what the policy means, as its rules are documented. `tests/envoy.rs` asks Envoy itself.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::targets::{Part, Route, envoy};
use canary_policy::{Loss, Policy, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::envoy::{unescaped, values, variant};
use util::routing::{Lines, Outcome, compare, is_match, policy_and_request, selected};
use util::{CANARY, STABLE, policy};

/// A route whose canaries are the Services `c0`, `c1` …
fn route(policy: &Policy) -> Route {
    let canaries = (0..policy.canaries().len()).map(|index| format!("c{index}:80").parse().unwrap());
    Route::new("web", "web:80".parse().unwrap(), canaries).unwrap()
}

fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = envoy::route_configuration(policy, route).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The routes of a policy from YAML, which it says exactly.
#[track_caller]
fn routes(yaml: &str) -> Vec<Value> {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output["virtual_hosts"][0]["routes"].as_array().unwrap().clone()
}

#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    written(&policy, &route(&policy)).1.iter().map(Loss::to_string).collect()
}

/// What the configuration does with a request: the first route that matches decides.
fn routed(output: &Value, path: &str, request: &Lines) -> Outcome {
    let routes = output["virtual_hosts"][0]["routes"].as_array().unwrap();
    let matches = |route: &&Value| {
        let headers = route["match"]["headers"].as_array().map_or(&[][..], Vec::as_slice);
        path_matches(&route["match"], path) && headers.iter().all(|header| header_matches(header, request))
    };
    let Some(found) = routes.iter().find(matches) else { return Outcome::Nothing };
    let action = &found["route"];
    match action["cluster"].as_str() {
        Some(cluster) if found["match"].get("headers").is_some() => Outcome::To(variant(cluster), set_cookie(found)),
        Some(cluster) => Outcome::split(vec![(variant(cluster), 1, set_cookie(found))]),
        None => {
            let clusters = action["weighted_clusters"]["clusters"].as_array().unwrap();
            let destinations = clusters.iter().map(|cluster| {
                let weight = cluster["weight"].as_u64().unwrap();
                (variant(cluster["name"].as_str().unwrap()), u32::try_from(weight).unwrap(), set_cookie(cluster))
            });
            let destinations: Vec<_> = destinations.collect();
            let sum: u64 = destinations.iter().map(|(_, weight, _)| u64::from(*weight)).sum();
            assert!((1..=u64::from(u32::MAX)).contains(&sum) && destinations.iter().all(|(_, weight, _)| *weight > 0));
            Outcome::split(destinations)
        }
    }
}

fn set_cookie(of: &Value) -> Option<String> {
    let added = of.get("response_headers_to_add")?.as_array().unwrap();
    assert!(added.len() == 1 && added[0]["header"]["key"] == "Set-Cookie");
    assert_eq!(added[0]["append_action"], "APPEND_IF_EXISTS_OR_ADD");
    Some(unescaped(added[0]["header"]["value"].as_str().unwrap()))
}

fn path_matches(wanted: &Value, path: &str) -> bool {
    match (wanted["path"].as_str(), wanted["path_separated_prefix"].as_str(), wanted["prefix"].as_str()) {
        (Some(whole), None, None) => path == whole,
        (None, Some(prefix), None) => {
            assert!(prefix.len() > 1 && !prefix.ends_with('/'));
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (None, None, Some(prefix)) => path.starts_with(prefix),
        other => panic!("{other:?}"),
    }
}

fn header_matches(wanted: &Value, request: &Lines) -> bool {
    let values = values(wanted["name"].as_str().unwrap(), request);
    match (&wanted["string_match"]["exact"], &wanted["string_match"]["safe_regex"]["regex"]) {
        (Value::String(exact), Value::Null) => values.iter().any(|value| value == exact),
        // Anchored, so that a search is a match of the whole.
        (Value::Null, Value::String(regex)) => values.iter().any(|value| is_match(regex, value)),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        let (output, mut losses) = written(&policy, &route(&policy));
        let hashed = losses.pop_if(|loss| matches!(loss, Loss::Changed { part: Part::Affinity, .. })).is_some();
        let action = output["virtual_hosts"][0]["routes"].as_array().unwrap().last().unwrap()["route"].clone();
        prop_assert_eq!(hashed, action.get("hash_policy").is_some());
        prop_assert_eq!(hashed, action["weighted_clusters"]["use_hash_policy"] == true);
        // Who gets which variant by key is Envoy's affair; the shares are the policy's.
        let policy = if hashed { policy.with_affinity(canary_policy::Affinity::None) } else { policy };
        compare(&policy, &losses, &request, routed(&output, "/any", &request))?;
    }
}
