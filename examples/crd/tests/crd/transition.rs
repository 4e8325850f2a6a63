//! Transition rules: what an update may not do to a running release.

use serde_json::{Value, json};

use crate::api_server::ApiServer;
use crate::schema_of;

/// Each row is the affinity before and after an update, and the beginning of what the API server says.
#[test]
fn an_update_keeps_the_variants_of_clients() {
    let key = |salt: &str, hash: Option<&str>| json!({ "key": { "header": "x-user", "salt": salt, "hash": hash } });
    let cookie = |name: &str, revision: Option<&str>| json!({ "cookie": { "name": name, "revision": revision } });
    let (salt, hash) = (Some("a new salt gives"), Some("a new hash gives"));
    let name = Some("with another name of its cookie");
    let (kind, source) = (Some("a cookie instead of a key, or a key"), Some("another header or cookie of the key"));
    let by = |source: &str, name: &str| json!({ "key": { source: name, "salt": "a" } });
    let rows: [(Value, Value, Option<&str>); 25] = [
        (key("a", None), key("a", None), None),
        (key("a", None), key("b", None), salt),
        (key("", None), json!({ "key": { "header": "x-user" } }), None),
        (json!({ "key": { "header": "x-user" } }), key("b", None), salt),
        (key("a", None), key("a", Some("xxh64")), None),
        (key("a", Some("xxh64")), key("a", None), None),
        (key("a", None), key("a", Some("unleash")), hash),
        (key("a", Some("flagd")), key("a", None), hash),
        (cookie("route", None), cookie("route", None), None),
        (cookie("route", None), cookie("route", Some("7")), None),
        (cookie("route", None), cookie("other", None), name),
        (cookie("route", None), cookie("other", Some("7")), None),
        (cookie("route", Some("7")), cookie("other", Some("7")), name),
        (cookie("route", Some("7")), cookie("other", Some("8")), None),
        (cookie("route", Some("7")), cookie("other", None), name),
        (by("header", "x-user"), by("header", "X-User"), None),
        (by("header", "x-user"), by("header", "x-team"), source),
        (by("header", "x-user"), by("cookie", "x-user"), source),
        (by("cookie", "uid"), by("cookie", "UID"), None),
        (by("cookie", "uid"), by("cookie", "user"), source),
        (cookie("route", None), key("a", None), kind),
        (key("a", None), cookie("route", None), kind),
        (key("a", None), cookie("route", Some("7")), kind),
        (json!(null), key("a", None), None),
        (key("a", None), json!(null), None),
    ];
    let server = ApiServer::new(schema_of("policy"));
    let spec = |affinity: &Value, weight: u32| json!({ "canaries": [{ "weight": weight }], "affinity": affinity });
    for (before, after, refused) in rows {
        let refusals = server.update(&spec(&before, 5), &spec(&after, 10));
        assert_eq!(refusals.len(), usize::from(refused.is_some()), "{before} to {after}: {refusals:?}");
        let message = refusals.first().map(|refusal| refusal.text.trim_start_matches(": "));
        assert!(refused.is_none_or(|refused| message.unwrap().starts_with(refused)), "{message:?}");
        // A new object may have any affinity.
        assert_eq!(server.create(&spec(&after, 10)), [], "{after}");
    }
}
