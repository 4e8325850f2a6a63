//! Routes and their parts in JSON.

use std::fmt::Debug;

use canary_policy::Route;
use canary_policy::policy::{FormerTokens, Token};
use canary_policy::route::{Backend, Host, Location, Parent, Path, Port};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::util::policy;
use crate::util::route::{paths, route_to};

/// Holds that a value is written in this way and read back.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, written: &Value) {
    assert_eq!(&serde_json::to_value(value).unwrap(), written);
    assert_eq!(&serde_json::from_value::<T>(written.clone()).unwrap(), value);
}

#[test]
fn the_parts_of_a_route_are_written_and_read() {
    for text in ["web", "web:80", "web:http"] {
        check::<Backend>(&text.parse().unwrap(), &json!(text));
    }
    check::<Port>(&"80".parse().unwrap(), &json!("80"));
    check::<Port>(&"http".parse().unwrap(), &json!("http"));
    check::<Host>(&"*.example.com".parse().unwrap(), &json!("*.example.com"));
    check::<Parent>(&"public".parse().unwrap(), &json!("public"));
    check::<Parent>(&"infra/public".parse().unwrap(), &json!("infra/public"));
    check(&Path::exact("/cart/").unwrap(), &json!({ "path": "/cart/", "pathType": "Exact" }));
    check(&Path::prefix("/cart/").unwrap(), &json!({ "path": "/cart/", "pathType": "Prefix" }));
}

#[test]
fn a_route_is_written_and_read() {
    check(
        &route_to("web", &[]),
        &json!({ "name": "web", "paths": [{ "path": "/", "pathType": "Prefix" }], "stable": "web", "canaries": [] }),
    );
    let route = route_to("web:80", &["c0:80", "c1:http"]).with_namespace("shop").unwrap();
    let route = route.with_hosts(["a.test".parse().unwrap(), "*.b.test".parse().unwrap()]).unwrap();
    let route =
        route.with_paths(paths("/cart =/pay")).unwrap().with_parents(["infra/public".parse().unwrap()]).unwrap();
    check(
        &route,
        &json!({
            "name": "web",
            "namespace": "shop",
            "hosts": ["a.test", "*.b.test"],
            "paths": [{ "path": "/cart", "pathType": "Prefix" }, { "path": "/pay", "pathType": "Exact" }],
            "parents": ["infra/public"],
            "stable": "web:80",
            "canaries": ["c0:80", "c1:http"],
        }),
    );
}

#[test]
fn former_tokens_are_written_and_read() {
    let token = |text: &str| Token::new(text).unwrap();
    let tokens = FormerTokens::new(token("5ab1e"), [token("ca9a7")]).unwrap();
    check(&tokens, &json!({ "stable": "5ab1e", "canaries": ["ca9a7"] }));
    check(&FormerTokens::new(token("5ab1e"), []).unwrap(), &json!({ "stable": "5ab1e" }));

    let route = route_to("web:80", &["c0:80"]).with_former_tokens(tokens.clone());
    let written = serde_json::to_value(&route).unwrap();
    assert_eq!(written["formerTokens"], json!({ "stable": "5ab1e", "canaries": ["ca9a7"] }));
    assert_eq!(serde_json::from_value::<Route>(written).unwrap(), route);

    let location = Location::new(paths("/").remove(0), "web:80".parse().unwrap());
    let sticky = policy("{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }");
    let location = location.with_policy(sticky, ["c0:80".parse().unwrap()]).unwrap();
    let location = location.with_former_tokens(tokens).unwrap();
    let written = serde_json::to_value(&location).unwrap();
    assert_eq!(serde_json::from_value::<Location>(written.clone()).unwrap(), location);
    // A row is a change of the location, and the error.
    for (field, value, error) in [
        (
            "formerTokens",
            json!({ "stable": "a", "canaries": ["a"] }),
            "formerTokens: `a` names two variants: tokens are unique",
        ),
        (
            "formerTokens",
            json!({ "stable": "a", "canaries": ["b", "c"] }),
            "formerTokens: 3 tokens are given, but the affinity cookie pins 2 variants",
        ),
        (
            "formerTokens",
            json!({ "stable": "a|b" }),
            "formerTokens: `a|b` is not a token: expected 1 to 63 letters, digits, `-`, `_` or `.`",
        ),
        (
            "policy",
            json!({ "canaries": [{ "weight": 30 }] }),
            "formerTokens: the policy has no affinity cookie, which is what holds a token",
        ),
        (
            "policy",
            json!({ "canaries": [{}], "affinity": { "cookie": { "name": "route", "pins": "stable" } } }),
            "formerTokens: 2 tokens are given, but the affinity cookie pins 1 variant",
        ),
    ] {
        let mut changed = written.clone();
        changed[field] = value;
        assert_eq!(serde_json::from_value::<Location>(changed).unwrap_err().to_string(), error);
    }
}

/// Each row is a change of a valid route, and the error.
#[test]
fn an_invalid_route_is_not_read() {
    let route = json!({ "name": "web", "stable": "web:80", "canaries": ["c0:80"] });
    assert!(serde_json::from_value::<Route>(route.clone()).is_ok());
    for (field, value, error) in [
        (
            "name",
            json!("Web"),
            "name: `Web` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
        (
            "namespace",
            json!("a.b"),
            "namespace: `a.b` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
        ),
        ("hosts", json!(["a.test", "a.test"]), "hosts[1]: `a.test` is listed twice"),
        (
            "paths",
            json!([{ "path": "a", "pathType": "Exact" }]),
            "paths[0].path: `a` is not a path: expected `/` and at most 1023 more characters of a URL path, without //, /./, /../ and %2f",
        ),
        (
            "paths",
            json!([{ "path": "/", "pathType": "ImplementationSpecific" }]),
            "paths[0].pathType: `ImplementationSpecific` is not a path type: expected `Exact` or `Prefix`",
        ),
        (
            "stable",
            json!("web:0"),
            "stable: `0` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --",
        ),
        (
            "host",
            json!("a.test"),
            "unknown field `host`, expected one of `name`, `namespace`, `hosts`, `paths`, `parents`, `stable`, `canaries`, `formerTokens`",
        ),
    ] {
        let mut route = route.clone();
        route[field] = value;
        assert_eq!(serde_json::from_value::<Route>(route).unwrap_err().to_string(), error);
    }
}

/// The schemas of an operator that has a route in its custom resource.
#[test]
fn a_route_has_a_schema() {
    fn schema<T: JsonSchema>() -> Value {
        serde_json::to_value(schemars::schema_for!(T)).unwrap()
    }
    for schema in [schema::<Backend>(), schema::<Port>(), schema::<Host>(), schema::<Parent>()] {
        assert_eq!(schema["type"], "string");
    }
    let required = |schema: Value| {
        let mut names: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap();
        names.sort();
        names
    };
    assert_eq!(required(schema::<Path>()), ["path", "pathType"]);
    assert_eq!(required(schema::<Route>()), ["canaries", "name", "stable"]);
}
