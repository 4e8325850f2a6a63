//! The rules that are made of others, in objects of each kind.

use canary_policy::targets::gateway::{self, GrpcRoute, RouteParams};
use serde_json::{Value, json};

use super::object::{HEADER, edited, edited_service, http_route, listed, rule, virtual_service};
use crate::util::golden::{self, golden};
use crate::util::policy;
use crate::util::route::route_to;

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
