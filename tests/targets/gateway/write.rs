//! HTTPRoutes route as the policy decides, and GRPCRoutes have the same rules.

use canary_policy::error::ConversionError;
use canary_policy::targets::gateway;
use canary_policy::{Loss, Policy, Route};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::envoy::DEVIATIONS;
use crate::util::golden::{self, golden};
use crate::util::http_route::{Reader, routed};
use crate::util::outcome::{Outcome, compare, selected};
use crate::util::request::{lines, owned_lines, policy_and_request};
use crate::util::route::{many_paths, paths, route_to};
use crate::util::tally::is_expected;
use crate::util::{self, CANARY, STABLE, cases, policy, texts};

/// A route that attaches to a Gateway.
fn route(policy: &Policy) -> Route {
    util::route::route(policy).with_parents(["public".parse().unwrap()]).unwrap()
}

/// The HTTPRoutes that are written, as JSON, and the losses.
fn written(policy: &Policy, route: &Route) -> Result<(Vec<Value>, Vec<Loss>), ConversionError> {
    let conversion = gateway::http_routes(policy, route, &gateway::RouteParams::default())?;
    let output = conversion.output.iter().map(|route| serde_json::to_value(route).unwrap());
    Ok((output.collect(), conversion.losses))
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// For every policy and request, the HTTPRoutes route as the selector decides.
    #[test]
    fn objects_route_as_the_selector_decides((policy, request) in policy_and_request()) {
        let route = route(&policy);
        match written(&policy, &route) {
            Ok((routes, losses)) => compare(&policy, &losses, &request, routed(Reader::Envoy, &routes, "/any", &request))?,
            // More than 16 rules, of which a test of its own has the text.
            Err(error) => prop_assert!(is_expected(&error, &policy, &route), "{}", error),
        }
    }
}

/// The HTTPRoutes that are written, as JSON.
#[track_caller]
fn routes(policy: &Policy, route: &Route) -> Vec<Value> {
    written(policy, route).unwrap().0
}

/// The losses as text.
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    texts(&written(&policy, &route(&policy)).unwrap().1)
}

/// The number of rules of an HTTPRoute, the most matches in one of them, and the number of all matches.
fn size(route: &Value) -> (usize, usize, usize) {
    let rules = route["spec"]["rules"].as_array().unwrap();
    let matches = rules.iter().map(|rule| rule["matches"].as_array().unwrap().len());
    (rules.len(), matches.clone().max().unwrap(), matches.sum())
}

/// Implementations that are built on Envoy deviate as Envoy does.
#[test]
fn implementations_on_envoy_deviate_only_as_envoy_does() {
    for (what, yaml, request, selector, implementation) in DEVIATIONS {
        let policy = policy(yaml);
        let request = owned_lines(request);
        let (routes, losses) = written(&policy, &route(&policy)).unwrap();
        assert_eq!(losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(Reader::Envoy, &routes, "/", &request).variant(), Some(implementation), "{what}");
    }
}

const RULES: &str = "canaries: [{ weight: 30, header: { name: x-canary }, cookie: { name: cohort, value: beta } }]";

/// A rule for the shorter path alone would lose against the longer path.
#[test]
fn each_rule_is_written_once_for_all_paths() {
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

/// Every match has one header, because the match with the most headers would decide instead of the first one.
#[test]
fn all_rules_are_equally_specific() {
    let policy = policy(
        "{ canaries: [{ name: a, weight: 5, header: { name: x-a }, cookie: { name: a } }, { name: b, weight: 5, header: { name: x-b, pattern: b } }], affinity: { cookie: { name: r } } }",
    );
    let written = routes(&policy, &route(&policy));
    let rules = written[0]["spec"]["rules"].as_array().unwrap();
    let (split, rest) = rules.split_last().unwrap();
    assert!(rest.iter().all(|rule| rule["matches"][0]["headers"].as_array().unwrap().len() == 1));
    assert_eq!(split["matches"][0].get("headers"), None);
}

/// The HTTPRoute of another application for a longer path keeps its requests: a policy applies to the paths of its route.
#[test]
fn another_route_for_a_longer_path_wins() {
    let policy = policy(RULES);
    let mut both = routes(&policy, &route(&policy));
    let other = Policy::percent(0).unwrap();
    both.extend(routes(&other, &route(&other).with_paths(paths("/api")).unwrap()));
    assert_eq!(routed(Reader::Envoy, &both, "/api", &lines("x-canary: always")).variant(), Some(STABLE));
    assert_eq!(routed(Reader::Envoy, &both, "/", &lines("x-canary: always")).variant(), Some(CANARY));
}

#[test]
fn forty_paths_and_twenty_hosts_become_several_objects() {
    let policy = policy(RULES);
    let hosts = (0..20).map(|index| format!("h{index}.test").parse().unwrap());
    let route = route(&policy).with_paths(many_paths(40)).unwrap().with_hosts(hosts).unwrap();
    let written = routes(&policy, &route);
    let names: Vec<_> = written.iter().map(|route| route["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web", "web-2", "web-3", "web-4"]);
    let mut pairs = Vec::new();
    for object in &written {
        let (rules, most, all) = size(object);
        assert!(rules <= 16 && most <= 64 && all <= 128, "{rules} {most} {all}");
        let hosts = object["spec"]["hostnames"].as_array().unwrap();
        assert!(hosts.len() <= 16);
        let paths = object["spec"]["rules"][3]["matches"].as_array().unwrap().iter().map(|one| &one["path"]["value"]);
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
fn backends_without_a_share_are_not_written() {
    for (weight, expected) in [
        (0, json!([{ "name": "web", "port": 80 }])),
        (100, json!([{ "name": "c0", "port": 80 }])),
        (30, json!([{ "name": "web", "port": 80, "weight": 70 }, { "name": "c0", "port": 80, "weight": 30 }])),
    ] {
        let policy = Policy::percent(weight).unwrap();
        assert_eq!(routes(&policy, &route(&policy))[0]["spec"]["rules"][0]["backendRefs"], expected);
    }
}

/// An API server accepts weights up to 1,000,000.
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
    assert_eq!(weights(odd), [8_771, 118_942]);
    assert_eq!(losses(odd), ["canaries[0].weight: 800000000/858993459 is rounded to 118942/127713"]);

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
fn a_value_that_an_api_server_refuses_is_a_loss() {
    let printable = "a header value in an HTTPRoute is printable ASCII without two spaces or tabs in a row";
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
    let length =
        "a header value in an HTTPRoute has 1 to 4096 characters, including what is written around a pattern or cookie";
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
            "canaries[0].cookie: `a ~ b;c` is refused, so it is left out: the pattern can match a `;`, which ends the value of a cookie"
        ]
    );
    assert_eq!(
        losses("{ canaries: [{ weight: 5 }], affinity: { key: { cookie: user } } }"),
        [
            "affinity: `key cookie user` is left out: a route of the Gateway API cannot hash a key: a variant is chosen by weight for each request"
        ]
    );
}

#[test]
fn an_invalid_route_is_an_error() {
    let attached =
        |stable: &str, canaries: &[&str]| route_to(stable, canaries).with_parents(["public".parse().unwrap()]).unwrap();
    let canaries = |count: usize, weight: u32, rule: &str| {
        let canaries: Vec<String> = (0..count)
            .map(|index| {
                format!("{{ name: c{index}, weight: {weight}, {} }}", rule.replace("INDEX", &index.to_string()))
            })
            .collect();
        policy(&format!("canaries: [{}]", canaries.join(", ")))
    };
    let one = policy(RULES);
    let many = canaries(8, 1, "header: { name: x-INDEX }");
    let wide = canaries(16, 1, "");
    let gateways = (0..33).map(|index| format!("g{index}").parse().unwrap());
    let long = "x".repeat(252);
    let named = Route::new(&long, "web:80".parse().unwrap(), ["c0:80".parse().unwrap()]).unwrap();
    let named = named.with_parents(["public".parse().unwrap()]).unwrap();
    let why = "an HTTPRoute or GRPCRoute";
    for (policy, route, text) in [
        (
            &one,
            attached("web:80", &[]),
            "backends: 0 canary backends are given, but the policy has 1 canary".to_owned(),
        ),
        (
            &many,
            attached("web:80", &["c0:80"]),
            "backends: 1 canary backend is given, but the policy has 8 canaries".to_owned(),
        ),
        (
            &one,
            route_to("web:80", &["c0:80"]),
            format!("parents: none is given: {why} that attaches to no Gateway has no effect"),
        ),
        (
            &one,
            attached("web", &["c0:80"]),
            "backends: `web` needs a port number: a backendRef to a Service has a port number".to_owned(),
        ),
        (
            &one,
            attached("web:80", &["c0:http"]),
            "backends: `c0:http` needs a port number: a backendRef to a Service has a port number".to_owned(),
        ),
        (
            &one,
            route(&one).with_parents(gateways).unwrap(),
            format!("parents: 33 are too many: {why} takes at most 32"),
        ),
        (&many, route(&many), format!("rules: 17 are too many: {why} takes at most 16")),
        (&wide, route(&wide), format!("backends: 17 are too many: {why} takes at most 16")),
        (
            &one,
            named.with_paths(many_paths(40)).unwrap(),
            format!(
                "name: `{}… (254 bytes)` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
                &long[..80]
            ),
        ),
    ] {
        assert_eq!(
            gateway::http_routes(policy, &route, &gateway::RouteParams::default()).unwrap_err().to_string(),
            text
        );
    }
}

#[test]
fn grpc_paths_are_methods() {
    let policy = policy(RULES);
    let methods = |text: &str| -> Result<Vec<Value>, String> {
        let route = route(&policy).with_paths(paths(text)).unwrap();
        let routes = gateway::grpc_routes(&policy, &route, &gateway::RouteParams::default())
            .map_err(|error| error.to_string())?
            .exact()
            .unwrap();
        let written = serde_json::to_value(&routes[0]).unwrap();
        let split = written["spec"]["rules"].as_array().unwrap().last().unwrap().clone();
        Ok(split["matches"].as_array().unwrap().iter().map(|one| one["method"].clone()).collect())
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
        let text = "is not a gRPC method: expected `/SERVICE/METHOD` exactly, or `/` or `/SERVICE` as a prefix";
        assert_eq!(methods(path), Err(format!("paths: `{}` {text}", path.trim_start_matches('='))));
    }
}

#[test]
fn objects_are_those_of_the_golden_files() {
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
        // A host with a `*` is a loss.
        let routes = gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().output;
        golden(file, &golden::yaml(&routes));
    }
    let policy = policy(RULES);
    let route =
        route(&policy).with_namespace("shop").unwrap().with_paths(paths("/shop.Cart =/shop.Stock/Get")).unwrap();
    golden(
        "gateway_grpc.yaml",
        &golden::yaml(
            &gateway::grpc_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().exact().unwrap(),
        ),
    );
}

/// With the largest weight set to the limit, 3 of 2000003 would be 2 of 1000002, which is a third more.
#[test]
fn a_rounded_share_is_the_nearest_one() {
    let rows = [
        (2_000_003, 3, "3/2000003 is rounded to 1/666668"),
        (2_000_003, 2, "2/2000003 is rounded to 1/1000001"),
        (2_000_003, 1_000_001, "1000001/2000003 is rounded to 999999/1999999"),
        (2_000_003, 1_999_998, "1999998/2000003 is rounded to 799999/800001"),
        (2_067_187, 78_483, "78483/2067187 is rounded to 13360/351893"),
        (2_050_255, 1_963_859, "1963859/2050255 is rounded to 401996/419681"),
    ];
    for (total, weight, rounded) in rows {
        let yaml = format!("{{ total: {total}, canaries: [{{ weight: {weight} }}] }}");
        assert_eq!(losses(&yaml), [format!("canaries[0].weight: {rounded}")]);
    }
    // Several canaries share one sum, of which each share is off by less than one part.
    let yaml = "{ total: 2000003, canaries: [{ name: a, weight: 3 }, { name: b, weight: 500000 }] }";
    let policy = policy(yaml);
    let refs = routes(&policy, &route(&policy))[0]["spec"]["rules"][0]["backendRefs"].clone();
    let weights: Vec<u64> =
        refs.as_array().unwrap().iter().map(|backend| backend["weight"].as_u64().unwrap()).collect();
    let sum: u64 = weights.iter().sum();
    for (weight, exact) in weights.iter().zip([1_500_000_u64, 3, 500_000]) {
        assert!((weight * 2_000_003).abs_diff(exact * sum) < 2_000_003, "{weights:?}");
    }
}

/// Envoy refuses 105 instructions unless it is configured otherwise, and with them every route of the listener.
#[test]
fn a_regular_expression_that_some_envoy_refuses_is_a_loss_unless_the_parameters_say_otherwise() {
    let policy = policy("canaries: [{ weight: 5, header: { name: x-user, pattern: '^[a-z]{3,50}$' } }]");
    let with = |params: &gateway::RouteParams| {
        let conversion = gateway::http_routes(&policy, &route(&policy), params).unwrap();
        (conversion.output[0].spec.rules.len(), texts(&conversion.losses))
    };
    let lost = "canaries[0].header: `x-user ~ ^[a-z]{3,50}$` is refused, so it is left out: RE2 compiles its regular expression \
                to more instructions than the parameters allow; Envoy, which many implementations are built on, allows 100 \
                unless it is configured otherwise";
    let params = gateway::RouteParams::default();
    assert_eq!(with(&params), (1, vec![lost.to_owned()]));
    assert_eq!(with(&params.clone().with_program_size(200)), (2, vec![]));
    assert_eq!(with(&params.without_envoy()), (2, vec![]));
}
