//! Objects as people write them, with a rule for the Service `web`, and rules, filters and fields that no policy has.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// The paths of requests to these objects.
pub const PATHS: [&str; 4] = ["/", "/a", "/a/b", "/x"];

/// The query of a request that some matches ask for.
pub const QUERY: (&str, &str) = ("v", "1");

/// The header of a request that some matches ask for.
pub const TEAM: (&str, &str) = ("x-team", "red");

/// An HTTPRoute.
pub fn http_route() -> impl Strategy<Value = Value> {
    let rules = vec(rule(gateway_match, gateway_rule, "matches", "backendRefs"), 1..4);
    (rules, any::<bool>()).prop_map(|(rules, has_status)| {
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "shop", "labels": { "team": "shop" }, "annotations": { "note": "by hand" } },
            "spec": { "parentRefs": [{ "name": "public", "sectionName": "web" }], "hostnames": ["shop.test"], "rules": rules },
        });
        if has_status { with(route, json!({ "status": { "parents": [] } })) } else { route }
    })
}

/// A VirtualService.
pub fn virtual_service() -> impl Strategy<Value = Value> {
    vec(rule(istio_match, istio_rule, "match", "route"), 1..4).prop_map(|rules| {
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": { "name": "shop", "namespace": "shop", "generation": 3 },
            "spec": { "hosts": ["shop.test"], "gateways": ["public"], "exportTo": ["."], "http": rules },
        })
    })
}

/// The first object with the fields of the second.
fn with(mut object: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// What a rule matches: a path, and some of a method, a header and a query.
#[derive(Clone, Debug)]
struct Match {
    path: Option<&'static str>,
    others: Vec<&'static str>,
}

/// A rule of one of the two kinds of objects.
fn rule(
    one_match: fn(&Match) -> Value,
    fields: fn(&str) -> Value,
    matches: &'static str,
    backends: &'static str,
) -> impl Strategy<Value = Value> {
    let path = prop_oneof![2 => Just(None), 3 => select(vec!["/", "/a", "/a/b", "=/a"]).prop_map(Some)];
    let others = prop_oneof![3 => Just(vec![]), 2 => subsequence(vec!["method", "header", "query"], 0..3)];
    let one = (path, others).prop_map(|(path, others)| Match { path, others });
    let extras = subsequence(EXTRAS.to_vec(), 0..3);
    let to = prop_oneof![5 => Just("web"), 2 => Just("pay"), 1 => Just("split")];
    (vec(one, 0..3), extras, to, select(vec![None, Some(1), Some(100)])).prop_map(move |(all, extras, to, weight)| {
        let mut rule = fields(to);
        if let Some(weight) = weight.filter(|_| to == "web") {
            rule[backends][0]["weight"] = json!(weight);
        }
        if !all.is_empty() {
            rule[matches] = all.iter().map(one_match).collect();
        }
        for extra in extras {
            let field = fields(extra);
            for (name, value) in field.as_object().unwrap() {
                match rule[name].as_array_mut() {
                    Some(list) if name == backends => list[0]["filters"] = value.clone(),
                    Some(list) => list.extend(value.as_array().unwrap().iter().cloned()),
                    None => rule[name] = value.clone(),
                }
            }
        }
        rule
    })
}

/// Fields of rules.
const EXTRAS: [&str; 6] = ["name", "timeout", "request filter", "response filter", "unknown", "of backend"];

fn gateway_match(one: &Match) -> Value {
    let mut found = json!({});
    if let Some(path) = one.path {
        found["path"] = match path.strip_prefix('=') {
            Some(exact) => json!({ "type": "Exact", "value": exact }),
            None => json!({ "type": "PathPrefix", "value": path }),
        };
    }
    for other in &one.others {
        match *other {
            "method" => found["method"] = json!("GET"),
            "header" => found["headers"] = json!([{ "type": "Exact", "name": "X-Team", "value": TEAM.1 }]),
            _ => found["queryParams"] = json!([{ "name": QUERY.0, "value": QUERY.1 }]),
        }
    }
    found
}

fn gateway_rule(part: &str) -> Value {
    match part {
        "web" => json!({ "backendRefs": [{ "name": "web", "port": 80 }] }),
        "pay" => json!({ "backendRefs": [{ "name": "pay", "port": 80 }] }),
        "split" => {
            json!({ "backendRefs": [{ "name": "pay", "port": 80 }, { "name": "pay2", "port": 80, "weight": 3 }] })
        }
        "name" => json!({ "name": "theirs" }),
        "timeout" => json!({ "timeouts": { "request": "10s" } }),
        "request filter" => {
            json!({ "filters": [{ "type": "RequestHeaderModifier", "requestHeaderModifier": { "remove": ["x-a"] } }] })
        }
        "response filter" => json!({ "filters": [{
            "type": "ResponseHeaderModifier",
            "responseHeaderModifier": { "add": [{ "name": "X-Served", "value": "1" }], "remove": ["Server"] },
        }] }),
        "of backend" => json!({ "backendRefs": [{
            "type": "ResponseHeaderModifier",
            "responseHeaderModifier": { "set": [{ "name": "X-From", "value": "1" }] },
        }] }),
        _ => json!({ "retry": { "attempts": 2 } }),
    }
}

fn istio_match(one: &Match) -> Value {
    let mut found = json!({});
    if let Some(path) = one.path {
        found["uri"] = match path.strip_prefix('=') {
            Some(exact) => json!({ "exact": exact }),
            None => json!({ "prefix": path }),
        };
    }
    for other in &one.others {
        match *other {
            "method" => found["method"] = json!({ "exact": "GET" }),
            "header" => found["headers"] = json!({ TEAM.0: { "exact": TEAM.1 } }),
            _ => found["port"] = json!(80),
        }
    }
    found
}

fn istio_rule(part: &str) -> Value {
    match part {
        "web" => json!({ "route": [{ "destination": { "host": "web.shop.svc.cluster.local" } }] }),
        "pay" => json!({ "route": [{ "destination": { "host": "pay" } }] }),
        "split" => json!({ "route": [
            { "destination": { "host": "pay" }, "weight": 1 },
            { "destination": { "host": "pay2" }, "weight": 3 },
        ] }),
        "name" => json!({ "name": "theirs" }),
        "timeout" => json!({ "timeout": "10s" }),
        "request filter" => json!({ "headers": { "request": { "remove": ["x-a"] } } }),
        "response filter" => json!({ "mirror": { "host": "log" } }),
        "of backend" => json!({ "rewrite": { "uri": "/" } }),
        _ => json!({ "retries": { "attempts": 2 } }),
    }
}
