//! A policy that is put into a canary Ingress that exists.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::Policy;
use canary_policy::policy::strategy;
use canary_policy::targets::nginx::{
    CanaryIngress, Dialect, Flags, Ingress, IngressParams, Pair, Prefix, canary_ingress,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::manifest::ingress;
use crate::util::merge_patch::merged;
use crate::util::{cases, policy};

const PREFIX: &str = "nginx.ingress.kubernetes.io";

fn stable() -> Ingress {
    ingress(
        "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: web, namespace: shop, annotations: {
             nginx.ingress.kubernetes.io/load-balance: ewma } },
           spec: { ingressClassName: nginx, rules: [{ host: a.test, http: { paths: [
             { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ] } }] } }",
    )
}

/// A canary Ingress with this annotation, as an operator finds it in a cluster: with fields of others, and with a spec that was
/// written for another stable Ingress.
fn existing(annotations: &Value) -> Ingress {
    let mut object = json!({
        "metadata": {
            "name": "web-canary", "namespace": "shop", "uid": "1", "resourceVersion": "7", "labels": { "team": "shop" },
            "creationTimestamp": "2026-03-01T09:00:00Z", "ownerReferences": [{ "kind": "Release", "name": "web" }],
            "annotations": { "a.test/owner": "shop", (format!("{PREFIX}/affinity-mode")): "balanced" },
        },
        "spec": {
            "ingressClassName": "other", "defaultBackend": { "service": { "name": "old", "port": { "number": 80 } } },
            "rules": [{ "host": "old.test" }], "tls": [{ "hosts": ["a.test"], "secretName": "tls" }], "new": true,
        },
        "status": { "loadBalancer": {} },
    });
    let all = object["metadata"]["annotations"].as_object_mut().unwrap();
    all.extend(annotations.as_object().unwrap().clone());
    serde_json::from_value(object).unwrap()
}

fn written(policy: &Policy, flags: &Flags) -> CanaryIngress {
    let params = IngressParams::new("web-2".parse().unwrap()).with_name("web-canary").with_flags(flags.clone());
    canary_ingress(&stable(), policy, &params).unwrap_or_else(|error| panic!("{error}")).output
}

fn applied(written: &CanaryIngress, existing: &Ingress) -> Ingress {
    let mut ingress = existing.clone();
    written.apply_to(&mut ingress).unwrap_or_else(|error| panic!("{error}"));
    ingress
}

/// Everything that is not of the policy stays as it is, and the rest is that of a new canary Ingress.
#[test]
fn only_what_is_of_the_policy_changes() {
    let written = written(&policy("canaries: [{ weight: 30 }]"), &Flags::default());
    let before = existing(&json!({ (format!("{PREFIX}/canary-by-header")): "x" }));
    let mut expected = serde_json::to_value(&before).unwrap();
    let new = serde_json::to_value(&written.ingress).unwrap();
    expected["metadata"]["annotations"] = json!({
        "a.test/owner": "shop",
        (format!("{PREFIX}/affinity-mode")): "balanced",
        (format!("{PREFIX}/canary")): "true",
        (format!("{PREFIX}/canary-weight")): "30",
        (format!("{PREFIX}/load-balance")): "ewma",
    });
    expected["spec"]["rules"] = new["spec"]["rules"].clone();
    expected["spec"]["ingressClassName"] = json!("nginx");
    expected["spec"].as_object_mut().unwrap().remove("defaultBackend");
    assert_eq!(serde_json::to_value(applied(&written, &before)).unwrap(), expected);
}

/// Each row is an annotation of an older policy, or of another tool, and whether a policy of a weight alone takes it out.
#[test]
fn annotations_of_older_policies_are_taken_out() {
    let written = written(&policy("canaries: [{ weight: 30 }]"), &Flags::default());
    for (annotation, is_taken_out) in [
        ("canary-weight-total", true),
        ("canary-by-header", true),
        ("canary-by-header-value", true),
        ("canary-by-header-pattern", true),
        ("canary-by-cookie", true),
        ("canary-by-cookie-value", true),
        ("affinity-canary-behavior", true),
        // The canary would share a cookie that the policy does not have.
        ("affinity", true),
        ("session-cookie-name", true),
        ("session-cookie-max-age", true),
        // The stable Ingress does not have it, and the canary would choose its endpoints in another way.
        ("upstream-hash-by", true),
        ("affinity-mode", false),
        ("rewrite-target", false),
        ("canary-of-another-tool", false),
    ] {
        let key = format!("{PREFIX}/{annotation}");
        let after = applied(&written, &existing(&json!({ (key.clone()): "v" })));
        assert_eq!(!after.metadata.annotations.contains_key(&key), is_taken_out, "{annotation}");
        assert_eq!(written.canary_edit.get(&key), is_taken_out.then_some(&None), "{annotation}");
    }
    let class = "kubernetes.io/ingress.class";
    let after = applied(&written, &existing(&json!({ (class): "other" })));
    assert_eq!(after.metadata.annotations.get(class), None);
}

/// The annotations count with every prefix of the dialect, and those of another controller do not matter.
#[test]
fn annotations_are_taken_out_by_prefix() {
    let has = |flags: &Flags, key: &str| {
        let written = written(&policy("canaries: [{ weight: 30 }]"), flags);
        applied(&written, &existing(&json!({ (key): "x" }))).metadata.annotations.contains_key(key)
    };
    let higress = Flags::default().with_dialect(Dialect::HIGRESS);
    let other = Flags::default().with_prefix(Prefix::new("a.test").unwrap());
    assert!(!has(&higress, "higress.io/canary-by-header"));
    assert!(!has(&higress, &format!("{PREFIX}/canary-by-header")));
    assert!(!has(&other, "a.test/canary-by-header"));
    assert!(has(&other, &format!("{PREFIX}/canary-by-header")));
}

/// Each row is the name and the namespace of another Ingress, and the error; `None` is the canary Ingress.
#[test]
fn another_ingress_is_not_changed() {
    let written = written(&policy("canaries: [{ weight: 30 }]"), &Flags::default());
    let is_not = "is not the canary Ingress: expected an Ingress with the name `shop/web-canary`";
    for (name, namespace, error) in [
        ("web-canary", Some("shop"), None),
        ("web-canary", None, None),
        ("web-canary", Some("other"), Some(format!("`other/web-canary` {is_not}"))),
        ("web", Some("shop"), Some(format!("`shop/web` {is_not}"))),
        ("", None, Some(format!("`` {is_not}"))),
    ] {
        let mut ingress = existing(&json!({}));
        (ingress.metadata.name, ingress.metadata.namespace) = (name.to_owned(), namespace.map(str::to_owned));
        let before = ingress.clone();
        let found = written.apply_to(&mut ingress).map_err(|error| error.to_string());
        assert_eq!(found.err(), error, "{name}");
        assert_eq!(ingress == before, error.is_some(), "{name}");
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// Whatever policies came before, the last one decides what the canary Ingress is, twice is as good as once, and the merge
    /// patch leads to the same object.
    #[test]
    fn the_last_policy_decides(before in strategy::policy(), after in strategy::policy()) {
        let flags = Flags::default();
        let (first, last) = (written(&before, &flags), written(&after, &flags));
        let found = existing(&json!({}));
        let once = applied(&last, &found);
        prop_assert_eq!(&applied(&last, &applied(&first, &found)), &once);
        prop_assert_eq!(&applied(&last, &once), &once);

        let edited = serde_json::to_value(applied(&first, &found)).unwrap();
        let patched = merged(&edited, &serde_json::to_value(last.merge_patch()).unwrap());
        prop_assert_eq!(&patched, &serde_json::to_value(&once).unwrap());

        // The controller reads the same policy as from a new canary Ingress.
        let stable = stable();
        let read = |canary: &Ingress| Pair::find(&stable, [canary], &flags).unwrap().read(&flags).unwrap().policy;
        prop_assert_eq!(read(&once), read(&last.ingress));
        // Every annotation that is written is one that a later policy can take out.
        let owned: BTreeSet<&String> = first.canary_edit.keys().collect();
        prop_assert!(last.ingress.metadata.annotations.keys().all(|key| owned.contains(key)));
        let set: BTreeMap<String, String> =
            last.canary_edit.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
        prop_assert_eq!(set, last.ingress.metadata.annotations);
    }
}
