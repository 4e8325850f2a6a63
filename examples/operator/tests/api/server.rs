//! A running server, and what a test does to it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::answer::Refusal;
use super::http_api::accept;
use super::request::{Key, Resource};
use super::state::{State, Written};
use super::store::{Store, Writer};

/// A running server. It ends with the test.
#[derive(Clone)]
pub struct Server {
    state: Arc<State>,
    uri: http::Uri,
}

impl Server {
    pub async fn start() -> Self {
        Server::start_with(true).await
    }

    pub async fn start_with(has_gateway_api: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let state = Arc::new(State::new(has_gateway_api));
        tokio::spawn(accept(listener, state.clone()));
        Server { state, uri }
    }

    pub fn client(&self) -> Client {
        Client::try_from(Config::new(self.uri.clone())).unwrap()
    }

    fn with<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = self.state.store.lock().unwrap();
        let result = change(&mut store);
        let revision = store.revision;
        drop(store);
        self.state.revisions.send_replace(revision);
        result
    }

    /// Creates an object, as somebody with this field manager.
    pub fn create(&self, key: &Key, manager: &str, value: Value) {
        let mut value = value;
        value["metadata"]["name"] = json!(key.name);
        value["metadata"]["namespace"] = json!(key.namespace);
        self.with(|store| store.create(key, value, manager)).unwrap();
    }

    /// Changes an object, as somebody with this field manager.
    pub fn edit(&self, key: &Key, manager: &str, change: impl FnOnce(&mut Value)) {
        self.with(|store| edit(store, key, manager, change));
    }

    /// Applies a configuration, as somebody with this field manager.
    pub fn apply(&self, key: &Key, manager: &str, configuration: &Value) -> Result<Value, Refusal> {
        self.with(|store| store.apply(key, Writer { manager, is_status: false }, configuration, false))
    }

    pub fn delete(&self, key: &Key) {
        self.with(|store| store.delete(key, &json!({}))).unwrap();
    }

    pub fn get(&self, key: &Key) -> Option<Value> {
        self.state.store.lock().unwrap().get(key)
    }

    pub fn list(&self, resource: Resource) -> Vec<Value> {
        self.state.store.lock().unwrap().list(|key| key.resource == resource)
    }

    pub fn count(&self, resource: Resource) -> usize {
        self.state.store.lock().unwrap().count(resource)
    }

    /// From now on, writes to this object are refused.
    pub fn refuse(&self, key: &Key, message: &str) {
        self.state.refusals.lock().unwrap().insert(key.clone(), Refusal::new(422, "Invalid", message));
    }

    pub fn accept(&self, key: &Key) {
        self.state.refusals.lock().unwrap().remove(key);
    }

    /// Changes this object directly before the next write to it arrives.
    pub fn interfere(&self, key: &Key, manager: &'static str, change: impl FnOnce(&mut Value) + Send + 'static) {
        let place = key.clone();
        let interference = move |store: &mut Store| edit(store, &place, manager, change);
        self.state.interference.lock().unwrap().insert(key.clone(), Box::new(interference));
    }

    /// Changes an object, forgets the history, and ends every watch, so that nobody has seen the change.
    pub fn change_unseen(&self, key: &Key, manager: &str, change: impl FnOnce(&mut Value)) {
        let mut store = self.state.store.lock().unwrap();
        edit(&mut store, key, manager, change);
        store.history.clear();
        store.compacted = store.revision;
        self.state.revisions.send_replace(store.revision);
    }

    /// Ends every watch.
    pub fn disconnect(&self) {
        self.state.disconnects.send_modify(|count| *count += 1);
    }

    /// The writes since the last call.
    pub fn take_writes(&self) -> Vec<Written> {
        std::mem::take(&mut *self.state.writes.lock().unwrap())
    }

    /// The permissions that all requests needed, as in `get GROUP/RESOURCE`.
    pub fn permissions(&self) -> BTreeSet<String> {
        self.state.permissions.lock().unwrap().clone()
    }

    /// Waits until the objects are as wanted, for a minute at most.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Server) -> bool) {
        let mut revisions = self.state.revisions.subscribe();
        let waiting = async {
            while !is_so(self) {
                // Metrics change without a write.
                let change = tokio::time::timeout(Duration::from_millis(20), revisions.changed()).await;
                change.unwrap_or(Ok(())).unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_mins(1), waiting).await.is_err() {
            let objects = Resource::ALL.map(|resource| self.list(resource));
            panic!("after a minute not yet: {what}\n{}", serde_json::to_string_pretty(&objects).unwrap());
        }
    }
}

fn edit(store: &mut Store, key: &Key, manager: &str, change: impl FnOnce(&mut Value)) {
    let writer = Writer { manager, is_status: false };
    let edited = store.update(key, writer, |value| {
        change(value);
        Ok(())
    });
    edited.unwrap();
}
