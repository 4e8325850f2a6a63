//! The golden files of the corpus, checked against the schemas of API servers and against decisions.
//!
//! The golden files are what `render` writes for people's Ingresses. A golden file proves that nothing changed, and these tests
//! prove that it was right.

use std::collections::BTreeMap;

use canary_policy::targets::nginx::{Flags, Ingress, Manifest, Pair, is_canary};
use canary_policy::{Affinity, Match, Policy};
use serde_json::Value;

use crate::util::crd::Crd;
use crate::util::http_route::{self, Reader, rules_broken};
use crate::util::outcome::{Outcome, compare};
use crate::util::request::{Lines, lines};
use crate::util::{envoy, gloo, istio, path};

/// The documents of a YAML text, without empty ones.
fn documents(text: &str) -> Vec<Value> {
    let documents = text.split("\n---").map(|document| serde_saphyr::from_str::<Value>(document).unwrap_or_default());
    documents.filter(Value::is_object).collect()
}

/// The objects that a golden file has for each file of the corpus, by the name of the file.
fn objects(target: &str) -> BTreeMap<String, Vec<Value>> {
    let text = std::fs::read_to_string(path("golden").join(format!("corpus_{target}.yaml"))).unwrap();
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some((name, _)) = line.strip_prefix("# ").and_then(|line| line.split_once(": exit code ")) {
            current = name.to_owned();
        }
        *sections.entry(current.clone()).or_default() += &format!("{line}\n");
    }
    let objects = sections.into_iter().map(|(name, text)| (name, documents(&text)));
    objects.filter(|(_, objects)| !objects.is_empty()).collect()
}

/// The policy of the pair of Ingresses in a file of the corpus, and a path of the pair. `None` if the file has no pair.
fn pair(file: &str) -> Option<(Policy, String)> {
    let text = std::fs::read_to_string(path("cases/corpus").join(file)).unwrap();
    let all = documents(&text).into_iter().flat_map(|document| match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    });
    let ingresses = all.filter(|document| document["kind"] == "Ingress");
    let ingresses =
        ingresses.filter_map(|document| serde_json::from_value::<Manifest>(document).ok().map(Ingress::from));
    let ingresses: Vec<Ingress> = ingresses.collect();
    let flags = Flags::default();
    let stable = ingresses.iter().find(|ingress| !is_canary(ingress, &flags)).unwrap();
    let pair = Pair::find(stable, &ingresses, &flags).ok()?;
    let covered = pair.covered().ingress.spec;
    let rule = covered.rules.into_iter().next();
    let path = rule.and_then(|rule| rule.http?.paths.into_iter().next()?.path);
    Some((pair.read(&flags).unwrap().policy, path.unwrap_or("/".to_owned())))
}

/// An object as the interpreters read it: stable is the Service `web`, the canary is `c0`, and the port is 80.
fn renamed(object: Value, stable: &str) -> Value {
    fn visit(key: &str, value: &mut Value, stable: &str) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| visit(key, value, stable)),
            Value::Array(items) => items.iter_mut().for_each(|item| visit(key, item, stable)),
            Value::Number(_) if key == "port" || key == "number" => *value = 80.into(),
            Value::String(text) if ["name", "host", "cluster"].contains(&key) => {
                let name = text.split(['.', ':']).next().unwrap();
                let renamed = if name == stable { "web" } else { "c0" };
                if name == stable || name == "under-trial" {
                    *text = match key {
                        "host" => format!("{renamed}.shop.svc.cluster.local"),
                        _ if text.contains(':') => format!("{renamed}:80"),
                        _ => renamed.to_owned(),
                    };
                }
            }
            Value::String(text) if key == "namespace" => *text = "default".to_owned(),
            _ => {}
        }
    }
    let mut object = object;
    visit("", &mut object, stable);
    object
}

/// Requests that the parts of a policy tell apart.
fn requests(policy: &Policy) -> Vec<Lines> {
    let values = |value_match: &Match| {
        let own = match value_match {
            Match::AlwaysNever => vec![],
            Match::Exact(value) => vec![value.clone(), format!("{value}x"), value.to_ascii_uppercase()],
            Match::Pattern(pattern) => pattern.as_str().split(['^', '$', '|', '(', ')']).map(str::to_owned).collect(),
        };
        let own = own.into_iter().filter(|value| !value.is_empty() && value.trim() == value);
        ["always", "never", "Always"].map(str::to_owned).into_iter().chain(own).collect::<Vec<_>>()
    };
    let (mut headers, mut cookies) = (vec![String::new()], vec![String::new()]);
    for canary in policy.canaries() {
        let rule = canary.header().into_iter();
        headers.extend(rule.flat_map(|rule| {
            values(rule.value_match()).into_iter().map(|value| format!("{}: {value}\n", rule.name()))
        }));
        let rule = canary.cookie().into_iter();
        cookies.extend(rule.flat_map(|rule| {
            values(rule.value_match()).into_iter().map(|value| format!("cookie: a=b; {}={value}\n", rule.name()))
        }));
        if let Affinity::Cookie(cookie) = policy.affinity() {
            let named = ["stable", canary.name().as_str(), "gone"];
            cookies.extend(named.map(|variant| format!("cookie: {}={variant}\n", cookie.name())));
        }
    }
    headers.iter().flat_map(|header| cookies.iter().map(move |cookie| lines(&format!("{header}{cookie}")))).collect()
}

/// Every object of a golden file is one that an API server takes.
#[test]
fn every_golden_object_is_accepted() {
    let crd = |file: &str, kind: &str| Crd::read(file, kind, "v1");
    let crds = [
        ("gateway", crd("gateway-standard-HTTPRoute.yaml", "HTTPRoute"), 37),
        ("gateway", crd("gateway-experimental-HTTPRoute.yaml", "HTTPRoute"), 37),
        ("linkerd", crd("gateway-standard-HTTPRoute.yaml", "HTTPRoute"), 37),
        ("istio", crd("istio-VirtualService.yaml", "VirtualService"), 37),
        ("gloo", crd("gloo-VirtualService.yaml", "VirtualService"), 37),
    ];
    for (target, crd, count) in crds {
        let sections = objects(target);
        assert_eq!(sections.len(), count, "{target}");
        for (file, object) in
            sections.iter().flat_map(|(file, objects)| objects.iter().map(move |object| (file, object)))
        {
            // There is no CRD of a GRPCRoute here. Without methods it has the schema of an HTTPRoute.
            let mut object = object.clone();
            if object["kind"] == "GRPCRoute" {
                object["kind"] = "HTTPRoute".into();
            }
            let broken = if object["kind"] == "HTTPRoute" { rules_broken(&object) } else { Vec::new() };
            assert_eq!([crd.problems(&object), broken].concat(), Vec::<String>::new(), "{target}: {file}");
        }
    }
}

/// How an implementation of a target routes a request by its objects.
type Routed = fn(&[Value], &str, &Lines) -> Outcome;

const TARGETS: [(&str, Routed); 5] = [
    ("gateway", |objects, path, request| http_route::routed(Reader::Envoy, objects, path, request)),
    ("linkerd", |objects, path, request| http_route::routed(Reader::Linkerd, objects, path, request)),
    ("istio", |objects, path, request| {
        istio::routed(&serde_json::json!({ "virtualService": objects[0] }), path, request)
    }),
    ("gloo", |objects, path, request| envoy::routed(&gloo::translated(&objects[0]), path, request)),
    ("envoy", |objects, path, request| envoy::routed(&objects[0], path, request)),
];

/// Every object of a golden file routes as the policy of the pair of Ingresses decides.
#[test]
fn every_golden_object_routes_as_the_policy_of_the_pair_decides() {
    let stable_of = |objects: &[Value]| {
        let variants = objects[0]["metadata"]["annotations"]["canary-policy/variants"].as_str().unwrap().to_owned();
        let stable = variants.split(' ').find_map(|variant| variant.strip_prefix("stable=")).unwrap();
        stable.split(':').next().unwrap().to_owned()
    };
    let stables: BTreeMap<String, String> =
        objects("gateway").iter().map(|(file, objects)| (file.clone(), stable_of(objects))).collect();
    let mut compared = 0;
    for (target, routed) in TARGETS {
        let mut files = 0;
        for (file, objects) in objects(target) {
            let Some((policy, path)) = pair(&file) else { continue };
            let objects: Vec<Value> = objects.into_iter().map(|object| renamed(object, &stables[&file])).collect();
            for request in requests(&policy) {
                let outcome = routed(&objects, &path, &request);
                assert_ne!(outcome, Outcome::Nothing, "{target}: {file}: {path}");
                compare(&policy, &[], &request, outcome)
                    .unwrap_or_else(|error| panic!("{target}: {file}: {request:?}: {error}"));
                compared += 1;
            }
            files += 1;
        }
        assert_eq!(files, 34, "{target}");
    }
    assert!(compared == 760, "{compared}");
}
