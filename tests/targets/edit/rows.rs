//! Rows: what cannot be edited, what becomes of objects that somebody changed, and what is read of edited objects.

use canary_policy::Policy;
use canary_policy::targets::gateway::{self, GrpcRoute, HttpRoute, RouteParams};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use serde_json::{Value, json};

use crate::util::golden::{self, golden};
use crate::util::route::{paths, route_to};
use crate::util::{policy, texts};

/// An HTTPRoute with these rules.
fn http_route(rules: Value) -> HttpRoute {
    let object = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "shop" },
        "spec": { "parentRefs": [{ "name": "public" }], "rules": rules },
    });
    serde_json::from_value(object).unwrap()
}

/// A VirtualService with these rules.
fn virtual_service(http: Value) -> VirtualService {
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": "shop" },
        "spec": { "hosts": ["shop.test"], "gateways": ["public"], "http": http },
    });
    serde_json::from_value(object).unwrap()
}

/// A rule of an HTTPRoute that leads to this Service, with these other fields.
fn rule(to: &str, fields: Value) -> Value {
    let mut rule = json!({ "backendRefs": [{ "name": to, "port": 80 }] });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

/// The same for a VirtualService.
fn listed(to: &str, fields: Value) -> Value {
    let mut rule = json!({ "route": [{ "destination": { "host": to } }] });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

const WEIGHT: &str = "canaries: [{ weight: 5 }]";
const HEADER: &str = "canaries: [{ weight: 5, header: { name: x-canary } }]";
const COOKIE: &str = "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r } } }";

fn edited(object: &HttpRoute, yaml: &str) -> Result<HttpRoute, String> {
    let route = route_to("web:80", &["web-canary:80"]);
    let edited = gateway::with_policy(object, &policy(yaml), &route, &RouteParams::default());
    edited.map(|edited| edited.output).map_err(|error| error.to_string())
}

fn edited_service(object: &VirtualService, yaml: &str) -> Result<VirtualService, String> {
    let route = route_to("web:80", &["web-canary:80"]);
    let edited = istio::with_policy(object, &policy(yaml), &route, &VirtualServiceParams::default());
    edited.map(|edited| edited.output).map_err(|error| error.to_string())
}

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

/// Each row is a change that somebody makes to an HTTPRoute with the policy, and the outcome of taking the policy out: an error, or
/// what is left of the rules.
#[test]
fn what_somebody_changed_is_never_undone() {
    let theirs = http_route(json!([
        rule("web", json!({})),
        rule("pay", json!({ "matches": [{ "path": { "value": "/pay" } }] }))
    ]));
    let original = serde_json::to_value(&theirs).unwrap();
    let with = |change: fn(&mut Vec<Value>)| {
        let mut object = serde_json::to_value(edited(&theirs, HEADER).unwrap()).unwrap();
        change(object["spec"]["rules"].as_array_mut().unwrap());
        let object: HttpRoute = serde_json::from_value(object).unwrap();
        let taken_out = gateway::without_policy(&object).map_err(|error| error.to_string());
        taken_out.map(|object| serde_json::to_value(object.spec.rules).unwrap())
    };
    let changed = |index: usize| {
        Err(format!(
            "spec.rules[{index}]: somebody changed it, or a rule that was made of it, after the policy was put in"
        ))
    };
    // A weight of the split, a field of the rule, a backend of a made rule; a made rule is gone; a field that both should have.
    assert_eq!(with(|rules| rules[0]["backendRefs"][1]["weight"] = json!(6)), changed(0));
    assert_eq!(with(|rules| rules[0]["timeouts"] = json!({ "request": "1s" })), changed(0));
    assert_eq!(with(|rules| rules[2]["backendRefs"][0]["name"] = json!("other")), changed(0));
    assert_eq!(with(|rules| drop(rules.pop())), changed(0));
    assert_eq!(with(|rules| rules[0] = json!({ "backendRefs": [{ "name": "web", "port": 80 }] })), changed(2));

    // Nothing of the policy is in the way of these changes.
    let mut kept = original["spec"]["rules"].clone();
    assert_eq!(with(|rules| rules.reverse()), Ok(json!([kept[1], kept[0]])));
    kept[1]["timeouts"] = json!({ "request": "1s" });
    assert_eq!(with(|rules| rules[1]["timeouts"] = json!({ "request": "1s" })), Ok(kept.clone()));
    let added = rule("new", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] }));
    assert_eq!(
        with(|rules| rules
            .insert(0, rule("new", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] })))),
        Ok(json!([added, original["spec"]["rules"][0], original["spec"]["rules"][1]])),
    );
}

#[test]
fn a_new_rule_for_stable_is_kept_if_the_split_leaves_rules_as_they_are() {
    let theirs = http_route(json!([rule("web", json!({}))]));
    let yaml = "canaries: [{ weight: 0, header: { name: x-canary, value: a } }]";
    let mut object = edited(&theirs, yaml).unwrap();
    let new =
        http_route(json!([rule("web", json!({ "matches": [{ "path": { "type": "Exact", "value": "/new" } }] }))]))
            .spec
            .rules
            .remove(0);
    object.spec.rules.push(new.clone());
    let rules = gateway::without_policy(&object).unwrap().spec.rules;
    assert_eq!(rules, [theirs.spec.rules[0].clone(), new]);
}

#[test]
fn an_annotation_that_somebody_broke_is_an_error() {
    let mut object = edited(&http_route(json!([rule("web", json!({}))])), WEIGHT).unwrap();
    object.metadata.annotations.insert("canary-policy/applied".to_owned(), "{}".to_owned());
    assert_eq!(
        gateway::without_policy(&object).unwrap_err().to_string(),
        "metadata.annotations[canary-policy/applied]: it does not say what was put into the object: \
         missing field `stable` at line 1 column 2",
    );
}

#[test]
fn a_name_and_a_session_are_losses() {
    let theirs = http_route(json!([
        rule("web", json!({ "name": "shop", "sessionPersistence": { "type": "Cookie" } })),
        rule("pay", json!({ "name": "pay", "matches": [{ "path": { "value": "/pay" } }] })),
    ]));
    let losses = |yaml: &str| {
        let route = route_to("web:80", &["web-canary:80"]);
        texts(&gateway::with_policy(&theirs, &policy(yaml), &route, &RouteParams::default()).unwrap().losses)
    };
    let session = "rules[0]: `each request is split by weight` becomes `each session is split by weight`: \
                   the rule has a sessionPersistence, which keeps the requests of a session on one backend";
    assert_eq!(losses(WEIGHT), [session]);
    assert_eq!(
        losses(HEADER),
        [
            "rules[0]: `shop` is left out: the rules that are made of this one have no name, so what attaches to the rule by its \
          name is not for them",
            session
        ],
    );
}

/// The policy is read back from the edited object, in whose rules nothing is in the way.
#[test]
fn the_policy_is_read_back() {
    let of_paths = json!({ "matches": [{ "path": { "value": "/" } }, { "path": { "value": "/api" } }] });
    let pay = json!({ "matches": [{ "path": { "value": "/pay" } }] });
    for yaml in [
        WEIGHT,
        HEADER,
        COOKIE,
        "canaries: [{ weight: 100 }]",
        "{ canaries: [{ name: a, weight: 5, cookie: { name: c, pattern: '^x' } }, \
          { name: b, weight: 10, header: { name: h, value: v } }], \
          affinity: { cookie: { name: r, precedence: afterRules, maxAge: 60 } } }",
    ] {
        let policy = policy(yaml);
        let canaries = ["a:80", "b:80"];
        let route = route_to("web:80", &canaries[..policy.canaries().len()]);
        let only = http_route(json!([rule("web", of_paths.clone())]));
        let edited = gateway::with_policy(&only, &policy, &route, &RouteParams::default()).unwrap().exact().unwrap();
        let reading = gateway::read(&[edited]).unwrap();
        assert_eq!((&reading.policy, reading.findings), (&policy, vec![]), "{yaml}");
        assert_eq!(reading.route.paths(), paths("/ /api"));

        let several = http_route(json!([rule("pay", pay.clone()), rule("web", of_paths.clone())]));
        let edited = gateway::with_policy(&several, &policy, &route, &RouteParams::default()).unwrap().exact().unwrap();
        assert_eq!(gateway::read(std::slice::from_ref(&edited)).unwrap().policy, policy, "{yaml}");
        let readings = gateway::read_hosts(&[edited], &[]).unwrap();
        let policy_of = |path: &str| readings[0].virtual_host.location(path).unwrap().policy().cloned();
        assert_eq!((policy_of("/api/1"), policy_of("/pay")), (Some(policy.clone()), None), "{yaml}");
        assert_eq!((&readings[0].inexact, &readings[0].findings), (&vec![], &vec![]), "{yaml}");

        let service = virtual_service(json!([
                    {
        "match": [{ "uri": { "exact": "/pay" } }, { "uri": { "prefix": "/pay/" } }],
        "route": [{ "destination": { "host": "pay", "port": { "number": 80 } } }],
        },
                    { "route": [{ "destination": { "host": "web", "port": { "number": 80 } } }] },
                ]));
        let params = VirtualServiceParams::default();
        let edited = istio::with_policy(&service, &policy, &route, &params).unwrap().exact().unwrap();
        assert_eq!(istio::read(&edited).unwrap().policy, policy, "{yaml}");
        let readings = istio::read_hosts(&[edited], &[]).unwrap();
        let policy_of = |path: &str| readings[0].virtual_host.location(path).unwrap().policy().cloned();
        assert_eq!((policy_of("/api/1"), policy_of("/pay")), (Some(policy.clone()), None), "{yaml}");
        assert_eq!((&readings[0].inexact, &readings[0].findings), (&vec![], &vec![]), "{yaml}");
    }
}

#[test]
fn a_grpc_route_is_edited_too() {
    let theirs: GrpcRoute = serde_json::from_value(json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GRPCRoute",
        "metadata": { "name": "cart" },
        "spec": { "rules": [
            { "matches": [{ "method": { "service": "shop.Cart" } }], "backendRefs": [{ "name": "web", "port": 80 }] },
            {
"matches": [{ "method": { "service": "shop.Cart", "method": "Pay" } }],
"backendRefs": [{ "name": "pay", "port": 80 }],
},
        ] },
    }))
    .unwrap();
    let route = route_to("web:80", &["web-canary:80"]);
    let edited =
        gateway::with_policy(&theirs, &policy(HEADER), &route, &RouteParams::default()).unwrap().exact().unwrap();
    let made = serde_json::to_value(&edited.spec.rules[2]).unwrap();
    assert_eq!(made["matches"][0]["method"]["service"], "shop.Cart");
    assert_eq!(made["matches"][0]["headers"][0]["value"], "always");
    assert_eq!(edited.spec.rules[1], theirs.spec.rules[1]);
    assert_eq!(gateway::without_policy(&edited).unwrap(), theirs);
}

/// The backends of a route in another namespace than the object are named as the object has to name them.
#[test]
fn backends_are_those_of_the_namespace_of_the_route() {
    let mut theirs = http_route(json!([{ "backendRefs": [{ "name": "web", "namespace": "shop", "port": 80 }] }]));
    theirs.metadata.namespace = Some("edge".to_owned());
    let route = route_to("web:80", &["web-canary:80"]).with_namespace("shop").unwrap();
    let edited = gateway::with_policy(&theirs, &Policy::percent(5).unwrap(), &route, &RouteParams::default()).unwrap();
    assert_eq!(edited.losses.len(), 2, "a ReferenceGrant for each backend: {:?}", edited.losses);
    assert_eq!(edited.output.spec.rules[0].backend_refs[1].namespace.as_deref(), Some("shop"));
    assert_eq!(gateway::without_policy(&edited.output).unwrap(), theirs);
}

#[test]
fn golden_objects() {
    let filters = json!({
        "name": "shop",
        "matches": [{ "path": { "type": "PathPrefix", "value": "/" }, "method": "GET" }],
        "filters": [{ "type": "ResponseHeaderModifier", "responseHeaderModifier": { "remove": ["Server"] } }],
        "timeouts": { "request": "1s" },
    });
    let theirs =
        http_route(json!([rule("web", filters), rule("pay", json!({ "matches": [{ "path": { "value": "/pay" } }] }))]));
    let yaml = "{ canaries: [{ weight: 5, header: { name: x-canary } }], affinity: { cookie: { name: route, maxAge: 3600 } } }";
    golden("edit_gateway.yaml", &golden::yaml(&[edited(&theirs, yaml).unwrap()]));
    let theirs = virtual_service(json!([
        listed("pay", json!({ "match": [{ "uri": { "prefix": "/pay" } }] })),
        listed("web", json!({ "name": "shop", "timeout": "1s", "retries": { "attempts": 2 } })),
    ]));
    golden("edit_istio.yaml", &golden::yaml(&[edited_service(&theirs, yaml).unwrap()]));
}

/// An API server accepts a rule that replaces the prefix of a path only if it has one match.
#[test]
fn a_rule_that_replaces_a_prefix_has_one_match() {
    let path = json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": "/" });
    let rewrite = json!({ "type": "URLRewrite", "urlRewrite": { "path": path } });
    let matches = json!([{ "path": { "type": "PathPrefix", "value": "/api" } }]);
    let yaml = "canaries: [{ weight: 5, header: { name: h, value: v }, cookie: { name: c, value: v } }]";
    let counts = |filters: Value| {
        let theirs = http_route(json!([rule("web", json!({ "matches": matches, "filters": filters }))]));
        let edited = edited(&theirs, yaml).unwrap();
        assert_eq!(gateway::without_policy(&edited).unwrap(), theirs);
        edited.spec.rules.iter().map(|rule| rule.matches.len()).collect::<Vec<_>>()
    };
    assert_eq!(counts(json!([rewrite])), [1, 1, 1]);
    assert_eq!(counts(json!([])), [1, 2]);
}

/// Each row is the host and the matches of another object, and whether it could lose requests to the policy in an object for
/// `shop.test`.
#[test]
fn other_routes_of_a_host_keep_their_requests() {
    let header = |value: &str| json!([{ "headers": [{ "name": "x-canary", "value": value }] }]);
    let query = json!([{ "queryParams": [{ "name": "v", "value": "1" }] }]);
    let two = json!([{ "headers": [{ "name": "x-a", "value": "1" }, { "name": "x-b", "value": "1" }] }]);
    let longer = json!([{ "path": { "value": "/pay" } }]);
    let host = |mut object: HttpRoute, host: &str| {
        object.spec.hostnames = vec![host.to_owned()];
        object
    };
    let edited = edited(&host(http_route(json!([rule("web", json!({}))])), "shop.test"), HEADER).unwrap();
    for (name, matches, is_taken) in [
        ("shop.test", json!([]), true),
        ("Shop.test", query.clone(), true),
        ("shop.test", header("always"), true),
        // The canary's other value is free, and no condition of the policy has this one.
        ("shop.test", header("other"), false),
        ("shop.test", two, false),
        ("shop.test", longer, false),
        ("other.test", query.clone(), false),
        ("*.test", query, false),
    ] {
        let mut other = host(http_route(json!([rule("beta", json!({ "matches": matches }))])), name);
        assert!(gateway::check_other_routes(&edited, std::slice::from_ref(&other)).is_ok(), "the object itself");
        other.metadata.name = "beta".to_owned();
        let checked = gateway::check_other_routes(&edited, &[edited.clone(), other]);
        assert_eq!(checked.is_err(), is_taken, "{name} {matches}: {checked:?}");
    }
}
