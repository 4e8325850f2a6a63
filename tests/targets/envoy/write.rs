//! RouteConfigurations route as the policy decides, by the rules of Envoy's documentation. `real_envoy.rs` asks Envoy itself.

use canary_policy::targets::{Part, envoy};
use canary_policy::{Affinity, Loss, Policy, Route};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::envoy::{DEVIATIONS, routed};
use crate::util::outcome::{Outcome, compare, selected};
use crate::util::request::{lines, owned_lines, policy_and_request};
use crate::util::route::{many_paths, paths, route, route_to};
use crate::util::{CANARY, cases, policy, texts};

/// No losses.
const NOTHING: [&str; 0] = [];

/// The RouteConfiguration that is written, as JSON, and the losses.
fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = envoy::route_configuration(policy, route, &envoy::RouteParams::default()).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The routes that are written for a policy without a loss.
#[track_caller]
fn routes(yaml: &str) -> Vec<Value> {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output["virtual_hosts"][0]["routes"].as_array().unwrap().clone()
}

/// The losses as text.
#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    texts(&written(&policy, &route(&policy)).1)
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// For every policy and request, Envoy routes as the selector decides.
    #[test]
    fn objects_route_as_the_selector_decides((policy, request) in policy_and_request()) {
        let (output, mut losses) = written(&policy, &route(&policy));
        let hashed = losses.pop_if(|loss| matches!(loss, Loss::Changed { part: Part::Affinity, .. })).is_some();
        let action = output["virtual_hosts"][0]["routes"].as_array().unwrap().last().unwrap()["route"].clone();
        prop_assert_eq!(hashed, action.get("hash_policy").is_some());
        prop_assert_eq!(hashed, action["weighted_clusters"]["use_hash_policy"] == true);
        // Envoy's own hash chooses the variant of a key; the shares are those of the policy.
        let policy = if hashed { policy.with_affinity(Affinity::None) } else { policy };
        compare(&policy, &losses, &request, routed(&output, "/any", &request))?;
    }
}

/// Each row of the table of envoy_deviates_only_as_documented holds, and is a deviation.
#[test]
fn envoy_deviates_only_as_documented() {
    for (what, yaml, lines, selector, envoy) in DEVIATIONS {
        let policy = policy(yaml);
        let (output, losses) = written(&policy, &route(&policy));
        let request = owned_lines(lines);
        assert_eq!(losses, [], "{what}");
        assert_eq!(selected(&policy, &request).variant(), Some(selector), "{what}");
        assert_eq!(routed(&output, "/", &request).variant(), Some(envoy), "{what}");
        assert_ne!(selector, envoy, "{what}");
    }
}

#[test]
fn one_route_for_each_condition_and_path() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let route = route(&policy).with_paths(paths("/ /cart/ =/x/")).unwrap();
    let (output, _) = written(&policy, &route.with_hosts(["a.test".parse().unwrap()]).unwrap());
    let header = |value: &str| json!([{"name": "x-canary", "string_match": {"exact": value}}]);
    let to = |cluster: &str| json!({"cluster": cluster});
    let split =
        json!({"weighted_clusters": {"clusters": [{"name": "web:80", "weight": 70}, {"name": "c0:80", "weight": 30}]}});
    let always = header("always");
    let never = header("never");
    assert_eq!(
        output,
        json!({
            "name": "web",
            "virtual_hosts": [{
                "name": "web",
                "domains": ["a.test"],
                "routes": [
                    {"match": {"prefix": "/", "headers": always}, "route": to("c0:80")},
                    {"match": {"path_separated_prefix": "/cart", "headers": always}, "route": to("c0:80")},
                    {"match": {"path": "/x/", "headers": always}, "route": to("c0:80")},
                    {"match": {"prefix": "/", "headers": never}, "route": to("web:80")},
                    {"match": {"path_separated_prefix": "/cart", "headers": never}, "route": to("web:80")},
                    {"match": {"path": "/x/", "headers": never}, "route": to("web:80")},
                    {"match": {"prefix": "/"}, "route": split},
                    {"match": {"path_separated_prefix": "/cart"}, "route": split},
                    {"match": {"path": "/x/"}, "route": split},
                ],
            }],
            "ignore_port_in_host_matching": true,
        })
    );
}

#[test]
fn a_single_destination_has_no_weight_and_no_weight_is_zero() {
    for (yaml, cluster) in [("canaries: [{weight: 0}]", "web:80"), ("canaries: [{weight: 100}]", "c0:80")] {
        assert_eq!(routes(yaml), [json!({"match": {"prefix": "/"}, "route": {"cluster": cluster}})]);
    }
    let routes = routes("canaries: [{name: a, weight: 0}, {name: b, weight: 1}]");
    let clusters = &routes[0]["route"]["weighted_clusters"]["clusters"];
    assert_eq!(clusters, &json!([{"name": "web:80", "weight": 99}, {"name": "c1:80", "weight": 1}]));
}

#[test]
fn the_largest_weights_are_not_rounded() {
    let routes = routes("{total: 4294967295, canaries: [{weight: 4000000000}]}");
    let clusters = &routes[0]["route"]["weighted_clusters"]["clusters"];
    assert_eq!(
        clusters,
        &json!([{"name": "web:80", "weight": 294967295}, {"name": "c0:80", "weight": 4000000000_u32}])
    );
}

#[test]
fn cookies_are_escaped_and_anchored() {
    let routes = routes("canaries: [{weight: 0, cookie: {name: a.b, value: 'v+1 (x)'}}]");
    assert_eq!(
        routes[0]["match"]["headers"],
        json!([{"name": "cookie", "string_match": {"safe_regex": {
            "regex": r"^(?:.*[;,] *)?(?i:a\.b) *= *v\+1 \(x\)(?:;.*)?$",
        }}}])
    );
}

#[test]
fn a_pattern_matches_anywhere_in_a_value() {
    let routes = routes("canaries: [{weight: 0, header: {name: x, pattern: a.b}, cookie: {name: c, pattern: ^a.b}}]");
    let regex = |at: usize| routes[0]["match"]["headers"][at]["string_match"]["safe_regex"]["regex"].clone();
    assert_eq!(regex(0), "^(?:.*(?:a.b).*)$");
    let cookie = &routes[1]["match"]["headers"][0]["string_match"]["safe_regex"]["regex"];
    assert_eq!(cookie, "^(?:.*[;,] *)?(?i:c) *= *(?:a[^;]b[^;]*)(?:;.*)?$");
}

#[test]
fn a_percent_sign_in_a_cookie_is_escaped() {
    let routes = routes("{canaries: [{weight: 0}], affinity: {cookie: {name: 'a%b', path: /a%20b}}}");
    assert_eq!(
        routes[2]["response_headers_to_add"],
        json!([{
            "header": {"key": "Set-Cookie", "value": "a%%b=stable; Path=/a%%20b; HttpOnly"},
            "append_action": "APPEND_IF_EXISTS_OR_ADD",
        }]),
        "{routes:?}"
    );
}

#[test]
fn an_affinity_key_is_a_hash_policy() {
    for (key, requested, hash_policy) in [
        ("{header: X-User, salt: s}", "key header x-user", json!({"header": {"header_name": "x-user"}})),
        ("{cookie: uid}", "key cookie uid", json!({"cookie": {"name": "uid"}})),
    ] {
        let policy = policy(&format!("{{canaries: [{{weight: 30}}], affinity: {{key: {key}}}}}"));
        let (output, losses) = written(&policy, &route(&policy));
        let action = &output["virtual_hosts"][0]["routes"][0]["route"];
        assert_eq!(action["hash_policy"], json!([hash_policy]));
        assert_eq!(action["weighted_clusters"]["use_hash_policy"], true);
        let written = requested.replace("key", "hash_policy");
        let why = "Envoy keeps a client on one variant by its own hash, without the salt: the selector may choose another variant";
        assert_eq!(losses[0].to_string(), format!("affinity: `{requested}` becomes `{written}`: {why}"));
    }
    let all = losses("{canaries: [{weight: 100}], affinity: {key: {cookie: uid}}}");
    assert_eq!(
        all,
        [
            "affinity: `key cookie uid` is left out: the weights send every request to one variant, so that no key is hashed"
        ]
    );
}

/// `real_envoy.rs` has the exact bound of 100 instructions, because Envoy itself counts them there.
#[test]
fn an_expression_of_more_than_100_instructions_is_a_loss() {
    let bound = "RE2 compiles a regular expression of Envoy to at most 100 instructions, \
                 including what is written around a pattern or cookie";
    let long = "x".repeat(90);
    let refused = |part: &str, value: &str| format!("{part}: `{value}` is refused, so it is left out: {bound}");
    assert_eq!(
        losses("canaries: [{weight: 0, header: {name: x, pattern: '[A-Za-z0-9._-]{1,64}'}}]"),
        [refused("canaries[0].header", "x ~ [A-Za-z0-9._-]{1,64}")]
    );
    assert_eq!(
        losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {long}}}}}]")),
        [refused("canaries[0].cookie", &format!("c = {}… (94 bytes)", "x".repeat(76)))]
    );
    assert_eq!(
        losses(&format!("{{canaries: [{{weight: 0}}], affinity: {{cookie: {{name: {long}}}}}}}")),
        [refused("affinity", &format!("cookie {}… (97 bytes)", "x".repeat(73)))]
    );
    // An exact value is compared without a regular expression, whatever its length is.
    assert_eq!(losses(&format!("canaries: [{{weight: 0, header: {{name: x, value: {long}}}}}]")), NOTHING);
    let fits = "x".repeat(70);
    assert_eq!(losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {fits}}}}}]")), NOTHING);
}

#[test]
fn an_invalid_route_is_an_error() {
    let policy = policy("canaries: [{name: a, weight: 1}, {name: b, weight: 1}]");
    let error = |canaries: &[&str]| {
        envoy::route_configuration(&policy, &route_to("web:80", canaries), &envoy::RouteParams::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(error(&[]), "backends: 0 canary backends are given, but the policy has 2 canaries");
    assert_eq!(error(&["c0:80"]), "backends: 1 canary backend is given, but the policy has 2 canaries");
}

#[test]
fn forty_paths_are_forty_routes_for_each_condition() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let (output, losses) = written(&policy, &route(&policy).with_paths(many_paths(40)).unwrap());
    assert_eq!((output["virtual_hosts"][0]["routes"].as_array().unwrap().len(), losses.len()), (120, 0));
    let always = lines("x-canary: always");
    assert_eq!(routed(&output, "/p39/x", &always), Outcome::To(CANARY, None));
    assert_eq!(routed(&output, "/p40", &always), Outcome::Nothing);
}
