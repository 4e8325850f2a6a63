//! How an API server validates a custom resource: by the structural schema of its CRD, with unknown fields refused
//! (`kubectl apply --validate=strict`). CEL rules are not run; `http_route.rs` has those that this crate could break.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{is_match, path};

/// The CRD of one kind in one version.
pub struct Crd {
    api_version: String,
    kind: String,
    schema: Value,
}

/// Every keyword that [`Crd::problems`] checks. A schema with another keyword fails the test.
const KEYWORDS: [&str; 29] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

impl Crd {
    /// Reads the CRD of a kind from a file in `tests/cases/crds`. A missing CRD is a failure: no test is skipped without it.
    pub fn read(file: &str, kind: &str, version: &str) -> Self {
        let text =
            std::fs::read_to_string(path("cases/crds").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let crd = Crd::new(&serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}")), version);
        assert_eq!(crd.kind, kind, "{file}");
        crd
    }

    pub fn new(crd: &Value, version: &str) -> Self {
        let versions = crd["spec"]["versions"].as_array().unwrap();
        let found = versions.iter().find(|entry| entry["name"] == version).expect("a version of that name");
        Crd {
            api_version: format!("{}/{version}", crd["spec"]["group"].as_str().unwrap()),
            kind: crd["spec"]["names"]["kind"].as_str().unwrap().to_owned(),
            schema: found["schema"]["openAPIV3Schema"].clone(),
        }
    }

    /// The problems of an object.
    pub fn problems(&self, object: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for (field, expected) in [("apiVersion", &self.api_version), ("kind", &self.kind)] {
            if object[field] != expected.as_str() {
                problems.push(format!("{field}: {} is not {expected}", object[field]));
            }
        }
        self.check_metadata(&object["metadata"], &mut problems);
        // Every kind has these fields, so that a schema may leave them out.
        let of_every_kind = |field: &str| ["apiVersion", "kind", "metadata"].contains(&field);
        let fields = object.as_object().unwrap().clone().into_iter().filter(|(field, _)| !of_every_kind(field));
        let rest = Value::Object(fields.collect());
        self.check(&self.schema, &rest, "", true, &mut problems);
        problems
    }

    /// Adds the problems of a value. Unknown fields are refused if `whole`, which is not so inside `allOf` and its siblings.
    fn check(&self, schema: &Value, value: &Value, at: &str, whole: bool, problems: &mut Vec<String>) {
        let schema = schema.as_object().unwrap();
        let unknown = schema.keys().find(|key| !KEYWORDS.contains(&key.as_str()));
        assert!(unknown.is_none(), "{at}: no test checks {unknown:?}");
        let number = |key: &str| schema.get(key).map(|bound| bound.as_f64().unwrap());
        let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let mut problem = |text: String| problems.push(format!("{at}: {text}"));

        if value.is_null() {
            if whole && !is("nullable") {
                problem("null".to_owned());
            }
            return;
        }
        if is("x-kubernetes-int-or-string") && !value.is_string() && !value.is_i64() && !value.is_u64() {
            problem(format!("{value} is no integer or string"));
        }
        if let Some(expected) = schema.get("type").and_then(Value::as_str) {
            let fits = match expected {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64() || value.is_u64(),
                "number" => value.is_number(),
                other => panic!("{at}: type {other}"),
            };
            if !fits {
                return problem(format!("{value} is no {expected}"));
            }
        }
        if schema.get("enum").is_some_and(|values| !values.as_array().unwrap().contains(value)) {
            problem(format!("{value} is not one of {}", schema["enum"]));
        }
        if let Some(format) = schema.get("format") {
            let fits = match format.as_str().unwrap() {
                "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                "int64" => value.is_i64(),
                // No object of this crate has a field with one of these formats.
                "double" | "date-time" | "duration" | "byte" => true,
                other => panic!("{at}: format {other}"),
            };
            if !fits {
                problem(format!("{value} is no {format}"));
            }
        }
        let length = |value: usize| f64::from(u32::try_from(value).unwrap());
        let (size, least, most) = match value {
            Value::String(text) => (length(text.chars().count()), "minLength", "maxLength"),
            Value::Array(items) => (length(items.len()), "minItems", "maxItems"),
            Value::Object(fields) => (length(fields.len()), "minProperties", "maxProperties"),
            other => (other.as_f64().unwrap_or_default(), "minimum", "maximum"),
        };
        if number(least).is_some_and(|bound| size < bound) || number(most).is_some_and(|bound| size > bound) {
            problem(format!("{size} is outside {least} {:?}, {most} {:?}", schema.get(least), schema.get(most)));
        }
        if let (Some(pattern), Value::String(text)) = (schema.get("pattern"), value) {
            let pattern = pattern.as_str().unwrap();
            if !is_match(pattern, text) {
                problem(format!("{value} does not match {pattern}"));
            }
        }
        self.check_all(schema, value, at, problems);
        match value {
            Value::Object(_) => self.check_fields(schema, value, at, whole, problems),
            Value::Array(items) => self.check_items(schema, items, at, whole, problems),
            _ => {}
        }
    }

    /// Adds the problems by `allOf`, `anyOf`, `oneOf` and `not`.
    fn check_all(&self, schema: &serde_json::Map<String, Value>, value: &Value, at: &str, problems: &mut Vec<String>) {
        let of = |key: &str| schema.get(key).map(|schemas| schemas.as_array().unwrap().as_slice());
        let tried = |schema: &Value| {
            let mut problems = Vec::new();
            self.check(schema, value, at, false, &mut problems);
            problems
        };
        problems.extend(of("allOf").into_iter().flatten().flat_map(tried));
        for (key, allowed) in [("anyOf", 1..=usize::MAX), ("oneOf", 1..=1)] {
            let hold = |schemas: &[Value]| schemas.iter().filter(|schema| tried(schema).is_empty()).count();
            if of(key).map(hold).is_some_and(|count| !allowed.contains(&count)) {
                problems.push(format!("{at}: {key} does not hold"));
            }
        }
        if schema.get("not").is_some_and(|schema| tried(schema).is_empty()) {
            problems.push(format!("{at}: `not` does not hold"));
        }
    }

    fn check_fields(
        &self,
        schema: &serde_json::Map<String, Value>,
        value: &Value,
        at: &str,
        whole: bool,
        problems: &mut Vec<String>,
    ) {
        let required = schema.get("required").into_iter().flat_map(|names| names.as_array().unwrap());
        for name in required.filter(|name| value.get(name.as_str().unwrap()).is_none()) {
            problems.push(format!("{at}: {name} is missing"));
        }
        let keep = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
        for (name, value) in value.as_object().unwrap() {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            let known = schema.get("properties").and_then(|fields| fields.get(name));
            match (known, schema.get("additionalProperties")) {
                (Some(schema), _) => self.check(schema, value, &at, whole, problems),
                (None, Some(schema @ Value::Object(_))) => self.check(schema, value, &at, whole, problems),
                (None, Some(Value::Bool(true))) => {}
                (None, _) if whole && !keep => problems.push(format!("{at}: unknown field")),
                (None, _) => {}
            }
        }
    }

    fn check_items(
        &self,
        schema: &serde_json::Map<String, Value>,
        items: &[Value],
        at: &str,
        whole: bool,
        problems: &mut Vec<String>,
    ) {
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.check(schema, item, &format!("{at}[{index}]"), whole, problems);
            }
        }
        let key = |item: &Value| match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("set") => Some(item.to_string()),
            Some("map") => {
                let keys = schema["x-kubernetes-list-map-keys"].as_array().unwrap().iter();
                let field = |name: &str| {
                    let default = &schema["items"]["properties"][name]["default"];
                    item.get(name).unwrap_or(default).to_string()
                };
                Some(keys.map(|name| field(name.as_str().unwrap())).collect::<Vec<_>>().join(", "))
            }
            _ => None,
        };
        let mut seen = BTreeSet::new();
        for key in items.iter().filter_map(key).filter(|key| !seen.insert(key.clone())) {
            problems.push(format!("{at}: {key} is listed twice"));
        }
    }

    /// Adds the problems of the metadata, which every object has (`apimachinery/pkg/api/validation/objectmeta.go`).
    fn check_metadata(&self, metadata: &Value, problems: &mut Vec<String>) {
        let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
        let subdomain = format!(r"^{label}(\.{label})*$");
        let label = format!("^{label}$");
        let is = |pattern: &str, most: usize, text: &str| text.len() <= most && is_match(pattern, text);
        for (name, value) in metadata.as_object().into_iter().flatten() {
            let fits = match (name.as_str(), value) {
                ("name", Value::String(text)) => is(&subdomain, 253, text),
                ("namespace", Value::String(text)) => is(&label, 63, text),
                ("annotations", Value::Object(fields)) => fields.iter().all(|(key, value)| {
                    let (prefix, name) = key.split_once('/').unwrap_or(("x", key));
                    let named = is("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$", 63, name);
                    named && value.is_string() && is(&subdomain, 253, prefix)
                }),
                ("labels", Value::Object(fields)) => fields.values().all(|value| {
                    value.as_str().is_some_and(|text| is("^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", 63, text))
                }),
                ("generation", Value::Number(number)) => number.as_i64().is_some(),
                _ => false,
            };
            if !fits {
                problems.push(format!("metadata.{name}: {value} is refused"));
            }
        }
        if metadata.get("name").is_none() {
            problems.push("metadata: \"name\" is missing".to_owned());
        }
    }
}
