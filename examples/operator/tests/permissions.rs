//! The role in README permits what the operator does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::Server;
use crate::util::{Operator, http_route, ingress, percent, release, route, stable_ingress, until_ready, wanted};

#[tokio::test]
async fn the_role_permits_every_request_and_nothing_else() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    let header = json!({ "canaries": [{ "weight": 5, "header": { "name": "x-canary" } }] });
    server.create(&release("ingress"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&header, &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    for name in ["ingress", "route"] {
        until_ready(&server, name, "True Written").await;
    }
    // An object that does not exist yet is created by an apply, which needs both verbs.
    server.until("events", |server| crate::util::events(server).len() == 2).await;
    for name in ["ingress", "route"] {
        // The same event again is a patch of the first one.
        server
            .edit(&release(name), "kubectl", |release| release["spec"]["policy"]["canaries"][0]["weight"] = json!(101));
        until_ready(&server, name, "False WeightAboveTotal").await;
        server
            .edit(&release(name), "kubectl", |release| release["spec"]["policy"]["canaries"][0]["weight"] = json!(10));
        until_ready(&server, name, "True Written").await;
        server.delete(&release(name));
        server.until("the release is gone", |server| server.get(&release(name)).is_none()).await;
    }
    operator.stop().await;
    assert_eq!(server.permissions(), granted(), "what was requested, and what README grants");
}

/// Every `VERB GROUP/RESOURCE` of the role in README.
fn granted() -> BTreeSet<String> {
    let readme = include_str!("../README.md");
    let manifest = readme.split("```yaml").find(|block| block.contains("kind: ClusterRole\n")).unwrap();
    let manifest =
        manifest.split("```").next().unwrap().split("\n---\n").find(|one| one.contains("kind: ClusterRole\n")).unwrap();
    let role: Value = serde_saphyr::from_str(manifest).unwrap();
    let texts = |rule: &Value, field: &str| -> Vec<String> {
        rule[field].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                granted.extend(texts(rule, "verbs").iter().map(|verb| format!("{verb} {group}/{resource}")));
            }
        }
    }
    granted
}
