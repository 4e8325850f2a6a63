//! Specs of routes: the written form, and every problem of an invalid one.

use canary_policy::Route;
use canary_policy::route::{PathSpec, RouteSpec, strategy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::cases;

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_route_is_the_route_of_its_spec(route in any::<Route>()) {
        let spec = RouteSpec::from(&route);
        prop_assert_eq!(Route::try_from(&spec).unwrap(), route.clone());
        prop_assert_eq!(RouteSpec::from(route.clone()), spec.clone());
        let written = serde_json::to_value(&spec).unwrap();
        prop_assert_eq!(&serde_json::to_value(&route).unwrap(), &written);
        prop_assert_eq!(serde_json::from_value::<RouteSpec>(written).unwrap(), spec);
    }

    #[test]
    fn a_strategy_generates_the_number_of_canaries(route in (0..4_usize).prop_flat_map(|canaries| (Just(canaries), strategy::route(canaries)))) {
        prop_assert_eq!(route.1.canaries().len(), route.0);
    }
}

/// The problems of a spec in JSON.
fn problems(change: Value) -> Vec<String> {
    let mut spec = json!({ "name": "web", "stable": "web:80", "canaries": ["next:80"] });
    for (field, value) in change.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let spec: RouteSpec = serde_json::from_value(spec).unwrap();
    let error = Route::try_from(spec).expect_err("an invalid route");
    error.problems.iter().map(ToString::to_string).collect()
}

/// Each row is a change of a valid spec, and its problems.
#[test]
fn every_problem_names_its_field() {
    let port = "expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --";
    let rows: Vec<(Value, Vec<String>)> = vec![
        (
            json!({ "name": "Web", "namespace": "a.b", "stable": "9", "canaries": ["web:0", "web"] }),
            vec![
                "name: `Web` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends".to_owned(),
                "namespace: `a.b` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends".to_owned(),
                "stable: `9` is not a Service name: expected 1 to 63 of a-z, 0-9 and -, with a letter first and no - last".to_owned(),
                format!("canaries[0]: `0` is not a port: {port}"),
            ],
        ),
        (json!({ "stable": "web:+80" }), vec![format!("stable: `+80` is not a port: {port}")]),
        (json!({ "stable": "web:080" }), vec![format!("stable: `080` is not a port: {port}")]),
        (
            json!({ "hosts": ["a", "*", "a"], "parents": ["a", "b", "a"] }),
            vec!["hosts[1]: `*` is not a host: expected a DNS name, or `*.` and a DNS name".to_owned(), "parents[2]: `a` is listed twice".to_owned()],
        ),
        (json!({ "hosts": ["a", "b", "a", "b"] }), vec!["hosts[2]: `a` is listed twice".to_owned(), "hosts[3]: `b` is listed twice".to_owned()]),
        (
            json!({ "paths": [{ "path": "/a", "pathType": "Prefix" }, { "path": "/a/", "pathType": "Prefix" }] }),
            vec!["paths[1]: `Prefix /a` is listed twice".to_owned()],
        ),
        (
            json!({ "paths": [{ "path": "a", "pathType": "Regex" }] }),
            vec![
                "paths[0].pathType: `Regex` is not a path type: expected `Exact` or `Prefix`".to_owned(),
                "paths[0].path: `a` is not a path: expected `/` and at most 1023 more characters of a URL path, without //, /./, /../ and %2f".to_owned(),
            ],
        ),
        (
            json!({ "formerTokens": { "stable": "a|b", "canaries": ["", "c"] } }),
            vec![
                "formerTokens.stable: `a|b` is not a token: expected 1 to 63 letters, digits, `-`, `_` or `.`".to_owned(),
                "formerTokens.canaries[0]: `` is not a token: expected 1 to 63 letters, digits, `-`, `_` or `.`".to_owned(),
            ],
        ),
        (
            json!({ "formerTokens": { "stable": "a", "canaries": ["b", "a"] } }),
            vec!["formerTokens.canaries[1]: `a` is listed twice".to_owned()],
        ),
        (
            json!({ "hosts": true, "paths": [5], "name": "-" }),
            vec![
                "hosts: `true` is given: expected a list".to_owned(),
                "paths[0]: `5` is given: expected an object".to_owned(),
                "name: `-` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends".to_owned(),
            ],
        ),
    ];
    for (change, expected) in rows {
        assert_eq!(problems(change.clone()), expected, "{change}");
    }
}

#[test]
fn null_and_an_empty_list_are_left_out() {
    let spec = |paths: Value| {
        let spec = json!({
            "name": "web", "namespace": null, "hosts": paths, "paths": paths, "parents": paths, "stable": "web", "canaries": [],
            "formerTokens": null,
        });
        Route::try_from(serde_json::from_value::<RouteSpec>(spec).unwrap()).unwrap()
    };
    let expected = Route::new("web", "web".parse().unwrap(), []).unwrap();
    assert_eq!((spec(json!(null)), spec(json!([]))), (expected.clone(), expected.clone()));
    let every_path = PathSpec { path: "/".into(), path_type: "Prefix".into() };
    assert_eq!(RouteSpec::from(expected).paths, Some(vec![every_path]));
}
