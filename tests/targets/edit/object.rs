//! Objects that are edited in rows, and the result of putting a policy into them.

use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use serde_json::{Value, json};

use crate::util::policy;
use crate::util::route::route_to;

/// An HTTPRoute with these rules.
pub fn http_route(rules: Value) -> HttpRoute {
    let object = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "shop" },
        "spec": { "parentRefs": [{ "name": "public" }], "rules": rules },
    });
    serde_json::from_value(object).unwrap()
}

/// A VirtualService with these rules.
pub fn virtual_service(http: Value) -> VirtualService {
    let object = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": "shop" },
        "spec": { "hosts": ["shop.test"], "gateways": ["public"], "http": http },
    });
    serde_json::from_value(object).unwrap()
}

/// A rule of an HTTPRoute that leads to this Service, with these other fields.
pub fn rule(to: &str, fields: Value) -> Value {
    let mut rule = json!({ "backendRefs": [{ "name": to, "port": 80 }] });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

/// The same for a VirtualService.
pub fn listed(to: &str, fields: Value) -> Value {
    let mut rule = json!({ "route": [{ "destination": { "host": to } }] });
    rule.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    rule
}

pub const WEIGHT: &str = "canaries: [{ weight: 5 }]";
pub const HEADER: &str = "canaries: [{ weight: 5, header: { name: x-canary } }]";
pub const COOKIE: &str = "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r } } }";

pub fn edited(object: &HttpRoute, yaml: &str) -> Result<HttpRoute, String> {
    let route = route_to("web:80", &["web-canary:80"]);
    let edited = gateway::with_policy(object, &policy(yaml), &route, &RouteParams::default());
    edited.map(|edited| edited.output).map_err(|error| error.to_string())
}

pub fn edited_service(object: &VirtualService, yaml: &str) -> Result<VirtualService, String> {
    let route = route_to("web:80", &["web-canary:80"]);
    let edited = istio::with_policy(object, &policy(yaml), &route, &VirtualServiceParams::default());
    edited.map(|edited| edited.output).map_err(|error| error.to_string())
}
