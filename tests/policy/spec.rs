//! Specs: the written form of a policy, and every problem of an invalid one.

use canary_policy::policy::CanaryName;
use canary_policy::policy::CanarySpec;
use canary_policy::{CookieAffinity, Policy, Sample, Selector, Spec};
use serde::de::value::{Error as ValueError, MapDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
use serde_json::json;

use crate::util::{cookie_text, policy, problems};

#[test]
fn one_canary_needs_one_line() {
    assert_eq!(Policy::percent(30).unwrap(), policy("canaries: [{ weight: 30 }]"));
}

#[test]
fn every_field_of_a_spec_is_read_and_written() {
    let yaml = r#"
total: 1000
canaries:
  - name: blue
    weight: 30
    position: 970
    header: { name: X-Canary }
    cookie: { name: cohort, value: beta }
  - name: green
    position: 0
    header: { name: x-region, pattern: "^eu-" }
affinity:
  cookie: { name: route, precedence: afterRules, pins: stable, revision: "7", maxAge: 86400, path: /, domain: a.test, sameSite: Lax, secure: true }
"#;
    let policy = policy(yaml);
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(
        written,
        serde_json::json!({
            "total": 1000,
            "canaries": [
                { "name": "blue", "weight": 30, "position": 970, "header": { "name": "x-canary" }, "cookie": { "name": "cohort", "value": "beta" } },
                { "name": "green", "position": 0, "header": { "name": "x-region", "pattern": "^eu-" } },
            ],
            "affinity": { "cookie": {
                "name": "route", "precedence": "afterRules", "pins": "stable", "revision": "7", "maxAge": 86400,
                "path": "/", "domain": "a.test", "sameSite": "Lax", "secure": true,
            } },
        })
    );
    assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), policy);
}

#[test]
fn defaults_are_not_written() {
    let yaml = "{ total: 100, canaries: [{ name: canary, weight: 0 }], affinity: { key: { cookie: uid, salt: '' } } }";
    let written = serde_json::to_string(&policy(yaml)).unwrap();
    assert_eq!(written, r#"{"canaries":[{}],"affinity":{"key":{"cookie":"uid"}}}"#);
    // The name of a single canary is left out only if it is the default, and the names of several are not.
    for spec in [r#"{"canaries":[{"name":"next"}]}"#, r#"{"canaries":[{"name":"canary"},{"name":"next"}]}"#] {
        assert_eq!(serde_json::to_string(&policy(spec)).unwrap(), spec);
    }
}

/// Each row is an invalid spec and its problems.
#[test]
fn every_problem_names_its_field() {
    let long = "x".repeat(300);
    let rows: &[(&str, &[&str])] = &[
        ("canaries: []", &["canaries: no canary is given: a policy has at least one"]),
        ("{ canaries: [{}], total: 0 }", &["total: 0 is not a total: expected 1 to 4294967295"]),
        ("{ canaries: [{}], total: 4294967296 }", &["total: 4294967296 is not a total: expected 1 to 4294967295"]),
        ("canaries: [{ weight: 101 }]", &["canaries[0].weight: 101 is more than the total 100"]),
        ("canaries: [{ weight: -1 }]", &["canaries[0].weight: -1 is not a weight: expected 0 to 4294967295"]),
        (
            "canaries: [{ name: a, weight: 60 }, { name: b, weight: 60 }]",
            &["canaries: the weights add up to 120, more than the total 100"],
        ),
        ("canaries: [{ position: -1 }]", &["canaries[0].position: -1 is not a position: expected 0 to 4294967295"]),
        (
            "canaries: [{ weight: 30, position: 71 }]",
            &["canaries[0].position: the interval of 30 parts from position 71 ends after the total 100"],
        ),
        (
            "canaries: [{ name: a, position: 5 }, { name: b, weight: 5 }]",
            &["canaries[1].position: the position is missing: if one canary has a position, each needs one"],
        ),
        (
            "canaries: [{ name: a, weight: 10, position: 20 }, { name: b, weight: 15, position: 6 }, { name: c, weight: 9, position: 12 }]",
            &[
                "canaries[2].position: the interval 12..21 overlaps with the interval 6..21 of `b`",
                "canaries[2].position: the interval 12..21 overlaps with the interval 20..30 of `a`",
            ],
        ),
        ("canaries: [{ name: a }, { name: a }]", &["canaries[1].name: `a` names two canaries: names are unique"]),
        (
            "canaries: [{}, { name: a }]",
            &["canaries[0].name: the name is missing: if a policy has several canaries, each needs a name"],
        ),
        (
            "canaries: [{ name: stable }]",
            &["canaries[0].name: `stable` names the stable variant: a canary needs another name"],
        ),
        (
            "canaries: [{ name: My_App }]",
            &[
                "canaries[0].name: `My_App` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
            ],
        ),
        (
            "canaries: [{ header: { name: x canary } }]",
            &[
                "canaries[0].header.name: `x canary` is not a header name: expected 1 to 256 letters, digits or !#$%&'*+-.^_`|~",
            ],
        ),
        (
            "canaries: [{ cookie: { name: 'a;b' } }]",
            &[
                "canaries[0].cookie.name: `a;b` is not a cookie name: expected 1 to 256 letters, digits, inner spaces or !#$%&'*+-./:^_`|~",
            ],
        ),
        (
            "canaries: [{ cookie: { name: a, value: 'b;c' } }]",
            &[
                "canaries[0].cookie.value: `b;c` is not a cookie value: expected at most 4096 bytes, no control characters, no `;` and no space or tab at the ends",
            ],
        ),
        (
            r#"canaries: [{ header: { name: a, value: "b\nc" } }]"#,
            &[
                r"canaries[0].header.value: `b\nc` is not a header value: expected at most 4096 bytes, no control characters and no space or tab at the ends",
            ],
        ),
        (
            "canaries: [{ header: { name: a, value: b, pattern: c } }]",
            &["canaries[0].header: `value` and `pattern` are both given: give one of them"],
        ),
        ("{ canaries: [{}], affinity: {} }", &["affinity: neither `cookie` nor `key` is given: give one of them"]),
        (
            "{ canaries: [{}], affinity: { cookie: { name: a }, key: { header: b } } }",
            &["affinity: `cookie` and `key` are both given: give one of them"],
        ),
        (
            "{ canaries: [{}], affinity: { key: {} } }",
            &["affinity.key: neither `header` nor `cookie` is given: give one of them"],
        ),
        (
            "{ canaries: [{}], affinity: { key: { header: b, cookie: c } } }",
            &["affinity.key: `header` and `cookie` are both given: give one of them"],
        ),
        (
            "{ canaries: [{}], affinity: { cookie: { name: '', revision: 'a|b', maxAge: -1, path: x, domain: 'a;b' } } }",
            &[
                "affinity.cookie.name: `` is not a cookie name: expected 1 to 256 letters, digits, inner spaces or !#$%&'*+-./:^_`|~",
                "affinity.cookie.revision: `a|b` is not a revision: expected 1 to 63 letters, digits, `-`, `_` or `.`",
                "affinity.cookie.maxAge: -1 is not a max age: expected 0 to 4294967295 seconds",
                "affinity.cookie.path: `x` is not a cookie path: expected `/` and at most 1023 more printable ASCII characters, without `;`",
                "affinity.cookie.domain: `a;b` is not a cookie domain: expected at most 253 characters, letters, digits and inner `-` between single dots",
            ],
        ),
        (
            &format!("{{ canaries: [{{}}], affinity: {{ key: {{ header: b, salt: {long} }} }} }}"),
            &["affinity.key.salt: the salt has 300 bytes: expected at most 256"],
        ),
        (
            "{ total: -1, canaries: [{ name: a, weight: 9999999999, header: { name: '(', pattern: '(' } }, { name: a }] }",
            &[
                "total: -1 is not a total: expected 1 to 4294967295",
                "canaries[0].weight: 9999999999 is not a weight: expected 0 to 4294967295",
                "canaries[0].header.name: `(` is not a header name: expected 1 to 256 letters, digits or !#$%&'*+-.^_`|~",
                "canaries[0].header.pattern: the pattern `(` is refused at byte 0: unclosed group",
                "canaries[1].name: `a` names two canaries: names are unique",
            ],
        ),
    ];
    for (yaml, expected) in rows {
        assert_eq!(problems(yaml), *expected, "{yaml}");
    }
}

#[test]
fn an_unknown_field_is_an_error() {
    let error = serde_json::from_str::<Spec>(r#"{ "canaries": [{ "wieght": 30 }] }"#).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `wieght`, expected one of `name`, `weight`"), "{error}");
}

#[test]
fn messages_shorten_long_values() {
    let error = CanaryName::new(&"x".repeat(200_000)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "`{}… (200000 bytes)` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
            "x".repeat(80)
        )
    );
}

/// Each row is an affinity cookie, and the field whose value would make browsers drop it.
#[test]
fn a_cookie_that_browsers_drop_is_refused() {
    let rows = [
        ("name: __Secure-route, secure: false", "affinity.cookie.secure"),
        ("name: __host-route, path: /shop", "affinity.cookie.path"),
        ("name: __Host-route, domain: a.test", "affinity.cookie.domain"),
        ("name: route, domain: '...'", "affinity.cookie.domain"),
        ("name: route, domain: '-'", "affinity.cookie.domain"),
        ("name: route, domain: a.test.", "affinity.cookie.domain"),
        ("name: route, domain: a-.test", "affinity.cookie.domain"),
    ];
    for (cookie, field) in rows {
        let problems = problems(&format!("{{ canaries: [{{}}], affinity: {{ cookie: {{ {cookie} }} }} }}"));
        assert!(problems.len() == 1 && problems[0].starts_with(&format!("{field}: ")), "{cookie}: {problems:?}");
    }
    let set_cookie = |cookie: &str| {
        let policy = policy(&format!("{{ canaries: [{{}}], affinity: {{ cookie: {{ {cookie} }} }} }}"));
        let set_cookie = Selector::new(&policy).select(&(), Sample::MAX).set_cookie.unwrap();
        // The spec has what the name makes of the policy.
        assert_eq!(Policy::try_from(Spec::from(&policy)).unwrap(), policy);
        cookie_text(&set_cookie).to_owned()
    };
    assert_eq!(set_cookie("name: __Secure-route"), "__Secure-route=stable; Path=/; Secure; HttpOnly");
    assert_eq!(set_cookie("name: __Host-route, path: /"), "__Host-route=stable; Path=/; Secure; HttpOnly");
    assert_eq!(set_cookie("name: route, domain: .a.test"), "route=stable; Domain=.a.test; Path=/; HttpOnly");

    let affinity = CookieAffinity::new("__HOST-route").unwrap().with_secure(false);
    assert!(affinity.secure() && affinity.path() == Some("/"));
    assert!(affinity.clone().with_path("/shop").is_err() && affinity.with_domain("a.test").is_err());
}

/// Each row is a field, a value of a wrong type, and what is said about it. A value of a wrong type hides no other problem.
#[test]
fn a_value_of_a_wrong_type_is_a_problem_of_its_field() {
    let number = "a whole number of at most 64 bits";
    let rows = [
        ("total", json!(true), "`true` is given", number),
        ("total", json!("100"), "the text `100` is given", number),
        ("total", json!([1]), "a list is given", number),
        ("total", json!({ "a": 1 }), "an object is given", number),
        ("affinity", json!([]), "a list is given", "an object"),
        ("affinity", json!(true), "`true` is given", "an object"),
    ];
    let name = "canaries[0].name: `-` is not a canary's name: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends";
    for (field, value, found, expected) in rows {
        let mut spec = json!({ "canaries": [{ "name": "-", "weight": 1 }] });
        spec[field] = value;
        let error = serde_json::from_str::<Policy>(&spec.to_string()).unwrap_err().to_string();
        let error = error.split(" at line").next().unwrap();
        assert_eq!(error, format!("{field}: {found}: expected {expected}\n{name}"));
    }
    for (value, found) in [(json!(null), "null"), (json!(1), "`1`"), (json!({}), "an object"), (json!(true), "`true`")]
    {
        let error = serde_json::from_value::<Policy>(json!({ "canaries": value })).unwrap_err().to_string();
        assert_eq!(error, format!("canaries: {found} is given: expected a list"));
    }
    let error = serde_json::from_str::<Policy>(r#"{ "canaries": { "weight": 1, "name": "next" } }"#).unwrap_err();
    assert_eq!(error.to_string().split(" at line").next(), Some("canaries: an object is given: expected a list"));
    // A part that is left out may be null.
    let spec = json!({ "total": null, "affinity": null, "canaries": [{ "weight": 1, "header": null }] });
    assert_eq!(serde_json::from_value::<Policy>(spec).unwrap(), policy("canaries: [{ weight: 1 }]"));
}

/// A whole number as other formats than JSON and YAML present it: CBOR as one that may be absent, and others with 128 bits.
enum Number {
    OfCbor(Option<i64>),
    Signed(i128),
    Unsigned(u128),
}

impl<'de> Deserializer<'de> for Number {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Number::OfCbor(None) => visitor.visit_none(),
            Number::OfCbor(Some(number)) => visitor.visit_some(number.into_deserializer()),
            Number::Signed(number) => visitor.visit_i128(number),
            Number::Unsigned(number) => visitor.visit_u128(number),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, ValueError> for Number {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What is absent in another format is `null`.
#[test]
fn a_list_that_another_format_has_as_absent_is_a_problem() {
    let spec = Spec::deserialize(MapDeserializer::new([("canaries", Number::OfCbor(None))].into_iter()));
    let error = Policy::try_from(spec.unwrap()).unwrap_err().to_string();
    assert_eq!(error, "canaries: null is given: expected a list");
}

/// Each row is a number of another format, and the weight that is read, or the problem.
#[test]
fn numbers_of_other_formats_are_read() {
    let rows = [
        (Number::OfCbor(None), Ok(None)),
        (Number::OfCbor(Some(5)), Ok(Some(5))),
        (Number::Signed(-5), Ok(Some(-5))),
        (Number::Unsigned(5), Ok(Some(5))),
        (Number::Signed(1 << 100), Err("weight: `1267650600228229401496703205376` is given")),
        (Number::Unsigned(1 << 100), Err("weight: `1267650600228229401496703205376` is given")),
    ];
    for (number, expected) in rows {
        let canary = CanarySpec::deserialize(MapDeserializer::new([("weight", number)].into_iter()));
        match expected {
            Ok(weight) => assert_eq!(canary.unwrap().weight, weight),
            Err(problem) => {
                let error = canary.unwrap_err().to_string();
                assert_eq!(error, format!("{problem}: expected a whole number of at most 64 bits"));
            }
        }
    }
}
