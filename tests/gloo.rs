//! What is written for Gloo Edge means what the policy means.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::targets::{PathType, Route, gloo};
use canary_policy::{Loss, Policy, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::envoy::{DEVIATIONS, only, routed};
use util::proxy::Proxy;
use util::routing::{Lines, Outcome, compare, policy_and_request, route, selected};
use util::{CANARY, STABLE, policy};

/// No losses.
const NOTHING: [&str; 0] = [];

fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = gloo::virtual_service(policy, route).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The routes of a policy from YAML, which it says exactly.
#[track_caller]
fn routes(yaml: &str) -> Vec<Value> {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output["spec"]["virtualHost"]["routes"].as_array().unwrap().clone()
}

#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    written(&policy, &route(&policy)).1.iter().map(Loss::to_string).collect()
}

/// What Gloo makes of a VirtualService for its Envoy (`projects/gloo/pkg/translator/route_config.go` of version 1.21.13):
/// a route for each matcher, in their order.
fn translated(service: &Value) -> Value {
    let host = &service["spec"]["virtualHost"];
    let rules = host["routes"].as_array().unwrap().iter();
    let routes: Vec<Value> = rules
        .flat_map(|rule| {
            rule["matchers"].as_array().unwrap().iter().map(|matcher| {
                let mut route = json!({"match": path(matcher), "route": action(&rule["routeAction"])});
                if let Some(headers) = matcher.get("headers") {
                    route["match"]["headers"] = headers.as_array().unwrap().iter().map(header).collect();
                }
                if let Some(options) = rule.get("options") {
                    route["response_headers_to_add"] = added(options);
                }
                route
            })
        })
        .collect();
    json!({"name": "web", "virtual_hosts": [{"name": "web", "domains": host["domains"], "routes": routes}]})
}

fn path(matcher: &Value) -> Value {
    match (matcher["exact"].as_str(), matcher["prefix"].as_str()) {
        (Some(exact), None) => json!({"path": exact}),
        (None, Some(prefix)) => json!({"prefix": prefix}),
        other => panic!("{other:?}"),
    }
}

fn header(matcher: &Value) -> Value {
    let (name, value) = (&matcher["name"], matcher["value"].as_str().unwrap());
    match matcher.get("regex") {
        _ if value.is_empty() => json!({"name": name, "present_match": true}),
        Some(Value::Bool(true)) => json!({"name": name, "string_match": {"safe_regex": {"regex": value}}}),
        None => json!({"name": name, "string_match": {"exact": value}}),
        other => panic!("{other:?}"),
    }
}

fn action(action: &Value) -> Value {
    let Some(single) = action.get("single") else {
        let destinations = action["multi"]["destinations"].as_array().unwrap();
        let clusters = destinations.iter().map(|weighted| {
            let mut cluster = json!({"name": cluster(&weighted["destination"]), "weight": weighted["weight"]});
            if let Some(options) = weighted.get("options") {
                cluster["response_headers_to_add"] = added(options);
            }
            cluster
        });
        return json!({"weighted_clusters": {"clusters": clusters.collect::<Vec<_>>()}});
    };
    json!({"cluster": cluster(single)})
}

fn cluster(destination: &Value) -> String {
    let kube = &destination["kube"];
    assert_eq!(kube["ref"]["namespace"], "default");
    format!("{}:{}", kube["ref"]["name"].as_str().unwrap(), kube["port"])
}

fn added(options: &Value) -> Value {
    let headers = options["headerManipulation"]["responseHeadersToAdd"].as_array().unwrap();
    let option = |option: &Value| {
        assert_eq!(option["append"], true);
        json!({"header": option["header"], "append_action": "APPEND_IF_EXISTS_OR_ADD"})
    };
    headers.iter().map(option).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        let (output, losses) = written(&policy, &route(&policy));
        compare(&policy, &losses, &request, routed(&translated(&output), "/any", &request))?;
    }
}

/// What DESIGN.md says of Envoy holds here too.
#[test]
fn deviations() {
    for (what, yaml, lines, selector, envoy) in DEVIATIONS {
        let policy = policy(yaml);
        let (output, losses) = written(&policy, &route(&policy));
        let request: Lines = lines.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(losses, [], "{what}");
        assert_eq!(only(selected(&policy, &request)), selector, "{what}");
        assert_eq!(only(routed(&translated(&output), "/", &request)), envoy, "{what}");
    }
}

#[test]
fn a_virtual_service() {
    let yaml = "
canaries: [{weight: 30, header: {name: x-canary}}]
affinity: {cookie: {name: route, precedence: afterRules, path: /a%20b}}
";
    let policy = policy(yaml);
    let paths = [("/cart/", PathType::Prefix)].map(|(path, kind)| (path.parse().unwrap(), kind));
    let route = route(&policy).with_namespace("shop").unwrap().with_paths(paths).unwrap();
    let (output, losses) = written(&policy, &route.clone().with_hosts(["a.test".parse().unwrap()]).unwrap());
    assert_eq!(losses, []);
    let kube = |name: &str| json!({"kube": {"ref": {"name": name, "namespace": "shop"}, "port": 80}});
    let header = |value: &str| json!([{"name": "x-canary", "value": value}]);
    let kept = |variant: &str| {
        let value = format!(r"^(?:.*[; \t])?route={variant}(?:[; \t].*)?$");
        json!([{"name": "cookie", "value": value, "regex": true}])
    };
    let set = |variant: &str| {
        let value = format!("route={variant}; Path=/a%%20b; HttpOnly");
        let header = json!({"header": {"key": "Set-Cookie", "value": value}, "append": true});
        json!({"headerManipulation": {"responseHeadersToAdd": [header]}})
    };
    let rule = |headers: Value, to: &str| {
        json!({
            "matchers": [{"exact": "/cart", "headers": headers}, {"prefix": "/cart/", "headers": headers}],
            "routeAction": {"single": kube(to)},
        })
    };
    let rules = json!([
        rule(header("always"), "c0"),
        {
            "matchers": [
                {"exact": "/cart", "headers": header("never")},
                {"prefix": "/cart/", "headers": header("never")},
                {"exact": "/cart", "headers": kept("stable")},
                {"prefix": "/cart/", "headers": kept("stable")},
            ],
            "routeAction": {"single": kube("web")},
        },
        rule(kept("canary"), "c0"),
        {
            "matchers": [{"exact": "/cart"}, {"prefix": "/cart/"}],
            "routeAction": {"multi": {"destinations": [
                {"destination": kube("web"), "weight": 70, "options": set("stable")},
                {"destination": kube("c0"), "weight": 30, "options": set("canary")},
            ]}},
        },
    ]);
    let metadata = json!({
        "name": "web",
        "namespace": "shop",
        "annotations": {"canary-policy/variants": "total=100 stable=web:80 canary=c0:80"},
    });
    assert_eq!(
        output,
        json!({
            "apiVersion": "gateway.solo.io/v1",
            "kind": "VirtualService",
            "metadata": metadata,
            "spec": {"virtualHost": {"domains": ["a.test"], "routes": rules}},
        })
    );
    let table = gloo::route_table(&policy, &route).unwrap().exact().unwrap();
    assert_eq!(
        serde_json::to_value(table).unwrap(),
        json!({
            "apiVersion": "gateway.solo.io/v1",
            "kind": "RouteTable",
            "metadata": metadata,
            "spec": {"routes": rules},
        })
    );
}

#[test]
fn a_prefix_is_element_by_element() {
    let policy = policy("canaries: [{weight: 100}]");
    let paths = [("/cart", PathType::Prefix), ("/only/", PathType::Exact)];
    let paths = paths.map(|(path, kind)| (path.parse().unwrap(), kind));
    let (output, _) = written(&policy, &route(&policy).with_paths(paths).unwrap());
    let translated = translated(&output);
    for (path, found) in
        [("/cart", true), ("/cart/", true), ("/cart/1", true), ("/carts", false), ("/only/", true), ("/only", false)]
    {
        assert_eq!(routed(&translated, path, &Vec::new()) != Outcome::Nothing, found, "{path}");
    }
}

#[test]
fn every_destination_of_several_has_a_weight_and_a_single_one_none() {
    for (weight, name) in [(0, "web"), (100, "c0")] {
        let action = routes(&format!("canaries: [{{weight: {weight}}}]"))[0]["routeAction"].clone();
        let kube = json!({"kube": {"ref": {"name": name, "namespace": "default"}, "port": 80}});
        assert_eq!(action, json!({"single": kube}));
    }
    let routes = routes("{total: 4294967295, canaries: [{name: a, weight: 0}, {name: b, weight: 4000000000}]}");
    let destinations = routes[0]["routeAction"]["multi"]["destinations"].as_array().unwrap();
    let weights: Vec<_> = destinations.iter().map(|destination| destination["weight"].as_u64().unwrap()).collect();
    assert_eq!(weights, [294_967_295, 4_000_000_000]);
}

#[test]
fn an_empty_value_is_not_any_value() {
    let routes = routes("canaries: [{weight: 0, header: {name: x, value: ''}}]");
    assert_eq!(routes[0]["matchers"][0]["headers"], json!([{"name": "x", "value": "^$", "regex": true}]));
}

#[test]
fn the_host_header_is_the_authority() {
    let routes = routes("canaries: [{weight: 0, header: {name: Host, value: beta.test}}]");
    assert_eq!(routes[0]["matchers"][0]["headers"], json!([{"name": ":authority", "value": "beta.test"}]));
}

#[test]
fn cookies_are_escaped_and_anchored() {
    let routes = routes("canaries: [{weight: 0, cookie: {name: a.b, value: 'v+1 (x)'}}]");
    let value = r"^(?:.*[;,] *)?(?i:a\.b) *= *v\+1 \(x\)(?:;.*)?$";
    assert_eq!(routes[0]["matchers"][0]["headers"], json!([{"name": "cookie", "value": value, "regex": true}]));
}

#[test]
fn an_expression_that_re2_makes_too_large_is_refused() {
    let bound = "Gloo takes a regular expression of at most 1024 instructions of RE2, \
                 with what is written around a pattern or cookie";
    let long = "x".repeat(1_000);
    assert_eq!(
        losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {long}}}}}]")),
        [format!("canaries[0].cookie: `c = {}… (1004 bytes)` is refused, so it is left out: {bound}", "x".repeat(76))]
    );
    // What plain Envoy refuses.
    assert_eq!(losses("canaries: [{weight: 0, header: {name: x, pattern: '[A-Za-z0-9._-]{1,64}'}}]"), NOTHING);
    let fits = "x".repeat(950);
    assert_eq!(losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {fits}}}}}]")), NOTHING);
}

#[test]
fn a_key_is_left_out() {
    assert_eq!(
        losses("{canaries: [{weight: 30}], affinity: {key: {header: x-user}}}"),
        [
            "affinity: `key header x-user` is left out: Gloo shares each request out anew, and hashes among the pods of one variant alone"
        ]
    );
}

#[test]
fn bad_routes_are_errors() {
    let policy = policy("canaries: [{weight: 1}]");
    let error = |stable: &str, canaries: &[&str]| {
        let canaries = canaries.iter().map(|canary| canary.parse().unwrap());
        let route = Route::new("web", stable.parse().unwrap(), canaries).unwrap();
        gloo::route_table(&policy, &route).unwrap_err().to_string()
    };
    assert_eq!(error("web:80", &[]), "backends: the route has 0 for canaries, and the policy has 1 canary");
    let why = "needs the number of a port: a kube destination of Gloo has one";
    assert_eq!(error("web:80", &["c0"]), format!("backends: `c0` {why}"));
    assert_eq!(error("web:http", &["c0:80"]), format!("backends: `web:http` {why}"));
}

#[test]
fn forty_paths_are_matchers_of_one_route() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let paths = (0..40).map(|index| (format!("/p{index}").parse().unwrap(), PathType::Prefix));
    let (output, losses) = written(&policy, &route(&policy).with_paths(paths).unwrap());
    let routes = output["spec"]["virtualHost"]["routes"].as_array().unwrap();
    assert_eq!((routes.len(), routes[0]["matchers"].as_array().unwrap().len(), losses.len()), (3, 80, 0));
}

/// What is Gloo's way of saying something, in front of a real Envoy, if there is one.
#[test]
fn envoy_does_what_is_translated() {
    let yaml = "
canaries:
  - {name: a, weight: 0, header: {name: Host, value: a.test}, cookie: {name: c, value: beta}}
  - {name: b, weight: 0, header: {name: x-empty, value: ''}}
affinity: {cookie: {name: route, path: /a%20b}}
";
    let policy = policy(yaml);
    let paths = [("/cart", PathType::Prefix)].map(|(path, kind)| (path.parse().unwrap(), kind));
    let (output, losses) = written(&policy, &route(&policy).with_paths(paths).unwrap());
    assert_eq!(losses, []);
    let Some(proxy) = Proxy::start("gloo", &[translated(&output)]) else { return };
    let mut client = proxy.client(0);
    let set = |variant: &str| vec![format!("route={variant}; Path=/a%20b; HttpOnly")];
    #[rustfmt::skip]
    let rows = [
        ("a.test", "/cart", vec![], CANARY, set("a")),
        ("b.test", "/cart/1", vec![], STABLE, set("stable")),
        ("b.test", "/cart", vec![("x-empty", "")], Variant::Canary(1), set("b")),
        ("b.test", "/cart", vec![("x-empty", "x")], STABLE, set("stable")),
        ("b.test", "/cart", vec![("cookie", "x=1; C = beta")], CANARY, set("a")),
        ("a.test", "/cart", vec![("cookie", "route=b")], Variant::Canary(1), vec![]),
    ];
    for (host, path, lines, variant, cookies) in rows {
        let answer = client.get(host, path, lines.iter().copied());
        assert_eq!((answer.variant, answer.cookies), (Some(variant), cookies), "{host} {path} {lines:?}");
    }
    assert_eq!(client.get("a.test", "/carts", []).status, 404);
}
