//! Traefik 3.7 decides as its dialect says. `TRAEFIK` is the path of the program, and `ORACLE_PYTHON` that of a Python.

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::migrate::{DialectKind, changes_on};
use canary_policy::route::{self, VirtualHost};
use canary_policy::targets::nginx::{Cluster, Dialect, Flags, Service, ServicePort, hosts};
use canary_policy::{Match, Policy, Sample, Selector, Variant};
use serde_json::{Value, json};

use crate::util::cluster::{ingress, recorded_states};
use crate::util::oracle::{ask, oracle, say};

/// Recorded states of which Traefik decides some requests in another way than the dialect says, each with the reason.
const OTHERWISE: [(&str, &str); 5] = [
    ("mp-policy-fields-001", "Traefik does not trim the name of a header"),
    (
        "mp-hand-picked-018",
        "two Services have one upstream name in ingress-nginx, and the dialect is read with upstreams",
    ),
    ("mp-mixed-013", "an empty path is a rule for the host alone, which is shorter than that of a `*` host"),
    ("mp-mixed-023", "an empty path is a rule for the host alone, which is shorter than that of a `*` host"),
    ("mp-mixed-062", "an empty path is a rule for the host alone, which is shorter than that of a `*` host"),
];

/// A cluster in namespaces and on hosts of its own, as Traefik and the crate read it.
struct Case {
    objects: Vec<Value>,
    cluster: Cluster,
}

impl Case {
    /// `None` if an Ingress has no host, since its requests would reach the Ingresses of other cases.
    fn new(number: usize, ingresses: &Value, services: &Value) -> Option<Self> {
        let namespace = |given: &Value| json!(format!("s{number}-{}", given.as_str().unwrap_or("default")));
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut objects = Vec::new();
        for mut given in list(ingresses) {
            given["metadata"]["namespace"] = namespace(&given["metadata"]["namespace"]);
            let rules = given["spec"]["rules"].as_array_mut()?;
            for rule in rules {
                let host = rule["host"].as_str().filter(|host| !host.is_empty())?;
                rule["host"] = json!(format!("{host}.s{number}.test"));
            }
            objects.push(given);
        }
        let cluster = Cluster::new(Flags::default()).with_ingresses(objects.iter().map(ingress));
        let mut read = Vec::new();
        for given in list(services) {
            let (name, namespace) = (given["name"].as_str().unwrap(), namespace(&given["namespace"]));
            let ports: Vec<(i32, &str)> = given["ports"]
                .as_array()
                .unwrap()
                .iter()
                .map(|port| (number_of(port), port["name"].as_str().unwrap()))
                .collect();
            let of_ports = ports.iter().map(|(number, name)| ServicePort::new(*number).with_name(name));
            let service = of_ports.fold(Service::new(namespace.as_str().unwrap(), name), Service::with_port);
            read.push(if given["endpoints"] == true { service } else { service.without_endpoints() });
            objects.push(json!({
                "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "namespace": namespace },
                "spec": { "type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": given["ports"] }, "ready": given["endpoints"],
            }));
        }
        Some(Case { objects, cluster: cluster.with_services(read) })
    }

    /// The cluster as Traefik reads it.
    fn on_traefik(&self) -> Cluster {
        self.cluster.clone().with_flags(self.cluster.flags().clone().with_dialect(Dialect::TRAEFIK))
    }

    /// The locations whose requests the reading does not answer: those that a finding is about, exact paths, default backends, of
    /// which any one can answer, and those whose stable Service has no endpoints.
    fn undecided(&self) -> BTreeSet<String> {
        let is_about_order = |kind: &DialectKind| {
            matches!(
                kind,
                DialectKind::Outranked { .. }
                    | DialectKind::OutranksExact { .. }
                    | DialectKind::OutranksPaths { .. }
                    | DialectKind::Unordered { .. }
            )
        };
        let findings = changes_on(&self.cluster, &Dialect::TRAEFIK).unwrap_or_default();
        let findings = findings.into_iter().filter(|finding| is_about_order(&finding.kind));
        let mut undecided: BTreeSet<String> = findings.flat_map(|finding| finding.locations).collect();
        let mut seen = BTreeSet::new();
        for host in self.on_traefik().virtual_hosts().unwrap() {
            for location in host.locations {
                let text = format!("{}{}", host.host, location.path);
                // Without a canary, there is no finding.
                let is_prefix = location.path_type == "Prefix" && !location.is_default_backend;
                let is_known = is_prefix && location.stable_has_endpoints && seen.insert(text.clone());
                undecided.extend((!is_known).then_some(text));
            }
        }
        undecided
    }
}

fn number_of(port: &Value) -> i32 {
    port["port"].as_i64().and_then(|number| number.try_into().ok()).unwrap()
}

/// A request, how often it is sent, and how many responses of each backend are expected.
struct Asked {
    request: Value,
    expected: BTreeMap<String, u64>,
}

/// The requests for the locations of a host: one for each value that the rules of a policy look at, and each so often that all
/// weights show.
fn requests(host: &VirtualHost, undecided: &BTreeSet<String>) -> Vec<Asked> {
    let Some(name) = host.hosts().first() else { return Vec::new() };
    let mut asked = Vec::new();
    for location in host.locations() {
        if undecided.contains(&format!("{name}{}", location.path().as_str())) {
            continue;
        }
        for headers in location.policy().map_or(vec![Vec::new()], headers) {
            let decided = location.policy().map_or(vec![Variant::Stable], |policy| all_decided(policy, &headers));
            let mut expected = BTreeMap::new();
            for variant in &decided {
                *expected.entry(place(host, location, *variant)).or_default() += 1;
            }
            let (host, path) = (name.as_str().replace('*', "any"), location.path().as_str());
            let request = json!({ "host": host, "path": path, "headers": headers, "times": decided.len() });
            asked.push(Asked { request, expected });
        }
    }
    asked
}

/// The variants of the samples at equal distances, one for each part of the total; one if they are all alike.
fn all_decided(policy: &Policy, headers: &[(String, String)]) -> Vec<Variant> {
    let (selector, total) = (Selector::new(policy), policy.total().get());
    let sample = |place| Sample::from_fraction(place, total).unwrap();
    let mut decided: Vec<Variant> = (0..total).map(|place| selector.select(headers, sample(place)).variant).collect();
    if decided.iter().all(|variant| *variant == decided[0]) {
        decided.truncate(1);
    }
    decided
}

fn place(host: &VirtualHost, location: &route::Location, variant: Variant) -> String {
    let backend = match variant {
        Variant::Stable => location.stable(),
        Variant::Canary(index) => &location.canaries()[index],
    };
    format!("{}/{}", backend.namespace().or(host.namespace()).unwrap(), backend.service())
}

/// The headers of requests: none, and each combination of a value for the header rule and one for the cookie rule.
fn headers(policy: &Policy) -> Vec<Vec<(String, String)>> {
    let canary = &policy.canaries()[0];
    let of_header = canary
        .header()
        .into_iter()
        .flat_map(|rule| values(rule.value_match()).into_iter().map(|value| vec![(rule.name().to_string(), value)]));
    let of_header: Vec<_> = [Vec::new()].into_iter().chain(of_header).collect();
    let of_cookie = canary.cookie().into_iter().flat_map(|rule| {
        values(rule.value_match())
            .into_iter()
            .map(|value| vec![("cookie".to_owned(), format!("a=b; {}={value}", rule.name()))])
    });
    let of_cookie: Vec<_> = [Vec::new()].into_iter().chain(of_cookie).collect();
    of_header
        .iter()
        .flat_map(|header| of_cookie.iter().map(|cookie| [header.clone(), cookie.clone()].concat()))
        .collect()
}

/// Values that a rule may decide by, and values near to them.
fn values(value_match: &Match) -> Vec<String> {
    let words = ["always", "never", "Always", "x"].map(str::to_owned);
    let own = match value_match {
        Match::AlwaysNever => Vec::new(),
        Match::Exact(value) => vec![value.clone(), format!("{value}x"), value.to_uppercase()],
        Match::Pattern(pattern) => {
            vec![pattern.as_str().replace(['^', '$', '(', ')'], ""), "v2".to_owned(), "1".to_owned()]
        }
    };
    own.into_iter().chain(words).collect()
}

/// Annotations of a canary, which the controllers read in another way or refuse.
const ANNOTATIONS: [&[(&str, &str)]; 22] = [
    &[("canary-weight", "30")],
    &[("canary-weight", "+30")],
    &[("canary-weight", " 30")],
    &[("canary-weight", "30%")],
    &[("canary-weight", "-5")],
    &[("canary-weight", "300"), ("canary-weight-total", "200")],
    &[("canary-weight", "5"), ("canary-weight-total", "10")],
    &[("canary-weight", "30"), ("canary-weight-total", "-5")],
    &[("canary-weight", "30"), ("canary", "TRUE")],
    &[("canary-weight", "30"), ("canary", "tRuE")],
    &[("canary-weight", "30"), ("canary-by-header", "x-a"), ("canary-by-cookie", "c")],
    &[("canary-by-header", "x-a"), ("canary-by-header-value", "a!b")],
    &[("canary-by-header", "x-a"), ("canary-by-header-value", "v"), ("canary-by-header-pattern", "w")],
    &[("canary-by-header", "x-a"), ("canary-by-header-value", "v"), ("canary-by-cookie", "c")],
    &[("canary-by-header", "x-a"), ("canary-by-header-pattern", "^v[0-9]$"), ("canary-by-cookie", "c")],
    &[("canary-by-header", "x-a"), ("canary-by-header-pattern", "a;b")],
    &[("canary-by-header", "x-a"), ("canary-by-header-pattern", "(?i)^V2")],
    &[("canary-by-header-value", "v")],
    &[("canary-by-cookie", "c"), ("canary-weight", "100")],
    &[("canary-by-cookie", "a.b"), ("canary-weight", "1")],
    &[("canary-by-cookie", "c$")],
    &[("canary-by-header", "x-a"), ("canary-by-header-pattern", "v|w"), ("canary-weight", "50")],
];

/// A stable Ingress and a canary with these annotations.
fn pair(annotations: &[(&str, &str)]) -> (Value, Value) {
    let ingress = |name: &str, annotations: Value| {
        let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": name, "annotations": annotations },
            "spec": { "ingressClassName": "nginx", "rules": [{ "host": "a.example.com", "http": { "paths": [
                { "path": "/api", "pathType": "Prefix", "backend": backend },
            ] } }] },
        })
    };
    let service = |name: &str| json!({ "name": name, "ports": [{ "name": "http", "port": 80 }], "endpoints": true });
    let all = [("canary", "true")].iter().chain(annotations);
    let all: BTreeMap<String, &str> =
        all.map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), *value)).collect();
    (json!([ingress("web", json!({})), ingress("next", json!(all))]), json!([service("web"), service("next")]))
}

/// The annotations above, and every recorded state whose Ingresses have hosts. A location that a finding says is answered otherwise
/// is left out.
#[test]
fn traefik_decides_as_its_dialect_says() {
    let (Some(python), Some(traefik)) = (oracle("Traefik", "ORACLE_PYTHON"), oracle("Traefik", "TRAEFIK")) else {
        return;
    };
    let states = recorded_states().into_iter().filter(|state| !state.panics);
    let states = states.map(|state| (state.id, state.line["ingresses"].clone(), state.line["services"].clone()));
    let pairs = ANNOTATIONS.iter().map(|annotations| (format!("{annotations:?}"), pair(annotations)));
    let pairs = pairs.map(|(id, (ingresses, services))| (id, ingresses, services));
    let (mut cases, mut asked) = (Vec::new(), Vec::new());
    for (number, (id, ingresses, services)) in pairs.chain(states).enumerate() {
        let Some(case) = Case::new(number, &ingresses, &services) else { continue };
        let Ok(readings) = hosts(&case.on_traefik()) else { continue };
        let undecided = case.undecided();
        let of_hosts = readings.iter().filter_map(|reading| reading.virtual_host.as_ref());
        let of_case: Vec<Asked> = of_hosts.flat_map(|host| requests(host, &undecided)).collect();
        let requests: Vec<&Value> = of_case.iter().map(|asked| &asked.request).collect();
        cases.push(json!({ "objects": case.objects, "requests": requests }));
        asked.push((id, of_case));
    }

    let answers = ask(&python, "ask_traefik.py", &[traefik.to_str().unwrap()], &cases);
    let (mut same, mut otherwise, mut unexplained) = (0, BTreeSet::new(), Vec::new());
    for ((id, asked), answers) in asked.iter().zip(&answers) {
        for (Asked { request, expected }, answer) in asked.iter().zip(answers.as_array().unwrap()) {
            let found: BTreeMap<String, u64> = serde_json::from_value(answer.clone()).unwrap();
            match OTHERWISE.iter().find(|(known, _)| known == id) {
                _ if found == *expected => same += 1,
                Some((known, _)) => drop(otherwise.insert(*known)),
                None => unexplained.push(format!("{id}: {request}: {expected:?}, but Traefik: {found:?}")),
            }
        }
    }
    say(&format!("Traefik: {same} requests of {} clusters are decided alike", asked.len()));
    assert!(unexplained.is_empty(), "{}\n{}", unexplained.len(), unexplained.join("\n"));
    assert_eq!(otherwise.len(), OTHERWISE.len(), "{otherwise:?}");
    assert!(same > 1_500);
}
