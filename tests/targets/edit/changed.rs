//! What becomes of objects that somebody changed after the policy was put in.

use canary_policy::targets::gateway::{self, HttpRoute};
use serde_json::{Value, json};

use super::object::{HEADER, WEIGHT, edited, http_route, rule};

/// Each row is a change that somebody makes to an HTTPRoute with the policy, and the outcome of taking the policy out: an error, or
/// what is left of the rules.
#[test]
fn what_somebody_changed_is_never_undone() {
    let theirs = http_route(json!([
        rule("web", json!({})),
        rule("pay", json!({ "matches": [{ "path": { "value": "/pay" } }] }))
    ]));
    let original = serde_json::to_value(&theirs).unwrap();
    let with = |change: fn(&mut Vec<Value>)| {
        let mut object = serde_json::to_value(edited(&theirs, HEADER).unwrap()).unwrap();
        change(object["spec"]["rules"].as_array_mut().unwrap());
        let object: HttpRoute = serde_json::from_value(object).unwrap();
        let taken_out = gateway::without_policy(&object).map_err(|error| error.to_string());
        taken_out.map(|object| serde_json::to_value(object.spec.rules).unwrap())
    };
    let changed = |index: usize| {
        Err(format!(
            "spec.rules[{index}]: somebody changed it, or a rule that was made of it, after the policy was put in"
        ))
    };
    // A weight of the split, a field of the rule, a backend of a made rule; a made rule is gone; a field that both should have.
    assert_eq!(with(|rules| rules[0]["backendRefs"][1]["weight"] = json!(6)), changed(0));
    assert_eq!(with(|rules| rules[0]["timeouts"] = json!({ "request": "1s" })), changed(0));
    assert_eq!(with(|rules| rules[2]["backendRefs"][0]["name"] = json!("other")), changed(0));
    assert_eq!(with(|rules| drop(rules.pop())), changed(0));
    assert_eq!(with(|rules| rules[0] = json!({ "backendRefs": [{ "name": "web", "port": 80 }] })), changed(2));

    // Nothing of the policy is in the way of these changes.
    let mut kept = original["spec"]["rules"].clone();
    assert_eq!(with(|rules| rules.reverse()), Ok(json!([kept[1], kept[0]])));
    kept[1]["timeouts"] = json!({ "request": "1s" });
    assert_eq!(with(|rules| rules[1]["timeouts"] = json!({ "request": "1s" })), Ok(kept.clone()));
    let added = rule("new", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] }));
    assert_eq!(
        with(|rules| rules
            .insert(0, rule("new", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] })))),
        Ok(json!([added, original["spec"]["rules"][0], original["spec"]["rules"][1]])),
    );
}

#[test]
fn a_new_rule_for_stable_is_kept_if_the_split_leaves_rules_as_they_are() {
    let theirs = http_route(json!([rule("web", json!({}))]));
    let yaml = "canaries: [{ weight: 0, header: { name: x-canary, value: a } }]";
    let mut object = edited(&theirs, yaml).unwrap();
    let new =
        http_route(json!([rule("web", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] }))]))
            .spec
            .rules
            .remove(0);
    object.spec.rules.push(new.clone());
    let rules = gateway::without_policy(&object).unwrap().spec.rules;
    assert_eq!(rules, [theirs.spec.rules[0].clone(), new]);
}

#[test]
fn an_annotation_that_somebody_broke_is_an_error() {
    let mut object = edited(&http_route(json!([rule("web", json!({}))])), WEIGHT).unwrap();
    object.metadata.annotations.insert("canary-policy/applied".to_owned(), "{}".to_owned());
    assert_eq!(
        gateway::without_policy(&object).unwrap_err().to_string(),
        "metadata.annotations[canary-policy/applied]: it does not say what was put into the object: \
         missing field `stable` at line 1 column 2",
    );
}
