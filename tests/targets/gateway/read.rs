//! HTTPRoutes are read back as they were written. Those that people write are read as far as a policy can express them.

use canary_policy::error::ReadError;
use canary_policy::route::{Path, PathType};
use canary_policy::targets::{Reading, gateway};
use canary_policy::{Affinity, KeyAffinity, Loss, Match, Route};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::util::expressible;
use crate::util::former_tokens::{former_tokens, with_former_tokens};
use crate::util::golden::golden;
use crate::util::reading::{readable, sets_no_cookie};
use crate::util::tally::Tally;
use crate::util::{cases, policy, texts};

/// Routes with all their parts, for policies with this many canaries.
fn routes(canaries: usize) -> impl Strategy<Value = Route> {
    let path_type = any::<bool>().prop_map(|exact| if exact { PathType::Exact } else { PathType::Prefix });
    let path = ("(/[a-z]{1,3}){1,2}", path_type).prop_map(|(text, path_type)| Path::new(&text, path_type).unwrap());
    let names = ("[a-z]{1,5}", proptest::option::of("[a-z]{1,5}"), any::<bool>());
    let hosts = proptest::collection::btree_set("[a-z]{1,4}\\.test", 0..20);
    let paths = proptest::collection::btree_set(path, 0..40);
    (names, hosts, paths).prop_map(move |((name, namespace, parent), hosts, paths)| {
        // Every second canary is in a namespace that no route is in.
        let namespace_of = |index| if index % 2 == 1 { "elsewhere/" } else { "" };
        let backends = (0..canaries).map(|index| format!("{}next-{index}:8080", namespace_of(index)).parse().unwrap());
        let mut route = Route::new(&name, "web:80".parse().unwrap(), backends).unwrap();
        if let Some(namespace) = namespace {
            route = route.with_namespace(&namespace).unwrap();
        }
        let parent = if parent { "public" } else { "infra/public" };
        let route = route.with_parents([parent.parse().unwrap()]).unwrap();
        route.with_hosts(hosts.iter().map(|host| host.parse().unwrap())).unwrap().with_paths(paths).unwrap()
    })
}

/// HTTPRoutes without losses give the policy and the route that they were written from, without findings.
#[test]
fn routes_are_read_as_they_were_written() {
    let tally = Tally::default();
    let input = expressible::policies().prop_flat_map(|policy| {
        let tokens = former_tokens(&policy);
        let routes = (routes(policy.canaries().len()), any::<bool>());
        (
            Just(policy),
            routes.prop_map(move |(route, is_moved)| with_former_tokens(route, tokens.clone().filter(|_| is_moved))),
        )
    });
    let result = TestRunner::new(cases(2_000)).run(&input, |(policy, route)| {
        let mut conversion = match gateway::http_routes(&policy, &route, &gateway::RouteParams::default()) {
            Ok(conversion) => conversion,
            Err(error) => return tally.error(&error, &policy, &route),
        };
        // A backend in another namespace is written as it is.
        conversion.losses.retain(|loss| !matches!(loss, Loss::Needs { .. }));
        let written = serde_json::to_value(&conversion.output).unwrap();
        if !conversion.losses.is_empty() {
            tally.losses(&conversion.losses);
            return Ok(());
        }
        if sets_no_cookie(&policy, &written) {
            tally.other("an affinity cookie that is never set");
            return Ok(());
        }
        tally.exact(&policy);
        // The objects go through JSON, as they do between two programs.
        let read: Vec<gateway::HttpRoute> = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&read, &conversion.output);
        let reading = gateway::read(&read).unwrap();
        // Some patterns of cookies, such as `^` and `$`, are written alike. So the objects that are written again have to be
        // equal, and the policies only if no cookie has a pattern.
        let again =
            gateway::http_routes(&reading.policy, &reading.route, &gateway::RouteParams::default()).unwrap().output;
        let specs = |routes: &[gateway::HttpRoute]| routes.iter().map(|route| route.spec.clone()).collect::<Vec<_>>();
        prop_assert_eq!(specs(&again), specs(&conversion.output));
        let mut cookies = policy.canaries().iter().filter_map(|canary| canary.cookie());
        if !cookies.any(|rule| matches!(rule.value_match(), Match::Pattern(_))) {
            prop_assert_eq!(readable(&reading.policy), readable(&policy), "{}", written);
        }
        prop_assert_eq!(&reading.route, &route);
        prop_assert_eq!(reading.findings, vec![]);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    tally.hold("HTTPRoutes", 80, &["affinity key"]);
}

/// An affinity key is a loss, and is therefore not read back. The law above once missed this policy.
#[test]
fn an_affinity_key_is_not_read_back() {
    let policy = policy("{ total: 1, canaries: [{ weight: 0 }] }");
    let with_key = policy.clone().with_affinity(Affinity::Key(KeyAffinity::cookie("a").unwrap()));
    let route = Route::new("a", "web:80".parse().unwrap(), ["next-0:8080".parse().unwrap()]).unwrap();
    let route = route.with_parents(["infra/public".parse().unwrap()]).unwrap();
    let conversion = gateway::http_routes(&with_key, &route, &gateway::RouteParams::default()).unwrap();
    assert_eq!(conversion.losses.len(), 1);
    let reading = gateway::read(&conversion.output).unwrap();
    assert_eq!((reading.policy, reading.route, reading.findings), (policy, route, vec![]));
}

/// Why a listener is a condition.
const LISTENER: &str = "the route has the requests of this listener only, whose hosts and port are not read";

/// Reads HTTPRoutes from JSON.
pub(super) fn read(routes: serde_json::Value) -> Result<Reading, ReadError> {
    gateway::read(&serde_json::from_value::<Vec<gateway::HttpRoute>>(routes).unwrap())
}

/// A list of one HTTPRoute with these rules, with parts that a policy does not have.
pub(super) fn by_hand(rules: serde_json::Value) -> serde_json::Value {
    json!([{
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "shop", "labels": { "app": "shop" } },
        "spec": { "parentRefs": [{ "name": "public", "sectionName": "https" }], "hostnames": ["shop.test"], "rules": rules },
    }])
}

/// Each row is the header matches of a rule, the rule of the policy, and the findings about it.
#[test]
fn rules_that_people_write_are_read_as_far_as_possible() {
    let loose =
        "`cookie user = jason` is assumed: a regular expression on the Cookie header matches more than that cookie";
    let rows = [
        (json!([{ "name": "X-Beta", "value": "yes" }]), "header: { name: x-beta, value: 'yes' }", vec![]),
        (
            json!([{ "type": "RegularExpression", "name": "x-v", "value": "v[0-9]+" }]),
            "header: { name: x-v, pattern: '^(?:v[0-9]+)$' }",
            vec![],
        ),
        (
            json!([{ "type": "RegularExpression", "name": "x-v", "value": "^v[0-9]+$" }]),
            "header: { name: x-v, pattern: '^v[0-9]+$' }",
            vec![],
        ),
        (
            json!([{ "type": "RegularExpression", "name": "Cookie", "value": "^(.*?;)?(user=jason)(;.*)?$" }]),
            "cookie: { name: user, value: jason }",
            vec![format!("spec.rules[0].matches[0]: {loose}")],
        ),
        (
            json!([{ "type": "RegularExpression", "name": "Cookie", "value": ".*user.*jason.*" }]),
            "cookie: { name: user, value: jason }",
            vec![format!("spec.rules[0].matches[0]: {loose}")],
        ),
        (
            json!([{ "name": "x-beta", "value": "yes" }, { "name": "x-eu", "value": "1" }]),
            "",
            vec![
                "spec.rules[0].matches[0]: `x-beta, x-eu` is left out: a rule of a policy matches one header"
                    .to_owned(),
            ],
        ),
        (
            json!([{ "type": "RegularExpression", "name": "x-v", "value": "(?=a)" }]),
            "",
            vec![
                "spec.rules[0].matches[0]: `x-v` is left out: regular-expression engines disagree about what this value matches"
                    .to_owned(),
            ],
        ),
    ];
    for (headers, rule, findings) in rows {
        let reading = read(by_hand(json!([
            { "matches": [{ "headers": headers }], "backendRefs": [{ "name": "shop-next", "port": 80 }] },
            { "backendRefs": [{ "name": "shop", "port": 80, "weight": 9 }, { "name": "shop-next", "port": 80, "weight": 1 }] },
        ])));
        let reading = reading.unwrap();
        let expected = policy(&format!("{{ total: 10, canaries: [{{ name: shop-next, weight: 1, {rule} }}] }}"));
        assert_eq!(reading.policy, expected);
        let section = format!("spec.parentRefs[0].sectionName: `https` is a condition: {LISTENER}");
        let stable = "spec.rules[1].matches[0]: `stable is shop:80` is assumed: it is the first backend of the split, and \
                      no annotation names the variants of these backends";
        let mut all = vec![section];
        all.extend(findings);
        all.push(stable.to_owned());
        assert_eq!(texts(&reading.findings), all);
    }
}

#[test]
fn a_part_that_no_policy_can_express_is_a_finding_or_an_error() {
    let web = |weight: u32| json!({ "name": "web", "port": 80, "weight": weight });
    let next = |weight: u32| json!({ "name": "next", "port": 80, "weight": weight });
    let rows = [
        (json!([]), "no rule takes the requests that match no header"),
        (
            json!([{ "backendRefs": [web(0), next(0)] }]),
            "spec.rules[0].matches[0]: all weights are 0, so that no request is answered",
        ),
        (json!([{ "backendRefs": [web(1)] }]), "all requests go to `web:80`: a policy has at least one canary"),
        (
            json!([{ "backendRefs": [{ "name": "web" }, next(1)] }]),
            "spec.rules[0].backendRefs[0]: no port is given for `web`: expected a number from 1 to 65535",
        ),
    ];
    for (rules, error) in rows {
        assert_eq!(read(by_hand(rules)).unwrap_err().to_string(), error);
    }

    // A cookie before a header, a rule with two backends, a path with another destination, a filter and an unknown field.
    let header = |name: &str| json!([{ "headers": [{ "name": name, "value": "1" }] }]);
    let cookie = json!([{ "headers": [{ "type": "RegularExpression", "name": "cookie", "value": "^(?:.*[;,] *)?(?i:a) *= *b(?:;.*)?$" }] }]);
    let reading = read(by_hand(json!([
        { "matches": cookie, "backendRefs": [{ "name": "third", "port": 80 }] },
        { "matches": header("x-one"), "backendRefs": [next(1)] },
        { "matches": header("x-two"), "backendRefs": [next(1)] },
        { "matches": header("x-both"), "backendRefs": [web(1), next(1)] },
        { "matches": [{ "path": { "value": "/api" } }], "backendRefs": [{ "name": "api", "port": 80 }] },
        { "backendRefs": [web(1), next(1)], "filters": [{ "type": "RequestMirror" }], "retry": {} },
    ])));
    golden("reading.txt", &format!("{}\n", texts(&reading.unwrap().findings).join("\n")));
}

/// Flagger writes a backend of weight 0 beside the backend that gets every request.
#[test]
fn a_backend_of_weight_0_is_read_as_no_share() {
    let backend =
        |name: &str, weight: u32| json!({ "group": "", "kind": "Service", "name": name, "port": 80, "weight": weight });
    let insider = json!([{ "headers": [{ "name": "x-canary", "value": "insider" }] }]);
    let reading = read(by_hand(json!([
        { "matches": insider, "backendRefs": [backend("shop-primary", 0), backend("shop-canary", 100)] },
        { "backendRefs": [backend("shop-primary", 100), backend("shop-canary", 0)] },
    ])));
    let reading = reading.unwrap();
    let expected = "canaries: [{ name: shop-canary, weight: 0, header: { name: x-canary, value: insider } }]";
    assert_eq!(reading.policy, policy(expected));
    assert_eq!(reading.findings.len(), 2, "findings about sectionName and about stable: {:?}", reading.findings);
}

/// Each row is the second of two objects, and the error.
#[test]
fn objects_that_are_read_together_have_one_policy() {
    let split = json!([{ "name": "web", "port": 80, "weight": 9 }, { "name": "next", "port": 80, "weight": 1 }]);
    let object = |host: &str, path: &str| {
        let matches = json!([{ "path": { "type": "PathPrefix", "value": path } }]);
        let mut route = by_hand(json!([{ "matches": matches, "backendRefs": split }]))[0].take();
        route["spec"]["hostnames"] = json!([host]);
        route
    };
    let both = |second: serde_json::Value| read(json!([object("a.test", "/x"), second]));
    let route = both(object("a.test", "/y")).unwrap().route;
    assert_eq!((route.hosts().len(), route.paths().len()), (1, 2));
    assert_eq!(both(object("b.test", "/x")).unwrap().route.hosts().len(), 2);

    let mut elsewhere = object("a.test", "/y");
    elsewhere["metadata"]["namespace"] = json!("other");
    let mut swapped = object("a.test", "/y");
    swapped["metadata"]["annotations"] = json!({ "canary-policy/variants": "total=10 stable=next:80 web=web:80" });
    let mut other_split = object("a.test", "/y");
    other_split["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!(5);
    let rows = [
        (object("b.test", "/y"), "objects[1].spec.hostnames: differs from the first object"),
        (elsewhere, "objects[1].metadata: differs from the first object"),
        (swapped, "objects[1].metadata: differs from the first object"),
        (other_split, "objects[1].spec: differs from the first object"),
        (
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "a" }, "spec": {} }),
            "kind: `Service` is not HTTPRoute",
        ),
    ];
    for (second, error) in rows {
        assert_eq!(both(second).unwrap_err().to_string(), error);
    }

    let mut with_timeout = object("a.test", "/y");
    with_timeout["spec"]["rules"][0]["timeouts"] = json!({ "request": "1s" });
    let findings = texts(&both(with_timeout).unwrap().findings);
    let timeouts = "objects[1].spec.rules[0].timeouts: `timeouts` is left out: a policy or route has no such field";
    assert!(findings.contains(&timeouts.to_owned()), "{findings:?}");
}

/// A match on a path, with a header if one is given.
pub(super) fn on(path: &str, header: Option<(&str, &str)>) -> serde_json::Value {
    let headers: Vec<_> = header.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "path": { "type": "PathPrefix", "value": path }, "headers": headers })
}

/// A backend with a weight.
pub(super) fn to(name: &str, weight: u32) -> serde_json::Value {
    json!({ "name": name, "port": 80, "weight": weight })
}

/// Reads rules of an object with an annotation.
pub(super) fn read_annotated(annotation: &str, rules: serde_json::Value) -> Result<Reading, ReadError> {
    let mut object = by_hand(rules);
    object[0]["metadata"]["annotations"] = json!({ "canary-policy/variants": annotation });
    object[0]["spec"]["parentRefs"] = json!([{ "name": "public" }]);
    read(object)
}

const WEB_AND_NEXT: &str = "total=100 stable=web:80 next=next:80";

/// Each row is a malformed annotation, and what is wrong with it. It was once read as no annotation, which swaps the variants of an
/// object whose first backend is the canary.
#[test]
fn a_malformed_annotation_is_an_error_and_swaps_no_variants() {
    let rules = json!([{ "backendRefs": [to("next", 30), to("web", 70)] }]);
    assert_eq!(read_annotated(WEB_AND_NEXT, rules.clone()).unwrap().route.stable().service(), "web");
    let rows = [
        ("total=100  stable=web:80 next=next:80", "a word is missing: expected `stable=` and a backend"),
        ("stable=web:80 next=next:80", "`stable=web:80` is given: expected `total=` and a number from 1 to 4294967295"),
        ("total=0 stable=web:80", "`total=0` is given: expected `total=` and a number from 1 to 4294967295"),
        ("", "a word is missing: expected `total=` and a number from 1 to 4294967295"),
        ("total=100 stable=web:80 next", "`next` is given: expected the name of a canary, `=` and a backend"),
        (
            "total=100 stable=web:80 Next=next:80",
            "`Next` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        (
            "total=100 stable=1web next=next:80",
            "`1web` is not a Service name: expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last",
        ),
    ];
    for (annotation, error) in rows {
        let error = format!("metadata.annotations[canary-policy/variants]: {error}");
        assert_eq!(read_annotated(annotation, rules.clone()).unwrap_err().to_string(), error);
    }
    let twice = read_annotated("total=100 stable=web:80 next=a:80 next=next:80", rules).unwrap_err();
    assert!(twice.to_string().contains("next"), "{twice}");
}

/// The rule is for `/a` and `/b`, and the split for `/b` only.
#[test]
fn a_rule_on_a_path_without_the_split_is_a_finding() {
    let file = std::fs::read_to_string(crate::util::path("cases/gateway-rule-on-two-paths.json")).unwrap();
    let reading = read(serde_json::from_str(&file).unwrap()).unwrap();
    assert_eq!(reading.route.paths(), [Path::prefix("/b").unwrap()]);
    assert_eq!(reading.policy, policy("canaries: [{ weight: 5, header: { name: x-canary, value: 'yes' } }]"));
    let left_out = "spec.rules[0].matches[0]: `x-canary = yes` is left out: its path is not a path of the split, and a rule of \
                    a policy holds on the paths of the split";
    assert_eq!(texts(&reading.findings), [left_out]);
}

/// The first of two equal matches decides, so that the canary gets nothing.
#[test]
fn the_first_of_two_rules_for_a_path_decides() {
    let rules = json!([{ "matches": [on("/", None)], "backendRefs": [to("web", 1)] },
        { "matches": [on("/", None)], "backendRefs": [to("web", 90), to("next", 10)] }]);
    let reading = read_annotated(WEB_AND_NEXT, rules).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: next, weight: 0 }]"));
    let dead = "spec.rules[1].matches[0]: `/` is left out: an earlier rule takes every request to this path, so that this one is \
                never reached";
    assert_eq!(texts(&reading.findings), [dead]);
}

/// Both rules are on both paths, but `/b` has them the other way round.
#[test]
fn rules_in_another_order_on_another_path_are_a_finding() {
    let rule = |path: &str, header: &str, backend: &str| json!({ "matches": [on(path, Some((header, "1")))], "backendRefs": [to(backend, 1)] });
    let rules = json!([
        rule("/a", "x-one", "next"), rule("/a", "x-two", "third"), rule("/b", "x-two", "third"), rule("/b", "x-one", "next"),
        { "matches": [on("/a", None), on("/b", None)], "backendRefs": [to("web", 1), to("next", 1)] },
    ]);
    let reading = read_annotated("total=2 stable=web:80 next=next:80 third=third:80", rules).unwrap();
    let order = "spec.rules[2].matches[0]: `x-two = 1, in another order` is assumed: the rules of a policy have the same order on \
                 every path";
    assert_eq!(texts(&reading.findings), [order]);
}

/// Rows that exclude each other, and rows with one destination, decide the same in any order.
#[test]
fn an_order_without_effect_is_no_finding() {
    let cookie = json!([{ "headers": [{ "type": "RegularExpression", "name": "cookie", "value": "^(?:.*[;,] *)?(?i:a) *= *b(?:;.*)?$" }] }]);
    let reading = read_annotated(
        WEB_AND_NEXT,
        json!([
            { "matches": cookie, "backendRefs": [to("next", 1)] },
            { "matches": [on("/", Some(("x-canary", "never")))], "backendRefs": [to("web", 1)] },
            { "matches": [on("/", Some(("x-canary", "always")))], "backendRefs": [to("next", 1)] },
            { "backendRefs": [to("web", 9), to("next", 1)] },
        ]),
    );
    let reading = reading.unwrap();
    // The `never` row comes after the cookie, which decides otherwise for requests that have both.
    let order = "spec.rules[0].matches[0]: `cookie a = b, in another order` is assumed: a policy looks at header rules first, \
                 then at cookie rules, each in the order of the canaries";
    assert_eq!(texts(&reading.findings), [order]);
    let reading = read_annotated(
        WEB_AND_NEXT,
        json!([
            { "matches": [on("/", Some(("x-canary", "never")))], "backendRefs": [to("web", 1)] },
            { "matches": [on("/", Some(("x-canary", "always")))], "backendRefs": [to("next", 1)] },
            { "backendRefs": [to("web", 90), to("next", 10)] },
        ]),
    );
    let reading = reading.unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: next, weight: 10, header: { name: x-canary } }]"));
    assert_eq!(texts(&reading.findings), Vec::<String>::new());
}

/// The regular expression says nothing about the value of the cookie. It was once read as the cookie with the empty value.
#[test]
fn a_cookie_with_any_value_is_a_pattern() {
    for (regex, rule) in [(".*user=.*", "pattern: ^"), ("^(.*?;)?(user=)(;.*)?$", "value: ''")] {
        let found = json!([{ "headers": [{ "type": "RegularExpression", "name": "cookie", "value": regex }] }]);
        let rules = json!([{ "matches": found, "backendRefs": [to("next", 1)] }, { "backendRefs": [to("web", 9), to("next", 1)] }]);
        let reading = read_annotated("total=10 stable=web:80 next=next:80", rules).unwrap();
        let expected = policy(&format!(
            "{{ total: 10, canaries: [{{ name: next, weight: 1, cookie: {{ name: user, {rule} }} }}] }}"
        ));
        assert_eq!(reading.policy, expected);
        let finding = texts(&reading.findings).concat();
        assert!(
            finding.ends_with("a regular expression on the Cookie header matches more than that cookie"),
            "{finding}"
        );
    }
}

/// API servers drop `null`, and fields of the name `name` have no influence on routing.
#[test]
fn nulls_and_names_of_rules_are_no_finding() {
    let rules = json!([
        { "name": "beta", "matches": [{ "path": null, "headers": [{ "type": null, "name": "x-beta", "value": "1" }], "method": null }],
          "backendRefs": [to("next", 1)], "filters": null, "timeouts": null },
        { "name": "split", "matches": null, "backendRefs": [to("web", 90), to("next", 10)] },
    ]);
    let mut object = by_hand(rules);
    object[0]["metadata"]["annotations"] = json!(null);
    object[0]["spec"]["parentRefs"] = json!(null);
    object[0]["spec"]["hostnames"] = json!(null);
    let reading = read(object).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: next, weight: 10, header: { name: x-beta, value: '1' } }]"));
    assert_eq!(reading.findings.len(), 1, "a finding about stable: {:?}", reading.findings);
}

/// Each row is a path of a match. The defaults are those of the API server: every path.
#[test]
fn a_path_without_text_is_every_path() {
    for path in
        [json!({}), json!({ "type": "PathPrefix" }), json!({ "type": null, "value": null }), json!({ "value": "/" })]
    {
        let rules = json!([{ "matches": [{ "path": path }], "backendRefs": [to("web", 90), to("next", 10)] }]);
        let reading = read_annotated(WEB_AND_NEXT, rules).unwrap();
        assert_eq!((reading.route.paths(), reading.findings), (&[Path::prefix("/").unwrap()][..], vec![]), "{path}");
    }
}

#[test]
fn a_service_of_the_same_name_in_another_namespace_is_another_backend() {
    let elsewhere = json!({ "name": "web", "namespace": "other", "port": 80, "weight": 10 });
    let own = json!({ "name": "web", "namespace": "mall", "port": 80, "weight": 90 });
    let mut object = by_hand(json!([{ "backendRefs": [own, elsewhere] }]));
    object[0]["metadata"]["namespace"] = json!("mall");
    object[0]["spec"]["parentRefs"] = json!([]);
    let reading = read(object.clone()).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: web, weight: 10 }]"));
    assert_eq!(reading.route.stable().to_string(), "web:80");
    assert_eq!(reading.route.canaries()[0].to_string(), "other/web:80");
    assert_eq!(reading.findings.len(), 1, "a finding about stable: {:?}", reading.findings);

    // The annotation names the Services as the object does, or with the namespace of the object.
    for text in ["total=10 stable=other/web:80 own=web:80", "total=10 stable=other/web:80 own=mall/web:80"] {
        object[0]["metadata"]["annotations"] = json!({ "canary-policy/variants": text });
        let reading = read(object.clone()).unwrap();
        assert_eq!(reading.policy.canaries()[0].name().as_str(), "own");
        assert_eq!((reading.route.canaries()[0].to_string().as_str(), reading.findings.len()), ("web:80", 0));
    }
    object[0]["metadata"]["annotations"] = json!({});

    object[0]["spec"]["rules"][0]["backendRefs"] = json!([{ "name": "web", "namespace": "other", "port": 80 }]);
    let error = read(object).unwrap_err().to_string();
    assert_eq!(error, "all requests go to `other/web:80`: a policy has at least one canary");
}

/// The name `canary-1` is given in the annotation, and the third backend has a name that no canary can have.
#[test]
fn a_backend_without_a_name_of_its_own_gets_a_free_name() {
    let rules = json!([{ "backendRefs": [to("web", 8), to("x", 1), to("stable", 1)] }]);
    let reading = read_annotated("total=10 stable=web:80 canary-1=x:80", rules).unwrap();
    let expected = "{ total: 10, canaries: [{ name: canary-1, weight: 1 }, { name: canary-2, weight: 1 }] }";
    assert_eq!(reading.policy, policy(expected));
}

/// Each row is an apiVersion, and whether it is read.
#[test]
fn a_route_of_another_api_group_is_an_error() {
    let rows = [
        ("gateway.networking.k8s.io/v1", true),
        ("gateway.networking.k8s.io/v1beta1", true),
        ("gateway.networking.k8s.io/v2", false),
        ("policy.linkerd.io/v1beta3", false),
        ("v1", false),
    ];
    for (version, is_read) in rows {
        let mut object = by_hand(json!([{ "backendRefs": [to("web", 9), to("next", 1)] }]));
        object[0]["apiVersion"] = json!(version);
        match read(object) {
            Ok(_) => assert!(is_read, "{version}"),
            Err(error) => {
                let expected = "is not one of gateway.networking.k8s.io/v1, v1beta1 and v1alpha2";
                assert_eq!((is_read, error.to_string()), (false, format!("apiVersion: `{version}` {expected}")));
            }
        }
    }
}

/// A filter of another type does not set the cookie, whatever other fields it has. A cookie of the rule is kept, and the one of the
/// backend beside it is a finding.
#[test]
fn a_filter_is_read_by_its_type() {
    let filter = |kind: &str| json!([{ "type": kind, "responseHeaderModifier": { "add": [{ "name": "Set-Cookie", "value": "route=stable; Path=/" }] } }]);
    let findings = |rule: &str, backend: serde_json::Value| {
        let mut web = to("web", 9);
        web["filters"] = backend;
        let rules = json!([{ "backendRefs": [web, to("next", 1)], "filters": filter(rule) }]);
        texts(&read_annotated("total=10 stable=web:80 next=next:80", rules).unwrap().findings)
    };
    let other = "spec.rules[0].filters[0]: `RequestHeaderModifier` is left out: a policy has no other filter than the one that sets \
                 its affinity cookie";
    assert_eq!(findings("RequestHeaderModifier", json!([])), [other]);
    let both = findings("ResponseHeaderModifier", filter("ResponseHeaderModifier"));
    assert!(both[0].starts_with("spec.rules[0].backendRefs[0].filters: `Set-Cookie` is left out"), "{both:?}");
}

/// Each row is a backend or a parent that a route cannot have, and the findings about it.
#[test]
fn a_backend_or_a_parent_of_another_kind_is_a_finding() {
    let kind = |kind: &str| {
        format!("spec.rules[0].backendRefs[1].kind: `{kind}` is left out: a backend of a route is a Service")
    };
    let rows = [
        (json!({ "kind": "Service" }), None),
        (json!({ "group": "", "kind": "Service" }), None),
        (json!({ "group": "core" }), None),
        (json!({ "group": "example.test", "kind": "Bucket" }), Some(kind("Bucket"))),
        (json!({ "kind": "ServiceImport" }), Some(kind("ServiceImport"))),
        (json!({ "group": "multicluster.x-k8s.io", "kind": "Service" }), Some(kind("Service"))),
    ];
    for (more, finding) in rows {
        let mut next = json!({ "name": "next", "port": 80, "weight": 1 });
        more.as_object().unwrap().iter().for_each(|(name, value)| next[name] = value.clone());
        let reading =
            read(by_hand(json!([{ "backendRefs": [{ "name": "web", "port": 80, "weight": 9 }, next] }]))).unwrap();
        let kinds = texts(&reading.findings).into_iter().filter(|text| text.contains(".kind"));
        assert!(kinds.eq(finding), "{more}: {:?}", texts(&reading.findings));
        assert_eq!(reading.route.stable().to_string(), "web:80");
        assert_eq!(reading.policy, policy("{ total: 10, canaries: [{ name: next, weight: 1 }] }"));
    }
    let why = "a parent of a route is a Gateway";
    let rows = [
        (json!({ "name": "a" }), Some("a"), vec![]),
        (json!({ "name": "a", "kind": "Gateway", "namespace": "infra" }), Some("infra/a"), vec![]),
        (json!({ "name": "a", "kind": "Service" }), None, vec![format!("spec.parentRefs[0]: `a` is left out: {why}")]),
        (
            json!({ "name": "a", "namespace": "a.b" }),
            None,
            vec![format!("spec.parentRefs[0]: `a.b/a` is left out: {why}")],
        ),
        (
            json!({ "name": "a", "port": 8080 }),
            Some("a"),
            vec![format!("spec.parentRefs[0].port: `8080` is a condition: {LISTENER}")],
        ),
    ];
    let backends = json!([{ "name": "web", "port": 80, "weight": 9 }, { "name": "next", "port": 80, "weight": 1 }]);
    for (parent, expected, findings) in rows {
        let mut object = by_hand(json!([{ "backendRefs": backends }]));
        object[0]["spec"]["parentRefs"] = json!([parent]);
        let reading = read(object).unwrap();
        let parents: Vec<String> = reading.route.parents().iter().map(ToString::to_string).collect();
        assert_eq!(parents, expected.into_iter().collect::<Vec<_>>(), "{parent}");
        let of_parents = texts(&reading.findings).into_iter().filter(|text| text.starts_with("spec.parentRefs"));
        assert_eq!(of_parents.collect::<Vec<_>>(), findings, "{parent}");
    }
}

/// A finding about a further object names the object, whatever kind of finding it is.
#[test]
fn a_finding_of_a_further_object_names_it() {
    let object = |path: &str, header: serde_json::Value| {
        let mut object = by_hand(json!([
            { "matches": [{ "path": { "value": path }, "headers": [header] }], "backendRefs": [{ "name": "next", "port": 80 }] },
            { "matches": [{ "path": { "value": path } }],
              "backendRefs": [{ "name": "web", "port": 80, "weight": 9 }, { "name": "next", "port": 80, "weight": 1 }] },
        ]));
        object[0]["spec"]["parentRefs"] = json!([{ "name": "public" }]);
        object[0].clone()
    };
    let loose = json!({ "type": "RegularExpression", "name": "cookie", "value": ".*user.*jason.*" });
    let tight =
        json!({ "type": "RegularExpression", "name": "cookie", "value": "^(?:.*[;,] *)?(?i:user) *= *jason(?:;.*)?$" });
    let reading = read(json!([object("/a", tight.clone()), object("/b", loose)])).unwrap();
    let texts = texts(&reading.findings);
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("objects[1].spec.rules[0].matches[0]: `cookie user = jason` is assumed")),
        "{texts:?}"
    );
    let reading = read(json!([object("/a", tight.clone()), object("/b", tight)])).unwrap();
    assert!(reading.findings.iter().all(|finding| !finding.to_string().starts_with("objects")));
}

/// A regular expression that costs too much is left out with the reason.
#[test]
fn a_pattern_beyond_the_bounds_is_left_out() {
    let why = "the length, the size and the cost of a pattern are bounded";
    for value in [format!("a{}", "b".repeat(5000)), ".*a.{0,1000}b.*".to_owned()] {
        let header = json!({ "type": "RegularExpression", "name": "x-v", "value": &value });
        let reading = read(by_hand(json!([
            { "matches": [{ "headers": [header] }], "backendRefs": [{ "name": "next", "port": 80 }] },
            { "backendRefs": [{ "name": "web", "port": 80, "weight": 9 }, { "name": "next", "port": 80, "weight": 1 }] },
        ])));
        let findings = texts(&reading.unwrap().findings);
        assert!(findings.iter().any(|finding| finding.ends_with(why)), "{value}: {findings:?}");
    }
}

/// The first rule of a canary on a header, and the first on a cookie, are its rules. Further ones are findings.
#[test]
fn the_first_rule_of_each_kind_is_kept() {
    let cookie = |name: &str, value: &str| {
        let regex = format!("^(?:.*[;,] *)?(?i:{name}) *= *{value}(?:;.*)?$");
        json!({ "type": "RegularExpression", "name": "cookie", "value": regex })
    };
    let header = |name: &str, value: &str| json!({ "name": name, "value": value });
    let pattern = |name: &str, value: &str| json!({ "type": "RegularExpression", "name": name, "value": value });
    let rows = [
        ([header("x-a", "1"), header("x-b", "2")], "header: { name: x-a, value: '1' }", "x-b = 2"),
        ([pattern("x-a", "^1$"), pattern("x-b", "^2$")], "header: { name: x-a, pattern: '^1$' }", "x-b ~ ^2$"),
        ([pattern("x-a", "^1$"), header("x-b", "2")], "header: { name: x-a, pattern: '^1$' }", "x-b = 2"),
        ([header("x-a", "1"), pattern("x-b", "^2$")], "header: { name: x-a, value: '1' }", "x-b ~ ^2$"),
        ([cookie("a", "1"), cookie("b", "2")], "cookie: { name: a, value: '1' }", "cookie b = 2"),
        ([cookie("a", "(?:1[^;]*)"), cookie("b", "(?:2[^;]*)")], "cookie: { name: a, pattern: '^1' }", "cookie b ~ ^2"),
        ([cookie("a", "(?:1[^;]*)"), cookie("b", "2")], "cookie: { name: a, pattern: '^1' }", "cookie b = 2"),
        ([cookie("a", "1"), cookie("b", "(?:2[^;]*)")], "cookie: { name: a, value: '1' }", "cookie b ~ ^2"),
        // Anchors at one end only are those of a search, and the whole value has to match.
        ([pattern("x-a", "^1"), header("x-b", "2")], "header: { name: x-a, pattern: '^(?:^1)$' }", "x-b = 2"),
        ([pattern("x-a", "1$"), header("x-b", "2")], "header: { name: x-a, pattern: '^(?:1$)$' }", "x-b = 2"),
        ([pattern("x-a", r"^1\b"), header("x-b", "2")], r"header: { name: x-a, pattern: '^(?:^1\b)$' }", "x-b = 2"),
        ([pattern("x-a", r"\b1$"), header("x-b", "2")], r"header: { name: x-a, pattern: '^(?:\b1$)$' }", "x-b = 2"),
        ([cookie("a", "(?:(?i)1[^;]*)"), cookie("b", "2")], "cookie: { name: a, pattern: '(?i)^1' }", "cookie b = 2"),
        (
            [cookie("a", "(?:(?i)[^;]*1|2)"), cookie("b", "2")],
            "cookie: { name: a, pattern: '(?i)1$|^2$' }",
            "cookie b = 2",
        ),
    ];
    for ([first, second], rule, left_out) in rows {
        let to_next = |header: &serde_json::Value| json!({ "matches": [{ "headers": [header] }], "backendRefs": [{ "name": "next", "port": 80 }] });
        let reading = read(by_hand(json!([
            to_next(&first),
            to_next(&second),
            { "backendRefs": [{ "name": "web", "port": 80, "weight": 9 }, { "name": "next", "port": 80, "weight": 1 }] },
        ])));
        let reading = reading.unwrap();
        assert_eq!(
            reading.policy,
            policy(&format!("{{ total: 10, canaries: [{{ name: next, weight: 1, {rule} }}] }}")),
            "{first}"
        );
        let text = format!(
            "spec.rules[1].matches[0]: `{left_out}` is left out: a canary has at most one header rule and one cookie rule, and each rule leads to one canary"
        );
        assert!(texts(&reading.findings).contains(&text), "{:?}", texts(&reading.findings));
    }
}
