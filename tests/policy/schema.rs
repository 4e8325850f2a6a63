//! The JSON schemas of a spec and a route, which are structural as the schema of a CRD has to be.

use canary_policy::{Route, Spec};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The schema in OpenAPI 3 without references, as `kube` generates the schema of a CRD.
fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    serde_json::to_value(settings.into_generator().into_root_schema_for::<T>()).unwrap()
}

/// Holds that every node has one type, and no alternatives, no references and no formats that an API server warns of. A
/// description is a line for people, without the examples of the documentation.
fn check(path: &str, node: &Value, seen: &mut usize) {
    *seen += 1;
    assert!(node["type"].is_string(), "{path} has no type: {node}");
    for word in ["anyOf", "oneOf", "allOf", "$ref", "not"] {
        assert!(node.get(word).is_none(), "{path} has {word}: {node}");
    }
    let description = node["description"].as_str().unwrap_or_default();
    assert!(description.len() <= 120 && !description.contains(['\n', '[']), "{path} is described by {description}");
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
fn the_schema_of_a_spec_is_structural() {
    let schema = schema::<Spec>();
    let mut seen = 0;
    check("spec", &schema, &mut seen);
    assert_eq!(seen, 31, "the number of nodes");
    assert_eq!(schema["required"], serde_json::json!(["canaries"]));
}

#[test]
fn the_schema_of_a_route_is_structural() {
    let schema = schema::<Route>();
    let mut seen = 0;
    check("route", &schema, &mut seen);
    assert_eq!(seen, 18, "the number of nodes");
    assert_eq!(schema["required"], serde_json::json!(["name", "stable", "canaries"]));
    let path_type = &schema["properties"]["paths"]["items"]["properties"]["pathType"];
    assert_eq!(path_type["enum"], serde_json::json!(["Exact", "Prefix"]));

    let with_references = schemars::schema_for!(Route).to_value().to_string();
    for word in ["anyOf", "oneOf", "allOf", "```"] {
        assert!(!with_references.contains(word), "{word}: {with_references}");
    }
}

/// A spec accepts exactly the words that its schema lists.
#[test]
fn a_spec_accepts_the_words_of_its_schema() {
    let schema = schema::<Spec>();
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
