//! The Ingresses among the documents of a YAML file.

use canary_policy::error::Excerpt;
use canary_policy::targets::nginx::{Flags, Ingress, Manifest, Service, ServiceManifest, is_canary};
use serde_json::Value;

use crate::files::{documents, parsed};

/// The Ingresses of a file.
pub(crate) struct Ingresses {
    pub(crate) stable: Ingress,
    /// Every canary Ingress of the file, whatever its stable Ingress is.
    pub(crate) canaries: Vec<Ingress>,
    /// Every Ingress of the file.
    #[allow(dead_code, reason = "not every example reads the whole cluster")]
    pub(crate) all: Vec<Ingress>,
    /// Every Service of the file.
    #[allow(dead_code, reason = "not every example reads the whole cluster")]
    pub(crate) services: Vec<Service>,
    /// The documents that were skipped.
    pub(crate) notes: Vec<String>,
}

/// An object of the file.
struct Object {
    /// The place of the object, as in `document 2` or `document 1, item 3`.
    place: String,
    /// The kind and the name, as in ``Ingress `web` ``.
    title: String,
    value: Value,
}

/// An Ingress of the file and its title.
struct Titled {
    title: String,
    ingress: Ingress,
}

/// The one stable Ingress, and every canary Ingress.
pub(crate) fn read(text: &str, flags: &Flags, name: Option<&str>) -> Result<Ingresses, String> {
    let (mut stable, mut canaries, mut skipped, mut invalid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut all, mut services) = (Vec::new(), Vec::new());
    for Object { place, title, value } in objects(documents(text)?) {
        let kind = value.get("kind").and_then(Value::as_str);
        if kind == Some("Service") {
            match parsed::<ServiceManifest>(value) {
                Ok(service) => services.push(Service::from(service)),
                Err(why) => invalid.push(format!("{place} ({title}): {why}")),
            }
            continue;
        }
        if kind != Some("Ingress") {
            skipped.push(format!("{place} ({title})"));
            continue;
        }
        let ingress = parsed::<Manifest>(value).map(Ingress::from);
        all.extend(ingress.as_ref().ok().cloned());
        match ingress {
            Err(why) => invalid.push(format!("{place} ({title}): {why}")),
            Ok(ingress) if is_canary(&ingress, flags) => canaries.push(Titled { title, ingress }),
            Ok(ingress) if name.is_none_or(|name| has_name(&ingress, name)) => stable.push(Titled { title, ingress }),
            Ok(_) => skipped.push(format!("{place} ({title})")),
        }
    }

    if stable.len() > 1 {
        let titles = titles(&stable);
        return Err(format!("several Ingresses can be the stable one ({titles}): choose one with --ingress"));
    }
    let Some(Titled { title: _, ingress }) = stable.pop() else {
        return Err(match (invalid.first(), name) {
            (Some(why), _) => why.clone(),
            (None, Some(name)) => format!("no stable Ingress has the name `{}`", Excerpt::of(name)),
            (None, None) if !canaries.is_empty() => {
                format!("every Ingress is a canary ({}): a canary needs a stable Ingress", titles(&canaries))
            }
            (None, None) if skipped.is_empty() => "there is no document".to_owned(),
            (None, None) => format!("there is no Ingress, only {}", skipped.join(", ")),
        });
    };
    let skipped = (!skipped.is_empty()).then(|| format!("skipped: {}", skipped.join(", ")));
    let canaries = canaries.into_iter().map(|canary| canary.ingress).collect();
    let notes = skipped.into_iter().chain(invalid).collect();
    Ok(Ingresses { stable: ingress, canaries, all, services, notes })
}

/// Every object; the items of a List are objects of their own, and empty documents are not counted.
fn objects(documents: Vec<Value>) -> Vec<Object> {
    let object = |place: String, value: Value| Object { place, title: title(&value), value };
    let mut objects = Vec::new();
    for (index, mut document) in documents.into_iter().filter(|document| !document.is_null()).enumerate() {
        let place = format!("document {}", index + 1);
        match document.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => {
                let items = items.into_iter().enumerate();
                objects.extend(items.map(|(index, item)| object(format!("{place}, item {}", index + 1), item)));
            }
            _ => objects.push(object(place, document)),
        }
    }
    objects
}

/// Whether an Ingress has this name, written `NAME` or `NAMESPACE/NAME`.
fn has_name(ingress: &Ingress, name: &str) -> bool {
    let metadata = &ingress.metadata;
    match name.split_once('/') {
        None => metadata.name == name,
        Some((namespace, name)) => metadata.name == name && metadata.namespace.as_deref() == Some(namespace),
    }
}

fn titles(ingresses: &[Titled]) -> String {
    ingresses.iter().map(|ingress| ingress.title.as_str()).collect::<Vec<_>>().join(", ")
}

/// The kind and the name, as in ``Ingress `web` `` or ``Ingress `shop/web` ``.
fn title(value: &Value) -> String {
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
