//! How an API server of Kubernetes 1.33 reads a custom resource: unknown fields and nulls are dropped, the rest is checked by the
//! schema, and then by its rules in CEL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cel::extractors::This;
use cel::objects::Key;
use cel::{Context, Program};
use serde_json::Value;

/// An API server with one schema.
pub struct ApiServer {
    schema: Value,
    validator: jsonschema::Validator,
    programs: BTreeMap<String, Program>,
}

/// What an API server says against an object: the keyword of the schema, and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub keyword: String,
    pub text: String,
}

impl ApiServer {
    pub fn new(schema: Value) -> Self {
        let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema).unwrap();
        let mut programs = BTreeMap::new();
        compile(&schema, &mut programs);
        ApiServer { schema, validator, programs }
    }

    /// The object as it is stored.
    pub fn stored(&self, object: &Value) -> Value {
        let mut stored = object.clone();
        prune(&self.schema, &mut stored);
        stored
    }

    /// The paths of the unknown fields, which strict field validation refuses.
    pub fn unknown(&self, object: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        find_unknown(&self.schema, object, "", &mut unknown);
        unknown
    }

    /// What is said against a new object.
    pub fn create(&self, object: &Value) -> Vec<Refusal> {
        self.check(&self.stored(object), None)
    }

    /// What is said against an object that replaces an old one.
    pub fn update(&self, old: &Value, object: &Value) -> Vec<Refusal> {
        self.check(&self.stored(object), Some(&self.stored(old)))
    }

    fn check(&self, object: &Value, old: Option<&Value>) -> Vec<Refusal> {
        let refusal = |error: jsonschema::ValidationError<'_>| Refusal {
            keyword: error.schema_path().to_string().rsplit('/').next().unwrap().to_owned(),
            text: format!("{}: {error}", error.instance_path()),
        };
        let mut refusals: Vec<Refusal> = self.validator.iter_errors(object).map(refusal).collect();
        check_sets(&self.schema, object, "", &mut refusals);
        // The rules can rely on what the schema says.
        if refusals.is_empty() {
            self.run_rules(&self.schema, object, old, "", &mut refusals);
        }
        refusals
    }

    /// Runs the rules of a value and of all values in it. Of a list, no item has an old value.
    fn run_rules(&self, schema: &Value, value: &Value, old: Option<&Value>, at: &str, refusals: &mut Vec<Refusal>) {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let text = rule["rule"].as_str().unwrap();
            if text.contains("oldSelf") && old.is_none() {
                continue;
            }
            let mut context = Context::default();
            context.add_function("sum", sum).unwrap();
            context.add_function("lowerAscii", lower_ascii).unwrap();
            context.add_variable_from_value("self", cel_value(value));
            old.into_iter().for_each(|old| context.add_variable_from_value("oldSelf", cel_value(old)));
            match self.programs[text].execute(&context) {
                Ok(cel::Value::Bool(true)) => {}
                Ok(cel::Value::Bool(false)) => refusals.push(Refusal {
                    keyword: "x-kubernetes-validations".to_owned(),
                    text: format!("{at}: {}", rule["message"].as_str().unwrap()),
                }),
                other => panic!("{at}: {text}: {other:?} for {value}"),
            }
        }
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                let old = old.and_then(|old| old.get(name));
                self.run_rules(schema, value, old, &format!("{at}.{name}"), refusals);
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.run_rules(&schema["items"], item, None, &format!("{at}[{index}]"), refusals);
        }
    }
}

/// Compiles the rules of a schema and of all schemas in it.
fn compile(schema: &Value, programs: &mut BTreeMap<String, Program>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let text = rule["rule"].as_str().unwrap();
        let program = Program::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        programs.insert(text.to_owned(), program);
    }
    let inner = schema["properties"].as_object().into_iter().flatten().map(|(_, schema)| schema);
    inner.chain(schema.get("items")).for_each(|schema| compile(schema, programs));
}

/// Drops the fields that a schema does not have, and every `null` of a field that is not nullable.
fn prune(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) if schema["type"] == "object" => {
            let known = schema["properties"].as_object();
            fields.retain(|name, value| {
                let Some(schema) = known.and_then(|known| known.get(name)) else { return false };
                prune(schema, value);
                !value.is_null() || schema["nullable"] == true
            });
        }
        Value::Array(items) => items.iter_mut().for_each(|item| prune(&schema["items"], item)),
        _ => {}
    }
}

fn find_unknown(schema: &Value, value: &Value, at: &str, unknown: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten().filter(|_| schema["type"] == "object") {
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match schema["properties"].get(name) {
            Some(schema) => find_unknown(schema, value, &at, unknown),
            None => unknown.push(at),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        find_unknown(&schema["items"], item, &format!("{at}[{index}]"), unknown);
    }
}

/// Adds the items that a list of the type `set` has twice.
fn check_sets(schema: &Value, value: &Value, at: &str, refusals: &mut Vec<Refusal>) {
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        value.get(name).into_iter().for_each(|value| check_sets(schema, value, &format!("{at}.{name}"), refusals));
    }
    let items: &[Value] = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().for_each(|item| check_sets(&schema["items"], item, at, refusals));
    if schema["x-kubernetes-list-type"] == "set" {
        let mut seen = BTreeSet::new();
        if let Some(twice) = items.iter().find(|item| !seen.insert(item.to_string())) {
            let keyword = "x-kubernetes-list-type".to_owned();
            refusals.push(Refusal { keyword, text: format!("{at}: {twice} is listed twice") });
        }
    }
}

/// The function of Kubernetes that adds the numbers of a list.
fn sum(This(list): This<Arc<Vec<cel::Value>>>) -> i64 {
    let number = |value: &cel::Value| match value {
        cel::Value::Int(number) => *number,
        other => panic!("{other:?} in a sum"),
    };
    list.iter().map(number).sum()
}

fn lower_ascii(This(text): This<Arc<String>>) -> String {
    text.to_ascii_lowercase()
}

fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(*value),
        // A whole number such as 30.0 is an integer, as the schema says.
        Value::Number(number) => cel::Value::Int(number.as_i64().unwrap_or_else(|| number.as_f64().unwrap() as i64)),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(cel_value).collect::<Vec<_>>().into(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (Key::from(name.as_str()), cel_value(value)));
            fields.collect::<std::collections::HashMap<_, _>>().into()
        }
    }
}

/// The stand-in refuses what a server refuses, and drops what a server drops.
#[test]
fn an_api_server_drops_and_refuses() {
    let server = ApiServer::new(crate::schema_of("policy"));
    let object = serde_json::json!({ "total": null, "canaries": [{ "wieght": 3, "weight": 5 }], "x": 1 });
    assert_eq!(server.stored(&object), serde_json::json!({ "canaries": [{ "weight": 5 }] }));
    assert_eq!(server.unknown(&object), ["canaries[0].wieght", "x"]);
    assert_eq!(server.create(&object), []);
    for (object, keyword) in [
        (serde_json::json!({}), "required"),
        (serde_json::json!({ "canaries": null }), "required"),
        (serde_json::json!({ "canaries": [null] }), "type"),
        (serde_json::json!({ "canaries": [] }), "minItems"),
        (serde_json::json!({ "canaries": [{ "weight": 101 }] }), "x-kubernetes-validations"),
        (serde_json::json!({ "canaries": [{ "weight": "1" }] }), "type"),
    ] {
        assert_eq!(server.create(&object).iter().map(|refusal| &*refusal.keyword).collect::<Vec<_>>(), [keyword]);
    }
    let route = ApiServer::new(crate::schema_of("route"));
    let twice = serde_json::json!({ "name": "a", "stable": "a", "canaries": [], "hosts": ["a", "a"] });
    assert_eq!(route.create(&twice)[0].keyword, "x-kubernetes-list-type");
}
