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
    let params = params("web-2").with_stable("web".parse().unwrap());
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
    let params = params("api-2:8080").with_stable("api:80".parse().unwrap());
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
    let named = |stable: &str, canary| params(canary).with_stable(stable.parse().unwrap());
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
        (named("web", "web:80"), "`web:http` is the stable Service: ingress-nginx ignores a canary that names it"),
        (
            named("web", "web-2").with_prefix(Prefix::new("a/b").unwrap()),
            "`a/b` cannot stand before an annotation's name: an API server takes a DNS name there",
        ),
        (named("web", "web"), "`web:http` is the stable Service: ingress-nginx ignores a canary that names it"),
        (
            named("web", "api:80"),
            "Ingress `shop` already routes to `api:80`: ingress-nginx then drops the canary's rules",
        ),
        (
            named("web", "web-2").with_name("shop"),
            "`shop` is the stable Ingress's name: the canary Ingress needs another",
        ),
        (
            named("web", "web-2").with_name("Shop!"),
            "`Shop!` is not an object name: 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
    ];
    for (params, why) in rows {
        assert_eq!(refused(&shop, &params), why);
    }

    let mut unsafe_name = shop.clone();
    unsafe_name.metadata.namespace = Some("x; touch y\nkind: z".to_owned());
    let why = r"`x; touch y\nkind: z` is not an object name: 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends";
    assert_eq!(refused(&unsafe_name, &named("web", "web-2")), why);
    assert_eq!(refused(&Ingress::default(), &params("b")), "the stable Ingress has no metadata.name");
    let no_http =
        "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ host: b }] } }";
    let why = "Ingress `a` routes to no Service: spec.rules[0] has no http";
    assert_eq!(refused(&ingress(no_http), &params("b")), why);
    let no_rules = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: {} }";
    assert_eq!(refused(&ingress(no_rules), &params("b")), "Ingress `a` routes to no Service");
    let canary = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}, metadata: { name: a, annotations: { nginx.ingress.kubernetes.io/canary: 'T' } } }";
    assert_eq!(
        refused(&ingress(canary), &params("b")),
        "Ingress `a` is a canary: a canary stands beside a stable Ingress"
    );
    assert!(is_canary(&ingress(canary), &Prefix::default()));
}

/// Each row is a stable spec and the canary's hosts and paths, or why there are none. A canary's own `defaultBackend` would
/// take over the catch-all server; of two equal paths the first one answers; a split hangs on Service and port.
#[test]
fn a_canary_stands_where_its_service_answers() {
    let rows: [(&str, &[(&str, &str)]); 9] = [
        ("{ defaultBackend: web }", &[("", "/")]),
        ("{ defaultBackend: web, rules: [a.test /x web] }", &[("a.test", "/x")]),
        ("{ defaultBackend: web, rules: [a.test /x web:81] }", &[("a.test", "/x"), ("a.test", "/")]),
        ("{ defaultBackend: web, rules: [a.test /x api, b.test / api] }", &[("a.test", "/")]),
        ("{ defaultBackend: web, rules: [a.test / api] }", &[]),
        ("{ defaultBackend: web, rules: [- /x api] }", &[]),
        ("{ rules: [a.test / api, a.test / web] }", &[]),
        ("{ rules: [a.test / web, a.test / api, a.test /y web] }", &[("a.test", "/"), ("a.test", "/y")]),
        ("{ rules: [- / web] }", &[("", "/")]),
    ];
    for (short, expected) in rows {
        let stable = ingress(&spelt_out(short));
        let params = params("web-2").with_stable("web".parse().unwrap());
        let policy = policy("canaries: [{ weight: 30 }]");
        let got: Vec<(String, String)> = match canary_ingress(&stable, &policy, &params) {
            Err(error) => {
                assert_eq!(error.to_string(), "Ingress `a` sends nothing to `web`: other Services have its paths");
                Vec::new()
            }
            Ok(written) => {
                let spec = written.exact().unwrap().ingress.spec.unwrap();
                assert_eq!(spec.default_backend, None);
                let rules = spec.rules.unwrap().into_iter();
                rules
                    .flat_map(|rule| {
                        let host = rule.host.unwrap_or_default();
                        let paths = rule.http.unwrap().paths.into_iter();
                        paths.map(move |path| (host.clone(), path.path.unwrap_or_default()))
                    })
                    .collect()
            }
        };
        let got: Vec<(&str, &str)> = got.iter().map(|(host, path)| (host.as_str(), path.as_str())).collect();
        assert_eq!(got, expected, "{short}");
    }
}

/// `HOST PATH SERVICE[:PORT]` as a rule of an Ingress; `-` is no host.
fn spelt_out(short: &str) -> String {
    let backend = |text: &str| {
        let (name, port) = text.split_once(':').unwrap_or((text, "80"));
        format!("{{ service: {{ name: {name}, port: {{ number: {port} }} }} }}")
    };
    let inside = short.trim_matches(['{', '}', ' ']);
    let default_backend = inside.strip_prefix("defaultBackend: ").map(|rest| rest.split(',').next().unwrap());
    let mut yaml = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a }\nspec:\n".to_owned();
    if let Some(service) = default_backend {
        yaml += &format!("  defaultBackend: {}\n", backend(service.trim()));
    }
    if let Some((_, rules)) = inside.split_once('[') {
        yaml += "  rules:\n";
        for rule in rules.trim_end_matches(']').split(", ") {
            let parts: Vec<&str> = rule.split(' ').collect();
            let host = if parts[0] == "-" { String::new() } else { format!("host: {}, ", parts[0]) };
            let path = format!("{{ path: {}, pathType: Prefix, backend: {} }}", parts[1], backend(parts[2]));
            yaml += &format!("  - {{ {host}http: {{ paths: [{path}] }} }}\n");
        }
    }
    yaml
}

/// The class is given as it counts, and what a canary applies is copied.
#[test]
fn class_and_endpoint_annotations() {
    let with = |annotations: &str, class: &str| {
        let text = format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: a, annotations: {{ {annotations} }} }}, spec: {{ {class} defaultBackend: {{ service: {{ name: web, port: {{ number: 80 }} }} }} }} }}"
        );
        let canary = written(&ingress(&text), &params("web-2"));
        let annotations = canary.metadata.annotations.unwrap();
        let found = |key: &str| annotations.get(key).cloned();
        (
            found("kubernetes.io/ingress.class"),
            canary.spec.unwrap().ingress_class_name,
            found("nginx.ingress.kubernetes.io/upstream-hash-by"),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(with("kubernetes.io/ingress.class: n", ""), (some("n"), None, None));
    assert_eq!(with("", "ingressClassName: n,"), (None, some("n"), None));
    assert_eq!(with("kubernetes.io/ingress.class: n", "ingressClassName: n,"), (None, some("n"), None));
    assert_eq!(with("kubernetes.io/ingress.class: n", "ingressClassName: m,"), (some("n"), None, None));
    let hash =
        "nginx.ingress.kubernetes.io/upstream-hash-by: $remote_addr, nginx.ingress.kubernetes.io/proxy-body-size: 1m";
    assert_eq!(with(hash, "").2, some("$remote_addr"));
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
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: a, annotations: {annotations} }}, spec: {{ defaultBackend: {{ service: {{ name: web, port: {{ number: 80 }} }} }} }} }}"
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
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 80 } }", "")), format!("{at}.pathType is missing")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("", "pathType: Exact,")), format!("{at}.backend.service is missing")),
        (format!("{{ apiVersion: {v1}, {head}, spec: {{ backend: {{ service: {{ name: a }} }} }} }}"), "spec.backend does not exist in networking.k8s.io/v1: it is spec.defaultBackend there".to_owned()),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a }", "pathType: Exact,")), format!("{at}.backend.service.port is missing")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 70000 } }", "pathType: Exact,")), format!("{at}.backend.service.port: `70000` is not a port")),
        (format!("{{ apiVersion: {v1}, {head}, {} }}", path("service: { name: a, port: { number: 80 } }", "pathType: Exakt,")), format!("{at}.pathType: `Exakt` is not Exact, Prefix or ImplementationSpecific")),
        (format!("{{ apiVersion: {v1}, {head}, spec: {{ rules: [{{ http: null, paths: [] }}] }} }}"), "unknown field `paths`, expected".to_owned()),
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
