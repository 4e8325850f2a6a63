//! API servers accept every object, by the schemas of the CRDs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::ConversionError;
use canary_policy::policy::strategy;
use canary_policy::route::{Backend, Host, Parent, Path, PathType};
use canary_policy::targets::{Conversion, gateway, gloo, istio, linkerd};
use canary_policy::{Policy, Route};
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use regex::bytes::{Regex, RegexBuilder};
use serde::Serialize;
use serde_json::{Value, json};

use crate::util::crd::Crd;
use crate::util::http_route::rules_broken;
use crate::util::route::{many_paths, route_to};
use crate::util::tally::is_expected;
use crate::util::{all_cases, cases, policy};

/// Writes the objects of a policy and a route. An error, which has to be one that they cause, gives no objects.
type Write = fn(&Policy, &Route) -> Vec<Value>;

/// A file of CRDs, a kind in it, and a version of the kind.
type Key = (&'static str, &'static str, &'static str);

const STANDARD: Key = ("gateway-standard-HTTPRoute.yaml", "HTTPRoute", "v1");
const EXPERIMENTAL: Key = ("gateway-experimental-HTTPRoute.yaml", "HTTPRoute", "v1");

const ISTIO: &[Key] =
    &[("istio-VirtualService.yaml", "VirtualService", "v1"), ("istio-DestinationRule.yaml", "DestinationRule", "v1")];
const GLOO: &[Key] =
    &[("gloo-VirtualService.yaml", "VirtualService", "v1"), ("gloo-RouteTable.yaml", "RouteTable", "v1")];

/// The targets, each with the CRDs of its kinds. A new target is a new line.
const TARGETS: [(&str, &[Key], Write); 8] = [
    ("gateway, standard", &[STANDARD], |policy, route| {
        objects(policy, route, gateway::http_routes(policy, route, &gateway::RouteParams::default()))
    }),
    ("gateway, experimental", &[EXPERIMENTAL], |policy, route| {
        objects(policy, route, gateway::http_routes(policy, route, &gateway::RouteParams::default()))
    }),
    ("linkerd, standard", &[STANDARD], |policy, route| {
        objects(policy, route, linkerd::http_routes(policy, route, &linkerd::RouteParams::default()))
    }),
    ("linkerd, experimental", &[EXPERIMENTAL], |policy, route| {
        objects(policy, route, linkerd::http_routes(policy, route, &linkerd::RouteParams::default()))
    }),
    ("istio", ISTIO, |policy, route| {
        objects(policy, route, istio::virtual_service(policy, route, &istio::VirtualServiceParams::default()))
    }),
    ("istio, subsets", ISTIO, |policy, route| {
        let params = istio::VirtualServiceParams::default().with_subsets(istio::VirtualServiceParams::VERSION).unwrap();
        let route = on_one_service(route);
        objects(policy, &route, istio::virtual_service(policy, &route, &params))
    }),
    ("gloo", GLOO, |policy, route| objects(policy, route, gloo::virtual_service(policy, route))),
    ("gloo, delegated", GLOO, |policy, route| objects(policy, route, gloo::route_table(policy, route))),
];

/// The same route with every variant behind the stable Service.
fn on_one_service(route: &Route) -> Route {
    let canaries = route.canaries().iter().map(|_| route.stable().clone());
    let one = Route::new(route.name(), route.stable().clone(), canaries).unwrap();
    let one = one.with_hosts(route.hosts().to_vec()).unwrap().with_paths(route.paths().to_vec()).unwrap();
    match route.namespace() {
        Some(namespace) => one.with_namespace(namespace).unwrap(),
        None => one,
    }
}

/// Every object in the output of a conversion, at any depth.
fn objects<T: Serialize>(
    policy: &Policy,
    route: &Route,
    conversion: Result<Conversion<T>, ConversionError>,
) -> Vec<Value> {
    fn collect(value: Value, objects: &mut Vec<Value>) {
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| collect(item, objects)),
            Value::Object(fields) if fields.contains_key("apiVersion") => objects.push(Value::Object(fields)),
            Value::Object(fields) => fields.into_iter().for_each(|(_, value)| collect(value, objects)),
            _ => {}
        }
    }
    let mut objects = Vec::new();
    match conversion {
        Ok(conversion) => collect(serde_json::to_value(conversion.output).unwrap(), &mut objects),
        Err(error) => assert!(is_expected(&error, policy, route), "{error} for {policy:?} {route:?}"),
    }
    objects
}

/// Paths with all characters that a path may have.
fn path() -> impl Strategy<Value = Path> {
    let path_type = prop_oneof![Just(PathType::Exact), Just(PathType::Prefix)];
    let text = prop_oneof![
        3 => "(/[a-z0-9._~!$&'()*+,;=:@-]{1,6}){1,3}/?",
        1 => "/(%[0-9a-f]{2}|[.a-z]){1,3}",
        1 => Just("/".to_owned())
    ];
    (text, path_type).prop_filter_map("a path", |(text, path_type)| Path::new(&text, path_type).ok())
}

/// Routes with names that Kubernetes accepts, also long ones.
fn route(policy: &Policy) -> impl Strategy<Value = Route> + use<> {
    let label = || prop_oneof![9 => "[a-z]([a-z0-9-]{0,8}[a-z0-9])?", 1 => "[a-z][a-z0-9-]{61}[a-z0-9]"];
    let backend = move || {
        (label(), 1..=u16::MAX).prop_map(|(service, port)| format!("{service}:{port}").parse::<Backend>().unwrap())
    };
    // Only stable has to be in the namespace of an object for Linkerd.
    let canary = move || {
        let namespace = of(prop_oneof!["[a-z0-9]{1,8}", "[0-9a-z][a-z0-9-]{61}[a-z0-9]"]);
        (backend(), namespace).prop_map(|(backend, namespace)| match namespace {
            None => backend,
            Some(namespace) => backend.with_namespace(&namespace).unwrap(),
        })
    };
    let host = || prop_oneof!["[a-z0-9]{1,8}(\\.[a-z]{2,8}){1,2}", "\\*(\\.[a-z]{2,8}){1,3}"];
    let parent = prop_oneof!["[a-z0-9]{1,8}", "[a-z0-9]{1,63}/[a-z0-9.]{0,8}[a-z0-9]{1,8}"];
    let parents = btree_set(parent.prop_filter_map("a parent", |text| text.parse::<Parent>().ok()), 1..=4);
    let name = prop_oneof![9 => "[a-z0-9]{1,8}(\\.[a-z0-9]{1,4})?", 1 => "[a-z]{251,253}"];
    let hosts = btree_set(host().prop_filter_map("a host", |text| text.parse::<Host>().ok()), 0..=20);
    let paths = prop_oneof![3 => vec(path(), 0..=4), 1 => vec(path(), 30..=80)];
    let canaries = policy.canaries().len();
    (name, of(label()), backend(), vec(canary(), canaries..=canaries), hosts, paths, parents).prop_filter_map(
        "a route",
        |(name, namespace, stable, canaries, hosts, paths, parents)| {
            let route = Route::new(&name, stable, canaries).ok()?;
            let route = match namespace {
                Some(namespace) => route.with_namespace(&namespace).ok()?,
                None => route,
            };
            route.with_hosts(hosts).ok()?.with_paths(paths).ok()?.with_parents(parents).ok()
        },
    )
}

/// A policy with a route for it.
fn policy_and_route() -> impl Strategy<Value = (Policy, Route)> {
    strategy::policy().prop_flat_map(|policy| {
        let route = route(&policy);
        (Just(policy), route)
    })
}

/// The CRDs of all targets.
fn crds() -> BTreeMap<Key, Crd> {
    let keys: BTreeSet<Key> = TARGETS.iter().flat_map(|(_, keys, _)| keys.iter().copied()).collect();
    keys.into_iter().map(|key| (key, Crd::read(key.0, key.1, key.2))).collect()
}

/// The tests of this file used to pass in 0.04 s without the CRDs.
#[test]
#[should_panic(expected = "l5d.yaml: No such file or directory")]
fn a_missing_crd_is_a_failure() {
    Crd::read("l5d.yaml", "HTTPRoute", "v1beta3");
}

/// The problems of an object of one of these kinds.
fn problems(crds: &BTreeMap<Key, Crd>, keys: &[Key], object: &Value) -> Vec<String> {
    let Some(key) = keys.iter().find(|(_, kind, _)| object["kind"] == *kind) else {
        return vec![format!("kind: {} is none of {keys:?}", object["kind"])];
    };
    let mut problems = crds[key].problems(object);
    if object["kind"] == "HTTPRoute" {
        problems.extend(rules_broken(object));
    }
    problems
}

#[test]
fn every_object_is_accepted() {
    let crds = crds();
    let written: RefCell<BTreeMap<&str, usize>> = RefCell::default();
    let outcome = TestRunner::new(cases(500)).run(&policy_and_route(), |(policy, route)| {
        for (target, keys, write) in TARGETS {
            for object in write(&policy, &route) {
                let problems = problems(&crds, keys, &object);
                prop_assert!(problems.is_empty(), "{target}: {problems:?} in {object}");
                *written.borrow_mut().entry(target).or_default() += 1;
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // An error gives no objects, so that objects have to be counted.
    for (target, ..) in TARGETS {
        let count = written.borrow().get(target).copied().unwrap_or_default();
        assert!(count > if all_cases() { 200 } else { 0 }, "{target}: {written:?}");
    }
}

/// Policies whose values are close to the bounds of targets.
const AWKWARD: [&str; 12] = [
    "canaries: [{ weight: 0 }]",
    "canaries: [{ weight: 100 }]",
    "{ total: 4294967295, canaries: [{ weight: 4000000000 }] }",
    "canaries: [{ weight: 5, header: { name: x-a, value: 'a  b' } }]",
    "canaries: [{ weight: 5, header: { name: x-a, value: '' } }]",
    "canaries: [{ weight: 5, header: { name: x-a, value: b\u{e9}ta } }]",
    "canaries: [{ weight: 5, header: { name: x-a, pattern: ' a' }, cookie: { name: 'a b', value: '\"' } }]",
    "canaries: [{ weight: 5, cookie: { name: c, pattern: '.*;' } }]",
    "canaries: [{ weight: 5, header: { name: x-a, pattern: '\\w{300}' } }]",
    "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: 'a  b' } } }",
    "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r, path: '/a  b' } } }",
    "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r, path: '/a b', domain: a.test, sameSite: None, maxAge: 0 } } }",
];

#[test]
fn every_object_at_the_bounds_is_accepted() {
    let crds = crds();
    for yaml in AWKWARD {
        let policy = policy(yaml);
        let route = route_to("web:80", &["c0:80"]);
        let route = route.with_parents(["public".parse().unwrap()]).unwrap();
        for (target, keys, write) in TARGETS {
            let objects = write(&policy, &route);
            assert!(!objects.is_empty(), "{target}: {yaml}");
            for object in objects {
                assert_eq!(problems(&crds, keys, &object), Vec::<String>::new(), "{target}: {object}");
            }
        }
    }
}

/// Numbers of rules and paths around the bounds of 16 rules, 64 matches in a rule and 128 matches in an object.
#[test]
fn every_size_is_accepted() {
    let crds = crds();
    let mut sizes = BTreeSet::new();
    for rules in [0, 1, 2, 7, 14, 15] {
        let header =
            |index: usize| if rules == 0 { String::new() } else { format!("header: {{ name: x-{index}, value: a }}") };
        let rule = |index: usize| format!("{{ name: c{index}, weight: 1, {} }}", header(index));
        let policy = policy(&format!("canaries: [{}]", (0..rules.max(1)).map(rule).collect::<Vec<_>>().join(", ")));
        let canaries = (0..rules.max(1)).map(|index| format!("c{index}:80").parse().unwrap());
        let route = Route::new("web", "web:80".parse().unwrap(), canaries).unwrap();
        let route = route.with_parents(["public".parse().unwrap()]).unwrap();
        for count in [1, 8, 9, 42, 43, 64, 65] {
            let route = route.clone().with_paths(many_paths(count)).unwrap();
            for (target, keys, write) in TARGETS {
                let objects = write(&policy, &route);
                assert!(!objects.is_empty(), "{target}: {rules} rules, {count} paths");
                sizes.insert(objects.len());
                for object in objects {
                    assert_eq!(
                        problems(&crds, keys, &object),
                        Vec::<String>::new(),
                        "{target}: {rules} rules, {count} paths"
                    );
                }
            }
        }
    }
    assert!(sizes.len() > 5, "{sizes:?}");
}

/// There is no CRD of a GRPCRoute here. Without its methods it has the schema of an HTTPRoute.
#[test]
fn every_grpc_route_is_accepted() {
    let crds = crds();
    let (service, method) = (
        RegexBuilder::new(r"^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$")
            .case_insensitive(true)
            .unicode(false)
            .build()
            .unwrap(),
        Regex::new("^[A-Za-z_][A-Za-z_0-9]*$").unwrap(),
    );
    let path = prop_oneof![
        ("/[A-Za-z0-9_.]{1,6}", Just(PathType::Prefix)),
        ("/[A-Za-z0-9_.]{1,6}/[A-Za-z0-9_.]{1,4}", Just(PathType::Exact)),
        (Just("/".to_owned()), Just(PathType::Prefix)),
    ];
    let path = path.prop_filter_map("a path", |(text, path_type)| Path::new(&text, path_type).ok());
    let input =
        (policy_and_route(), path).prop_map(|((policy, route), path)| (policy, route.with_paths([path]).unwrap()));
    let mut written = 0;
    let count = RefCell::new(&mut written);
    let outcome = TestRunner::new(cases(500)).run(&input, |(policy, route)| {
        for mut object in
            objects(&policy, &route, gateway::grpc_routes(&policy, &route, &gateway::RouteParams::default()))
        {
            for rule in object["spec"]["rules"].as_array_mut().unwrap() {
                for one in rule["matches"].as_array_mut().unwrap() {
                    if let Some(name) = one.as_object_mut().unwrap().remove("method") {
                        let is = |regex: &Regex, name: &Value| regex.is_match(name.as_str().unwrap().as_bytes());
                        prop_assert!(name["type"] == "Exact" && is(&service, &name["service"]), "{name}");
                        prop_assert!(name.get("method").is_none_or(|name| is(&method, name)), "{name}");
                    }
                }
            }
            prop_assert_eq!(&object["kind"], "GRPCRoute");
            object["kind"] = json!("HTTPRoute");
            let problems = problems(&crds, &[EXPERIMENTAL], &object);
            prop_assert!(problems.is_empty(), "{problems:?} in {object}");
            **count.borrow_mut() += 1;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(written > if all_cases() { 100 } else { 0 }, "{written}");
}

/// Each row is a field of an object, a value for it, and the problem that the value causes.
#[test]
fn every_problem_of_an_object_is_found() {
    let crds = crds();
    let policy = policy("canaries: [{ weight: 5, header: { name: x-canary }, cookie: { name: c } }]");
    let route = route_to("web:80", &["c0:80"]);
    let route = route.with_parents(["public".parse().unwrap()]).unwrap();
    let object = &objects(&policy, &route, gateway::http_routes(&policy, &route, &gateway::RouteParams::default()))[0];
    for (at, value, expected) in [
        ("/metadata/name", json!("Web"), r#"metadata.name: "Web" is refused"#),
        ("/metadata/namespace", json!("a.b"), r#"metadata.namespace: "a.b" is refused"#),
        ("/spec/rulez", json!([]), "spec.rulez: unknown field"),
        (
            "/spec/rules/0/backendRefs/0/weight",
            json!(1_000_001),
            "spec.rules[0].backendRefs[0].weight: 1000001 is outside",
        ),
        ("/spec/rules/0/backendRefs/0/port", json!("80"), r#"spec.rules[0].backendRefs[0].port: "80" is no integer"#),
        ("/spec/rules/0/backendRefs/0/port", json!(0), "spec.rules[0].backendRefs[0].port: 0 is outside"),
        ("/spec/rules/0/backendRefs", json!([]), "spec.rules[0]: no backend answers"),
        ("/spec/rules/0/matches/0/path/value", json!("/a//b"), "spec.rules[0]: path /a//b"),
        (
            "/spec/rules/0/matches/0/path/type",
            json!("Regex"),
            r#"spec.rules[0].matches[0].path.type: "Regex" is not one of"#,
        ),
        (
            "/spec/rules/0/matches/0/headers/0/value",
            json!("a  b"),
            "spec.rules[0].matches[0].headers[0].value: \"a  b\" does not match",
        ),
        (
            "/spec/rules/0/matches/0/headers/0",
            json!({ "name": "a" }),
            r#"spec.rules[0].matches[0].headers[0]: "value" is missing"#,
        ),
        (
            "/spec/rules/0/matches/0/headers",
            json!([{ "name": "a", "value": "a" }, { "name": "a", "value": "b" }]),
            r#"spec.rules[0].matches[0].headers: "a" is listed twice"#,
        ),
        (
            "/spec/rules/0/matches/0/headers",
            json!([{ "name": "a", "value": "a" }, { "name": "A", "value": "b" }]),
            "spec.rules[0]: a header is named twice, and the second one is ignored",
        ),
        ("/spec/hostnames", json!(vec!["a.test"; 17]), "spec.hostnames: 17 is outside"),
        ("/spec/rules", json!(vec![object["spec"]["rules"][0].clone(); 17]), "spec.rules: 17 is outside"),
        ("/spec/parentRefs", json!([{ "name": "a" }, { "name": "a" }]), "spec.parentRefs: the same twice"),
        ("/kind", json!("GRPCRoute"), r#"kind: "GRPCRoute" is not HTTPRoute"#),
    ] {
        let mut object = object.clone();
        let (parent, name) = at.rsplit_once('/').unwrap();
        match object.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
        let mut problems = crds[&EXPERIMENTAL].problems(&object);
        problems.extend(rules_broken(&object));
        assert!(problems.first().is_some_and(|problem| problem.starts_with(expected)), "{at}: {problems:?}");
    }
}

/// The keywords of the validator, which the CRDs do not all use. Each row is a schema, a value, and whether it is valid.
#[test]
fn every_keyword_is_checked() {
    for (schema, value, valid) in [
        ("{ type: object, properties: { a: { type: string } } }", json!({ "a": "x" }), true),
        ("{ type: object, properties: { a: { type: string } } }", json!({ "a": 1 }), false),
        ("{ type: object, properties: { a: { type: string } } }", json!({ "b": "x" }), false),
        ("{ type: object, x-kubernetes-preserve-unknown-fields: true }", json!({ "b": "x" }), true),
        ("{ type: object }", json!({ "b": "x" }), false),
        ("{ type: object, additionalProperties: { type: integer } }", json!({ "b": 1 }), true),
        ("{ type: object, additionalProperties: { type: integer } }", json!({ "b": "x" }), false),
        ("{ type: object, required: [a], properties: { a: { type: string } } }", json!({}), false),
        ("{ type: object, maxProperties: 1, additionalProperties: true }", json!({ "a": 1, "b": 2 }), false),
        ("{ type: object, minProperties: 1, additionalProperties: true }", json!({}), false),
        ("{ type: string, nullable: true }", Value::Null, true),
        ("{ type: string }", Value::Null, false),
        ("{ type: string, enum: [a, b] }", json!("c"), false),
        ("{ type: string, minLength: 1 }", json!(""), false),
        ("{ type: string, maxLength: 2 }", json!("\u{e9}\u{e9}"), true),
        ("{ type: string, maxLength: 2 }", json!("abc"), false),
        ("{ type: string, pattern: b }", json!("abc"), true),
        ("{ type: string, pattern: ^b }", json!("abc"), false),
        ("{ type: integer, minimum: 1, maximum: 2 }", json!(2), true),
        ("{ type: integer, minimum: 1, maximum: 2 }", json!(3), false),
        ("{ type: integer, minimum: 1, maximum: 2 }", json!(0), false),
        ("{ type: integer }", json!(1.5), false),
        ("{ type: integer, format: int32 }", json!(3_000_000_000_u32), false),
        ("{ type: integer, format: int64 }", json!(u64::MAX), false),
        ("{ type: number, format: double }", json!(1.5), true),
        ("{ x-kubernetes-int-or-string: true }", json!("5%"), true),
        ("{ x-kubernetes-int-or-string: true }", json!(true), false),
        ("{ type: array, minItems: 1, items: { type: string } }", json!([]), false),
        ("{ type: array, maxItems: 1, items: { type: string } }", json!(["a", "b"]), false),
        ("{ type: array, items: { type: string } }", json!([1]), false),
        ("{ type: array, x-kubernetes-list-type: set, items: { type: string } }", json!(["a", "a"]), false),
        (
            "{ x-kubernetes-preserve-unknown-fields: true, oneOf: [{ required: [a] }, { required: [b] }] }",
            json!({ "a": 1 }),
            true,
        ),
        (
            "{ x-kubernetes-preserve-unknown-fields: true, oneOf: [{ required: [a] }, { required: [b] }] }",
            json!({ "a": 1, "b": 1 }),
            false,
        ),
        (
            "{ x-kubernetes-preserve-unknown-fields: true, oneOf: [{ required: [a] }, { required: [b] }] }",
            json!({}),
            false,
        ),
        (
            "{ x-kubernetes-preserve-unknown-fields: true, anyOf: [{ required: [a] }, { required: [b] }] }",
            json!({ "a": 1, "b": 1 }),
            true,
        ),
        (
            "{ x-kubernetes-preserve-unknown-fields: true, anyOf: [{ required: [a] }, { required: [b] }] }",
            json!({}),
            false,
        ),
        ("{ x-kubernetes-preserve-unknown-fields: true, not: { required: [a] } }", json!({ "a": 1 }), false),
        ("{ type: string, allOf: [{ minLength: 2 }, { maxLength: 3 }] }", json!("a"), false),
    ] {
        let crd = json!({ "spec": {
            "group": "a.test",
            "names": { "kind": "A" },
            "versions": [{ "name": "v1", "schema": { "openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "apiVersion": { "type": "string" },
                    "kind": { "type": "string" },
                    "metadata": { "type": "object" },
                    "spec": serde_saphyr::from_str::<Value>(schema).unwrap(),
                },
            } } }],
        } });
        let object = json!({ "apiVersion": "a.test/v1", "kind": "A", "metadata": { "name": "a" }, "spec": value });
        let problems = Crd::new(&crd, "v1").problems(&object);
        assert_eq!(problems.is_empty(), valid, "{schema} {value}: {problems:?}");
    }
}
