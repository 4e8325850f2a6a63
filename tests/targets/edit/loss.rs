//! What a policy or an object loses because the policy is put in.

use canary_policy::Policy;
use canary_policy::targets::gateway::{self, RouteParams};
use canary_policy::targets::istio::{self, VirtualServiceParams};
use serde_json::json;

use super::object::{HEADER, WEIGHT, http_route, listed, rule, virtual_service};
use crate::util::route::route_to;
use crate::util::{policy, texts};

#[test]
fn a_name_and_a_session_are_losses() {
    let theirs = http_route(json!([
        rule("web", json!({ "name": "shop", "sessionPersistence": { "type": "Cookie" } })),
        rule("pay", json!({ "name": "pay", "matches": [{ "path": { "value": "/pay" } }] })),
    ]));
    let losses = |yaml: &str| {
        let route = route_to("web:80", &["web-canary:80"]);
        texts(&gateway::with_policy(&theirs, &policy(yaml), &route, &RouteParams::default()).unwrap().losses)
    };
    let session = "rules[0]: `each request is split by weight` becomes `each session is split by weight`: \
                   the rule has a sessionPersistence, which keeps the requests of a session on one backend";
    assert_eq!(losses(WEIGHT), [session]);
    assert_eq!(
        losses(HEADER),
        [
            "rules[0]: `shop` is left out: the rules that are made of this one have no name, so what attaches to the rule by its \
          name is not for them",
            session
        ],
    );
}

/// The backends of a route in another namespace than the object are named as the object has to name them.
#[test]
fn backends_are_those_of_the_namespace_of_the_route() {
    let mut theirs = http_route(json!([{ "backendRefs": [{ "name": "web", "namespace": "shop", "port": 80 }] }]));
    theirs.metadata.namespace = Some("edge".to_owned());
    let route = route_to("web:80", &["web-canary:80"]).with_namespace("shop").unwrap();
    let edited = gateway::with_policy(&theirs, &Policy::percent(5).unwrap(), &route, &RouteParams::default()).unwrap();
    assert_eq!(edited.losses.len(), 2, "a ReferenceGrant for each backend: {:?}", edited.losses);
    assert_eq!(edited.output.spec.rules[0].backend_refs[1].namespace.as_deref(), Some("shop"));
    assert_eq!(gateway::without_policy(&edited.output).unwrap(), theirs);
}

/// Each row is a destination in somebody's VirtualService for the stable backend `web:80`, and what its rule loses.
#[test]
fn a_destination_without_a_port_is_a_loss() {
    let why = "without a port, a destination has the only port of its Service; if there are several, Istio sends these requests \
               to the port that they came to";
    for (destination, host) in [
        (json!({ "host": "web", "port": { "number": 80 } }), None),
        (json!({ "host": "web" }), Some("web")),
        (json!({ "host": "web.shop.svc.cluster.local" }), Some("web.shop.svc.cluster.local")),
    ] {
        let pay = json!({ "match": [{ "uri": { "prefix": "/pay" } }] });
        let mut object = virtual_service(json!([listed("pay", pay), { "route": [{ "destination": destination }] }]));
        object.metadata.namespace = Some("shop".to_owned());
        let route = route_to("web:80", &["web-canary:80"]);
        let edited = istio::with_policy(&object, &policy(WEIGHT), &route, &VirtualServiceParams::default()).unwrap();
        let expected = host.map(|host| format!("rules[1]: `web:80` becomes `{host}`: {why}"));
        assert_eq!(texts(&edited.losses), Vec::from_iter(expected), "{destination}");
    }
}
