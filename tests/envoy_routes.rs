//! What is written for Envoy means what the policy means, as its rules are documented. `tests/envoy.rs` asks Envoy itself.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::targets::{Part, PathType, Route, envoy};
use canary_policy::{Loss, Policy};
use proptest::prelude::*;
use serde_json::{Value, json};
use util::envoy::{DEVIATIONS, only, routed};
use util::routing::{Lines, Outcome, compare, policy_and_request, route, selected};
use util::{CANARY, policy};

/// No losses.
const NOTHING: [&str; 0] = [];

fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = envoy::route_configuration(policy, route).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The routes of a policy from YAML, which it says exactly.
#[track_caller]
fn routes(yaml: &str) -> Vec<Value> {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output["virtual_hosts"][0]["routes"].as_array().unwrap().clone()
}

#[track_caller]
fn losses(yaml: &str) -> Vec<String> {
    let policy = policy(yaml);
    written(&policy, &route(&policy)).1.iter().map(Loss::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn routes_decide_as_the_selector_does((policy, request) in policy_and_request()) {
        let (output, mut losses) = written(&policy, &route(&policy));
        let hashed = losses.pop_if(|loss| matches!(loss, Loss::Changed { part: Part::Affinity, .. })).is_some();
        let action = output["virtual_hosts"][0]["routes"].as_array().unwrap().last().unwrap()["route"].clone();
        prop_assert_eq!(hashed, action.get("hash_policy").is_some());
        prop_assert_eq!(hashed, action["weighted_clusters"]["use_hash_policy"] == true);
        // Who gets which variant by key is Envoy's affair; the shares are the policy's.
        let policy = if hashed { policy.with_affinity(canary_policy::Affinity::None) } else { policy };
        compare(&policy, &losses, &request, routed(&output, "/any", &request))?;
    }
}

/// What DESIGN.md says of Envoy: each row still holds, and nothing in it is no deviation.
#[test]
fn deviations() {
    for (what, yaml, lines, selector, envoy) in DEVIATIONS {
        let policy = policy(yaml);
        let (output, losses) = written(&policy, &route(&policy));
        let request: Lines = lines.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(losses, [], "{what}");
        assert_eq!(only(selected(&policy, &request)), selector, "{what}");
        assert_eq!(only(routed(&output, "/", &request)), envoy, "{what}");
        assert_ne!(selector, envoy, "{what}");
    }
}

#[test]
fn one_route_for_each_condition_and_path() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let paths = [("/", PathType::Prefix), ("/cart/", PathType::Prefix), ("/x/", PathType::Exact)];
    let route = route(&policy).with_paths(paths.map(|(path, kind)| (path.parse().unwrap(), kind))).unwrap();
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
fn a_single_destination_has_no_weight_and_none_is_without_a_share() {
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
fn a_pattern_is_found_anywhere_in_its_value() {
    let routes = routes("canaries: [{weight: 0, header: {name: x, pattern: a.b}, cookie: {name: c, pattern: ^a.b}}]");
    let regex = |at: usize| routes[0]["match"]["headers"][at]["string_match"]["safe_regex"]["regex"].clone();
    assert_eq!(regex(0), "^(?:.*(?:a.b).*)$");
    let cookie = &routes[1]["match"]["headers"][0]["string_match"]["safe_regex"]["regex"];
    assert_eq!(cookie, "^(?:.*[;,] *)?(?i:c) *= *(?:a[^;]b[^;]*)(?:;.*)?$");
}

#[test]
fn a_percent_sign_in_a_cookie_is_no_command() {
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
fn a_key_is_hashed() {
    for (key, wanted, hashed) in [
        ("{header: X-User, salt: s}", "key header x-user", json!({"header": {"header_name": "x-user"}})),
        ("{cookie: uid}", "key cookie uid", json!({"cookie": {"name": "uid"}})),
    ] {
        let policy = policy(&format!("{{canaries: [{{weight: 30}}], affinity: {{key: {key}}}}}"));
        let (output, losses) = written(&policy, &route(&policy));
        let action = &output["virtual_hosts"][0]["routes"][0]["route"];
        assert_eq!(action["hash_policy"], json!([hashed]));
        assert_eq!(action["weighted_clusters"]["use_hash_policy"], true);
        let got = wanted.replace("key", "hash_policy");
        let why = "Envoy's own hash, without the salt, keeps a client on one variant, which need not be the selector's";
        assert_eq!(losses[0].to_string(), format!("affinity: `{wanted}` becomes `{got}`: {why}"));
    }
    let all = losses("{canaries: [{weight: 100}], affinity: {key: {cookie: uid}}}");
    assert_eq!(all, ["affinity: `key cookie uid` is left out: all that no rule decides on goes to one variant"]);
}

/// Just what fits into 100 instructions, and what does not, is in `tests/envoy.rs`, where Envoy itself is asked.
#[test]
fn an_expression_that_re2_makes_too_large_is_refused() {
    let bound = "Envoy takes a regular expression of at most 100 instructions of RE2, \
                 with what is written around a pattern or cookie";
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
    // A header that is exactly something is compared, whatever its length.
    assert_eq!(losses(&format!("canaries: [{{weight: 0, header: {{name: x, value: {long}}}}}]")), NOTHING);
    let fits = "x".repeat(70);
    assert_eq!(losses(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {fits}}}}}]")), NOTHING);
}

#[test]
fn bad_routes_are_errors() {
    let policy = policy("canaries: [{name: a, weight: 1}, {name: b, weight: 1}]");
    let error = |canaries: &[&str]| {
        let canaries = canaries.iter().map(|canary| canary.parse().unwrap());
        let route = Route::new("web", "web:80".parse().unwrap(), canaries).unwrap();
        envoy::route_configuration(&policy, &route).unwrap_err().to_string()
    };
    assert_eq!(error(&[]), "backends: the route has 0 for canaries, and the policy has 2 canaries");
    assert_eq!(error(&["c0:80"]), "backends: the route has 1 for canaries, and the policy has 2 canaries");
}

#[test]
fn forty_paths_are_forty_routes() {
    let policy = policy("canaries: [{weight: 30, header: {name: x-canary}}]");
    let paths = (0..40).map(|index| (format!("/p{index}").parse().unwrap(), PathType::Prefix));
    let (output, losses) = written(&policy, &route(&policy).with_paths(paths).unwrap());
    assert_eq!((output["virtual_hosts"][0]["routes"].as_array().unwrap().len(), losses.len()), (120, 0));
    let always: Lines = vec![("x-canary".to_owned(), "always".to_owned())];
    assert_eq!(only(routed(&output, "/p39/x", &always)), CANARY);
    assert_eq!(routed(&output, "/p40", &always), Outcome::Nothing);
}
