//! Every part of an object keeps the fields that the crate does not read, and no list is read in its place.

use std::slice;

use canary_policy::error::ReadError;
use canary_policy::route::{Path, VirtualHost};
use canary_policy::targets::gateway::{GrpcRoute, HttpRoute, ReferenceGrant};
use canary_policy::targets::{VirtualHostReading, envoy, gateway, gloo, istio, linkerd, nginx};
use canary_policy::{Policy, Route};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::util::{self, policy, texts};

/// The pointer of each part of a value that is an object with fields of its own.
fn parts(value: &Value, pointer: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !is_map(pointer) {
                into.push(pointer.to_owned());
            }
            fields.iter().for_each(|(name, field)| parts(field, &format!("{pointer}/{name}"), into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| parts(item, &format!("{pointer}/{index}"), into));
        }
        _ => {}
    }
}

/// Whether a part holds values by name, any number of them.
fn is_map(pointer: &str) -> bool {
    let is_matches_of_istio = pointer.contains("/match/") && pointer.ends_with("/headers");
    is_matches_of_istio || ["/annotations", "/labels", "/response/add"].iter().any(|name| pointer.ends_with(name))
}

/// An object with an unknown field in one of its parts; the pointer of each part, and the object.
fn with_unknown_field(object: &Value) -> impl Iterator<Item = (String, Value)> {
    let mut pointers = Vec::new();
    parts(object, "", &mut pointers);
    pointers.into_iter().map(|pointer| {
        let mut more = object.clone();
        more.pointer_mut(&pointer).unwrap()["notOfThisVersion"] = json!([1]);
        (pointer, more)
    })
}

/// Checks that each part keeps an unknown field, and is not read from a list. Returns the number of parts.
fn check_parts<T: DeserializeOwned + Serialize>(object: &T) -> usize {
    let object = serde_json::to_value(object).unwrap();
    let mut count = 0;
    for (pointer, more) in with_unknown_field(&object) {
        let read: T = serde_json::from_value(more.clone()).unwrap_or_else(|error| panic!("{pointer}: {error}"));
        assert_eq!(serde_json::to_value(read).unwrap(), more, "{pointer}");

        let mut list = object.clone();
        let part = list.pointer_mut(&pointer).unwrap();
        *part = part.as_object().unwrap().values().cloned().collect();
        // Envoy has matches of a text that are kept as they are.
        let kept = serde_json::from_value::<T>(list.clone()).map(|read| serde_json::to_value(read).unwrap());
        assert!(kept.is_err() || kept.is_ok_and(|kept| kept == list), "{pointer} is read from a list");
        count += 1;
    }
    count
}

/// Checks the same, and that a reader has other findings for an unknown field in each part that it reads.
fn check_findings<T: DeserializeOwned + Serialize>(
    object: &T,
    read_hosts: impl Fn(T) -> Result<Vec<VirtualHostReading>, ReadError>,
) -> usize {
    let value = serde_json::to_value(object).unwrap();
    let findings = |value: Value| {
        let readings = read_hosts(serde_json::from_value(value).unwrap()).unwrap();
        readings.iter().flat_map(|reading| texts(&reading.findings)).collect::<Vec<_>>()
    };
    let before = findings(value.clone());
    // No field of the metadata changes what an object does, nor does one beside the spec.
    for (pointer, more) in
        with_unknown_field(&value).filter(|(pointer, _)| !matches!(pointer.as_str(), "" | "/metadata"))
    {
        assert_ne!(findings(more), before, "{pointer}: nothing is found");
    }
    check_parts(object)
}

/// A policy with a rule of each kind and an affinity cookie, in front of one path.
fn policy_and_route() -> (Policy, Route) {
    let policy = policy(
        "canaries: [{ weight: 5, header: { name: x-canary, pattern: ^v1 }, cookie: { name: beta } }]\n\
         affinity: { cookie: { name: route } }",
    );
    let route = util::route::route(&policy).with_parents(["public".parse().unwrap()]).unwrap();
    (policy, route.with_paths([Path::exact("/shop.Cart/Get").unwrap()]).unwrap())
}

#[test]
fn every_part_of_a_written_object_keeps_and_reports_unknown_fields() {
    let (policy, route) = policy_and_route();
    let http = gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().output;
    let istio = istio::virtual_service(&policy, &route, &istio::VirtualServiceParams::default()).unwrap().output;
    let gloo = gloo::virtual_service(&policy, &route).unwrap().output;
    let envoy = envoy::route_configuration(&policy, &route, &envoy::RouteParams::default()).unwrap().output;
    let linkerd = linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap().output;
    // An HTTPRoute of Linkerd is attached to a Service, and has no host.
    let known = VirtualHost::of_route(&policy, &route).unwrap();
    let parts: usize = [
        check_findings(&http[0], |object| gateway::read_hosts(&[object], &[])),
        check_findings(&istio.virtual_service, |object| istio::read_hosts(&[object], &[])),
        check_findings(&gloo, |object| gloo::read_hosts(&[object], &[])),
        check_findings(&envoy, |object| envoy::read_hosts(&object, &[])),
        check_findings(&linkerd[0], |object: HttpRoute| linkerd::read_hosts(&[object], slice::from_ref(&known))),
    ]
    .into_iter()
    .sum();
    assert!(parts > 150, "only {parts} parts");
}

#[test]
fn every_part_of_another_object_keeps_unknown_fields() {
    let (policy, route) = policy_and_route();
    let grpc = gateway::grpc_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().output;
    check_parts::<GrpcRoute>(&grpc[0]);
    let grant = json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant", "metadata": { "name": "from-shop" },
        "spec": {
            "from": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop" }],
            "to": [{ "group": "", "kind": "Service", "name": "web" }],
        },
    });
    assert_eq!(check_parts::<ReferenceGrant>(&serde_json::from_value(grant).unwrap()), 5);
    let ingress = json!({
        "metadata": { "name": "web" },
        "spec": {
            "defaultBackend": { "resource": { "kind": "Bucket", "name": "static" } },
            "rules": [{ "http": { "paths": [{ "path": "/", "pathType": "Prefix",
                "backend": { "service": { "name": "web", "port": { "number": 80 } } } }] } }],
            "tls": [{ "hosts": ["shop.test"] }],
        },
    });
    assert_eq!(check_parts::<nginx::Ingress>(&serde_json::from_value(ingress).unwrap()), 12);
}
