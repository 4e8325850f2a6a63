//! The stable Ingress among the documents of a YAML file.

use canary_policy::error::Excerpt;
use canary_policy::targets::nginx::{Manifest, Prefix, is_canary};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use crate::files::{documents, parsed};

/// What was found in a file.
pub(crate) struct Found {
    pub(crate) stable: Ingress,
    /// The canaries that stand there already.
    pub(crate) canaries: Vec<Ingress>,
    /// What was left aside, in words.
    pub(crate) notes: Vec<String>,
}

/// The one stable Ingress; or why there is none, in one sentence.
pub(crate) fn read(text: &str, prefix: &Prefix, wanted: Option<&str>) -> Result<Found, String> {
    let (mut stable, mut canaries, mut aside, mut broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, value) in objects(documents(text)?) {
        let called = called(&value);
        if value.get("kind").and_then(Value::as_str) != Some("Ingress") {
            aside.push(format!("{place} ({called})"));
            continue;
        }
        match parsed::<Manifest>(value).map(Ingress::from) {
            Err(why) => broken.push(format!("{place} ({called}): {why}")),
            Ok(ingress) if is_canary(&ingress, prefix) => canaries.push((called, ingress)),
            Ok(ingress) if wanted.is_none_or(|wanted| is_called(&ingress, wanted)) => stable.push((called, ingress)),
            Ok(_) => aside.push(format!("{place} ({called})")),
        }
    }

    if let ([_, _, ..], names) = (stable.as_slice(), names(&stable)) {
        return Err(format!("several Ingresses could be the stable one ({names}): pick one with --ingress"));
    }
    let Some((_, ingress)) = stable.pop() else {
        return Err(match (broken.first(), wanted) {
            (Some(why), _) => why.clone(),
            (None, Some(wanted)) => format!("no stable Ingress is called `{}`", Excerpt::of(wanted)),
            (None, None) if !canaries.is_empty() => {
                format!("every Ingress here is a canary ({}): a canary needs a stable one", names(&canaries))
            }
            (None, None) if aside.is_empty() => "there is no document in it".to_owned(),
            (None, None) => format!("no Ingress in it, only {}", aside.join(", ")),
        });
    };
    let left = (!aside.is_empty()).then(|| format!("left aside: {}", aside.join(", ")));
    let canaries = canaries.into_iter().map(|(_, ingress)| ingress).collect();
    Ok(Found { stable: ingress, canaries, notes: left.into_iter().chain(broken).collect() })
}

/// Each object with its place, empty documents not counted; the items of a List one by one.
fn objects(documents: Vec<Value>) -> Vec<(String, Value)> {
    let mut objects = Vec::new();
    for (index, mut document) in documents.into_iter().filter(|document| !document.is_null()).enumerate() {
        let place = format!("document {}", index + 1);
        match document.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => {
                let items = items.into_iter().enumerate();
                objects.extend(items.map(|(index, item)| (format!("{place}, item {}", index + 1), item)));
            }
            _ => objects.push((place, document)),
        }
    }
    objects
}

/// `NAME` or `NAMESPACE/NAME`.
fn is_called(ingress: &Ingress, wanted: &str) -> bool {
    let name = ingress.metadata.name.as_deref();
    match wanted.split_once('/') {
        None => name == Some(wanted),
        Some((namespace, wanted)) => name == Some(wanted) && ingress.metadata.namespace.as_deref() == Some(namespace),
    }
}

fn names(ingresses: &[(String, Ingress)]) -> String {
    ingresses.iter().map(|(called, _)| called.as_str()).collect::<Vec<_>>().join(", ")
}

/// Its kind and name, as ``Ingress `web` `` or ``Ingress `shop/web` ``.
fn called(value: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(|text| Excerpt::of(text).to_string());
    let metadata = value.get("metadata");
    let kind = text(value.get("kind")).unwrap_or_else(|| "without a kind".to_owned());
    let name = text(metadata.and_then(|metadata| metadata.get("name")));
    match (text(metadata.and_then(|metadata| metadata.get("namespace"))), name) {
        (_, None) => kind,
        (None, Some(name)) => format!("{kind} `{name}`"),
        (Some(namespace), Some(name)) => format!("{kind} `{namespace}/{name}`"),
    }
}
