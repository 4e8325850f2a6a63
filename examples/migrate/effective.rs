//! The locations that a controller serves for the state of a cluster, as one line of JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::process::ExitCode;

use canary_policy::error::Excerpt;
use canary_policy::targets::nginx::{
    CanaryInForce, Cluster, Config, Flags, Ingress, Location, RiskLevel, Service, VirtualHost,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::lines::{self, Line};
use crate::notes::error;
use crate::unique_keys::UniqueKeys;
use crate::{json, output};

/// Answers the lines of files.
pub(crate) fn run(files: &[String]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let report = |why: String| {
            error(&why);
            code = ExitCode::FAILURE;
        };
        let ended = lines::each(file, "the state of a cluster in JSON", report, answer_line);
        match ended {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(why) => {
                error(&why);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Answers a line; `Break` if nobody reads the answers any more. An error is the reason why the line cannot be answered.
fn answer_line(line: &Line) -> Result<ControlFlow<()>, String> {
    let answer = answer(line.text.as_ref()?)?;
    output::print(&format!("{answer}\n"))
}

/// The state of a cluster. Other fields are ignored.
#[derive(Deserialize)]
struct State {
    id: Value,
    /// The data of the controller's `ConfigMap`.
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "null_is_empty")]
    ingresses: Vec<Ingress>,
    #[serde(default, deserialize_with = "null_is_empty")]
    services: Vec<Service>,
}

/// A list. `null` is an empty one, as Go writes it.
fn null_is_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The answer for a state.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Effective {
        id: Value,
        effective: Vec<EffectiveLocation>,
    },
    /// The controller crashes.
    Panic {
        id: Value,
        panic: bool,
    },
}

/// A location. The recorded states have the same fields in the same order.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the form of the recorded states")]
struct EffectiveLocation {
    host: String,
    path: String,
    #[serde(rename = "pathType")]
    path_type: String,
    stable: String,
    canary: Option<String>,
    policy_in_force: Option<EffectivePolicy>,
    dangling: bool,
    is_default_backend: bool,
    stable_exists: bool,
    stable_has_endpoints: bool,
    canary_has_endpoints: Option<bool>,
}

/// A policy as the controller holds it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EffectivePolicy {
    weight: i64,
    weight_total: i64,
    header: String,
    header_value: String,
    header_pattern: String,
    cookie: String,
}

/// The answer for a line.
fn answer(line: &str) -> Result<String, String> {
    let UniqueKeys(state) = lines::parsed(line)?;
    // A struct of serde can be read from an array too, which nobody means.
    check_objects(&state)?;
    let State { id, config, ingresses, services } = serde_path_to_error::deserialize(state).map_err(|error| {
        let message = match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("{path}: {}", error.inner()),
        };
        Excerpt::whole(&message).to_string()
    })?;
    check_names(
        "ingresses",
        "Ingresses",
        ingresses.iter().map(|ingress| {
            let namespace = ingress.metadata.namespace.as_deref().unwrap_or("default");
            (namespace, ingress.metadata.name.as_str())
        }),
    )?;
    check_names(
        "services",
        "Services",
        services.iter().map(|service| (service.namespace.as_str(), service.name.as_str())),
    )?;
    let level = config.as_ref().and_then(|config| config.get("annotations-risk-level"));
    let flags =
        Flags::default().with_risk_level(level.map_or(RiskLevel::default(), |level| RiskLevel::of_config(level)));
    let cluster = Cluster::new(flags).with_ingresses(ingresses).with_services(services);
    let answer = match cluster.virtual_hosts() {
        Ok(hosts) => Answer::Effective { id, effective: hosts.into_iter().flat_map(locations).collect() },
        Err(_) => Answer::Panic { id, panic: true },
    };
    let answer = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
    Ok(json::line(&answer))
}

/// The state and its objects are JSON objects.
fn check_objects(state: &Value) -> Result<(), String> {
    if !state.is_object() {
        return Err("not an object".to_owned());
    }
    // A number that is not an integer of 64 bits would be rounded.
    if state.get("id").is_some_and(Value::is_f64) {
        return Err("id: expected a text or an integer of 64 bits".to_owned());
    }
    for list in ["ingresses", "services"] {
        let objects = state.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, object) in objects.enumerate() {
            if !object.is_object() {
                return Err(format!("{list}[{index}]: not an object"));
            }
            // The ports of a Service are the only objects of ours in an object.
            let ports = object.get("ports").and_then(Value::as_array).into_iter().flatten();
            if let Some(port) = ports.map(Value::is_object).position(|is_object| !is_object) {
                return Err(format!("{list}[{index}].ports[{port}]: not an object"));
            }
        }
    }
    Ok(())
}

/// Every object has a name, and no two have the same: no API server has such objects, and one of them would be lost.
fn check_names<'a>(list: &str, kind: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (index, (namespace, name)) in names.enumerate() {
        if name.is_empty() {
            return Err(format!("{list}[{index}] has no name"));
        }
        if !seen.insert((namespace, name)) {
            let name = Excerpt::of(&format!("{namespace}/{name}"));
            return Err(format!("{list}[{index}]: there are two {kind} `{name}`"));
        }
    }
    Ok(())
}

fn locations(host: VirtualHost) -> Vec<EffectiveLocation> {
    let VirtualHost { host, locations, .. } = host;
    locations.into_iter().map(|location| effective(host.clone(), location)).collect()
}

fn effective(host: String, location: Location) -> EffectiveLocation {
    let canary_has_endpoints = location.canary.as_ref().map(|canary| canary.has_endpoints);
    let (canary, policy) = match location.canary {
        None => (None, None),
        Some(CanaryInForce { upstream, config, .. }) => (Some(upstream), Some(policy(config))),
    };
    EffectiveLocation {
        host,
        path: location.path,
        path_type: location.path_type,
        stable: location.stable,
        canary,
        policy_in_force: policy,
        dangling: location.dangling.is_some(),
        is_default_backend: location.is_default_backend,
        stable_exists: location.stable_exists,
        stable_has_endpoints: location.stable_has_endpoints,
        canary_has_endpoints,
    }
}

fn policy(config: Config) -> EffectivePolicy {
    let Config { enabled: _, weight, weight_total, header, header_value, header_pattern, cookie } = config;
    EffectivePolicy { weight, weight_total, header, header_value, header_pattern, cookie }
}
