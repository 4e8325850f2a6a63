//! A spec inside a custom resource: the schema is structural, as the API server asks of a CRD.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

use canary_policy::Spec;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// As `kube` generates a CRD's schema: in `OpenAPI` 3, everything inlined.
fn schema() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    serde_json::to_value(settings.into_generator().into_root_schema_for::<Spec>()).unwrap()
}

/// Every node has one type; no alternatives, no references, no formats that the API server warns of.
fn check(path: &str, node: &Value, seen: &mut usize) {
    *seen += 1;
    assert!(node["type"].is_string(), "{path} has no type: {node}");
    for word in ["anyOf", "oneOf", "allOf", "$ref", "not"] {
        assert!(node.get(word).is_none(), "{path} has {word}: {node}");
    }
    let format = node["format"].as_str().unwrap_or_default();
    assert!(!format.starts_with("uint"), "{path} is a {format}");
    for (name, child) in node["properties"].as_object().into_iter().flatten() {
        check(&format!("{path}.{name}"), child, seen);
    }
    if let Some(items) = node.get("items") {
        check(&format!("{path}[]"), items, seen);
    }
}

#[test]
fn the_schema_is_structural() {
    let schema = schema();
    let mut seen = 0;
    check("spec", &schema, &mut seen);
    assert_eq!(seen, 29, "every field was looked at");
    assert_eq!(schema["required"], serde_json::json!(["canaries"]));
}

/// The words in the schema are the ones that are read.
#[test]
fn the_words_of_the_schema_are_read() {
    let schema = schema();
    let fields = &schema["properties"]["affinity"]["properties"]["cookie"]["properties"];
    for (field, count) in [("precedence", 2), ("pins", 2), ("sameSite", 3)] {
        let words = fields[field]["enum"].as_array().unwrap();
        assert_eq!(words.len(), count);
        for word in words {
            let cookie = serde_json::json!({ "name": "a", field: word });
            let spec = serde_json::json!({ "canaries": [{}], "affinity": { "cookie": cookie } });
            assert!(serde_json::from_value::<Spec>(spec).is_ok(), "{field}: {word}");
        }
    }
}
