//! Other objects of the same hosts keep their requests.

use canary_policy::targets::gateway::{self, HttpRoute};
use serde_json::json;

use super::object::{HEADER, edited, http_route, rule};

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

/// Each row is the namespace of the edited object and of one with its name, and whether both are the same object.
#[test]
fn the_object_itself_is_no_other_route() {
    for (edited_in, other_in, is_same) in [
        (None, None, true),
        (None, Some("shop"), true),
        (Some("shop"), None, true),
        (Some("shop"), Some("shop"), true),
        (Some("shop"), Some("next"), false),
    ] {
        let in_namespace = |namespace: Option<&str>| {
            let mut object = http_route(json!([rule("web", json!({}))]));
            object.metadata.namespace = namespace.map(str::to_owned);
            object
        };
        let edited = edited(&in_namespace(edited_in), HEADER).unwrap();
        let checked = gateway::check_other_routes(&edited, &[in_namespace(other_in)]);
        assert_eq!(checked.is_ok(), is_same, "{edited_in:?} {other_in:?}: {checked:?}");
    }
}
