//! What is written for the Gateway API means what the policy means.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::Policy;
use canary_policy::targets::{Host, Parent, Route, gateway};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::envoy::DEVIATIONS;
use util::httproute::{Reader, paths, routed};
use util::routing::{Lines, Outcome, compare, lines, policy_and_request, selected};
use util::{CANARY, STABLE, policy};

/// A route on a Gateway.
fn route(policy: &Policy) -> Route {
    util::routing::route(policy).with_parents(["public".parse().unwrap()]).unwrap()
}

fn written(policy: &Policy, route: &Route) -> Option<(Vec<Value>, Vec<canary_policy::Loss>)> {
    let conversion = gateway::http_routes(policy, route).ok()?;
    let output = conversion.output.iter().map(|route| serde_json::to_value(route).unwrap());
    Some((output.collect(), conversion.losses))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        // More than 16 rules are an error, which a test of its own holds.
        if let Some((routes, losses)) = written(&policy, &route(&policy)) {
            compare(&policy, &losses, &request, routed(Reader::Envoy, &routes, "/any", &request))?;
        }
    }
}

#[track_caller]
fn routes(policy: &Policy, route: &Route) -> Vec<Value> {
    written(policy, route).unwrap().0
}

fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    written(&policy, &route(&policy)).unwrap().1.iter().map(ToString::to_string).collect()
}

fn size(route: &Value) -> (usize, usize, usize) {
    let rules = route["spec"]["rules"].as_array().unwrap();
    let matches = rules.iter().map(|rule| rule["matches"].as_array().unwrap().len());
    (rules.len(), matches.clone().max().unwrap(), matches.sum())
}

/// What implementations that are built on Envoy do otherwise is what Envoy does.
#[test]
fn deviations_are_those_of_envoy() {
    for (what, yaml, request, selector, implementation) in DEVIATIONS {
        let policy = policy(yaml);
        let request: Lines = request.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let (routes, losses) = written(&policy, &route(&policy)).unwrap();
        assert_eq!(losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(Reader::Envoy, &routes, "/", &request).variant(), Some(implementation), "{what}");
    }
}

const RULES: &str = "canaries: [{ weight: 30, header: { name: x-canary }, cookie: { name: cohort, value: beta } }]";

/// The longer path would win over a rule that is written for the shorter one.
#[test]
fn rules_stand_there_once_for_every_path() {
    let policy = policy(RULES);
    let written = routes(&policy, &route(&policy).with_paths(paths("/ /api =/api/v1")).unwrap());
    assert_eq!(size(&written[0]), (4, 3, 12));
    for path in ["/", "/api", "/api/v1", "/api/v1/x"] {
        for (request, expected) in
            [("x-canary: always", CANARY), ("x-canary: never", STABLE), ("cookie: cohort=beta", CANARY)]
        {
            let got = routed(Reader::Envoy, &written, path, &lines(request));
            assert_eq!(got, Outcome::To(expected, None), "{path} {request}");
        }
    }
}

/// As many headers in every match, or the most would decide and not the first.
#[test]
fn rules_are_equally_specific() {
    let policy = policy(
        "{ canaries: [{ name: a, weight: 5, header: { name: x-a }, cookie: { name: a } }, { name: b, weight: 5, header: { name: x-b, pattern: b } }], affinity: { cookie: { name: r } } }",
    );
    let written = routes(&policy, &route(&policy));
    let rules = written[0]["spec"]["rules"].as_array().unwrap();
    let (split, rest) = rules.split_last().unwrap();
    assert!(rest.iter().all(|rule| rule["matches"][0]["headers"].as_array().unwrap().len() == 1));
    assert_eq!(split["matches"][0].get("headers"), None);
}

/// An app's own route for a longer path keeps its requests: the policy is for the paths of its route.
#[test]
fn another_route_for_a_longer_path_wins() {
    let policy = policy(RULES);
    let mut both = routes(&policy, &route(&policy));
    let app = Policy::percent(0).unwrap();
    both.extend(routes(&app, &route(&app).with_paths(paths("/api")).unwrap()));
    assert_eq!(routed(Reader::Envoy, &both, "/api", &lines("x-canary: always")).variant(), Some(STABLE));
    assert_eq!(routed(Reader::Envoy, &both, "/", &lines("x-canary: always")).variant(), Some(CANARY));
}

#[test]
fn forty_paths_and_twenty_hosts_become_several_objects() {
    let policy = policy(RULES);
    let texts: Vec<String> = (0..40).map(|index| format!("/p{index}")).collect();
    let hosts = (0..20).map(|index| format!("h{index}.test").parse().unwrap());
    let route = route(&policy).with_paths(paths(&texts.join(" "))).unwrap().with_hosts(hosts).unwrap();
    let written = routes(&policy, &route);
    let names: Vec<_> = written.iter().map(|route| route["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web", "web-2", "web-3", "web-4"]);
    let mut pairs = Vec::new();
    for object in &written {
        let (rules, most, all) = size(object);
        assert!(rules <= 16 && most <= 64 && all <= 128, "{rules} {most} {all}");
        let hosts = object["spec"]["hostnames"].as_array().unwrap();
        assert!(hosts.len() <= 16);
        let paths =
            object["spec"]["rules"][3]["matches"].as_array().unwrap().iter().map(|found| &found["path"]["value"]);
        pairs.extend(paths.flat_map(|path| hosts.iter().map(move |host| (host.to_string(), path.to_string()))));
    }
    pairs.sort();
    assert_eq!(pairs.len(), 800);
    pairs.dedup();
    assert_eq!(pairs.len(), 800);
    for path in ["/p0", "/p31", "/p32", "/p39/x"] {
        assert_eq!(routed(Reader::Envoy, &written, path, &lines("x-canary: always")).variant(), Some(CANARY), "{path}");
    }
}

#[test]
fn backends_without_a_share_are_left_out() {
    for (weight, expected) in [
        (0, json!([{ "name": "web", "port": 80 }])),
        (100, json!([{ "name": "c0", "port": 80 }])),
        (30, json!([{ "name": "web", "port": 80, "weight": 70 }, { "name": "c0", "port": 80, "weight": 30 }])),
    ] {
        let policy = Policy::percent(weight).unwrap();
        assert_eq!(routes(&policy, &route(&policy))[0]["spec"]["rules"][0]["backendRefs"], expected);
    }
}

/// An API server takes 1,000,000.
#[test]
fn weights_of_billions_are_reduced_or_rounded() {
    let weights = |yaml: &str| -> Vec<u64> {
        let policy = policy(yaml);
        let written = routes(&policy, &route(&policy));
        let refs = written[0]["spec"]["rules"][0]["backendRefs"].as_array().unwrap();
        refs.iter().map(|backend| backend["weight"].as_u64().unwrap()).collect()
    };
    let even = "{ total: 4000000000, canaries: [{ weight: 1000000000 }] }";
    assert_eq!((weights(even), losses(even)), (vec![3, 1], vec![]));

    let odd = "{ total: 4294967295, canaries: [{ weight: 4000000000 }] }";
    assert_eq!(weights(odd), [73_742, 1_000_000]);
    assert_eq!(losses(odd), ["canaries[0].weight: 800000000/858993459 is rounded to 1000000/1073742"]);

    let least = "{ total: 4000000000, canaries: [{ weight: 1 }] }";
    assert_eq!(weights(least), [1_000_000, 1]);
    assert_eq!(losses(least), ["canaries[0].weight: 1/4000000000 is rounded to 1/1000001"]);
}

#[test]
fn header_names_are_written_in_lower_case() {
    let policy = policy("canaries: [{ weight: 0, header: { name: X-Canary } }]");
    let written = routes(&policy, &route(&policy));
    assert_eq!(written[0]["spec"]["rules"][0]["matches"][0]["headers"][0]["name"], "x-canary");
    assert_eq!(routed(Reader::Envoy, &written, "/", &lines("X-CANARY: always")).variant(), Some(CANARY));
}

#[test]
fn regular_expressions_are_anchored() {
    let policy = policy(
        "{ canaries: [{ weight: 5, header: { name: x-a, pattern: b }, cookie: { name: c } }], affinity: { cookie: { name: r } } }",
    );
    let written = serde_json::to_string(&routes(&policy, &route(&policy))).unwrap();
    let kinds = written.matches(r#""type":"RegularExpression""#).count();
    assert_eq!((kinds, written.matches(r#""value":"^("#).count(), written.matches(r#"$"}]"#).count()), (5, 5, 5));
}

#[test]
fn what_an_api_server_refuses_is_a_loss() {
    let printable = "an HTTPRoute takes printable ASCII without two blanks in a row";
    let long = "x".repeat(4096);
    for (yaml, part) in [
        ("canaries: [{ weight: 5, header: { name: x-a, value: 'a  b' } }]", "canaries[0].header: `x-a = a  b`"),
        ("canaries: [{ weight: 5, header: { name: x-a, value: \"a\\t b\" } }]", "canaries[0].header: `x-a = a\\t b`"),
        ("canaries: [{ weight: 5, header: { name: x-a, value: b\u{e9}ta } }]", "canaries[0].header: `x-a = b\u{e9}ta`"),
        ("canaries: [{ weight: 5, header: { name: x-a, pattern: 'a  b' } }]", "canaries[0].header: `x-a ~ a  b`"),
        ("canaries: [{ weight: 5, cookie: { name: a, value: 'a  b' } }]", "canaries[0].cookie: `a = a  b`"),
        ("{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r, path: '/a  b' } } }", "affinity: `cookie r`"),
    ] {
        assert_eq!(losses(yaml), [format!("{part} is refused, so it is left out: {printable}")]);
    }
    let length = "an HTTPRoute takes 1 to 4096 characters, with what is written around a pattern or cookie";
    for (yaml, part) in [
        (
            "canaries: [{ weight: 5, header: { name: x-a, value: '' } }]".to_owned(),
            "canaries[0].header: `x-a = `".to_owned(),
        ),
        (
            format!("canaries: [{{ weight: 5, cookie: {{ name: a, value: {long} }} }}]"),
            format!("canaries[0].cookie: `a = {}… (4100 bytes)`", "x".repeat(76)),
        ),
    ] {
        assert_eq!(losses(&yaml), [format!("{part} is refused, so it is left out: {length}")]);
    }
    assert_eq!(losses("canaries: [{ weight: 5, header: { name: x-a, value: a b } }]"), Vec::<String>::new());
    assert_eq!(
        losses("canaries: [{ weight: 5, cookie: { name: a, pattern: 'b;c' } }]"),
        [
            "canaries[0].cookie: `a ~ b;c` is refused, so it is left out: it can match a `;`, where a cookie's value ends"
        ]
    );
    assert_eq!(
        losses("{ canaries: [{ weight: 5 }], affinity: { key: { cookie: user } } }"),
        ["affinity: `key cookie user` is left out: an HTTPRoute has no hash: each request is shared out anew"]
    );
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let new = |name: &str, stable: &str, canaries: &[&str]| {
        let canaries: Vec<_> = canaries.iter().map(|canary| canary.parse().unwrap()).collect();
        Route::new(name, stable.parse().unwrap(), canaries).unwrap()
    };
    let on = |route: Route| route.with_parents(["public".parse().unwrap()]).unwrap();
    let canaries = |count: usize, weight: u32, rule: &str| {
        let canaries: Vec<String> =
            (0..count).map(|index| format!("{{ name: c{index}, weight: {weight}, {rule} }}")).collect();
        policy(&format!("canaries: [{}]", canaries.join(", ")))
    };
    let one = policy(RULES);
    let many = canaries(8, 1, "header: { name: x-a }");
    let wide = canaries(16, 1, "");
    let gateways = (0..33).map(|index| format!("g{index}").parse().unwrap());
    let long = "x".repeat(252);
    let forty: Vec<String> = (0..40).map(|index| format!("/p{index}")).collect();
    let why = "an HTTPRoute or GRPCRoute";
    for (policy, route, text) in [
        (
            &one,
            on(new("web", "web:80", &[])),
            "backends: the route has 0 for canaries, and the policy has 1 canary".to_owned(),
        ),
        (
            &many,
            on(new("web", "web:80", &["c0:80"])),
            "backends: the route has 1 for canaries, and the policy has 8 canaries".to_owned(),
        ),
        (
            &one,
            new("web", "web:80", &["c0:80"]),
            format!("parents: there is none: {why} does nothing without a Gateway"),
        ),
        (
            &one,
            on(new("web", "web", &["c0:80"])),
            "backends: `web` needs the number of a port: a backendRef that is a Service has one".to_owned(),
        ),
        (
            &one,
            on(new("web", "web:80", &["c0:http"])),
            "backends: `c0:http` needs the number of a port: a backendRef that is a Service has one".to_owned(),
        ),
        (&one, route(&one).with_parents(gateways).unwrap(), format!("parents: 33 are too many: {why} takes 32")),
        (&many, route(&many), format!("rules: 17 are too many: {why} takes 16")),
        (&wide, route(&wide), format!("backends: 17 are too many: {why} takes 16")),
        (
            &one,
            on(new(&long, "web:80", &["c0:80"])).with_paths(paths(&forty.join(" "))).unwrap(),
            format!(
                "name: `{}… (254 bytes)` is not an object name: 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
                &long[..80]
            ),
        ),
    ] {
        assert_eq!(gateway::http_routes(policy, &route).unwrap_err().to_string(), text);
    }
    for (result, text) in [
        (
            route(&one).with_namespace("a.b"),
            "`a.b` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        (
            "a.b/public".parse().map(|_: Parent| route(&one)),
            "`a.b` is not a DNS label: 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        (
            "10.0.0.1".parse().map(|_: Host| route(&one)),
            "`10.0.0.1` is not a host: a DNS name, or one that begins with `*.`",
        ),
        (route(&one).with_hosts(["a.test".parse().unwrap(), "a.test".parse().unwrap()]), "`a.test` is listed twice"),
        (route(&one).with_paths(paths("/a /a/")), "`Prefix /a` is listed twice"),
    ] {
        assert_eq!(result.unwrap_err().to_string(), text);
    }
}

#[test]
fn grpc_paths_are_methods() {
    let policy = policy(RULES);
    let methods = |text: &str| -> Result<Vec<Value>, String> {
        let route = route(&policy).with_paths(paths(text)).unwrap();
        let routes = gateway::grpc_routes(&policy, &route).map_err(|error| error.to_string())?.exact().unwrap();
        let written = serde_json::to_value(&routes[0]).unwrap();
        let split = written["spec"]["rules"].as_array().unwrap().last().unwrap().clone();
        Ok(split["matches"].as_array().unwrap().iter().map(|found| found["method"].clone()).collect())
    };
    let exact = |service: &str, method: &str| json!({ "type": "Exact", "service": service, "method": method });
    assert_eq!(
        methods("=/shop.Cart/Get =/shop.v1.Cart/_2"),
        Ok(vec![exact("shop.Cart", "Get"), exact("shop.v1.Cart", "_2")])
    );
    assert_eq!(methods("/shop.Cart"), Ok(vec![json!({ "type": "Exact", "service": "shop.Cart" })]));
    assert_eq!(methods("/"), Ok(vec![Value::Null]));
    for path in [
        "=/shop.Cart",
        "=/a/b/c",
        "/shop.Cart/Get",
        "=/1shop/Get",
        "=/shop..Cart/Get",
        "=/shop.Cart/Get.It",
        "=/a-b/Get",
        "=/",
        "=/shop/",
    ] {
        let text = "is not a gRPC method: `/SERVICE/METHOD` exactly, or `/` or `/SERVICE` as a prefix";
        assert_eq!(methods(path), Err(format!("paths: `{}` {text}", path.trim_start_matches('='))));
    }
}

#[test]
fn goldens() {
    for (file, yaml, text, hosts) in [
        ("gateway_rules.yaml", RULES, "/", vec![]),
        (
            "gateway_affinity.yaml",
            "{ total: 1000, canaries: [{ weight: 5, header: { name: x-canary } }], affinity: { cookie: { name: route, revision: '7', precedence: afterRules, maxAge: 86400, sameSite: Lax } } }",
            "/cart",
            vec!["example.com"],
        ),
        (
            "gateway_canaries.yaml",
            "canaries: [{ name: blue, weight: 10, header: { name: x-region, pattern: ^eu } }, { name: green, weight: 0, header: { name: x-region, value: us }, cookie: { name: cohort, pattern: beta|gamma } }]",
            "/ =/cart",
            vec!["example.com", "*.example.com"],
        ),
    ] {
        let policy = policy(yaml);
        let hosts = hosts.iter().map(|host| host.parse().unwrap());
        let route = route(&policy).with_paths(paths(text)).unwrap().with_hosts(hosts).unwrap();
        let routes = gateway::http_routes(&policy, &route).unwrap().exact().unwrap();
        util::golden(file, &util::yaml(&routes));
    }
    let policy = policy(RULES);
    let route =
        route(&policy).with_namespace("shop").unwrap().with_paths(paths("/shop.Cart =/shop.Stock/Get")).unwrap();
    util::golden("gateway_grpc.yaml", &util::yaml(&gateway::grpc_routes(&policy, &route).unwrap().exact().unwrap()));
}
