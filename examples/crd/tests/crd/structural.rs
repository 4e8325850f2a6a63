//! The rules of apiextensions v1 for a structural schema, as `kube-apiserver` 1.33 checks them
//! (`apiextensions-apiserver/pkg/apiserver/schema/validation.go`, and the documentation of CustomResourceDefinitions).

use serde_json::{Value, json};

use crate::schema;

/// The keywords that a node may have. Others, such as `$ref` and `const`, are refused.
const KEYWORDS: [&str; 17] = [
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "x-kubernetes-validations",
];
const LIST_KEYWORDS: [&str; 1] = ["x-kubernetes-list-type"];

/// What is wrong with a schema. The second list has what an API server takes, but what an operator of a cluster would not want.
fn mistakes(schema: &Value, at: &str, mistakes: &mut Vec<String>) {
    let Some(node) = schema.as_object() else { return mistakes.push(format!("{at}: {schema} is no object")) };
    let kind = node.get("type").and_then(Value::as_str);
    if !kind.is_some_and(|kind| ["object", "array", "string", "integer", "boolean"].contains(&kind)) {
        mistakes.push(format!("{at}: the type is {:?}", node.get("type")));
    }
    for keyword in node.keys().map(String::as_str) {
        let known = KEYWORDS.contains(&keyword) || (kind == Some("array") && LIST_KEYWORDS.contains(&keyword));
        if !known {
            mistakes.push(format!("{at}: the keyword {keyword}"));
        }
    }
    if node.contains_key("enum") && node.get("nullable") == Some(&Value::Bool(true)) {
        mistakes.push(format!("{at}: nullable with an enum, so that null is refused"));
    }
    match kind {
        Some("object") if !node.contains_key("properties") => mistakes.push(format!("{at}: no properties")),
        Some("array") if !node.contains_key("items") => mistakes.push(format!("{at}: no items")),
        _ => {}
    }
    if node.get("format").is_some_and(|format| format != "int64" && format != "int32") {
        mistakes.push(format!("{at}: the format {}", node["format"]));
    }
    let fields = node.get("properties").and_then(Value::as_object);
    for name in node.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !fields.is_some_and(|fields| fields.contains_key(name.as_str().unwrap_or_default())) {
            mistakes.push(format!("{at}: {name} is required, and is no property"));
        }
    }
    for (name, schema) in fields.into_iter().flatten() {
        self::mistakes(schema, &format!("{at}.{name}"), mistakes);
    }
    if let Some(items) = node.get("items") {
        self::mistakes(items, &format!("{at}[]"), mistakes);
    }
}

/// What is missing for the cost of rules and for people: bounds, and descriptions that are plain text.
fn gaps(schema: &Value, at: &str, gaps: &mut Vec<String>) {
    match schema["type"].as_str() {
        Some("string") if schema.get("enum").is_none() && schema.get("maxLength").is_none() => {
            gaps.push(format!("{at}: no maxLength"));
        }
        Some("array") if schema.get("maxItems").is_none() => gaps.push(format!("{at}: no maxItems")),
        Some("integer") if schema.get("minimum").is_none() || schema.get("maximum").is_none() => {
            gaps.push(format!("{at}: no bounds"));
        }
        _ => {}
    }
    if schema.get("nullable").is_some() {
        gaps.push(format!("{at}: nullable"));
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        let description = schema["description"].as_str().unwrap_or_default();
        let is_plain = !description.contains(['\n', '`', '[', '#']) && !description.contains("::");
        if description.is_empty() || description.len() > 120 || !is_plain || !description.ends_with('.') {
            gaps.push(format!("{at}: described by {description:?}"));
        }
        self::gaps(schema, &at, gaps);
    }
    schema.get("items").into_iter().for_each(|items| self::gaps(items, &format!("{at}[]"), gaps));
}

fn found(check: fn(&Value, &str, &mut Vec<String>), schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, "", &mut found);
    found
}

#[test]
fn the_schema_is_structural_and_bounded() {
    let schema = schema();
    assert_eq!(found(mistakes, &schema), Vec::<String>::new());
    assert_eq!(found(gaps, &schema["properties"]["spec"]), Vec::<String>::new());
}

/// Each row is a change of a small schema, and the mistake.
#[test]
fn a_schema_with_a_mistake_is_refused() {
    let right = json!({ "type": "object", "properties": { "a": { "type": "string", "maxLength": 3 } } });
    assert_eq!(found(mistakes, &right), Vec::<String>::new());
    for (keyword, value, mistake) in [
        ("type", json!(null), ".a: the type is Some(Null)"),
        ("type", json!(["string", "null"]), ".a: the type is Some(Array [String(\"string\"), String(\"null\")])"),
        ("$ref", json!("#/definitions/a"), ".a: the keyword $ref"),
        ("oneOf", json!([{ "type": "string" }]), ".a: the keyword oneOf"),
        ("anyOf", json!([]), ".a: the keyword anyOf"),
        ("const", json!("a"), ".a: the keyword const"),
        ("default", json!(null), ".a: the keyword default"),
        ("additionalProperties", json!(false), ".a: the keyword additionalProperties"),
        ("format", json!("uint32"), ".a: the format \"uint32\""),
        ("required", json!(["b"]), ".a: \"b\" is required, and is no property"),
        ("x-kubernetes-list-type", json!("set"), ".a: the keyword x-kubernetes-list-type"),
    ] {
        let mut wrong = right.clone();
        wrong["properties"]["a"][keyword] = value;
        assert_eq!(found(mistakes, &wrong), [mistake], "{keyword}");
    }
    for (field, mistake) in [
        (json!({ "type": "array", "maxItems": 1 }), ".a: no items"),
        (json!({ "type": "object" }), ".a: no properties"),
        (
            json!({ "type": "string", "enum": ["a"], "nullable": true }),
            ".a: nullable with an enum, so that null is refused",
        ),
    ] {
        assert_eq!(found(mistakes, &json!({ "type": "object", "properties": { "a": field } })), [mistake]);
    }
}

/// Each row is a field that lacks something.
#[test]
fn a_schema_with_a_gap_is_noticed() {
    for (field, gap) in [
        (json!({ "type": "string", "description": "A text." }), ".a: no maxLength"),
        (json!({ "type": "integer", "minimum": 1, "description": "A number." }), ".a: no bounds"),
        (json!({ "type": "array", "items": { "type": "boolean" }, "description": "A list." }), ".a: no maxItems"),
        (json!({ "type": "boolean", "nullable": true, "description": "A choice." }), ".a: nullable"),
        (json!({ "type": "boolean" }), ".a: described by \"\""),
        (json!({ "type": "boolean", "description": "A `bool`." }), ".a: described by \"A `bool`.\""),
        (json!({ "type": "boolean", "description": "See a::b." }), ".a: described by \"See a::b.\""),
    ] {
        assert_eq!(found(gaps, &json!({ "type": "object", "properties": { "a": field } })), [gap]);
    }
}
