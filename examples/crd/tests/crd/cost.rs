//! What the rules cost by the bounds of the schema, counted as `kube-apiserver` 1.33 does, but never less
//! (`cel-go/checker/cost.go`, `apiserver/pkg/cel/library/cost.go`): a CRD with a rule that costs too much is refused.

use std::collections::BTreeMap;

use cel::Program;
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use serde_json::{Value, json};

use crate::schema;

/// The largest cost of one rule, with that of every value that it is run for, and of all rules of a CRD.
const OF_A_RULE: u64 = 10_000_000;
const OF_A_CRD: u64 = 100_000_000;

/// The size that a list or text without a bound has: that of a request, 3 MB, of which an item needs two bytes.
const WITHOUT_BOUND: u64 = 3 * 1024 * 1024 / 2;

/// What is known of an expression: its cost, the schema of its value, and the largest size of its value.
struct Estimate {
    cost: u64,
    schema: Value,
    size: u64,
}

impl Estimate {
    fn of(cost: u64, schema: &Value) -> Self {
        let bound = |keyword: &str| schema[keyword].as_u64().unwrap_or(WITHOUT_BOUND);
        let size = match schema["type"].as_str() {
            Some("string") if schema.get("enum").is_none() => bound("maxLength"),
            Some("string") => 16,
            Some("array") => bound("maxItems"),
            _ => 1,
        };
        Estimate { cost, schema: schema.clone(), size }
    }
}

/// A tenth of a size: texts are looked at in steps of ten characters.
fn tenth(size: u64) -> u64 {
    size.div_ceil(10)
}

fn estimate(expression: &IdedExpr, known: &BTreeMap<String, Value>) -> Estimate {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => {
            Estimate { cost: 0, schema: json!({ "type": "string" }), size: text.inner().len() as u64 }
        }
        Expr::Literal(_) => Estimate::of(0, &Value::Null),
        Expr::Ident(name) => Estimate::of(1, known.get(name).unwrap_or(&Value::Null)),
        Expr::Select(select) => {
            let operand = estimate(&select.operand, known);
            Estimate::of(operand.cost + 1, &operand.schema["properties"][&select.field])
        }
        Expr::List(list) => {
            Estimate::of(10 + list.elements.iter().map(|item| estimate(item, known).cost).sum::<u64>(), &Value::Null)
        }
        Expr::Call(call) => {
            let parts = call.target.iter().map(|target| &**target).chain(&call.args);
            let parts: Vec<Estimate> = parts.map(|part| estimate(part, known)).collect();
            let cost = 1 + parts.iter().map(|part| part.cost).sum::<u64>();
            let sizes: Vec<u64> = parts.iter().map(|part| part.size).collect();
            let text = json!({ "type": "string" });
            match (call.func_name.as_str(), &sizes[..]) {
                ("matches", [text, pattern]) => {
                    Estimate::of(cost + tenth(text + 1) * pattern.div_ceil(4).max(1), &Value::Null)
                }
                ("contains", [text, part]) => Estimate::of(cost + tenth(*text) * tenth(*part), &Value::Null),
                ("startsWith" | "endsWith", [_, part]) => Estimate::of(cost + tenth(*part), &Value::Null),
                ("_==_" | "_!=_", [one, other]) => Estimate::of(cost + tenth(*one.min(other)), &Value::Null),
                ("lowerAscii", [one]) => Estimate { cost: cost + tenth(*one), schema: text, size: *one },
                ("_+_", [one, other]) => Estimate { cost: cost + tenth(one + other), schema: text, size: one + other },
                ("sum", [items]) => Estimate::of(cost + items, &Value::Null),
                ("_?_:_", [_, one, other]) => Estimate { cost, schema: text, size: *one.max(other) },
                ("_&&_" | "_||_" | "!_" | "_<=_" | "_>=_" | "size" | "@not_strictly_false", _) => {
                    Estimate::of(cost, &Value::Null)
                }
                other => panic!("the cost of {other:?} is not known"),
            }
        }
        Expr::Comprehension(comprehension) => {
            let range = estimate(&comprehension.iter_range, known);
            let mut inner = known.clone();
            inner.insert(comprehension.iter_var.clone(), range.schema["items"].clone());
            let cost = |part: &IdedExpr| estimate(part, &inner).cost;
            let step = cost(&comprehension.loop_cond) + cost(&comprehension.loop_step);
            let all =
                range.cost + cost(&comprehension.accu_init) + range.size * (step + 1) + cost(&comprehension.result);
            Estimate { cost: all, schema: Value::Null, size: range.size }
        }
        other => panic!("the cost of {other:?} is not known"),
    }
}

/// The rules of a schema, each with its cost: that of one value, multiplied by how many there may be.
fn costs(schema: &Value, values: u64, costs: &mut Vec<(u64, String)>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let text = rule["rule"].as_str().unwrap();
        let names = ["self", "oldSelf"].map(|name| (name.to_owned(), schema.clone()));
        let cost = estimate(Program::compile(text).unwrap().expression(), &BTreeMap::from(names)).cost;
        costs.push((cost.saturating_mul(values), text.to_owned()));
    }
    for (_, schema) in schema["properties"].as_object().into_iter().flatten() {
        self::costs(schema, values, costs);
    }
    if let Some(items) = schema.get("items") {
        let most = schema["maxItems"].as_u64().unwrap_or(WITHOUT_BOUND);
        self::costs(items, values.saturating_mul(most), costs);
    }
}

fn of(schema: &Value) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    costs(schema, 1, &mut found);
    found.sort();
    found
}

#[test]
fn the_rules_cost_less_than_an_api_server_allows() {
    let costs = of(&schema());
    let all: u64 = costs.iter().map(|(cost, _)| cost).sum();
    let (most, rule) = costs.last().unwrap();
    println!("{} rules cost {all}; the costliest one costs {most}: {rule}", costs.len());
    assert!(costs.len() >= 20 && *most <= OF_A_RULE / 2 && all <= OF_A_CRD / 2, "{all}, {most}: {rule}");
}

/// Without the bound of a list or a text, a rule costs too much: that is what the bounds are for.
#[test]
fn a_list_or_text_without_a_bound_costs_too_much() {
    let most = |schema: &Value| of(schema).last().unwrap().0;
    let policy = "/properties/spec/properties/policy/properties";
    let route = "/properties/spec/properties/route/properties";
    for (pointer, keyword) in [
        (format!("{policy}/canaries"), "maxItems"),
        (format!("{policy}/canaries/items/properties/name"), "maxLength"),
        (format!("{route}/paths"), "maxItems"),
        (format!("{route}/hosts/items"), "maxLength"),
    ] {
        let mut schema = schema();
        let node = schema.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
        assert!(node.remove(keyword).is_some(), "{pointer}");
        assert!(most(&schema) > OF_A_RULE, "{pointer} without {keyword}: {}", most(&schema));
    }
}
