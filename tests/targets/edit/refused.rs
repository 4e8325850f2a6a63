//! What cannot be edited is an error, and what is nearly so is none.

use canary_policy::targets::gateway::{self, RouteParams};
use canary_policy::targets::istio::{self, VirtualServiceParams};
use serde_json::{Value, json};

use super::object::{COOKIE, HEADER, WEIGHT, edited, edited_service, http_route, listed, rule, virtual_service};
use crate::util::policy;
use crate::util::route::route_to;

/// Each row is rules of an HTTPRoute, a policy and the error.
#[test]
fn what_an_http_route_cannot_have_is_an_error() {
    let modifier =
        |change: Value| json!({ "filters": [{ "type": "ResponseHeaderModifier", "responseHeaderModifier": change }] });
    let many = |count: usize| (0..count).map(|_| rule("web", json!({}))).collect::<Vec<_>>();
    let headers =
        |count: usize| (0..count).map(|index| json!({ "name": format!("h{index}"), "value": "1" })).collect::<Vec<_>>();
    let rows = [
        (
            json!([rule("pay", json!({}))]),
            WEIGHT,
            "spec.rules: no rule sends all of its requests to `web:80`, so the policy has no place",
        ),
        (
            json!([rule("web", json!({ "backendRefs": [{ "name": "web", "port": 80, "weight": 0 }] }))]),
            WEIGHT,
            "spec.rules: no rule sends all of its requests to `web:80`, so the policy has no place",
        ),
        (
            json!([rule("web", json!({ "matches": [{}, { "headers": [{ "name": "X-Canary", "value": "x" }] }] }))]),
            HEADER,
            "spec.rules[0].matches[1]: it has a condition on `x-canary`, and so has the policy: \
             a match takes one condition on a header",
        ),
        (
            json!([
                rule("web", json!({})),
                rule("beta", json!({ "matches": [{ "headers": [{ "name": "x-canary", "value": "always" }] }] }))
            ]),
            HEADER,
            "spec.rules[1]: it is like a rule of the policy, because it has a condition of the policy",
        ),
        (
            json!([
                            rule("web", json!({})),
                            {
            "matches": [{ "path": { "value": "/a" } }],
            "backendRefs": [{ "name": "web", "port": 80 }, { "name": "web-canary", "port": 80 }],
            },
                        ]),
            WEIGHT,
            "spec.rules[1]: it is like a rule of the policy, because it has backends of stable and of a canary",
        ),
        (
            json!([
                rule("web", json!({})),
                rule("v1", json!({ "matches": [{ "queryParams": [{ "name": "v", "value": "1" }] }] }))
            ]),
            HEADER,
            "spec.rules[0].matches[0]: with the condition `x-canary = always` it would be at least as specific as \
             spec.rules[1].matches[0], and could take requests of that rule",
        ),
        (
            json!([rule("first", json!({})), rule("web", json!({}))]),
            HEADER,
            "spec.rules[1].matches[0]: with the condition `x-canary = always` it would be at least as specific as \
             spec.rules[0].matches[0], and could take requests of that rule",
        ),
        (
            json!([rule("web", modifier(json!({ "set": [{ "name": "set-cookie", "value": "a=b" }] })))]),
            COOKIE,
            "spec.rules[0].filters[0]: the filter changes the header Set-Cookie, and the policy adds a Set-Cookie there",
        ),
        (
            json!([rule("web", modifier(json!({ "remove": ["Set-Cookie"] })))]),
            COOKIE,
            "spec.rules[0].filters[0]: the filter changes the header Set-Cookie, and the policy adds a Set-Cookie there",
        ),
        (
            json!([{ "backendRefs": [{
"name": "web",
"port": 80,
"filters": [{ "type": "ResponseHeaderModifier", "responseHeaderModifier": {} }],
}] }]),
            COOKIE,
            "spec.rules[0].backendRefs[0].filters[0]: the filter is empty, and the policy adds a Set-Cookie there",
        ),
        (json!(many(6)), HEADER, "spec.rules: 18 are too many: an HTTPRoute or GRPCRoute takes at most 16"),
        (
            json!([rule("web", json!({ "matches": vec![json!({}); 44] }))]),
            HEADER,
            "spec.rules[*].matches: 132 are too many: an HTTPRoute or GRPCRoute takes at most 128",
        ),
        (
            json!([rule("web", json!({ "matches": [{ "headers": headers(16) }] }))]),
            HEADER,
            "spec.rules[1].matches[0].headers: 17 are too many: a match of an HTTPRoute or GRPCRoute takes at most 16",
        ),
        (
            json!([rule("web", modifier(json!({ "add": headers(16) })))]),
            "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: r } } }",
            "spec.rules[0].filters[0].responseHeaderModifier.add: 17 are too many: \
             a filter of an HTTPRoute or GRPCRoute takes at most 16",
        ),
    ];
    for (rules, yaml, message) in rows {
        assert_eq!(edited(&http_route(rules.clone()), yaml).unwrap_err(), message, "{rules}");
    }
    let written = gateway::http_routes(
        &policy(HEADER),
        &route_to("web:80", &["web-canary:80"]).with_parents(["public".parse().unwrap()]).unwrap(),
        &RouteParams::default(),
    );
    assert_eq!(
        edited(&written.unwrap().output[0], HEADER).unwrap_err(),
        "metadata.annotations[canary-policy/variants]: a converter wrote the whole object, so convert the policy again instead",
    );
}

/// The nearest things that an HTTPRoute can have: the row is rules, and the indexes of those that stay as they are.
#[test]
fn rules_that_keep_their_requests_are_no_error() {
    let header = |name: &str, value: &str| json!({ "matches": [{ "headers": [{ "name": name, "value": value }] }] });
    let rows = [
        // Among equally specific matches the first one decides, and the rules of the policy come last.
        json!([rule("web", json!({})), rule("beta", header("x-beta", "1"))]),
        // No request has both values.
        json!([
            rule("web", header("x-a", "1")),
            rule(
                "beta",
                json!({ "matches": [{
"headers": [{ "name": "x-a", "value": "2" }],
"queryParams": [{ "name": "v", "value": "1" }],
}] })
            )
        ]),
        // A longer path, a method or two more headers are more specific than one more header.
        json!([
            rule("web", json!({})),
            rule(
                "beta",
                json!({ "matches": [{ "path": { "value": "/a" }, "queryParams": [{ "name": "v", "value": "1" }] }] })
            )
        ]),
        json!([
            rule("web", json!({})),
            rule("beta", json!({ "matches": [{ "method": "GET", "queryParams": [{ "name": "v", "value": "1" }] }] }))
        ]),
    ];
    for rules in rows {
        let theirs = http_route(rules.clone());
        let edited = edited(&theirs, HEADER).unwrap_or_else(|error| panic!("{rules}: {error}"));
        assert_eq!(edited.spec.rules[1], theirs.spec.rules[1]);
        assert_eq!(edited.spec.rules.len(), 4);
    }
}

/// Each row is rules of a VirtualService, a policy and the error.
#[test]
fn what_a_virtual_service_cannot_have_is_an_error() {
    let rows = [
        (
            json!([listed("pay", json!({}))]),
            WEIGHT,
            "spec.http: no rule sends all of its requests to `web:80`, so the policy has no place",
        ),
        (
            json!([listed("web", json!({ "match": [{ "headers": { "cookie": { "regex": ".*" } } }] }))]),
            COOKIE,
            "spec.http[0].match[0]: it has a condition on `cookie`, and so has the policy: a match takes one condition on a header",
        ),
        (
            json!([
                listed("beta", json!({ "match": [{ "headers": { "x-canary": { "exact": "always" } } }] })),
                listed("web", json!({}))
            ]),
            HEADER,
            "spec.http[0]: it is like a rule of the policy, because it has a condition of the policy",
        ),
        (
            json!([listed("web", json!({ "headers": { "response": { "remove": ["Set-Cookie"] } } }))]),
            COOKIE,
            "spec.http[0].headers: it changes the header Set-Cookie, and the policy adds a Set-Cookie there",
        ),
        (
            json!([{ "route": [{
"destination": { "host": "web" },
"headers": { "response": { "set": { "set-cookie": "a=b" } } },
}] }]),
            COOKIE,
            "spec.http[0].route[0].headers: it changes the header Set-Cookie, and the policy adds a Set-Cookie there",
        ),
        (
            json!([{ "route": [{ "destination": { "host": "web" }, "headers": {} }] }]),
            COOKIE,
            "spec.http[0].route[0].headers: it is empty, and the policy adds a Set-Cookie there",
        ),
    ];
    for (rules, yaml, message) in rows {
        assert_eq!(edited_service(&virtual_service(rules.clone()), yaml).unwrap_err(), message, "{rules}");
    }
}

/// A Service of a set of clusters is not the Service of the cluster.
#[test]
fn a_service_of_another_domain_is_another_one() {
    let edited = |domain: &str| {
        let mut object = virtual_service(json!([listed(&format!("web.shop.svc.{domain}"), json!({}))]));
        object.metadata.namespace = Some("shop".to_owned());
        edited_service(&object, WEIGHT)
    };
    assert!(edited("cluster.local").is_ok());
    let error = edited("clusterset.local").unwrap_err();
    assert!(error.starts_with("spec.http: no rule sends all of its requests to"), "{error}");
}

/// Each row is the namespace of the object, the backends of stable and of a canary, and whether both are one backend.
#[test]
fn a_canary_has_another_backend_than_stable() {
    let of_http_route = |namespace: &str, stable: &str, canary: &str| {
        let mut object = http_route(json!([rule("web", json!({}))]));
        object.metadata.namespace = Some(namespace.to_owned());
        let edited = gateway::with_policy(
            &object,
            &policy("canaries: [{ weight: 5 }]"),
            &route_to(stable, &[canary]),
            &RouteParams::default(),
        );
        edited.map(drop).map_err(|error| error.to_string())
    };
    let of_virtual_service = |namespace: &str, stable: &str, canary: &str| {
        let mut object = virtual_service(json!([listed("web", json!({}))]));
        object.metadata.namespace = Some(namespace.to_owned());
        let edited = istio::with_policy(
            &object,
            &policy("canaries: [{ weight: 5 }]"),
            &route_to(stable, &[canary]),
            &VirtualServiceParams::default(),
        );
        edited.map(drop).map_err(|error| error.to_string())
    };
    for (namespace, stable, canary, is_one) in [
        ("shop", "web:80", "web:80", true),
        ("shop", "web:80", "shop/web:80", true),
        ("shop", "shop/web:80", "web:80", true),
        ("shop", "web:80", "web:81", false),
        ("shop", "web:80", "next/web:80", false),
    ] {
        let expected = if is_one {
            Err("backends: `web:80` is the backend of stable and of `canary`: the two could not be told apart"
                .to_owned())
        } else {
            Ok(())
        };
        assert_eq!(of_http_route(namespace, stable, canary), expected, "{stable} {canary}");
        assert_eq!(of_virtual_service(namespace, stable, canary), expected, "{stable} {canary}");
    }
    // A later canary counts too, also if it gets no request.
    let two = policy("canaries: [{ name: a, weight: 5 }, { name: b }]");
    let object = http_route(json!([rule("web", json!({}))]));
    let edited =
        gateway::with_policy(&object, &two, &route_to("web:80", &["next:80", "web:80"]), &RouteParams::default());
    assert_eq!(
        edited.unwrap_err().to_string(),
        "backends: `web:80` is the backend of stable and of `b`: the two could not be told apart"
    );
}
