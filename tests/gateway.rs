//! What is written for the Gateway API means what the policy means.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::Policy;
use canary_policy::targets::{Route, gateway};
use proptest::prelude::*;
use serde_json::Value;
use util::httproute::{Reader, routed};
use util::routing::{compare, policy_and_request};

/// A route whose canaries are the Services `c0`, `c1` …
fn route(policy: &Policy) -> Route {
    let canaries = (0..policy.canaries().len()).map(|index| format!("c{index}:80").parse().unwrap());
    let route = Route::new("web", "web:80".parse().unwrap(), canaries).unwrap();
    route.with_parents(["public".parse().unwrap()]).unwrap()
}

fn written(policy: &Policy, route: &Route) -> Option<(Vec<Value>, Vec<canary_policy::Loss>)> {
    let conversion = gateway::http_routes(policy, route).ok()?;
    let output = conversion.output.iter().map(|route| serde_json::to_value(route).unwrap());
    Some((output.collect(), conversion.losses))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        // More than 16 rules are an error, which a test of its own holds.
        if let Some((routes, losses)) = written(&policy, &route(&policy)) {
            compare(&policy, &losses, &request, routed(Reader::Envoy, &routes, "/any", &request))?;
        }
    }
}
