//! Clusters of several shapes, as YAML.

use std::fmt::Write;

/// A name, what it stands for, and the YAML of a cluster of this size.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) yaml: fn(usize) -> String,
}

const CANARY: &str = "    nginx.ingress.kubernetes.io/canary: \"true\"
    nginx.ingress.kubernetes.io/canary-weight: \"20\"
    nginx.ingress.kubernetes.io/canary-by-header: x-canary
";

pub(crate) const SHAPES: [Shape; 9] = [
    Shape { name: "pairs", meaning: "pairs of Ingresses, five on each host, with their Services", yaml: pairs },
    Shape { name: "paths", meaning: "paths of one pair of Ingresses", yaml: paths },
    Shape { name: "pairs-on-host", meaning: "pairs of Ingresses on one host", yaml: pairs_on_host },
    Shape { name: "hosts", meaning: "hosts of one pair of Ingresses, each with a certificate", yaml: hosts },
    Shape {
        name: "shared-service",
        meaning: "hosts of one Service with a canary on one of them",
        yaml: shared_service,
    },
    Shape { name: "one-path", meaning: "ordinary Ingresses with the same host and path", yaml: one_path },
    Shape { name: "canaries", meaning: "canaries of one Service", yaml: canaries },
    Shape { name: "lost-canaries", meaning: "canaries without a stable path, on one host", yaml: lost_canaries },
    Shape { name: "lost-hosts", meaning: "canaries for hosts that no stable Ingress has", yaml: lost_hosts },
];

fn pairs(size: usize) -> String {
    documents((0..size).flat_map(|index| {
        let host = [format!("shop-{}.example.com", index / 5)];
        let (web, next) = (format!("web-{index}"), format!("next-{index}"));
        let path = if index % 5 == 0 { "/".to_owned() } else { format!("/part-{}", index % 5) };
        let (stable, canary) = ([(path.clone(), web.clone())], [(path, next.clone())]);
        [ingress(&web, "", &host, &stable), ingress(&next, CANARY, &host, &canary), service(&web), service(&next)]
    }))
}

fn paths(size: usize) -> String {
    let of = |service: &str| -> Vec<(String, String)> {
        (0..size).map(|index| (format!("/part-{index}"), format!("{service}-{index}"))).collect()
    };
    documents([ingress("web", "", &one_host(), &of("web")), ingress("next", CANARY, &one_host(), &of("next"))])
}

fn pairs_on_host(size: usize) -> String {
    documents((0..size).flat_map(|index| {
        let path = format!("/part-{index}");
        let (web, next) = (format!("web-{index}"), format!("next-{index}"));
        let (stable, canary) = ([(path.clone(), web.clone())], [(path, next.clone())]);
        [ingress(&web, "", &one_host(), &stable), ingress(&next, CANARY, &one_host(), &canary)]
    }))
}

fn hosts(size: usize) -> String {
    let hosts = many_hosts(size);
    let certificate = |host: &String| format!("  - hosts: [{host}]\n    secretName: {host}\n");
    let certificates = hosts.iter().map(certificate).collect::<String>();
    let web = ingress("web", "", &hosts, &root("web")) + "  tls:\n" + &certificates;
    documents([web, ingress("next", CANARY, &hosts, &root("next"))])
}

fn shared_service(size: usize) -> String {
    let hosts = many_hosts(size);
    documents([
        ingress("web", "", &hosts, &root("web")),
        ingress("next", CANARY, hosts.get(..1).unwrap_or_default(), &root("next")),
    ])
}

fn one_path(size: usize) -> String {
    documents((0..size).map(|index| ingress(&format!("web-{index}"), "", &one_host(), &root(&format!("web-{index}")))))
}

fn canaries(size: usize) -> String {
    let canary = |index| ingress(&format!("next-{index}"), CANARY, &one_host(), &root(&format!("next-{index}")));
    documents([ingress("web", "", &one_host(), &root("web"))].into_iter().chain((0..size).map(canary)))
}

fn lost_canaries(size: usize) -> String {
    let name = |index| format!("next-{index}");
    let canary =
        |index| ingress(&name(index), CANARY, &one_host(), &[(format!("/part-{index}/"), format!("next-{index}"))]);
    let stable: Vec<_> = (0..size).map(|index| (format!("/part-{index}"), format!("web-{index}"))).collect();
    documents([ingress("web", "", &one_host(), &stable)].into_iter().chain((0..size).map(canary)))
}

fn lost_hosts(size: usize) -> String {
    let hosts = many_hosts(size);
    let canary = |host: &String| ingress(host, CANARY, &[format!("www.{host}")], &root("next"));
    let canaries: Vec<String> = hosts.iter().map(canary).collect();
    documents([ingress("web", "", &hosts, &root("web"))].into_iter().chain(canaries))
}

fn one_host() -> [String; 1] {
    ["shop.example.com".to_owned()]
}

fn many_hosts(size: usize) -> Vec<String> {
    (0..size).map(|index| format!("shop-{index}.example.com")).collect()
}

fn root(service: &str) -> [(String, String); 1] {
    [("/".to_owned(), service.to_owned())]
}

fn documents(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().collect::<Vec<_>>().join("---\n")
}

/// An Ingress with these hosts, each of which has these paths with their Services.
fn ingress(name: &str, annotations: &str, hosts: &[String], paths: &[(String, String)]) -> String {
    let mut text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  namespace: shop\n  \
         creationTimestamp: \"2026-01-01T00:00:00Z\"\n"
    );
    if !annotations.is_empty() {
        text += "  annotations:\n";
        text += annotations;
    }
    text += "spec:\n  ingressClassName: nginx\n  rules:\n";
    for host in hosts {
        let _ = writeln!(text, "  - host: {host}\n    http:\n      paths:");
        for (path, service) in paths {
            let _ = writeln!(
                text,
                "      - path: {path}\n        pathType: Prefix\n        backend:\n          service:\n            \
                 name: {service}\n            port:\n              number: 80"
            );
        }
    }
    text
}

fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  ports:\n  - name: http\n    \
         port: 80\n    targetPort: 8080\n"
    )
}
