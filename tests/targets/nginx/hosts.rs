//! Virtual hosts for other targets: what a cluster serves, and what no virtual host can hold.

use canary_policy::error::Diagnostic;
use canary_policy::policy::FormerTokens;
use canary_policy::route::{self, Backend};
use canary_policy::targets::linkerd;
use canary_policy::targets::nginx::{Cluster, Flags, HostReading, IngressFinding, Location, VirtualHost, hosts, token};
use canary_policy::{Affinity, CookieAffinity, Policy};

use crate::util::cluster::recorded_states;
use crate::util::cluster_text::{cluster, ingress, service};

/// Each location of each virtual host, as in `a.test Prefix / web:80 > next:80 30`.
fn locations(cluster: &Cluster) -> Vec<String> {
    let of_host = |reading: HostReading| {
        let host = reading.virtual_host.unwrap_or_else(|| panic!("{}: {:?}", reading.host, reading.findings));
        host.locations().iter().map(|location| text(&reading.host, location)).collect::<Vec<_>>()
    };
    hosts(cluster).unwrap().into_iter().flat_map(of_host).collect()
}

fn text(host: &str, location: &route::Location) -> String {
    let canary = location.policy().map(|policy| {
        let weight = policy.canaries()[0].weight();
        format!(" > {} {weight}", location.canaries()[0])
    });
    format!("{host} {} {}{}", location.path(), location.stable(), canary.unwrap_or_default())
}

#[track_caller]
fn findings(cluster: &Cluster) -> Vec<String> {
    hosts(cluster).unwrap().iter().flat_map(|reading| &reading.findings).map(ToString::to_string).collect()
}

#[test]
fn a_host_is_read_whole() {
    for (ingresses, expected) in [
        (
            &["web 1; a.test/ > web:80; a.test/b = api:80", "next 2; a.test/ > next:80; canary 30"][..],
            &["a.test Exact /b api:80", "a.test Prefix / web:80 > next:80 30"][..],
        ),
        // Without a rule for `/` the controller answers 404, and so does every target.
        (&["web 1; a.test/a > web:80"], &["a.test Prefix /a web:80"]),
        (&["web 1; a.test/a > web:80; default > d:80"], &["a.test Prefix /a web:80", "a.test Prefix / d:80"]),
        (&["web 1; default > d:80"], &["_ Prefix / d:80"]),
        (
            &["web 1; a.test/ > web:80; b.test/ > web:80", "next 2; a.test/ > next:80; canary 30"],
            &["a.test Prefix / web:80 > next:80 30", "b.test Prefix / web:80 > next:80 30"],
        ),
        // The policy of a canary on another Service stays apart.
        (
            &[
                "web 1; a.test/ > web:80; a.test/api > api:80",
                "next 2; a.test/ > next:80; canary 30",
                "third 3; a.test/api > third:80; canary 5",
            ],
            &["a.test Prefix /api api:80 > third:80 5", "a.test Prefix / web:80 > next:80 30"],
        ),
        // A canary of another namespace.
        (
            &["web 1; a.test/ > web:80", "t/next 2; a.test/ > next:80; canary 30"],
            &["a.test Prefix / web:80 > t/next:80 30"],
        ),
        // The canary's upstream is deleted, so its name dangles.
        (
            &["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; a.test/none > next:80; canary 30"],
            &["a.test Prefix / web:80"],
        ),
    ] {
        assert_eq!(locations(&cluster(ingresses)), expected, "{ingresses:#?}");
    }
}

#[test]
fn the_port_is_the_number_that_the_service_gives_it() {
    for port in ["80", "http", "8080"] {
        let web = format!("web 1; a.test/ > web:{port}");
        assert_eq!(locations(&cluster(&[&web])), ["a.test Prefix / web:80"], "{port}");
    }
    let without = Cluster::new(Flags::default()).with_ingresses([ingress("web 1; a.test/ > web:http")]);
    assert_eq!(locations(&without), ["a.test Prefix / web:http"]);
    assert_eq!(
        findings(&without),
        ["s/web: spec.rules[0].http.paths[0]: `port http` is assumed: the Service is not among the \
          objects, or has no such port, so the number of the port is not known"]
    );
    let known = without.with_services([service("s", "web")]);
    assert_eq!((locations(&known), findings(&known)), (vec!["a.test Prefix / web:80".to_owned()], vec![]));
}

#[test]
fn names_and_namespaces_follow_the_host() {
    let cluster = cluster(&[
        "t/api 1; a.test/api > api:80; *.a.test/ > api:80; wildcard.a.test/ > api:80",
        "web 2; a.test/ > web:80",
        "d 3; / > d:80",
    ]);
    let readings = hosts(&cluster).unwrap();
    let hosts: Vec<_> = readings.iter().map(|reading| reading.virtual_host.as_ref().unwrap()).collect();
    let names = hosts.iter().map(|host| {
        let names: Vec<&str> = host.hosts().iter().map(AsRef::as_ref).collect();
        (host.namespace().unwrap(), host.name(), names.join(" "))
    });
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            ("t", "wildcard.a.test-2", "*.a.test".to_owned()),
            ("s", "catch-all", String::new()),
            ("s", "a.test", "a.test".to_owned()),
            ("t", "wildcard.a.test", "wildcard.a.test".to_owned()),
        ]
    );
    let alias = self::cluster(&["web 1; a.test/ > web:80; server-alias=b.test, ~^c.*"]);
    let readings = canary_policy::targets::nginx::hosts(&alias).unwrap();
    let names: Vec<&str> = readings[0].virtual_host.as_ref().unwrap().hosts().iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["a.test", "b.test"]);
    assert_eq!(
        findings(&alias),
        ["s/web: spec.rules: `~^c.*` is left out: a host of a route is a DNS name in small letters"]
    );
    // The controller writes an alias with a `*` for nginx, which takes any number of labels.
    let wildcard = self::cluster(&["web 1; a.test/ > web:80; server-alias=*.b.test"]);
    let [reading] = &canary_policy::targets::nginx::hosts(&wildcard).unwrap()[..] else { panic!() };
    let names = reading.virtual_host.as_ref().unwrap().hosts();
    assert_eq!((names.len(), names[0].as_str(), reading.whole), (1, "a.test", false));
    let why = "the `*` of an alias is one or more labels, and that of a host of a route is one";
    assert_eq!(findings(&wildcard), [format!("s/web: spec.rules: `*.b.test` is left out: {why}")]);
    // It takes the requests of every host with a `*` below it.
    for (line, is_before) in
        [("*.c.b.test/ > api:80", true), ("*.test/ > api:80", false), ("c.b.test/ > api:80", false)]
    {
        let two = self::cluster(&["web 1; a.test/ > web:80; server-alias=*.b.test", &format!("api 2; {line}")]);
        let why = "s/api: spec.rules: `*.b.test` is assumed: nginx compares this alias before a host with a `*`, which is a regular \
                   expression there";
        assert_eq!(findings(&two).iter().any(|finding| finding == why), is_before, "{line}");
    }
}

/// Each row is an Ingress, the virtual host, and the findings.
#[test]
fn what_no_virtual_host_can_hold_is_a_finding() {
    for (line, expected, reported) in [
        ("a.test/ > web:80; use-regex=false; backend-protocol=HTTP", &["a.test Prefix / web:80"][..], &[][..]),
        ("a.test/ > web:80; enable-cors=false; made-up=1", &["a.test Prefix / web:80"], &[]),
        (
            "a.test/ > web:80; limit-rps=5",
            &["a.test Prefix / web:80"],
            &[
                "metadata.annotations[nginx.ingress.kubernetes.io/limit-rps]: `5` is left out: a virtual host holds only \
               hosts, paths, backends and policies",
            ],
        ),
        ("a.test/ > web:80; affinity=other; affinity-mode=balanced", &["a.test Prefix / web:80"], &[]),
        (
            "a.test/ > web:80; affinity=cookie; session-cookie-name=x",
            &["a.test Prefix / web:80"],
            &[
                "metadata.annotations[nginx.ingress.kubernetes.io/affinity]: `cookie` is left out: the controller pins a \
               client to one pod, and a policy pins a client to a variant",
            ],
        ),
        (
            "a.test/a/ > web:80",
            &["a.test Prefix /a web:80"],
            &[
                "spec.rules[0].http.paths[0]: `Prefix /a` is assumed: the controller redirects the path without the `/` at \
               its end, and a route answers it",
            ],
        ),
        (
            "a.test/a ~ web:80; a.test/b.* ~ api:80; use-regex=true",
            &["a.test Prefix /a web:80"],
            &[
                "spec.rules[1].http.paths[0]: `/b.*` is left out: `use-regex` is set on the host, so the path is a \
                 regular expression",
                "spec.rules[0].http.paths[0]: `Prefix /a` is assumed: `use-regex` is set on the host, so the controller \
                 compares the beginning of the path, letter case aside",
            ],
        ),
        (
            "a.test/a = web:80; rewrite-target=/b",
            &["a.test Prefix /a web:80"],
            &[
                "spec.rules[0].http.paths[0]: `Prefix /a` is assumed: `rewrite-target` is set on the host, so the \
                 controller compares the beginning of the path, letter case aside",
                "metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: `/b` is left out: a virtual host \
                 rewrites no path: most targets have a filter for it, which has to be added",
            ],
        ),
        (
            "a.test/a//b > web:80; a.test/ > web:80",
            &["a.test Prefix / web:80"],
            &["spec.rules[0].http.paths[0]: `/a//b` is left out: not every target would read this path alike"],
        ),
        (
            "a.test/a > web:80; a.test/a/ > api:80",
            &["a.test Prefix /a api:80"],
            &[
                "spec.rules[1].http.paths[0]: `Prefix /a` is assumed: the controller redirects the path without the `/` \
                 at its end, and a route answers it",
                "spec.rules[0].http.paths[0]: `/a` is left out: an earlier location of the host has the same path here",
            ],
        ),
    ] {
        let cluster = cluster(&[&format!("web 1; {line}")]);
        assert_eq!(locations(&cluster), expected, "{line}");
        let reported: Vec<String> = reported.iter().map(|finding| format!("s/web: {finding}")).collect();
        assert_eq!(findings(&cluster), reported, "{line}");
    }
    // A regular expression of one Ingress changes the paths of every other one on the same host.
    let two = cluster(&["web 1; a.test/a > web:80", "api 2; a.test/api ~ api:80; use-regex=true"]);
    assert_eq!(findings(&two).len(), 2);
}

#[test]
fn a_policy_that_other_software_reads_differently_is_left_out() {
    let next = "next 2; a.test/ > next:80; canary 30; canary-by-header=x; canary-by-header-pattern=a(?=b)";
    let cluster = cluster(&["web 1; a.test/ > web:80", next]);
    assert_eq!(locations(&cluster), ["a.test Prefix / web:80"]);
    let findings = findings(&cluster);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("s/next: metadata.annotations[canary-by-header-pattern]: "), "{findings:?}");
}

#[test]
fn services_that_speak_grpc_are_known() {
    let grpc = |lines: &[&str]| hosts(&cluster(lines)).unwrap()[0].grpc;
    assert!(grpc(&["web 1; a.test/ > web:80; backend-protocol=GRPC"]));
    // The controller compares the value in upper case.
    assert!(grpc(&["web 1; a.test/ > web:80; backend-protocol=grpcs"]));
    // A target that is not told so would speak HTTP/1.1 to them.
    for (value, condition) in [
        ("GRPC", "the target speaks gRPC to the Services, by a GRPCRoute or by the `appProtocol` of their ports"),
        ("grpcs", "the target speaks gRPC over TLS to the Services, and no route says that it is TLS"),
    ] {
        let line = format!("web 1; a.test/ > web:80; backend-protocol={value}");
        let field = "s/web: metadata.annotations[nginx.ingress.kubernetes.io/backend-protocol]";
        assert_eq!(findings(&cluster(&[&line])), [format!("{field}: `{value}` is a condition: {condition}")]);
        assert!(hosts(&cluster(&[&line])).unwrap()[0].whole);
    }
    assert!(!grpc(&["web 1; a.test/ > web:80; backend-protocol=grpc-web"]));
    assert!(!grpc(&["web 1; a.test/ > web:80; backend-protocol=GRPC", "api 2; a.test/api > api:80"]));
    let mixed = cluster(&["web 1; a.test/ > web:80; backend-protocol=GRPC", "api 2; a.test/api > api:80"]);
    assert_eq!(findings(&mixed).len(), 1, "{:?}", findings(&mixed));
}

/// The location by which nginx decides: an exact one, or the one with the longest path.
fn decides<'h>(host: &'h VirtualHost, path: &str) -> Option<&'h Location> {
    let is_exact = |location: &&Location| location.path_type == "Exact" && location.path == path;
    let is_prefix = |location: &&Location| {
        let text = location.path.trim_end_matches('/');
        location.path_type == "Prefix" && (path == text || path.starts_with(&format!("{text}/")))
    };
    // Longer paths come first.
    host.locations.iter().find(is_exact).or_else(|| host.locations.iter().find(is_prefix))
}

fn upstream(namespace: &str, backend: &Backend) -> String {
    let port = backend.port().map(ToString::to_string).unwrap_or_default();
    format!("{}-{}-{port}", backend.namespace().unwrap_or(namespace), backend.service())
}

/// Every recorded state, on every path of a location and on its neighbours, is decided as the controller does.
/// The policy, whose affinity cookie has only its name.
fn without_revision(policy: Policy) -> Policy {
    match policy.affinity().clone() {
        Affinity::Cookie(cookie) => {
            let (name, scope) = (cookie.name().as_str(), cookie.scope());
            policy.with_affinity(Affinity::Cookie(CookieAffinity::new(name).unwrap().with_scope(scope)))
        }
        Affinity::None | Affinity::Key(_) => policy,
    }
}

/// A cookie of ingress-nginx names an upstream, so it pins nobody where others answer.
#[test]
fn cookies_of_one_name_are_told_apart() {
    let cookies = |ingresses: &[&str]| {
        let readings = hosts(&cluster(ingresses)).unwrap();
        let locations = readings.iter().flat_map(|reading| reading.virtual_host.as_ref().unwrap().locations());
        let cookie = |location: &route::Location| match location.policy()?.affinity() {
            Affinity::Cookie(cookie) => Some((cookie.revision()?.to_owned(), cookie.path()?.to_owned())),
            Affinity::None | Affinity::Key(_) => None,
        };
        locations.filter_map(cookie).collect::<Vec<_>>()
    };
    let own = |revision: &str, path: &str| (revision.to_owned(), path.to_owned());
    let two = "web 1; a.test/one > web:80; a.test/two > api:80; affinity=cookie; session-cookie-name=route";
    let (first, second) = ("c1 2; a.test/one > next:80; canary 50", "c2 3; a.test/two > third:80; canary 0");
    assert_eq!(cookies(&[two, first]), []);
    assert_eq!(cookies(&[two, first, second]), [own("s-web-80", "/one"), own("s-api-80", "/two")]);
    let of_root = format!("{two}; session-cookie-path=/");
    assert_eq!(cookies(&[&of_root, first, second]), [own("s-web-80", "/"), own("s-api-80", "/")]);
    // Another host gets a cookie with a domain.
    let of_domain = format!("{two}; session-cookie-domain=a.test");
    assert_eq!(cookies(&[&of_domain, first]), [own("s-web-80", "/one")]);
}

/// What a policy splits goes to stable alone, or nowhere, as long as a Service has no endpoints.
#[test]
fn a_service_without_endpoints_leaves_the_host_undecided() {
    let ingresses = || ["web 1; a.test/ > web:80", "next 2; a.test/ > next:80; canary 30"].map(ingress);
    for (services, whole) in [(&["web", "next"][..], true), (&["web"], false), (&["next"], false), (&[], true)] {
        let services = services.iter().map(|name| service("s", name));
        let cluster = Cluster::new(Flags::default()).with_ingresses(ingresses()).with_services(services.clone());
        assert_eq!(hosts(&cluster).unwrap()[0].whole, whole, "{:?}", services.collect::<Vec<_>>());
    }
}

/// The controller answers such requests itself or refuses them, so that nothing is proven about the host.
#[test]
fn an_annotation_that_answers_requests_leaves_the_host_undecided() {
    for (annotation, whole) in [
        ("permanent-redirect=https://x.test", false),
        ("auth-url=https://auth.test", false),
        ("whitelist-source-range=10.0.0.0/8", false),
        ("backend-protocol=FCGI", false),
        ("proxy-read-timeout=5", true),
        ("backend-protocol=HTTP", true),
    ] {
        let readings = hosts(&cluster(&[&format!("web 1; a.test/ > web:80; {annotation}")])).unwrap();
        assert_eq!(readings[0].whole, whole, "{annotation}: {:?}", readings[0].findings);
    }
}

#[test]
fn every_recorded_state_is_read_as_it_is_served() {
    let mut compared = 0;
    for state in recorded_states().iter().filter(|state| !state.panics) {
        let configuration = state.cluster.configuration().unwrap();
        let port = |name: &str| {
            let upstream = configuration.upstreams.iter().find(|upstream| upstream.name == name)?;
            let service = upstream.service.as_ref()?;
            let number = match upstream.port.as_str() {
                "http" | "8080" | "80" => "80",
                "alt" | "9090" => "8080",
                other => other,
            };
            Some(format!("{}-{}-{number}", service.namespace(), service.name()))
        };
        for reading in hosts(&state.cluster).unwrap() {
            let served = configuration.virtual_hosts.iter().find(|host| host.host == reading.host).unwrap();
            let Some(host) = reading.virtual_host else { continue };
            let namespace = host.namespace().unwrap();
            for path in
                served.locations.iter().flat_map(|location| [location.path.clone(), format!("{}x", location.path)])
            {
                if path.contains("//") || (path.ends_with('/') && path != "/") {
                    continue;
                }
                let (Some(expected), read) = (decides(served, &path), host.location(&path)) else { continue };
                let place = format!("{} {}{path}", state.id, reading.host);
                if !expected.stable_exists {
                    let deleted = |finding: &IngressFinding| finding.to_string().contains("deleted its upstream");
                    assert!(reading.findings.iter().any(deleted), "{place}");
                    continue;
                }
                let stable = read.map(|read| upstream(namespace, read.stable()));
                assert_eq!(stable, port(&expected.stable), "{place}");
                let canary = read.and_then(|read| read.canaries().first()).map(|canary| upstream(namespace, canary));
                let in_force = expected.canary.as_ref().filter(|canary| canary.policy.is_ok());
                assert_eq!(canary, in_force.and_then(|canary| port(&canary.upstream)), "{place}");
                let policy = in_force.and_then(|canary| canary.policy.clone().ok());
                // Cookies of one name are told apart by the name of the upstream.
                let read = read.and_then(route::Location::policy).cloned();
                if let Some(Affinity::Cookie(cookie)) = read.as_ref().map(Policy::affinity) {
                    assert!(cookie.revision().is_none_or(|revision| revision == expected.stable), "{place}");
                }
                assert_eq!(read.map(without_revision), policy.map(without_revision), "{place}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1500, "{compared}");
}

/// The tokens are those of the upstreams as the controller names them: by the port that the Ingress names, whatever its number is.
#[test]
fn a_location_has_the_tokens_of_its_affinity_cookie() {
    let next = "next 2; a.test/ > next:http; canary 30";
    for (ingresses, expected) in [
        (
            &["web 1; a.test/ > web:80; affinity=cookie", next][..],
            Some((("s", "web", "80"), Some(("s", "next", "http")))),
        ),
        (
            &["web 1; a.test/ > web:http; affinity=cookie", "t/next 2; a.test/ > next:80; canary 30"],
            Some((("s", "web", "http"), Some(("t", "next", "80")))),
        ),
        // The behaviour `legacy` pins the clients of stable only.
        (
            &[
                "web 1; a.test/ > web:80; affinity=cookie",
                "next 2; a.test/ > next:80; canary 30; affinity-canary-behavior=legacy",
            ],
            Some((("s", "web", "80"), None)),
        ),
        (&["web 1; a.test/ > web:80", next], None),
        // Without a canary the cookie pins clients to pods only.
        (&["web 1; a.test/ > web:80; affinity=cookie"], None),
    ] {
        let readings = hosts(&cluster(ingresses)).unwrap();
        let host = readings[0].virtual_host.clone().unwrap();
        let found = host.location("/").unwrap().former_tokens();
        let of = |(namespace, service, port): (&str, &str, &str)| token(namespace, service, port);
        let expected = expected.map(|(stable, canary)| FormerTokens::new(of(stable), canary.map(of)).unwrap());
        assert_eq!(found, expected.as_ref(), "{ingresses:?}");
        assert_eq!(host.without_former_tokens().location("/").unwrap().former_tokens(), None);
    }
}

/// What a host answers today, and no location of its virtual host says: the host is not whole, and a finding says why.
#[test]
fn what_no_location_says_is_a_finding_of_the_host() {
    let only = "it holds for the whole host, and a virtual host holds only hosts, paths, backends and policies";
    let of_server = |name: &str, ingress: &str, value: &str| {
        format!("s/{ingress}: metadata.annotations[nginx.ingress.kubernetes.io/{name}]: `{value}` is left out: {only}")
    };
    let web = "web 1; a.test/ > web:80";
    for (lines, host, finding) in [
        // nginx compares the text with the decoded path.
        (
            vec![web, "api 2; a.test/a%20b > api:80"],
            "a.test",
            "s/api: spec.rules[0].http.paths[0]: `/a%20b` is left out: nginx compares it with the decoded path of a \
             request, and other software with the path as it is sent"
                .to_owned(),
        ),
        // The certificate of clients counts, whichever Ingress of the host has it.
        (
            vec![web, "next 2; a.test/ > next:80; canary 30; auth-tls-secret=s/ca"],
            "a.test",
            of_server("auth-tls-secret", "next", "s/ca"),
        ),
        (
            vec![web, "api 2; a.test/ > api:80; ssl-passthrough=true"],
            "a.test",
            of_server("ssl-passthrough", "api", "true"),
        ),
        // On an unknown host it is that of every other host.
        (
            vec!["web 1; default > web:80", "next 2; no.test/ > next:80; canary 30; auth-tls-secret=s/ca"],
            "_",
            of_server("auth-tls-secret", "next", "s/ca"),
        ),
        // The annotation `default-backend` answers.
        (
            vec!["web 1; a.test/ > gone:80; default-backend=d"],
            "a.test",
            "s/web: spec.rules[0].http.paths[0]: `gone:80` is assumed: the Service has no endpoints, so the controller \
             answers with the Service of the annotation `default-backend` until it has some"
                .to_owned(),
        ),
        // The alias leads to another host, and elsewhere to every other host.
        (
            vec!["web 1; a.test/ > web:80; server-alias=*.b.test", "api 2; default > api:80"],
            "_",
            "s/api: spec: `*.b.test` is assumed: the controller answers this alias on another host, and elsewhere \
             every other host answers it"
                .to_owned(),
        ),
    ] {
        let readings = hosts(&cluster(&lines)).unwrap();
        let reading = readings.iter().find(|reading| reading.host == host).unwrap();
        let found: Vec<String> = reading.findings.iter().map(ToString::to_string).collect();
        assert!(!reading.whole && found.contains(&finding), "{lines:?}: {found:#?}");
    }
}

/// The annotations with which the controller answers or refuses requests itself.
#[test]
fn a_host_that_answers_itself_is_not_whole() {
    for (annotation, is_whole) in [
        ("allowlist-source-range=10.0.0.0/8", false),
        ("whitelist-source-range=10.0.0.0/8", false),
        ("enable-cors=true", false),
        ("enable-cors=false", true),
        ("enable-modsecurity=true", false),
        ("limit-rps=5", false),
        ("limit-connections=5", false),
        ("proxy-read-timeout=60", true),
    ] {
        let readings = hosts(&cluster(&[&format!("web 1; a.test/ > web:80; {annotation}")])).unwrap();
        assert_eq!(readings[0].whole, is_whole, "{annotation}: {:?}", readings[0].findings);
    }
}

/// The controller answers 404 on such a host, and elsewhere a wildcard or every other host takes its requests.
#[test]
fn a_host_without_a_location_is_read_if_another_host_would_answer_it() {
    let empty = "empty 2; no.a.test !";
    for (other, is_read) in [
        ("web 1; default > web:80", true),
        ("web 1; *.a.test/ > web:80", true),
        ("web 1; *.test/ > web:80", true),
        ("web 1; b.test/ > web:80", false),
        ("web 1; *.b.test/ > web:80", false),
    ] {
        let readings = hosts(&cluster(&[other, empty])).unwrap();
        let reading = readings.iter().find(|reading| reading.host == "no.a.test");
        assert_eq!(reading.is_some(), is_read, "{other}: {readings:#?}");
        let why =
            "no path of the host has a Service, so the controller answers with 404, and elsewhere another host answers";
        if let Some(HostReading { virtual_host, whole, findings, .. }) = reading {
            assert_eq!((virtual_host, whole), (&None, &false));
            assert_eq!(findings[0].to_string(), format!("s/empty: spec.rules: `no.a.test` is left out: {why}"));
        }
    }
}

/// nginx knows the first server of a name.
#[test]
fn the_first_of_several_hosts_has_an_alias() {
    let cluster = cluster(&["web 1; b.test/ > web:80; a.test/ > api:80; server-alias=old.test"]);
    let readings = hosts(&cluster).unwrap();
    let names = |reading: &HostReading| {
        let hosts = reading.virtual_host.as_ref().unwrap().hosts().iter();
        (hosts.map(ToString::to_string).collect::<Vec<_>>().join(" "), reading.whole)
    };
    let all: Vec<_> = readings.iter().map(names).collect();
    assert_eq!(all, [("a.test old.test".to_owned(), true), ("b.test".to_owned(), true)]);
    let why = "it is an alias of an earlier host too, which has its requests";
    assert_eq!(findings(&cluster), [format!("s/web: spec.rules: `old.test` is left out: {why}")]);
}

/// The controller redirects plain HTTP for a host that has a certificate, unless it is told not to.
#[test]
fn a_certificate_is_a_condition_if_the_controller_redirects() {
    for (annotation, code) in
        [("", "condition"), ("ssl-redirect=true", "condition"), ("ssl-redirect=false", "left-out")]
    {
        let mut ingress = ingress(&format!("web 1; a.test/ > web:80; {annotation}"));
        ingress.spec.tls =
            vec![serde_json::from_value(serde_json::json!({ "hosts": ["a.test"], "secretName": "s" })).unwrap()];
        let cluster = Cluster::new(Flags::default()).with_ingresses([ingress]);
        let readings = hosts(&cluster).unwrap();
        let found: Vec<&str> = readings[0].findings.iter().map(|finding| finding.code()).collect();
        assert!(readings[0].whole && found.contains(&code), "{annotation}: {:?}", readings[0].findings);
    }
}

/// A mesh has one policy for a Service, so a cookie that is told apart on one host is told apart on all hosts of its upstream.
#[test]
fn a_cookie_is_told_apart_on_all_hosts_of_an_upstream() {
    let cluster = cluster(&[
        "web 1; a.test/ > web:80; a.test/api > api:80; b.test/ > web:80; affinity=cookie; session-cookie-name=S",
        "next 2; a.test/ > next:80; canary 30",
        "third 3; a.test/api > third:80; canary 30",
    ]);
    let readings = hosts(&cluster).unwrap();
    let policy = |index: usize| readings[index].virtual_host.as_ref().unwrap().location("/").unwrap().policy().unwrap();
    let Affinity::Cookie(cookie) = policy(1).affinity() else { panic!() };
    assert_eq!(cookie.revision(), Some("s-web-80"));
    assert_eq!(policy(0), policy(1));
    let all: Vec<_> = readings.iter().filter_map(|reading| reading.virtual_host.clone()).collect();
    assert!(linkerd::http_routes_of_hosts(&all, &linkerd::RouteParams::default()).is_ok());
}
