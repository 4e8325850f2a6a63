//! 1,000 releases.

use std::time::Duration;

use serde_json::json;

use crate::api::{Key, Resource, Server};
use crate::util::{Operator, http_route, percent, stable_ingress_for, wanted};

const RELEASES: usize = 1000;
const NAMESPACES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_converged_cluster_is_not_written_to() {
    let server = Server::start().await;
    for index in 0..RELEASES {
        let (name, namespace) = (format!("web-{index}"), format!("team-{}", index % NAMESPACES));
        let key = |resource| Key::new(resource, &name).within(&namespace);
        // Each Ingress has a stable Service of its own, because ingress-nginx serves one canary for a Service.
        let service = if index % 2 == 0 { name.as_str() } else { "web" };
        let target = if index % 2 == 0 {
            server.create(&key(Resource::Ingresses), "helm", stable_ingress_for(service));
            json!({ "ingress": name })
        } else {
            server.create(&key(Resource::HttpRoutes), "kubectl", http_route());
            json!({ "httpRoute": name })
        };
        let mut release = wanted(&percent(10), &target);
        release["spec"]["route"]["name"] = json!(format!("{name}-canary"));
        release["spec"]["route"]["stable"] = json!(format!("{service}:80"));
        server.create(&key(Resource::Releases), "kubectl", release);
    }

    let operator = Operator::start(&server);
    let is_ready = |release: &serde_json::Value| {
        release["status"]["conditions"].as_array().is_some_and(|all| all.iter().all(|one| one["status"] == "True"))
    };
    // An event is the last that is written for a release.
    server.until("all have an event", |server| server.count(Resource::Events) == RELEASES).await;
    operator.stop().await;
    assert!(server.list(Resource::Releases).iter().all(is_ready));
    // The finalizer, the place, the object, the status, and an event.
    assert_eq!(server.take_writes().len(), 5 * RELEASES);
    assert_eq!(server.list(Resource::Ingresses).len(), RELEASES);

    // A start is a reconciliation of each, and then each is looked at again.
    let operator = Operator::start_with(&server, Duration::from_millis(500));
    let enough = u64::try_from(3 * RELEASES).unwrap();
    server.until("each is looked at three times", |_| operator.metrics.reconciliations("written") >= enough).await;
    operator.stop().await;
    assert_eq!(server.take_writes(), []);
}
