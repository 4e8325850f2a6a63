//! What is written for Linkerd means what the policy means.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::targets::{Conversion, Route, gateway, linkerd};
use canary_policy::{Policy, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::httproute::{Reader, paths, routed};
use util::policy;
use util::routing::{Outcome, compare, lines, policy_and_request, route, selected};
use util::{CANARY, STABLE};

fn json_of(conversion: Conversion<Vec<gateway::HttpRoute>>) -> Vec<Value> {
    conversion.output.iter().map(|route| serde_json::to_value(route).unwrap()).collect()
}

#[track_caller]
fn written(policy: &Policy, route: &Route) -> Vec<Value> {
    json_of(linkerd::http_routes(policy, route).unwrap_or_else(|error| panic!("{error}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        // More than 16 rules are an error, which a test of the Gateway API holds.
        if let Ok(conversion) = linkerd::http_routes(&policy, &route(&policy)) {
            let losses = conversion.losses.clone();
            compare(&policy, &losses, &request, routed(Reader::Linkerd, &json_of(conversion), "/any", &request))?;
        }
    }
}

/// What the proxy does otherwise: what, a policy, a request, what the selector does, what the proxy does.
const DEVIATIONS: [(&str, &str, &str, Variant, Variant); 8] = [
    (
        "a header on two lines counts by each of them",
        "canaries: [{ weight: 0, header: { name: x-canary } }]",
        "x-canary: other\nx-canary: always",
        STABLE,
        CANARY,
    ),
    (
        "a pattern is looked for in each line, not in all as one",
        "canaries: [{ weight: 0, header: { name: x-region, pattern: 'eu, us' } }]",
        "x-region: eu\nx-region: us",
        CANARY,
        STABLE,
    ),
    (
        "of two cookies of a name any counts, not the first",
        "canaries: [{ weight: 0, cookie: { name: cohort, value: beta } }]",
        "cookie: cohort=alpha; cohort=beta",
        STABLE,
        CANARY,
    ),
    (
        "so it is on two lines",
        "canaries: [{ weight: 0, cookie: { name: cohort, value: beta } }]",
        "cookie: cohort=alpha\ncookie: cohort=beta",
        STABLE,
        CANARY,
    ),
    (
        "of two affinity cookies stable's counts, not the last",
        "{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }",
        "cookie: route=stable; route=canary",
        CANARY,
        STABLE,
    ),
    (
        "an affinity cookie whose second field names the variant is another one",
        "{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }",
        "cookie: route=1|canary",
        CANARY,
        STABLE,
    ),
    (
        "a pattern is not looked for in a value that is not visible ASCII",
        "canaries: [{ weight: 0, header: { name: x-name, pattern: beta } }]",
        "x-name: b\u{e9}ta beta",
        CANARY,
        STABLE,
    ),
    (
        "nor a cookie in such a line",
        "canaries: [{ weight: 0, cookie: { name: cohort } }]",
        "cookie: name=b\u{e9}ta; cohort=always",
        CANARY,
        STABLE,
    ),
];

#[test]
fn deviations_are_these() {
    for (what, yaml, request, selector, proxy) in DEVIATIONS {
        let (policy, request) = (policy(yaml), lines(request));
        let conversion = linkerd::http_routes(&policy, &route(&policy)).unwrap();
        assert_eq!(conversion.losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(Reader::Linkerd, &json_of(conversion), "/", &request).variant(), Some(proxy), "{what}");
    }
}

const RULES: &str = "canaries: [{ weight: 30, header: { name: x-canary }, cookie: { name: cohort, value: beta } }]";

#[test]
fn parent_is_the_stable_service_and_hosts_go() {
    let policy = policy(RULES);
    let route = route(&policy).with_namespace("shop").unwrap().with_hosts(["example.com".parse().unwrap()]).unwrap();
    // Gateways are no matter of Linkerd's.
    let route = route.with_parents(["infra/public".parse().unwrap()]).unwrap();
    let written = written(&policy, &route);
    assert_eq!(written.len(), 1);
    assert_eq!(
        written[0]["spec"]["parentRefs"],
        json!([{ "group": "core", "kind": "Service", "name": "web", "port": 80 }])
    );
    assert_eq!(written[0]["spec"].get("hostnames"), None);
    assert_eq!(written[0]["metadata"]["namespace"], "shop");
}

#[test]
fn rest_of_the_paths_goes_to_stable() {
    let policy = policy(RULES);
    let always = lines("x-canary: always");
    for reader in [Reader::Linkerd, Reader::OldLinkerd] {
        for (what, canary, stable) in [
            ("/cart", vec!["/cart", "/cart/1"], vec!["/", "/carts"]),
            ("=/", vec!["/"], vec!["/cart"]),
            ("=/cart /cart/items/", vec!["/cart", "/cart/items", "/cart/items/1"], vec!["/", "/cart/"]),
            ("/", vec!["/", "/cart"], vec![]),
        ] {
            let written = written(&policy, &route(&policy).with_paths(paths(what)).unwrap());
            let routed = |path| routed(reader, &written, path, &always).variant();
            canary.iter().for_each(|path| assert_eq!(routed(path), Some(CANARY), "{reader:?} {what} {path}"));
            stable.iter().for_each(|path| assert_eq!(routed(path), Some(STABLE), "{reader:?} {what} {path}"));
        }
    }
    // Without it they would get an error.
    let mut written = written(&policy, &route(&policy).with_paths(paths("/cart")).unwrap());
    written[0]["spec"]["rules"].as_array_mut().unwrap().pop();
    assert_eq!(routed(Reader::Linkerd, &written, "/", &always), Outcome::Nothing);
}

/// An API server counts the match that it writes into the last rule.
#[test]
fn rest_of_the_paths_has_an_object_of_its_own_where_it_must() {
    let rules = |written: &[Value]| -> Vec<usize> {
        written.iter().map(|route| route["spec"]["rules"].as_array().unwrap().len()).collect()
    };
    // Fifteen rules and the split: no canary's rules are neighbours of its own.
    let canaries: Vec<String> = (0..7)
        .map(|index| format!("{{ name: c{index}, weight: 1, header: {{ name: x-{index} }} }}"))
        .chain(["{ name: c7, weight: 1, header: { name: x-7, value: a } }".to_owned()])
        .collect();
    let full = util::policy(&format!("canaries: [{}]", canaries.join(", ")));
    let written = written(&full, &route(&full).with_paths(paths("/cart")).unwrap());
    assert_eq!(rules(&written), [16, 1]);
    assert_eq!(written[1]["metadata"]["name"], "web-2");
    assert_eq!(routed(Reader::Linkerd, &written, "/", &lines("x-1: always")).variant(), Some(STABLE));

    // 64 paths by two rules, all 128 matches of an object.
    let exact = policy("canaries: [{ weight: 0, header: { name: x-canary, value: a } }]");
    let many: Vec<String> = (0..64).map(|index| format!("/p{index}")).collect();
    let written = self::written(&exact, &route(&exact).with_paths(paths(&many.join(" "))).unwrap());
    assert_eq!(rules(&written), [2, 1]);
    let written = self::written(&exact, &route(&exact).with_paths(paths(&many[..63].join(" "))).unwrap());
    assert_eq!(rules(&written), [3]);
}

/// One destination has no weight, and none has weight 0: the proxy panics where all have.
#[test]
fn no_weight_is_zero() {
    for (weight, expected) in [
        (0, json!([{ "name": "web", "port": 80 }])),
        (100, json!([{ "name": "c0", "port": 80 }])),
        (30, json!([{ "name": "web", "port": 80, "weight": 70 }, { "name": "c0", "port": 80, "weight": 30 }])),
    ] {
        let policy = Policy::percent(weight).unwrap();
        assert_eq!(written(&policy, &route(&policy))[0]["spec"]["rules"][0]["backendRefs"], expected);
    }
}

/// `a|ab` is found in `ab` up to its first letter only, and `a*?` not at all.
#[test]
fn what_is_found_first_is_all_of_the_value() {
    for (pattern, value) in
        [("^(a|ab)$", "ab"), ("a*?", "aaa"), ("a|ab", "ab"), ("^a", "ab"), ("b$", "ab"), ("b", "abc")]
    {
        let policy = policy(&format!("canaries: [{{ weight: 0, header: {{ name: x-v, pattern: '{pattern}' }} }}]"));
        let routed = routed(Reader::Linkerd, &written(&policy, &route(&policy)), "/", &lines(&format!("x-v: {value}")));
        assert_eq!(routed, Outcome::To(CANARY, None), "{pattern}");
    }
}

#[test]
fn cookies_on_lines_of_their_own_count() {
    let policy =
        policy("{ canaries: [{ weight: 0, cookie: { name: cohort } }], affinity: { cookie: { name: route } } }");
    for request in ["cookie: a=b\ncookie: cohort=always\ncookie: c=d", "cookie: route=canary\ncookie: cohort=never"] {
        let routed = routed(Reader::Linkerd, &written(&policy, &route(&policy)), "/", &lines(request));
        assert_eq!(routed.variant(), Some(CANARY), "{request}");
    }
}

/// Its admission webhook compiles every regular expression with Unicode tables.
#[test]
fn pattern_too_large_for_unicode_is_a_loss() {
    let losses = |pattern: &str| -> Vec<String> {
        let policy = policy(&format!("canaries: [{{ weight: 5, header: {{ name: x-v, pattern: '{pattern}' }} }}]"));
        let conversion = linkerd::http_routes(&policy, &route(&policy)).unwrap();
        conversion.losses.iter().map(ToString::to_string).collect()
    };
    let bound = "Linkerd takes 10 MiB of a compiled pattern, of which every Unicode `\\w` needs 50 KiB";
    for pattern in [r"\w{300}", r"(?:\w{20}-){20}", r"[^\W_]{999}", r"\d{1000}"] {
        assert_eq!(
            losses(pattern),
            [format!("canaries[0].header: `x-v ~ {pattern}` is refused, so it is left out: {bound}")]
        );
    }
    for pattern in [r"^\w{8}-\w{4}-\w{4}-\w{4}-\w{12}$", r"\w{200}", r"\d{600}", "[a-z]{1000}", ".{1000}"] {
        assert_eq!(losses(pattern), Vec::<String>::new(), "{pattern}");
    }
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let policy = policy(RULES);
    let refused = |route: &Route| linkerd::http_routes(&policy, route).unwrap_err().to_string();
    let new = |stable: &str, canaries: &[&str]| {
        let canaries: Vec<_> = canaries.iter().map(|canary| canary.parse().unwrap()).collect();
        Route::new("web", stable.parse().unwrap(), canaries).unwrap()
    };
    for (route, text) in [
        (new("web:80", &[]), "backends: the route has 0 for canaries, and the policy has 1 canary"),
        (new("web:80", &["c0:80", "c1:80"]), "backends: the route has 2 for canaries, and the policy has 1 canary"),
        (
            new("web:http", &["c0:80"]),
            "backends: `web:http` needs the number of a port: a route on a Service is for one of its ports",
        ),
        (new("web:80", &["c0"]), "backends: `c0` needs the number of a port: a backendRef that is a Service has one"),
    ] {
        assert_eq!(refused(&route), text);
    }
    let losses = |yaml: &str| -> Vec<String> {
        let policy = util::policy(yaml);
        let conversion = linkerd::http_routes(&policy, &route(&policy)).unwrap();
        conversion.losses.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        losses("canaries: [{ weight: 5, header: { name: x-name, value: b\u{e9}ta } }]"),
        [
            "canaries[0].header: `x-name = b\u{e9}ta` is refused, so it is left out: an HTTPRoute takes printable ASCII without two blanks in a row"
        ]
    );
    assert_eq!(
        losses("{ canaries: [{ weight: 5 }], affinity: { key: { header: x-user } } }"),
        ["affinity: `key header x-user` is left out: an HTTPRoute has no hash: each request is shared out anew"]
    );
}

#[test]
fn goldens() {
    let policy = policy(
        "{ canaries: [{ weight: 5, header: { name: x-canary }, cookie: { name: cohort, value: beta } }], affinity: { cookie: { name: route, revision: '7' } } }",
    );
    let route = route(&policy).with_namespace("shop").unwrap().with_paths(paths("/cart")).unwrap();
    util::golden("linkerd.yaml", &util::yaml(&linkerd::http_routes(&policy, &route).unwrap().exact().unwrap()));
}
