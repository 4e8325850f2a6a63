//! A running operator, and the objects of people.

use std::time::Duration;

use canary_operator::{CanaryRelease, Metrics, ReleaseStatus, Settings, run};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api::{Key, Resource, Server};

/// An operator that runs in this process.
pub struct Operator {
    pub metrics: Metrics,
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), kube::Error>>,
}

impl Operator {
    pub fn start(server: &Server) -> Self {
        Operator::start_with(server, Duration::from_hours(1))
    }

    /// Starts an operator that looks at each release again after this time.
    pub fn start_with(server: &Server, resync: Duration) -> Self {
        Operator::start_in(server, resync, None)
    }

    /// Starts an operator for the releases of a namespace.
    pub fn start_in(server: &Server, resync: Duration, namespace: Option<&str>) -> Self {
        let (end, ended) = oneshot::channel();
        let metrics = Metrics::new();
        let (namespace, retry) = (namespace.map(str::to_owned), Duration::from_millis(20));
        let settings = Settings { namespace, resync, retry, ..Settings::default() };
        let ended = async move { drop(ended.await) };
        let task = tokio::spawn(run(server.client(), settings, metrics.clone(), ended));
        Operator { metrics, end, task }
    }

    /// Ends the operator as Kubernetes does: what has begun is finished.
    pub async fn stop(self) {
        self.end.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("it ends").unwrap().unwrap();
    }

    /// Ends the operator at once, as a crash does.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub fn release(name: &str) -> Key {
    Key::new(Resource::Releases, name)
}

pub fn ingress(name: &str) -> Key {
    Key::new(Resource::Ingresses, name)
}

pub fn route(name: &str) -> Key {
    Key::new(Resource::HttpRoutes, name)
}

/// A release of `web` with this policy and target.
pub fn wanted(policy: &Value, target: &Value) -> Value {
    json!({ "spec": {
        "policy": policy,
        "route": { "name": "web-canary", "stable": "web:80", "canaries": ["web-next:80"] },
        "target": target,
    } })
}

pub fn percent(weight: u32) -> Value {
    json!({ "canaries": [{ "weight": weight }] })
}

/// A stable Ingress for the Service `web`.
pub fn stable_ingress() -> Value {
    stable_ingress_for("web")
}

/// A stable Ingress for a Service.
pub fn stable_ingress_for(service: &str) -> Value {
    let backend = json!({ "service": { "name": service, "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    json!({ "spec": { "ingressClassName": "nginx", "rules": [{ "host": "shop.test", "http": { "paths": paths } }] } })
}

/// An HTTPRoute for the Service `web`, with a rule of another Service.
pub fn http_route() -> Value {
    json!({ "metadata": { "labels": { "team": "shop" } }, "spec": {
        "hostnames": ["shop.test"],
        "parentRefs": [{ "name": "public" }],
        "rules": [
            { "backendRefs": [{ "name": "web", "port": 80 }], "timeouts": { "request": "1s" } },
            { "matches": [{ "path": { "value": "/pay" } }], "backendRefs": [{ "name": "pay", "port": 80 }] },
        ],
    } })
}

/// A server with the HTTPRoute `web`, and an operator that has put this policy of the release `web` into it.
pub async fn with_policy_in_route(policy: &Value) -> (Server, Operator) {
    let server = Server::start().await;
    server.create(&route("web"), "kubectl", http_route());
    server.create(&release("web"), "kubectl", wanted(policy, &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    (server, operator)
}

/// The status of a release.
pub fn status(server: &Server, name: &str) -> ReleaseStatus {
    let release: Option<CanaryRelease> = server.get(&release(name)).map(|value| serde_json::from_value(value).unwrap());
    release.and_then(|release| release.status).unwrap_or_default()
}

/// `Ready` and its reason, as in `True Written`, for the newest generation; else nothing.
pub fn ready(server: &Server, name: &str) -> String {
    let generation = server.get(&release(name)).and_then(|release| release["metadata"]["generation"].as_i64());
    let status = status(server, name);
    let ready = status.condition("Ready").filter(|_| status.observed_generation == generation);
    ready.map(|ready| format!("{} {}", ready.status, ready.reason)).unwrap_or_default()
}

/// Waits until `Ready` of the newest generation is this.
pub async fn until_ready(server: &Server, name: &str, wanted: &str) {
    server.until(&format!("{name} is {wanted}"), |server| ready(server, name) == wanted).await;
}

/// The weights of the backends of a rule.
pub fn weights(server: &Server, name: &str, rule: usize) -> Vec<(String, u64)> {
    let route = server.get(&route(name)).unwrap();
    let backends = route["spec"]["rules"][rule]["backendRefs"].as_array().unwrap();
    backends.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one["weight"].as_u64().unwrap())).collect()
}

/// An annotation of ingress-nginx.
pub fn annotation(server: &Server, name: &str, annotation: &str) -> Option<String> {
    let ingress = server.get(&ingress(name))?;
    let value = &ingress["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{annotation}")];
    value.as_str().map(str::to_owned)
}

/// The reason and note of each event.
pub fn events(server: &Server) -> Vec<(String, String)> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let mut events = server.list(Resource::Events);
    events.sort_by_key(|event| event["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap());
    events.iter().map(|event| (text(event, "reason"), text(event, "note"))).collect()
}
