//! A layer around services that answer with their names.

use std::convert::Infallible;

use canary_policy::{
    Affinity, Canary, CookieAffinity, Decision, HeaderRule, Match, Policy, Reason, Selector, Total, Variant,
};
use canary_tower::{ByVariant, CanaryLayer, NoDecision};
use http::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

type Named = BoxCloneSyncService<Request<()>, Response<&'static str>, Infallible>;

fn named(name: &'static str) -> Named {
    BoxCloneSyncService::new(service_fn(move |request: Request<()>| async move {
        assert!(request.extensions().get::<Decision>().is_some(), "the decision travels with the request");
        Ok(Response::new(name))
    }))
}

fn policy() -> Policy {
    let rule = HeaderRule::new("x-canary", Match::AlwaysNever).unwrap();
    let canary = Canary::new("canary", 0).unwrap().with_header(rule);
    let cookie = CookieAffinity::new("route").unwrap();
    Policy::new([canary], Total::default()).unwrap().with_affinity(Affinity::Cookie(cookie))
}

fn request(name: &str, value: &str) -> Request<()> {
    Request::builder().header(name, value).body(()).unwrap()
}

#[tokio::test]
async fn each_variant_has_its_service() {
    let layer = CanaryLayer::new(Selector::new(&policy()));
    let service = layer.layer(ByVariant::new(named("stable"), [named("canary")]));
    for (name, value, body, cookie) in [
        ("accept", "*/*", "stable", Some("route=stable; Path=/; HttpOnly")),
        ("x-canary", "always", "canary", Some("route=canary; Path=/; HttpOnly")),
        ("cookie", "route=canary", "canary", None),
    ] {
        let response = service.clone().oneshot(request(name, value)).await.unwrap();
        let set_cookie = response.headers().get("set-cookie").map(|value| value.to_str().unwrap());
        assert_eq!((*response.body(), set_cookie), (body, cookie), "{name}: {value}");
    }
}

#[tokio::test]
async fn a_policy_is_replaced_for_all_services_of_the_layer() {
    let layer = CanaryLayer::new(Selector::new(&policy()));
    let service = layer.layer(ByVariant::new(named("stable"), [named("canary")]));
    assert_eq!(*service.clone().oneshot(request("accept", "*/*")).await.unwrap().body(), "stable");
    layer.clone().replace(Selector::new(&Policy::percent(100).unwrap()));
    assert_eq!(*service.oneshot(request("accept", "*/*")).await.unwrap().body(), "canary");
}

#[tokio::test]
async fn a_canary_without_a_service_is_an_error() {
    let layer = CanaryLayer::new(Selector::new(&Policy::percent(100).unwrap()));
    let error = layer.layer(ByVariant::new(named("stable"), [])).oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&NoDecision::NoService(Variant::Canary(0))));
}

#[tokio::test]
async fn handlers_find_the_decision() {
    let layer = CanaryLayer::new(Selector::new(&policy()));
    let service = layer.layer(service_fn(|request: Request<()>| async move {
        let decision = request.extensions().get::<Decision>().unwrap();
        Ok::<_, Infallible>(Response::new((decision.variant, decision.reason)))
    }));
    let response = service.oneshot(request("x-canary", "never")).await.unwrap();
    assert_eq!(*response.body(), (Variant::Stable, Reason::Header));
}
