//! VirtualServices are read back as they were written. Those that people write are read as far as a policy can express them.

use canary_policy::error::ReadError;
use canary_policy::route::{Path, PathType};
use canary_policy::targets::Reading;
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::{Affinity, KeyAffinity, Policy, Route, Spec};
use proptest::collection::btree_set;
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::util::expressible;
use crate::util::former_tokens::{former_tokens, with_former_tokens};
use crate::util::golden::golden;
use crate::util::reading::{readable, sets_no_cookie};
use crate::util::tally::Tally;
use crate::util::{cases, policy, texts};

/// Routes with all their parts, for policies with this many canaries, and parameters for subsets where these are needed.
fn routes(canaries: usize) -> impl Strategy<Value = (Route, VirtualServiceParams)> {
    let path_type = any::<bool>().prop_map(|exact| if exact { PathType::Exact } else { PathType::Prefix });
    let path = ("(/[a-z]{1,3}){1,2}", path_type).prop_map(|(text, path_type)| Path::new(&text, path_type).unwrap());
    let sets =
        (btree_set("[a-z]{1,4}\\.test", 0..4), btree_set(path, 0..6), btree_set("([a-z]{1,3}/)?pub[a-z]{1,3}", 0..3));
    (("[a-z]{1,5}", of("[a-z]{1,5}")), sets, any::<bool>()).prop_map(
        move |((name, namespace), (hosts, paths, parents), one)| {
            let backend = |name: &str| format!("{name}:80").parse().unwrap();
            // Subsets of a Service in another namespace, and Services of which every second one is in another namespace.
            let stable = if one && paths.len() % 2 == 1 { "elsewhere/web" } else { "web" };
            let service = |index: usize| match (one, index % 2) {
                (true, _) => stable.to_owned(),
                (false, 0) => format!("next-{index}"),
                (false, _) => format!("elsewhere/next-{index}"),
            };
            let backends = (0..canaries).map(|index| backend(&service(index)));
            let mut route = Route::new(&name, backend(stable), backends).unwrap();
            if let Some(namespace) = namespace {
                route = route.with_namespace(&namespace).unwrap();
            }
            let route = route.with_parents(parents.iter().map(|parent| parent.parse().unwrap())).unwrap();
            let route =
                route.with_hosts(hosts.iter().map(|host| host.parse().unwrap())).unwrap().with_paths(paths).unwrap();
            let params = VirtualServiceParams::default();
            (route, if one { params.with_subsets(VirtualServiceParams::VERSION).unwrap() } else { params })
        },
    )
}

/// A policy with a route and parameters for it.
fn policy_and_route() -> impl Strategy<Value = (Policy, (Route, VirtualServiceParams))> {
    expressible::policies().prop_flat_map(|policy| {
        let tokens = former_tokens(&policy);
        let routes = (routes(policy.canaries().len()), any::<bool>());
        (
            Just(policy),
            routes.prop_map(move |((route, params), is_moved)| {
                (with_former_tokens(route, tokens.clone().filter(|_| is_moved)), params)
            }),
        )
    })
}

/// The paths that no other path covers. Istio warns about the others, so they are not written.
fn uncovered(paths: &[Path]) -> Vec<Path> {
    let covers = |wide: &Path, narrow: &Path| {
        let rest = narrow.as_str().strip_prefix(wide.as_str().trim_end_matches('/'));
        let is_within = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        wide != narrow && wide.path_type() == PathType::Prefix && is_within
    };
    paths.iter().filter(|path| !paths.iter().any(|other| covers(other, path))).cloned().collect()
}

/// The policy with one pattern in place of every pattern of a cookie. Some patterns, such as `^` and `$`, are written alike, so
/// that a reader cannot tell them apart.
fn without_cookie_patterns(policy: &Policy) -> Policy {
    let mut spec = Spec::from(policy.clone());
    for cookie in spec.canaries.iter_mut().filter_map(|canary| canary.cookie.as_mut()) {
        cookie.pattern = cookie.pattern.take().map(|_| "any".to_owned());
    }
    Policy::try_from(spec).unwrap()
}

/// A VirtualService without losses gives the policy and the route that it was written from, without findings.
#[test]
fn virtual_services_are_read_as_they_were_written() {
    let tally = Tally::default();
    let result = TestRunner::new(cases(2_000)).run(&policy_and_route(), |(policy, (route, params))| {
        let conversion = istio::virtual_service(&policy, &route, &params).unwrap();
        let written = serde_json::to_value(&conversion.output.virtual_service).unwrap();
        if !conversion.losses.is_empty() {
            tally.losses(&conversion.losses);
            return Ok(());
        }
        if sets_no_cookie(&policy, &written) {
            tally.other("an affinity cookie that is never set");
            return Ok(());
        }
        tally.exact(&policy);
        // The object goes through JSON, as it does between two programs.
        let read: VirtualService = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&read, &conversion.output.virtual_service);
        let reading = istio::read(&read).unwrap();
        prop_assert_eq!(
            without_cookie_patterns(&readable(&reading.policy)),
            without_cookie_patterns(&readable(&policy)),
            "{}",
            written
        );
        prop_assert_eq!(&reading.route, &route.clone().with_paths(uncovered(route.paths())).unwrap());
        prop_assert_eq!(reading.findings, vec![]);
        let again = istio::virtual_service(&reading.policy, &reading.route, &params).unwrap().exact().unwrap();
        prop_assert_eq!(&again, &conversion.output);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    tally.hold("VirtualServices", 80, &["affinity key"]);
}

/// An affinity key is a loss, and is therefore not read back. The law above once missed this policy.
#[test]
fn an_affinity_key_is_not_read_back() {
    let policy = policy("{ total: 1, canaries: [{ weight: 0 }] }");
    let with_key = policy.clone().with_affinity(Affinity::Key(KeyAffinity::cookie("a").unwrap()));
    let route = Route::new("a", "web:80".parse().unwrap(), ["next-0:80".parse().unwrap()]).unwrap();
    let conversion = istio::virtual_service(&with_key, &route, &VirtualServiceParams::default()).unwrap();
    assert_eq!(conversion.losses.len(), 1);
    let reading = istio::read(&conversion.output.virtual_service).unwrap();
    assert_eq!((reading.policy, reading.route, reading.findings), (policy, route, vec![]));
}

/// Reads a VirtualService with these rules.
fn read(http: Value) -> Result<Reading, ReadError> {
    let object = json!({
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "VirtualService",
        "metadata": { "name": "shop", "namespace": "mall" },
        "spec": { "hosts": ["shop"], "http": http },
    });
    istio::read(&serde_json::from_value(object).unwrap())
}

/// A destination with this weight.
fn to(host: &str, weight: u32) -> Value {
    json!({ "destination": { "host": host, "port": { "number": 80 } }, "weight": weight })
}

/// Each row is the headers of a rule, the rule of the policy, and the findings about it.
#[test]
fn rules_that_people_write_are_read_as_far_as_possible() {
    let loose = |cookie: &str| {
        vec![format!(
            "spec.http[0].match[0]: `cookie {cookie}` is assumed: a regular expression on the Cookie header matches more \
             than that cookie"
        )]
    };
    let rows = [
        (json!({ "end-user": { "exact": "jason" } }), "header: { name: end-user, value: jason }", vec![]),
        (json!({ "x-v": { "prefix": "1.2" } }), r"header: { name: x-v, pattern: '^1\.2' }", vec![]),
        (json!({ "x-v": {} }), "header: { name: x-v, pattern: '^' }", vec![]),
        (json!({ "x-v": { "regex": "*" } }), "header: { name: x-v, pattern: '^' }", vec![]),
        (json!({ "x-v": { "regex": "v[0-9]+" } }), "header: { name: x-v, pattern: '^(?:v[0-9]+)$' }", vec![]),
        // The next two are from the documentation of Istio and of Flagger.
        (
            json!({ "cookie": { "regex": "^(.*?;)?(user=jason)(;.*)?$" } }),
            "cookie: { name: user, value: jason }",
            loose("user = jason"),
        ),
        (
            json!({ "cookie": { "regex": ".*canary.*always.*" } }),
            "cookie: { name: canary, value: always }",
            loose("canary = always"),
        ),
        (
            json!({ "end-user": { "exact": "jason" }, "x-eu": { "exact": "1" } }),
            "",
            vec![
                "spec.http[0].match[0]: `end-user, x-eu` is left out: a rule of a policy matches one header"
                    .to_owned(),
            ],
        ),
        (
            json!({ "x-v": { "regex": r"\Qa\E" } }),
            "",
            vec![
                "spec.http[0].match[0]: `x-v` is left out: regular-expression engines disagree about what this value matches"
                    .to_owned(),
            ],
        ),
    ];
    for (headers, rule, findings) in rows {
        let reading = read(json!([
            { "match": [{ "headers": headers }], "route": [to("next", 0)] },
            { "route": [to("shop", 90), to("next.mall.svc.cluster.local", 10)] },
        ]));
        let reading = reading.unwrap();
        assert_eq!(reading.policy, policy(&format!("canaries: [{{ name: next, weight: 10, {rule} }}]")), "{headers}");
        assert!(reading.route.hosts().is_empty() && reading.route.parents().is_empty());
        let stable = "spec.http[1]: `stable is shop:80` is assumed: it is the first backend of the split, and no annotation \
                      names the variants of these backends";
        assert_eq!(texts(&reading.findings), [findings, vec![stable.to_owned()]].concat());
    }
}

/// A destination without a weight gets no request beside others, and every request alone.
#[test]
fn weights_count_as_istio_counts_them() {
    let weights = |route: Value| read(json!([{ "route": route }])).unwrap().policy;
    let without = json!({ "destination": { "host": "next", "port": { "number": 80 } } });
    assert_eq!(weights(json!([to("shop", 1), without])), policy("canaries: [{ name: next, weight: 0 }]"));
    assert_eq!(
        weights(json!([to("shop", 1), to("next", 2)])),
        policy("{ total: 3, canaries: [{ name: next, weight: 2 }] }")
    );
    let alone = read(json!([
        { "match": [{ "headers": { "x-beta": { "exact": "1" } } }], "route": [without] },
        { "route": [to("shop", 0)] },
    ]));
    assert_eq!(
        alone.unwrap().policy,
        policy("canaries: [{ name: next, weight: 0, header: { name: x-beta, value: '1' } }]")
    );
}

#[test]
fn subsets_are_variants_of_one_service() {
    let subset = |name: &str, weight: u32| json!({ "destination": { "host": "shop", "subset": name, "port": { "number": 80 } }, "weight": weight });
    let reading = read(json!([{ "route": [subset("v1", 95), subset("2026-b", 5)] }])).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: 2026-b, weight: 5 }]"));
    assert_eq!(
        (reading.route.stable().to_string(), reading.route.canaries()[0].to_string()),
        ("shop:80".into(), "shop:80".into())
    );
    let again = istio::virtual_service(
        &reading.policy,
        &reading.route,
        &VirtualServiceParams::default().with_subsets("version").unwrap(),
    );
    let again = again.unwrap().exact().unwrap();
    assert_eq!(again.virtual_service.spec.http[0].route[1].destination.subset.as_deref(), Some("2026-b"));
    assert_eq!(istio::read(&again.virtual_service).unwrap().policy, reading.policy);
}

#[test]
fn an_object_that_no_policy_can_express_is_an_error() {
    let rows = [
        (json!([]), "no rule takes the requests that match no header"),
        (json!([{ "redirect": { "uri": "/" } }]), "no rule takes the requests that match no header"),
        (
            json!([{ "route": [to("shop", 0), to("next", 0)] }]),
            "spec.http[0]: all weights are 0, so that no request is answered",
        ),
        (json!([{ "route": [to("shop", 1)] }]), "all requests go to `shop:80`: a policy has at least one canary"),
        (
            json!([{ "route": [to("shop", 1), to("api.example.com", 1)] }]),
            "spec.http[0].route[1].destination: `api.example.com` is not a Service name: expected 1 to 63 of a-z, 0-9 \
             and -, with a letter first and no - last",
        ),
        (
            json!([{ "route": [to("shop", 1), { "destination": { "host": "next", "port": { "number": 0 } } }] }]),
            "spec.http[0].route[1].destination: `0` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 \
             and - with a letter in it and no --",
        ),
        (
            json!([{ "route": [to("shop", 4_000_000_000), to("next", 1_000_000_000)] }]),
            "spec.http[0]: the weights add up to 5000000000: expected at most 4294967295",
        ),
    ];
    for (http, error) in rows {
        assert_eq!(read(http).unwrap_err().to_string(), error);
    }
}

/// The golden file has a finding with its field for each part.
#[test]
fn a_part_that_no_policy_can_express_is_a_finding() {
    let next = || json!([to("next", 1)]);
    let header = |name: &str| json!([{ "headers": { name: { "exact": "1" } } }]);
    let cookie = json!([{ "headers": { "cookie": { "regex": "^(?:.*[;,] *)?(?i:a) *= *b(?:;.*)?$" } } }]);
    let elsewhere = json!({ "destination": { "host": "next.other.svc.cluster.local", "port": { "number": 80 } }, "weight": 1,
        "headers": { "request": { "set": { "x-a": "b" } }, "response": { "add": { "x-b": "c" }, "remove": ["x-c"] } } });
    let reading = read(json!([
        { "name": "first", "match": cookie, "route": [to("third", 1)], "timeout": "1s", "retries": { "attempts": 3 } },
        { "match": header("x-one"), "route": next(), "mirror": { "host": "log" }, "fault": {} },
        { "match": header("x-two"), "route": next() },
        { "match": [{ "withoutHeaders": { "x-beta": {} } }], "route": next() },
        { "match": [{ "uri": { "regex": "/[a-z]+" } }], "route": next() },
        { "match": [{ "uri": { "prefix": "/api" } }], "route": [to("api", 1)] },
        { "match": [{ "headers": { "x-beta": { "exact": "1" } }, "uri": { "exact": "/beta" } }], "route": next() },
        { "route": [to("shop", 9), elsewhere], "corsPolicy": {} },
        { "match": header("x-late"), "route": next() },
    ]));
    golden("istio_reading.txt", &format!("{}\n", texts(&reading.unwrap().findings).join("\n")));
}

#[test]
fn a_rule_that_is_never_reached_is_left_out() {
    let reading = read(json!([
        { "match": [{ "uri": { "prefix": "/a/" } }], "route": [to("shop", 9), to("next", 1)] },
        { "match": [{ "uri": { "prefix": "/a/" }, "headers": { "x-c": { "exact": "yes" } } }], "route": [to("next", 1)] },
    ]));
    let reading = reading.unwrap();
    assert_eq!(reading.policy.canaries()[0].header(), None);
    let dead = "is left out: an earlier rule takes every request to this path, so that this one is never reached";
    let findings = texts(&reading.findings);
    assert!(findings.iter().any(|finding| finding.ends_with(dead)), "{findings:?}");
}

/// Istio tries rules as they are listed, so `/a` takes the requests to `/a/b` before the rule of that path does.
#[test]
fn a_rule_after_one_for_a_wider_path_is_never_reached() {
    let on = |path: &str, route: Value| json!({ "match": [{ "uri": { "prefix": path } }], "route": route });
    let split = on("/a", json!([to("shop", 9), to("next", 1)]));
    let findings = |rules: Value| texts(&read(rules).unwrap().findings);
    let dead = "spec.http[1].match[0]: `/a/b` is left out: an earlier rule takes every request to this path, so that this one is \
                never reached";
    let all = findings(json!([split, on("/a/b", json!([to("shop", 1)]))]));
    assert!(all.contains(&dead.to_owned()), "{all:?}");
    // The second rule sends requests to the same backends. The header rule before both is for one of their paths only.
    let mut header = on("/a/b", json!([to("next", 1)]));
    header["match"][0]["headers"] = json!({ "x-c": { "exact": "1" } });
    let narrow = "spec.http[0].match[0]: `x-c = 1` is left out: not every path of the split has it, and a rule of a policy holds on \
                  every path";
    let all = findings(json!([header, split, on("/a/b", json!([to("shop", 9), to("next", 1)]))]));
    assert!(all.contains(&narrow.to_owned()), "{all:?}");
}

/// The split has the backends of a route. A path with one backend after it is left out.
#[test]
fn the_split_is_the_rule_with_several_backends() {
    let on = |path: &str, route: Value| json!({ "match": [{ "uri": { "prefix": path } }], "route": route });
    let reading = read(json!([on("/a", json!([to("shop", 9), to("next", 1)])), on("/b", json!([to("shop", 1)]))]));
    let reading = reading.unwrap();
    assert_eq!(reading.route.paths(), [Path::prefix("/a").unwrap()]);
    let why = "its backends are not those of the split: a route has one set of backends";
    let left_out = format!("spec.http[1].match[0]: `/b` is left out: {why}");
    assert!(texts(&reading.findings).contains(&left_out), "{:?}", texts(&reading.findings));
}

/// Istio looks at `/` only if no other rule takes the request: exactly `/` covers no other path.
#[test]
fn an_exact_path_hides_no_other_path() {
    let reading = read(json!([
        { "match": [{ "uri": { "exact": "/" } }], "route": [to("home", 1)] },
        { "match": [{ "headers": { "x-canary": { "exact": "always" } } }], "route": [to("next", 1)] },
        { "route": [to("shop", 90), to("next", 10)] },
    ]));
    let reading = reading.unwrap();
    assert_eq!(
        reading.policy,
        policy("canaries: [{ name: next, weight: 10, header: { name: x-canary, value: always } }]")
    );
    let home = "spec.http[0].match[0]: `/` is left out: its backends are not those of the split: a route has one set of backends";
    assert_eq!(texts(&reading.findings)[0], home);
}

/// The rule is for `/a` and `/b`, and the split for `/b` only.
#[test]
fn a_rule_on_a_path_without_the_split_is_a_finding() {
    let file = std::fs::read_to_string(crate::util::path("cases/istio-rule-on-two-paths.json")).unwrap();
    let reading = istio::read(&serde_json::from_str(&file).unwrap()).unwrap();
    assert_eq!(reading.route.paths(), [Path::exact("/b").unwrap()]);
    assert_eq!(reading.policy, policy("canaries: [{ weight: 5, header: { name: x-canary, value: 'yes' } }]"));
    let left_out = "spec.http[0].match[0]: `x-canary = yes` is left out: its path is not a path of the split, and a rule of a \
                    policy holds on the paths of the split";
    assert_eq!(texts(&reading.findings), [left_out]);
}

/// Rules without a path come first, as people write them. Without a split for every path, they hold on more paths than the route.
#[test]
fn a_rule_for_every_path_holds_on_the_paths_of_the_split() {
    let rule = json!({ "match": [{ "headers": { "x-beta": { "exact": "1" } } }], "route": [to("next", 1)] });
    let split = |uris: Value| json!({ "match": uris, "route": [to("shop", 9), to("next", 1)] });
    let exact = |path: &str| json!({ "uri": { "exact": path } });
    let expected = policy("{ total: 10, canaries: [{ name: next, weight: 1, header: { name: x-beta, value: '1' } }] }");

    let reading = read(json!([rule, split(json!([exact("/a"), { "uri": { "prefix": "/" } }]))])).unwrap();
    assert_eq!((reading.policy, reading.route.paths().len(), reading.findings.len()), (expected.clone(), 2, 1));

    let reading = read(json!([rule, split(json!([exact("/a"), exact("/b")]))])).unwrap();
    let elsewhere = "spec.http[0].match[0]: `x-beta = 1` is assumed: the match holds on every path, and a rule of a policy on the \
                     paths of the split only";
    assert_eq!((reading.policy, reading.route.paths().len()), (expected, 2));
    assert_eq!(texts(&reading.findings)[0], elsewhere);
}

/// The prefix has a port, which is not read, so that it is left out. The exact path before it is not one half of it.
#[test]
fn an_exact_path_before_an_unread_prefix_is_kept() {
    let reading = read(json!([
        { "match": [{ "uri": { "exact": "/cart" } }, { "uri": { "prefix": "/cart/" }, "port": 80 }, { "uri": { "exact": "/x" } }],
          "route": [to("shop", 9), to("next", 1)] },
    ]));
    let reading = reading.unwrap();
    assert_eq!(reading.route.paths(), [Path::exact("/cart").unwrap(), Path::exact("/x").unwrap()]);
    let port = "spec.http[0].match[1]: `port` is left out: a rule of a policy matches a header or a cookie";
    assert_eq!(texts(&reading.findings)[0], port);
}

#[test]
fn a_service_of_the_same_name_in_another_namespace_is_another_backend() {
    let reading = read(json!([{ "route": [to("shop", 90), to("shop.other.svc.cluster.local", 10)] }])).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: shop, weight: 10 }]"));
    assert_eq!(reading.route.canaries()[0].to_string(), "other/shop:80");
    assert_eq!(reading.findings.len(), 1, "a finding about stable: {:?}", reading.findings);
    let error = read(json!([{ "route": [to("shop.other.svc.cluster.local", 1)] }])).unwrap_err().to_string();
    assert_eq!(error, "all requests go to `other/shop:80`: a policy has at least one canary");
}

/// API servers drop `null`, and the name of a rule has no influence on routing.
#[test]
fn nulls_and_names_of_rules_are_no_finding() {
    let reading = read(json!([
        { "name": "beta", "match": [{ "headers": { "x-beta": { "exact": "1" } }, "uri": null }], "route": [to("next", 1)], "mirror": null },
        { "name": "split", "match": null, "route": [to("shop", 90), to("next", 10)] },
    ]));
    let reading = reading.unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: next, weight: 10, header: { name: x-beta, value: '1' } }]"));
    assert_eq!(reading.findings.len(), 1, "a finding about stable: {:?}", reading.findings);
}

#[test]
fn a_virtual_service_of_another_api_group_is_an_error() {
    for (version, is_read) in
        [("networking.istio.io/v1alpha3", true), ("networking.istio.io/v2", false), ("gateway.solo.io/v1", false)]
    {
        let object = json!({ "apiVersion": version, "kind": "VirtualService", "metadata": { "name": "shop" },
            "spec": { "http": [{ "route": [to("shop", 9), to("next", 1)] }] } });
        let read = istio::read(&serde_json::from_value(object).unwrap());
        let error = format!("apiVersion: `{version}` is not one of networking.istio.io/v1, v1beta1 and v1alpha3");
        assert_eq!(read.err().map(|error| error.to_string()), (!is_read).then_some(error));
    }
}

/// The subsets of the annotation have the ports of their backends, and the destinations of the object have none.
#[test]
fn subsets_are_told_apart_without_ports() {
    let subset =
        |name: &str, weight: u32| json!({ "destination": { "host": "shop", "subset": name }, "weight": weight });
    let object = json!({ "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": { "name": "shop", "annotations": { "canary-policy/variants": "total=10 stable=shop:80 next=shop:80" } },
        "spec": { "http": [{ "route": [subset("next", 1), subset("stable", 9)] }] } });
    let reading = istio::read(&serde_json::from_value(object).unwrap()).unwrap();
    assert_eq!(reading.policy, policy("{ total: 10, canaries: [{ name: next, weight: 1 }] }"));
    assert_eq!(reading.findings, vec![]);
}

/// Objects with this many paths are read in about the time that the number of paths allows: a reader that looks at every path for
/// every match needs minutes in a test build.
#[test]
fn an_object_with_many_paths_is_read_in_linear_time() {
    let uris: Vec<String> = (0..20_000).map(|index| format!("/p{index}")).collect();
    let matches = |canary: Option<usize>| {
        let headers = canary.map(|canary| (format!("x-{canary}"), json!({ "exact": "1" })));
        let headers: serde_json::Map<_, _> = headers.into_iter().collect();
        Value::Array(uris.iter().map(|uri| json!({ "uri": { "exact": uri }, "headers": headers })).collect())
    };
    let mut rules: Vec<Value> = (0..4)
        .map(|canary| json!({ "match": matches(Some(canary)), "route": [to(&format!("c{canary}"), 1)] }))
        .collect();
    let canaries = (0..1_000).map(|canary| to(&format!("c{canary}"), 1));
    let backends: Vec<Value> = std::iter::once(to("shop", 9_000)).chain(canaries).collect();
    rules.push(json!({ "match": matches(None), "route": backends }));
    let reading = read(Value::Array(rules)).unwrap();
    assert_eq!((reading.route.paths().len(), reading.policy.canaries().len()), (20_000, 1_000));
    assert_eq!(reading.findings.len(), 1, "a finding about stable");
}

/// The backends of one object are whole Services, or all of them subsets of one Service.
#[test]
fn a_subset_beside_whole_services_is_a_finding() {
    let subset = json!({ "destination": { "host": "next", "subset": "v2", "port": { "number": 80 } }, "weight": 5 });
    let reading = read(json!([{ "route": [to("shop", 95), subset] }])).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: next, weight: 5 }]"));
    let why = "the backends are either whole Services, or all of them subsets of one Service";
    let text = format!("spec.http[0].route[1].destination.subset: `v2` is left out: {why}");
    assert!(texts(&reading.findings).contains(&text), "{:?}", texts(&reading.findings));
}

/// A Service has the subset `v2` on two ports.
#[test]
fn a_canary_whose_subset_has_a_taken_name_is_a_finding() {
    let subset = |name: &str, port: u16, weight: u32| json!({ "destination": { "host": "shop", "subset": name, "port": { "number": port } }, "weight": weight });
    let reading = read(json!([{ "route": [subset("stable", 80, 90), subset("v2", 80, 5), subset("v2", 81, 5)] }]));
    let taken =
        "spec.http[0]: `canary-1 is v2:81` is assumed: a canary has the name of its subset, and this name is taken";
    assert_eq!(texts(&reading.unwrap().findings), [taken]);
}

/// A match on any value is written as it is read.
#[test]
fn a_match_of_any_value_is_an_empty_object() {
    let any: istio::StringMatch = serde_json::from_value(json!({})).unwrap();
    assert_eq!(any, istio::StringMatch::Present);
    assert_eq!(serde_json::to_value(any).unwrap(), json!({}));
    let known = [json!({ "exact": "a" }), json!({ "prefix": "a" }), json!({ "regex": "a" })];
    let others = [json!({ "suffix": "a" }), json!({ "exact": "a", "prefix": "a" }), json!({ "exact": 1 })];
    for written in known.iter().chain(&others) {
        let read: istio::StringMatch = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(matches!(read, istio::StringMatch::Other(_)), others.contains(written), "{written}");
        assert_eq!(serde_json::to_value(read).unwrap(), *written);
    }
}

/// A misspelt word is not a match of any value.
#[test]
fn a_match_that_is_not_known_is_a_finding() {
    let to = |host: &str, weight: u32| json!({ "destination": { "host": host, "port": { "number": 80 } }, "weight": weight });
    let rest = json!({ "route": [to("web", 95), to("next", 5)] });
    let with = |matches: Value| read(json!([{ "match": [matches], "route": [to("next", 1)] }, rest])).unwrap();
    let header = with(json!({ "headers": { "x-canary": { "exakt": "always" } } }));
    let why = "a header match is `exact`, `prefix` or `regex`";
    let finding = format!("spec.http[0].match[0]: `x-canary` is left out: {why}");
    assert!(texts(&header.findings).contains(&finding), "{:?}", texts(&header.findings));
    let path = with(json!({ "uri": { "prefx": "/a" } }));
    assert!(texts(&path.findings)[0].starts_with("spec.http[0].match[0]: `"), "{:?}", texts(&path.findings));
}

/// Istio compiles every regular expression, and refuses the whole object if it cannot.
#[test]
fn a_group_that_is_not_closed_is_refused() {
    let to = |host: &str| json!([{ "destination": { "host": host, "port": { "number": 80 } } }]);
    for (regex, is_refused) in [("(", true), ("a)", true), ("[(]", false), ("(a)", false), (r"\Qa", false)] {
        let object = serde_json::from_value(json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": { "name": "web" },
            "spec": { "hosts": ["a.test"], "gateways": ["public"], "http": [
                { "match": [{ "headers": { "x-canary": { "regex": regex } } }], "route": to("next") },
                { "route": to("web") },
            ] },
        }));
        let readings = istio::read_hosts(&[object.unwrap()], &[]).unwrap();
        let found = texts(&readings[0].findings);
        let why = "every group of a regular expression is opened and closed";
        let finding = format!("web.spec.http[0].match[0].headers.x-canary.regex: `{regex}` is refused: {why}");
        assert_eq!(found.contains(&finding), is_refused, "{regex}: {found:?}");
        assert!(!is_refused || readings[0].inexact.len() == 1, "{regex}: {:?}", readings[0].inexact);
    }
}
