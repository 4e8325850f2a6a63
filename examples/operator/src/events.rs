//! Events: what a release came to, for `kubectl describe`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

use crate::field_manager::MANAGER;
use crate::release::CanaryRelease;

/// Publishes events.
#[derive(Clone)]
pub(crate) struct Events(Recorder);

impl Events {
    pub(crate) fn new(client: Client) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: None };
        Events(Recorder::new(client, reporter))
    }

    /// Publishes a change of the condition `Ready`. An event that cannot be published is only logged: the status says the same.
    pub(crate) async fn publish(&self, object: &CanaryRelease, ready: &Condition) {
        let type_ = if ready.status == "False" { EventType::Warning } else { EventType::Normal };
        // An API server takes 1024 bytes.
        let mut note = ready.message.clone();
        note.truncate(note.floor_char_boundary(1000));
        let note = Some(note).filter(|note| !note.is_empty());
        let event =
            Event { type_, reason: ready.reason.clone(), note, action: "Reconcile".to_owned(), secondary: None };
        if let Err(why) = self.0.publish(&event, &object.object_ref(&())).await {
            eprintln!("error: no event: {why}");
        }
    }
}
