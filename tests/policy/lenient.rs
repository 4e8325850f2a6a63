//! The lenient reading of a written form.

use canary_policy::error::Diagnostic;
use canary_policy::policy::Lenient;
use canary_policy::route::RouteSpec;
use canary_policy::{Policy, Route, Spec};
use serde_json::{Value, json};

fn read(value: Value) -> Lenient<Spec> {
    serde_json::from_value(value).unwrap()
}

fn paths<T>(form: &Lenient<T>) -> Vec<&str> {
    form.unknown().iter().map(|field| field.path.as_str()).collect()
}

/// A form without unknown fields is read as by the strict reading, and written as it is.
#[test]
fn what_is_known_is_read_as_strictly() {
    let spec = json!({
        "canaries": [{ "name": "a", "header": { "name": "x-a", "value": "b" } }, { "name": "c", "weight": 5 }],
        "affinity": { "cookie": { "name": "r", "maxAge": 5 } },
    });
    let lenient = read(spec.clone());
    assert_eq!(lenient.form(), &serde_json::from_value::<Spec>(spec.clone()).unwrap());
    assert_eq!(lenient.known(), Ok(lenient.form()));
    assert_eq!(serde_json::to_value(&lenient).unwrap(), spec);
    assert_eq!(Lenient::from(lenient.form().clone()), lenient);
}

#[test]
fn unknown_fields_have_their_paths_and_are_written_back() {
    let spec = json!({
        "ramp": { "steps": [1, 5] },
        "canaries": [
            { "name": "a" },
            { "name": "b", "mirror": true, "header": { "name": "x", "any.of": ["y"] } },
        ],
        "affinity": { "key": { "header": "u", "ttl": null, "window": 5 } },
    });
    let lenient = read(spec.clone());
    assert_eq!(
        paths(&lenient).into_iter().collect::<std::collections::BTreeSet<_>>(),
        ["affinity.key.window", "canaries[1].header.any.of", "canaries[1].mirror", "ramp"].into()
    );
    let mut written = spec;
    written["affinity"]["key"].as_object_mut().unwrap().remove("ttl");
    assert_eq!(serde_json::to_value(&lenient).unwrap(), written);
    let error = lenient.known().unwrap_err();
    assert_eq!(error.fields, lenient.unknown());
    assert!(error.to_string().contains("canaries[1].mirror: the field is unknown to this version"), "{error}");
}

/// Each row is a value at which the strict reading ends, and what the check says after the lenient one.
#[test]
fn what_ends_a_strict_reading_is_a_problem_of_the_check() {
    let rows = [
        (
            json!({ "canaries": [{ "header": { "value": "a" } }] }),
            "canaries[0].header.name: nothing is given: expected text",
        ),
        (json!({ "canaries": [{ "name": 5 }] }), "canaries[0].name: `5` is given: expected text"),
        (json!({}), "canaries: nothing is given: expected a list"),
        (json!(5), "`5` is given: expected an object"),
    ];
    for (spec, says) in rows {
        assert!(serde_json::from_value::<Spec>(spec.clone()).is_err(), "{spec}");
        let error = Policy::try_from(read(spec.clone()).form()).unwrap_err().to_string();
        assert!(error.starts_with(says), "{spec}: {error}");
    }
    // A problem of the whole value has no field, and is the only one.
    let whole = read(json!(5));
    let problems = Policy::try_from(whole.form()).unwrap_err().problems;
    assert_eq!(problems.iter().map(Diagnostic::field).collect::<Vec<_>>(), [None]);
    assert_eq!(problems[0].report().within("spec.policy").field.as_deref(), Some("spec.policy"));
    assert_eq!(
        serde_json::to_value(&whole).unwrap_err().to_string(),
        "values of the spec could not be read: all of it"
    );
    // A spec with such a value cannot be written, because the value would be lost.
    assert!(serde_json::to_value(read(json!({ "canaries": [{ "weight": "5" }] }))).is_err());
    // A name that is given twice is an error of the format: no value of it is the right one.
    assert!(serde_json::from_str::<Lenient<Spec>>(r#"{ "total": 1, "total": 2, "canaries": [{}] }"#).is_err());
}

#[test]
fn a_route_is_read_leniently() {
    let route = json!({
        "name": "web", "stable": "web:80", "canaries": [], "retries": 3,
        "paths": [{ "path": "/", "pathType": "Prefix", "rewrite": "/a" }],
    });
    let lenient: Lenient<RouteSpec> = serde_json::from_value(route.clone()).unwrap();
    assert_eq!(lenient.unknown().len(), 2);
    assert!(Route::try_from(lenient.form()).is_ok());
    assert_eq!(serde_json::to_value(&lenient).unwrap(), route);
    assert!(serde_json::from_value::<RouteSpec>(route).is_err());

    let whole: Lenient<RouteSpec> = serde_json::from_value(json!(["web"])).unwrap();
    let problems = Route::try_from(whole.form()).unwrap_err().problems;
    assert_eq!((problems.len(), problems[0].field()), (1, None));
    assert_eq!(problems[0].to_string(), "a list is given: expected an object");
}

/// An unknown name from a stranger does not reach a terminal as it is.
#[test]
fn an_unknown_name_is_escaped() {
    let error = read(json!({ "canaries": [{}], "\u{1b}[31m": 1 })).known().unwrap_err().to_string();
    assert_eq!(error, r"\u{1b}[31m: the field is unknown to this version");
}
