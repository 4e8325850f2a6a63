//! Objects that a newer version wrote: one of them does not keep the operator from reading the others.

use canary_crd::CanaryRelease;
use canary_policy::error::Diagnostic;
use canary_policy::{Policy, Route};
use serde_json::{Value, json};

fn release(name: &str, policy: Value) -> Value {
    json!({
        "apiVersion": "canary.example.com/v1alpha1",
        "kind": "CanaryRelease",
        "metadata": { "name": name },
        "spec": { "policy": policy, "route": { "name": "web", "stable": "web:80", "canaries": ["next:80"] } },
    })
}

/// Each row is a newer policy, and what is said about it: by the reading, or else by the check.
#[test]
fn a_list_with_newer_objects_is_read() {
    let rows = [
        (
            json!({ "canaries": [{ "weight": 5, "mirror": { "share": 1 } }] }),
            "canaries[0].mirror: the field is unknown",
        ),
        (json!({ "canaries": [{}], "ramp": [1, 5] }), "ramp: the field is unknown"),
        (
            json!({ "canaries": [{}], "affinity": { "cookie": { "name": "a", "partitioned": true } } }),
            "affinity.cookie.partitioned: the field is unknown",
        ),
        (
            json!({ "canaries": [{}], "affinity": { "cookie": { "name": "a", "precedence": "afterWeights" } } }),
            "affinity.cookie.precedence: `afterWeights` is not a precedence",
        ),
        (json!({ "canaries": [{ "weight": "5%" }] }), "canaries[0].weight: `5%` is given: expected a whole number"),
        (
            json!({ "canaries": [{ "header": { "name": "x-a", "matches": "a" } }] }),
            "canaries[0].header.matches: the field is unknown",
        ),
        (json!({ "canaries": [{ "header": { "value": "a" } }] }), "canaries[0].header.name: nothing is given"),
        (json!({ "canaries": { "a": {} } }), "canaries: an object is given: expected a list"),
        (json!({ "canaries": [{ "name": 5 }] }), "canaries[0].name: `5` is given: expected text"),
        (json!([]), "a list is given: expected an object"),
        (json!({}), "canaries: nothing is given: expected a list"),
    ];
    let mut items: Vec<Value> = rows.iter().map(|(policy, _)| release("newer", policy.clone())).collect();
    items.push(release("plain", json!({ "canaries": [{ "weight": 30, "new": null }] })));
    let list: Vec<CanaryRelease> = serde_json::from_value(Value::Array(items.clone())).unwrap();
    let (plain, newer) = list.split_last().unwrap();

    // The release that has nothing newer is served.
    assert_eq!(Policy::try_from(plain.spec.policy.known().unwrap()).unwrap(), Policy::percent(30).unwrap());
    assert!(Route::try_from(plain.spec.route.known().unwrap()).is_ok());
    for ((object, item), (policy, says)) in newer.iter().zip(&items).zip(&rows) {
        let policy_of = &object.spec.policy;
        let said = match policy_of.known() {
            Err(error) => error.to_string(),
            Ok(spec) => Policy::try_from(spec).unwrap_err().to_string(),
        };
        assert!(said.starts_with(says), "{policy}: {said}");
        if !policy_of.unknown().is_empty() {
            assert_eq!(policy_of.unknown()[0].code(), "unknown-field");
            // What was not known is written back to where it was.
            let written = serde_json::to_value(object).unwrap();
            assert_eq!(&written, item);
        }
    }
}

/// A route is read like a policy.
#[test]
fn a_newer_route_is_read() {
    let rows = [
        (json!({ "weighted": true }), "weighted: the field is unknown"),
        (json!({ "paths": [{ "path": "/", "pathType": "Prefix", "rewrite": "/a" }] }), "paths[0].rewrite: the field"),
        (json!({ "paths": [{ "path": "/", "pathType": "Regex" }] }), "paths[0].pathType: `Regex` is not a path type"),
        (json!({ "paths": [{ "pathType": "Exact" }] }), "paths[0].path: nothing is given: expected text"),
        (json!({ "hosts": "a.test" }), "hosts: `a.test` is given: expected a list"),
        (json!({ "stable": { "service": "web" } }), "stable: an object is given: expected text"),
        (json!({ "formerTokens": { "stable": "a", "since": 5 } }), "formerTokens.since: the field is unknown"),
        (json!({ "stable": null }), "stable: null is given: expected text"),
    ];
    for (change, says) in rows {
        let mut object = release("newer", json!({ "canaries": [{}] }));
        for (field, value) in change.as_object().unwrap() {
            object["spec"]["route"][field] = value.clone();
        }
        let read: CanaryRelease = serde_json::from_value(object).unwrap();
        let said = match read.spec.route.known() {
            Err(error) => error.to_string(),
            Ok(spec) => Route::try_from(spec).unwrap_err().to_string(),
        };
        assert!(said.starts_with(says), "{change}: {said}");
    }
}
