//! Linkerd: its HTTPRoutes route as the policy decides.

use canary_policy::targets::{Conversion, gateway, linkerd};
use canary_policy::{Policy, Route, Variant};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::golden::{golden, yaml};
use crate::util::http_route::{Reader, routed};
use crate::util::outcome::{Outcome, compare, selected};
use crate::util::request::{lines, policy_and_request};
use crate::util::route::{many_paths, paths, route, route_to};
use crate::util::tally::is_expected;
use crate::util::{self, CANARY, STABLE, cases, policy, texts};

/// The objects of a conversion as JSON.
fn json_of(conversion: Conversion<Vec<gateway::HttpRoute>>) -> Vec<Value> {
    conversion.output.iter().map(|route| serde_json::to_value(route).unwrap()).collect()
}

/// The objects that are written, as JSON.
#[track_caller]
fn written(policy: &Policy, route: &Route) -> Vec<Value> {
    json_of(
        linkerd::http_routes(policy, route, &linkerd::RouteParams::default()).unwrap_or_else(|error| panic!("{error}")),
    )
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// For every policy and request, the proxy routes as the selector decides.
    #[test]
    fn objects_route_as_the_selector_decides((policy, request) in policy_and_request()) {
        let route = route(&policy);
        match linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()) {
            Ok(conversion) => {
                let losses = conversion.losses.clone();
                compare(&policy, &losses, &request, routed(Reader::Linkerd, &json_of(conversion), "/any", &request))?;
            }
            // More than 16 rules, of which a test of the Gateway API has the text.
            Err(error) => prop_assert!(is_expected(&error, &policy, &route), "{}", error),
        }
    }
}

/// The requests that the proxy routes differently from a selector. Each row is a title, a policy, a request, the variant that
/// the selector chooses, and the variant that the proxy chooses. DESIGN.md has these rows too.
const DEVIATIONS: [(&str, &str, &str, Variant, Variant); 8] = [
    (
        "a header on two lines: either line counts, where a policy joins them",
        "canaries: [{ weight: 0, header: { name: x-canary } }]",
        "x-canary: other\nx-canary: always",
        STABLE,
        CANARY,
    ),
    (
        "a pattern across two lines: it matches one line at a time, where a policy joins them",
        "canaries: [{ weight: 0, header: { name: x-region, pattern: 'eu, us' } }]",
        "x-region: eu\nx-region: us",
        CANARY,
        STABLE,
    ),
    (
        "two cookies of one name: either counts, where a policy reads the first",
        "canaries: [{ weight: 0, cookie: { name: cohort, value: beta } }]",
        "cookie: cohort=alpha; cohort=beta",
        STABLE,
        CANARY,
    ),
    (
        "two cookies of one name on two lines: either counts",
        "canaries: [{ weight: 0, cookie: { name: cohort, value: beta } }]",
        "cookie: cohort=alpha\ncookie: cohort=beta",
        STABLE,
        CANARY,
    ),
    (
        "two affinity cookies: stable's counts, where a policy reads the last",
        "{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }",
        "cookie: route=stable; route=canary",
        CANARY,
        STABLE,
    ),
    (
        "an affinity cookie with a `|`: it is ignored, where a policy reads the second field",
        "{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }",
        "cookie: route=1|canary",
        CANARY,
        STABLE,
    ),
    (
        "a pattern on a value that is not visible ASCII: it never matches",
        "canaries: [{ weight: 0, header: { name: x-name, pattern: beta } }]",
        "x-name: b\u{e9}ta beta",
        CANARY,
        STABLE,
    ),
    (
        "a cookie on a line that is not visible ASCII: no rule matches it",
        "canaries: [{ weight: 0, cookie: { name: cohort } }]",
        "cookie: name=b\u{e9}ta; cohort=always",
        CANARY,
        STABLE,
    ),
];

#[test]
fn the_proxy_deviates_only_as_documented() {
    for (what, yaml, request, selector, proxy) in DEVIATIONS {
        let (policy, request) = (policy(yaml), lines(request));
        let conversion = linkerd::http_routes(&policy, &route(&policy), &linkerd::RouteParams::default()).unwrap();
        assert_eq!(conversion.losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(Reader::Linkerd, &json_of(conversion), "/", &request).variant(), Some(proxy), "{what}");
    }
}

const RULES: &str = "canaries: [{ weight: 30, header: { name: x-canary }, cookie: { name: cohort, value: beta } }]";

#[test]
fn the_parent_is_the_stable_service_and_hosts_are_left_out() {
    let policy = policy(RULES);
    let route = route(&policy).with_namespace("shop").unwrap().with_hosts(["example.com".parse().unwrap()]).unwrap();
    // A route for Linkerd does not attach to Gateways.
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
fn other_paths_go_to_stable() {
    let policy = policy(RULES);
    let always = lines("x-canary: always");
    for reader in [Reader::Linkerd, Reader::OldLinkerd] {
        for (text, canary, stable) in [
            ("/cart", vec!["/cart", "/cart/1"], vec!["/", "/carts"]),
            ("=/", vec!["/"], vec!["/cart"]),
            ("=/cart /cart/items/", vec!["/cart", "/cart/items", "/cart/items/1"], vec!["/", "/cart/"]),
            ("/", vec!["/", "/cart"], vec![]),
        ] {
            let written = written(&policy, &route(&policy).with_paths(paths(text)).unwrap());
            let routed = |path| routed(reader, &written, path, &always).variant();
            canary.iter().for_each(|path| assert_eq!(routed(path), Some(CANARY), "{reader:?} {text} {path}"));
            stable.iter().for_each(|path| assert_eq!(routed(path), Some(STABLE), "{reader:?} {text} {path}"));
        }
    }
    // Without the last rule these paths would get an error.
    let mut written = written(&policy, &route(&policy).with_paths(paths("/cart")).unwrap());
    written[0]["spec"]["rules"].as_array_mut().unwrap().pop();
    assert_eq!(routed(Reader::Linkerd, &written, "/", &always), Outcome::Nothing);
}

/// An API server adds a match to the last rule, which counts too.
#[test]
fn other_paths_have_an_object_of_their_own_if_the_first_is_full() {
    let rules = |written: &[Value]| -> Vec<usize> {
        written.iter().map(|route| route["spec"]["rules"].as_array().unwrap().len()).collect()
    };
    // Fifteen rules and the split: no two neighbouring rules have the same destination.
    let canaries: Vec<String> = (0..7)
        .map(|index| format!("{{ name: c{index}, weight: 1, header: {{ name: x-{index} }} }}"))
        .chain(["{ name: c7, weight: 1, header: { name: x-7, value: a } }".to_owned()])
        .collect();
    let full = util::policy(&format!("canaries: [{}]", canaries.join(", ")));
    let written = written(&full, &route(&full).with_paths(paths("/cart")).unwrap());
    assert_eq!(rules(&written), [16, 1]);
    assert_eq!(written[1]["metadata"]["name"], "web-2");
    assert_eq!(routed(Reader::Linkerd, &written, "/", &lines("x-1: always")).variant(), Some(STABLE));

    // 64 paths with two rules are all 128 matches that an object may have.
    let exact = policy("canaries: [{ weight: 0, header: { name: x-canary, value: a } }]");
    let written = self::written(&exact, &route(&exact).with_paths(many_paths(64)).unwrap());
    assert_eq!(rules(&written), [2, 1]);
    let written = self::written(&exact, &route(&exact).with_paths(many_paths(63)).unwrap());
    assert_eq!(rules(&written), [3]);
}

/// A single destination has no weight, and no destination has weight 0: the proxy panics if all weights are 0.
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

/// The first match of `a|ab` in `ab` is its first letter only, and the first match of `a*?` is empty.
#[test]
fn the_first_match_of_a_pattern_is_the_whole_value() {
    for (pattern, value) in
        [("^(a|ab)$", "ab"), ("a*?", "aaa"), ("a|ab", "ab"), ("^a", "ab"), ("b$", "ab"), ("b", "abc")]
    {
        let policy = policy(&format!("canaries: [{{ weight: 0, header: {{ name: x-v, pattern: '{pattern}' }} }}]"));
        let routed = routed(Reader::Linkerd, &written(&policy, &route(&policy)), "/", &lines(&format!("x-v: {value}")));
        assert_eq!(routed, Outcome::To(CANARY, None), "{pattern}");
    }
}

#[test]
fn a_cookie_counts_on_a_line_of_its_own() {
    let policy =
        policy("{ canaries: [{ weight: 0, cookie: { name: cohort } }], affinity: { cookie: { name: route } } }");
    for request in ["cookie: a=b\ncookie: cohort=always\ncookie: c=d", "cookie: route=canary\ncookie: cohort=never"] {
        let routed = routed(Reader::Linkerd, &written(&policy, &route(&policy)), "/", &lines(request));
        assert_eq!(routed.variant(), Some(CANARY), "{request}");
    }
}

/// The admission webhook of Linkerd compiles every regular expression with Unicode tables.
#[test]
fn a_pattern_that_is_too_large_with_unicode_is_a_loss() {
    let losses = |pattern: &str| -> Vec<String> {
        let policy = policy(&format!("canaries: [{{ weight: 5, header: {{ name: x-v, pattern: '{pattern}' }} }}]"));
        let conversion = linkerd::http_routes(&policy, &route(&policy), &linkerd::RouteParams::default()).unwrap();
        texts(&conversion.losses)
    };
    let bound = "Linkerd accepts a pattern that compiles to at most 10 MiB, and each Unicode `\\w` compiles to 50 KiB";
    for pattern in
        [r"\w{300}", r"\w{205}", r"\w{204,}", r"\w{2,205}", r"(?:\w{20}-){20}", r"^[^\W_]{999}", r"^\d{1000}"]
    {
        assert_eq!(
            losses(pattern),
            [format!("canaries[0].header: `x-v ~ {pattern}` is refused, so it is left out: {bound}")]
        );
    }
    for pattern in [
        r"^\w{8}-\w{4}-\w{4}-\w{4}-\w{12}$",
        r"\w{204}",
        r"\w{203,}",
        r"\w{2,204}",
        r"\w*\W+\w?",
        r"^\d{600}",
        "^[a-z]{1000}",
        "^.{1000}",
    ] {
        assert_eq!(losses(pattern), Vec::<String>::new(), "{pattern}");
    }
}

#[test]
fn an_invalid_route_is_an_error_and_a_refused_part_is_a_loss() {
    let policy = policy(RULES);
    let refused =
        |route: &Route| linkerd::http_routes(&policy, route, &linkerd::RouteParams::default()).unwrap_err().to_string();
    for (route, text) in [
        (route_to("web:80", &[]), "backends: 0 canary backends are given, but the policy has 1 canary"),
        (route_to("web:80", &["c0:80", "c1:80"]), "backends: 2 canary backends are given, but the policy has 1 canary"),
        (
            route_to("web:http", &["c0:80"]),
            "backends: `web:http` needs a port number: a route that attaches to a Service is for one of its ports",
        ),
        (
            route_to("other/web:80", &["c0:80"]),
            "backends: `other/web:80` is refused: an HTTPRoute for all clients is in the namespace of its Service",
        ),
        (
            route_to("web:80", &["c0"]),
            "backends: `c0` needs a port number: a backendRef to a Service has a port number",
        ),
    ] {
        assert_eq!(refused(&route), text);
    }
    let losses = |yaml: &str| -> Vec<String> {
        let policy = util::policy(yaml);
        let conversion = linkerd::http_routes(&policy, &route(&policy), &linkerd::RouteParams::default()).unwrap();
        texts(&conversion.losses)
    };
    assert_eq!(
        losses("canaries: [{ weight: 5, header: { name: x-name, value: b\u{e9}ta } }]"),
        [
            "canaries[0].header: `x-name = b\u{e9}ta` is refused, so it is left out: a header value in an HTTPRoute is printable ASCII without two spaces or tabs in a row"
        ]
    );
    assert_eq!(
        losses("{ canaries: [{ weight: 5 }], affinity: { key: { header: x-user } } }"),
        [
            "affinity: `key header x-user` is left out: a route of the Gateway API cannot hash a key: a variant is chosen by weight for each request"
        ]
    );
}

#[test]
fn objects_are_those_of_the_golden_file() {
    let policy = policy(
        "{ canaries: [{ weight: 5, header: { name: x-canary }, cookie: { name: cohort, value: beta } }], affinity: { cookie: { name: route, revision: '7' } } }",
    );
    let route = route(&policy).with_namespace("shop").unwrap().with_paths(paths("/cart")).unwrap();
    golden(
        "linkerd.yaml",
        &yaml(&linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap().exact().unwrap()),
    );
}

/// Equal matches go to the older object, or to the first by name: the fallback of `api` would take `/` from `web`.
#[test]
fn a_route_without_a_fallback_leaves_other_paths_to_other_routes() {
    let policy = Policy::percent(100).unwrap();
    let api = route(&policy).with_paths(paths("/api")).unwrap();
    let web = route(&policy);
    let with = |params: &linkerd::RouteParams| {
        let mut routes = json_of(linkerd::http_routes(&policy, &api, params).unwrap());
        routes.extend(written(&policy, &web));
        ["/", "/api"].map(|path| routed(Reader::Linkerd, &routes, path, &lines("")).variant())
    };
    assert_eq!(with(&linkerd::RouteParams::default()), [Some(STABLE), Some(CANARY)]);
    assert_eq!(with(&linkerd::RouteParams::default().without_fallback()), [Some(CANARY), Some(CANARY)]);
}

/// By name, `web-10` comes before `web-2`.
#[test]
fn ten_objects_are_tried_before_the_fallback() {
    let policy = policy("canaries: [{ weight: 100, header: { name: x-canary, value: a } }]");
    for place in [150, 650] {
        let mut all = many_paths(650);
        all.splice(place..place, paths("=/"));
        let mut written = written(&policy, &route(&policy).with_paths(all).unwrap());
        assert!(written.len() > 10);
        written.sort_by_key(|route| route["metadata"]["name"].as_str().unwrap().to_owned());
        for reader in [Reader::Linkerd, Reader::OldLinkerd] {
            let routed = |path| routed(reader, &written, path, &lines("")).variant();
            assert_eq!([routed("/"), routed("/p649"), routed("/other")], [Some(CANARY), Some(CANARY), Some(STABLE)]);
        }
    }
}

/// DESIGN.md has these rows: they need two routes, or a request of HTTP/2.
#[test]
fn a_proxy_compares_lengths_of_paths_and_reads_no_authority_as_host() {
    let canary = Policy::percent(100).unwrap();
    let exact = written(&canary, &route(&canary).with_paths(paths("=/cart")).unwrap());
    let ruled = policy("canaries: [{ weight: 0, header: { name: x-user, value: a } }]");
    let stable = policy("canaries: [{ weight: 0, header: { name: x-user, value: b } }]");
    let prefix = written(&ruled, &route(&ruled).with_paths(paths("/cart")).unwrap());
    let to = |reader, routes: &[Value], request: &str| routed(reader, routes, "/cart", &lines(request)).variant();
    let never = written(&stable, &route(&stable).with_paths(paths("=/cart")).unwrap());
    // The exact path decides where types are compared; otherwise the rule with a header decides.
    let both: Vec<Value> = never.into_iter().chain(prefix).collect();
    assert_eq!(to(Reader::Linkerd, &both, "x-user: a"), Some(STABLE));
    assert_eq!(to(Reader::OldLinkerd, &both, "x-user: a"), Some(CANARY));
    assert_eq!(to(Reader::OldLinkerd, &exact, "x-user: a"), Some(CANARY));

    let host = policy("canaries: [{ weight: 0, header: { name: host, value: a.test } }]");
    let written = written(&host, &route(&host));
    assert_eq!(routed(Reader::Linkerd, &written, "/", &lines("host: a.test")).variant(), Some(CANARY));
    assert_eq!(routed(Reader::Linkerd, &written, "/", &lines(":authority: a.test")).variant(), Some(STABLE));
}
