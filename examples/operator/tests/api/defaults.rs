//! The defaults of an HTTPRoute, as its CRD 1.3 has them.

use serde_json::{Value, json};

use super::request::Resource;

pub fn fill_in(resource: Resource, object: &mut Value) {
    if resource != Resource::HttpRoutes {
        return;
    }
    each(&mut object["spec"], "parentRefs", |parent| {
        default(parent, "group", json!("gateway.networking.k8s.io"));
        default(parent, "kind", json!("Gateway"));
    });
    each(&mut object["spec"], "rules", |rule| {
        default(rule, "matches", json!([{ "path": { "type": "PathPrefix", "value": "/" } }]));
        each(rule, "matches", |one| {
            default(one, "path", json!({}));
            default(&mut one["path"], "type", json!("PathPrefix"));
            default(&mut one["path"], "value", json!("/"));
            each(one, "headers", |header| default(header, "type", json!("Exact")));
        });
        each(rule, "backendRefs", |backend| {
            default(backend, "group", json!(""));
            default(backend, "kind", json!("Service"));
            default(backend, "weight", json!(1));
        });
    });
}

fn default(object: &mut Value, field: &str, value: Value) {
    object.as_object_mut().unwrap().entry(field).or_insert(value);
}

fn each(object: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(change);
}
