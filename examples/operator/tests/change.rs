//! A release changes.

use serde_json::json;

use crate::api::Server;
use crate::util::{
    Operator, annotation, http_route, ingress, percent, release, route, stable_ingress, until_ready, wanted, weights,
};

#[tokio::test]
async fn a_weight_grows() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    server.create(&release("ingress"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    for weight in [10, 50, 100] {
        for name in ["ingress", "route"] {
            server.edit(&release(name), "kubectl", |release| release["spec"]["policy"] = percent(weight));
            until_ready(&server, name, "True Written").await;
        }
        assert_eq!(annotation(&server, "web-canary", "canary-weight"), Some(weight.to_string()));
        let shares = [("web".to_owned(), u64::from(100 - weight)), ("web-next".to_owned(), u64::from(weight))];
        assert_eq!(weights(&server, "web", 0), shares);
    }
    operator.stop().await;
}

#[tokio::test]
async fn the_affinity_comes_and_goes() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    let affinity = json!({ "canaries": [{ "weight": 10 }], "affinity": { "cookie": { "name": "route" } } });
    server.create(&release("web"), "kubectl", wanted(&affinity, &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    assert_eq!(annotation(&server, "web", "affinity").as_deref(), Some("cookie"));
    assert_eq!(annotation(&server, "web", "session-cookie-name").as_deref(), Some("route"));

    server.edit(&release("web"), "kubectl", |release| release["spec"]["policy"] = percent(10));
    until_ready(&server, "web", "True Written").await;
    assert_eq!(annotation(&server, "web", "affinity"), None);
    operator.stop().await;
}

#[tokio::test]
async fn the_stable_ingress_changes() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    server.edit(&ingress("web"), "helm", |ingress| ingress["spec"]["rules"][0]["host"] = json!("new.test"));
    let host = |server: &Server| server.get(&ingress("web-canary")).unwrap()["spec"]["rules"][0]["host"].clone();
    server.until("the canary follows", |server| host(server) == "new.test").await;
    operator.stop().await;
}

#[tokio::test]
async fn the_target_changes() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    let before = server.get(&route("web")).unwrap();
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    server.edit(&release("web"), "kubectl", |release| release["spec"]["target"] = json!({ "ingress": "web" }));
    until_ready(&server, "web", "True Written").await;
    assert!(server.get(&ingress("web-canary")).is_some());
    assert_eq!(server.get(&route("web")).unwrap()["spec"], before["spec"]);

    // Another name of the canary Ingress: the former one goes away.
    server.edit(&release("web"), "kubectl", |release| release["spec"]["route"]["name"] = json!("web-next"));
    until_ready(&server, "web", "True Written").await;
    assert!(server.get(&ingress("web-canary")).is_none());
    assert!(server.get(&ingress("web-next")).is_some());
    operator.stop().await;
}
