//! A release is removed.

use serde_json::json;

use crate::api::Server;
use crate::util::{
    Operator, annotation, http_route, ingress, percent, release, route, stable_ingress, until_ready, wanted,
    with_policy_in_route,
};

#[tokio::test]
async fn the_canary_ingress_and_the_affinity_go_away() {
    let server = Server::start().await;
    let mut stable = stable_ingress();
    stable["metadata"]["annotations"]["example.com/owner"] = json!("shop");
    server.create(&ingress("web"), "helm", stable);
    let affinity = json!({ "canaries": [{ "weight": 10 }], "affinity": { "cookie": { "name": "route" } } });
    server.create(&release("web"), "kubectl", wanted(&affinity, &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    server.delete(&release("web"));
    server.until("the release is gone", |server| server.get(&release("web")).is_none()).await;
    assert!(server.get(&ingress("web-canary")).is_none());
    assert_eq!(annotation(&server, "web", "affinity"), None);
    assert_eq!(server.get(&ingress("web")).unwrap()["metadata"]["annotations"], json!({ "example.com/owner": "shop" }));
    operator.stop().await;
}

#[tokio::test]
async fn the_http_route_is_as_it_was() {
    let server = Server::start().await;
    server.create(&route("web"), "kubectl", http_route());
    let before = server.get(&route("web")).unwrap();
    let header = json!({ "canaries": [{ "weight": 5, "header": { "name": "x-canary" } }] });
    server.create(&release("web"), "kubectl", wanted(&header, &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    server.delete(&release("web"));
    server.until("the release is gone", |server| server.get(&release("web")).is_none()).await;
    let after = server.get(&route("web")).unwrap();
    assert_eq!(after["spec"], before["spec"]);
    assert_eq!(after["metadata"]["labels"], before["metadata"]["labels"]);
    let annotations = after["metadata"].get("annotations").cloned().unwrap_or(json!({}));
    assert_eq!(annotations, json!({}));
    operator.stop().await;
}

#[tokio::test]
async fn a_policy_that_cannot_be_taken_out_keeps_the_release() {
    let (server, operator) = with_policy_in_route(&percent(10)).await;
    server.edit(&route("web"), "alice", |route| route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(50));
    until_ready(&server, "web", "False RuleChanged").await;

    server.delete(&release("web"));
    until_ready(&server, "web", "False RuleChanged").await;
    assert!(server.get(&release("web")).is_some());
    server.edit(&route("web"), "alice", |route| route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(10));
    server.until("the release is gone", |server| server.get(&release("web")).is_none()).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_target_that_is_gone_does_not_keep_the_release() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    server.create(&release("ingress"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    for name in ["ingress", "route"] {
        until_ready(&server, name, "True Written").await;
    }
    server.delete(&ingress("web"));
    server.delete(&route("web"));
    for name in ["ingress", "route"] {
        until_ready(&server, name, "False NotFound").await;
        server.delete(&release(name));
        server.until("the release is gone", |server| server.get(&release(name)).is_none()).await;
    }
    assert!(server.get(&ingress("web")).is_none(), "no Ingress is created to take annotations away");
    assert!(server.get(&ingress("web-canary")).is_none());
    operator.stop().await;
}
