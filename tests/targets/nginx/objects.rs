//! Ingress and Service objects as JSON: everything is kept, and what is missing has its default.

use canary_policy::targets::nginx::{
    Cluster, Flags, Ingress, LintKind, Service, ServiceManifest, canary_ingress, lint,
};
use serde_json::{Value, json};

use crate::util::policy;

/// An Ingress with fields of every object that the crate does not know.
fn object() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "web", "namespace": "shop", "annotations": { "a.test/b": "c" }, "creationTimestamp": "2026-03-01T09:00:00Z",
            "labels": { "app": "web" }, "managedFields": [{ "manager": "m", "fieldsV1": { "f:spec": {} } }],
        },
        "spec": {
            "ingressClassName": "nginx",
            "defaultBackend": { "resource": { "apiGroup": "a.test", "kind": "Bucket", "name": "files", "new": 1 }, "new": 2 },
            "rules": [{ "host": "a.test", "new": 3, "http": { "new": 4, "paths": [{
                "path": "/", "pathType": "Prefix", "new": 5,
                "backend": { "service": { "name": "web", "new": 6, "port": { "number": 80, "new": 7 } } },
            }] } }],
            "tls": [{ "hosts": ["a.test"], "secretName": "tls", "new": 8 }],
            "new": { "nested": [null, 9] },
        },
        "status": { "loadBalancer": {} },
    })
}

#[test]
fn an_ingress_that_is_read_and_written_is_the_same() {
    let ingress: Ingress = serde_json::from_value(object()).unwrap();
    assert_eq!(serde_json::to_value(&ingress).unwrap(), object());
    assert_eq!(ingress.spec.unknown.names().collect::<Vec<_>>(), ["new"]);
    assert_eq!(ingress.unknown.names().collect::<Vec<_>>(), ["status"]);
}

/// Each row is an object, and what it is written as.
#[test]
fn what_is_missing_or_null_has_its_default() {
    let written = |fields: Value| {
        let mut written = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress" });
        written.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        written
    };
    let backend = |backend: Value| json!({ "spec": { "defaultBackend": backend } });
    for (read, expected) in [
        (json!({}), json!({ "metadata": {} })),
        (json!({ "metadata": null, "spec": null, "status": null }), json!({ "metadata": {} })),
        (
            json!({ "metadata": { "name": null, "namespace": null, "annotations": null, "creationTimestamp": null } }),
            json!({ "metadata": {} }),
        ),
        (json!({ "spec": { "rules": null, "tls": [], "ingressClassName": null } }), json!({ "metadata": {} })),
        (
            json!({ "spec": { "rules": [{ "http": {} }, {}] } }),
            json!({ "metadata": {}, "spec": { "rules": [{ "http": { "paths": [] } }, {}] } }),
        ),
        (
            json!({ "spec": { "rules": [{ "http": { "paths": [{ "pathType": null }] } }] } }),
            json!({ "metadata": {}, "spec": { "rules": [{ "http": { "paths": [{ "pathType": "", "backend": {} }] } }] } }),
        ),
        (
            backend(json!({ "service": {} })),
            json!({ "metadata": {}, "spec": { "defaultBackend": { "service": { "name": "" } } } }),
        ),
    ] {
        let ingress: Ingress = serde_json::from_value(read.clone()).unwrap_or_else(|error| panic!("{read}: {error}"));
        assert_eq!(serde_json::to_value(&ingress).unwrap(), written(expected), "{read}");
    }
}

/// Each row is a part of an object that makes it another one, and the error.
#[test]
fn other_objects_are_refused() {
    for (place, value, error) in [
        ("/apiVersion", json!("v1"), "invalid value: string \"v1\", expected networking.k8s.io/v1"),
        ("/kind", json!("IngressClass"), "invalid value: string \"IngressClass\", expected Ingress"),
        (
            "/metadata/creationTimestamp",
            json!("today"),
            "`today` is not a time: expected one such as 2026-03-01T09:00:00Z",
        ),
        ("/metadata/annotations/a.test~1b", json!(null), "invalid type: null, expected a string"),
        ("/spec/rules", json!({}), "invalid type: map, expected a sequence"),
        (
            "/spec/rules/0/http/paths/0/backend/service/port/number",
            json!("80"),
            "invalid type: string \"80\", expected i32",
        ),
    ] {
        let mut object = object();
        *object.pointer_mut(place).unwrap() = value;
        assert_eq!(serde_json::from_value::<Ingress>(object).unwrap_err().to_string(), error, "{place}");
    }
}

/// Each row is a Service object, and the Service or the error.
#[test]
fn services_are_read_from_objects() {
    let shop = |ports: Value| json!({ "metadata": { "name": "web", "namespace": "shop" }, "spec": { "ports": ports } });
    let read = |object: Value| serde_json::from_value::<ServiceManifest>(object).map(Service::from);
    let web = Service::new("shop", "web");
    for (object, expected) in [
        (shop(json!([])), web.clone()),
        (shop(json!(null)), web.clone()),
        (json!({ "metadata": { "name": "web" }, "spec": null }), Service::new("default", "web")),
        (json!({ "kind": "Service", "metadata": { "name": "web", "namespace": "" } }), Service::new("default", "web")),
    ] {
        assert_eq!(read(object.clone()).unwrap(), expected, "{object}");
    }
    let error = |object: Value| read(object).unwrap_err().to_string();
    assert_eq!(
        error(json!({ "apiVersion": "serving.knative.dev/v1", "kind": "Service" })),
        "invalid value: string \"serving.knative.dev/v1\", expected v1"
    );
    assert_eq!(error(shop(json!([{ "name": "http" }]))), "missing field `port`");
    let wrong = shop(json!([{ "port": 80, "targetPort": 5_000_000_000_u64 }]));
    assert_eq!(error(wrong), "expected a number of 32 bits or a text");
}

/// An Ingress that differs from one of its name in its status only is the same for the controller.
#[test]
fn a_status_replaces_nothing() {
    let with = |status: Value| -> Ingress {
        let mut object = object();
        object["status"] = status;
        serde_json::from_value(object).unwrap()
    };
    let cluster = |second: Ingress| Cluster::new(Flags::default()).with_ingresses([with(json!({})), second]);
    let replaced = |cluster: &Cluster| lint(cluster).iter().any(|finding| finding.kind == LintKind::Replaced);
    assert!(!replaced(&cluster(with(json!({ "loadBalancer": { "ingress": [] } })))));
    let mut other = with(json!({}));
    other.spec.ingress_class_name = None;
    assert!(replaced(&cluster(other)));
}

/// A canary Ingress keeps what a later Kubernetes adds to a path or a Service, and refuses a Service that is the stable one but
/// for such a field.
#[test]
fn unknown_fields_of_paths_are_copied() {
    let stable: Ingress = serde_json::from_value(object()).unwrap();
    let write = |canary: &str| {
        let params = canary_policy::targets::nginx::IngressParams::new(canary.parse().unwrap());
        canary_ingress(&stable, &policy("canaries: [{ weight: 30 }]"), &params)
    };
    let rules = serde_json::to_value(write("web-2").unwrap().output.ingress.spec.rules).unwrap();
    assert_eq!(rules[0]["http"]["paths"][0]["new"], 5);
    assert_eq!(rules[0]["http"]["paths"][0]["backend"]["service"]["new"], 6);
    assert!(write("web").unwrap_err().to_string().starts_with("`web:80` is the stable Service"));
}
