//! The names of objects in a cluster, and the ports of Services.

use canary_policy::error::Diagnostic;
use canary_policy::targets::nginx::{ObjectName, Service, ServiceManifest, ServicePort, lint};
use serde_json::json;

use crate::util::cluster_text::{cluster, served};

#[test]
fn a_name_has_a_namespace() {
    let name = ObjectName::new("shop", "web");
    assert_eq!((name.namespace(), name.name(), name.as_str()), ("shop", "web", "shop/web"));
}

/// Each row is the text that an Ingress names a port by, and whether it is this port.
#[test]
fn a_port_has_its_number_its_name_and_its_target() {
    let object: ServiceManifest = serde_json::from_value(json!({ "metadata": { "name": "web", "namespace": "s" },
        "spec": { "ports": [{ "name": "http", "port": 80, "targetPort": "web-port" }] } }))
    .unwrap();
    let service = Service::from(object);
    assert_eq!((service.namespace.as_str(), service.name.as_str()), ("s", "web"));
    let of_object = &service.ports[0];
    let by_hand = ServicePort::new(80).with_name("http").with_target(8080);
    for (text, is_of_object, is_by_hand) in [
        ("80", true, true),
        ("http", true, true),
        ("web-port", true, false),
        ("8080", false, true),
        ("81", false, false),
        ("https", false, false),
    ] {
        assert_eq!((of_object.is_named(text), by_hand.is_named(text)), (is_of_object, is_by_hand), "{text}");
    }
}

/// The controller gives all backends that are no Service and port the same upstream, so a canary can be its own stable variant.
#[test]
fn backends_without_a_service_and_port_have_one_upstream() {
    let codes = |stable: &str| {
        let findings = lint(&cluster(&[stable, "next 2; default > resource; canary 30"]));
        findings.iter().map(|finding| format!("{} {}", finding.code(), finding.object)).collect::<Vec<_>>()
    };
    assert_eq!(served(&cluster(&["d 1; a.test/ > d:0"])), ["a.test/ s-INVALID (no endpoints)"]);
    assert_eq!(codes("d 1; default > d:0"), ["no-service s/next", "own-service s/next"]);
    assert_eq!(codes("d 1; default > d:80"), ["no-service s/next"]);
}
