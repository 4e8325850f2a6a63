//! HTTPRoutes are read back as they were written. Those that people write are read as far as a policy can express them.

use canary_policy::error::ReadError;
use canary_policy::policy::strategy;
use canary_policy::route::{Path, PathType};
use canary_policy::targets::{Reading, gateway};
use canary_policy::{Affinity, KeyAffinity, Match, Route};
use proptest::prelude::*;
use serde_json::json;

use crate::util::golden::golden;
use crate::util::reading::{readable, sets_no_cookie};
use crate::util::{cases, policy, texts};

/// Routes with all their parts, for policies with this many canaries.
fn routes(canaries: usize) -> impl Strategy<Value = Route> {
    let path_type = any::<bool>().prop_map(|exact| if exact { PathType::Exact } else { PathType::Prefix });
    let path = ("(/[a-z]{1,3}){1,2}", path_type).prop_map(|(text, path_type)| Path::new(&text, path_type).unwrap());
    let names = ("[a-z]{1,5}", proptest::option::of("[a-z]{1,5}"), any::<bool>());
    let hosts = proptest::collection::btree_set("[a-z]{1,4}\\.test", 0..20);
    let paths = proptest::collection::btree_set(path, 0..40);
    (names, hosts, paths).prop_map(move |((name, namespace, parent), hosts, paths)| {
        let backends = (0..canaries).map(|index| format!("next-{index}:8080").parse().unwrap());
        let mut route = Route::new(&name, "web:80".parse().unwrap(), backends).unwrap();
        if let Some(namespace) = namespace {
            route = route.with_namespace(&namespace).unwrap();
        }
        let parent = if parent { "public" } else { "infra/public" };
        let route = route.with_parents([parent.parse().unwrap()]).unwrap();
        route.with_hosts(hosts.iter().map(|host| host.parse().unwrap())).unwrap().with_paths(paths).unwrap()
    })
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// HTTPRoutes without losses give the policy and the route that they were written from, without findings.
    #[test]
    fn routes_are_read_as_they_were_written(
        (policy, route) in strategy::policy().prop_flat_map(|policy| { let routes = routes(policy.canaries().len()); (Just(policy), routes) })
    ) {
        let Ok(conversion) = gateway::http_routes(&policy, &route) else { return Ok(()) };
        let written = serde_json::to_value(&conversion.output).unwrap();
        if !conversion.losses.is_empty() || sets_no_cookie(&policy, &written) {
            return Ok(());
        }
        // The objects go through JSON, as they do between two programs.
        let read: Vec<gateway::HttpRoute> = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&read, &conversion.output);
        let reading = gateway::read(&read).unwrap();
        // Some patterns of cookies, such as `^` and `$`, are written alike. So the objects that are written again have to be
        // equal, and the policies only if no cookie has a pattern.
        let again = gateway::http_routes(&reading.policy, &reading.route).unwrap().output;
        let specs = |routes: &[gateway::HttpRoute]| routes.iter().map(|route| route.spec.clone()).collect::<Vec<_>>();
        prop_assert_eq!(specs(&again), specs(&conversion.output));
        let mut cookies = policy.canaries().iter().filter_map(|canary| canary.cookie());
        if !cookies.any(|rule| matches!(rule.value_match(), Match::Pattern(_))) {
            prop_assert_eq!(readable(&reading.policy), readable(&policy), "{}", written);
        }
        prop_assert_eq!(&reading.route, &route);
        prop_assert_eq!(reading.findings, vec![]);
    }
}

/// An affinity key is a loss, and is therefore not read back. The law above once missed this policy.
#[test]
fn an_affinity_key_is_not_read_back() {
    let policy = policy("{ total: 1, canaries: [{ weight: 0 }] }");
    let with_key = policy.clone().with_affinity(Affinity::Key(KeyAffinity::cookie("a").unwrap()));
    let route = Route::new("a", "web:80".parse().unwrap(), ["next-0:8080".parse().unwrap()]).unwrap();
    let route = route.with_parents(["infra/public".parse().unwrap()]).unwrap();
    let conversion = gateway::http_routes(&with_key, &route).unwrap();
    assert_eq!(conversion.losses.len(), 1);
    let reading = gateway::read(&conversion.output).unwrap();
    assert_eq!((reading.policy, reading.route, reading.findings), (policy, route, vec![]));
}

/// Reads HTTPRoutes from JSON.
fn read(routes: serde_json::Value) -> Result<Reading, ReadError> {
    gateway::read(&serde_json::from_value::<Vec<gateway::HttpRoute>>(routes).unwrap())
}

/// A list of one HTTPRoute with these rules, with parts that a policy does not have.
fn by_hand(rules: serde_json::Value) -> serde_json::Value {
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
        let section = "spec.parentRefs[0].sectionName: `sectionName` is left out: a policy or route has no such field";
        let stable = "spec.rules[1].matches[0]: `stable is shop:80` is assumed: it is the first backend of the split, and \
                      no annotation names the variants";
        let mut all = vec![section.to_owned()];
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
            "spec.rules[0].backendRefs[0]: `` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it",
        ),
    ];
    for (rules, error) in rows {
        assert_eq!(read(by_hand(rules)).unwrap_err().to_string(), error);
    }

    // A cookie before a header, a rule with two backends, a path with another destination, a filter and an unknown field.
    let header = |name: &str| json!([{ "headers": [{ "name": name, "value": "1" }] }]);
    let cookie = json!([{ "headers": [{ "type": "RegularExpression", "name": "cookie", "value": "^(?:.*[;,] *)?(?i:a) *= *b(?:;.*)?$" }] }]);
    let reading = read(by_hand(json!([
        { "matches": cookie, "backendRefs": [next(1)] },
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
