//! Documents: valid specs and routes, and the same with something changed.

use canary_policy::policy::strategy::{nearly_valid_spec, spec};
use canary_policy::route::strategy::route;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Policies as documents: two of three valid, or with one problem, or with changes.
pub fn policies() -> BoxedStrategy<Value> {
    let written = |spec| serde_json::to_value(spec).unwrap();
    let valid = spec().prop_map(written).boxed();
    let nearly = nearly_valid_spec().prop_map(move |(spec, _)| written(spec)).boxed();
    prop_oneof![1 => valid.clone(), 1 => nearly.clone(), 3 => changed(valid), 1 => changed(nearly)].boxed()
}

/// Routes as documents: some valid, the others with changes.
pub fn routes() -> BoxedStrategy<Value> {
    let valid = (0..4_usize).prop_flat_map(route).prop_map(|route| serde_json::to_value(route).unwrap()).boxed();
    prop_oneof![1 => valid.clone(), 3 => changed(valid)].boxed()
}

/// The document with one to three changes.
fn changed(documents: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let change = (any::<prop::sample::Index>(), 0..8_u8, select(values()), select(FIELDS.to_vec()));
    (documents, vec(change, 1..=3))
        .prop_map(|(mut document, changes)| {
            for (place, kind, value, field) in changes {
                let mut places = Vec::new();
                pointers(&document, String::new(), &mut places);
                let at = document.pointer_mut(&places[place.index(places.len())]).unwrap();
                match (kind, at) {
                    (0, Value::Object(fields)) => drop(fields.insert(field.to_owned(), value)),
                    (1, Value::Array(items)) => items.extend(items.first().cloned()),
                    (2, Value::Object(fields)) => drop(fields.remove(field)),
                    (3, Value::Array(items)) => drop(items.pop()),
                    (_, at) => *at = value,
                }
            }
            document
        })
        .boxed()
}

/// The places of all values in a document, below the root.
fn pointers(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| pointers(value, format!("{at}/{name}"), places));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, format!("{at}/{index}"), places));
        }
        _ => {}
    }
    places.push(at);
}

/// The names of fields, and two that are unknown.
const FIELDS: [&str; 30] = [
    "total",
    "canaries",
    "affinity",
    "name",
    "weight",
    "position",
    "header",
    "cookie",
    "value",
    "pattern",
    "key",
    "precedence",
    "pins",
    "revision",
    "maxAge",
    "path",
    "domain",
    "sameSite",
    "secure",
    "salt",
    "hash",
    "namespace",
    "hosts",
    "paths",
    "parents",
    "stable",
    "formerTokens",
    "pathType",
    "wieght",
    "mirror",
];

/// Texts at the bounds of what fields may be, and beyond them, between spaces: a row for each kind of field.
const TEXTS: [&str; 8] = [
    // Names and values of headers and cookies.
    "a A 9 - a- a-b é a;b a,b a=b a\"b a:b a/b a.b_c-D always x-user x_user a\u{7f} a\u{80}",
    // Names of cookies that browsers treat in their own way.
    "__Host-a __hOst-a __secure-a __Http-a __Hostile",
    // Names of canaries.
    "stable canary canary-0 Canary",
    // Patterns.
    "( a(?=b) ^a$ [a-z]{2,3} a++ a.{0,1000}c",
    // Paths.
    "/ /a /a/ /%41 /%2f /%2C /%C3 /%00 /%7f /%7e /%4 /a//b /. /.. /... /./a /a/../b /.a /a;b",
    // Hosts.
    "a.test .a.test a..test A.test *.a.test * *.*.test a.*.test 1.2.3.4 01.2.3.4 1.2.3.256 1.2.3 *.1.2.3.4",
    // Backends.
    "web:80 web:0 web:65535 web:65536 web:080 web:+80 web:http web:a--b web:8080a web:-a web: web:abcdefghijklmno \
     web:abcdefghijklmnop 9web shop/web:80 shop/ /web a/b/c",
    // Words that a field may be.
    "Exact Prefix prefix beforeRules afterRules everyone Lax lax None xxh64 flagdCbor md5 7",
];

/// Texts with white space, and none.
const SPACED_TEXTS: [&str; 9] = ["", " ", "a b", " a", "a ", "a\tb", "\ta", "a\nb", "/a b"];

/// The lengths of texts, on both sides of each bound.
const LENGTHS: [usize; 16] = [62, 63, 64, 253, 254, 255, 256, 257, 316, 317, 1023, 1024, 1025, 4095, 4096, 4097];

/// Values that are no texts, in JSON.
const OTHERS: &str = r#"[
    null, true, false, 0, 1, -1, 50, 100, 101, 4294967295, 4294967296, 18446744073709551615, 30.0, 30.5,
    [], {}, ["a"], [null], [{}],
    { "name": "a" },
    { "name": "a", "value": "b" },
    { "path": "/a/", "pathType": "Prefix" },
    { "stable": "a", "canaries": ["a"] },
    { "cookie": { "name": "__Host-a", "domain": "a.test" } },
    { "cookie": { "name": "__secure-a", "secure": false } },
    { "key": { "header": "x-user", "cookie": "uid" } }
]"#;

/// Values at the bounds of what fields may be, and beyond them.
fn values() -> Vec<Value> {
    let texts = TEXTS.iter().flat_map(|row| row.split(' ')).chain(SPACED_TEXTS).map(|text| json!(text));
    let long = LENGTHS.into_iter().flat_map(|length| {
        [json!("a".repeat(length)), json!(format!("/{}", "a".repeat(length - 1))), json!("é".repeat(length / 2 + 1))]
    });
    let labels = [63, 64].map(|length| json!(format!("{}.test", "a".repeat(length))));
    let salt = json!({ "key": { "header": "x-user", "salt": "é".repeat(200) } });
    let others: Vec<Value> = serde_json::from_str(OTHERS).unwrap();
    texts.chain(long).chain(labels).chain(others).chain([salt]).collect()
}
