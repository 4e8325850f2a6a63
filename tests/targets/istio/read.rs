//! VirtualServices are read back as they were written. Those that people write are read as far as a policy can express them.

use canary_policy::error::ReadError;
use canary_policy::policy::strategy;
use canary_policy::route::{Path, PathType};
use canary_policy::targets::Reading;
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::{Affinity, KeyAffinity, Policy, Route, Spec};
use proptest::collection::btree_set;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::golden::golden;
use crate::util::reading::{readable, sets_no_cookie};
use crate::util::{cases, policy, texts};

/// Routes with all their parts, for policies with this many canaries, and parameters for subsets where these are needed.
fn routes(canaries: usize) -> impl Strategy<Value = (Route, VirtualServiceParams)> {
    let path_type = any::<bool>().prop_map(|exact| if exact { PathType::Exact } else { PathType::Prefix });
    let path = ("(/[a-z]{1,3}){1,2}", path_type).prop_map(|(text, path_type)| Path::new(&text, path_type).unwrap());
    let sets =
        (btree_set("[a-z]{1,4}\\.test", 0..4), btree_set(path, 0..6), btree_set("([a-z]{1,3}/)?pub[a-z]{1,3}", 0..3));
    let kind = (any::<bool>(), any::<bool>());
    (("[a-z]{1,5}", of("[a-z]{1,5}")), sets, kind).prop_map(
        move |((name, namespace), (hosts, paths, parents), (one, port))| {
            let port = if port { ":80" } else { "" };
            let backend = |name: &str| format!("{name}{port}").parse().unwrap();
            let backends =
                (0..canaries).map(|index| backend(&if one { "web".to_owned() } else { format!("next-{index}") }));
            let mut route = Route::new(&name, backend("web"), backends).unwrap();
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
    strategy::policy().prop_flat_map(|policy| {
        let routes = routes(policy.canaries().len());
        (Just(policy), routes)
    })
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

proptest! {
    #![proptest_config(cases(2_000))]

    /// A VirtualService without losses gives the policy and the route that it was written from, without findings.
    #[test]
    fn virtual_services_are_read_as_they_were_written((policy, (route, params)) in policy_and_route()) {
        let conversion = istio::virtual_service(&policy, &route, &params).unwrap();
        let written = serde_json::to_value(&conversion.output.virtual_service).unwrap();
        if !conversion.losses.is_empty() || sets_no_cookie(&policy, &written) {
            return Ok(());
        }
        // The object goes through JSON, as it does between two programs.
        let read: VirtualService = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&read, &conversion.output.virtual_service);
        let reading = istio::read(&read).unwrap();
        prop_assert_eq!(without_cookie_patterns(&readable(&reading.policy)), without_cookie_patterns(&readable(&policy)), "{}", written);
        prop_assert_eq!(&reading.route, &route);
        prop_assert_eq!(reading.findings, vec![]);
        let again = istio::virtual_service(&reading.policy, &reading.route, &params).unwrap().exact().unwrap();
        prop_assert_eq!(&again, &conversion.output);
    }
}

/// An affinity key is a loss, and is therefore not read back. The law above once missed this policy.
#[test]
fn an_affinity_key_is_not_read_back() {
    let policy = policy("{ total: 1, canaries: [{ weight: 0 }] }");
    let with_key = policy.clone().with_affinity(Affinity::Key(KeyAffinity::cookie("a").unwrap()));
    let route = Route::new("a", "web".parse().unwrap(), ["next-0".parse().unwrap()]).unwrap();
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
                      names the variants";
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
    let subset =
        |name: &str, weight: u32| json!({ "destination": { "host": "shop", "subset": name }, "weight": weight });
    let reading = read(json!([{ "route": [subset("v1", 95), subset("2026-b", 5)] }])).unwrap();
    assert_eq!(reading.policy, policy("canaries: [{ name: 2026-b, weight: 5 }]"));
    assert_eq!(
        (reading.route.stable().to_string(), reading.route.canaries()[0].to_string()),
        ("shop".into(), "shop".into())
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
             and - with a letter in it",
        ),
        (
            json!([{ "route": [to("shop", 4_000_000_000), to("next", 1_000_000_000)] }]),
            "spec.http[0]: the weights add up to 5000000000: expected at most 4294967295",
        ),
    ];
    for (http, error) in rows {
        assert_eq!(read(http).unwrap_err().to_string(), error);
    }
    let both = json!({ "exact": "a", "regex": "a" });
    assert_eq!(
        serde_json::from_value::<istio::StringMatch>(both).unwrap_err().to_string(),
        "a match is one of `exact`, `prefix` and `regex`"
    );
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
        { "name": "first", "match": cookie, "route": next(), "timeout": "1s", "retries": { "attempts": 3 } },
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
    let dead = "is left out: an earlier rule takes every request to this path, so that Istio never reaches this one";
    let findings = texts(&reading.findings);
    assert!(findings.iter().any(|finding| finding.ends_with(dead)), "{findings:?}");
}
