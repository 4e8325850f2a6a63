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

use canary_policy::targets::{Route, gateway};
use canary_policy::{Policy, Variant};
use proptest::prelude::*;
use serde_json::Value;
use util::STABLE;
use util::routing::{Lines, Outcome, compare, is_match, policy_and_request};

/// A route whose canaries are the Services `c0`, `c1` …
fn route(policy: &Policy) -> Route {
    let canaries = (0..policy.canaries().len()).map(|index| format!("c{index}:80").parse().unwrap());
    let route = Route::new("web", "web:80".parse().unwrap(), canaries).unwrap();
    route.with_parents(["public".parse().unwrap()]).unwrap()
}

fn variant(service: &Value) -> Variant {
    match service.as_str().unwrap().strip_prefix('c') {
        Some(index) => Variant::Canary(index.parse().unwrap()),
        None => STABLE,
    }
}

/// What the routes do with a request: the most specific match of all of them decides, and among equals the first one
/// (`apis/v1/httproute_types.go` of version 1.6.1, "Proxy or Load Balancer routing configuration generated from
/// HTTPRoutes"). Names and values as Envoy compares them, which most implementations are built on: line by line, several
/// Cookie lines as one.
fn routed(routes: &[Value], path: &str, request: &Lines) -> Outcome {
    let mut best: Option<((bool, usize, usize), &Value)> = None;
    for rule in routes.iter().flat_map(|route| route["spec"]["rules"].as_array().unwrap()) {
        for found in rule["matches"].as_array().unwrap() {
            let headers = found["headers"].as_array().map_or(&[][..], Vec::as_slice);
            if path_matches(&found["path"], path) && headers.iter().all(|header| header_matches(header, request)) {
                let length = found["path"]["value"].as_str().unwrap().trim_end_matches('/').len();
                let specificity = (found["path"]["type"] == "Exact", length, headers.len());
                if best.is_none_or(|(before, _)| specificity > before) {
                    best = Some((specificity, rule));
                }
            }
        }
    }
    let Some((_, rule)) = best else { return Outcome::Nothing };
    let refs = rule["backendRefs"].as_array().unwrap();
    let destinations = refs.iter().map(|backend| {
        let weight = backend.get("weight").map_or(1, |weight| weight.as_u64().unwrap());
        assert!(weight <= 1_000_000 && backend["port"].is_u64());
        (variant(&backend["name"]), weight.try_into().unwrap(), cookie(rule).or_else(|| cookie(backend)))
    });
    let destinations: Vec<_> = destinations.collect();
    match destinations.as_slice() {
        [(to, _, cookie)] if rule["matches"][0].get("headers").is_some() => Outcome::To(*to, cookie.clone()),
        _ => Outcome::split(destinations),
    }
}

fn cookie(of: &Value) -> Option<String> {
    let filters = of.get("filters")?.as_array().unwrap();
    let added = filters.iter().flat_map(|filter| filter["responseHeaderModifier"]["add"].as_array().unwrap());
    added
        .filter(|header| header["name"] == "Set-Cookie")
        .map(|header| header["value"].as_str().unwrap().to_owned())
        .next()
}

fn path_matches(wanted: &Value, path: &str) -> bool {
    let value = wanted["value"].as_str().unwrap();
    match wanted["type"].as_str().unwrap() {
        "Exact" => path == value,
        "PathPrefix" => {
            let prefix = value.trim_end_matches('/');
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        other => panic!("{other}"),
    }
}

fn header_matches(wanted: &Value, request: &Lines) -> bool {
    let name = wanted["name"].as_str().unwrap();
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let lines: Vec<String> = if name.eq_ignore_ascii_case("cookie") {
        let joined = lines.collect::<Vec<_>>().join("; ");
        (!joined.is_empty()).then_some(joined).into_iter().collect()
    } else {
        lines.map(str::to_owned).collect()
    };
    let value = wanted["value"].as_str().unwrap();
    match wanted["type"].as_str().unwrap() {
        "Exact" => lines.iter().any(|line| line == value),
        // Anchored in itself, so that it does not matter whether the implementation searches or matches.
        "RegularExpression" => lines.iter().any(|line| is_match(value, line)),
        other => panic!("{other}"),
    }
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
            compare(&policy, &losses, &request, routed(&routes, "/any", &request))?;
        }
    }
}
