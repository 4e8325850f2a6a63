//! VirtualServices route as the policy decides.

use canary_policy::route::{Host, Parent, Path};
use canary_policy::targets::istio::{self, VirtualServiceParams};
use canary_policy::{Loss, Pattern, Policy, Route, Sample, Selector, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::golden::golden;
use crate::util::istio::{admitted, routed};
use crate::util::outcome::{Outcome, compare, selected};
use crate::util::request::{lines, owned_lines, policy_and_request};
use crate::util::route::{many_paths, paths, route_to};
use crate::util::{self, CANARY, STABLE, cases, policy, texts};

/// A route in a namespace.
fn route(policy: &Policy) -> Route {
    util::route::route(policy).with_namespace("shop").unwrap()
}

/// A route in a namespace, with every variant behind one Service.
fn one_service(policy: &Policy) -> Route {
    let canaries = policy.canaries().iter().map(|_| "web:80".parse().unwrap());
    Route::new("web", "web:80".parse().unwrap(), canaries).unwrap().with_namespace("shop").unwrap()
}

/// Parameters that make each variant a subset.
fn subsets() -> VirtualServiceParams {
    VirtualServiceParams::default().with_subsets(VirtualServiceParams::VERSION).unwrap()
}

fn host(text: &str) -> Host {
    text.parse().unwrap()
}

fn parent(text: &str) -> Parent {
    text.parse().unwrap()
}

/// The objects that are written, as JSON, and the losses.
#[track_caller]
fn written(policy: &Policy, route: &Route, params: &VirtualServiceParams) -> (Value, Vec<Loss>) {
    let conversion = istio::virtual_service(policy, route, params).unwrap_or_else(|error| panic!("{error}"));
    (serde_json::to_value(&conversion.output).unwrap(), conversion.losses)
}

/// The rules that are written for a policy without a loss.
#[track_caller]
fn http(yaml: &str) -> Value {
    let policy = policy(yaml);
    let (objects, losses) = written(&policy, &route(&policy), &VirtualServiceParams::default());
    assert_eq!(losses, []);
    objects["virtualService"]["spec"]["http"].clone()
}

/// The losses as text.
#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    texts(&written(&policy, &route(&policy), &VirtualServiceParams::default()).1)
}

/// The text of the error.
#[track_caller]
fn refused(policy: &Policy, route: Route, params: &VirtualServiceParams) -> String {
    istio::virtual_service(policy, &route, params).expect_err("an error").to_string()
}

fn percent() -> Policy {
    Policy::percent(30).unwrap()
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// For every policy and request, a VirtualService routes as the selector decides, and an API server and Istio admit it.
    #[test]
    fn objects_route_as_the_selector_decides((policy, request) in policy_and_request(), one in any::<bool>()) {
        let (route, params) = if one { (one_service(&policy), subsets()) } else { (route(&policy), VirtualServiceParams::default()) };
        let (objects, losses) = written(&policy, &route, &params);
        admitted(&objects);
        compare(&policy, &losses, &request, routed(&objects, "/any", &request))?;
    }
}

/// A title, a policy, the lines of a request, the variant that the selector chooses, and the variant that Istio chooses.
type Deviation = (&'static str, &'static str, &'static [(&'static str, &'static str)], Variant, Variant);

/// The requests that Istio routes differently from a selector, which no VirtualService can prevent. DESIGN.md has these rows too.
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
        "a cookie after its own bare name: it counts, where a policy reads the bare name as part of it",
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
fn istio_deviates_only_as_documented() {
    for (what, yaml, request, selector, target) in DEVIATIONS {
        let policy = policy(yaml);
        let request = owned_lines(request);
        let (objects, losses) = written(&policy, &route(&policy), &VirtualServiceParams::default());
        assert_eq!(losses, [], "{what}");
        // The policies of a few rows have a split; its first destination is stable.
        let of = |outcome: Outcome| match outcome {
            Outcome::To(variant, _) => variant,
            Outcome::Split(destinations) => destinations[0].0,
            Outcome::Nothing => panic!("{what}"),
        };
        assert_ne!(selector, target, "{what}");
        assert_eq!(
            (of(selected(&policy, &request)), of(routed(&objects, "/", &request))),
            (selector, target),
            "{what}"
        );
    }
}

/// RE2 reads values as UTF-8. No `.` matches other bytes, so that a pattern does not match beside them.
#[test]
fn a_pattern_does_not_match_beside_bytes_that_are_not_utf_8() {
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
    let conditions = |precedence: &str| -> Vec<String> {
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
    assert_eq!(conditions("beforeRules"), [held.as_slice(), &rules].concat());
    assert_eq!(conditions("afterRules"), [rules.as_slice(), &held].concat());
}

/// Istio looks at no rule after a rule without a match, or with the prefix `/` alone.
#[test]
fn the_rule_without_a_match_is_the_last() {
    let http = http("canaries: [{ weight: 10, header: { name: x-canary, value: eu } }]");
    assert_eq!(http[0]["match"], json!([{ "headers": { "x-canary": { "exact": "eu" } } }]));
    assert_eq!(http[1].get("match"), None);
    assert_eq!(http.as_array().unwrap().len(), 2);
}

/// Istio compares a `prefix` character by character, so that `/cart` would match `/carts`.
#[test]
fn a_prefix_matches_whole_elements() {
    let (objects, rule) = on_paths(paths("/cart"));
    assert_eq!(rule, json!([{ "uri": { "exact": "/cart" } }, { "uri": { "prefix": "/cart/" } }]));
    for (path, matches) in [("/cart", true), ("/cart/", true), ("/cart/1", true), ("/carts", false), ("/", false)] {
        assert_eq!(routed(&objects, path, &Vec::new()) != Outcome::Nothing, matches, "{path}");
    }
    let (_, rule) = on_paths(paths("=/cart/ /shop/"));
    let shop = [json!({ "uri": { "exact": "/shop" } }), json!({ "uri": { "prefix": "/shop/" } })];
    assert_eq!(rule, json!([{ "uri": { "exact": "/cart/" } }, shop[0], shop[1]]));
}

/// The objects for a route on these paths, and the matches of the last rule.
fn on_paths(paths: Vec<Path>) -> (Value, Value) {
    let policy = policy("canaries: [{ weight: 30, header: { name: x-canary } }]");
    let (objects, _) = written(&policy, &route(&policy).with_paths(paths).unwrap(), &VirtualServiceParams::default());
    let rule = objects["virtualService"]["spec"]["http"][2]["match"].clone();
    (objects, rule)
}

/// Every rule has every path. Only the size of the object has a bound.
#[test]
fn every_rule_has_all_of_forty_paths() {
    let (objects, rule) = on_paths(many_paths(40));
    assert_eq!(rule.as_array().unwrap().len(), 80);
    let always = lines("x-canary: always");
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
    // The exact value of a header is plain text, which may have blanks and may be empty.
    for value in ["a b  c", "", ".*", "é"] {
        let yaml = format!("canaries: [{{ header: {{ name: x-region, value: '{value}' }} }}]");
        assert_eq!(rule(&yaml), json!({ "exact": value }));
    }
}

/// The admission webhook bounds the bytes of a regular expression, and Envoy bounds the instructions of RE2.
#[test]
fn a_large_regex_is_a_loss() {
    let with = |pattern: &str| losses(&format!("canaries: [{{ header: {{ name: x-id, pattern: '{pattern}' }} }}]"));
    let long = |length: usize| "0123456789abcdef".repeat(64)[..length].to_owned();
    assert_eq!(with(&long(1024 - 14)), Vec::<String>::new());
    assert_eq!(
        with(&long(1024 - 13)),
        [format!(
            "canaries[0].header: `x-id ~ {}… (1018 bytes)` is refused, so it is left out: a regular expression of Istio \
             has at most 1024 bytes, including what is written around a pattern or cookie",
            long(73)
        )]
    );
    assert_eq!(with("^[a-z]{1,1000}"), Vec::<String>::new());
    assert_eq!(
        with(&format!("^(?:{}){{1000}}", ".".repeat(12))),
        ["canaries[0].header: `x-id ~ ^(?:............){1000}` is refused, so it is left out: RE2 compiles a regular \
             expression of Istio to at most 32768 instructions"]
    );
    let long = "x".repeat(1000);
    assert_eq!(
        losses(&format!("canaries: [{{ cookie: {{ name: beta, value: {long} }} }}]")).len(),
        1,
        "the value of a cookie is part of a regular expression too"
    );
}

/// Patterns that Go's `regexp` refuses are not valid in a policy.
#[test]
fn a_pattern_that_go_refuses_is_invalid() {
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

/// A single destination gets every request, whatever its weight is. Istio refuses a rule whose weights are all 0.
#[test]
fn a_single_destination_has_no_weight_and_no_weight_is_zero() {
    let split = |yaml: &str| -> Vec<(String, Value)> {
        let http = http(yaml);
        let to = |to: &Value| {
            let host = to["destination"]["host"].as_str().unwrap().split('.').next().unwrap();
            (host.to_owned(), to.get("weight").cloned().unwrap_or_default())
        };
        http.as_array().unwrap().last().unwrap()["route"].as_array().unwrap().iter().map(to).collect()
    };
    let destinations = |rows: &[(&str, Option<u32>)]| -> Vec<(String, Value)> {
        rows.iter().map(|(host, weight)| ((*host).to_owned(), json!(weight))).collect()
    };
    assert_eq!(split("canaries: [{ weight: 0 }]"), destinations(&[("web", None)]));
    assert_eq!(split("canaries: [{ weight: 100 }]"), destinations(&[("c0", None)]));
    assert_eq!(split("{ total: 1, canaries: [{ weight: 1 }] }"), destinations(&[("c0", None)]));
    assert_eq!(
        split("canaries: [{ name: a, weight: 0 }, { name: b, weight: 40 }]"),
        destinations(&[("web", Some(60)), ("c1", Some(40))])
    );
    assert_eq!(split("{ total: 7, canaries: [{ weight: 3 }] }"), destinations(&[("web", Some(4)), ("c0", Some(3))]));
}

#[test]
fn weights_above_an_int32_are_reduced_or_rounded() {
    let of = |total: u32, weight: u32| {
        let yaml = format!("{{ total: {total}, canaries: [{{ weight: {weight} }}] }}");
        let policy = policy(&yaml);
        let (objects, losses) = written(&policy, &route(&policy), &VirtualServiceParams::default());
        let split = &objects["virtualService"]["spec"]["http"][0]["route"];
        let weights: Vec<u64> = split.as_array().unwrap().iter().map(|to| to["weight"].as_u64().unwrap()).collect();
        (weights, texts(&losses))
    };
    assert_eq!(of(4_000_000_002, 2), (vec![2_000_000_000, 1], vec![]));
    assert_eq!(of(2_147_483_648, 1), (vec![2_147_483_647, 1], vec![]));
    assert_eq!(of(4_294_967_295, 4_000_000_000), (vec![58_993_459, 800_000_000], vec![]));
    assert_eq!(
        of(4_000_000_001, 1),
        (vec![2_147_483_647, 1], vec!["canaries[0].weight: 1/4000000001 is rounded to 1/2147483648".to_owned()])
    );
}

/// Envoy reads `%VARIABLE%` in the value of a header, and the admission webhook refuses a single `%`.
#[test]
fn a_percent_sign_of_a_cookie_is_doubled() {
    let yaml = "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: 'a%b', path: '/%20' } } }";
    let http = http(yaml);
    let rule = &http.as_array().unwrap().last().unwrap()["route"][0];
    assert_eq!(rule["headers"]["response"]["add"], json!({ "set-cookie": "a%%b=canary; Path=/%%20; HttpOnly" }));
}

#[test]
fn an_affinity_cookie_is_set_by_each_destination() {
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
    // With the affinity before the rules: the cookie of stable, of the canary, `always`, `never`, the split. With the affinity
    // after the rules a rule's choice sets no cookie, and `never` and the cookie of stable are one rule.
    let none = vec![Value::Null];
    assert_eq!(cookies("beforeRules"), [none.clone(), none.clone(), vec![canary], vec![stable], split.clone()]);
    assert_eq!(cookies("afterRules"), [none.clone(), none.clone(), none, split]);
}

#[test]
fn a_part_that_istio_cannot_express_is_a_loss() {
    assert_eq!(
        losses("{ canaries: [{ weight: 10 }], affinity: { key: { header: x-user-id } } }"),
        ["affinity: `key header x-user-id` is left out: a VirtualService chooses a variant by weight for each \
             request, and hashes only among the pods of one variant"]
    );
    // If Istio ignored the header, every request would match.
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
            "canaries[0].cookie: `beta ~ a;b` is refused, so it is left out: the pattern can match a `;`, which ends the value of a cookie"
        ]
    );
}

#[test]
fn hosts_are_those_that_istio_admits() {
    let policy = percent();
    let hosts = |route: Route, params: &VirtualServiceParams| {
        let (objects, _) = written(&policy, &route, params);
        let spec = &objects["virtualService"]["spec"];
        (spec["hosts"].clone(), spec.get("gateways").cloned().unwrap_or_default())
    };
    let (plain, mesh) = (VirtualServiceParams::default(), VirtualServiceParams::default().with_mesh());
    let public = || route(&policy).with_parents([parent("public"), parent("infra/inner")]).unwrap();
    let named = || public().with_hosts([host("*.example.com"), host("example.com")]).unwrap();
    let service = "web.shop.svc.cluster.local";

    // Without Gateways the rules are for sidecars, which do not accept `*`.
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
        "hosts: none is given: the host `*` is for Gateways only: sidecars need the names of hosts"
    );
    let overlapping = public().with_hosts([host("*.example.com"), host("a.b.example.com")]).unwrap();
    assert_eq!(
        refused(&policy, overlapping, &plain),
        "hosts: `*.example.com, a.b.example.com` is refused: the hosts of one VirtualService do not overlap"
    );
    let long = format!("{}.test", "a".repeat(64));
    for text in ["example.123", "*.1", long.as_str()] {
        assert_eq!(
            refused(&policy, public().with_hosts([host(text)]).unwrap(), &plain),
            format!(
                "hosts: `{text}` is refused: a host has at most 255 characters, a label at most 63, and the last of several labels is not \
                 all digits"
            )
        );
    }
    let other = VirtualServiceParams::default().with_cluster_domain("corp.internal").unwrap();
    assert_eq!(hosts(route(&policy), &other).0, json!(["web.shop.svc.corp.internal"]));
}

/// A name with dots and without a namespace is an old form of a name with a namespace.
#[test]
fn parents_are_those_that_istio_admits() {
    for text in ["public.infra", "infra/pub.lic", "123"] {
        assert_eq!(
            refused(
                &percent(),
                route(&percent()).with_parents([parent(text)]).unwrap(),
                &VirtualServiceParams::default()
            ),
            format!(
                "parents: `{text}` is refused: the name of a Gateway is a DNS label and, without a namespace, not all digits"
            )
        );
    }
}

#[test]
fn destinations_are_services_or_subsets() {
    let policy = percent();
    let destination_and_rule = |route: Route, params: &VirtualServiceParams| {
        let (objects, _) = written(&policy, &route, params);
        (
            objects["virtualService"]["spec"]["http"][0]["route"][1]["destination"].clone(),
            objects.get("destinationRule").cloned(),
        )
    };
    let short = |backends: [&str; 2]| route_to(backends[0], &backends[1..]);
    let plain = VirtualServiceParams::default();
    // Without a namespace Istio looks for the Service in the namespace of the object.
    assert_eq!(
        destination_and_rule(short(["web:80", "canary:80"]), &plain),
        (json!({ "host": "canary", "port": { "number": 80 } }), None)
    );
    assert_eq!(
        destination_and_rule(short(["web:80", "web-canary:8080"]).with_namespace("shop").unwrap(), &plain).0,
        json!({ "host": "web-canary.shop.svc.cluster.local", "port": { "number": 8080 } })
    );
    let label = VirtualServiceParams::default().with_subsets("app.kubernetes.io/version").unwrap();
    let (destination, rule) = destination_and_rule(short(["web:80", "web:80"]), &label);
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
        "backends: `web:81` is refused: subsets belong to the Service and port of stable"
    );
    assert_eq!(
        refused(&policy, short(["web:80", "web-canary:http"]), &plain),
        "backends: `web-canary:http` needs a port number: a destination of Istio without one goes to the port that the request came to"
    );
    assert_eq!(
        refused(
            &policy,
            short(["web:80", "canary:80"]).with_namespace("shop").unwrap(),
            &plain.clone().with_cluster_domain("1").unwrap()
        ),
        "backends: `web.shop.svc.1` is refused: a host has at most 255 characters, a label at most 63, and the last label is not all digits"
    );
    assert_eq!(
        refused(&policy, route_to("web", &[]), &plain),
        "backends: 0 canary backends are given, but the policy has 1 canary"
    );
    assert_eq!(
        plain.with_subsets("app version").unwrap_err().to_string(),
        "`app version` is not the name of a label: expected 1 to 63 letters, digits, `-`, `_` or `.`, optionally after a DNS name and `/`"
    );
    assert_eq!(
        VirtualServiceParams::default().with_cluster_domain("*.local").unwrap_err().to_string(),
        "`*.local` is not a domain: expected a DNS name of 1 to 253 of a-z, 0-9, - and ."
    );
}

#[test]
fn objects_are_those_of_the_golden_file() {
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
        .and_then(|route| route.with_paths(paths("/cart =/pay")))
        .and_then(|route| route.with_parents([parent("infra/public")]))
        .unwrap();
    let none = Policy::percent(0).unwrap();
    let rows = [
        ("rules of two canaries, in the mesh", &rules, route(&rules), VirtualServiceParams::default()),
        ("an affinity cookie, at a Gateway and in the mesh", &kept, cart, VirtualServiceParams::default().with_mesh()),
        ("subsets of one Service", &kept, one_service(&kept), subsets()),
        ("no share", &none, route(&none), VirtualServiceParams::default()),
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

/// With two ports on the Service and a Gateway on port 80, Istio would route to a cluster that does not exist.
#[test]
fn a_destination_without_a_port_is_an_error() {
    for (stable, canary, named) in [("web", "canary:80", "web"), ("web:80", "canary", "canary")] {
        assert_eq!(
            refused(&percent(), route_to(stable, &[canary]), &VirtualServiceParams::default()),
            format!(
                "backends: `{named}` needs a port number: a destination of Istio without one goes to the port that the request came to"
            )
        );
    }
}

/// Istio's validation warns about each match that an earlier one covers.
#[test]
fn a_match_that_another_one_covers_is_not_written() {
    let policy = policy("canaries: [{ weight: 5, header: { name: x-canary } }]");
    let uris = |text: &str| -> Vec<String> {
        let (objects, losses) =
            written(&policy, &route(&policy).with_paths(paths(text)).unwrap(), &VirtualServiceParams::default());
        assert_eq!(losses, []);
        let split = objects["virtualService"]["spec"]["http"].as_array().unwrap().last().unwrap();
        let matches = split.get("match").map(|matches| matches.as_array().unwrap().as_slice()).unwrap_or_default();
        matches.iter().map(|one| one["uri"].to_string()).collect()
    };
    assert_eq!(uris("/ /api =/pay"), Vec::<String>::new());
    assert_eq!(uris("/api /"), Vec::<String>::new());
    assert_eq!(uris("=/a /a"), [r#"{"exact":"/a"}"#, r#"{"prefix":"/a/"}"#]);
    assert_eq!(
        uris("/a/b =/a/b/ /a =/a/ /ab"),
        [r#"{"exact":"/a"}"#, r#"{"prefix":"/a/"}"#, r#"{"exact":"/ab"}"#, r#"{"prefix":"/ab/"}"#]
    );
    assert_eq!(
        uris("=/ =/a/ /a/b"),
        [r#"{"exact":"/"}"#, r#"{"exact":"/a/"}"#, r#"{"exact":"/a/b"}"#, r#"{"prefix":"/a/b/"}"#]
    );
}

/// Istio 1.14 refuses weights of several destinations that do not add up to 100.
#[test]
fn weights_add_up_to_100_for_older_versions() {
    let with = |yaml: &str| {
        let policy = policy(yaml);
        let params = VirtualServiceParams::default().with_weights_of_100();
        let (objects, losses) = written(&policy, &route(&policy), &params);
        let split = objects["virtualService"]["spec"]["http"][0]["route"].as_array().unwrap().clone();
        let weights: Vec<u64> = split.iter().filter_map(|to| to.get("weight")?.as_u64()).collect();
        (weights, texts(&losses))
    };
    let rounded = |losses: &[&str]| losses.iter().map(|loss| (*loss).to_owned()).collect::<Vec<_>>();
    assert_eq!(with("canaries: [{ weight: 30 }]"), (vec![70, 30], vec![]));
    assert_eq!(with("canaries: [{ weight: 100 }]"), (vec![], vec![]));
    assert_eq!(with("{ total: 1000, canaries: [{ weight: 250 }] }"), (vec![75, 25], vec![]));
    assert_eq!(with("{ total: 4, canaries: [{ weight: 1 }] }"), (vec![75, 25], vec![]));
    assert_eq!(
        with("{ total: 1000, canaries: [{ weight: 5 }] }"),
        (vec![99, 1], rounded(&["canaries[0].weight: 1/200 is rounded to 1/100"]))
    );
    assert_eq!(
        with("{ total: 3, canaries: [{ name: a, weight: 1 }, { name: b, weight: 1 }] }"),
        (
            vec![34, 33, 33],
            rounded(&["canaries[0].weight: 1/3 is rounded to 33/100", "canaries[1].weight: 1/3 is rounded to 33/100"])
        )
    );
    // No share becomes 0, at the cost of the largest.
    assert_eq!(
        with("{ total: 1000, canaries: [{ name: a, weight: 2 }, { name: b, weight: 1 }] }"),
        (
            vec![98, 1, 1],
            rounded(&[
                "canaries[0].weight: 2/1000 is rounded to 1/100",
                "canaries[1].weight: 1/1000 is rounded to 1/100"
            ])
        )
    );
    // Each row is the total, the weights of the canaries, and what is written: the largest remainders are raised, but not those of
    // a weight that was raised to 1 already.
    for (total, weights, expected) in [
        (1000, vec![205, 195], vec![60, 21, 19]),
        (1000, vec![195, 205], vec![60, 20, 20]),
        (10_000, vec![90, 2480, 2475], vec![49, 1, 25, 25]),
        (1000, vec![10, 495], vec![50, 1, 49]),
        (100_000, vec![1, 1, 1, 49_000], vec![49, 1, 1, 1, 48]),
    ] {
        let canaries =
            weights.iter().enumerate().map(|(index, weight)| format!("{{ name: c{index}, weight: {weight} }}"));
        let (written, _) =
            with(&format!("{{ total: {total}, canaries: [{}] }}", canaries.collect::<Vec<_>>().join(", ")));
        assert_eq!(written, expected, "{weights:?} of {total}");
    }
    let canaries: Vec<String> = (0..100).map(|index| format!("{{ name: c{index}, weight: 1 }}")).collect();
    let many = policy(&format!("{{ total: 101, canaries: [{}] }}", canaries.join(", ")));
    assert_eq!(
        refused(&many, route(&many), &VirtualServiceParams::default().with_weights_of_100()),
        "backends: 101 are too many: a VirtualService whose weights add up to 100 takes at most 100"
    );
}

/// etcd refuses requests of more than 1.5 MiB.
#[test]
fn an_object_that_kubernetes_cannot_store_is_an_error() {
    let policy = policy("canaries: [{ weight: 5, header: { name: x-canary }, cookie: { name: cohort, value: beta } }]");
    let with = |count: usize| {
        let route = route(&policy).with_paths(many_paths(count)).unwrap();
        istio::virtual_service(&policy, &route, &VirtualServiceParams::default()).map(|conversion| conversion.output)
    };
    let largest = serde_json::to_string(&with(2_000).unwrap().virtual_service).unwrap();
    assert!(largest.len() < 1_572_864, "{}", largest.len());
    let error = with(10_000).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("paths: a VirtualService with all of them has about "), "{text}");
    assert!(text.ends_with(" bytes: Kubernetes stores at most 1500000: divide the paths between routes"), "{text}");
    // The estimate is not below the size of the object.
    let estimated: usize = text.split(' ').find_map(|word| word.parse().ok()).unwrap();
    let per_path = largest.len() / 2_000;
    assert!(estimated >= per_path * 10_000 && estimated < per_path * 15_000, "{estimated} {per_path}");
}
