//! The canary Ingress that is written beside a stable Ingress.

use std::collections::BTreeMap;

use canary_policy::Conversion;
use canary_policy::policy::{FormerTokens, Token};
use canary_policy::targets::nginx::{
    CanaryIngress, Flags, Ingress, IngressParams, Prefix, annotations, canary_ingress, is_canary,
};

use super::manifest::ingress;
use crate::util::route::route_to;
use crate::util::{policy, texts};

/// Parameters for this canary Service.
fn params(canary: &str) -> IngressParams {
    IngressParams::new(canary.parse().unwrap())
}

/// The canary Ingress of a policy with 30 percent.
#[track_caller]
fn written(stable: &Ingress, params: &IngressParams) -> Ingress {
    let policy = policy("canaries: [{ weight: 30 }]");
    canary_ingress(stable, &policy, params).unwrap_or_else(|error| panic!("{error}")).exact().unwrap().ingress
}

/// The text of the error.
fn refused(stable: &Ingress, params: &IngressParams) -> String {
    canary_ingress(stable, &policy("canaries: [{ weight: 30 }]"), params).unwrap_err().to_string()
}

/// A stable Ingress with two Services, three hosts, and fields that a canary Ingress does not copy.
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

/// The canary Ingress has the host, path, type, class and namespace of the stable Service's rule. The rules of other Services,
/// the labels, TLS and the other annotations are not copied.
#[test]
fn only_the_fields_of_a_canary_are_written() {
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
fn every_path_of_the_stable_service_has_the_canary_service() {
    let params = params("api-2:8080").with_stable("api:80".parse().unwrap());
    let canary = written(&ingress(SHOP), &params);
    let rules = canary.spec.rules;
    let hosts: Vec<&str> = rules.iter().filter_map(|rule| rule.host.as_deref()).collect();
    assert_eq!(hosts, ["shop.test", "api.test"]);
    let path = &rules[0].http.as_ref().unwrap().paths[0];
    let service = path.backend.service.as_ref().unwrap();
    assert_eq!((path.path_type.as_str(), service.name.as_str()), ("Exact", "api-2"));
    assert_eq!(service.port.as_ref().unwrap().number, Some(8080));
}

/// Each row is a policy, a route, and the parameters of a canary Ingress for the backends of the route.
#[test]
fn parameters_have_the_backends_of_a_route() {
    let (one, two) = ("canaries: [{ weight: 30 }]", "canaries: [{ name: a, weight: 30 }, { name: b }]");
    let params = |canary: &str, stable: &str| Ok(params(canary).with_stable(stable.parse().unwrap()));
    for (yaml, namespace, stable, canaries, expected) in [
        (one, None, "web", &["web-2"][..], params("web-2", "web")),
        (two, None, "web:80", &["web-2:81", "web-3"], params("web-2:81", "web:80")),
        // A backend of the route's namespace keeps it, so that the canary Ingress cannot be written into another one.
        (one, Some("mall"), "web", &["web-2"], params("mall/web-2", "mall/web")),
        (one, Some("mall"), "web", &["other/web-2"], params("other/web-2", "mall/web")),
        (one, None, "web", &[], Err("backends: 0 canary backends are given, but the policy has 1 canary")),
        (two, None, "web", &["web-2"], Err("backends: 1 canary backend is given, but the policy has 2 canaries")),
    ] {
        let route = route_to(stable, canaries);
        let route = namespace.map_or(route.clone(), |namespace| route.with_namespace(namespace).unwrap());
        let found = IngressParams::of_route(&policy(yaml), &route);
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{yaml} {canaries:?}");
    }
    let tokens = FormerTokens::new(Token::new("5ab1e").unwrap(), [Token::new("ca9a7").unwrap()]).unwrap();
    let sticky = policy("{ canaries: [{}], affinity: { cookie: { name: route } } }");
    let refused = IngressParams::of_route(&sticky, &route_to("web", &["web-2"]).with_former_tokens(tokens));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "formerTokens: `5ab1e` is refused: ingress-nginx honours no tokens but its own"
    );
}

#[test]
fn the_canary_ingress_of_a_route_is_in_its_namespace() {
    let params = |namespace| {
        let route = route_to("web", &["web-2"]).with_namespace(namespace).unwrap();
        IngressParams::of_route(&policy("canaries: [{ weight: 30 }]"), &route).unwrap()
    };
    assert_eq!(written(&ingress(SHOP), &params("mall")).metadata.namespace.as_deref(), Some("mall"));
    assert_eq!(
        refused(&ingress(SHOP), &params("shop")),
        "`shop/web-2` is in another namespace: the backends of an Ingress are Services in the namespace of the Ingress"
    );
}

/// Each row is the parameters and the error.
#[test]
fn parameters_without_a_canary_ingress_are_an_error() {
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
        (
            named("web", "web:80"),
            "`web:80` may be the stable Service `web:http`, whose port is written in another way: expected both ports by name, or both by number",
        ),
        (
            named("web", "web-2").with_flags(Flags::default().with_prefix(Prefix::new("a/b").unwrap())),
            "`a/b` cannot be the prefix of an annotation: an API server expects a DNS name before the `/`",
        ),
        (
            named("web", "other/web-2"),
            "`other/web-2` is in another namespace: the backends of an Ingress are Services in the namespace of the Ingress",
        ),
        (
            named("other/web", "web-2"),
            "`other/web` is in another namespace: the backends of an Ingress are Services in the namespace of the Ingress",
        ),
        (
            named("mall/web", "mall/web"),
            "`web:http` is the stable Service: ingress-nginx ignores a canary with the same Service",
        ),
        (named("web", "web"), "`web:http` is the stable Service: ingress-nginx ignores a canary with the same Service"),
        (
            named("web", "api:80"),
            "Ingress `shop` already routes to `api:80`: ingress-nginx would drop the canary's rules",
        ),
        (
            named("web", "web-2").with_name("shop"),
            "`shop` is the name of the stable Ingress: the canary Ingress needs another name",
        ),
        (
            named("web", "web-2").with_name("Shop!"),
            "name: `Shop!` is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends",
        ),
    ];
    for (params, why) in rows {
        assert_eq!(refused(&shop, &params), why);
    }

    let mut unsafe_name = shop.clone();
    unsafe_name.metadata.namespace = Some("x; touch y\nkind: z".to_owned());
    let why = r"metadata.namespace: `x; touch y\nkind: z` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends";
    assert_eq!(refused(&unsafe_name, &named("web", "web-2")), why);
    assert_eq!(refused(&Ingress::default(), &params("b")), "metadata.name is missing: the stable Ingress needs a name");
    let no_http =
        "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ host: b }] } }";
    let why = "Ingress `a` routes to no Service: spec.rules[0] has no http";
    assert_eq!(refused(&ingress(no_http), &params("b")), why);
    let no_rules = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: {} }";
    assert_eq!(refused(&ingress(no_rules), &params("b")), "Ingress `a` routes to no Service");
    let canary = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {}, metadata: { name: a, annotations: { nginx.ingress.kubernetes.io/canary: 'T' } } }";
    assert_eq!(refused(&ingress(canary), &params("b")), "Ingress `a` is a canary: expected a stable Ingress");
    assert!(is_canary(&ingress(canary), &Flags::default()));
}

/// Each row is the spec of a stable Ingress, and the hosts and paths of its canary Ingress. A `defaultBackend` of a canary
/// Ingress would take over the catch-all server, the first of two equal paths answers, and the Service and port of a path decide
/// whether the canary shares it.
#[test]
fn a_canary_has_the_paths_that_the_stable_service_answers() {
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
        let written: Vec<(String, String)> = match canary_ingress(&stable, &policy, &params) {
            Err(error) => {
                assert_eq!(
                    error.to_string(),
                    "Ingress `a` sends no request to `web`: rules of other Services take its paths"
                );
                Vec::new()
            }
            Ok(conversion) => {
                let spec = conversion.exact().unwrap().ingress.spec;
                assert_eq!(spec.default_backend, None);
                let rules = spec.rules.into_iter();
                rules
                    .flat_map(|rule| {
                        let host = rule.host.unwrap_or_default();
                        let paths = rule.http.unwrap().paths.into_iter();
                        paths.map(move |path| (host.clone(), path.path.unwrap_or_default()))
                    })
                    .collect()
            }
        };
        let written: Vec<(&str, &str)> = written.iter().map(|(host, path)| (host.as_str(), path.as_str())).collect();
        assert_eq!(written, expected, "{short}");
    }
}

/// The whole Ingress of a short spec, in which a rule is `HOST PATH SERVICE[:PORT]` and `-` is no host.
fn spelt_out(short: &str) -> String {
    let backend = |text: &str| {
        let (name, port) = text.split_once(':').unwrap_or((text, "80"));
        format!("{{ service: {{ name: {name}, port: {{ number: {port} }} }} }}")
    };
    let spec = short.trim_matches(['{', '}', ' ']);
    let default_backend = spec.strip_prefix("defaultBackend: ").map(|rest| rest.split(',').next().unwrap());
    let mut yaml = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a }\nspec:\n".to_owned();
    if let Some(service) = default_backend {
        yaml += &format!("  defaultBackend: {}\n", backend(service.trim()));
    }
    if let Some((_, rules)) = spec.split_once('[') {
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

/// The class is written in the field that counts, and an annotation that a canary applies is copied.
#[test]
fn the_class_and_the_annotations_of_endpoints_are_copied() {
    let with = |annotations: &str, class: &str| {
        let text = format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: a, annotations: {{ {annotations} }} }}, spec: {{ {class} defaultBackend: {{ service: {{ name: web, port: {{ number: 80 }} }} }} }} }}"
        );
        let canary = written(&ingress(&text), &params("web-2"));
        let annotations = canary.metadata.annotations;
        let annotation = |key: &str| annotations.get(key).cloned();
        (
            annotation("kubernetes.io/ingress.class"),
            canary.spec.ingress_class_name,
            annotation("nginx.ingress.kubernetes.io/upstream-hash-by"),
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

/// Each row is the annotations of the stable Ingress, the affinity of the policy, the edit of the stable Ingress, and the losses.
#[test]
fn an_affinity_is_an_edit_of_the_stable_ingress() {
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
            &[("affinity", None), ("session-cookie-name", None)],
            &[],
        ),
        ("{ nginx.ingress.kubernetes.io/affinity: Cookie }", "", &[], &[]),
    ];
    for (annotations, affinity, edit, expected_losses) in rows {
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
        assert_eq!(texts(&losses), expected_losses, "{annotations}");
    }
}

/// An operator that makes the edit has nothing left to do, whatever the affinity was and becomes.
#[test]
fn an_affinity_that_is_taken_away_again_leaves_nothing_to_edit() {
    let affinities = [
        "",
        ", affinity: { cookie: { name: r } }",
        ", affinity: { cookie: { name: s, maxAge: 60, path: /a, domain: a.test, sameSite: Lax, secure: true } }",
        ", affinity: { key: { header: x-user } }",
        // ingress-nginx refuses this name.
        ", affinity: { cookie: { name: r!s } }",
    ];
    let policies = affinities.map(|affinity| policy(&format!("{{ canaries: [{{ weight: 30 }}]{affinity} }}")));
    let stable = ingress(
        "{ apiVersion: networking.k8s.io/v1, kind: Ingress, spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } },
           metadata: { name: a, annotations: { nginx.ingress.kubernetes.io/affinity-mode: persistent, a.test/b: c } } }",
    );
    for (before, after) in policies.iter().flat_map(|before| policies.iter().map(move |after| (before, after))) {
        let mut stable = stable.clone();
        let own = stable.metadata.annotations.clone();
        for policy in [before, after] {
            let edit = canary_ingress(&stable, policy, &params("web-2")).unwrap().output.stable_edit;
            let present = &mut stable.metadata.annotations;
            for (key, value) in edit {
                match value {
                    Some(value) => present.insert(key, value),
                    None => Some(present.remove(&key).expect("only what is there is removed")),
                };
            }
            let again = canary_ingress(&stable, policy, &params("web-2")).unwrap().output.stable_edit;
            assert_eq!(again, BTreeMap::new(), "{before:?}, {after:?}");
        }
        let expected: BTreeMap<String, String> = annotations(after, &Prefix::default()).output.stable;
        let expected: BTreeMap<String, String> = own.into_iter().chain(expected).collect();
        assert_eq!(stable.metadata.annotations, expected, "{before:?}, {after:?}");
    }
}

/// Each row is a part of a stable Ingress that an API server refuses, and the error. The canary Ingress would be refused too.
#[test]
fn what_an_api_server_refuses_is_not_copied() {
    let no_host = "is not a host: expected a DNS name, or `*.` and a DNS name";
    let begins = "is not a path of an Ingress: expected `/` at the beginning";
    let without = format!("{begins}, and neither //, /./, /../ and %2f nor /. or /.. at the end");
    let (rule, path) = ("spec.rules[0].host", "spec.rules[0].http.paths[0].path");
    let prefix =
        |text: &str| format!("rules: [{{ http: {{ paths: [{{ path: '{text}', pathType: Prefix, BACKEND }}] }} }}]");
    let specific = |text: &str| {
        format!("rules: [{{ http: {{ paths: [{{ path: '{text}', pathType: ImplementationSpecific, BACKEND }}] }} }}]")
    };
    let hosted = |host: &str| {
        format!("rules: [{{ host: '{host}', http: {{ paths: [{{ path: /, pathType: Exact, BACKEND }}] }} }}]")
    };
    let name = "is not an object name: expected 1 to 253 of a-z, 0-9, - and ., with a letter or digit at both ends";
    let rows = [
        ("", hosted("A.test"), Some(format!("{rule}: `A.test` {no_host}"))),
        ("", hosted("a_b.test"), Some(format!("{rule}: `a_b.test` {no_host}"))),
        ("", hosted("*"), Some(format!("{rule}: `*` {no_host}"))),
        ("", hosted("10.0.0.1"), Some(format!("{rule}: `10.0.0.1` {no_host}"))),
        ("", hosted("*.a.test"), None),
        ("", hosted(""), None),
        ("", prefix("/a//b"), Some(format!("{path}: `/a//b` {without}"))),
        ("", prefix("/a/./b"), Some(format!("{path}: `/a/./b` {without}"))),
        ("", prefix("/a/../b"), Some(format!("{path}: `/a/../b` {without}"))),
        ("", prefix("/a%2Fb"), Some(format!("{path}: `/a%2Fb` {without}"))),
        ("", prefix("/a/.."), Some(format!("{path}: `/a/..` {without}"))),
        ("", prefix("/."), Some(format!("{path}: `/.` {without}"))),
        ("", prefix("a"), Some(format!("{path}: `a` {without}"))),
        ("", prefix(""), Some(format!("{path}: `` {without}"))),
        ("", prefix("/a b"), None),
        ("", specific("a"), Some(format!("{path}: `a` {begins}"))),
        ("", specific("/a//b/(.*)"), None),
        ("", specific(""), None),
        ("", format!("ingressClassName: NGINX, {}", prefix("/")), Some(format!("spec.ingressClassName: `NGINX` {name}"))),
        (
            "namespace: shop.x",
            prefix("/"),
            Some(
                "metadata.namespace: `shop.x` is not a namespace: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends"
                    .to_owned(),
            ),
        ),
        // The class of the annotation is not checked, and the other one is not copied.
        (
            "annotations: { kubernetes.io/ingress.class: NGINX }",
            format!("ingressClassName: MGINX, {}", prefix("/")),
            None,
        ),
    ];
    for (metadata, spec, error) in rows {
        let spec = spec.replace("BACKEND", "backend: { service: { name: web, port: { number: 80 } } }");
        let yaml = format!(
            "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: a, {metadata} }}, spec: {{ {spec} }} }}"
        );
        let written = canary_ingress(&ingress(&yaml), &policy("canaries: [{ weight: 30 }]"), &params("web-2"));
        assert_eq!(written.err().map(|error| error.to_string()), error, "{yaml}");
    }
}
