//! An API server and the library judge the same documents. They disagree only where the table says so.

use std::collections::BTreeSet;

use canary_policy::error::{Diagnostic, InvalidRoute};
use canary_policy::policy::Lenient;
use canary_policy::route::{RouteSpec, strategy};
use canary_policy::{Policy, Route, Spec};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api_server::{ApiServer, Refusal};
use crate::documents::{policies, routes};
use crate::schema_of;

/// What one side says against a document that the other side takes. `Library` is the code of a problem, and a test of the value
/// that has it. `Server` is a keyword of the schema.
enum Says {
    Library(&'static [&'static str], fn(&Value) -> bool),
    Server(&'static str),
}

/// The only disagreements, each with its reason.
const DISAGREEMENTS: [(&str, Says); 4] = [
    (
        "a schema cannot parse a pattern, or add up the costs of several",
        Says::Library(&["pattern-syntax", "pattern-size", "pattern-cost", "pattern-costs"], |_| true),
    ),
    (
        "a schema counts characters, and requests have a bound in bytes",
        Says::Library(&["header-value", "cookie-value", "pattern-length", "salt"], |value| {
            value.as_str().is_some_and(|text| !text.is_ascii())
        }),
    ),
    (
        "to an API server 30.0 is an integer, and the library reads no number with a fraction",
        Says::Library(&["wrong-type"], |value| value.as_f64().is_some_and(|number| number.fract() == 0.0)),
    ),
    ("the rules that compare all pairs of a list cost too much with more than 64 items", Says::Server("maxItems")),
];

/// A problem of the library: its code and its field.
type Problem = (&'static str, String);

/// What the library says against a document in which unknown fields do not count.
fn policy_problems(document: &Value) -> Vec<Problem> {
    let spec: Lenient<Spec> = serde_json::from_value(document.clone()).unwrap();
    let problems = Policy::try_from(spec.form()).err().map(|error| error.problems).unwrap_or_default();
    problems.into_iter().map(|problem| (problem.code(), problem.field)).collect()
}

fn route_problems(document: &Value) -> Vec<Problem> {
    let spec: Lenient<RouteSpec> = serde_json::from_value(document.clone()).unwrap();
    let problems = Route::try_from(spec.form()).err().map(|error| error.problems).unwrap_or_default();
    problems.into_iter().map(|problem| (problem.code(), problem.field)).collect()
}

/// The value of a field in a document.
fn value_of<'d>(document: &'d Value, field: &str) -> &'d Value {
    let pointer = format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
    document.pointer(&pointer).unwrap_or(&Value::Null)
}

/// The rows by which both sides may judge a document as they do; none if they agree. An error is a disagreement beside the
/// table.
fn rows(document: &Value, refusals: &[Refusal], problems: &[Problem]) -> Result<BTreeSet<usize>, String> {
    let row_of = |is: &dyn Fn(&Says) -> bool| DISAGREEMENTS.iter().position(|(_, says)| is(says));
    let rows: Option<BTreeSet<usize>> = match (refusals, problems) {
        ([], [_, ..]) => {
            let explained = |(code, field): &Problem| {
                row_of(&|says| match says {
                    Says::Library(codes, is) => codes.contains(code) && is(value_of(document, field)),
                    Says::Server(_) => false,
                })
            };
            problems.iter().map(explained).collect()
        }
        ([_, ..], []) => {
            let explained = |refusal: &Refusal| {
                row_of(&|says| matches!(says, Says::Server(keyword) if *keyword == refusal.keyword))
            };
            refusals.iter().map(explained).collect()
        }
        _ => Some(BTreeSet::new()),
    };
    rows.ok_or_else(|| format!("{document}\nserver: {refusals:?}\nlibrary: {problems:?}"))
}

/// Judges a document on both sides, also if unknown fields are refused.
fn judge<T: DeserializeOwned>(
    server: &ApiServer,
    document: &Value,
    problems: fn(&Value) -> Vec<Problem>,
    try_from: fn(T) -> bool,
) -> Result<(bool, BTreeSet<usize>), String> {
    let (refusals, problems) = (server.create(document), problems(document));
    let rows = rows(document, &refusals, &problems)?;

    let strict = serde_json::from_value::<T>(document.clone()).is_ok_and(try_from);
    let unknown = server.unknown(document);
    let expected = problems.is_empty() && unknown.is_empty();
    if strict != expected {
        return Err(format!("{document}\nread strictly: {strict}, unknown: {unknown:?}, problems: {problems:?}"));
    }
    Ok((problems.is_empty() && refusals.is_empty(), rows))
}

/// Judges generated documents. Returns the rows that were needed.
fn judge_all<T: DeserializeOwned>(
    part: &str,
    documents: impl Strategy<Value = Value>,
    problems: fn(&Value) -> Vec<Problem>,
    try_from: fn(T) -> bool,
) -> BTreeSet<usize> {
    let (server, mut runner) = (ApiServer::new(schema_of(part)), TestRunner::deterministic());
    let (mut good, mut needed, count) = (0, BTreeSet::new(), 10_000);
    for _ in 0..count {
        let document = documents.new_tree(&mut runner).unwrap().current();
        let (is_good, rows) = judge(&server, &document, problems, try_from).unwrap_or_else(|error| panic!("{error}"));
        good += usize::from(is_good);
        needed.extend(rows);
    }
    println!("{part}: {count} documents, {good} good, rows {needed:?}");
    assert!(good > count / 10 && good < count * 9 / 10, "{good} of {count} documents are good");
    needed
}

#[test]
fn both_judge_generated_policies_alike() {
    let needed = judge_all::<Spec>("policy", policies(), policy_problems, |spec| Policy::try_from(spec).is_ok());
    assert_eq!(needed, BTreeSet::from([0, 1, 2]), "rows of the table that no document needs, or that are missing");
}

#[test]
fn both_judge_generated_routes_alike() {
    let needed = judge_all::<RouteSpec>("route", routes(), route_problems, |spec| Route::try_from(spec).is_ok());
    assert_eq!(needed, BTreeSet::new());
}

/// Policies that the strategies generate are in the custom resource as they are: an API server takes all of them.
#[test]
fn an_api_server_takes_what_the_strategies_generate() {
    let mut runner = TestRunner::deterministic();
    let (policy, route) = (ApiServer::new(schema_of("policy")), ApiServer::new(schema_of("route")));
    for canaries in 0..500_usize {
        let spec = canary_policy::policy::strategy::spec().new_tree(&mut runner).unwrap().current();
        assert_eq!(policy.create(&serde_json::to_value(&spec).unwrap()), [], "{spec:?}");
        let spec = strategy::route(canaries % 4).new_tree(&mut runner).unwrap().current();
        assert_eq!(route.create(&serde_json::to_value(&spec).unwrap()), [], "{spec:?}");
    }
}

/// Each row is a number of items. A list of 65 is the only thing that the library takes and an API server refuses.
#[test]
fn a_list_of_more_than_64_items_is_for_the_library_only() {
    let (policy, route) = (ApiServer::new(schema_of("policy")), ApiServer::new(schema_of("route")));
    for (count, expected) in [(64, BTreeSet::new()), (65, BTreeSet::from([3]))] {
        let texts = |prefix: &str| (0..count).map(|index| format!("{prefix}{index}")).collect::<Vec<_>>();
        let canaries: Vec<Value> =
            (0..count).map(|index| json!({ "name": format!("c{index}"), "weight": 1, "position": index })).collect();
        let document = json!({ "canaries": canaries });
        let judged = judge::<Spec>(&policy, &document, policy_problems, |spec| Policy::try_from(spec).is_ok());
        assert_eq!(judged.unwrap().1, expected);

        let paths: Vec<Value> =
            texts("/a").into_iter().map(|path| json!({ "path": path, "pathType": "Prefix" })).collect();
        for (field, value) in [
            ("hosts", json!(texts("h"))),
            ("paths", json!(paths)),
            ("parents", json!(texts("p"))),
            ("canaries", json!(texts("c"))),
            ("formerTokens", json!({ "stable": "s", "canaries": texts("t") })),
        ] {
            let mut document = json!({ "name": "web", "stable": "web", "canaries": [] });
            document[field] = value;
            let judged = judge::<RouteSpec>(&route, &document, route_problems, |spec| Route::try_from(spec).is_ok());
            assert_eq!(judged.unwrap().1, expected, "{field}");
        }
    }
}

/// The table explains no other disagreement.
#[test]
fn another_disagreement_is_noticed() {
    let document = json!({ "canaries": [{ "weight": 101, "header": { "name": "a", "value": "b" } }] });
    let problem = |code: &'static str, field: &str| vec![(code, field.to_owned())];
    for problems in [
        problem("weight-above-total", "canaries[0].weight"),
        problem("header-value", "canaries[0].header.value"),
        problem("wrong-type", "canaries[0].header.name"),
        [problem("pattern-syntax", "canaries[0].header.pattern"), problem("total", "total")].concat(),
    ] {
        assert!(rows(&document, &[], &problems).is_err(), "{problems:?}");
    }
    let refusal = Refusal { keyword: "pattern".to_owned(), text: String::new() };
    assert!(rows(&document, std::slice::from_ref(&refusal), &[]).is_err());
    let many = Refusal { keyword: "maxItems".to_owned(), text: String::new() };
    assert!(rows(&document, &[many, refusal], &[]).is_err());
    assert_eq!(InvalidRoute::from(canary_policy::Invalid::Salt(257)).code(), "salt");
}

/// Each row is a small policy, and whether both take it. The bare schema let most of the bad ones pass.
#[test]
fn both_judge_small_policies_alike() {
    let cookie = |cookie: Value| json!({ "canaries": [{}], "affinity": { "cookie": cookie } });
    let key = |key: Value| json!({ "canaries": [{}], "affinity": { "key": key } });
    let header = |rule: Value| json!({ "canaries": [{ "header": rule }] });
    let of_cookie = |rule: Value| json!({ "canaries": [{ "cookie": rule }] });
    let two = |one: Value, other: Value| json!({ "canaries": [one, other] });
    let rows = [
        (true, json!({ "canaries": [{}] })),
        (true, json!({ "total": 1, "canaries": [{ "weight": 1 }] })),
        (true, json!({ "total": 4_294_967_295_u64, "canaries": [{ "weight": 4_294_967_295_u64 }] })),
        (true, json!({ "total": null, "affinity": null, "canaries": [{ "name": null, "header": null }] })),
        (false, json!({ "total": 0, "canaries": [{}] })),
        (false, json!({ "total": 4_294_967_296_u64, "canaries": [{}] })),
        (false, json!({ "canaries": [] })),
        (false, json!({ "canaries": null })),
        (false, json!({ "canaries": [null] })),
        (false, json!({ "canaries": [{ "weight": -1 }] })),
        (false, json!({ "canaries": [{ "weight": 101 }] })),
        (false, json!({ "total": 10, "canaries": [{ "weight": 11 }] })),
        (true, two(json!({ "name": "a", "weight": 50 }), json!({ "name": "b", "weight": 50 }))),
        (false, two(json!({ "name": "a", "weight": 50 }), json!({ "name": "b", "weight": 51 }))),
        (false, two(json!({ "name": "a" }), json!({}))),
        (false, two(json!({ "name": "a" }), json!({ "name": "a" }))),
        (false, json!({ "canaries": [{ "name": "stable" }] })),
        (false, json!({ "canaries": [{ "name": "A" }] })),
        (false, json!({ "canaries": [{ "name": "a".repeat(64) }] })),
        (
            true,
            two(
                json!({ "name": "a", "position": 0, "weight": 5 }),
                json!({ "name": "b", "position": 5, "weight": 95 }),
            ),
        ),
        (
            false,
            two(json!({ "name": "a", "position": 0, "weight": 5 }), json!({ "name": "b", "position": 4, "weight": 1 })),
        ),
        (true, two(json!({ "name": "a", "position": 0, "weight": 5 }), json!({ "name": "b", "position": 4 }))),
        (false, two(json!({ "name": "a", "position": 0 }), json!({ "name": "b" }))),
        (false, json!({ "canaries": [{ "position": 100, "weight": 1 }] })),
        (true, json!({ "canaries": [{ "position": 100 }] })),
        (false, json!({ "canaries": [{ "position": 101 }] })),
        (true, header(json!({ "name": "X-Canary" }))),
        (false, header(json!({}))),
        (false, header(json!({ "name": "" }))),
        (false, header(json!({ "name": "a:b" }))),
        (true, of_cookie(json!({ "name": "a:b c" }))),
        (false, of_cookie(json!({ "name": "a " }))),
        (false, header(json!({ "name": "a", "value": "b", "pattern": "c" }))),
        (true, header(json!({ "name": "a", "value": "" }))),
        (true, header(json!({ "name": "a", "value": "b\tc;é" }))),
        (false, header(json!({ "name": "a", "value": "b " }))),
        (false, header(json!({ "name": "a", "value": "b\u{0}c" }))),
        (false, of_cookie(json!({ "name": "a", "value": "b;c" }))),
        (false, header(json!({ "name": "a", "pattern": "" }))),
        (false, header(json!({ "name": "a", "pattern": "a".repeat(4097) }))),
        (false, json!({ "canaries": [{}], "affinity": {} })),
        (false, json!({ "canaries": [{}], "affinity": { "key": { "header": "a" }, "cookie": { "name": "a" } } })),
        (true, cookie(json!({ "name": "a", "precedence": null, "pins": null, "sameSite": null }))),
        (false, cookie(json!({ "name": "a", "precedence": "first" }))),
        (false, cookie(json!({ "name": "a", "pins": "canary" }))),
        (false, cookie(json!({ "name": "a", "sameSite": "lax" }))),
        (false, cookie(json!({ "name": "a", "revision": "a|b" }))),
        (false, cookie(json!({ "name": "a", "maxAge": 4_294_967_296_u64 }))),
        (false, cookie(json!({ "name": "a", "path": "a" }))),
        (false, cookie(json!({ "name": "a", "domain": "a..b" }))),
        (false, cookie(json!({ "name": "__Host-a", "domain": "a.test" }))),
        (true, cookie(json!({ "name": "__Host-a", "path": "/", "secure": true }))),
        (false, cookie(json!({ "name": "__Secure-a", "secure": false }))),
        (false, key(json!({}))),
        (false, key(json!({ "header": "a", "cookie": "b" }))),
        (false, key(json!({ "header": "a b" }))),
        (false, key(json!({ "header": "a", "hash": "md5" }))),
        (false, key(json!({ "header": "a", "salt": "a".repeat(257) }))),
        (true, key(json!({ "cookie": "a", "salt": " \n", "hash": "launchDarkly" }))),
    ];
    let server = ApiServer::new(schema_of("policy"));
    for (expected, document) in rows {
        let judged = judge::<Spec>(&server, &document, policy_problems, |spec| Policy::try_from(spec).is_ok());
        assert_eq!(judged, Ok((expected, BTreeSet::new())), "{document}");
    }
}
