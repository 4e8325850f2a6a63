//! VirtualServices that people could write, generated: the policy that is read decides as the VirtualService does, or a finding
//! names the match that differs.

use canary_policy::Variant;
use canary_policy::targets::Reading;
use canary_policy::targets::istio::{self, VirtualService};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use serde_json::{Value, json};

use crate::util::by_hand::{self, Counts, Decider, HandBackend, HandExtra, HandRule, HandTest, Shares, shares};
use crate::util::istio::{Decided, decided};
use crate::util::request::Lines;
use crate::util::{cases, texts};

/// How a VirtualService is written, which is the same in all of its rules.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// A prefix is written as exactly `/a` or the prefix `/a/`. Without this it is the prefix `/a`.
    by_element: bool,
    /// The backends are subsets of the Service `web`.
    subsets: bool,
    /// A prefix has another field too, which this crate does not read.
    port: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let rarely = prop_oneof![9 => Just(false), 1 => Just(true)];
    (prop_oneof![4 => Just(true), 1 => Just(false)], prop_oneof![3 => Just(false), 1 => Just(true)], rarely)
        .prop_map(|(by_element, subsets, port)| Style { by_element, subsets, port })
}

/// The matches on the path, of which one has to hold.
fn uris(path: &str, style: Style) -> Vec<Value> {
    let trimmed = path.trim_end_matches('/');
    let prefix = |text: String| match style.port {
        true => json!({ "uri": { "prefix": text }, "port": 80 }),
        false => json!({ "uri": { "prefix": text } }),
    };
    match path.strip_prefix('=') {
        Some(exact) => vec![json!({ "uri": { "exact": exact } })],
        None if path == "/" => vec![json!({ "uri": { "prefix": "/" } })],
        None if style.by_element => vec![json!({ "uri": { "exact": trimmed } }), prefix(format!("{trimmed}/"))],
        None => vec![prefix(path.to_owned())],
    }
}

/// The matches of a rule: every path with every test.
fn matches(rule: &HandRule, style: Style) -> Vec<Value> {
    let test = |test: &HandTest| match test {
        HandTest::Header(name, value) => json!({ "headers": { *name: { "exact": value } } }),
        HandTest::Regex(name, value) => json!({ "headers": { *name: { "regex": value } } }),
        HandTest::Both(one, other) => json!({ "headers": { *one: { "exact": "yes" }, *other: { "exact": "yes" } } }),
        HandTest::Method(method) => json!({ "method": { "exact": method } }),
    };
    let tests: Vec<Value> = rule.tests.iter().map(test).collect();
    let every = [json!({})];
    let tests = if tests.is_empty() { &every[..] } else { &tests };
    let uris: Vec<Value> = rule.paths.iter().flat_map(|path| uris(path, style)).collect();
    let with_uri = |mut found: Value, uri: &Value| {
        found.as_object_mut().unwrap().extend(uri.as_object().unwrap().clone());
        found
    };
    match uris.as_slice() {
        [] if rule.tests.is_empty() => Vec::new(),
        [] => tests.to_vec(),
        uris => tests.iter().flat_map(|test| uris.iter().map(|uri| with_uri(test.clone(), uri))).collect(),
    }
}

fn destination(backend: &HandBackend, style: Style) -> Value {
    let HandBackend { service, namespace, weight } = backend;
    let host = |service: &str| match namespace {
        Some(namespace) => format!("{service}.{namespace}.svc.cluster.local"),
        None => service.to_owned(),
    };
    let to = match style.subsets {
        true => json!({ "host": host("web"), "subset": if *service == "web" { "stable" } else { service } }),
        false => json!({ "host": host(service), "port": { "number": 80 } }),
    };
    json!({ "destination": to, "weight": weight })
}

fn http_route(rule: &HandRule, style: Style) -> Value {
    let mut route: Vec<Value> = rule.backends.iter().map(|backend| destination(backend, style)).collect();
    let cookie = json!({ "response": { "add": { "set-cookie": "route=stable; Path=/" } } });
    if let (HandExtra::SetCookie, Some(first)) = (rule.extra, route.first_mut()) {
        first["headers"] = cookie;
    }
    let mut written = json!({ "match": matches(rule, style), "route": route });
    match rule.extra {
        HandExtra::Nothing | HandExtra::SetCookie => {}
        HandExtra::Name => written["name"] = json!("canary"),
        HandExtra::Timeout => written["timeout"] = json!("1s"),
        HandExtra::Nulls => written["retries"] = Value::Null,
        HandExtra::Mirror => written["mirror"] = json!({ "host": "log" }),
    }
    if rule.extra == HandExtra::Nulls && rule.paths.is_empty() && rule.tests.is_empty() {
        written["match"] = Value::Null;
    }
    written
}

fn object(rules: &[HandRule], style: Style, annotation: Option<&str>) -> Value {
    let http: Vec<Value> = rules.iter().map(|rule| http_route(rule, style)).collect();
    json!({
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "VirtualService",
        "metadata": { "name": "web", "namespace": "shop", "annotations": annotation.map(|text| json!({ "canary-policy/variants": text })) },
        "spec": { "hosts": ["web.test"], "gateways": ["public"], "http": http },
    })
}

/// The name of a destination: a namespace is part of it unless it is that of the object.
fn name_in_object(to: &Value) -> String {
    let host = to["host"].as_str().unwrap();
    let (service, namespace) =
        host.strip_suffix(".svc.cluster.local").and_then(|host| host.split_once('.')).unwrap_or((host, "shop"));
    let namespace = if namespace == "shop" { String::new() } else { format!("{namespace}/") };
    match to["subset"].as_str() {
        Some(subset) => format!("{namespace}{subset}"),
        None => format!("{namespace}{service}"),
    }
}

/// The name of a variant's destination in an object of this style. The subset of stable is called `stable`, unless a finding says
/// that another one is assumed.
fn name_in_reading(reading: &Reading, variant: Variant, style: Style) -> String {
    let backend = variant.index().map_or(reading.route.stable(), |index| &reading.route.canaries()[index]);
    let namespace = backend.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    match (style.subsets, variant.index()) {
        (false, _) => format!("{namespace}{}", backend.service()),
        (true, Some(_)) => format!("{namespace}{}", reading.policy.name(variant).unwrap()),
        (true, None) => {
            let findings = texts(&reading.findings);
            let stable = findings.iter().find_map(|finding| finding.split_once("`stable is ")?.1.split('`').next());
            stable.map_or_else(|| format!("{namespace}stable"), str::to_owned)
        }
    }
}

/// Where the object sends a request, and by which match.
fn routed(object: &Value, path: &str, request: &Lines) -> (Option<Decider>, Shares) {
    let Some(Decided { rule_index, match_index, rule }) = decided(object, path, request) else {
        return (None, Shares::new());
    };
    let rule_field = format!("spec.http[{rule_index}]");
    let matches = rule["match"].as_array().map_or(&[][..], Vec::as_slice);
    let test = |found: &Value| (found["headers"].clone(), found["method"].clone());
    let same =
        |index: &usize| matches.get(*index).map(test) == match_index.and_then(|index| matches.get(index)).map(test);
    let fields = (0..matches.len()).filter(same).map(|index| format!("{rule_field}.match[{index}]")).collect();
    let route = rule["route"].as_array().unwrap();
    let weight = |to: &Value| if route.len() == 1 { 1 } else { to["weight"].as_u64().unwrap_or(0) };
    let weights = route.iter().map(|to| (name_in_object(&to["destination"]), weight(to)));
    (Some(Decider { rule: rule_field, matches: fields }), shares(weights))
}

/// Each of 2,000 generated VirtualServices is read, and compared with the policy on 24 requests.
#[test]
fn a_reading_decides_as_the_object_or_names_the_match_that_differs() {
    let counts = Counts::default();
    let objects = (by_hand::rules(), style(), by_hand::annotation(), by_hand::requests());
    let result = TestRunner::new(cases(2_000)).run(&objects, |(rules, style, annotation, requests)| {
        let object = object(&rules, style, annotation);
        let route: VirtualService = serde_json::from_value(object.clone()).unwrap();
        let Ok(reading) = istio::read(&route) else {
            counts.error();
            return Ok(());
        };
        counts.reading(&reading);
        for (path, request) in &requests {
            let (decider, by_object) = routed(&object, path, request);
            let name = |reading: &Reading, variant| name_in_reading(reading, variant, style);
            counts.compare(&reading, (path, request), decider.as_ref(), &by_object, name)?;
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, (rules, style, annotation, _))) = &result {
        panic!("{reason}\n{}", object(rules, *style, *annotation));
    }
    result.unwrap();
    counts.hold(15);
}
