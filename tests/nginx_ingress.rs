//! The canary Ingress beside the stable one, and the forms a stable one comes in.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use std::collections::BTreeMap;

use canary_policy::Conversion;
use canary_policy::targets::nginx::{CanaryIngress, Manifest, Params, Prefix, canary_ingress, is_canary};
use k8s_openapi::api::networking::v1::Ingress;
use util::policy;

#[track_caller]
fn ingress(yaml: &str) -> Ingress {
    serde_saphyr::from_str::<Manifest>(yaml).unwrap_or_else(|error| panic!("{error}")).into()
}

fn params(canary: &str) -> Params {
    Params::new(canary.parse().unwrap())
}

#[track_caller]
fn written(stable: &Ingress, params: &Params) -> Ingress {
    let policy = policy("canaries: [{ weight: 30 }]");
    canary_ingress(stable, &policy, params).unwrap_or_else(|error| panic!("{error}")).exact().unwrap().ingress
}

fn refused(stable: &Ingress, params: &Params) -> String {
    canary_ingress(stable, &policy("canaries: [{ weight: 30 }]"), params).unwrap_err().to_string()
}

const SHOP: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: mall
  uid: 8d7c
  resourceVersion: '12'
  labels: { app.kubernetes.io/managed-by: Helm }
  ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: x, uid: y }]
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/rewrite-target: /$1
    cert-manager.io/cluster-issuer: letsencrypt
spec:
  tls: [{ hosts: [shop.test], secretName: shop }]
  rules:
  - host: shop.test
    http:
      paths:
      - { path: /api, pathType: Exact, backend: { service: { name: api, port: { number: 80 } } } }
      - { path: /, pathType: Prefix, backend: { service: { name: web, port: { name: http } } } }
  - host: api.test
    http:
      paths:
      - { path: /, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }
  - host: files.test
    http:
      paths:
      - { path: /, pathType: Prefix, backend: { resource: { kind: Bucket, name: files } } }
";

/// Same host, path, type, class and namespace; the other Service's rules, labels, TLS and annotations are left out.
#[test]
fn only_what_belongs_is_written() {
    let params = Params { stable: Some("web".parse().unwrap()), ..params("web-2") };
    let expected = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/canary: \"true\"
    nginx.ingress.kubernetes.io/canary-weight: \"30\"
  name: shop-canary
  namespace: mall
spec:
  rules:
  - host: shop.test
    http:
      paths:
      - backend:
          service:
            name: web-2
            port:
              name: http
        path: /
        pathType: Prefix
";
    assert_eq!(serde_saphyr::to_string(&written(&ingress(SHOP), &params)).unwrap(), expected);
}

#[test]
fn every_path_of_the_service_is_swapped() {
    let params = Params { stable: Some("api:80".parse().unwrap()), ..params("api-2:8080") };
    let canary = written(&ingress(SHOP), &params);
    let rules = canary.spec.unwrap().rules.unwrap();
    let hosts: Vec<&str> = rules.iter().filter_map(|rule| rule.host.as_deref()).collect();
    assert_eq!(hosts, ["shop.test", "api.test"]);
    let path = &rules[0].http.as_ref().unwrap().paths[0];
    let service = path.backend.service.as_ref().unwrap();
    assert_eq!((path.path_type.as_str(), service.name.as_str()), ("Exact", "api-2"));
    assert_eq!(service.port.as_ref().unwrap().number, Some(8080));
}

/// Each row is what is asked for and why it cannot be.
#[test]
fn what_cannot_stand_beside_an_ingress() {
    let shop = ingress(SHOP);
    let named = |stable: &str, canary| Params { stable: Some(stable.parse().unwrap()), ..params(canary) };
    let rows = [
        (
            params("web-2"),
            "Ingress `shop` routes to several Services, so the stable one must be named: `api:80`, `web:http`",
        ),
        (
            named("cart", "web-2"),
            "Ingress `shop` does not route to the Service `cart`: it routes to `api:80`, `web:http`",
        ),
        (
            named("web:80", "web-2"),
            "Ingress `shop` does not route to the Service `web:80`: it routes to `api:80`, `web:http`",
        ),
        (named("web", "web"), "`web:http` is the stable Service: ingress-nginx ignores a canary that names it"),
        (
            named("web", "api:80"),
            "Ingress `shop` already routes to `api:80`: ingress-nginx then drops the canary's rules",
        ),
        (
            Params { name: Some("shop".to_owned()), ..named("web", "web-2") },
            "`shop` is the stable Ingress's name: the canary Ingress needs another",
        ),
        (
            Params { name: Some("Shop!".to_owned()), ..named("web", "web-2") },
            "`Shop!` is not an object name: 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
    ];
    for (params, why) in rows {
        assert_eq!(refused(&shop, &params), why);
    }

    let no_rules = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: {} }";
    assert_eq!(refused(&ingress(no_rules), &params("b")), "Ingress `a` routes to no Service");
    let canary = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}, metadata: { name: a, annotations: { nginx.ingress.kubernetes.io/canary: 'T' } } }";
    assert_eq!(
        refused(&ingress(canary), &params("b")),
        "Ingress `a` is a canary: a canary stands beside a stable Ingress"
    );
    assert!(is_canary(&ingress(canary), &Prefix::default()));
}

/// A canary's own `defaultBackend` takes over the catch-all server, so it is written only where the stable one's does.
#[test]
fn a_default_backend_is_followed_to_where_it_answers() {
    let head = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a }\nspec:\n";
    let backend = |name: &str| format!("{{ service: {{ name: {name}, port: {{ number: 80 }} }} }}");
    let rule = |host: &str, path: &str, service: &str| {
        format!(
            "  - {{ host: {host}, http: {{ paths: [{{ path: {path}, pathType: Prefix, backend: {} }}] }} }}\n",
            backend(service)
        )
    };
    let hosts = |canary: &Ingress| -> Vec<String> {
        canary.spec.iter().flat_map(|spec| spec.rules.iter().flatten()).filter_map(|rule| rule.host.clone()).collect()
    };

    let alone = written(&ingress(&format!("{head}  defaultBackend: {}\n", backend("web"))), &params("web-2"));
    let spec = alone.spec.unwrap();
    assert_eq!(spec.default_backend.unwrap().service.unwrap().name, "web-2");
    assert_eq!(spec.rules, None);

    let same = format!("{head}  defaultBackend: {}\n  rules:\n{}", backend("web"), rule("a.test", "/x", "web"));
    let canary = written(&ingress(&same), &params("web-2"));
    assert_eq!(
        (canary.spec.as_ref().unwrap().default_backend.clone(), hosts(&canary)),
        (None, vec!["a.test".to_owned()])
    );

    let other = format!(
        "{head}  defaultBackend: {}\n  rules:\n{}{}",
        backend("web"),
        rule("a.test", "/x", "api"),
        rule("b.test", "/", "api")
    );
    let params = Params { stable: Some("web".parse().unwrap()), ..params("web-2") };
    let canary = written(&ingress(&other), &params);
    assert_eq!(hosts(&canary), ["a.test"]);
    let rules = canary.spec.unwrap().rules.unwrap();
    assert_eq!(rules[0].http.as_ref().unwrap().paths[0].path.as_deref(), Some("/"));
}

/// Each row: annotations of the stable Ingress, the policy's affinity, the edit and the loss.
#[test]
fn the_affinity_is_an_edit_of_the_stable_ingress() {
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, Option<&'a str>)], &'a [&'a str]);
    let rows: [Row<'_>; 5] = [
        ("{}", "cookie: { name: r }", &[("affinity", Some("cookie")), ("session-cookie-name", Some("r"))], &[]),
        (
            "{ nginx.ingress.kubernetes.io/affinity: cookie, nginx.ingress.kubernetes.io/session-cookie-name: r }",
            "cookie: { name: r }",
            &[],
            &[],
        ),
        (
            "{ nginx.ingress.kubernetes.io/affinity: cookie, nginx.ingress.kubernetes.io/session-cookie-max-age: '60', nginx.ingress.kubernetes.io/affinity-mode: persistent }",
            "cookie: { name: r, secure: true }",
            &[
                ("session-cookie-max-age", None),
                ("session-cookie-name", Some("r")),
                ("session-cookie-secure", Some("true")),
            ],
            &[],
        ),
        (
            "{ nginx.ingress.kubernetes.io/affinity: cookie, nginx.ingress.kubernetes.io/session-cookie-name: r }",
            "",
            &[],
            &[
                "affinity: `none` becomes `cookie r`: the stable Ingress sets an affinity cookie, and a canary shares it",
            ],
        ),
        ("{ nginx.ingress.kubernetes.io/affinity: Cookie }", "", &[], &[]),
    ];
    for (annotations, affinity, edit, lost) in rows {
        let stable = ingress(&format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: a, annotations: {annotations} }}, spec: {{ defaultBackend: {{ service: {{ name: web }} }} }} }}"
        ));
        let affinity = if affinity.is_empty() { String::new() } else { format!(", affinity: {{ {affinity} }}") };
        let policy = policy(&format!("{{ canaries: [{{ weight: 30 }}]{affinity} }}"));
        let Conversion { output: CanaryIngress { stable_edit, .. }, losses } =
            canary_ingress(&stable, &policy, &params("web-2")).unwrap();
        let edit: BTreeMap<String, Option<String>> = edit
            .iter()
            .map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), value.map(str::to_owned)))
            .collect();
        assert_eq!(stable_edit, edit, "{annotations}");
        assert_eq!(losses.iter().map(ToString::to_string).collect::<Vec<_>>(), lost, "{annotations}");
    }
}

/// Each row is a document and why no API server has, or had, such an Ingress.
#[test]
fn what_is_no_ingress() {
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
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a }", "")), format!("{at}.pathType is missing")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("", "pathType: Exact,")), format!("{at}.backend.service is missing")),
        (format!("{{ apiVersion: {v1}, {head}, spec: {{ backend: {{ service: {{ name: a }} }} }} }}"), "spec.backend does not exist in networking.k8s.io/v1: it is spec.defaultBackend there".to_owned()),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a", "")), format!("{at}.backend.servicePort is missing")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("servicePort: 80", "")), format!("{at}.backend.serviceName is missing")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("service: { name: a }", "")), format!("{at}.backend.service does not exist in extensions/v1beta1: it is serviceName and servicePort there")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a, servicePort: 0", "")), format!("{at}.backend.servicePort: `0` is not a port: 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it")),
        (format!("{{ apiVersion: {old}, {head}, {} }}", path("serviceName: a, servicePort: '80'", "")), format!("{at}.backend.servicePort: `80` is not a port: 1 to 65535, or a name of 1 to 15 of a-z, 0-9 and - with a letter in it")),
    ];
    for (yaml, why) in rows {
        let error = serde_saphyr::from_str::<Manifest>(&yaml).unwrap_err().to_string();
        assert!(error.contains(&why), "{yaml}: {error}");
    }
}

#[test]
fn all_three_forms_are_one_ingress() {
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
