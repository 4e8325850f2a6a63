//! The JSON schemas of a spec and a route, which are structural as the schema of a CRD has to be.

use canary_policy::policy::KeyHash;
use canary_policy::{Pattern, Policy, Route, Spec};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema in OpenAPI 3 without references, as `kube` generates the schema of a CRD.
fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    serde_json::to_value(settings.into_generator().into_root_schema_for::<T>()).unwrap()
}

/// Holds that no field is nullable, because an API server refuses a `null` that is not in an `enum`; and that every node has
/// one type, and no alternatives, no references and no formats that an API server warns of. A description is a line for people,
/// without the examples of the documentation.
fn check(path: &str, node: &Value, seen: &mut usize) {
    *seen += 1;
    assert!(node["type"].is_string(), "{path} has no type: {node}");
    for word in ["anyOf", "oneOf", "allOf", "$ref", "not", "nullable", "default"] {
        assert!(node.get(word).is_none(), "{path} has {word}: {node}");
    }
    let description = node["description"].as_str().unwrap_or_default();
    assert!(
        description.len() <= 120 && !description.contains(['\n', '[', '`']),
        "{path} is described by {description}"
    );
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
    assert_eq!(schema["required"], json!(["canaries"]));
}

#[test]
fn the_schema_of_a_route_is_structural() {
    let schema = schema::<Route>();
    let mut seen = 0;
    check("route", &schema, &mut seen);
    assert_eq!(seen, 18, "the number of nodes");
    assert_eq!(schema["required"], json!(["name", "stable", "canaries"]));
    let path_type = &schema["properties"]["paths"]["items"]["properties"]["pathType"];
    assert_eq!(path_type["enum"], json!(["Exact", "Prefix"]));

    let with_references = schemars::schema_for!(Route).to_value().to_string();
    for word in ["anyOf", "oneOf", "allOf", "```"] {
        assert!(!with_references.contains(word), "{word}: {with_references}");
    }
}

/// The bounds of a schema are those of the check: a text of the largest length is valid, and a longer one is not.
/// `examples/crd` compares everything else.
#[test]
fn the_bounds_of_a_spec_are_those_of_its_check() {
    let schema = schema::<Spec>();
    let bound = |pointer: &str| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).as_u64().unwrap();
    let canary = "/properties/canaries/items/properties";
    let affinity = "/properties/affinity/properties";
    let text = |length: u64| "a".repeat(usize::try_from(length).unwrap());
    let rule = |kind: &str, field: &str, text: String| {
        let mut rule = json!({ "name": "a" });
        rule[field] = json!(text);
        json!({ "canaries": [{ kind: rule }] })
    };
    let of_cookie = |field: &str, text: String| {
        let mut cookie = json!({ "name": "a" });
        cookie[field] = json!(text);
        json!({ "canaries": [{}], "affinity": { "cookie": cookie } })
    };
    let of_key = |field: &str, text: String| {
        let mut key = json!({ "salt": "" });
        key[if field == "salt" { "header" } else { field }] = json!("a");
        key[field] = json!(text);
        json!({ "canaries": [{}], "affinity": { "key": key } })
    };
    type Make<'m> = Box<dyn Fn(u64) -> serde_json::Value + 'm>;
    let rows: Vec<(String, Make<'_>)> = vec![
        (format!("{canary}/name"), Box::new(|n| json!({ "canaries": [{ "name": text(n) }] }))),
        (format!("{canary}/header/properties/name"), Box::new(|n| rule("header", "name", text(n)))),
        (format!("{canary}/header/properties/value"), Box::new(|n| rule("header", "value", text(n)))),
        (format!("{canary}/cookie/properties/name"), Box::new(|n| rule("cookie", "name", text(n)))),
        (format!("{canary}/cookie/properties/value"), Box::new(|n| rule("cookie", "value", text(n)))),
        (format!("{affinity}/cookie/properties/name"), Box::new(|n| of_cookie("name", text(n)))),
        (format!("{affinity}/cookie/properties/revision"), Box::new(|n| of_cookie("revision", text(n)))),
        (format!("{affinity}/cookie/properties/path"), Box::new(|n| of_cookie("path", format!("/{}", text(n - 1))))),
        (format!("{affinity}/key/properties/header"), Box::new(|n| of_key("header", text(n)))),
        (format!("{affinity}/key/properties/cookie"), Box::new(|n| of_key("cookie", text(n)))),
        (format!("{affinity}/key/properties/salt"), Box::new(|n| of_key("salt", text(n)))),
    ];
    for (pointer, document) in rows {
        let bound = bound(&format!("{pointer}/maxLength"));
        let is_valid = |length| Policy::try_from(serde_json::from_value::<Spec>(document(length)).unwrap()).is_ok();
        assert_eq!((is_valid(bound), is_valid(bound + 1)), (true, false), "{pointer}: {bound}");
    }
    // Other bounds of patterns are reached before their length.
    let pattern = bound(&format!("{canary}/header/properties/pattern/maxLength"));
    assert_eq!(pattern, u64::try_from(Pattern::MAX_LEN).unwrap());
    assert_eq!(schema["properties"]["canaries"]["maxItems"], 64);
}

/// A schema with references has the rules too, but not the characters of names and values, which differ between headers and
/// cookies.
#[test]
fn a_schema_with_references_has_the_rules() {
    let schema = schemars::schema_for!(Spec).to_value();
    assert_eq!(schema["x-kubernetes-validations"].as_array().unwrap().len(), 7);
    assert_eq!(schema["$defs"]["RuleSpec"]["properties"]["name"]["maxLength"], 256);
    assert_eq!(schema["properties"]["affinity"]["$ref"], "#/$defs/AffinitySpec");
    assert!(!schema.to_string().contains("null"), "{schema}");
}

/// A spec accepts exactly the words that its schema lists.
#[test]
fn a_spec_accepts_the_words_of_its_schema() {
    let schema = schema::<Spec>();
    let affinity = &schema["properties"]["affinity"]["properties"];
    let fields = [("cookie", "precedence", 2), ("cookie", "pins", 2), ("cookie", "sameSite", 3), ("key", "hash", 6)];
    for (kind, field, count) in fields {
        let words = affinity[kind]["properties"][field]["enum"].as_array().unwrap();
        assert_eq!(words.len(), count);
        for word in words {
            let name = if kind == "key" { "header" } else { "name" };
            let spec = json!({ "canaries": [{}], "affinity": { kind: { name: "a", field: word } } });
            assert!(Policy::try_from(serde_json::from_value::<Spec>(spec).unwrap()).is_ok(), "{field}: {word}");
        }
    }
    assert_eq!(affinity["key"]["properties"]["hash"]["enum"].as_array().unwrap().len(), KeyHash::ALL.len());
}
