//! The manifests of files, folders and standard input.

use std::collections::BTreeMap;
use std::path::Path;

use canary_policy::error::Excerpt;
use canary_policy::targets::envoy::RouteConfiguration;
use canary_policy::targets::gateway::{GrpcRoute, HttpRoute, ReferenceGrant};
use canary_policy::targets::gloo;
use canary_policy::targets::istio::VirtualService;
use canary_policy::targets::nginx::{Ingress, Manifest, Service, ServiceManifest};
use serde_json::Value;

use crate::files;
use crate::list::{Items, take_items};
use crate::notes::{error, note, note_first};
use crate::progress::Progress;
use crate::unread::{self, Names};

/// The name of standard input in messages.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// The manifests. What cannot be read is an error, and what is of another kind a note.
pub(crate) fn read(files: &[String], is_strict: bool) -> Result<Manifests, String> {
    let manifests = Manifests::read(files)?;
    for why in &manifests.errors {
        error(why);
    }
    if is_strict && !manifests.errors.is_empty() {
        return Err(format!("{} of the documents cannot be read", manifests.errors.len()));
    }
    for text in &manifests.notes {
        note(text);
    }
    note_first("skipped", &manifests.skipped);
    Ok(manifests)
}

/// The objects of all files.
#[derive(Default)]
pub(crate) struct Manifests {
    pub(crate) ingresses: Vec<Ingress>,
    pub(crate) services: Vec<Service>,
    pub(crate) routes: Vec<HttpRoute>,
    pub(crate) grpc_routes: Vec<GrpcRoute>,
    pub(crate) grants: Vec<ReferenceGrant>,
    /// Those of Istio.
    pub(crate) virtual_services: Vec<VirtualService>,
    pub(crate) gloo_services: Vec<gloo::VirtualService>,
    /// Those of Envoy.
    pub(crate) configurations: Vec<RouteConfiguration>,
    /// Where the Ingresses are, by `NAMESPACE/NAME`, and objects of other targets, by `KIND NAMESPACE/NAME`.
    pub(crate) sources: BTreeMap<String, Source>,
    /// The documents that cannot be read, each with its place.
    pub(crate) errors: Vec<String>,
    /// What the documents of `errors` could concern.
    pub(crate) unread: Vec<Unread>,
    /// What the Ingresses name, and what the documents of `errors` name that could be part of the cluster.
    pub(crate) of_cluster: unread::Unread,
    /// The objects of other kinds, each with its place.
    pub(crate) skipped: Vec<String>,
    /// What else is worth knowing about the objects.
    pub(crate) notes: Vec<String>,
    /// The places of the Services in `services`, by `NAMESPACE/NAME`.
    of_services: BTreeMap<String, usize>,
}

/// The names of files as they are shown in messages.
pub(crate) fn names(files: &[String]) -> String {
    let name = |file: &String| files::name(if file == "-" { STANDARD_INPUT } else { file }).to_string();
    files.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The place of an object.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) file: String,
    /// The number of the document in the file, counted from 1.
    pub(crate) document: usize,
    /// The first line of the document that is not empty, counted from 1.
    pub(crate) line: usize,
    /// The last line of the document.
    pub(crate) last_line: usize,
    /// The places in lists, counted from 1; empty if the document is the object.
    pub(crate) items: Vec<usize>,
}

impl Source {
    /// The place of the document with this number and text, which follows so many lines. Lines that separate documents, empty
    /// lines and comments are not counted to it.
    fn of(file: &str, document: usize, text: &str, lines: usize) -> Self {
        let is_content = |line: &str| !(line.trim().is_empty() || line.starts_with("---") || line.starts_with('#'));
        let before = text.lines().take_while(|line| !is_content(line)).count();
        let line = lines + before + 1;
        let last_line = line.max(lines + text.trim_end().lines().count());
        Source { file: file.to_owned(), document, line, last_line, items: Vec::new() }
    }

    /// The place in words, as in `hosts.yaml: document 3, line 17`.
    pub(crate) fn place(&self) -> String {
        format!("{}, line {}", self.document(), self.line)
    }

    /// The document in words, as in `hosts.yaml: document 3, item 2`.
    fn document(&self) -> String {
        let Source { file, document, line: _, last_line: _, items } = self;
        let items = items.iter().map(|item| format!("item {item}"));
        let place: Vec<String> = [format!("{file}: document {document}")].into_iter().chain(items).collect();
        place.join(", ")
    }
}

/// What a document that cannot be read could concern.
pub(crate) enum Unread {
    /// Any host: the document is no object.
    Anything,
    /// The hosts that the object names. An empty list is every host that no other object names.
    Hosts(Vec<String>),
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
        let documents = documents(bytes);
        let progress = Progress::new("documents read", documents.len());
        let mut number = 0;
        for document in documents {
            progress.step();
            let Document { bytes, lines } = document;
            let text = files::utf8(bytes, lines);
            let value = text.clone().and_then(|text| files::document(text, lines));
            number += usize::from(value != Ok(Value::Null));
            match value {
                Ok(Value::Null) => {}
                Ok(value) => {
                    let source = Source::of(place, number, text.unwrap_or_default(), lines);
                    self.add_value(&source, value);
                }
                Err(why) => {
                    self.errors.push(format!("{place}: document {number}: {why}"));
                    self.leave_unread();
                }
            }
        }
    }

    /// Adds an object, or the objects of a list.
    fn add_value(&mut self, source: &Source, mut value: Value) {
        match take_items(&mut value) {
            Items::None => self.add_object(source, value),
            Items::Some(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    let mut source = source.clone();
                    source.items.push(index + 1);
                    self.add_value(&source, item);
                }
            }
            Items::Malformed => {
                self.leave_unread();
                self.errors.push(format!("{}: items: expected a list", source.document()));
            }
        }
    }

    /// Adds an object. If it cannot be read, what it names is kept, because nothing is proven about it.
    fn add_object(&mut self, source: &Source, value: Value) {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, version) = (text("kind"), text("apiVersion"));
        // The core group has no name. Knative has a kind `Service` too, and OpenShift a kind `Ingress`.
        let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let named = Named::of(&value, &kind, &group);
        let is_of_cluster = is_of_cluster(&kind, &group);
        let reach = if is_of_cluster { Names::of(&value, &kind) } else { None };
        let Err(why) = self.add_parsed(source, value, (&kind, &group)) else {
            self.of_cluster.read.extend(reach);
            self.sources.extend(named.map(|named| (named.name, source.clone())));
            return;
        };
        self.errors.push(format!("{} ({kind}): {why}", source.place()));
        self.unread.extend(named.map(|named| named.hosts.map_or(Unread::Anything, Unread::Hosts)));
        if is_of_cluster {
            let of_ingress = |names: Names| if kind == "Ingress" { names.with_catch_all() } else { names };
            self.of_cluster.unread.push(reach.map(of_ingress));
        }
    }

    /// Adds an object of this kind and group to the others of its kind.
    fn add_parsed(&mut self, source: &Source, value: Value, (kind, group): (&str, &str)) -> Result<(), String> {
        match (kind, group) {
            _ if is_of_cluster(kind, group) && has_no_name(&value) => Err("metadata.name: none is given".to_owned()),
            ("Ingress", "" | "networking.k8s.io" | "extensions") => files::parsed::<Manifest>(value).map(|manifest| {
                let ingress = Ingress::from(manifest);
                let name = full_name(ingress.metadata.namespace.as_deref(), &ingress.metadata.name);
                self.sources.insert(name, source.clone());
                self.ingresses.push(ingress);
            }),
            ("Service", "") => files::parsed::<ServiceManifest>(value).map(|service| self.add_service(service.into())),
            ("HTTPRoute", "gateway.networking.k8s.io") => files::parsed(value).map(|route| self.routes.push(route)),
            ("GRPCRoute", "gateway.networking.k8s.io") => {
                files::parsed(value).map(|route| self.grpc_routes.push(route))
            }
            ("ReferenceGrant", "gateway.networking.k8s.io") => {
                files::parsed(value).map(|grant| self.grants.push(grant))
            }
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
                let kind = if kind.is_empty() { "no kind".to_owned() } else { Excerpt::of(kind).to_string() };
                self.skipped.push(format!("{} ({kind})", source.document()));
                Ok(())
            }
        }
    }

    /// Notes that a document cannot be read which could be any object.
    fn leave_unread(&mut self) {
        self.unread.push(Unread::Anything);
        self.of_cluster.unread.push(None);
    }

    /// Adds a Service. As in a cluster, the last one of a name counts.
    fn add_service(&mut self, service: Service) {
        let name = format!("{}/{}", service.namespace, service.name);
        let known = self.of_services.insert(name.clone(), self.services.len());
        if known.and_then(|place| self.services.get(place)).is_some_and(|known| *known != service) {
            let name = Excerpt::of(&name);
            self.notes.push(format!("several different Services have the name `{name}`, and only the last one counts"));
        }
        self.services.push(service);
    }
}

/// Whether an object is one of those that the controller reads.
fn is_of_cluster(kind: &str, group: &str) -> bool {
    matches!((kind, group), ("Ingress", "" | "networking.k8s.io" | "extensions") | ("Service", ""))
}

/// Whether an object has no name. No API server has such an object.
fn has_no_name(value: &Value) -> bool {
    value.pointer("/metadata/name").is_none_or(|name| name.is_null() || name == "")
}

/// An object of a target as it is written, whether it can be read or not.
struct Named {
    /// The kind, the namespace and the name.
    name: String,
    /// `None` if they are not known: those of an HTTPRoute that attaches to a Service are the hosts that lead to the Service, and
    /// hosts that are no list cannot be read.
    hosts: Option<Vec<String>>,
}

impl Named {
    /// The name and the hosts of an object that routes requests; `None` for any other object.
    fn of(value: &Value, kind: &str, group: &str) -> Option<Self> {
        let is_route = matches!(
            (kind, group),
            ("HTTPRoute" | "GRPCRoute", "gateway.networking.k8s.io")
                | ("VirtualService", "gateway.solo.io" | "networking.istio.io")
        ) || value.get("virtual_hosts").is_some();
        if !is_route {
            return None;
        }
        let text = |place: &str| value.pointer(place).and_then(Value::as_str);
        let name = full_name(text("/metadata/namespace"), text("/metadata/name").unwrap_or_default());
        let of_envoy = value.get("virtual_hosts").and_then(Value::as_array).into_iter().flatten();
        let lists = ["/spec/hostnames", "/spec/hosts", "/spec/virtualHost/domains"].map(|place| value.pointer(place));
        let lists = lists.into_iter().flatten().chain(of_envoy.filter_map(|host| host.get("domains")));
        // A list of another type could name any host.
        let are_lists = lists.clone().all(|list| list.is_array() || list.is_null());
        let texts = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        let hosts = texts.map(str::to_owned).collect();
        let mut parents = value.pointer("/spec/parentRefs").and_then(Value::as_array).into_iter().flatten();
        let is_of_service = parents.any(|parent| parent.get("kind").and_then(Value::as_str) == Some("Service"));
        Some(Named { name: format!("{kind} {name}"), hosts: (!is_of_service && are_lists).then_some(hosts) })
    }
}

/// The name of an object with its namespace.
pub(crate) fn full_name(namespace: Option<&str>, name: &str) -> String {
    format!("{}/{name}", namespace.unwrap_or("default"))
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
