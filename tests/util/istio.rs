//! How Istio routes a request by a VirtualService, and which objects it admits.

use canary_policy::Variant;
use serde_json::Value;

use super::outcome::Outcome;
use super::request::Lines;
use super::{STABLE, is_match};

/// The variant of a destination: a Service `c0`, `c1` and so on, or a subset by its place in the DestinationRule.
fn variant(objects: &Value, destination: &Value) -> Variant {
    assert_eq!(destination["port"]["number"], 80);
    let host = destination["host"].as_str().unwrap();
    let Some(subset) = destination.get("subset") else {
        let service = host.strip_suffix(".shop.svc.cluster.local").unwrap();
        return service.strip_prefix('c').map_or(STABLE, |index| Variant::Canary(index.parse().unwrap()));
    };
    let rule = &objects["destinationRule"]["spec"];
    assert_eq!(rule["host"], host);
    let subsets = rule["subsets"].as_array().unwrap();
    let place = subsets.iter().position(|known| known["name"] == *subset).unwrap();
    assert_eq!(subsets[place]["labels"]["version"], *subset);
    place.checked_sub(1).map_or(STABLE, Variant::Canary)
}

/// The outcome of a request by the rules of Istio 1.31 (`virtual_service.proto`, `route.go`). The first rule with a match that
/// holds decides, and a match holds if all of its conditions hold. No rule after a rule without a match is looked at. A single
/// destination gets every request, and a destination of weight 0 gets none.
pub fn routed(objects: &Value, path: &str, request: &Lines) -> Outcome {
    let Some(Decided { rule, .. }) = decided(&objects["virtualService"], path, request) else {
        return Outcome::Nothing;
    };
    let destinations = rule["route"].as_array().unwrap().iter().map(|to| {
        let weight = to.get("weight").map_or(0, |weight| i32::try_from(weight.as_i64().unwrap()).unwrap());
        // Envoy reads `%%` as `%`.
        let cookie = to.pointer("/headers/response/add/set-cookie").map(|value| value.as_str().unwrap());
        let cookie = cookie.map(|value| value.replace("%%", "%"));
        (variant(objects, &to["destination"]), u32::try_from(weight).unwrap(), cookie)
    });
    let mut destinations: Vec<_> = destinations.collect();
    if let [(to, weight, cookie)] = destinations.as_mut_slice() {
        *weight = 1;
        if list(&rule["match"]).iter().any(|found| found.get("headers").is_some()) {
            return Outcome::To(*to, cookie.take());
        }
    }
    Outcome::split(destinations)
}

/// The match that decides about a request.
pub struct Decided<'v> {
    /// The place of its rule in the list.
    pub rule_index: usize,
    /// Its place in the rule; `None` if the rule has no match.
    pub match_index: Option<usize>,
    pub rule: &'v Value,
}

/// The first match that holds for a request with the method `GET`, in a VirtualService as people write it. A rule without a match
/// holds for every request.
pub fn decided<'v>(object: &'v Value, path: &str, request: &Lines) -> Option<Decided<'v>> {
    let holds = |one: &Value| {
        let headers = one["headers"].as_object();
        (one["uri"].is_null() || text_matches(&one["uri"], path))
            && (one["method"].is_null() || text_matches(&one["method"], "GET"))
            && one["port"].as_u64().is_none_or(|port| port == 80)
            && headers.into_iter().flatten().all(|(name, value)| header_matches(name, value, request))
    };
    list(&object["spec"]["http"]).iter().enumerate().find_map(|(rule_index, rule)| {
        let matches = list(&rule["match"]);
        let match_index = matches.iter().position(holds);
        (matches.is_empty() || match_index.is_some()).then_some(Decided { rule_index, match_index, rule })
    })
}

/// The items of a list that may be missing.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Envoy looks at each line of a header by itself, and at several Cookie lines as one line.
fn header_matches(name: &str, string_match: &Value, request: &Lines) -> bool {
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    if name.eq_ignore_ascii_case("cookie") {
        let joined = lines.collect::<Vec<_>>().join("; ");
        return !joined.is_empty() && text_matches(string_match, &joined);
    }
    lines.into_iter().any(|line| text_matches(string_match, line))
}

fn text_matches(string_match: &Value, text: &str) -> bool {
    // Any text matches `{}`.
    let Some((kind, value)) = string_match.as_object().unwrap().iter().next() else { return true };
    let value = value.as_str().unwrap();
    match kind.as_str() {
        "exact" => text == value,
        "prefix" => text.starts_with(value),
        "regex" => is_match(&format!("^(?:{value})$"), text),
        other => panic!("{other}"),
    }
}

/// Holds objects against what an API server and Istio's validation require (`pkg/config/validation`).
pub fn admitted(objects: &Value) {
    let spec = &objects["virtualService"]["spec"];
    assert!(!spec["hosts"].as_array().unwrap().is_empty());
    let http = spec["http"].as_array().unwrap();
    for (index, rule) in http.iter().enumerate() {
        let last = index + 1 == http.len();
        assert!(
            last || rule["match"].as_array().is_some_and(|matches| !matches.is_empty()),
            "rules after this one are never reached: {http:?}"
        );
        for found in rule.get("match").map(|matches| matches.as_array().unwrap().as_slice()).unwrap_or_default() {
            let headers = found.get("headers").map(|headers| headers.as_object().unwrap());
            for (name, value) in headers.into_iter().flatten() {
                assert!(*name == name.to_lowercase());
                let regex = value.get("regex").map_or("x", |regex| regex.as_str().unwrap());
                assert!((1..=1024).contains(&regex.len()) && regex != "*", "{regex}");
            }
        }
        let destinations = rule["route"].as_array().unwrap();
        let weights: Vec<i64> = destinations.iter().filter_map(|to| to.get("weight")?.as_i64()).collect();
        assert!(weights.len() == destinations.len() || weights.is_empty() && destinations.len() == 1);
        assert!(weights.iter().all(|weight| (1..=i64::from(i32::MAX)).contains(weight)), "{weights:?}");
        assert!(weights.iter().sum::<i64>() <= i64::from(u32::MAX));
        for value in destinations.iter().filter_map(|to| to.pointer("/headers/response/add/set-cookie")) {
            assert_eq!(value.as_str().unwrap().matches('%').count() % 2, 0);
        }
    }
}
