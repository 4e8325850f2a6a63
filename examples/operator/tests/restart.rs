//! The operator ends and starts again.

use std::time::Duration;

use serde_json::json;

use crate::api::Server;
use crate::util::{
    Operator, annotation, http_route, ingress, percent, release, route, stable_ingress, status, until_ready, wanted,
    weights,
};

#[tokio::test]
async fn a_restart_writes_nothing() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    let policy = json!({
        "canaries": [{ "weight": 10, "header": { "name": "x-canary" }, "cookie": { "name": "canary" } }],
        "affinity": { "cookie": { "name": "route" } },
    });
    server.create(&release("ingress"), "kubectl", wanted(&policy, &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&policy, &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    for name in ["ingress", "route"] {
        until_ready(&server, name, "True Written").await;
    }
    operator.stop().await;

    server.take_writes();
    let operator = Operator::start_with(&server, Duration::from_millis(20));
    server.until("both are looked at again and again", |_| operator.metrics.reconciliations("written") >= 30).await;
    operator.stop().await;
    assert_eq!(server.take_writes(), []);
}

#[tokio::test]
async fn what_happened_in_between_is_caught_up_with() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    let before = server.get(&route("web")).unwrap()["spec"].clone();
    server.create(&release("ingress"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    for name in ["ingress", "route"] {
        until_ready(&server, name, "True Written").await;
    }
    operator.stop().await;

    server.edit(&release("ingress"), "kubectl", |release| release["spec"]["policy"] = percent(30));
    server.delete(&release("route"));
    assert!(server.get(&release("route")).is_some(), "the finalizer keeps it");
    let operator = Operator::start(&server);
    until_ready(&server, "ingress", "True Written").await;
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("30"));
    server.until("the release is gone", |server| server.get(&release("route")).is_none()).await;
    assert_eq!(server.get(&route("web")).unwrap()["spec"], before);
    operator.stop().await;
}

#[tokio::test]
async fn a_crash_after_writing_hides_nothing() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    server.until("the canary is written", |server| server.get(&ingress("web-canary")).is_some()).await;
    operator.crash().await;

    // The status may not say yet that it was written, but says where it is.
    assert!(status(&server, "web").place.is_some());
    server.edit(&release("web"), "kubectl", |release| release["spec"]["target"] = json!({ "httpRoute": "web" }));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    assert!(server.get(&ingress("web-canary")).is_none());
    assert_eq!(weights(&server, "web", 0)[1], ("web-next".to_owned(), 10));
    operator.stop().await;
}

#[tokio::test]
async fn a_watch_that_missed_a_change_lists_again() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    // The watch ends with 410 Gone.
    server.change_unseen(&release("web"), "kubectl", |release| release["spec"]["policy"] = percent(40));
    until_ready(&server, "web", "True Written").await;
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("40"));
    // A watch that only ends goes on where it was.
    server.disconnect();
    server.edit(&release("web"), "kubectl", |release| release["spec"]["policy"] = percent(50));
    until_ready(&server, "web", "True Written").await;
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("50"));
    operator.stop().await;
}
