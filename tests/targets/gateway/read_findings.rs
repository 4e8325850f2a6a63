//! Whatever a policy decides otherwise than the HTTPRoutes that it was read from is a finding, with its place and its reason.

use serde_json::{Value, json};

use super::read::{by_hand, on, read, read_annotated, to};
use crate::util::route::route;
use crate::util::{orders, policy, texts};

/// A rule for a header of every path, to one backend.
fn header(name: &str, value: &str, backend: &str) -> Value {
    json!({ "matches": [on("/", Some((name, value)))], "backendRefs": [to(backend, 1)] })
}

/// A rule for a cookie, to one backend.
fn cookie(regex: &str, backend: &str) -> Value {
    let header = json!({ "type": "RegularExpression", "name": "cookie", "value": regex });
    json!({ "matches": [{ "headers": [header] }], "backendRefs": [to(backend, 1)] })
}

/// The findings about these rules, of an object with the variants `web` (stable), `next` and `third`.
fn findings(rules: &[Value]) -> Vec<String> {
    let annotation = "total=10 stable=web:80 next=next:80 third=third:80";
    texts(&read_annotated(annotation, json!(rules)).unwrap().findings)
}

fn split() -> Value {
    json!({ "backendRefs": [to("web", 8), to("next", 1), to("third", 1)] })
}

/// The rules of two canaries in every order. A rule is a finding if a later rule, of another canary, comes first in the policy.
#[test]
fn a_rule_that_the_policy_has_later_is_a_finding() {
    let of_cookie = |name: &str| format!("^(?:.*[;,] *)?(?i:{name}) *= *1(?:;.*)?$");
    let in_the_policy = [
        ("next", header("x-a", "1", "next")),
        ("third", header("x-b", "1", "third")),
        ("next", cookie(&of_cookie("a"), "next")),
        ("third", cookie(&of_cookie("b"), "third")),
    ];
    for order in orders(in_the_policy.len()) {
        let rules: Vec<Value> = order.iter().map(|row| in_the_policy[*row].1.clone()).chain([split()]).collect();
        let is_overtaken = |place: &usize| {
            let row = order[*place];
            order[place + 1..].iter().any(|later| *later < row && in_the_policy[*later].0 != in_the_policy[row].0)
        };
        let expected: Vec<String> =
            (0..order.len()).filter(is_overtaken).map(|place| format!("spec.rules[{place}].matches[0]: ")).collect();
        let findings = findings(&rules);
        let is_as_expected = |(finding, place): (&String, &String)| {
            finding.starts_with(place) && finding.contains(", in another order` is assumed")
        };
        assert!(
            findings.len() == expected.len() && findings.iter().zip(&expected).all(is_as_expected),
            "{order:?}: {expected:?}, but the findings are {findings:?}"
        );
    }
}

/// Only `always` and `never` of one header exclude each other in one rule of a policy. Each row is the header rules of the first
/// and the second canary; the object has them the other way round.
#[test]
fn rules_of_two_canaries_in_another_order_are_a_finding() {
    let rows = [
        (("x-a", "1"), ("x-a", "2")),
        (("x-a", "1"), ("x-b", "never")),
        (("x-a", "always"), ("x-a", "2")),
        (("x-a", "always"), ("x-b", "never")),
    ];
    for ((name, value), (second_name, second_value)) in rows {
        let rules = [header(second_name, second_value, "third"), header(name, value, "next"), split()];
        let finding =
            format!("spec.rules[0].matches[0]: `{second_name} = {second_value}, in another order` is assumed");
        let findings = findings(&rules);
        assert!(findings.len() == 1 && findings[0].starts_with(&finding), "{name} = {value}: {findings:?}");
    }
}

/// The value of the cookie names `next`, and the rule leads to `third`.
#[test]
fn an_affinity_cookie_that_leads_to_another_variant_is_left_out() {
    let of_cookie = |value: &str| format!(r"^(?:.*[; \t])?route={value}(?:[; \t].*)?$");
    let findings = findings(&[cookie(&of_cookie("stable"), "web"), cookie(&of_cookie("next"), "third"), split()]);
    let why = "a canary has at most one header rule and one cookie rule, and each rule leads to one canary";
    let text = format!("spec.rules[1].matches[0]: `cookie route = next` is left out: {why}");
    assert!(findings.contains(&text), "{findings:?}");
}

#[test]
fn a_cookie_that_the_policy_does_not_set_is_left_out() {
    let filter = json!([{ "type": "ResponseHeaderModifier", "responseHeaderModifier":
        { "add": [{ "name": "Set-Cookie", "value": "route=stable; Path=/" }] } }]);
    let with_filter = |mut rule: Value| {
        rule["filters"] = filter.clone();
        rule
    };
    let why = "a policy sets the affinity cookie of every variant that it pins, and no other";
    let split_sets = findings(&[header("x-a", "1", "next"), with_filter(split())]);
    assert_eq!(split_sets, [format!("spec.rules[1].matches[0]: `Set-Cookie` is left out: {why}")]);
    let rule_sets = findings(&[with_filter(header("x-a", "1", "next")), split()]);
    assert_eq!(rule_sets, [format!("spec.rules[0].matches[0]: `Set-Cookie` is left out: {why}")]);
}

/// The second match is never reached. That has an effect only if it leads to another backend.
#[test]
fn a_condition_that_is_given_twice_is_a_finding_if_the_backends_differ() {
    let why = "an earlier match has the same condition, so that this one is never reached";
    let text = format!("spec.rules[1].matches[0]: `x-a = 1` is left out: {why}");
    let once = header("x-a", "1", "next");
    assert_eq!(findings(&[once.clone(), header("x-a", "1", "third"), split()]), [text]);
    assert_eq!(findings(&[once.clone(), once, split()]), Vec::<String>::new());
}

/// The most specific path decides, so `/` takes no request from `/a`, in whatever order they are listed.
#[test]
fn a_longer_path_with_one_backend_is_left_out() {
    let on_a = json!({ "matches": [on("/a", None)], "backendRefs": [to("web", 1)] });
    let why = "its backends are not those of the split: a route has one set of backends";
    for (rules, place) in [([split(), on_a.clone()], 1), ([on_a, split()], 0)] {
        assert_eq!(findings(&rules), [format!("spec.rules[{place}].matches[0]: `/a` is left out: {why}")]);
    }
}

/// A backend of weight 0 that is alone in a rule gets all of its requests, or none.
#[test]
fn a_rule_whose_only_backend_has_weight_0_is_read_with_a_finding() {
    let mut rule = header("x-a", "1", "next");
    rule["backendRefs"] = json!([to("next", 0)]);
    let reading = read_annotated(
        "total=10 stable=web:80 next=next:80",
        json!([rule, { "backendRefs": [to("web", 9), to("next", 1)] }]),
    );
    let reading = reading.unwrap();
    let expected = "{ total: 10, canaries: [{ name: next, weight: 1, header: { name: x-a, value: '1' } }] }";
    assert_eq!(reading.policy, policy(expected));
    let why = "some implementations send all requests to a single backend of weight 0, and others send none";
    assert_eq!(texts(&reading.findings), [format!("spec.rules[0]: `all requests` is assumed: {why}")]);
}

/// Each row is the rules of the second of two objects whose other rule is the same.
#[test]
fn objects_whose_rules_differ_have_no_common_policy() {
    let object = |host: &str, rules: &[Value]| {
        let mut object = by_hand(Value::Array(rules.to_vec()))[0].take();
        object["spec"]["hostnames"] = json!([host]);
        object
    };
    let (one, two) = (header("x-a", "1", "next"), header("x-b", "1", "third"));
    let first = object("a.test", &[one.clone(), two.clone(), split()]);
    let both = |rules: &[Value]| read(json!([first, object("b.test", rules)]));
    assert!(both(&[one.clone(), two.clone(), split()]).is_ok());
    let rows = [
        vec![header("x-a", "1", "third"), two.clone(), split()],
        vec![header("x-a", "2", "next"), two.clone(), split()],
        vec![one.clone(), split()],
        vec![one.clone(), two.clone(), header("x-c", "1", "next"), split()],
        vec![one, two, json!({ "backendRefs": [to("web", 7), to("next", 2), to("third", 1)] })],
    ];
    for rules in rows {
        assert_eq!(
            both(&rules).unwrap_err().to_string(),
            "objects[1].spec: differs from the first object",
            "{rules:?}"
        );
    }
}

/// A cookie without a path is written with `/`, and read back without one.
#[test]
fn an_affinity_cookie_for_every_path_has_no_path() {
    let written = policy("{ canaries: [{ name: next, weight: 10 }], affinity: { cookie: { name: route } } }");
    let route = route(&written).with_parents(["public".parse().unwrap()]).unwrap();
    let params = canary_policy::targets::gateway::RouteParams::default();
    let routes = canary_policy::targets::gateway::http_routes(&written, &route, &params).unwrap().exact().unwrap();
    assert_eq!(canary_policy::targets::gateway::read(&routes).unwrap().policy, written);
}
