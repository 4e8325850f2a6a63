//! The CRD that `--crd` prints.

use serde_json::{Value, json};

fn schema(yaml: &str) -> Value {
    let crd: Value = serde_saphyr::from_str(yaml).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

#[test]
fn the_policy_and_the_route_are_those_of_the_crate_canary_crd() {
    let (ours, theirs) = (schema(&canary_operator::crd().unwrap()), schema(&canary_crd::crd().unwrap()));
    for part in ["policy", "route"] {
        let pointer = format!("/properties/spec/properties/{part}");
        assert_eq!(ours.pointer(&pointer), theirs.pointer(&pointer), "{part}");
    }
    assert_eq!(ours["properties"]["spec"]["required"], json!(["policy", "route", "target"]));
}

#[test]
fn the_schema_is_structural() {
    let crd: Value = serde_saphyr::from_str(&canary_operator::crd().unwrap()).unwrap();
    assert_eq!(crd["spec"]["versions"][0]["subresources"], json!({ "status": {} }));
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    check(schema, "");
    let target = &schema["properties"]["spec"]["properties"]["target"];
    assert_eq!(target["x-kubernetes-validations"][0]["rule"], "has(self.ingress) != has(self.httpRoute)");
    assert_eq!(
        schema["properties"]["status"]["properties"]["conditions"]["x-kubernetes-list-map-keys"],
        json!(["type"])
    );
}

/// An API server takes schemas in which every value has one type, and fields are named or have a common schema, but not both.
fn check(schema: &Value, path: &str) {
    for word in ["oneOf", "anyOf", "allOf", "not", "$ref", "definitions"] {
        assert!(schema.get(word).is_none(), "{path} has {word}");
    }
    assert!(schema["type"].is_string(), "{path} has the type {}", schema["type"]);
    assert!(schema.get("properties").is_none() || schema.get("additionalProperties").is_none(), "{path}");
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        check(field, &format!("{path}.{name}"));
    }
    if let Some(items) = schema.get("items") {
        check(items, &format!("{path}[]"));
    }
}
