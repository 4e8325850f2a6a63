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
    assert!(written.err.contains("3 proven"), "{}", written.err);
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
