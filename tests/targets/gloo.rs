//! Gloo: its VirtualServices and RouteTables route as the policy decides.

use canary_policy::error::ConversionError;
use canary_policy::route::Path;
use canary_policy::targets::gloo;
use canary_policy::{Canary, HeaderRule, Loss, Match, Policy, Route, Total};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::envoy::{DEVIATIONS, routed};
use crate::util::gloo::translated;
use crate::util::outcome::{Outcome, compare, selected};
use crate::util::proxy::Proxy;
use crate::util::request::{owned_lines, policy_and_request};
use crate::util::route::{many_paths, paths, route, route_to};
use crate::util::{CANARY, SECOND, STABLE, cases, policy, texts};

/// No losses.
const NOTHING: [&str; 0] = [];

/// The VirtualService that is written, as JSON, and the losses.
fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = gloo::virtual_service(policy, route).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The routes that are written for a policy without a loss.
#[track_caller]
fn routes(yaml: &str) -> Vec<Value> {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output["spec"]["virtualHost"]["routes"].as_array().unwrap().clone()
}

/// The losses as text.
#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    texts(&written(&policy, &route(&policy)).1)
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// For every policy and request, Gloo's Envoy routes as the selector decides.
    #[test]
    fn objects_route_as_the_selector_decides((policy, request) in policy_and_request()) {
        let (output, losses) = written(&policy, &route(&policy));
        compare(&policy, &losses, &request, routed(&translated(&output), "/any", &request))?;
    }
}

/// Gloo routes through Envoy, so that it deviates as Envoy does.
#[test]
fn gloo_deviates_only_as_envoy_does() {
    for (what, yaml, lines, selector, envoy) in DEVIATIONS {
        let policy = policy(yaml);
        let (output, losses) = written(&policy, &route(&policy));
        let request = owned_lines(lines);
        assert_eq!(losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(&translated(&output), "/", &request).variant(), Some(envoy), "{what}");
    }
}

#[test]
fn a_virtual_service_and_a_route_table_have_the_same_routes() {
    let yaml = "
canaries: [{weight: 30, header: {name: x-canary}}]
affinity: {cookie: {name: route, precedence: afterRules, path: /a%20b}}
";
    let policy = policy(yaml);
    let route = route(&policy).with_namespace("shop").unwrap().with_paths(paths("/cart/")).unwrap();
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
fn a_prefix_matches_whole_elements() {
    let policy = policy("canaries: [{weight: 100}]");
    let (output, _) = written(&policy, &route(&policy).with_paths(paths("/cart =/only/")).unwrap());
    let translated = translated(&output);
    for (path, matches) in
        [("/cart", true), ("/cart/", true), ("/cart/1", true), ("/carts", false), ("/only/", true), ("/only", false)]
    {
        assert_eq!(routed(&translated, path, &Vec::new()) != Outcome::Nothing, matches, "{path}");
    }
}

#[test]
fn a_single_destination_has_no_weight_and_several_each_have_one() {
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
fn the_header_host_is_the_authority() {
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
fn an_expression_of_more_than_1024_instructions_is_a_loss() {
    let bound = "RE2 compiles a regular expression of Gloo to at most 1024 instructions, \
                 including what is written around a pattern or cookie";
    let long = "x".repeat(1_000);
    assert_eq!(
        losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {long}}}}}]")),
        [format!("canaries[0].cookie: `c = {}… (1004 bytes)` is refused, so it is left out: {bound}", "x".repeat(76))]
    );
    // Plain Envoy refuses this expression.
    assert_eq!(losses("canaries: [{weight: 0, header: {name: x, pattern: '[A-Za-z0-9._-]{1,64}'}}]"), NOTHING);
    let fits = "x".repeat(950);
    assert_eq!(losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {fits}}}}}]")), NOTHING);
}

#[test]
fn an_affinity_key_is_a_loss() {
    assert_eq!(
        losses("{canaries: [{weight: 30}], affinity: {key: {header: x-user}}}"),
        [
            "affinity: `key header x-user` is left out: Gloo chooses a variant by weight for each request, and hashes only among the pods of one variant"
        ]
    );
}

#[test]
fn an_invalid_route_is_an_error() {
    let policy = policy("canaries: [{weight: 1}]");
    let error = |stable: &str, canaries: &[&str]| {
        gloo::route_table(&policy, &route_to(stable, canaries)).unwrap_err().to_string()
    };
    assert_eq!(error("web:80", &[]), "backends: 0 canary backends are given, but the policy has 1 canary");
    let why = "needs a port number: a kube destination of Gloo has a port number";
    assert_eq!(error("web:80", &["c0"]), format!("backends: `c0` {why}"));
    assert_eq!(error("web:http", &["c0:80"]), format!("backends: `web:http` {why}"));
}

#[test]
fn forty_paths_are_matchers_of_each_route() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let (output, losses) = written(&policy, &route(&policy).with_paths(many_paths(40)).unwrap());
    let routes = output["spec"]["virtualHost"]["routes"].as_array().unwrap();
    assert_eq!((routes.len(), routes[0]["matchers"].as_array().unwrap().len(), losses.len()), (3, 80, 0));
}

/// A real Envoy routes by the translation of Gloo's own fields. `.ci/run` gives it one; see `envoy/real_envoy.rs`.
#[test]
fn a_real_envoy_routes_by_the_translation() {
    let yaml = "
canaries:
  - {name: a, weight: 0, header: {name: Host, value: a.test}, cookie: {name: c, value: beta}}
  - {name: b, weight: 0, header: {name: x-empty, value: ''}}
affinity: {cookie: {name: route, path: /a%20b}}
";
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy).with_paths(paths("/cart")).unwrap());
    assert_eq!(losses, []);
    let Some(proxy) = Proxy::start("gloo", &[translated(&output)]) else { return };
    let mut client = proxy.client(0);
    let set = |variant: &str| vec![format!("route={variant}; Path=/a%20b; HttpOnly")];
    #[rustfmt::skip]
    let rows = [
        ("a.test", "/cart", vec![], CANARY, set("a")),
        ("b.test", "/cart/1", vec![], STABLE, set("stable")),
        ("b.test", "/cart", vec![("x-empty", "")], SECOND, set("b")),
        ("b.test", "/cart", vec![("x-empty", "x")], STABLE, set("stable")),
        ("b.test", "/cart", vec![("cookie", "x=1; C = beta")], CANARY, set("a")),
        ("a.test", "/cart", vec![("cookie", "route=b")], SECOND, vec![]),
    ];
    for (host, path, lines, variant, cookies) in rows {
        let answer = client.get(host, path, lines.iter().copied());
        assert_eq!((answer.variant, answer.cookies), (Some(variant), cookies), "{host} {path} {lines:?}");
    }
    assert_eq!(client.get("a.test", "/carts", []).status, 404);
}

/// etcd refuses requests of more than 1.5 MiB.
#[test]
fn an_object_that_kubernetes_cannot_store_is_an_error() {
    let policy = policy("canaries: [{ weight: 5, header: { name: x-canary } }]");
    let refused =
        |count| gloo::route_table(&policy, &route(&policy).with_paths(many_paths(count)).unwrap()).map(|_| ());
    assert_eq!(refused(2_000), Ok(()));
    let text = refused(10_000).unwrap_err().to_string();
    assert!(text.starts_with("paths: RouteTable with all of them has about "), "{text}");
}

/// Each row is the value of a header, the length of each path, the number of paths, and whether an object can have them. The bytes
/// of paths and values count as they are in JSON, where quotes and backslashes are two bytes.
#[test]
fn the_bytes_of_paths_and_values_count() {
    let rows = [
        ("a".repeat(4000), 5, 100, true),
        ("\"".repeat(4000), 5, 100, false),
        ("\\".repeat(4000), 5, 100, false),
        ("a".repeat(4000), 5, 200, false),
        ("a".to_owned(), 1000, 800, false),
        ("a".to_owned(), 1000, 200, true),
        ("a".to_owned(), 5, 800, true),
    ];
    for (value, length, count, fits) in rows {
        let rule = HeaderRule::new("x-a", Match::Exact(value)).unwrap();
        let canary = Canary::new("canary", 0).unwrap().with_header(rule);
        let policy = Policy::new([canary], Total::default()).unwrap();
        let paths = (0..count).map(|index| Path::prefix(&format!("/{index:0width$}", width = length - 1)).unwrap());
        let route = route(&policy).with_paths(paths).unwrap();
        match gloo::virtual_service(&policy, &route) {
            Ok(conversion) => {
                let object = serde_json::to_string(&conversion.output).unwrap();
                assert!(fits && object.len() < 1_572_864, "{length} {count}: {} bytes", object.len());
            }
            Err(ConversionError::TooLarge { bytes, bound, .. }) => assert!(!fits && bytes > bound, "{length} {count}"),
            Err(error) => panic!("{error}"),
        }
    }
}
