//! The stable Ingress among the documents of a YAML file.

use canary_policy::targets::nginx::{Manifest, Prefix, is_canary};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

/// The one stable Ingress, and what was left aside; or why there is none, in one sentence.
pub(crate) fn stable_ingress(
    text: &str,
    prefix: &Prefix,
    wanted: Option<&str>,
) -> Result<(Ingress, Vec<String>), String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| format!("not YAML: {}", first_line(&error)))?;
    let (mut stable, mut canaries, mut aside, mut broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, value) in objects(documents) {
        let called = called(&value);
        if value.get("kind").and_then(Value::as_str) != Some("Ingress") {
            aside.push(format!("{place} ({called})"));
            continue;
        }
        match serde_path_to_error::deserialize::<_, Manifest>(value).map(Ingress::from) {
            Err(error) => broken.push(format!("{place} ({called}): {}", reason(&error))),
            Ok(ingress) if is_canary(&ingress, prefix) => canaries.push(called),
            Ok(ingress) if wanted.is_none_or(|name| ingress.metadata.name.as_deref() == Some(name)) => {
                stable.push((called, ingress));
            }
            Ok(_) => aside.push(format!("{place} ({called})")),
        }
    }

    let names = stable.iter().map(|(called, _)| called.clone()).collect::<Vec<_>>().join(", ");
    let several = stable.len() > 1;
    match stable.pop() {
        Some(_) if several => {
            Err(format!("several Ingresses could be the stable one ({names}): pick one with --ingress"))
        }
        Some((_, ingress)) => {
            let left = (!aside.is_empty()).then(|| format!("left aside: {}", aside.join(", ")));
            Ok((ingress, left.into_iter().chain(broken).collect()))
        }
        None => Err(match (broken.first(), canaries.is_empty(), wanted) {
            (Some(why), ..) => why.clone(),
            (None, _, Some(name)) => format!("no stable Ingress is called `{name}`"),
            (None, false, None) => {
                format!("every Ingress here is a canary ({}): a canary needs a stable one", canaries.join(", "))
            }
            (None, true, None) if aside.is_empty() => "there is no document in it".to_owned(),
            (None, true, None) => format!("no Ingress in it, only {}", aside.join(", ")),
        }),
    }
}

/// Each object with its place; the items of a List one by one, empty documents left out.
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

/// Its kind and name, as ``Ingress `web` ``.
fn called(value: &Value) -> String {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or("without a kind");
    match value.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str) {
        Some(name) => format!("{kind} `{name}`"),
        None => kind.to_owned(),
    }
}

/// The field, unless the error names it.
fn reason(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    }
}

/// A YAML error in one line: the parser shows the text around the place below it.
pub(crate) fn first_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
