//! The manifests of files, folders and standard input.

use std::collections::BTreeMap;
use std::path::Path;

use canary_policy::error::Excerpt;
use canary_policy::targets::envoy::RouteConfiguration;
use canary_policy::targets::gateway::HttpRoute;
use canary_policy::targets::gloo;
use canary_policy::targets::istio::VirtualService;
use canary_policy::targets::nginx::{Manifest, Service};
use k8s_openapi::api::core::v1;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use crate::files;

/// The name of standard input in messages.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// The objects of all files.
#[derive(Default)]
pub(crate) struct Manifests {
    pub(crate) ingresses: Vec<Ingress>,
    pub(crate) services: Vec<Service>,
    pub(crate) routes: Vec<HttpRoute>,
    /// Those of Istio.
    pub(crate) virtual_services: Vec<VirtualService>,
    pub(crate) gloo_services: Vec<gloo::VirtualService>,
    /// Those of Envoy.
    pub(crate) configurations: Vec<RouteConfiguration>,
    /// Where the Ingresses are, by `NAMESPACE/NAME`.
    pub(crate) sources: BTreeMap<String, Source>,
    /// The documents that cannot be read, each with its place.
    pub(crate) errors: Vec<String>,
    /// The objects of other kinds, each with its place.
    pub(crate) skipped: Vec<String>,
    /// What else is worth knowing about the objects.
    pub(crate) notes: Vec<String>,
    /// The places of the Services in `services`, by `NAMESPACE/NAME`.
    of_services: BTreeMap<String, usize>,
}

/// The place of an object.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) file: String,
    /// The first line of the document, counted from 1.
    pub(crate) line: usize,
}

/// A document of a file.
struct Document<'t> {
    bytes: &'t [u8],
    /// The number of lines before it.
    lines: usize,
}

impl Manifests {
    /// Reads files, and the `.yaml`, `.yml` and `.json` files of folders; `-` is standard input.
    pub(crate) fn read(names: &[String]) -> Result<Self, String> {
        let mut manifests = Manifests::default();
        for name in names {
            for file in files_of(name)? {
                let place = if file == "-" { files::name(STANDARD_INPUT) } else { files::name(&file) };
                manifests.add_bytes(place.as_str(), &files::bytes(&file)?);
            }
        }
        Ok(manifests)
    }

    /// Adds the documents of a file. A document that is not YAML, or not even text, does not hide the others.
    fn add_bytes(&mut self, place: &str, bytes: &[u8]) {
        let mut number = 0;
        for Document { bytes, lines } in documents(bytes) {
            let value = files::utf8(bytes, lines).and_then(|text| files::document(text, lines));
            number += usize::from(value != Ok(Value::Null));
            match value {
                Ok(Value::Null) => {}
                Ok(value) => {
                    let source = Source { file: place.to_owned(), line: lines + 1 };
                    self.add_value(&format!("{place}: document {number}"), &source, value);
                }
                Err(why) => self.errors.push(format!("{place}: document {number}: {why}")),
            }
        }
    }

    /// Adds an object, or the objects of a list.
    fn add_value(&mut self, place: &str, source: &Source, mut value: Value) {
        let is_list = value.get("kind").and_then(Value::as_str).is_none_or(|kind| kind.ends_with("List"));
        let is_empty = value.get("items").is_some_and(Value::is_null) && value.get("kind").is_some();
        match if is_list { value.get_mut("items").map(Value::take) } else { None } {
            // Go writes an empty list as `null`.
            Some(Value::Null) if is_empty => return,
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add_value(&format!("{place}, item {}", index + 1), source, item);
                }
                return;
            }
            Some(_) => return self.errors.push(format!("{place}: items: expected a list")),
        }
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        // The core group has no name. Knative has a kind `Service` too, and OpenShift a kind `Ingress`.
        let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let added = match (kind.as_str(), group.as_str()) {
            ("Ingress", "" | "networking.k8s.io" | "extensions") | ("Service", "") if has_no_name(&value) => {
                Err("metadata.name: none is given".to_owned())
            }
            ("Ingress", "" | "networking.k8s.io" | "extensions") => files::parsed::<Manifest>(value).map(|manifest| {
                let ingress = Ingress::from(manifest);
                self.sources.insert(full_name(&ingress), source.clone());
                self.ingresses.push(ingress);
            }),
            ("Service", "") => files::parsed::<v1::Service>(value).map(|service| self.add_service(&service)),
            ("HTTPRoute", "gateway.networking.k8s.io") => files::parsed(value).map(|route| self.routes.push(route)),
            ("VirtualService", "gateway.solo.io") => {
                files::parsed(value).map(|service| self.gloo_services.push(service))
            }
            ("VirtualService", "networking.istio.io") => {
                files::parsed(value).map(|service| self.virtual_services.push(service))
            }
            // The configuration of Envoy is no Kubernetes object.
            ("", "") if value.get("virtual_hosts").is_some() => {
                files::parsed(value).map(|configuration| self.configurations.push(configuration))
            }
            _ => {
                let kind = if kind.is_empty() { "no kind".to_owned() } else { Excerpt::of(&kind).to_string() };
                self.skipped.push(format!("{place} ({kind})"));
                Ok(())
            }
        };
        if let Err(why) = added {
            self.errors.push(format!("{place} ({kind}): {why}"));
        }
    }

    /// Adds a Service. As in a cluster, the last one of a name counts.
    fn add_service(&mut self, service: &v1::Service) {
        let service = Service::from(service);
        let name = format!("{}/{}", service.namespace, service.name);
        let known = self.of_services.insert(name.clone(), self.services.len());
        if known.and_then(|place| self.services.get(place)).is_some_and(|known| *known != service) {
            let name = Excerpt::of(&name);
            self.notes.push(format!("several different Services have the name `{name}`, and only the last one counts"));
        }
        self.services.push(service);
    }
}

/// Whether an object has no name. No API server has such an object.
fn has_no_name(value: &Value) -> bool {
    value.pointer("/metadata/name").is_none_or(|name| name.is_null() || name == "")
}

/// The name of an Ingress with its namespace.
fn full_name(ingress: &Ingress) -> String {
    let namespace = ingress.metadata.namespace.as_deref().unwrap_or("default");
    format!("{namespace}/{}", ingress.metadata.name.as_deref().unwrap_or_default())
}

/// The file, or the manifests in the folder and in its folders, sorted by name.
fn files_of(name: &str) -> Result<Vec<String>, String> {
    if name == "-" || !Path::new(name).is_dir() {
        return Ok(vec![name.to_owned()]);
    }
    let failed = |error: std::io::Error| format!("{}: {error}", files::name(name));
    let mut entries = std::fs::read_dir(name).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut found = Vec::new();
    for path in entries.into_iter().map(|entry| entry.path()) {
        let is_manifest = path
            .extension()
            .is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end.eq_ignore_ascii_case(known)));
        // A link to a folder may lead back to where it is.
        let is_link = path.is_symlink() && path.is_dir();
        if !is_link && (path.is_dir() || is_manifest) {
            found.extend(files_of(&path.to_string_lossy())?);
        }
    }
    Ok(found)
}

/// The documents of a file, which lines that begin with `---` separate.
fn documents(bytes: &[u8]) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut position) = (0, 0, 0);
    for (number, line) in lines(bytes).enumerate() {
        let is_marker = line.starts_with(b"---") && matches!(line.get(3), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
        if is_marker && position > start {
            documents.push(Document { bytes: bytes.get(start..position).unwrap_or_default(), lines: first_line });
            (start, first_line) = (position, number);
        }
        position += line.len();
    }
    documents.push(Document { bytes: bytes.get(start..).unwrap_or_default(), lines: first_line });
    documents
}

/// The lines with their ends. YAML ends a line with a line feed, a carriage return, or both.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let is_two = rest.get(end..).is_some_and(|rest| rest.starts_with(b"\r\n"));
        let (line, others) = rest.split_at_checked(end + if is_two { 2 } else { 1 }).unwrap_or((rest, &[]));
        rest = others;
        Some(line).filter(|line| !line.is_empty())
    })
}
