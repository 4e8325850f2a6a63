//! A release is created.

use std::time::Duration;

use serde_json::json;

use crate::api::Server;
use crate::util::{
    Operator, annotation, events, http_route, ingress, percent, release, route, stable_ingress, status, until_ready,
    wanted, weights, with_policy_in_route,
};

#[tokio::test]
async fn a_canary_ingress_is_written_beside_the_stable_one() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    let canary = server.get(&ingress("web-canary")).unwrap();
    assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("10"));
    assert_eq!(canary["spec"]["ingressClassName"], "nginx");
    assert_eq!(canary["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"], "web-next");
    let owner = &canary["metadata"]["ownerReferences"][0];
    assert_eq!(
        (&owner["kind"], &owner["name"], &owner["controller"]),
        (&json!("CanaryRelease"), &json!("web"), &json!(true))
    );
    assert_eq!(owner["uid"], server.get(&release("web")).unwrap()["metadata"]["uid"]);
    // The stable Ingress stays as it was: the policy has no affinity.
    assert_eq!(server.get(&ingress("web")).unwrap()["metadata"]["generation"], 1);
    assert!(server.get(&ingress("web")).unwrap()["metadata"].get("annotations").is_none());

    let status = status(&server, "web");
    let conditions: Vec<(&str, &str, &str)> =
        status.conditions.iter().map(|one| (&*one.type_, &*one.status, &*one.reason)).collect();
    assert_eq!(conditions, [("Valid", "True", "Read"), ("Ready", "True", "Written"), ("Exact", "True", "NoLosses")]);
    assert_eq!(status.observed_generation, Some(1));
    server.until("an event", |server| !events(server).is_empty()).await;
    assert_eq!(events(&server), [("Written".to_owned(), String::new())]);
    operator.stop().await;
}

#[tokio::test]
async fn a_policy_is_put_into_an_http_route() {
    let header = json!({ "canaries": [{ "weight": 5, "header": { "name": "x-canary" } }] });
    let (server, operator) = with_policy_in_route(&header).await;

    let edited = server.get(&route("web")).unwrap();
    assert_eq!(weights(&server, "web", 0), [("web".to_owned(), 95), ("web-next".to_owned(), 5)]);
    assert_eq!(weights(&server, "web", 1), [("pay".to_owned(), 1)]);
    // Always and never.
    assert_eq!(edited["spec"]["rules"].as_array().unwrap().len(), 4);
    assert_eq!(edited["spec"]["rules"][0]["timeouts"], json!({ "request": "1s" }));
    assert_eq!(edited["metadata"]["labels"], json!({ "team": "shop" }));
    assert_eq!(edited["metadata"]["annotations"]["canary.example.com/release"], "web");
    operator.stop().await;
}

#[tokio::test]
async fn a_loss_is_in_the_status() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    let cookie = json!({ "canaries": [{ "weight": 5, "cookie": { "name": "cohort", "value": "beta" } }] });
    server.create(&release("web"), "kubectl", wanted(&cookie, &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;

    let status = status(&server, "web");
    let exact = status.condition("Exact").unwrap();
    assert_eq!((&*exact.status, &*exact.reason), ("False", "LeftOut"));
    let [loss] = &status.reports[..] else { panic!("{:?}", status.reports) };
    assert_eq!((&*loss.code, loss.field.as_deref()), ("left-out", Some("canaries[0].cookie")));
    let why = "ingress-nginx reads only always and never in a cookie";
    assert_eq!(exact.message, format!("canaries[0].cookie: `cohort = beta` is left out: {why}"));
    operator.stop().await;
}

#[tokio::test]
async fn an_invalid_release_writes_nothing() {
    let cases = [
        (percent(101), json!({ "ingress": "web" }), "WeightAboveTotal"),
        (percent(10), json!({}), "Target"),
        (percent(10), json!({ "ingress": "web", "httpRoute": "web" }), "Target"),
        (json!({ "canaries": [{ "name": "a" }, { "name": "b" }] }), json!({ "ingress": "web" }), "BackendCount"),
        (percent(10), json!({ "ingress": "other" }), "NotFound"),
        (percent(10), json!({ "httpRoute": "other" }), "NotFound"),
        (percent(10), json!({ "ingress": "" }), "ObjectName"),
        (percent(10), json!({ "httpRoute": "web/status" }), "ObjectName"),
    ];
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&route("web"), "kubectl", http_route());
    for (index, (policy, target, _)) in cases.iter().enumerate() {
        server.create(&release(&format!("case-{index}")), "kubectl", wanted(policy, target));
    }
    let mut hosts = wanted(&percent(10), &json!({ "ingress": "web" }));
    hosts["spec"]["route"]["hosts"] = json!(["shop.test"]);
    server.create(&release("hosts"), "kubectl", hosts);

    let operator = Operator::start(&server);
    for (index, (.., reason)) in cases.iter().enumerate() {
        until_ready(&server, &format!("case-{index}"), &format!("False {reason}")).await;
    }
    until_ready(&server, "hosts", "False WithoutEffect").await;
    assert_eq!(status(&server, "hosts").reports[0].field.as_deref(), Some("spec.route.hosts"));
    assert_eq!(status(&server, "case-0").reports[0].field.as_deref(), Some("spec.policy.canaries[0].weight"));
    assert!(server.get(&ingress("web-canary")).is_none());
    assert_eq!(server.get(&route("web")).unwrap()["metadata"]["generation"], 1);

    // What was missing arrives.
    server.create(&ingress("other"), "helm", stable_ingress());
    until_ready(&server, "case-4", "True Written").await;
    operator.stop().await;
}

#[tokio::test]
async fn without_the_gateway_api_ingresses_are_served() {
    let server = Server::start_with(false).await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("route"), "kubectl", wanted(&percent(10), &json!({ "httpRoute": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    until_ready(&server, "route", "False NotFound").await;
    operator.stop().await;
}

#[tokio::test]
async fn an_operator_of_a_namespace_leaves_the_others_alone() {
    let server = Server::start().await;
    for namespace in ["other", "shop"] {
        server.create(&ingress("web").within(namespace), "helm", stable_ingress());
        server.create(&route("web").within(namespace), "kubectl", http_route());
        let web = wanted(&percent(10), &json!({ "ingress": "web" }));
        server.create(&release("web").within(namespace), "kubectl", web);
        let route = wanted(&percent(10), &json!({ "httpRoute": "web" }));
        server.create(&release("route").within(namespace), "kubectl", route);
    }
    let operator = Operator::start_in(&server, Duration::from_hours(1), Some("shop"));
    until_ready(&server, "web", "True Written").await;
    until_ready(&server, "route", "True Written").await;
    operator.stop().await;
    assert!(server.take_writes().iter().all(|(_, _, namespace, _)| namespace == "shop"));
}
