//! Decisions: what a host can do with them, and how they are written in JSON.

use std::fmt::Debug;
use std::sync::Arc;
use std::thread;

use canary_policy::policy::Token;
use canary_policy::{Decision, Reason, Sample, Selector, Variant};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::util::{CANARY, SECOND, STABLE, cookie_text, policy};

const AFFINITY: &str = "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }";

/// Holds that a value is written in this way and read back.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, written: &Value) {
    assert_eq!(&serde_json::to_value(value).unwrap(), written);
    assert_eq!(&serde_json::from_value::<T>(written.clone()).unwrap(), value);
}

#[test]
fn decisions_and_their_parts_are_written_and_read() {
    check(&STABLE, &json!("stable"));
    check(&SECOND, &json!("canaries[1]"));
    assert_eq!(
        serde_json::from_str::<Variant>(r#""canary""#).unwrap_err().to_string(),
        "`canary` is not a variant: expected `stable` or `canaries[INDEX]`"
    );
    for (reason, word) in [
        (Reason::Affinity, "affinity"),
        (Reason::Header, "header"),
        (Reason::Cookie, "cookie"),
        (Reason::Weight, "weight"),
    ] {
        check(&reason, &json!(word));
        assert_eq!((reason.as_str(), reason.to_string().as_str()), (word, word));
    }
    check(&Sample::MIN, &json!(0));
    check(&Sample::MAX, &json!(u64::MAX));

    let decision = Selector::new(&policy("canaries: [{ weight: 30 }]")).select(&(), Sample::MIN);
    check(&decision, &json!({ "variant": "canaries[0]", "reason": "weight" }));
    let decision = Selector::new(&policy(AFFINITY)).select(&(), Sample::MAX);
    check(
        &decision,
        &json!({ "variant": "stable", "reason": "weight", "setCookie": "route=stable; Path=/; HttpOnly" }),
    );
    let split = json!({ "variant": "stable", "reason": "weight", "setCookie": "a=b\r\nc: d" });
    assert!(serde_json::from_value::<Decision>(split).is_err(), "a line end would be a second header");
}

/// A host keeps a selector in an `Arc`, or clones it, and keeps decisions beside it.
#[test]
fn a_decision_outlives_its_selector() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Selector>();
    is_shared::<Decision>();

    let selector = Arc::new(Selector::new(&policy(AFFINITY)));
    let threads = [Sample::MIN, Sample::MAX].map(|sample| {
        let selector = Arc::clone(&selector);
        thread::spawn(move || selector.select(&(), sample))
    });
    let clone = Selector::clone(&selector);
    drop(selector);
    let [canary, stable] = threads.map(|thread| thread.join().unwrap());
    assert_eq!((canary.variant, stable.variant), (CANARY, STABLE));
    assert_eq!(canary.set_cookie.as_ref().map(cookie_text), Some("route=canary; Path=/; HttpOnly"));
    assert_eq!(clone.select(&(), Sample::MIN), canary);
}

/// A selector has the policy that it decides by, and the names of its variants.
#[test]
fn a_selector_has_its_policy() {
    let policy = policy("canaries: [{ name: blue, weight: 1 }, { name: green, weight: 2 }]");
    let token = |variant: Variant| Token::new(if variant == STABLE { "a" } else { "b" }).unwrap();
    for selector in [Selector::new(&policy), Selector::with_tokens(&policy, token)] {
        assert_eq!(selector.policy(), &policy);
        assert_eq!(
            [STABLE, CANARY, SECOND].map(|variant| selector.name(variant).unwrap()),
            ["stable", "blue", "green"]
        );
        assert_eq!(selector.name(Variant::Canary(2)), None);
    }
}
