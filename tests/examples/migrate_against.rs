//! `migrate --against` reads what it can, and proves nothing about the rest.

use crate::util::example::{example, file_with};

const HOSTS: &str = "examples/manifests/hosts.yaml";

/// Each row is a target, a text of its objects, what is there instead so that an object cannot be read, a line of the error, and
/// the summary.
#[test]
fn migrate_goes_on_without_an_object_that_cannot_be_read() {
    for (target, text, other, error, summary) in [
        (
            "gateway",
            "port: 80",
            "port: http",
            "document 1, line 1 (HTTPRoute): spec.rules[0].backendRefs[0].port: invalid type",
            "2 proven, 0 different, 1 not decided",
        ),
        (
            "gateway",
            "- api.test",
            "- API.test",
            "document 1, line 1 (HTTPRoute shop/api.test): spec.hostnames[0]: `API.test` is not a host",
            "2 proven, 0 different, 1 not decided",
        ),
        // A text where a list belongs may be any host.
        (
            "gateway",
            "hostnames:\n  - api.test",
            "hostnames: api.test",
            "document 1, line 1 (HTTPRoute): spec.hostnames: invalid type",
            "0 proven, 0 different, 4 not decided",
        ),
        (
            "gateway",
            "  name: partner.test",
            "  name: shop.test",
            "(HTTPRoute shop/shop.test): metadata.name: there are two objects `shop.test`",
            "1 proven, 0 different, 2 not decided",
        ),
        (
            "istio",
            "host: api-v1.shop.svc.cluster.local",
            "host: example.com",
            "document 1, line 1 (VirtualService shop/api.test): spec.http[",
            "2 proven, 0 different, 1 not decided",
        ),
        (
            "istio",
            "  - partner.test",
            "  - shop.test",
            "(VirtualService shop/partner.test): shop.test.spec.hosts: another object",
            "1 proven, 1 different, 1 not decided",
        ),
        ("gloo", "port: 80", "port: http", "(VirtualService): ", "2 proven, 0 different, 1 not decided"),
        (
            "envoy",
            "cluster: shop/orders:80",
            "cluster: outbound|80||orders",
            "routes (virtual host shop.test): virtual_hosts[0].routes[",
            "2 proven, 0 different, 1 not decided",
        ),
        // A domain that could be part of any host.
        ("envoy", "- api.test", "- api.*", "routes (virtual host api.test): virtual_hosts[0].domains: ", "0 proven"),
        // It is not known which hosts lead to the Service of an object that cannot be read.
        ("linkerd", "port: 80", "port: http", "(HTTPRoute): ", "0 proven, 0 different, 4 not decided"),
        (
            "linkerd",
            "- name: shop-next",
            "- name: SHOP-next",
            "(HTTPRoute shop/",
            "1 proven, 0 different, 2 not decided",
        ),
    ] {
        let written = example("migrate", &[HOSTS, "--keep-sessions", "--to", target], "").out;
        assert!(written.contains(text), "{target} {text}: {written}");
        let file = file_with("odd.yaml", &written.replacen(text, other, 1));
        let run = example("migrate", &[HOSTS, "--against", file.to_str().unwrap()], "");
        assert!(run.code == 1 && run.err.contains(error), "{target} {text}: {} {}", run.err, run.out);
        assert!(run.out.contains(summary), "{target} {text}: {} {}", run.err, run.out);
        let strict = example("migrate", &[HOSTS, "--strict", "--against", file.to_str().unwrap()], "");
        assert_eq!((strict.code, strict.out.as_str()), (1, ""), "{target} {text}");
        std::fs::remove_file(&file).unwrap();
    }
}

/// Objects of the Gateway API that change what HTTPRoutes do are read with them.
#[test]
fn migrate_looks_at_reference_grants_and_grpc_routes() {
    let hosts = std::fs::read_to_string(HOSTS).unwrap();
    // The canary of `/` is in another namespace.
    let hosts = hosts.replace("name: shop-canary\n  namespace: shop", "name: shop-canary\n  namespace: next");
    let hosts = hosts.replace("name: shop-next, namespace: shop", "name: shop-next, namespace: next");
    let input = file_with("elsewhere.yaml", &hosts);
    let input = input.to_str().unwrap();
    let written = example("migrate", &[input, "--keep-sessions", "--to", "gateway", "--verify"], "");
    let needs = "`next/shop-next:80` needs a ReferenceGrant";
    assert!(written.code == 0 && written.err.contains(needs), "{}", written.err);
    // The same objects are proven with the ReferenceGrant, and without it that is the condition.
    for words in ["condition of the proof: `next/shop-next:80` needs a ReferenceGrant", "3 proven under 1 condition, 0"]
    {
        assert!(written.err.contains(words), "{}", written.err);
    }
    let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\n\
                 metadata: { name: shop, namespace: next }\n\
                 spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }], \
                 to: [{ group: '', kind: Service }] }\n";
    let grpc = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: { name: cart, namespace: shop }\n\
                spec: { parentRefs: [{ name: nginx }], hostnames: [api.test], \
                rules: [{ backendRefs: [{ name: api-v1, port: 80 }] }] }\n";
    let odd = grpc.replace("hostnames: [api.test]", "hostnames: [API.test]");
    for (more, code, summary, finding) in [
        (
            "",
            4,
            "1 proven, 0 different, 2 not decided",
            "needs a ReferenceGrant in the namespace of the Service: none permits it",
        ),
        (grant, 0, "3 proven, 0 different, 0 not decided", ""),
        (
            &format!("{grant}{grpc}"),
            4,
            "2 proven, 0 different, 1 not decided",
            "a GRPCRoute has one of these hosts too",
        ),
        (&format!("{grant}{odd}"), 1, "2 proven, 0 different, 1 not decided", ""),
    ] {
        let file = file_with("grants.yaml", &format!("{}{more}", written.out));
        let run = example("migrate", &[input, "--against", file.to_str().unwrap()], "");
        let is_expected = run.code == code && run.out.contains(summary) && run.out.contains(finding);
        assert!(is_expected, "{}: {}{}", run.code, run.out, run.err);
        std::fs::remove_file(&file).unwrap();
    }
    std::fs::remove_file(input).unwrap();
}

const INGRESS: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                       metadata: { name: NAME, namespace: s, annotations: { NOTES } }\nspec: { rules: [{ host: HOST, http: { paths: [{ path: /, pathType: Prefix, \
                       backend: { service: { name: SERVICE, port: { number: 80 } } } }] } }] }\n";

/// An Ingress with annotations, as in `name host service key: "value"`.
fn ingress(words: &str) -> String {
    let mut words = words.splitn(4, ' ');
    let mut next = || words.next().unwrap_or_default();
    let text = INGRESS.replace("NAME", next()).replace("HOST", next()).replace("SERVICE", next());
    text.replace("NOTES", next())
}

const CANARY: &str = r#"nginx.ingress.kubernetes.io/canary: "true", nginx.ingress.kubernetes.io/canary-weight: 10"#;

/// Each row is the documents besides the Ingresses of `a.test` and `b.test`, the numbers of the summary, and what is said about it.
#[test]
fn nothing_is_proven_about_what_an_unreadable_object_could_change() {
    let canary = |host: &str, service: &str| ingress(&format!("next {host} {service} {CANARY}"));
    let rows = [
        (String::new(), "2 proven, 0 different, 0 not decided", ""),
        // The canary of `a.test`, which is no text.
        (canary("a.test", "next"), "1 proven, 0 different, 1 not decided", "every other host, `a.test`"),
        // A canary with the Service of `b.test` has an influence on both hosts.
        (canary("a.test", "b"), "0 proven, 0 different, 2 not decided", "every other host, `a.test`, `b.test`"),
        // A canary on a host that nobody has.
        (canary("c.test", "next"), "2 proven, 0 different, 0 not decided", "every other host, `c.test`"),
        ("kind: [".to_owned(), "0 proven, 0 different, 2 not decided", "could concern every host"),
        (canary("[]", "next"), "0 proven, 0 different, 2 not decided", "could concern every host"),
        (
            "apiVersion: v1\nkind: Service\nmetadata: { name: b, namespace: s }\nspec: { ports: 80 }\n".to_owned(),
            "1 proven, 0 different, 1 not decided",
            "concern them: `b.test`",
        ),
    ];
    for (document, summary, note) in rows {
        let all = [ingress("a a.test a"), ingress("b b.test b"), document.clone()].join("---\n");
        let run = example("migrate", &["-", "--to", "gateway", "--verify"], &all);
        assert!(run.err.contains(summary) && run.err.contains(note), "{document}: {}", run.err);
        assert_eq!(run.code, i32::from(!document.is_empty()), "{document}: {}", run.err);
        let requests = r#"{"request": {"host": "a.test", "path": "/", "headers": []}}"#;
        let requests = file_with("requests.jsonl", requests);
        let replayed = example("migrate", &["-", "--to", "gateway", "--replay", requests.to_str().unwrap()], &all);
        let is_read = document.is_empty() || !note.contains("a.test") && !note.contains("every host");
        let expected = if is_read { "1 alike, 0 different, 0 not" } else { "0 alike, 0 different, 1 not" };
        assert!(replayed.err.contains(expected), "{document}: {}", replayed.err);
        std::fs::remove_file(&requests).unwrap();
    }
}

/// Each row is what is in the file beside a VirtualService whose destination has no port, and the exit code.
#[test]
fn a_destination_without_a_port_has_the_only_port_of_its_service() {
    let service = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a, namespace: s }\n\
                   spec: { hosts: [a.test], gateways: [public], http: [{ route: [{ destination: { host: a } }] }] }\n";
    let with_ports = |ports: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: a, namespace: s }}\nspec: {{ ports: {ports} }}\n"
        )
    };
    for (more, code) in [
        (String::new(), 4),
        (with_ports("[{ port: 80 }]"), 0),
        (with_ports("[{ port: 81 }]"), 3),
        (with_ports("[{ name: a, port: 80 }, { name: b, port: 81 }]"), 4),
    ] {
        let file = file_with("ports.yaml", &format!("{service}{more}"));
        let run = example("migrate", &["-", "--against", file.to_str().unwrap()], &ingress("a a.test a"));
        assert_eq!(run.code, code, "{more}: {}{}", run.out, run.err);
        std::fs::remove_file(&file).unwrap();
    }
}

/// Client libraries write lists whose items have no kind of their own.
#[test]
fn the_items_of_a_list_of_one_kind_have_its_kind() {
    let item = |text: &str| {
        let lines = text.lines().skip(2).map(|line| format!("    {line}\n"));
        format!("  - {}", lines.collect::<String>().trim_start())
    };
    let items = item(&ingress("a a.test a"));
    let list = format!("apiVersion: networking.k8s.io/v1\nkind: IngressList\nitems:\n{items}");
    let routes = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRouteList\nitems:\n\
                  - metadata: { name: a, namespace: s }\n  spec: { parentRefs: [{ name: public }], hostnames: [a.test], \
                  rules: [{ backendRefs: [{ name: a, port: 80 }] }] }\n";
    let file = file_with("list.yaml", routes);
    let run = example("migrate", &["-", "--against", file.to_str().unwrap()], &list);
    assert!(run.code == 0 && run.out.contains("1 proven"), "{}{}", run.out, run.err);
    // A list of any kind has no kind for its items.
    let run = example("migrate", &["-"], &list.replace("IngressList", "List"));
    assert!(run.err.contains("skipped: standard input: document 1, item 1 (no kind)"), "{}", run.err);
    std::fs::remove_file(&file).unwrap();
}

/// Each row is an argument list, and what is wrong with it.
#[test]
fn arguments_without_an_effect_are_errors() {
    let empty = file_with("empty.jsonl", "");
    let empty = empty.to_str().unwrap();
    for (arguments, error) in [
        (&["--to", "istio", "--implementation", "istio"][..], "--implementation is one of the Gateway API"),
        (&["--to", "istio", "--replay", empty], "--replay: there is no request"),
        (&["--to", "istio", "--replay", "no such file"], "no such file: "),
        (&["--against", empty], "only Linkerd needs none"),
    ] {
        let run = example("migrate", &[&[HOSTS], arguments].concat(), "");
        assert!(run.code == 1 && run.err.contains(error), "{arguments:?}: {} {}", run.code, run.err);
    }
    let run = example("migrate", &["-", "--to", "linkerd", "--verify"], &ingress("a a.test a"));
    assert!(run.code == 0 && run.err.contains("so Linkerd needs no object"), "{}", run.err);
    std::fs::remove_file(empty).unwrap();
}

/// Items that are `null` are named as people know them.
#[test]
fn an_item_that_is_null_is_no_object() {
    for (item, error) in [
        ("rules: [null]", "spec.rules[0]: invalid type: null, expected an object"),
        ("rules: [{ backendRefs: [null] }]", "spec.rules[0].backendRefs[0]: invalid type: null, expected an object"),
    ] {
        let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: a, namespace: s }\n";
        let file = file_with("null.yaml", &format!("{head}spec: {{ hostnames: [a.test], {item} }}\n"));
        let run = example("migrate", &["-", "--against", file.to_str().unwrap()], &ingress("a a.test a"));
        assert!(run.code == 1 && run.err.contains(error) && run.out.contains("0 proven"), "{}{}", run.out, run.err);
        std::fs::remove_file(&file).unwrap();
    }
}
