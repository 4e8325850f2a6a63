//! Watches: the changes since a version, one JSON document on each line.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, Stream};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::answer::Refusal;
use super::request::Target;
use super::state::State;

/// The body of a watch.
pub fn changes(state: Arc<State>, target: Target) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move { send(&state, &target, &sender).await });
    stream::poll_fn(move |context| receiver.poll_recv(context)).map_frames()
}

trait MapFrames: Stream<Item = Value> + Sized {
    fn map_frames(self) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
        futures::StreamExt::map(self, |line| Ok(Frame::data(Bytes::from(format!("{line}\n")))))
    }
}

impl<S: Stream<Item = Value>> MapFrames for S {}

async fn send(state: &State, target: &Target, sender: &UnboundedSender<Value>) {
    let mut last = target.number("resourceVersion").unwrap_or_default();
    let mut revisions = state.revisions.subscribe();
    let mut disconnects = state.disconnects.subscribe();
    let mut is_first = true;
    loop {
        for line in lines(state, target, &mut last, is_first) {
            let is_last = line["type"] == "ERROR";
            if sender.send(line).is_err() || is_last {
                return;
            }
        }
        is_first = false;
        tokio::select! {
            changed = revisions.changed() => if changed.is_err() { return },
            _ = disconnects.changed() => return,
            () = sender.closed() => return,
        }
    }
}

fn lines(state: &State, target: &Target, last: &mut u64, is_first: bool) -> Vec<Value> {
    let store = state.store.lock().unwrap();
    if *last < store.compacted {
        let gone = Refusal::new(410, "Expired", format!("too old resource version: {last} ({})", store.compacted));
        return vec![json!({ "type": "ERROR", "object": gone.body() })];
    }
    let start = store.history.partition_point(|change| change.revision <= *last);
    let is_watched = |namespace: &str| target.namespace.as_deref().is_none_or(|watched| watched == namespace);
    let changes = store.history[start..].iter();
    let changes = changes.filter(|change| change.key.resource == target.resource && is_watched(&change.key.namespace));
    let mut lines: Vec<Value> =
        changes.map(|change| json!({ "type": change.type_, "object": change.object })).collect();
    *last = store.revision;
    if is_first && target.is("allowWatchBookmarks") {
        let metadata = json!({ "resourceVersion": store.revision.to_string(), "creationTimestamp": null });
        let (api_version, kind) = (target.resource.api_version(), target.resource.kind());
        // A bookmark has the type of the watched objects, and nothing of them but a version.
        lines.push(json!({ "type": "BOOKMARK", "object": {
            "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {},
        } }));
    }
    lines
}
