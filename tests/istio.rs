//! What is written for Istio means what the policy means.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::targets::istio::{self, Params};
use canary_policy::targets::{Host, Parent, PathType, Route};
use canary_policy::{Loss, Pattern, Policy, Sample, Selector, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::routing::{Lines, Outcome, compare, is_match, policy_and_request, selected};
use util::{CANARY, STABLE, golden, policy};

/// A route in a namespace.
fn route(policy: &Policy) -> Route {
    util::routing::route(policy).with_namespace("shop").unwrap()
}

/// One whose canaries are subsets.
fn one_service(policy: &Policy) -> Route {
    let canaries = policy.canaries().iter().map(|_| "web:80".parse().unwrap());
    Route::new("web", "web:80".parse().unwrap(), canaries).unwrap().with_namespace("shop").unwrap()
}

fn subsets() -> Params {
    Params::default().with_subsets(Params::VERSION).unwrap()
}

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

fn parent(text: &str) -> Parent {
    text.parse().unwrap()
}

/// What is written, and the losses.
#[track_caller]
fn written(policy: &Policy, route: &Route, params: &Params) -> (Value, Vec<Loss>) {
    let conversion = istio::virtual_service(policy, route, params).unwrap_or_else(|error| panic!("{error}"));
    (serde_json::to_value(&conversion.output).unwrap(), conversion.losses)
}

#[track_caller]
fn http(yaml: &str) -> Value {
    let policy = policy(yaml);
    let (objects, losses) = written(&policy, &route(&policy), &Params::default());
    assert_eq!(losses, []);
    objects["virtualService"]["spec"]["http"].clone()
}

/// The losses, one line each.
#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    written(&policy, &route(&policy), &Params::default()).1.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refused(policy: &Policy, route: Route, params: &Params) -> String {
    istio::virtual_service(policy, &route, params).expect_err("an error").to_string()
}

fn percent() -> Policy {
    Policy::percent(30).unwrap()
}

fn variant(objects: &Value, destination: &Value) -> Variant {
    assert_eq!(destination["port"]["number"], 80);
    let host = destination["host"].as_str().unwrap();
    let Some(subset) = destination.get("subset") else {
        let service = host.strip_suffix(".shop.svc.cluster.local").unwrap();
        return service.strip_prefix('c').map_or(STABLE, |index| Variant::Canary(index.parse().unwrap()));
    };
    let rule = &objects["destinationRule"]["spec"];
    assert_eq!(rule["host"], host);
    let subsets = rule["subsets"].as_array().unwrap();
    let place = subsets.iter().position(|known| known["name"] == *subset).unwrap();
    assert_eq!(subsets[place]["labels"]["version"], *subset);
    place.checked_sub(1).map_or(STABLE, Variant::Canary)
}

/// What the VirtualService does with a request, by the rules of Istio 1.31 (`virtual_service.proto`, `route.go`): the
/// first rule of which one match holds, all of that match; nothing behind a rule without a match; a single destination
/// gets everything and one of weight 0 nothing.
fn routed(objects: &Value, path: &str, request: &Lines) -> Outcome {
    for rule in objects["virtualService"]["spec"]["http"].as_array().unwrap() {
        let matches = rule.get("match").map(|matches| matches.as_array().unwrap().as_slice()).unwrap_or_default();
        let holds = |found: &Value| {
            let headers = found.get("headers").map(|headers| headers.as_object().unwrap());
            found.get("uri").is_none_or(|uri| text_matches(uri, path))
                && headers.into_iter().flatten().all(|(name, value)| header_matches(name, value, request))
        };
        if !matches.is_empty() && !matches.iter().any(holds) {
            continue;
        }
        let destinations = rule["route"].as_array().unwrap().iter().map(|to| {
            let weight = to.get("weight").map_or(0, |weight| i32::try_from(weight.as_i64().unwrap()).unwrap());
            // Envoy reads `%%` as one.
            let cookie = to.pointer("/headers/response/add/set-cookie").map(|value| value.as_str().unwrap());
            let cookie = cookie.map(|value| value.replace("%%", "%"));
            (variant(objects, &to["destination"]), u32::try_from(weight).unwrap(), cookie)
        });
        let mut destinations: Vec<_> = destinations.collect();
        if let [(to, weight, cookie)] = destinations.as_mut_slice() {
            *weight = 1;
            if matches.iter().any(|found| found.get("headers").is_some()) {
                return Outcome::To(*to, cookie.take());
            }
        }
        return Outcome::split(destinations);
    }
    Outcome::Nothing
}

/// Envoy looks at each line of a header by itself, and at Cookie lines as one.
fn header_matches(name: &str, wanted: &Value, request: &Lines) -> bool {
    let lines = request.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    if name == "cookie" {
        let joined = lines.collect::<Vec<_>>().join("; ");
        return !joined.is_empty() && text_matches(wanted, &joined);
    }
    lines.into_iter().any(|line| text_matches(wanted, line))
}

fn text_matches(wanted: &Value, text: &str) -> bool {
    let (kind, value) = wanted.as_object().unwrap().iter().next().unwrap();
    let value = value.as_str().unwrap();
    match kind.as_str() {
        "exact" => text == value,
        "prefix" => text.starts_with(value),
        "regex" => is_match(&format!("^(?:{value})$"), text),
        other => panic!("{other}"),
    }
}

/// What the API server and Istio's admission ask for (`pkg/config/validation`).
fn admitted(objects: &Value) {
    let spec = &objects["virtualService"]["spec"];
    assert!(!spec["hosts"].as_array().unwrap().is_empty());
    let http = spec["http"].as_array().unwrap();
    for (index, rule) in http.iter().enumerate() {
        let last = index + 1 == http.len();
        assert!(last || rule["match"].as_array().is_some_and(|matches| !matches.is_empty()), "cut off: {http:?}");
        for found in rule.get("match").map(|matches| matches.as_array().unwrap().as_slice()).unwrap_or_default() {
            let headers = found.get("headers").map(|headers| headers.as_object().unwrap());
            for (name, value) in headers.into_iter().flatten() {
                assert!(*name == name.to_lowercase());
                let regex = value.get("regex").map_or("x", |regex| regex.as_str().unwrap());
                assert!((1..=1024).contains(&regex.len()) && regex != "*", "{regex}");
            }
        }
        let destinations = rule["route"].as_array().unwrap();
        let weights: Vec<i64> = destinations.iter().filter_map(|to| to.get("weight")?.as_i64()).collect();
        assert!(weights.len() == destinations.len() || weights.is_empty() && destinations.len() == 1);
        assert!(weights.iter().all(|weight| (1..=i64::from(i32::MAX)).contains(weight)), "{weights:?}");
        assert!(weights.iter().sum::<i64>() <= i64::from(u32::MAX));
        for value in destinations.iter().filter_map(|to| to.pointer("/headers/response/add/set-cookie")) {
            assert_eq!(value.as_str().unwrap().matches('%').count() % 2, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn rules_decide_as_the_selector_does((policy, request) in policy_and_request(), one in any::<bool>()) {
        let (route, params) = if one { (one_service(&policy), subsets()) } else { (route(&policy), Params::default()) };
        let (objects, losses) = written(&policy, &route, &params);
        admitted(&objects);
        compare(&policy, &losses, &request, routed(&objects, "/any", &request))?;
    }
}

/// What, a policy, header lines, the selector's variant, the target's.
type Deviation = (&'static str, &'static str, &'static [(&'static str, &'static str)], Variant, Variant);

/// Where a VirtualService does otherwise than the selector, and nothing can be done about it.
const DEVIATIONS: [Deviation; 6] = [
    (
        "a header on several lines: any of them counts, where a policy joins them",
        "canaries: [{ header: { name: x-canary } }]",
        &[("x-canary", "never"), ("x-canary", "always")],
        STABLE,
        CANARY,
    ),
    (
        "several cookies of one name: any of them counts, where a policy reads the first",
        "canaries: [{ cookie: { name: beta, value: 'on' } }]",
        &[("cookie", "beta=off; beta=on")],
        STABLE,
        CANARY,
    ),
    (
        "always and never as cookies of one name: always counts, where a policy reads the first",
        "canaries: [{ cookie: { name: beta } }]",
        &[("cookie", "beta=never; beta=always")],
        STABLE,
        CANARY,
    ),
    (
        "a cookie behind a bare name: it counts, where a policy takes it for a part of that",
        "canaries: [{ cookie: { name: beta, value: 'on' } }]",
        &[("cookie", "beta; beta=on")],
        STABLE,
        CANARY,
    ),
    (
        "several affinity cookies: stable's counts, where a policy reads the last",
        "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: route } } }",
        &[("cookie", "route=stable; route=canary")],
        CANARY,
        STABLE,
    ),
    (
        "an affinity cookie with a `|`: the whole value counts, where a policy reads the second field",
        "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: route } } }",
        &[("cookie", "route=x|stable")],
        STABLE,
        CANARY,
    ),
];

#[test]
fn deviations_are_as_documented() {
    for (what, yaml, request, selector, target) in DEVIATIONS {
        let policy = policy(yaml);
        let request: Lines = request.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (objects, losses) = written(&policy, &route(&policy), &Params::default());
        assert_eq!(losses, [], "{what}");
        let of = |outcome: Outcome| match outcome {
            Outcome::To(variant, _) => variant,
            Outcome::Split(destinations) => destinations[0].0,
            Outcome::Nothing => panic!("{what}"),
        };
        assert_ne!(selector, target, "{what}: is no deviation");
        assert_eq!(
            (of(selected(&policy, &request)), of(routed(&objects, "/", &request))),
            (selector, target),
            "{what}"
        );
    }
}

/// RE2 reads values as UTF-8: what is not is matched by no `.`, so a pattern is not found beside it.
#[test]
fn a_pattern_is_not_found_beside_bytes_that_are_no_utf_8() {
    let yaml = "canaries: [{ header: { name: x-region, pattern: eu } }]";
    let value = b"eu\xff";
    let selector = Selector::new(&policy(yaml));
    assert_eq!(selector.select(&[("x-region", &value[..])], Sample::MIN).variant, CANARY);
    let http = http(yaml);
    let regex = http[0]["match"][0]["headers"]["x-region"]["regex"].as_str().unwrap();
    assert!(!regex::bytes::Regex::new(regex).unwrap().is_match(value));
}

#[test]
fn the_first_rule_of_the_list_decides() {
    let yaml = "
canaries: [{ weight: 10, header: { name: x-canary }, cookie: { name: beta } }]
affinity: { cookie: { name: route, precedence: PRECEDENCE } }";
    let looked_at = |precedence: &str| -> Vec<String> {
        let http = http(&yaml.replace("PRECEDENCE", precedence));
        let rules = http.as_array().unwrap().iter();
        let matches = rules.filter_map(|rule| rule.get("match")?.as_array()).flatten();
        matches.map(|found| found["headers"].to_string()).collect()
    };
    let affinity = |name: &str| format!(r#"{{"cookie":{{"regex":"^(?:.*[; \\t])?route={name}(?:[; \\t].*)?$"}}}}"#);
    let header = |value: &str| format!(r#"{{"x-canary":{{"exact":"{value}"}}}}"#);
    let cookie = |value: &str| format!(r#"{{"cookie":{{"regex":"^(?:.*[;,] *)?(?i:beta) *= *{value}(?:;.*)?$"}}}}"#);
    let rules = [header("always"), header("never"), cookie("always"), cookie("never")];
    let held = [affinity("stable"), affinity("canary")];
    assert_eq!(looked_at("beforeRules"), [held.as_slice(), &rules].concat());
    assert_eq!(looked_at("afterRules"), [rules.as_slice(), &held].concat());
}

/// What stands behind a rule without a match, or with the prefix `/` alone, is cut off.
#[test]
fn the_rule_for_everything_is_the_last() {
    let http = http("canaries: [{ weight: 10, header: { name: x-canary, value: eu } }]");
    assert_eq!(http[0]["match"], json!([{ "headers": { "x-canary": { "exact": "eu" } } }]));
    assert_eq!(http[1].get("match"), None);
    assert_eq!(http.as_array().unwrap().len(), 2);
}

/// `prefix` compares characters: `/cart` would match `/carts`.
#[test]
fn a_prefix_is_of_whole_elements() {
    let (objects, rule) = paths(&[("/cart", PathType::Prefix)]);
    assert_eq!(rule, json!([{ "uri": { "exact": "/cart" } }, { "uri": { "prefix": "/cart/" } }]));
    for (path, is) in [("/cart", true), ("/cart/", true), ("/cart/1", true), ("/carts", false), ("/", false)] {
        assert_eq!(routed(&objects, path, &Vec::new()) != Outcome::Nothing, is, "{path}");
    }
    let (_, rule) = paths(&[("/cart/", PathType::Exact), ("/shop/", PathType::Prefix), ("/", PathType::Prefix)]);
    let shop = [json!({ "uri": { "exact": "/shop" } }), json!({ "uri": { "prefix": "/shop/" } })];
    assert_eq!(rule, json!([{ "uri": { "exact": "/cart/" } }, shop[0], shop[1], { "uri": { "prefix": "/" } }]));
}

fn paths(paths: &[(&str, PathType)]) -> (Value, Value) {
    let policy = policy("canaries: [{ weight: 30, header: { name: x-canary } }]");
    let paths = paths.iter().map(|(path, kind)| (path.parse().unwrap(), *kind));
    let (objects, _) = written(&policy, &route(&policy).with_paths(paths).unwrap(), &Params::default());
    let rule = objects["virtualService"]["spec"]["http"][2]["match"].clone();
    (objects, rule)
}

/// Every rule is for every path, and an object has no bound on them.
#[test]
fn forty_paths() {
    let many: Vec<String> = (0..40).map(|index| format!("/p{index}")).collect();
    let (objects, rule) = paths(&many.iter().map(|path| (path.as_str(), PathType::Prefix)).collect::<Vec<_>>());
    assert_eq!(rule.as_array().unwrap().len(), 80);
    let always = vec![("x-canary".to_owned(), "always".to_owned())];
    assert_eq!(routed(&objects, "/p39/x", &always), Outcome::To(CANARY, None));
    assert_eq!(routed(&objects, "/p40", &always), Outcome::Nothing);
}

#[test]
fn regexes_are_anchored_and_names_and_values_escaped() {
    let rule = |yaml: &str| http(yaml)[0]["match"][0]["headers"].as_object().unwrap().values().next().unwrap().clone();
    let rows = [
        ("header: { name: x-version, pattern: v2 }", "^(?:.*(?:v2).*)$"),
        ("header: { name: x-version, pattern: '^v[0-9]+$|^b' }", "^(?:.*(?:^v[0-9]+$|^b).*)$"),
        ("cookie: { name: a.b, value: 'c+(d)' }", r"^(?:.*[;,] *)?(?i:a\.b) *= *c\+\(d\)(?:;.*)?$"),
        ("cookie: { name: beta, pattern: '^a.$' }", "^(?:.*[;,] *)?(?i:beta) *= *(?:a[^;])(?:;.*)?$"),
        ("cookie: { name: beta, pattern: '^[^-1]$' }", r"^(?:.*[;,] *)?(?i:beta) *= *(?:[^;\-1])(?:;.*)?$"),
        ("cookie: { name: beta, pattern: '^[^]a]$' }", r"^(?:.*[;,] *)?(?i:beta) *= *(?:[^;\]a])(?:;.*)?$"),
    ];
    for (rule_yaml, regex) in rows {
        let yaml = format!("canaries: [{{ {rule_yaml} }}]");
        assert_eq!(rule(&yaml), json!({ "regex": regex }));
    }
    // A header's exact value is text, blanks and all, and may be empty.
    for value in ["a b  c", "", ".*", "é"] {
        let yaml = format!("canaries: [{{ header: {{ name: x-region, value: '{value}' }} }}]");
        assert_eq!(rule(&yaml), json!({ "exact": value }));
    }
}

/// The admission webhook counts bytes, Envoy counts what RE2 makes of them.
#[test]
fn a_large_regex_is_left_out() {
    let with = |pattern: &str| losses(&format!("canaries: [{{ header: {{ name: x-id, pattern: '{pattern}' }} }}]"));
    assert_eq!(with(&"a".repeat(1024 - 14)), Vec::<String>::new());
    assert_eq!(
        with(&"a".repeat(1024 - 13)),
        [format!(
            "canaries[0].header: `x-id ~ {}… (1018 bytes)` is refused, so it is left out: a regular expression has 1024 \
             bytes at most, with what is written around a pattern or cookie",
            "a".repeat(73)
        )]
    );
    assert_eq!(with("[a-z]{1,1000}"), Vec::<String>::new());
    assert_eq!(
        with(&format!("(?:{}){{1000}}", ".".repeat(12))),
        [
            "canaries[0].header: `x-id ~ (?:............){1000}` is refused, so it is left out: what RE2 makes of a regular \
          expression has 32768 instructions at most"
        ]
    );
    let long = "x".repeat(1000);
    assert_eq!(
        losses(&format!("canaries: [{{ cookie: {{ name: beta, value: {long} }} }}]")).len(),
        1,
        "a cookie's value counts too"
    );
}

/// What Go's `regexp` refuses is no pattern in the first place.
#[test]
fn what_go_refuses_is_no_pattern() {
    let refused = [
        r"a\Z",
        "a{1001}",
        "(?:a{100}){11}",
        "(?=a)",
        "(?<!a)",
        r"(a)\1",
        "a++",
        "(?>a)",
        r"\Qa\E",
        "[[.a.]]",
        "(?P<n>a)(?P<n>b)",
        "(?P=n)",
        "(?x)a",
        r"\h",
        r"\R",
        r"\K",
        r"\G",
        "a{2,1}",
        "(",
        "[b-a]",
    ];
    for pattern in refused {
        assert!(Pattern::new(pattern).is_err(), "{pattern}");
    }
}

/// A single destination gets everything whatever its weight, and one of weight 0 nothing; all of them 0 are refused.
#[test]
fn shares_of_none_are_left_out_and_a_single_one_has_no_weight() {
    let split = |yaml: &str| -> Vec<(String, Value)> {
        let http = http(yaml);
        let to = |to: &Value| {
            let host = to["destination"]["host"].as_str().unwrap().split('.').next().unwrap();
            (host.to_owned(), to.get("weight").cloned().unwrap_or_default())
        };
        http.as_array().unwrap().last().unwrap()["route"].as_array().unwrap().iter().map(to).collect()
    };
    let to = |rows: &[(&str, Option<u32>)]| -> Vec<(String, Value)> {
        rows.iter().map(|(host, weight)| ((*host).to_owned(), json!(weight))).collect()
    };
    assert_eq!(split("canaries: [{ weight: 0 }]"), to(&[("web", None)]));
    assert_eq!(split("canaries: [{ weight: 100 }]"), to(&[("c0", None)]));
    assert_eq!(split("{ total: 1, canaries: [{ weight: 1 }] }"), to(&[("c0", None)]));
    assert_eq!(
        split("canaries: [{ name: a, weight: 0 }, { name: b, weight: 40 }]"),
        to(&[("web", Some(60)), ("c1", Some(40))])
    );
    assert_eq!(split("{ total: 7, canaries: [{ weight: 3 }] }"), to(&[("web", Some(4)), ("c0", Some(3))]));
}

#[test]
fn weights_above_an_int32_are_reduced_or_rounded() {
    let of = |total: u32, weight: u32| {
        let yaml = format!("{{ total: {total}, canaries: [{{ weight: {weight} }}] }}");
        let policy = policy(&yaml);
        let (objects, losses) = written(&policy, &route(&policy), &Params::default());
        let split = &objects["virtualService"]["spec"]["http"][0]["route"];
        let weights: Vec<u64> = split.as_array().unwrap().iter().map(|to| to["weight"].as_u64().unwrap()).collect();
        (weights, losses.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(of(4_000_000_002, 2), (vec![2_000_000_000, 1], vec![]));
    assert_eq!(of(2_147_483_648, 1), (vec![2_147_483_647, 1], vec![]));
    assert_eq!(of(4_294_967_295, 4_000_000_000), (vec![58_993_459, 800_000_000], vec![]));
    assert_eq!(
        of(4_000_000_001, 1),
        (vec![2_147_483_647, 1], vec!["canaries[0].weight: 1/4000000001 is rounded to 1/2147483648".to_owned()])
    );
}

/// Envoy reads `%VARIABLE%` in a header's value, and admission refuses a single `%`.
#[test]
fn a_percent_sign_of_a_cookie_is_doubled() {
    let yaml = "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: 'a%b', path: '/%20' } } }";
    let http = http(yaml);
    let rule = &http.as_array().unwrap().last().unwrap()["route"][0];
    assert_eq!(rule["headers"]["response"]["add"], json!({ "set-cookie": "a%%b=canary; Path=/%%20; HttpOnly" }));
}

#[test]
fn an_affinity_cookie_is_set_by_destination() {
    let cookies = |precedence: &str| -> Vec<Vec<Value>> {
        let http = http(&format!(
            "{{ canaries: [{{ weight: 10, header: {{ name: x-canary }} }}],
                affinity: {{ cookie: {{ name: route, precedence: {precedence} }} }} }}"
        ));
        let cookie = |to: &Value| to.pointer("/headers/response/add/set-cookie").cloned().unwrap_or_default();
        let rules = http.as_array().unwrap().iter();
        rules.map(|rule| rule["route"].as_array().unwrap().iter().map(cookie).collect()).collect()
    };
    let (stable, canary) = (json!("route=stable; Path=/; HttpOnly"), json!("route=canary; Path=/; HttpOnly"));
    let split = vec![stable.clone(), canary.clone()];
    // Held, held, always, never, split; a rule's choice is kept only where the cookie comes before the rules, and `never`
    // and stable's cookie are one rule there.
    let none = vec![Value::Null];
    assert_eq!(cookies("beforeRules"), [none.clone(), none.clone(), vec![canary], vec![stable], split.clone()]);
    assert_eq!(cookies("afterRules"), [none.clone(), none.clone(), none, split]);
}

#[test]
fn what_cannot_be_said_is_a_loss() {
    assert_eq!(
        losses("{ canaries: [{ weight: 10 }], affinity: { key: { header: x-user-id } } }"),
        [
            "affinity: `key header x-user-id` is left out: a VirtualService shares each request out anew, and hashes among \
             the pods of one variant alone"
        ]
    );
    // If it were ignored, every request would match.
    assert_eq!(
        losses("canaries: [{ header: { name: Method, value: GET } }]"),
        [
            "canaries[0].header: `method = GET` is refused, so it is left out: Istio documents that it ignores headers called \
          uri, scheme, method and authority"
        ]
    );
    assert_eq!(
        losses("canaries: [{ cookie: { name: beta, pattern: 'a;b' } }]"),
        [
            "canaries[0].cookie: `beta ~ a;b` is refused, so it is left out: it can match a `;`, where a cookie's value ends"
        ]
    );
}

#[test]
fn hosts_are_those_that_istio_admits() {
    let policy = percent();
    let hosts = |route: Route, params: &Params| {
        let (objects, _) = written(&policy, &route, params);
        let spec = &objects["virtualService"]["spec"];
        (spec["hosts"].clone(), spec.get("gateways").cloned().unwrap_or_default())
    };
    let (plain, mesh) = (Params::default(), Params::default().with_mesh());
    let public = || route(&policy).with_parents([parent("public"), parent("infra/inner")]).unwrap();
    let named = || public().with_hosts([host("*.example.com"), host("example.com")]).unwrap();
    let service = "web.shop.svc.cluster.local";

    // The sidecars take no `*`; without Gateways the rules are for them.
    assert_eq!(hosts(route(&policy), &plain), (json!([service]), Value::Null));
    assert_eq!(hosts(route(&policy), &mesh), (json!([service]), Value::Null));
    assert_eq!(hosts(public(), &plain), (json!(["*"]), json!(["public", "infra/inner"])));
    assert_eq!(
        hosts(named(), &mesh),
        (json!(["*.example.com", "example.com"]), json!(["public", "infra/inner", "mesh"]))
    );
    let just_mesh = route(&policy).with_parents([parent("mesh")]).unwrap();
    assert_eq!(hosts(just_mesh, &mesh), (json!([service]), json!(["mesh"])));
    assert_eq!(
        refused(&policy, public(), &mesh),
        "hosts: there is none: every host, `*`, is for Gateways alone: sidecars take hosts by name"
    );
    let overlapping = public().with_hosts([host("*.example.com"), host("a.b.example.com")]).unwrap();
    assert_eq!(
        refused(&policy, overlapping, &plain),
        "hosts: `*.example.com, a.b.example.com` is refused: hosts of one VirtualService do not overlap"
    );
    let long = format!("{}.test", "a".repeat(64));
    for text in ["example.123", "*.1", long.as_str()] {
        assert_eq!(
            refused(&policy, public().with_hosts([host(text)]).unwrap(), &plain),
            format!(
                "hosts: `{text}` is refused: labels have 63 characters at most, and the last one of several is not all digits"
            )
        );
    }
    let other = Params::default().with_cluster_domain("corp.internal").unwrap();
    assert_eq!(hosts(route(&policy), &other).0, json!(["web.shop.svc.corp.internal"]));
}

/// A name with dots and without a namespace is an old form of one with it.
#[test]
fn gateways_are_those_that_istio_admits() {
    for text in ["public.infra", "infra/pub.lic", "123"] {
        assert_eq!(
            refused(&percent(), route(&percent()).with_parents([parent(text)]).unwrap(), &Params::default()),
            format!(
                "parents: `{text}` is refused: a Gateway's name is a DNS label, and without a namespace not all digits"
            )
        );
    }
}

#[test]
fn destinations_are_services_or_subsets() {
    let policy = percent();
    let to = |route: Route, params: &Params| {
        let (objects, _) = written(&policy, &route, params);
        (
            objects["virtualService"]["spec"]["http"][0]["route"][1]["destination"].clone(),
            objects.get("destinationRule").cloned(),
        )
    };
    let short =
        |backends: [&str; 2]| Route::new("web", backends[0].parse().unwrap(), [backends[1].parse().unwrap()]).unwrap();
    let plain = Params::default();
    // Where the namespace is not known, Istio looks in the object's own.
    assert_eq!(to(short(["web", "canary"]), &plain), (json!({ "host": "canary" }), None));
    assert_eq!(
        to(short(["web:80", "web-canary:8080"]).with_namespace("shop").unwrap(), &plain).0,
        json!({ "host": "web-canary.shop.svc.cluster.local", "port": { "number": 8080 } })
    );
    let label = Params::default().with_subsets("app.kubernetes.io/version").unwrap();
    let (destination, rule) = to(short(["web:80", "web:80"]), &label);
    assert_eq!(destination, json!({ "host": "web", "subset": "canary", "port": { "number": 80 } }));
    assert_eq!(
        rule.unwrap()["spec"],
        json!({ "host": "web", "subsets": [
            { "name": "stable", "labels": { "app.kubernetes.io/version": "stable" } },
            { "name": "canary", "labels": { "app.kubernetes.io/version": "canary" } },
        ] })
    );
    assert_eq!(
        refused(&policy, short(["web:80", "web:81"]), &label),
        "backends: `web:81` is refused: subsets are of stable's Service and port"
    );
    assert_eq!(
        refused(&policy, short(["web:80", "web-canary:http"]), &plain),
        "backends: `web-canary:http` needs the number of a port: a destination has no named one"
    );
    assert_eq!(
        refused(
            &policy,
            short(["web", "canary"]).with_namespace("shop").unwrap(),
            &plain.clone().with_cluster_domain("1").unwrap()
        ),
        "backends: `web.shop.svc.1` is refused: labels have 63 characters at most, names 255, and the last label is not all digits"
    );
    assert_eq!(
        refused(&policy, Route::new("web", "web".parse().unwrap(), []).unwrap(), &plain),
        "backends: the route has 0 for canaries, and the policy has 1 canary"
    );
    assert_eq!(
        plain.with_subsets("app version").unwrap_err().to_string(),
        "`app version` is not a label's name: 1 to 63 letters, digits, `-`, `_` and `.`, behind a DNS name and `/` if any"
    );
    assert_eq!(
        Params::default().with_cluster_domain("*.local").unwrap_err().to_string(),
        "`*.local` is not a domain: a DNS name of 1 to 253 of a-z, 0-9, - and ."
    );
}

/// Whole objects, for a person to look at.
#[test]
fn objects_are_as_in_the_golden_file() {
    let rules = policy(
        "
total: 1000
canaries:
  - { name: blue, weight: 5, header: { name: x-canary }, cookie: { name: cohort, value: beta } }
  - { name: green, weight: 20, header: { name: user-agent, pattern: 'Firefox/1[0-9]{2}' } }",
    );
    let kept = policy(
        "{ canaries: [{ weight: 30, header: { name: x-canary } }],
           affinity: { cookie: { name: route, revision: '7', maxAge: 86400, sameSite: Lax, secure: true } } }",
    );
    let cart = route(&kept)
        .with_hosts([host("shop.example.com")])
        .and_then(|route| {
            route.with_paths([("/cart".parse().unwrap(), PathType::Prefix), ("/pay".parse().unwrap(), PathType::Exact)])
        })
        .and_then(|route| route.with_parents([parent("infra/public")]))
        .unwrap();
    let none = Policy::percent(0).unwrap();
    let rows = [
        ("rules of two canaries, in the mesh", &rules, route(&rules), Params::default()),
        ("an affinity cookie, at a Gateway and in the mesh", &kept, cart, Params::default().with_mesh()),
        ("subsets of one Service", &kept, one_service(&kept), subsets()),
        ("no share", &none, route(&none), Params::default()),
    ];
    let mut text = String::new();
    for (what, policy, route, params) in rows {
        let objects = istio::virtual_service(policy, &route, &params).unwrap().exact().unwrap();
        text.push_str(&format!("# {what}\n"));
        if let Some(rule) = &objects.destination_rule {
            text.push_str(&format!("---\n{}", serde_saphyr::to_string(rule).unwrap()));
        }
        text.push_str(&format!("---\n{}", serde_saphyr::to_string(&objects.virtual_service).unwrap()));
    }
    golden("istio.yaml", &text);
}
