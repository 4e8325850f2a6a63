//! What a server and a test share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use http::Method;
use tokio::sync::watch::Sender;

use super::answer::Refusal;
use super::request::{Key, Resource, Target};
use super::store::Store;

pub type Interference = Box<dyn FnOnce(&mut Store) + Send>;

/// A write that an operator sent: the method, the resource, the namespace and the name.
pub type Written = (Method, Resource, String, String);

/// The objects, who waits for them, and what is done to requests.
pub struct State {
    pub store: Mutex<Store>,
    pub revisions: Sender<u64>,
    pub disconnects: Sender<u64>,
    pub writes: Mutex<Vec<Written>>,
    pub permissions: Mutex<BTreeSet<String>>,
    pub refusals: Mutex<BTreeMap<Key, Refusal>>,
    pub interference: Mutex<BTreeMap<Key, Interference>>,
    pub has_gateway_api: bool,
}

impl State {
    pub fn new(has_gateway_api: bool) -> Self {
        State {
            store: Mutex::default(),
            revisions: Sender::new(0),
            disconnects: Sender::new(0),
            writes: Mutex::default(),
            permissions: Mutex::default(),
            refusals: Mutex::default(),
            interference: Mutex::default(),
            has_gateway_api,
        }
    }

    /// Notes the permission that a request needs.
    pub fn need(&self, method: &Method, target: &Target, content_type: &str) {
        let verb = match (method, target.name.is_some()) {
            (&Method::GET, true) => "get",
            (&Method::GET, false) if target.is("watch") => "watch",
            (&Method::GET, false) => "list",
            (&Method::POST, _) => "create",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, _) => "delete",
            _ => "update",
        };
        let group = target.resource.api_version().split('/').next().unwrap();
        let subresource = if target.is_status { "/status" } else { "" };
        let mut permissions = self.permissions.lock().unwrap();
        permissions.insert(format!("{verb} {group}/{}{subresource}", target.resource.plural()));
        // Applying an object that does not exist creates it.
        if content_type.contains("apply")
            && target.key().is_some_and(|key| self.store.lock().unwrap().get(&key).is_none())
        {
            permissions.insert(format!("create {group}/{}", target.resource.plural()));
        }
    }
}
