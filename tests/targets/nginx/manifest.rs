//! Manifests: Ingresses of all three API versions, and documents that are none.

use canary_policy::targets::nginx::{Ingress, Manifest};

/// The Ingress of a document in YAML.
#[track_caller]
pub(super) fn ingress(yaml: &str) -> Ingress {
    serde_saphyr::from_str::<Manifest>(yaml).unwrap_or_else(|error| panic!("{error}")).into()
}

/// Each row is a document, and the error: no API server has, or had, such an Ingress.
#[test]
fn a_document_that_is_no_ingress_is_an_error() {
    let head = "kind: Ingress, metadata: { name: a }";
    let path = |backend: &str, path_type: &str| {
        format!("spec: {{ rules: [{{ http: {{ paths: [{{ path: /, {path_type} backend: {{ {backend} }} }}] }} }}] }}")
    };
    let old = "extensions/v1beta1";
    let v1 = "networking.k8s.io/v1";
    let at = "spec.rules[0].http.paths[0]";
    let rows = [
        (format!("{{ apiVersion: v1, {head} }}"), "`Ingress` of `v1` is not an Ingress of networking.k8s.io/v1, networking.k8s.io/v1beta1 or extensions/v1beta1".to_owned()),
        (format!("{{ apiVersion: {v1}, {head} }}"), "spec is missing".to_owned()),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 80 } }", "")), format!("{at}.pathType is missing")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("", "pathType: Exact,")), format!("{at}.backend.service is missing")),
        (format!("{{ apiVersion: {v1}, {head}, spec: {{ backend: {{ service: {{ name: a }} }} }} }}"), "spec.backend does not exist in networking.k8s.io/v1: use spec.defaultBackend".to_owned()),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a }", "pathType: Exact,")), format!("{at}.backend.service.port is missing")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 70000 } }", "pathType: Exact,")), format!("{at}.backend.service.port: `70000` is not a port")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 80 } }", "pathType: Exakt,")), format!("{at}.pathType: `Exakt` is not a path type: expected Exact, Prefix or ImplementationSpecific")),
        (format!("{{ apiVersion: {v1}, {head}, spec: {{ rules: [{{ http: null, paths: [] }}] }} }}"), "unknown field `paths`, expected".to_owned()),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a", "")), format!("{at}.backend.servicePort is missing")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("servicePort: 80", "")), format!("{at}.backend.serviceName is missing")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("service: { name: a }", "")), format!("{at}.backend.service does not exist in extensions/v1beta1: use serviceName and servicePort")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a, servicePort: 0", "")), format!("{at}.backend.servicePort: `0` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a, servicePort: '80'", "")), format!("{at}.backend.servicePort: `80` is not a port: expected 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it and no --")),
    ];
    for (yaml, why) in rows {
        let error = serde_saphyr::from_str::<Manifest>(&yaml).unwrap_err().to_string();
        assert!(error.contains(&why), "{yaml}: {error}");
    }
}

#[test]
fn all_three_versions_give_the_same_ingress() {
    let old = |version: &str| {
        format!(
            "{{ apiVersion: {version}, kind: Ingress, metadata: {{ name: a }}, spec: {{ ingressClassName: n, \
             backend: {{ serviceName: d, servicePort: http }}, \
             rules: [{{ host: h, http: {{ paths: [{{ path: /, backend: {{ serviceName: s, servicePort: 80 }} }}] }} }}] }} }}"
        )
    };
    let v1 = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { ingressClassName: n, \
         defaultBackend: { service: { name: d, port: { name: http } } }, rules: [{ host: h, http: { paths: [{ path: /, \
         pathType: ImplementationSpecific, backend: { service: { name: s, port: { number: 80 } } } }] } }] } }";
    assert_eq!(ingress(&old("extensions/v1beta1")), ingress(v1));
    assert_eq!(ingress(&old("networking.k8s.io/v1beta1")), ingress(v1));
}
