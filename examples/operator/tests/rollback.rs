//! A newer version of the operator has run before: releases have fields that this version does not know.

use serde_json::json;

use crate::api::Server;
use crate::util::{Operator, annotation, ingress, percent, release, stable_ingress, status, until_ready, wanted};

#[tokio::test]
async fn a_release_with_a_newer_field_stays_as_it_is() {
    let places = [
        "/spec/policy/canaries/0/mirror",
        "/spec/policy/ramp",
        "/spec/route/timeout",
        "/spec/target/tcpRoute",
        "/spec/approval",
    ];
    for place in places {
        let server = Server::start().await;
        server.create(&ingress("web"), "helm", stable_ingress());
        server.create(&ingress("other"), "helm", stable_ingress());
        server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
        let operator = Operator::start(&server);
        until_ready(&server, "web", "True Written").await;

        // The newer version, its CRD is installed, writes both the weight and the field.
        let (parent, field) = place.rsplit_once('/').unwrap();
        server.edit(&release("web"), "kubectl", |release| {
            release["spec"]["policy"]["canaries"][0]["weight"] = json!(99);
            release.pointer_mut(parent).unwrap()[field] = json!({ "a": 1 });
        });
        until_ready(&server, "web", "False UnknownField").await;
        assert_eq!(annotation(&server, "web-canary", "canary-weight").as_deref(), Some("10"), "{place}");
        let path = place[1..].replace("/0", "[0]").replace('/', ".");
        assert_eq!(status(&server, "web").reports[0].field.as_deref(), Some(&*path));
        assert_eq!(server.get(&release("web")).unwrap().pointer(place), Some(&json!({ "a": 1 })), "it is kept");

        // All others are served, and the release can be removed.
        let mut other = wanted(&percent(20), &json!({ "ingress": "other" }));
        other["spec"]["route"]["name"] = json!("other-canary");
        server.create(&release("other"), "kubectl", other);
        until_ready(&server, "other", "True Written").await;
        server.delete(&release("web"));
        server.until("the release is gone", |server| server.get(&release("web")).is_none()).await;
        assert!(server.get(&ingress("web-canary")).is_none());
        operator.stop().await;
    }
}

#[tokio::test]
async fn values_of_a_newer_type_do_not_stop_the_others() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    let mut newer = wanted(&json!({ "canaries": [{ "weight": "10%" }] }), &json!({ "ingress": { "name": "web" } }));
    newer["status"] = json!({ "observedGeneration": 1 });
    server.create(&release("newer"), "kubectl", newer);
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    until_ready(&server, "newer", "False WrongType").await;
    let fields: Vec<Option<String>> = status(&server, "newer").reports.into_iter().map(|report| report.field).collect();
    let expected = ["spec.policy.canaries[0].weight", "spec.target.ingress"].map(|field| Some(field.to_owned()));
    assert_eq!(fields, expected);
    operator.stop().await;
}

#[tokio::test]
async fn a_place_that_only_a_newer_version_knows_is_not_forgotten() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    let mut newer = wanted(&percent(10), &json!({ "ingress": "web" }));
    newer["status"] = json!({ "place": { "kind": "TCPRoute", "names": ["web"] } });
    server.create(&release("newer"), "kubectl", newer);
    let operator = Operator::start(&server);
    until_ready(&server, "newer", "False UnknownField").await;
    assert_eq!(status(&server, "newer").reports[0].field.as_deref(), Some("status.place"));
    assert!(server.get(&ingress("web-canary")).is_none());

    server.delete(&release("newer"));
    until_ready(&server, "newer", "False UnknownField").await;
    let place = server.get(&release("newer")).unwrap()["status"]["place"].clone();
    assert_eq!(place, json!({ "kind": "TCPRoute", "names": ["web"] }));
    operator.stop().await;
}
