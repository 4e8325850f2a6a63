//! The pages for Prometheus and for probes.

use canary_operator::serve;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::api::Server;
use crate::util::{Operator, ingress, percent, release, stable_ingress, until_ready, wanted};

#[tokio::test]
async fn reconciliations_and_writes_are_counted() {
    let server = Server::start().await;
    server.create(&ingress("web"), "helm", stable_ingress());
    server.create(&release("web"), "kubectl", wanted(&percent(10), &json!({ "ingress": "web" })));
    server.create(&release("invalid"), "kubectl", wanted(&percent(101), &json!({ "ingress": "web" })));
    let operator = Operator::start(&server);
    until_ready(&server, "web", "True Written").await;
    until_ready(&server, "invalid", "False WeightAboveTotal").await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, operator.metrics.clone()));
    let page = |path: &'static str| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    };
    let metrics = page("/metrics").await;
    for line in [
        r#"canary_reconciliations_total{outcome="begun"} 1"#,
        r#"canary_writes_total{object="canary",verb="apply"} 1"#,
        r#"canary_reconciliations_total{outcome="invalid"}"#,
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    assert!(page("/healthz").await.ends_with("ok\n"));
    assert!(page("/").await.starts_with("HTTP/1.0 404"));
    operator.stop().await;
}
