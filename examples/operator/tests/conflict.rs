//! Somebody else writes to the same objects.

use serde_json::{Value, json};

use crate::api::Server;
use crate::util::{
    Operator, annotation, events, http_route, ingress, percent, release, route, stable_ingress, stable_ingress_for,
    status, until_ready, wanted, weights, with_policy_in_route,
};

const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";

#[tokio::test]
async fn a_change_between_reading_and_writing_is_kept() {
    let server = Server::start().await;
    server.create(&route("web"), "kubectl", http_route());
    server.interfere(&route("web"), "kubectl", |route| route["spec"]["rules"][0]["timeouts"]["request"] = json!("9s"));
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    assert_eq!(server.get(&route("web")).unwrap()["spec"]["rules"][0]["timeouts"]["request"], "9s");
    assert_eq!(weights(&server, "web", 0), [("web".to_owned(), 90), ("web-next".to_owned(), 10)]);
    assert_eq!(operator.metrics.reconciliations("failed"), 1, "one request was refused with 409");
    operator.stop().await;
}

#[tokio::test]
async fn a_rule_that_somebody_changed_is_left_alone() {
    let (server, operator) = with_policy_in_route(&percent(10)).await;

    server.edit(&route("web"), "alice", |route| route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(50));
    until_ready(&server, "web", "False RuleChanged").await;
    assert_eq!(weights(&server, "web", 0)[1], ("web-next".to_owned(), 50));
    let message = "spec.rules[0]: somebody changed it, or a rule that was made of it, after the policy was put in";
    assert_eq!(status(&server, "web").reports[0].message, message);
    server.until("an event", |server| events(server).len() == 2).await;
    assert_eq!(events(&server)[1], ("RuleChanged".to_owned(), message.to_owned()));

    server.edit(&route("web"), "alice", |route| route["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(10));
    until_ready(&server, "web", "True Written").await;
    operator.stop().await;
}

#[tokio::test]
async fn rules_that_a_tool_puts_back_get_the_policy_again() {
    let (server, operator) = with_policy_in_route(&percent(10)).await;
    let original = http_route()["spec"]["rules"].clone();
    server.edit(&route("web"), "helm", |route| route["spec"]["rules"] = original);
    let split = [("web".to_owned(), 90), ("web-next".to_owned(), 10)];
    server.until("the policy is back", |server| weights(server, "web", 0) == split).await;
    operator.stop().await;
}

#[tokio::test]
async fn two_managers_of_one_annotation_are_a_conflict() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    server.edit(&ingress("web-canary"), "alice", |ingress| ingress["metadata"]["annotations"][WEIGHT] = json!("99"));
    until_ready(&server, "web", "False FieldConflict").await;
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("99"));
    let message = &status(&server, "web").reports[0].message;
    assert!(message.contains("\"alice\"") && message.contains(WEIGHT), "{message}");

    // The annotation is given back.
    server.edit(&ingress("web-canary"), "alice", |ingress| {
        ingress["metadata"]["annotations"].as_object_mut().unwrap().remove(WEIGHT);
    });
    until_ready(&server, "web", "True Written").await;
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("10"));
    operator.stop().await;
}

#[tokio::test]
async fn what_somebody_adds_to_the_canary_ingress_stays() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    server.edit(&ingress("web-canary"), "alice", |ingress| ingress["metadata"]["labels"]["team"] = json!("shop"));
    server.edit(&release("web"), "kubectl", |release| release["spec"]["policy"] = percent(20));
    until_ready(&server, "web", "True Written").await;
    assert_eq!(server.get(&ingress("web-canary")).unwrap()["metadata"]["labels"]["team"], "shop");
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("20"));
    operator.stop().await;
}

#[tokio::test]
async fn a_rule_that_somebody_adds_to_the_canary_ingress_is_reported() {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let header = "nginx.ingress.kubernetes.io/canary-by-header";
    let cases = [
        ("/metadata/annotations", header, json!("x-canary"), format!("metadata.annotations[{header}]")),
        ("/spec", "defaultBackend", backend, "spec.defaultBackend".to_owned()),
    ];
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    for (parent, name, value, field) in cases {
        until_ready(&server, "web", "True Written").await;
        server.edit(&ingress("web-canary"), "alice", |ingress| ingress.pointer_mut(parent).unwrap()[name] = value);
        until_ready(&server, "web", "False OthersField").await;
        assert_eq!(status(&server, "web").reports[0].field, Some(field));
        server.edit(&ingress("web-canary"), "alice", |ingress| {
            ingress.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        });
    }
    until_ready(&server, "web", "True Written").await;
    operator.stop().await;
}

#[tokio::test]
async fn an_affinity_of_somebody_else_is_not_taken_away() {
    let server = Server::start().await;
    let mut stable = stable_ingress();
    stable["metadata"]["annotations"]["nginx.ingress.kubernetes.io/affinity"] = json!("cookie");
    server.create(&ingress("web"), "helm", stable);
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "False OthersField").await;
    assert_eq!(annotation(&server, "web", "affinity").as_deref(), Some("cookie"));
    assert!(server.get(&ingress("web-canary")).is_none());
    operator.stop().await;
}

#[tokio::test]
async fn an_ingress_of_somebody_else_is_not_taken_over() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&ingress("web-canary"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "False NotOwned").await;
    server.delete(&release("web"));
    server.until("the release is gone", |server| server.get(&release("web")).is_none()).await;
    assert_eq!(server.get(&ingress("web-canary")).unwrap()["metadata"]["generation"], 1);
    operator.stop().await;
}

#[tokio::test]
async fn two_releases_do_not_share_an_http_route() {
    let server = Server::start().await;
    server.create(&route("web"), "kubectl", http_route());
    server.create(&release("first"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "first", "True Written").await;
    server.create(&release("second"), "kubectl", wanted(&percent(20), &json!({ "httpRoute": "web" })));
    until_ready(&server, "second", "False OtherRelease").await;
    assert_eq!(weights(&server, "web", 0)[1], ("web-next".to_owned(), 10));

    server.delete(&release("first"));
    until_ready(&server, "second", "True Written").await;
    assert_eq!(weights(&server, "web", 0)[1], ("web-next".to_owned(), 20));
    operator.stop().await;
}

/// A release for this Ingress and stable backend, whose canary Ingress has its name.
fn for_service(name: &str, target: &str, stable: &str, weight: u32) -> Value {
    let mut release = wanted(&percent(weight), &json!({ "ingress": target }));
    release["spec"]["route"]["name"] = json!(format!("{name}-canary"));
    release["spec"]["route"]["stable"] = json!(stable);
    release
}

/// ingress-nginx serves one canary for a Service and port, whatever Ingress names it. All objects of the server are of one second, so
/// the first by name has the Service.
#[tokio::test]
async fn the_first_release_has_a_stable_service() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&ingress("other"), "helm", stable_ingress());
    server.create(&ingress("api"), "helm", stable_ingress_for("api"));
    server.create(&release("b"), "kubectl", for_service("b", "web", "web:80", 10));
    let operator = Operator::start(&server);
    until_ready(&server, "b", "True Written").await;
    for (name, target, stable) in [("c", "web", "web"), ("d", "other", "web:80")] {
        server.create(&release(name), "kubectl", for_service(name, target, stable, 20));
        until_ready(&server, name, "False OtherRelease").await;
        assert_eq!(
            status(&server, name).reports[0].message,
            format!("Service {stable}: it is taken by the CanaryRelease b")
        );
        assert!(server.get(&ingress(&format!("{name}-canary"))).is_none(), "{name}");
    }
    // What an invalid release wrote before stays, and so does its right to the Service.
    server.edit(&release("b"), "kubectl", |release| release["spec"]["policy"] = percent(101));
    until_ready(&server, "b", "False WeightAboveTotal").await;
    server.create(&release("f"), "kubectl", for_service("f", "web", "web:80", 20));
    until_ready(&server, "f", "False OtherRelease").await;
    assert_eq!(status(&server, "f").reports[0].message, "Service web:80: it is taken by the CanaryRelease b");
    server.edit(&release("b"), "kubectl", |release| release["spec"]["policy"] = percent(10));
    until_ready(&server, "b", "True Written").await;

    server.create(&release("e"), "kubectl", for_service("e", "api", "api:80", 20));
    until_ready(&server, "e", "True Written").await;

    // An earlier one takes over, and the canary Ingress of the one before goes away.
    server.create(&release("a"), "kubectl", for_service("a", "other", "web:80", 30));
    until_ready(&server, "a", "True Written").await;
    until_ready(&server, "b", "False OtherRelease").await;
    assert!(server.get(&ingress("b-canary")).is_none());

    // The next one follows when the first is gone.
    server.delete(&release("a"));
    until_ready(&server, "b", "True Written").await;
    assert_eq!(annotation(&server, "b-canary", "canary-weight").as_deref(), Some("10"));
    assert!(server.get(&ingress("a-canary")).is_none());
    operator.stop().await;
}

#[tokio::test]
async fn a_condition_that_takes_requests_of_another_route_is_refused() {
    let server = Server::start().await;
    server.create(&route("web"), "kubectl", http_route());
    let beta = json!({ "spec": { "hostnames": ["shop.test"], "rules": [{
        "matches": [{ "headers": [{ "name": "x-beta", "value": "1" }] }], "backendRefs": [{ "name": "beta", "port": 80 }],
    }] } });
    server.create(&route("beta"), "kubectl", beta);
    let header = json!({ "canaries": [{ "weight": 5, "header": { "name": "x-canary", "value": "yes" } }] });
    server.create(&release("web"), "kubectl", wanted(&header, &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "False TakesRequests").await;
    assert_eq!(server.get(&route("web")).unwrap()["metadata"]["generation"], 1);
    operator.stop().await;
}

#[tokio::test]
async fn a_change_that_the_server_refuses_is_in_the_status() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.refuse(&ingress("web-canary"), "admission webhook denied the request");
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "False RefusedByServer").await;
    server.accept(&ingress("web-canary"));
    server.edit(&release("web"), "kubectl", |release| release["spec"]["policy"] = percent(11));
    until_ready(&server, "web", "True Written").await;
    operator.stop().await;
}
