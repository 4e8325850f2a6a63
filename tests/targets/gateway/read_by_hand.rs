//! HTTPRoutes that people could write, generated: the policy that is read decides as the HTTPRoute does, or a finding names the
//! match that differs.

use canary_policy::Variant;
use canary_policy::targets::Reading;
use canary_policy::targets::gateway::{self, HttpRoute};
use proptest::test_runner::{TestError, TestRunner};
use serde_json::{Value, json};

use crate::util::by_hand::{self, Counts, Decider, HandBackend, HandExtra, HandRule, HandTest, Shares, shares};
use crate::util::cases;
use crate::util::http_route::{Decided, Reader, decided};
use crate::util::request::Lines;

/// The matches of a rule: every path with every test.
fn matches(rule: &HandRule) -> Vec<Value> {
    let test = |test: &HandTest| {
        let exact = |name: &str, value: &str| json!({ "name": name, "value": value });
        match test {
            HandTest::Header(name, value) => json!({ "headers": [exact(name, value)] }),
            HandTest::Regex(name, value) => {
                json!({ "headers": [{ "type": "RegularExpression", "name": name, "value": value }] })
            }
            HandTest::Both(one, other) => json!({ "headers": [exact(one, "yes"), exact(other, "yes")] }),
            HandTest::Method(method) => json!({ "method": method }),
        }
    };
    let with_path = |path: &&str, mut found: Value| {
        let (kind, text) = path.strip_prefix('=').map_or(("PathPrefix", *path), |path| ("Exact", path));
        found["path"] = json!({ "type": kind, "value": text });
        found
    };
    let tests: Vec<Value> = rule.tests.iter().map(test).collect();
    let every = [json!({})];
    let tests = if tests.is_empty() { &every[..] } else { &tests };
    match rule.paths.as_slice() {
        [] if rule.tests.is_empty() => Vec::new(),
        [] => tests.to_vec(),
        paths => tests.iter().flat_map(|test| paths.iter().map(|path| with_path(path, test.clone()))).collect(),
    }
}

fn backend_ref(backend: &HandBackend) -> Value {
    let HandBackend { service, namespace, weight } = backend;
    json!({ "name": service, "port": 80, "namespace": namespace, "weight": weight })
}

fn rule(rule: &HandRule) -> Value {
    let refs: Vec<Value> = rule.backends.iter().map(backend_ref).collect();
    let mut written = json!({ "matches": matches(rule), "backendRefs": refs });
    let cookie = json!({ "type": "ResponseHeaderModifier",
        "responseHeaderModifier": { "add": [{ "name": "Set-Cookie", "value": "route=stable; Path=/" }] } });
    match rule.extra {
        HandExtra::Nothing => {}
        HandExtra::Name => written["name"] = json!("canary"),
        HandExtra::Timeout => written["timeouts"] = json!({ "request": "1s" }),
        HandExtra::Nulls => (written["filters"], written["retry"]) = (Value::Null, Value::Null),
        HandExtra::Mirror => written["filters"] = json!([{ "type": "RequestMirror" }]),
        HandExtra::SetCookie => written["filters"] = json!([cookie]),
    }
    written
}

fn object(rules: &[HandRule], annotation: Option<&str>) -> Value {
    let rules: Vec<Value> = rules.iter().map(rule).collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "web", "namespace": "shop", "annotations": annotation.map(|text| json!({ "canary-policy/variants": text })) },
        "spec": { "parentRefs": [{ "name": "public" }], "rules": rules },
    })
}

/// The name of a backend: a namespace is part of it unless it is that of the object.
fn name_in_object(backend: &Value) -> String {
    let namespace = backend["namespace"].as_str().filter(|namespace| *namespace != "shop");
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{namespace}{}:{}", backend["name"].as_str().unwrap(), backend["port"])
}

fn name_in_reading(reading: &Reading, variant: Variant) -> String {
    variant.index().map_or(reading.route.stable(), |index| &reading.route.canaries()[index]).to_string()
}

/// Where the object sends a request, and by which match.
fn routed(object: &Value, path: &str, request: &Lines) -> (Option<Decider>, Shares) {
    let Some(Decided { rule_index, match_index, rule }) =
        decided(Reader::Envoy, std::slice::from_ref(object), path, request)
    else {
        return (None, Shares::new());
    };
    let matches = rule["matches"].as_array().map_or(&[][..], Vec::as_slice);
    let test = |found: &Value| (found["headers"].clone(), found["method"].clone());
    let same = |index: &usize| matches.get(*index).map(test) == matches.get(match_index).map(test);
    let rule_field = format!("spec.rules[{rule_index}]");
    let fields = (0..matches.len().max(1)).filter(same).map(|index| format!("{rule_field}.matches[{index}]")).collect();
    let refs = rule["backendRefs"].as_array().unwrap();
    let weights = refs.iter().map(|backend| (name_in_object(backend), backend["weight"].as_u64().unwrap_or(1)));
    (Some(Decider { rule: rule_field, matches: fields }), shares(weights))
}

/// Each of 2,000 generated HTTPRoutes is read, and compared with the policy on 24 requests.
#[test]
fn a_reading_decides_as_the_object_or_names_the_match_that_differs() {
    let counts = Counts::default();
    let objects = (by_hand::rules(), by_hand::annotation(), by_hand::requests());
    let result = TestRunner::new(cases(2_000)).run(&objects, |(rules, annotation, requests)| {
        let object = object(&rules, annotation);
        let route: HttpRoute = serde_json::from_value(object.clone()).unwrap();
        let Ok(reading) = gateway::read(&[route]) else {
            counts.error();
            return Ok(());
        };
        counts.reading(&reading);
        for (path, request) in &requests {
            let (decider, by_object) = routed(&object, path, request);
            counts.compare(&reading, (path, request), decider.as_ref(), &by_object, name_in_reading)?;
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, (rules, annotation, _))) = &result {
        panic!("{reason}\n{}", object(rules, *annotation));
    }
    result.unwrap();
    counts.hold(15);
}
