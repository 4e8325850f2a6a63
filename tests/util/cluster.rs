//! Clusters: recorded states of the real controller, and what a cluster makes of itself, as JSON in the words of the recordings.

use canary_policy::targets::nginx::{
    Cluster, Config, Configuration, Flags, Ingress, Location, Manifest, RiskLevel, Service, ServicePort, Upstream,
    VirtualHost,
};
use serde_json::{Map, Value, json};

/// A state of a cluster and what the real controller (`dbb11b92`) made of it. A panic leaves both lists empty.
///
/// `tests/cases/merges.jsonl` leaves out what is the same in every state (`apiVersion`, `kind`, `ingressClassName`, the ports
/// of Services) and values that are the usual ones; `usual` has them.
pub struct RecordedState {
    pub id: String,
    pub cluster: Cluster,
    /// The line as a user of `migrate` writes it.
    pub line: Value,
    pub processed: Value,
    pub panics: bool,
    pub upstreams: Vec<Value>,
    /// Each location with its host, its Ingress, and all fields of `effective`.
    pub locations: Vec<Value>,
    /// The aliases by host.
    pub aliases: Value,
}

/// All recorded states.
pub fn recorded_states() -> Vec<RecordedState> {
    super::json_lines("cases/merges.jsonl").iter().map(RecordedState::new).collect()
}

impl RecordedState {
    fn new(line: &Value) -> Self {
        let ingresses: Vec<Value> = line["ingresses"].as_array().unwrap().iter().map(whole_ingress).collect();
        let services: Vec<Value> = line["services"].as_object().unwrap().iter().map(whole_service).collect();
        let config = line.get("config").cloned().unwrap_or(json!({}));
        let ports = [
            ServicePort::new(80).with_name("http").with_target(8080),
            ServicePort::new(8080).with_name("alt").with_target(9090),
        ];
        let service = |service: &Value| {
            let text = |field: &str| service[field].as_str().unwrap();
            let whole = ports
                .iter()
                .fold(Service::new(text("namespace"), text("name")), |service, port| service.with_port(port.clone()));
            if service["endpoints"] == true { whole } else { whole.without_endpoints() }
        };
        let risk_level =
            config.get("annotations-risk-level").map(|level| RiskLevel::of_config(level.as_str().unwrap()));
        let flags = Flags::default().with_risk_level(risk_level.unwrap_or_default());
        let list = |field: &str| line.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        RecordedState {
            id: line["id"].as_str().unwrap().to_owned(),
            cluster: Cluster::new(flags)
                .with_ingresses(ingresses.iter().map(ingress))
                .with_services(services.iter().map(service)),
            line: json!({ "id": line["id"], "config": config, "ingresses": ingresses, "services": services }),
            processed: line["processed"].clone(),
            panics: line.get("panic").is_some(),
            upstreams: list("upstreams").iter().map(whole_upstream).collect(),
            locations: list("effective").iter().map(whole_location).collect(),
            aliases: line.get("aliases").cloned().unwrap_or(json!({})),
        }
    }
}

/// An Ingress object.
#[track_caller]
pub fn ingress(object: &Value) -> Ingress {
    serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object}"))
}

fn whole_ingress(short: &Value) -> Value {
    let mut whole = short.clone();
    whole["apiVersion"] = json!("networking.k8s.io/v1");
    whole["kind"] = json!("Ingress");
    whole["spec"]["ingressClassName"] = json!("nginx");
    whole
}

fn whole_service((name, endpoints): (&String, &Value)) -> Value {
    let (namespace, name) = name.split_once('/').unwrap();
    let ports = json!([
        { "name": "http", "port": 80, "targetPort": 8080 },
        { "name": "alt", "port": 8080, "targetPort": 9090 },
    ]);
    json!({ "namespace": namespace, "name": name, "ports": ports, "endpoints": endpoints })
}

/// The value with the usual fields that it does not have.
fn usual(short: &Value, usual: Value) -> Value {
    let Value::Object(mut whole) = usual else { panic!("no object") };
    whole.extend(short.as_object().unwrap_or(&Map::new()).clone());
    Value::Object(whole)
}

fn whole_policy(short: &Value) -> Value {
    let none =
        json!({ "weight": 0, "weightTotal": 0, "header": "", "headerValue": "", "headerPattern": "", "cookie": "" });
    usual(short, none)
}

fn whole_upstream(short: &Value) -> Value {
    let mut whole =
        usual(short, json!({ "noServer": false, "endpoints": 1, "alternatives": [], "policy": {}, "affinity": {} }));
    whole["policy"] = whole_policy(&whole["policy"]);
    whole["affinity"] = usual(&whole["affinity"], json!({ "type": "", "mode": "", "cookieName": "", "locations": {} }));
    whole
}

fn whole_location(short: &Value) -> Value {
    let none = json!({
        "ingress": null, "canary": null, "policy_in_force": null, "dangling": false, "is_default_backend": false,
        "stable_exists": true, "stable_has_endpoints": true, "canary_has_endpoints": null,
    });
    let mut whole = usual(short, none);
    if !whole["policy_in_force"].is_null() {
        whole["policy_in_force"] = whole_policy(&whole["policy_in_force"]);
    }
    whole
}

/// The upstreams of a configuration, in the words of the recordings.
pub fn upstreams(configuration: &Configuration) -> Vec<Value> {
    let upstream = |upstream: &Upstream| {
        json!({
            "name": upstream.name,
            "noServer": upstream.is_canary,
            "endpoints": i32::from(upstream.has_endpoints),
            "alternatives": upstream.alternatives,
            "policy": policy(&upstream.config),
            "affinity": upstream.affinity,
        })
    };
    configuration.upstreams.iter().map(upstream).collect()
}

/// The locations of virtual hosts, in the words of the recordings.
pub fn locations(hosts: &[VirtualHost]) -> Vec<Value> {
    hosts.iter().flat_map(|host| host.locations.iter().map(|of_host| location(&host.host, of_host))).collect()
}

/// A location, in the words of the recordings.
pub fn location(host: &str, location: &Location) -> Value {
    let canary = location.canary.as_ref();
    json!({
        "host": host,
        "path": location.path,
        "pathType": location.path_type,
        "stable": location.stable,
        "canary": canary.map(|canary| &canary.upstream),
        "policy_in_force": canary.map(|canary| policy(&canary.config)),
        "dangling": location.dangling.is_some(),
        "is_default_backend": location.is_default_backend,
        "stable_exists": location.stable_exists,
        "stable_has_endpoints": location.stable_has_endpoints,
        "canary_has_endpoints": canary.map(|canary| canary.has_endpoints),
        "ingress": location.ingress,
    })
}

/// The aliases by host.
pub fn aliases(hosts: &[VirtualHost]) -> Value {
    hosts.iter().filter(|host| !host.aliases.is_empty()).map(|host| (host.host.clone(), json!(host.aliases))).collect()
}

fn policy(config: &Config) -> Value {
    let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie } = config;
    json!({
        "weight": weight, "weightTotal": weight_total, "header": header, "headerValue": header_value,
        "headerPattern": header_pattern, "cookie": cookie,
    })
}

/// A file of `tests/cases/corpus` as a cluster, and what the real controller made of it, if the file could be given to it.
pub struct CorpusFile {
    pub file: String,
    /// The Ingresses of the file, created one after the other.
    pub cluster: Cluster,
    /// `None` if the controller did not get the file.
    pub processed: Option<Value>,
    /// Each location with the fields that were recorded.
    pub locations: Vec<Value>,
}

/// The files of the corpus that hold Ingresses, in order.
pub fn corpus() -> Vec<CorpusFile> {
    super::json_lines("cases/corpus.jsonl").iter().filter_map(CorpusFile::new).collect()
}

impl CorpusFile {
    fn new(line: &Value) -> Option<Self> {
        let file = line["file"].as_str().unwrap();
        let text = std::fs::read_to_string(super::path("cases/corpus").join(file)).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let documents: Vec<Value> = serde_saphyr::from_multiple(text).ok()?;
        let objects = documents.into_iter().flat_map(|mut document| match document.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => vec![document],
        });
        let objects: Vec<Value> = objects.filter(|object| object["kind"] == "Ingress").collect();
        let ingresses: Result<Vec<Ingress>, _> =
            objects.into_iter().map(|object| serde_json::from_value::<Manifest>(object).map(Ingress::from)).collect();
        let mut ingresses = ingresses.ok().filter(|ingresses| !ingresses.is_empty())?;
        let order = line.get("order").and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, ingress) in ingresses.iter_mut().enumerate() {
            let namespace = ingress.metadata.namespace.as_deref().unwrap_or("default");
            let name = json!(format!("{namespace}/{}", ingress.metadata.name));
            let place = order.iter().position(|known| *known == name).unwrap_or(index);
            let time = json!(format!("2026-03-01T00:{place:02}:00Z"));
            ingress.metadata.creation_timestamp = Some(serde_json::from_value(time).unwrap());
        }
        let locations = line.get("effective").and_then(Value::as_array).cloned().unwrap_or_default();
        Some(CorpusFile {
            file: file.to_owned(),
            cluster: Cluster::new(Flags::default()).with_ingresses(ingresses),
            processed: line.get("processed").cloned(),
            locations: locations.iter().map(whole_location).collect(),
        })
    }
}
