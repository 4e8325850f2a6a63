//! Requests and responses.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::answer::Refusal;
use super::request::{Key, Resource, Target};
use super::state::State;
use super::store::{Store, Writer};
use super::watch;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Answers every connection.
pub async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let state = state.clone();
        let service = service_fn(move |request| {
            let state = state.clone();
            async move { Ok::<_, Infallible>(answer(&state, request).await) }
        });
        tokio::spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
    }
}

async fn answer(state: &Arc<State>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let Some(target) = Target::of(&head.uri) else { return response(discovery(state, head.uri.path())) };
    let content_type = head.headers.get("content-type").map_or("", |value| value.to_str().unwrap());
    state.need(&head.method, &target, content_type);
    if head.method == Method::GET && target.is("watch") {
        let body = StreamBody::new(watch::changes(state.clone(), target));
        return Response::new(BodyExt::boxed_unsync(body));
    }
    let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let mut store = state.store.lock().unwrap();
    if head.method != Method::GET {
        let name =
            target.name.clone().unwrap_or_else(|| body["metadata"]["name"].as_str().unwrap_or_default().to_owned());
        let namespace = target.namespace.clone().unwrap_or_default();
        state.writes.lock().unwrap().push((head.method.clone(), target.resource, namespace, name));
        if let Some(interference) = target.key().and_then(|key| state.interference.lock().unwrap().remove(&key)) {
            interference(&mut store);
        }
    }
    let refusal = target.key().filter(|_| head.method != Method::GET);
    let refusal = refusal.and_then(|key| state.refusals.lock().unwrap().get(&key).cloned());
    let result = match refusal {
        Some(refusal) => Err(refusal),
        None => dispatch(&mut store, &head.method, &target, content_type, body),
    };
    let revision = store.revision;
    drop(store);
    state.revisions.send_if_modified(|before| std::mem::replace(before, revision) != revision);
    response(result)
}

/// The resources of the Gateway API, if it is installed.
fn discovery(state: &State, path: &str) -> Result<Value, Refusal> {
    let routes = Resource::HttpRoutes;
    if !state.has_gateway_api || path != format!("/apis/{}", routes.api_version()) {
        return Err(Refusal::not_found(path));
    }
    let resource = json!({
        "name": routes.plural(), "singularName": "httproute", "namespaced": true, "kind": routes.kind(),
        "verbs": ["get", "list", "patch", "watch"],
    });
    Ok(
        json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": routes.api_version(), "resources": [resource] }),
    )
}

fn response(result: Result<Value, Refusal>) -> Response<Body> {
    let (code, body) = match result {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.code, refusal.body()),
    };
    let body = Full::from(body.to_string()).boxed_unsync();
    Response::builder().status(code).header("content-type", "application/json").body(body).unwrap()
}

fn dispatch(
    store: &mut Store,
    method: &Method,
    target: &Target,
    content_type: &str,
    body: Value,
) -> Result<Value, Refusal> {
    let manager = target.query.get("fieldManager").map_or("unknown", |manager| manager);
    let writer = Writer { manager, is_status: target.is_status };
    match (method, target.key()) {
        (&Method::GET, Some(key)) => store.get(&key).ok_or_else(|| Refusal::not_found(&key.name)),
        (&Method::GET, None) => Ok(list(store, target)),
        (&Method::DELETE, Some(key)) => store.delete(&key, &body["preconditions"]),
        (&Method::POST, None) => {
            let (Some(namespace), Some(name)) = (target.namespace.clone(), body["metadata"]["name"].as_str()) else {
                return Err(Refusal::new(422, "Invalid", "no namespace or no name"));
            };
            let key = Key { resource: target.resource, namespace, name: name.to_owned() };
            store.create(&key, body, manager)
        }
        (&Method::PATCH, Some(key)) => match content_type {
            "application/apply-patch+yaml" => store.apply(&key, writer, &body, target.is("force")),
            "application/merge-patch+json" => store.merge(&key, writer, &body),
            "application/json-patch+json" => store.json_patch(&key, writer, &body),
            other => Err(Refusal::new(415, "UnsupportedMediaType", other)),
        },
        _ => Err(Refusal::new(405, "MethodNotAllowed", method.as_str())),
    }
}

fn list(store: &Store, target: &Target) -> Value {
    let is_listed = |key: &Key| {
        key.resource == target.resource && target.namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
    };
    let mut items = store.list(is_listed);
    let start = target.number("continue").unwrap_or_default();
    items.drain(..usize::try_from(start).unwrap().min(items.len()));
    let limit = target.number("limit").unwrap_or(u64::MAX);
    let mut metadata = json!({ "resourceVersion": store.revision.to_string() });
    if u64::try_from(items.len()).unwrap() > limit {
        items.truncate(usize::try_from(limit).unwrap());
        metadata["continue"] = json!((start + limit).to_string());
    }
    let kind = format!("{}List", target.resource.kind());
    json!({ "apiVersion": target.resource.api_version(), "kind": kind, "metadata": metadata, "items": items })
}
