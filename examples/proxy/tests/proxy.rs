//! What a client of the proxy sees.

mod util;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use canary_policy::{Policy, Sample, Selector};
use http::StatusCode;
use util::{Running, client, counted, get, start_proxy, write};

const COOKIE: &str = "canaries: [{ weight: 50, header: { name: x-canary } }]\naffinity: { cookie: { name: route } }\n";

/// A policy that splits clients by their id.
fn keyed(salt: usize, weight: u32) -> String {
    format!("canaries: [{{ weight: {weight} }}]\naffinity: {{ key: {{ header: x-user, salt: s{salt} }} }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_decides_and_pins_the_client() {
    let Running { address, .. } = start_proxy("rule.yaml", COOKIE).await;
    let client = client();
    let first = get(&client, address, &[("x-canary", "always")]).await;
    assert_eq!((first.status(), first.body().as_str()), (StatusCode::OK, "canary"));
    assert_eq!(first.headers()["set-cookie"], "route=canary; Path=/; HttpOnly");

    for _ in 0..20 {
        let next = get(&client, address, &[("cookie", "route=canary")]).await;
        assert_eq!((next.body().as_str(), next.headers().get("set-cookie")), ("canary", None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_see_the_point_and_clients_cannot_set_it() {
    let policy = keyed(1, 30);
    let Running { address, .. } = start_proxy("point.yaml", &policy).await;
    let selector = Selector::new(&serde_saphyr::from_str::<Policy>(&policy).unwrap());
    let client = client();
    for user in ["alice", "bob", "carol"] {
        let response = get(&client, address, &[("x-user", user), ("x-canary-point", "99")]).await;
        let point = selector.point(&[("x-user", user)], Sample::MIN);
        assert_eq!(response.headers()["x-seen-point"], point.to_string().as_str());
        assert_eq!(response.body() == "canary", point < 30, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_policy_leaves_the_one_before_in_force() {
    let Running { address, metrics, policy } = start_proxy("refused.yaml", "canaries: [{ weight: 100 }]\n").await;
    let client = client();
    for (refused, text) in (1..).zip(["canaries: [{ weight: 101 }]\n", "canaries: [{ name: next, weight: 1 }]\n", "{"])
    {
        write(&policy, text);
        counted(&metrics, &format!("canary_policy_reloads_total{{result=\"refused\"}} {refused}\n")).await;
        assert_eq!(get(&client, address, &[]).await.body(), "canary");
    }
    assert!(
        metrics
            .text()
            .unwrap()
            .contains("canary_requests_total{variant=\"canary\",reason=\"weight\",code=\"200\"} 3\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_does_not_answer_is_a_bad_gateway() {
    // Nobody listens on the port of a listener that is gone.
    let (listener, gone) = util::listener().await;
    drop(listener);
    let upstreams = [format!("stable={gone}"), format!("canary={gone}")].map(|upstream| upstream.parse().unwrap());
    let upstreams = canary_proxy::Upstreams::new(upstreams).unwrap();
    let in_force = tokio::sync::watch::Sender::new(Selector::new(&Policy::percent(100).unwrap()));
    let metrics = canary_proxy::Metrics::new();
    let proxy = canary_proxy::Proxy::new(in_force.subscribe(), upstreams, metrics.clone());
    let address = util::start(proxy).await;
    assert_eq!(get(&client(), address, &[]).await.status(), StatusCode::BAD_GATEWAY);
    assert!(metrics.text().unwrap().contains("variant=\"canary\",reason=\"weight\",code=\"502\"} 1\n"));
}

/// 10,000 requests while the policy changes five times: none fails, and each is answered as a policy decides that was in force
/// while the request was answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_policy_drops_no_request() {
    const REQUESTS: usize = 10_000;
    const CLIENTS: usize = 8;
    let policies: Vec<String> = (0..=5).map(|change| keyed(change, 50)).collect();
    let selectors: Vec<Selector> =
        policies.iter().map(|text| Selector::new(&serde_saphyr::from_str::<Policy>(text).unwrap())).collect();
    let selectors = Arc::new(selectors);
    let Running { address, metrics, policy } = start_proxy("change.yaml", &policies[0]).await;

    // Policies up to `written` may be in force, and those before `in_force` are not any more.
    let (written, in_force, sent) = (counter(), counter(), counter());
    let clients = (0..CLIENTS).map(|_| {
        let (selectors, written, in_force, sent) = (selectors.clone(), written.clone(), in_force.clone(), sent.clone());
        tokio::spawn(async move {
            let client = client();
            let mut decided_by = BTreeSet::new();
            loop {
                let number = sent.fetch_add(1, Ordering::SeqCst);
                if number >= REQUESTS {
                    return decided_by;
                }
                let user = format!("user-{number}");
                let first = in_force.load(Ordering::SeqCst);
                let response = get(&client, address, &[("x-user", &user)]).await;
                let last = written.load(Ordering::SeqCst);
                assert_eq!(response.status(), StatusCode::OK);
                let point = &response.headers()["x-seen-point"];
                let as_decided = |&policy: &usize| {
                    let selector = &selectors[policy];
                    let decision = selector.select(&[("x-user", &user)], Sample::MIN);
                    selector.name(decision.variant) == Some(response.body())
                        && selector.point(&[("x-user", &user)], Sample::MIN).to_string() == *point
                };
                let policy = (first..=last).find(as_decided);
                decided_by.insert(policy.unwrap_or_else(|| panic!("{user}: no policy of {first}..={last} decides so")));
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for (change, text) in policies.iter().enumerate().skip(1) {
        // A sixth of the requests is sent under each policy.
        while sent.load(Ordering::SeqCst) < change * REQUESTS / 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        written.store(change, Ordering::SeqCst);
        write(&policy, text);
        counted(&metrics, &format!("canary_policy_reloads_total{{result=\"in_force\"}} {change}\n")).await;
        in_force.store(change, Ordering::SeqCst);
    }
    let mut decided_by = BTreeSet::new();
    for client in clients {
        decided_by.extend(client.await.unwrap());
    }
    assert_eq!(decided_by, (0..=5).collect(), "each policy decided");
}

fn counter() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}
