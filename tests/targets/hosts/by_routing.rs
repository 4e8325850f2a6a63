//! A proof looks at what objects do in a cluster, and not at what their annotations say or at objects that no cluster has.

use canary_policy::migrate::{self, Answer};
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::gateway::{self, HttpRoute};
use canary_policy::targets::istio::{self, VirtualService};
use canary_policy::targets::{Finding, Metadata, VirtualHostReading};
use canary_policy::{Canary, HeaderRule, Match, Policy, Total};
use serde_json::{Value, json};

/// A virtual host with the stable Service, and a canary with this weight and the header rule `x-canary`.
fn host(stable: &str, canary: Option<(&str, u32)>) -> VirtualHost {
    let root = Location::new(Path::prefix("/").unwrap(), format!("{stable}:80").parse().unwrap());
    let root = match canary {
        None => root,
        Some((service, weight)) => {
            let rule = HeaderRule::new("x-canary", Match::AlwaysNever).unwrap();
            let canary = Canary::new("canary", weight).unwrap().with_header(rule);
            let policy = Policy::new([canary], Total::new(100).unwrap()).unwrap();
            root.with_policy(policy, [format!("{service}:80").parse().unwrap()]).unwrap()
        }
    };
    VirtualHost::new("shop", [root]).unwrap().with_hosts(["shop.test".parse().unwrap()]).unwrap()
}

fn answer(before: &VirtualHost, read: &[VirtualHostReading]) -> &'static str {
    match migrate::verify(std::slice::from_ref(before), read).answer() {
        Answer::Same => "same",
        Answer::Differs(_) => "differs",
        _ => "unread",
    }
}

/// The value that a rule is for, and the weights of its backends.
type Rule<'w> = (Option<&'w str>, Vec<(&'w str, u32)>);

/// Rules as words, the last of which are the weights: `always=next never=web web:90,next:10`.
fn rules(words: &str) -> Vec<Rule<'_>> {
    words.split(' ').map(rule).collect()
}

fn rule(word: &str) -> Rule<'_> {
    let (value, to) = word.split_once('=').map_or((None, word), |(value, to)| (Some(value), to));
    (value, to.split(',').map(destination).collect())
}

fn destination(word: &str) -> (&str, u32) {
    word.split_once(':').map_or((word, 1), |(name, weight)| (name, weight.parse().unwrap()))
}

fn of_gateway(words: &str, annotation: &str, before: &VirtualHost) -> &'static str {
    let rule = |(value, to): Rule<'_>| {
        let headers: Vec<Value> = value.iter().map(|value| json!({ "name": "x-canary", "value": value })).collect();
        let to = to.iter().map(|(name, weight)| json!({ "name": name, "port": 80, "weight": weight }));
        json!({ "matches": [{ "headers": headers }], "backendRefs": to.collect::<Vec<_>>() })
    };
    let route: HttpRoute = serde_json::from_value(json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "shop", "annotations": { Metadata::VARIANTS: annotation } },
        "spec": { "hostnames": ["shop.test"], "rules": rules(words).into_iter().map(rule).collect::<Vec<_>>() },
    }))
    .unwrap();
    answer(before, &gateway::read_hosts(&[route], std::slice::from_ref(before)).unwrap())
}

fn of_istio(words: &str, annotation: &str, before: &VirtualHost) -> &'static str {
    let rule = |(value, to): Rule<'_>| {
        let to = to.iter().map(
            |(name, weight)| json!({ "destination": { "host": name, "port": { "number": 80 } }, "weight": weight }),
        );
        let to: Vec<Value> = to.collect();
        match value {
            None => json!({ "route": to }),
            Some(value) => json!({ "match": [{ "headers": { "x-canary": { "exact": value } } }], "route": to }),
        }
    };
    let mut object = virtual_service(json!({
        "hosts": ["shop.test"], "gateways": ["public"], "http": rules(words).into_iter().map(rule).collect::<Vec<_>>(),
    }));
    object.metadata.annotations.insert(Metadata::VARIANTS.to_owned(), annotation.to_owned());
    let before = before.clone().with_namespace("shop").unwrap();
    answer(&before, &istio::read_hosts(&[object], std::slice::from_ref(&before)).unwrap())
}

fn virtual_service(spec: Value) -> VirtualService {
    let (api_version, metadata) = ("networking.istio.io/v1", json!({ "name": "shop", "namespace": "shop" }));
    let object = json!({ "apiVersion": api_version, "kind": "VirtualService", "metadata": metadata, "spec": spec });
    serde_json::from_value(object).unwrap()
}

/// `web` was stable and `next` its canary, until somebody made `next` stable by hand and forgot the annotation. Each row is what
/// the Ingresses do now, the rules of the object, and the answer.
#[test]
fn an_annotation_from_before_a_promotion_makes_no_difference() {
    const STALE: &str = "total=100 stable=web:80 canary=next:80";
    for (stable, canary, words, expected) in [
        ("next", None, "next", "same"),
        ("next", None, "web", "differs"),
        ("next", None, "web:1,next:99", "differs"),
        ("next", Some(("third", 10)), "always=third never=next next:90,third:10", "same"),
        ("next", Some(("third", 10)), "always=third never=next next:80,third:20", "differs"),
        ("next", Some(("third", 10)), "always=third never=web next:90,third:10", "differs"),
        ("next", Some(("third", 10)), "never=next always=third third:10,next:90", "same"),
        // The variants have changed places.
        ("next", Some(("web", 10)), "always=web never=next web:10,next:90", "same"),
        ("next", Some(("web", 10)), "always=next never=web web:10,next:90", "differs"),
        // Nothing was promoted.
        ("web", Some(("next", 10)), "always=next never=web web:90,next:10", "same"),
        ("web", Some(("next", 10)), "always=next never=web next", "differs"),
    ] {
        let before = host(stable, canary);
        assert_eq!(of_gateway(words, STALE, &before), expected, "{stable} {canary:?} {words}");
        assert_eq!(of_istio(words, STALE, &before), expected, "{stable} {canary:?} {words}");
    }
}

/// The findings of objects that are refused. Nothing is decided about their hosts.
fn refused(read: &[VirtualHostReading], before: &VirtualHost, object: &Value) -> Vec<String> {
    assert_eq!(answer(before, read), "unread", "{object}");
    let findings = read.iter().flat_map(|reading| &reading.findings);
    let refused = findings.filter(|finding| matches!(finding, Finding::Refused { .. }));
    refused.map(ToString::to_string).collect()
}

/// Each row is the spec of an HTTPRoute that an API server refuses, and why.
#[test]
fn an_httproute_that_an_api_server_refuses_is_not_decided() {
    let web = || json!({ "name": "web", "port": 80 });
    let rule = || json!({ "backendRefs": [web()] });
    let prefix = |number: usize| json!({ "path": { "type": "PathPrefix", "value": format!("/{number}") } });
    let with_header = |name: &str, value: &str| {
        let matches = json!([{ "headers": [{ "name": name, "value": value }] }]);
        json!([{ "matches": matches, "backendRefs": [web()] }, rule()])
    };
    let with_matches = |counts: &[usize]| {
        let of_rule =
            |count: &usize| json!({ "matches": (0..*count).map(prefix).collect::<Vec<_>>(), "backendRefs": [web()] });
        json!(counts.iter().map(of_rule).collect::<Vec<_>>())
    };
    let long = "x".repeat(257);
    let name = "the name of a header has 1 to 256 letters, digits and characters of !#$%&'*+-.^_`|~";
    for (rules, expected) in [
        (json!(vec![rule(); 17]), "shop.spec.rules: `17` is refused: an HTTPRoute has at most 16 rules".to_owned()),
        (with_matches(&[65]), "shop.spec.rules[0].matches: `65` is refused: a rule has at most 64 matches".to_owned()),
        (
            with_matches(&[64, 64, 1]),
            "shop.spec.rules: `129` is refused: the rules of an HTTPRoute have at most 128 matches together".to_owned(),
        ),
        (
            json!([{ "backendRefs": vec![web(); 17] }]),
            "shop.spec.rules[0].backendRefs: `17` is refused: a rule has at most 16 backends".to_owned(),
        ),
        (
            json!([{ "backendRefs": [{ "name": "web", "port": 80, "weight": 1_000_001 }] }]),
            "shop.spec.rules[0].backendRefs[0].weight: `1000001` is refused: a weight is at most 1000000".to_owned(),
        ),
        (
            with_header("x canary", "1"),
            format!("shop.spec.rules[0].matches[0].headers[0].name: `x canary` is refused: {name}"),
        ),
        (
            with_header(&long, "1"),
            format!("shop.spec.rules[0].matches[0].headers[0].name: `{}… (257 bytes)` is refused: {name}", "x".repeat(80)),
        ),
        (
            with_header("x-canary", ""),
            "shop.spec.rules[0].matches[0].headers[0].value: `` is refused: the value of a header has 1 to 4096 characters"
                .to_owned(),
        ),
    ] {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "shop" },
            "spec": { "hostnames": ["shop.test"], "rules": rules },
        });
        let route: HttpRoute = serde_json::from_value(object.clone()).unwrap();
        let before = host("web", None);
        let found = refused(&gateway::read_hosts(&[route], &[]).unwrap(), &before, &object);
        assert!(found.contains(&expected), "{found:?} {expected}");
    }
    // As many as there may be.
    let object = |rules: Value| -> HttpRoute {
        serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "shop" },
            "spec": { "hostnames": ["shop.test"], "rules": rules },
        }))
        .unwrap()
    };
    for rules in
        [with_matches(&[64, 63]), json!([{ "backendRefs": [{ "name": "web", "port": 80, "weight": 1_000_000 }] }])]
    {
        let read = gateway::read_hosts(&[object(rules)], &[]).unwrap();
        assert!(!read[0].findings.iter().any(|finding| matches!(finding, Finding::Refused { .. })), "{read:?}");
    }
}

/// Each row is the spec of a VirtualService that Istio refuses, and why.
#[test]
fn a_virtual_service_that_istio_refuses_is_not_decided() {
    let to = |weight: u64| json!({ "destination": { "host": "web", "port": { "number": 80 } }, "weight": weight });
    let matching = |text: Value| {
        let headers = json!({ "x-canary": text });
        json!([{ "match": [{ "headers": headers }], "route": [to(1)] }, { "route": [to(1)] }])
    };
    for (hosts, http, expected) in [
        (
            json!(["shop.test"]),
            json!([{ "route": [to(2_147_483_648)] }]),
            "shop.spec.http[0].route[0].weight: `2147483648` is refused: a weight is at most 2147483647",
        ),
        (
            json!(["shop.test"]),
            json!([{ "route": [to(0), to(0)] }]),
            "shop.spec.http[0].route: `0` is refused: the weights of several destinations add up to at least 1",
        ),
        (
            json!(["shop.test"]),
            matching(json!({ "prefix": "" })),
            "shop.spec.http[0].match[0].headers.x-canary.prefix: `` is refused: a prefix is not empty",
        ),
        (
            json!(["*.test", "shop.test"]),
            json!([{ "route": [to(1)] }]),
            "shop.spec.hosts[1]: `shop.test` is refused: the hosts of one VirtualService do not overlap",
        ),
    ] {
        let spec = json!({ "hosts": hosts, "gateways": ["public"], "http": http });
        let read = istio::read_hosts(&[virtual_service(spec.clone())], &[]).unwrap();
        let found = refused(&read, &host("web", None), &spec);
        assert!(found.iter().any(|text| text == expected), "{found:?} {expected}");
    }
}

/// Each row is a destination for `web:80` of the namespace `shop`, and the answer. No Service is read.
#[test]
fn a_destination_of_istio_is_a_service_and_port_that_is_known() {
    let port = json!({ "number": 80 });
    for (destination, expected) in [
        (json!({ "host": "web", "port": port }), "same"),
        (json!({ "host": "web.shop.svc.cluster.local", "port": port }), "same"),
        (json!({ "host": "other", "port": port }), "differs"),
        // The only port of the Service, which may be 80.
        (json!({ "host": "web" }), "unread"),
        // A Service of a cluster whose domain is `corp`, or a host outside the cluster.
        (json!({ "host": "web.shop.svc.corp", "port": port }), "unread"),
    ] {
        let http = json!([{ "route": [{ "destination": destination }] }]);
        let spec = json!({ "hosts": ["shop.test"], "gateways": ["public"], "http": http });
        let before = host("web", None).with_namespace("shop").unwrap();
        let read = istio::read_hosts(&[virtual_service(spec)], std::slice::from_ref(&before)).unwrap();
        assert_eq!(answer(&before, &read), expected, "{destination}");
    }
    // Istio ignores a header of this name, so the match holds for every request.
    let headers = json!({ "authority": { "exact": "x" } });
    let to = |name: &str| json!([{ "destination": { "host": name, "port": port } }]);
    let http = json!([{ "match": [{ "headers": headers }], "route": to("next") }, { "route": to("web") }]);
    let spec = json!({ "hosts": ["shop.test"], "gateways": ["public"], "http": http });
    let read = istio::read_hosts(&[virtual_service(spec)], &[]).unwrap();
    assert_eq!(answer(&host("web", None).with_namespace("shop").unwrap(), &read), "unread");
}

/// A mirror gets copies of requests, and its answers are dropped.
#[test]
fn a_mirror_changes_no_answer() {
    let filter = json!({ "type": "RequestMirror", "requestMirror": { "backendRef": { "name": "copy", "port": 80 } } });
    let route: HttpRoute = serde_json::from_value(json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "shop", "namespace": "shop" },
        "spec": { "hostnames": ["shop.test"], "rules": [{ "filters": [filter], "backendRefs": [{ "name": "web", "port": 80 }] }] },
    }))
    .unwrap();
    let to = json!([{ "destination": { "host": "web", "port": { "number": 80 } } }]);
    let http = json!([{ "route": to, "mirror": { "host": "copy" }, "mirrorPercentage": { "value": 10 } }]);
    let object = virtual_service(json!({ "hosts": ["shop.test"], "gateways": ["public"], "http": http }));
    let before = host("web", None).with_namespace("shop").unwrap();
    let (of_gateway, of_istio) =
        (gateway::read_hosts(&[route], &[]).unwrap(), istio::read_hosts(&[object], &[]).unwrap());
    assert_eq!([answer(&before, &of_gateway), answer(&before, &of_istio)], ["same", "same"]);
    assert_eq!([of_gateway[0].findings.len(), of_istio[0].findings.len()], [1, 2]);
}

/// Each row is the parents of two objects with one host, and the answer.
#[test]
fn listeners_that_differ_are_not_decided() {
    let route = |name: &str, path: &str, parent: &Value| -> HttpRoute {
        let matches = json!([{ "path": { "type": "PathPrefix", "value": path } }]);
        let rules = json!([{ "matches": matches, "backendRefs": [{ "name": "web", "port": 80 }] }]);
        serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": name },
            "spec": { "parentRefs": [parent], "hostnames": ["shop.test"], "rules": rules },
        }))
        .unwrap()
    };
    let (every, https) = (json!({ "name": "public" }), json!({ "name": "public", "sectionName": "https" }));
    let port = json!({ "name": "public", "port": 443 });
    for (first, second, expected, conditions) in [
        (&every, &every, "same", 0),
        (&https, &https, "same", 2),
        (&port, &port, "same", 2),
        (&every, &https, "unread", 1),
        (&https, &port, "unread", 2),
    ] {
        let read = gateway::read_hosts(&[route("a", "/", first), route("b", "/b", second)], &[]).unwrap();
        assert_eq!(answer(&host("web", None), &read), expected, "{first} {second}");
        let found = read[0].findings.iter().filter(|finding| matches!(finding, Finding::Condition { .. }));
        assert_eq!(found.count(), conditions, "{first} {second}");
    }
}

/// Rules of which none can be read leave their host undecided, and the others decided.
#[test]
fn an_object_without_a_readable_rule_is_not_decided() {
    let redirect = json!({ "filters": [{ "type": "RequestRedirect", "requestRedirect": { "scheme": "https" } }] });
    let method = json!({ "matches": [{ "method": "POST" }], "backendRefs": [{ "name": "web", "port": 80 }] });
    for rules in [json!([redirect]), json!([method])] {
        let route: HttpRoute = serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "shop" },
            "spec": { "hostnames": ["shop.test"], "rules": rules },
        }))
        .unwrap();
        let read = gateway::read_hosts(&[route], &[]).unwrap();
        assert_eq!(answer(&host("web", None), &read), "unread", "{rules}");
        assert!(read[0].virtual_host.locations().is_empty() && !read[0].findings.is_empty(), "{rules}");
    }
}
