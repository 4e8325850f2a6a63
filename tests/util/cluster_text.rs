//! Clusters as lines of text, one for each Ingress, and what they serve, one line for each location.
//!
//! ```text
//! web 1; a.test/ > web:80; a.test/api = api:http; default > web:80; affinity=cookie
//! next 2; a.test/ > next:80; canary 30
//! ```
//!
//! An Ingress has a name (in the namespace `s`, or `NAMESPACE/NAME`), the second in which it was created, and parts: paths with
//! their Service (`>` is `Prefix`, `=` is `Exact`, `~` is `ImplementationSpecific`, `?` is no path type), `HOST !` for a rule
//! without `http`, and annotations. `canary 30` stands for the annotations of a canary with this weight.

use canary_policy::targets::nginx::{Cluster, Config, Flags, Ingress, Location, Service, ServicePort};
use serde_json::{Value, json};

const PREFIX: &str = "nginx.ingress.kubernetes.io";

/// A cluster of these Ingresses, in which every Service exists with one endpoint.
#[track_caller]
pub fn cluster(lines: &[&str]) -> Cluster {
    let namespaces = ["s", "t", "team", "team-b"];
    let names = ["web", "next", "third", "api", "d", "b-web"];
    let services = namespaces.into_iter().flat_map(|namespace| names.map(|name| service(namespace, name)));
    Cluster::new(Flags::default()).with_ingresses(lines.iter().map(|line| ingress(line))).with_services(services)
}

/// A Service with the port 80, whose name is `http`.
pub fn service(namespace: &str, name: &str) -> Service {
    Service::new(namespace, name).with_port(ServicePort::new(80).with_name("http").with_target(8080))
}

/// The Ingress of a line.
#[track_caller]
pub fn ingress(line: &str) -> Ingress {
    serde_json::from_value(object(line)).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn object(line: &str) -> Value {
    let mut parts = line.split(';').map(str::trim);
    let (name, second) = parts.next().unwrap().split_once(' ').unwrap();
    let (namespace, name) = name.split_once('/').unwrap_or(("s", name));
    let mut annotations = json!({});
    let (mut rules, mut default_backend) = (Vec::new(), Value::Null);
    for part in parts.filter(|part| !part.is_empty()) {
        match part.split(' ').collect::<Vec<_>>()[..] {
            ["canary", weight] => {
                annotations[format!("{PREFIX}/canary")] = json!("true");
                annotations[format!("{PREFIX}/canary-weight")] = json!(weight);
            }
            ["default", ">", service] => default_backend = backend(service),
            [host, "!"] => rules.push(json!({ "host": host })),
            [place, kind @ (">" | "=" | "~" | "?"), service] => rules.push(rule(place, kind, service)),
            _ => {
                let (key, value) = part.split_once('=').unwrap_or_else(|| panic!("{part}"));
                let key = key.strip_prefix('@').map_or(format!("{PREFIX}/{key}"), str::to_owned);
                annotations[key] = json!(value);
            }
        }
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "creationTimestamp": format!("2026-03-01T00:00:{second:0>2}Z"),
            "annotations": annotations,
        },
        "spec": { "ingressClassName": "nginx", "rules": rules, "defaultBackend": default_backend },
    })
}

/// A rule of its own for each path: the controller does not look at which paths are in one rule.
fn rule(place: &str, kind: &str, service: &str) -> Value {
    let (host, path) = match place.find('/') {
        Some(at) => (&place[..at], json!(&place[at..])),
        None => (place, Value::Null),
    };
    let kind = match kind {
        ">" => json!("Prefix"),
        "=" => json!("Exact"),
        "~" => json!("ImplementationSpecific"),
        _ => Value::Null,
    };
    let host = if host.is_empty() { Value::Null } else { json!(host) };
    json!({ "host": host, "http": { "paths": [{ "path": path, "pathType": kind, "backend": backend(service) }] } })
}

/// `SERVICE:PORT`; `resource` is no Service.
fn backend(text: &str) -> Value {
    let Some((name, port)) = text.split_once(':') else {
        return json!({ "resource": { "apiGroup": "a", "kind": "b", "name": text } });
    };
    let port = port.parse::<i32>().map_or_else(|_| json!({ "name": port }), |number| json!({ "number": number }));
    json!({ "service": { "name": name, "port": port } })
}

/// The locations, as `HOST/PATH STABLE`, then ` > CANARY WEIGHT/TOTAL` and the rules of the policy in force. `=` after a path is
/// `Exact`. A location that shows the default backend of the controller is `404`; that of the catch-all host is left out.
#[track_caller]
pub fn served(cluster: &Cluster) -> Vec<String> {
    let hosts = cluster.virtual_hosts().unwrap_or_else(|error| panic!("{error}"));
    let locations = hosts.iter().flat_map(|host| host.locations.iter().map(|location| (host.host.as_str(), location)));
    locations.map(|(host, location)| text(host, location)).filter(|text| text != "_/ 404").collect()
}

fn text(host: &str, location: &Location) -> String {
    let exact = if location.path_type == "Exact" { "=" } else { "" };
    let stable = if location.stable == "upstream-default-backend" { "404" } else { &location.stable };
    let gone = if location.stable_exists { "" } else { " (gone)" };
    let without_endpoints =
        if location.stable_exists && !location.stable_has_endpoints { " (no endpoints)" } else { "" };
    let canary = location.canary.as_ref().map(|canary| {
        let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie } = &canary.config;
        let rules: Vec<&str> = [header, header_value, header_pattern, cookie].map(String::as_str).into();
        let rules: String = rules.into_iter().filter(|rule| !rule.is_empty()).map(|rule| format!(" {rule}")).collect();
        let without_endpoints = if canary.has_endpoints { "" } else { " (no endpoints)" };
        format!(" > {} {weight}/{weight_total}{rules}{without_endpoints}", canary.upstream)
    });
    let dangling = location.dangling.as_ref().map(|name| format!(" > {name} (gone)"));
    let canary = canary.or(dangling).unwrap_or_default();
    format!("{host}{}{exact} {stable}{gone}{without_endpoints}{canary}", location.path)
}
