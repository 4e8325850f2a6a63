//! Ingresses of an operator's kube, whatever its version: read, converted, changed, and converted back without a loss.

use canary_policy::Policy;
use canary_policy::targets::nginx::{self, Cluster, Flags, IngressParams, canary_ingress};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::core::ObjectList;
use serde_json::{Value, json};

/// An Ingress as an API server has it: fields of every kind that the library does not read.
fn ingress(name: &str, service: &str, annotations: &Value) -> Value {
    let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    json!({
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": "8f8a6d3c-5a5e-4f0c-9d5f-0a5b1f4f2c11",
            "resourceVersion": "4711",
            "generation": 3,
            "creationTimestamp": "2026-03-01T09:00:00Z",
            "labels": { "team": "shop" },
            "annotations": annotations,
            "finalizers": ["example.com/release"],
            "ownerReferences": [{
                "apiVersion": "example.com/v1", "kind": "Release", "name": "web", "controller": true,
                "uid": "0d7b2a36-3c34-4b0a-8a0c-6a2e7c1d9b55",
            }],
            "managedFields": [{
                "manager": "release", "operation": "Apply", "apiVersion": "networking.k8s.io/v1",
                "time": "2026-03-01T09:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:spec": { "f:rules": {} } },
            }],
        },
        "spec": {
            "ingressClassName": "nginx",
            "defaultBackend": { "resource": { "apiGroup": "example.com", "kind": "Bucket", "name": "files" } },
            "rules": [{ "host": "a.test", "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }],
            "tls": [{ "hosts": ["a.test"], "secretName": "a-test" }],
        },
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1", "ports": [{ "port": 80, "protocol": "TCP" }] }] } },
    })
}

/// A canary Ingress with an older policy: a header rule.
fn canary() -> Value {
    let annotations = json!({
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-by-header": "x-canary",
        "example.com/owner": "shop",
    });
    ingress("web-canary", "web-2", &annotations)
}

fn object(json: Value) -> Ingress {
    serde_json::from_value(json).unwrap()
}

#[test]
fn nothing_is_lost_there_and_back() {
    let object = object(canary());
    let read = nginx::Ingress::try_from(&object).unwrap();
    assert_eq!(read.metadata.annotations["example.com/owner"], "shop");
    assert_eq!(read.metadata.creation_timestamp.unwrap().to_string(), "2026-03-01T09:00:00Z");
    assert_eq!(Ingress::try_from(&read).unwrap(), object);
    // The library's own reading of the same JSON is the same object.
    assert_eq!(serde_json::from_value::<nginx::Ingress>(canary()).unwrap(), read);

    let empty = Ingress::default();
    let read = nginx::Ingress::try_from(&empty).unwrap();
    assert_eq!((&read, read.metadata.name.as_str()), (&nginx::Ingress::default(), ""));
    assert_eq!(serde_json::to_value(Ingress::try_from(&read).unwrap()).unwrap(), serde_json::to_value(empty).unwrap());
}

/// Each row is the place and the name of a field of a later Kubernetes, and the error.
#[test]
fn a_field_that_the_types_of_kube_lack_is_an_error() {
    for (place, field, expected) in [
        ("", "phase", "phase"),
        ("/spec", "timeouts", "spec.timeouts"),
        (
            "/spec/rules/0/http/paths/0/backend/service/port",
            "protocol",
            "spec.rules[0].http.paths[0].backend.service.port.protocol",
        ),
    ] {
        let mut json = canary();
        json.pointer_mut(place).unwrap()[field] = json!("new");
        let read: nginx::Ingress = serde_json::from_value(json).unwrap();
        let error = Ingress::try_from(&read).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{expected} does not exist in this version of k8s-openapi, so its value would be lost")
        );
    }
}

#[test]
fn a_cluster_is_read_from_a_list() {
    let list = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressList", "metadata": {},
        "items": [ingress("web", "web", &json!({})), canary()],
    });
    let list: ObjectList<Ingress> = serde_json::from_value(list).unwrap();
    let service = |name: &str| -> nginx::Service {
        let service: Service = serde_json::from_value(json!({
            "metadata": { "name": name, "namespace": "shop" },
            "spec": { "ports": [{ "name": "http", "port": 80, "targetPort": 8080 }, { "port": 81, "targetPort": "admin" }] },
        })).unwrap();
        nginx::Service::from(&service)
    };
    assert!(["80", "http", "8080"].iter().all(|text| service("web").ports[0].is_named(text)));
    assert!(service("web").ports[1].is_named("admin"));

    let ingresses = list.items.iter().map(|item| nginx::Ingress::try_from(item).unwrap());
    let cluster =
        Cluster::new(Flags::default()).with_ingresses(ingresses).with_services([service("web"), service("web-2")]);
    let hosts = cluster.virtual_hosts().unwrap();
    let location = hosts.iter().find(|host| host.host == "a.test").unwrap().locations.first().unwrap();
    assert_eq!(
        (location.stable.as_str(), location.canary.as_ref().unwrap().upstream.as_str()),
        ("shop-web-80", "shop-web-2-80")
    );
}

#[test]
fn a_canary_ingress_is_written_and_changed() {
    let stable = nginx::Ingress::try_from(&object(ingress("web", "web", &json!({})))).unwrap();
    let params = IngressParams::new("web-2".parse().unwrap());
    let written = canary_ingress(&stable, &Policy::percent(30).unwrap(), &params).unwrap().exact().unwrap();
    let new = Ingress::try_from(&written.ingress).unwrap();
    assert_eq!((new.name_any().as_str(), new.namespace().as_deref()), ("web-canary", Some("shop")));
    assert_eq!(new.annotations()["nginx.ingress.kubernetes.io/canary-weight"], "30");

    let before = object(canary());
    let mut changed = nginx::Ingress::try_from(&before).unwrap();
    written.apply_to(&mut changed).unwrap();
    let after = Ingress::try_from(&changed).unwrap();
    let mut expected = before.clone();
    expected.metadata.annotations = Some(
        [
            ("example.com/owner".to_owned(), "shop".to_owned()),
            ("nginx.ingress.kubernetes.io/canary".to_owned(), "true".to_owned()),
            ("nginx.ingress.kubernetes.io/canary-weight".to_owned(), "30".to_owned()),
        ]
        .into(),
    );
    expected.spec.as_mut().unwrap().default_backend = None;
    assert_eq!(after, expected);

    // The same change as a patch.
    let patch = serde_json::to_value(written.merge_patch()).unwrap();
    assert_eq!(patch["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-by-header"], Value::Null);
    assert_eq!(patch["spec"]["rules"], serde_json::to_value(new.spec.unwrap().rules).unwrap());
}
