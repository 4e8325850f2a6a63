//! Text that is made to deceive whoever reads it on a terminal, in every position of an input.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Controls of seven and of eight bits, invisible characters, characters that change the order of the text, and a line that
/// looks like a message.
pub const HOSTILE: &str = "\u{1b}[31m\u{9b}2J\u{7f}\u{200b}\u{202e}\u{2066}\u{2028}\u{feff}\r\nforged: x";

/// Every value that differs from this one in one key or one text, which is now hostile.
pub fn hostile(value: &Value) -> Vec<Value> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![json!(HOSTILE)],
        Value::String(text) => vec![json!(HOSTILE), json!(format!("{text}{HOSTILE}"))],
        Value::Array(items) => {
            let replaced = |index: usize, item: Value| {
                let mut items = items.clone();
                items[index] = item;
                Value::Array(items)
            };
            let each = items.iter().enumerate();
            each.flat_map(|(index, item)| hostile(item).into_iter().map(move |item| replaced(index, item))).collect()
        }
        Value::Object(fields) => {
            let replaced = |old: &String, new: &str, value: Value| {
                let rest =
                    fields.iter().filter(|(key, _)| *key != old).map(|(key, value)| (key.clone(), value.clone()));
                Value::Object(rest.chain([(new.to_owned(), value)]).collect::<Map<_, _>>())
            };
            let keys = fields.iter().map(|(key, value)| replaced(key, &format!("{key}{HOSTILE}"), value.clone()));
            let further = replaced(&String::new(), HOSTILE, json!(1));
            let values = fields
                .iter()
                .flat_map(|(key, value)| hostile(value).into_iter().map(move |value| replaced(key, key, value)));
            keys.chain(values).chain([further]).collect()
        }
    }
}

/// The characters of a text that a terminal would not show as they are, without line ends.
pub fn raw(text: &str) -> BTreeSet<char> {
    let is_shown = |letter: char| "\n\\'\"".contains(letter) || letter.escape_debug().eq([letter]);
    text.chars().filter(|letter| !is_shown(*letter)).collect()
}

/// Two Ingresses and an object of another kind; the policy and the route use every field.
pub fn ingresses() -> [Value; 3] {
    let ingress = |name: &str, service: &str, annotations: Value| {
        let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
            "spec": {
                "ingressClassName": "nginx",
                "tls": [{ "hosts": ["a.test"], "secretName": "shop" }],
                "rules": [{ "host": "a.test", "http": { "paths": [
                    { "path": "/", "pathType": "ImplementationSpecific", "backend": backend },
                    { "path": "/cart", "pathType": "Prefix", "backend": backend },
                ] } }],
            },
        })
    };
    let stable = ingress(
        "web",
        "web",
        json!({
            "nginx.ingress.kubernetes.io/affinity": "cookie",
            "nginx.ingress.kubernetes.io/session-cookie-name": "r",
            "nginx.ingress.kubernetes.io/session-cookie-path": "/a",
            "nginx.ingress.kubernetes.io/session-cookie-domain": "a.test",
            "nginx.ingress.kubernetes.io/session-cookie-samesite": "Lax",
            "nginx.ingress.kubernetes.io/session-cookie-expires": "60",
            "nginx.ingress.kubernetes.io/upstream-hash-by": "$uri",
            "nginx.ingress.kubernetes.io/auth-url": "a",
            "kubernetes.io/ingress.class": "nginx",
        }),
    );
    let canary = ingress(
        "web-canary",
        "next",
        json!({
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/canary-weight": "10",
            "nginx.ingress.kubernetes.io/canary-by-header": "x-canary",
            "nginx.ingress.kubernetes.io/canary-by-header-pattern": "a",
            "nginx.ingress.kubernetes.io/canary-by-cookie": "c",
            "nginx.ingress.kubernetes.io/canary-x": "c",
        }),
    );
    [stable, canary, json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web", "namespace": "a" } })]
}

/// A policy that uses every field.
pub fn spec() -> Value {
    json!({
        "total": 100,
        "canaries": [{
            "name": "canary",
            "weight": 1,
            "header": { "name": "x-canary", "value": "a" },
            "cookie": { "name": "c", "pattern": "a" },
        }],
        "affinity": { "cookie": {
            "name": "r",
            "precedence": "afterRules",
            "pins": "everyone",
            "revision": "7",
            "maxAge": 60,
            "path": "/a",
            "domain": "a.test",
            "sameSite": "Lax",
            "secure": true,
        } },
    })
}
