//! The routes of a stable Ingress, which other targets use.

use canary_policy::Route;
use canary_policy::route::Backend;
use canary_policy::targets::nginx::{Flags, Ingress, Manifest, Pair, Routes, routes};

use crate::util::texts;

/// An Ingress with these annotations, further fields of the spec, and rules.
fn ingress(annotations: &str, more: &str, rules: &str) -> Ingress {
    let yaml = format!(
        "{{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{ name: shop, namespace: mall, annotations: {{ {annotations} }} }},
           spec: {{ {more} rules: [{rules}] }} }}"
    );
    serde_saphyr::from_str::<Manifest>(&yaml).unwrap_or_else(|error| panic!("{error}: {yaml}")).into()
}

/// A rule, from a text of the form `HOST: TYPE PATH SERVICE:PORT, …`.
fn rule(text: &str) -> String {
    let (host, paths) = text.split_once(": ").unwrap();
    let paths = paths.split(", ").map(|path| {
        let [kind, path, backend] = path.split(' ').collect::<Vec<_>>()[..] else { panic!("{path}") };
        let (service, port) = backend.split_once(':').unwrap();
        let port = if port.parse::<u16>().is_ok() { format!("number: {port}") } else { format!("name: {port}") };
        format!(
            "{{ path: '{path}', pathType: {kind}, backend: {{ service: {{ name: {service}, port: {{ {port} }} }} }} }}"
        )
    });
    let host = if host == "*" { String::new() } else { format!("host: '{host}', ") };
    format!("{{ {host}http: {{ paths: [{}] }} }}", paths.collect::<Vec<_>>().join(", "))
}

/// The routes to the stable Service `web` and these canaries.
fn read(ingress: &Ingress, canaries: &[&str]) -> Result<Routes, String> {
    let canaries: Vec<Backend> = canaries.iter().map(|canary| canary.parse().unwrap()).collect();
    let web: Backend = "web".parse().unwrap();
    routes(ingress, Some(&web), &canaries, &Flags::default()).map_err(|error| error.to_string())
}

/// A route as a text of the form `NAME HOSTS PATHS STABLE CANARIES`.
fn text(route: &Route) -> String {
    let list = |items: Vec<String>| if items.is_empty() { "*".to_owned() } else { items.join(",") };
    let hosts = list(route.hosts().iter().map(ToString::to_string).collect());
    let paths = list(route.paths().iter().map(|path| format!("{}:{}", path.path_type(), path.as_str())).collect());
    let canaries = list(route.canaries().iter().map(ToString::to_string).collect());
    assert_eq!(route.namespace(), Some("mall"));
    format!("{} {hosts} {paths} {} {canaries}", route.name(), route.stable())
}

/// Each row is the rules, the canaries, the routes and the findings.
#[test]
fn hosts_with_the_same_paths_and_port_share_a_route() {
    type Texts = &'static [&'static str];
    let rows: [(Texts, Texts, Texts, Texts); 7] = [
        (&["a.test: Prefix / web:80"], &["next"], &["shop a.test Prefix:/ web:80 next:80"], &[]),
        (
            &["a.test: Prefix / web:80", "b.test: Prefix / web:80"],
            &["next:8080", "blue"],
            &["shop a.test,b.test Prefix:/ web:80 next:8080,blue:80"],
            &[],
        ),
        (
            &["a.test: Prefix / web:80", "b.test: Exact /cart web:80", "*: Prefix / web:80"],
            &["next"],
            &[
                "shop a.test Prefix:/ web:80 next:80",
                "shop-hosts-2 b.test Exact:/cart web:80 next:80",
                "shop-hosts-3 * Prefix:/ web:80 next:80",
            ],
            &[],
        ),
        (
            &["a.test: Prefix / web:80, Prefix /admin web:8080"],
            &["next"],
            &["shop a.test Prefix:/ web:80 next:80", "shop-hosts-2 a.test Prefix:/admin web:8080 next:8080"],
            &[],
        ),
        (&["a.test: Prefix / web:http"], &["next"], &["shop a.test Prefix:/ web:http next:http"], &[]),
        (
            &["a.test: Prefix / web:80, Prefix /api api:80"],
            &["next"],
            &["shop a.test Prefix:/ web:80 next:80"],
            &["spec.rules[0].http.paths[1]: `/api` is left out: it routes to another Service than the stable one"],
        ),
        (
            &["a.test: ImplementationSpecific / web:80, ImplementationSpecific /cart web:80"],
            &["next"],
            &["shop a.test Prefix:/,Prefix:/cart web:80 next:80"],
            &[
                "spec.rules[0].http.paths[1]: `Prefix /cart` is assumed: ingress-nginx compares the prefix character by character, and a route element by element",
            ],
        ),
    ];
    for (rules, canaries, expected, findings) in rows {
        let rules: Vec<String> = rules.iter().map(|text| rule(text)).collect();
        let read = read(&ingress("", "", &rules.join(", ")), canaries).unwrap();
        assert_eq!(read.routes.iter().map(text).collect::<Vec<_>>(), expected);
        assert_eq!(texts(&read.findings), findings);
    }
}

/// A default backend answers on `/` of the hosts that have no rule for `/`.
#[test]
fn a_default_backend_has_a_route() {
    let web = "defaultBackend: { service: { name: web, port: { number: 80 } } },";
    let read = read(&ingress("", web, &rule("a.test: Prefix /api api:80")), &["next"]).unwrap();
    assert_eq!(read.routes.iter().map(text).collect::<Vec<_>>(), ["shop a.test Prefix:/ web:80 next:80"]);
}

/// A default backend answers beside the rules of its own Service too, on each host without a `/`, in one route with them.
#[test]
fn a_default_backend_with_the_service_of_a_rule_has_a_route() {
    let web = "defaultBackend: { service: { name: web, port: { number: 80 } } },";
    let texts_of = |rules: &[&str]| -> Vec<String> {
        let rules: Vec<String> = rules.iter().map(|text| rule(text)).collect();
        let read = read(&ingress("", web, &rules.join(", ")), &["next"]).unwrap();
        assert_eq!(texts(&read.findings), Vec::<String>::new());
        read.routes.iter().map(text).collect()
    };
    assert_eq!(
        texts_of(&["a.test: Prefix /cart web:80", "b.test: Prefix / web:80"]),
        ["shop a.test Prefix:/cart,Prefix:/ web:80 next:80", "shop-hosts-2 b.test Prefix:/ web:80 next:80"]
    );
    assert_eq!(
        texts_of(&["a.test: Prefix /x web:81"]),
        ["shop a.test Prefix:/ web:80 next:80", "shop-hosts-2 a.test Prefix:/x web:81 next:81"]
    );
}

/// A default backend that is no Service answers requests too.
#[test]
fn a_default_backend_that_is_no_service_is_a_finding() {
    let files = "defaultBackend: { resource: { kind: Bucket, name: files } },";
    let read = read(&ingress("", files, &rule("a.test: Prefix /cart web:80")), &["next"]).unwrap();
    assert_eq!(texts(&read.findings), ["spec.defaultBackend: `files` is left out: it is no Service"]);
}

/// Each row is the canaries beside the stable Service `web:80`, and the error. The place of a canary in the list does not
/// matter, and another port is another backend.
#[test]
fn every_canary_is_checked_with_its_own_port() {
    let same = "`web:80` is the stable Service: ingress-nginx ignores a canary with the same Service";
    let notation = "`web:http` may be the stable Service `web:80`, whose port is written in another way: expected both ports by name, or both by number";
    let rows: [(&[&str], Option<&str>); 7] = [
        (&["web:8080"], None),
        (&["next", "web:8080"], None),
        (&["web:8080", "next"], None),
        (&["web"], Some(same)),
        (&["next", "web:80"], Some(same)),
        (&["web:http"], Some(notation)),
        (&["next", "web:http"], Some(notation)),
    ];
    for (canaries, error) in rows {
        let read = read(&ingress("", "", &rule("a.test: Prefix / web:80")), canaries);
        assert_eq!(read.err().as_deref(), error, "{canaries:?}");
    }
}

/// The merged routes stay where the first of them was.
#[test]
fn routes_without_regard_to_hosts_keep_their_order() {
    let rules = [
        "a.test: Prefix /a web:1",
        "b.test: Prefix /b web:2",
        "c.test: Prefix /c web:3",
        "d.test: Prefix /d web:1",
        "e.test: Prefix /e web:2",
    ]
    .map(rule);
    let read = read(&ingress("", "", &rules.join(", ")), &["next"]).unwrap().regardless_of_hosts().unwrap();
    assert_eq!(
        read.routes.iter().map(text).collect::<Vec<_>>(),
        [
            "shop a.test Prefix:/a,Prefix:/d web:1 next:1",
            "shop-hosts-2 b.test Prefix:/b,Prefix:/e web:2 next:2",
            "shop-hosts-3 c.test Prefix:/c web:3 next:3",
        ]
    );
}

/// Each row is the default backend and the rules of a stable Ingress, the host and path of its canary Ingress, the routes of what
/// the canary Ingress covers, and the findings about the rest. No row covers more than the canary Ingress names.
#[test]
fn a_canary_ingress_covers_a_default_backend_only_where_it_is() {
    type Row<'a> = (&'a [&'a str], &'a str, Result<&'a [&'a str], &'a str>, &'a [&'a str]);
    let none = "no canary Ingress has a host and path of the stable Ingress";
    let rows: [Row<'_>; 6] = [
        (
            &["a.test: Prefix /cart web:80", "b.test: Prefix /b web:80"],
            "a.test: Prefix /cart next:80",
            Ok(&["shop a.test Prefix:/cart web:80 next:80"]),
            &[
                "spec.rules[1].http.paths[0]: `b.test/b` is left out: the canary Ingress has no such host and path",
                "spec.defaultBackend: `a.test/` is left out: the canary Ingress has no such host and path",
                "spec.defaultBackend: `b.test/` is left out: the canary Ingress has no such host and path",
            ],
        ),
        (
            &["a.test: Prefix /api api:80", "b.test: Prefix /b web:80"],
            "a.test: Prefix / next:80",
            Ok(&["shop a.test Prefix:/ web:80 next:80"]),
            &[
                "spec.rules[0].http.paths[0]: `a.test/api` is left out: the canary Ingress has no such host and path",
                "spec.rules[1].http.paths[0]: `b.test/b` is left out: the canary Ingress has no such host and path",
                "spec.defaultBackend: `b.test/` is left out: the canary Ingress has no such host and path",
            ],
        ),
        (&[], "*: Prefix / next:80", Ok(&["shop * Prefix:/ web:80 next:80"]), &[]),
        (&[], "*: Prefix /x next:80", Err(none), &[]),
        (&["a.test: Prefix / api:80"], "b.test: Prefix / next:80", Err(none), &[]),
        (&["a.test: Prefix / web:80"], "a.test: Prefix / next:80", Ok(&["shop a.test Prefix:/ web:80 next:80"]), &[]),
    ];
    let web = "defaultBackend: { service: { name: web, port: { number: 80 } } },";
    for (rules, canary, expected, findings) in rows {
        let rules: Vec<String> = rules.iter().map(|text| rule(text)).collect();
        let stable = ingress("", web, &rules.join(", "));
        let canary = ingress("nginx.ingress.kubernetes.io/canary: 'true'", "", &rule(canary));
        let covered = Pair::find(&stable, [&canary], &Flags::default()).map(|pair| pair.covered());
        let read = covered.as_ref().map(|covered| read(&covered.ingress, &["next"]).unwrap());
        let routes = read.map(|read| read.routes.iter().map(text).collect::<Vec<_>>()).map_err(ToString::to_string);
        assert_eq!(routes, expected.map(|all| all.iter().map(ToString::to_string).collect()).map_err(str::to_owned));
        assert_eq!(covered.map(|covered| texts(&covered.findings)).unwrap_or_default(), findings);
    }
}

#[test]
fn a_part_that_no_route_can_express_is_a_finding() {
    let annotations = "nginx.ingress.kubernetes.io/rewrite-target: /$2, nginx.ingress.kubernetes.io/affinity: cookie,
                       nginx.ingress.kubernetes.io/auth-url: 'https://auth.test', cert-manager.io/issuer: x";
    let more = "tls: [{ hosts: [a.test], secretName: shop }],";
    let rules = rule("a.test: ImplementationSpecific /shop(/|$)(.*) web:80, Prefix / web:80");
    let read = read(&ingress(annotations, more, &rules), &["next"]).unwrap();
    assert_eq!(read.routes.iter().map(text).collect::<Vec<_>>(), ["shop a.test Prefix:/ web:80 next:80"]);
    let expected = [
        "metadata.annotations[nginx.ingress.kubernetes.io/auth-url]: `https://auth.test` is left out: a route holds only hosts, paths and backends",
        "metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: `/$2` is left out: a route holds only hosts, paths and backends",
        "spec.tls: `shop` is left out: certificates belong to the Gateway that a route attaches to",
        "spec.rules[0].http.paths[0]: `/shop(/|$)(.*)` is left out: it is a regular expression",
    ];
    assert_eq!(texts(&read.findings), expected);
}

#[test]
fn an_ingress_without_a_route_is_an_error() {
    let rows = [
        ("", "a.test: Prefix / web:80", &[][..], "no Service is given for a canary: expected at least one"),
        (
            "",
            "a.test: Prefix / web:80",
            &["web"][..],
            "`web:80` is the stable Service: ingress-nginx ignores a canary with the same Service",
        ),
        (
            "",
            "a.test: Prefix / api:80",
            &["next"][..],
            "Ingress `shop` does not route to the Service `web`: it routes to `api:80`",
        ),
        (
            "",
            "a.TEST: Prefix / web:80",
            &["next"][..],
            "spec.rules[0].host: `a.TEST` is not a host: expected a DNS name, or `*.` and a DNS name",
        ),
        (
            "nginx.ingress.kubernetes.io/canary: 'true'",
            "a.test: Prefix / web:80",
            &["next"][..],
            "Ingress `shop` is a canary: expected a stable Ingress",
        ),
        (
            "nginx.ingress.kubernetes.io/use-regex: 'true'",
            "a.test: ImplementationSpecific /[a-z]+ web:80",
            &["next"][..],
            "Ingress `shop` has no path to `web` that a route can hold: spec.rules[0].http.paths[0]: `/[a-z]+` is left out: \
             it is a regular expression",
        ),
    ];
    for (annotations, rules, canaries, error) in rows {
        assert_eq!(read(&ingress(annotations, "", &rule(rules)), canaries).unwrap_err(), error);
    }
}

const SHOP: [&str; 3] =
    ["a.test: Prefix / web:http, Prefix /admin web:8080", "b.test: Prefix / web:http", "*: Exact /x web:http"];

fn shop() -> Routes {
    let rules: Vec<String> = SHOP.iter().map(|text| rule(text)).collect();
    read(&ingress("", "ingressClassName: public,", &rules.join(", ")), &["next", "blue:9090"]).unwrap()
}

/// Objects have port numbers, and an Ingress has names of ports.
#[test]
fn a_port_is_given_to_the_services_without_a_number() {
    let texts = |routes: &Routes| routes.routes.iter().map(text).collect::<Vec<_>>();
    let named = texts(&shop());
    assert_eq!(named.len(), 3, "{named:?}");
    assert!(named.iter().any(|route| route.ends_with("Prefix:/ web:http next:http,blue:9090")), "{named:?}");
    let with_port = texts(&shop().with_port(&"80".parse().unwrap()));
    assert!(with_port.iter().any(|route| route.ends_with("Prefix:/ web:80 next:80,blue:9090")), "{with_port:?}");
    assert!(
        with_port.iter().any(|route| route.ends_with("Prefix:/admin web:8080 next:8080,blue:9090")),
        "{with_port:?}"
    );
    assert!(with_port.iter().all(|route| !route.contains(":http")), "{with_port:?}");
}

#[test]
fn routes_can_have_other_names_and_parents() {
    let names = |routes: &Routes| routes.routes.iter().map(|route| route.name().to_owned()).collect::<Vec<_>>();
    let renamed = shop().with_name("mesh").unwrap();
    assert_eq!(names(&renamed), ["mesh", "mesh-hosts-2", "mesh-hosts-3"]);
    assert_eq!(names(&shop()), ["shop", "shop-hosts-2", "shop-hosts-3"]);
    assert!(shop().with_name("Mesh").is_err());
    assert_eq!(shop().gateway_of_class().unwrap().to_string(), "public");
    let attached = shop().with_parents(["infra/public".parse().unwrap()]).unwrap();
    assert!(attached.routes.iter().all(|route| route.parents()[0].to_string() == "infra/public"));
}

/// Each row is the rules, and the first host that several routes have. Routes for every host share the host `*`.
#[test]
fn a_host_of_several_routes_is_named() {
    let rows: [(&[&str], Option<&str>); 4] = [
        (&["a.test: Prefix / web:80", "b.test: Prefix /b web:80"], None),
        (&["b.test: Prefix / web:80", "a.test: Prefix / web:80, Prefix /admin web:8080"], Some("a.test")),
        (&["*: Prefix / web:80, Prefix /admin web:8080"], Some("*")),
        (&["*: Prefix / web:80", "a.test: Prefix /admin web:80"], None),
    ];
    for (rules, expected) in rows {
        let rules: Vec<String> = rules.iter().map(|text| rule(text)).collect();
        let read = read(&ingress("", "", &rules.join(", ")), &["next"]).unwrap();
        assert_eq!(read.shared_host().as_deref(), expected, "{rules:?}");
    }
}

/// A pair holds its two Ingresses. A stable Ingress with two canary Ingresses has no pair.
#[test]
fn a_pair_is_one_stable_and_one_canary_ingress() {
    let named = |name: &str, annotations: &str| {
        let mut ingress = ingress(annotations, "", &rule("a.test: Prefix / web:80"));
        ingress.metadata.name = name.to_owned();
        ingress
    };
    let canary = "nginx.ingress.kubernetes.io/canary: 'true'";
    let (stable, first, second) = (named("web", ""), named("first", canary), named("second", canary));
    let pair = Pair::find(&stable, [&stable, &first], &Flags::default()).unwrap();
    assert_eq!((pair.stable(), pair.canary()), (&stable, &first));
    let error = Pair::find(&stable, [&first, &stable, &second], &Flags::default()).unwrap_err();
    assert!(error.to_string().contains("`first`, `second`"), "{error}");
    assert!(Pair::find(&stable, [&stable], &Flags::default()).is_err());
}

/// Whether a path is a regular expression depends on annotations of the Ingress, on the type of the path and on its text.
#[test]
fn a_path_is_a_regular_expression_only_where_the_controller_reads_one() {
    for (annotations, path, is_regex) in [
        ("nginx.ingress.kubernetes.io/use-regex: 'true'", "ImplementationSpecific /a(b|c)", true),
        ("nginx.ingress.kubernetes.io/rewrite-target: /$1", "ImplementationSpecific /a(b|c)", true),
        ("nginx.ingress.kubernetes.io/use-regex: 'false'", "ImplementationSpecific /a(b)", false),
        ("nginx.ingress.kubernetes.io/use-regex: 'true'", "ImplementationSpecific /ab", false),
        ("nginx.ingress.kubernetes.io/use-regex: 'true'", "Prefix /a(b)", false),
    ] {
        let read =
            read(&ingress(annotations, "", &rule(&format!("a.test: Prefix / web:80, {path} web:80"))), &["next"])
                .unwrap();
        let findings = texts(&read.findings);
        assert_eq!(
            findings.iter().any(|finding| finding.ends_with("it is a regular expression")),
            is_regex,
            "{annotations} {path}: {findings:?}"
        );
    }
}

/// Both routes have the same canary, but their stable backends are two ports of one Service.
#[test]
fn routes_to_two_ports_are_not_merged() {
    let rules = [rule("a.test: Prefix /a web:80"), rule("b.test: Prefix /b web:81")].join(", ");
    let read = read(&ingress("", "", &rules), &["next:8080"]).unwrap();
    let merged = read.regardless_of_hosts().unwrap();
    let texts: Vec<String> = merged.routes.iter().map(text).collect();
    assert_eq!(texts, ["shop a.test Prefix:/a web:80 next:8080", "shop-hosts-2 b.test Prefix:/b web:81 next:8080"]);
}
