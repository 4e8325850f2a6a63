//! The objects, and the history of their changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::Refusal;
use super::apply::{apply, updated};
use super::fields::{Manager, written};
use super::request::{Key, Resource};
use super::{defaults, patch};

/// A change of an object, as a watch shows it.
#[derive(Clone, Debug)]
pub struct Change {
    pub revision: u64,
    pub type_: &'static str,
    pub key: Key,
    pub object: Value,
}

#[derive(Clone, Debug)]
struct Stored {
    /// The object without its managed fields.
    value: Value,
    managers: Vec<Manager>,
}

impl Stored {
    fn shown(&self) -> Value {
        let mut value = self.value.clone();
        if !self.managers.is_empty() {
            let api_version = value["apiVersion"].as_str().unwrap_or_default();
            value["metadata"]["managedFields"] = written(&self.managers, api_version);
        }
        value
    }
}

/// Who writes, and whether the status only.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'w> {
    pub manager: &'w str,
    pub is_status: bool,
}

impl<'w> Writer<'w> {
    fn place(self) -> (&'w str, Option<&'static str>) {
        (self.manager, self.is_status.then_some("status"))
    }
}

#[derive(Debug, Default)]
pub struct Store {
    objects: BTreeMap<Key, Stored>,
    pub revision: u64,
    /// Changes up to this revision are forgotten.
    pub compacted: u64,
    pub history: Vec<Change>,
    identities: u64,
}

impl Store {
    pub fn get(&self, key: &Key) -> Option<Value> {
        self.objects.get(key).map(Stored::shown)
    }

    pub fn list(&self, is_listed: impl Fn(&Key) -> bool) -> Vec<Value> {
        self.objects.iter().filter(|(key, _)| is_listed(key)).map(|(_, stored)| stored.shown()).collect()
    }

    pub fn count(&self, resource: Resource) -> usize {
        self.objects.keys().filter(|key| key.resource == resource).count()
    }

    pub fn create(&mut self, key: &Key, mut value: Value, manager: &str) -> Result<Value, Refusal> {
        if self.objects.contains_key(key) {
            return Err(Refusal::new(
                409,
                "AlreadyExists",
                format!("{} {:?} already exists", key.resource.plural(), key.name),
            ));
        }
        value["apiVersion"] = json!(key.resource.api_version());
        value["kind"] = json!(key.resource.kind());
        let managers = updated(&json!({}), &value, &[], (manager, None));
        Ok(self.commit(key, value, managers))
    }

    /// Changes an object, as a PUT or a patch does.
    pub fn update(
        &mut self,
        key: &Key,
        writer: Writer<'_>,
        change: impl FnOnce(&mut Value) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        let stored = self.objects.get(key).ok_or_else(|| Refusal::not_found(&key.name))?.clone();
        let mut value = stored.value.clone();
        change(&mut value)?;
        check_same(&value, &stored.value)?;
        let value = only_writable(&stored.value, value, writer.is_status);
        let managers = updated(&stored.value, &value, &stored.managers, writer.place());
        Ok(self.commit(key, value, managers))
    }

    /// Server-side apply.
    pub fn apply(
        &mut self,
        key: &Key,
        writer: Writer<'_>,
        configuration: &Value,
        force: bool,
    ) -> Result<Value, Refusal> {
        let stored = match self.objects.get(key) {
            Some(stored) => stored.clone(),
            None if writer.is_status => return Err(Refusal::not_found(&key.name)),
            None if configuration["metadata"]["uid"].is_string() => {
                return Err(Refusal::new(409, "Conflict", "Precondition failed: there is no object with this UID"));
            }
            None => {
                let metadata = json!({ "name": key.name, "namespace": key.namespace });
                let (api_version, kind) = (key.resource.api_version(), key.resource.kind());
                let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata });
                Stored { value, managers: Vec::new() }
            }
        };
        check_same(configuration, &stored.value)?;
        let mut configuration = configuration.clone();
        let fields = configuration.as_object_mut().unwrap();
        fields.retain(|name, _| {
            (name == "status") == writer.is_status || matches!(&**name, "metadata" | "apiVersion" | "kind")
        });
        let (value, managers) = apply(&stored.value, &stored.managers, &configuration, writer.place(), force)?;
        let value = only_writable(&stored.value, value, writer.is_status);
        Ok(self.commit(key, value, managers))
    }

    pub fn delete(&mut self, key: &Key, preconditions: &Value) -> Result<Value, Refusal> {
        let stored = self.objects.get(key).ok_or_else(|| Refusal::not_found(&key.name))?.clone();
        check_same(&json!({ "metadata": preconditions }), &stored.value)?;
        let mut value = stored.value.clone();
        if value["metadata"]["deletionTimestamp"].is_null() {
            value["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
            value["metadata"]["generation"] = json!(value["metadata"]["generation"].as_u64().unwrap_or_default() + 1);
        }
        Ok(self.commit(key, value, stored.managers))
    }

    /// Stores an object, unless it is as before, and keeps the change.
    fn commit(&mut self, key: &Key, mut value: Value, managers: Vec<Manager>) -> Value {
        defaults::fill_in(key.resource, &mut value);
        let before = self.objects.get(key);
        if let Some(before) = before.filter(|before| before.value == value && before.managers == managers) {
            return before.shown();
        }
        let generation = before.map_or(0, |before| before.value["metadata"]["generation"].as_u64().unwrap_or_default());
        let is_changed = before.is_none_or(|before| content(&before.value) != content(&value));
        let type_ = if before.is_some() { "MODIFIED" } else { "ADDED" };
        if before.is_none() {
            self.identities += 1;
            value["metadata"]["uid"] = json!(format!("00000000-0000-0000-0000-{:012}", self.identities));
            value["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        if is_changed {
            value["metadata"]["generation"] = json!(generation + 1);
        }
        self.revision += 1;
        value["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let metadata = &value["metadata"];
        let is_gone =
            metadata["deletionTimestamp"].is_string() && metadata["finalizers"].as_array().is_none_or(Vec::is_empty);
        let stored = Stored { value, managers };
        let object = stored.shown();
        if is_gone {
            self.objects.remove(key);
        } else {
            self.objects.insert(key.clone(), stored);
        }
        let type_ = if is_gone { "DELETED" } else { type_ };
        self.history.push(Change { revision: self.revision, type_, key: key.clone(), object: object.clone() });
        object
    }

    pub fn merge(&mut self, key: &Key, writer: Writer<'_>, body: &Value) -> Result<Value, Refusal> {
        self.update(key, writer, |value| {
            json_patch::merge(value, body);
            Ok(())
        })
    }

    pub fn json_patch(&mut self, key: &Key, writer: Writer<'_>, body: &Value) -> Result<Value, Refusal> {
        self.update(key, writer, |value| patch::json_patch(value, body))
    }
}

/// Refuses a request that names another version or identity than the object has.
fn check_same(given: &Value, live: &Value) -> Result<(), Refusal> {
    for field in ["uid", "resourceVersion"] {
        let given = &given["metadata"][field];
        if !given.is_null() && *given != live["metadata"][field] {
            let message =
                format!("Operation cannot be fulfilled: the object has been modified, {field} is not {given}");
            return Err(Refusal::new(409, "Conflict", message));
        }
    }
    Ok(())
}

/// What a write may change: the status, or everything else.
fn only_writable(before: &Value, after: Value, is_status: bool) -> Value {
    let (mut whole, status) = if is_status { (before.clone(), after) } else { (after, before.clone()) };
    match status.get("status") {
        Some(status) => whole["status"] = status.clone(),
        None => drop(whole.as_object_mut().unwrap().remove("status")),
    }
    for field in ["uid", "generation", "creationTimestamp", "deletionTimestamp", "resourceVersion"] {
        match before["metadata"].get(field) {
            Some(value) => whole["metadata"][field] = value.clone(),
            None => drop(whole["metadata"].as_object_mut().unwrap().remove(field)),
        }
    }
    drop(whole["metadata"].as_object_mut().unwrap().remove("managedFields"));
    whole
}

/// What a generation is about.
fn content(value: &Value) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().retain(|name, _| name != "metadata" && name != "status");
    value
}
