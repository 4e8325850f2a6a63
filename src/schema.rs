//! JSON schemas that are legal in a Kubernetes CRD and say in it what the check of a written form says.
//!
//! An API server drops a `null` if a field is not nullable, and refuses it if the field is nullable and has an `enum`. So no
//! field is nullable, and `null` means that a field is left out, as it does to this crate.
//!
//! A rule in CEL has a cost, which an API server estimates from the bounds of lists and texts when the CRD is created: at most
//! 10,000,000 for one rule and 100,000,000 for all (Kubernetes 1.33, `StaticEstimatedCostLimit` and
//! `StaticEstimatedCRDCostLimit` of `apiextensions-apiserver`). So every list and text of a schema has a bound.

use schemars::Schema;
use schemars::transform::transform_subschemas;
use serde::Serialize;
use serde_json::Value;

/// The largest number of items of a list in a custom resource. The rules that compare all pairs of a list cost too much with
/// more.
pub(crate) const MAX_ITEMS: usize = 64;

/// A rule in CEL that an API server checks, and the message if it does not hold (`x-kubernetes-validations`).
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Rule {
    pub(crate) rule: &'static str,
    pub(crate) message: &'static str,
}

impl Rule {
    pub(crate) const fn new(rule: &'static str, message: &'static str) -> Self {
        Rule { rule, message }
    }
}

/// Makes the schema of a written form one for operators of a cluster: no field is nullable, and descriptions are plain text, as
/// `kubectl explain` prints them.
pub(crate) fn for_operators(schema: &mut Schema) {
    transform_subschemas(&mut for_operators, schema);
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            fields.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(single)] = choices.as_slice() {
            let single = single.clone();
            fields.remove("anyOf");
            for (keyword, value) in single {
                fields.entry(keyword).or_insert(value);
            }
        }
    }
    if let Some(Value::String(description)) = fields.get_mut("description") {
        description.retain(|character| character != '`');
    }
}

/// Adds rules to a schema, after those that it has.
pub(crate) fn add_rules(schema: &mut Schema, rules: &[Rule]) {
    let rules = rules.iter().filter_map(|rule| serde_json::to_value(rule).ok());
    match schema.ensure_object().entry("x-kubernetes-validations").or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(known) => known.extend(rules),
        other => *other = rules.collect(),
    }
}
