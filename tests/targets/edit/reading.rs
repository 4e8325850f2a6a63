//! The policy is read back from an edited object.

use canary_policy::targets::gateway::{self, RouteParams};
use canary_policy::targets::istio::{self, VirtualServiceParams};
use serde_json::json;

use super::object::{COOKIE, HEADER, WEIGHT, http_route, rule, virtual_service};
use crate::util::policy;
use crate::util::route::{paths, route_to};

/// The policy is read back from the edited object, in whose rules nothing is in the way.
#[test]
fn the_policy_is_read_back() {
    let of_paths = json!({ "matches": [{ "path": { "value": "/" } }, { "path": { "value": "/api" } }] });
    let pay = json!({ "matches": [{ "path": { "value": "/pay" } }] });
    for yaml in [
        WEIGHT,
        HEADER,
        COOKIE,
        "canaries: [{ weight: 100 }]",
        "{ canaries: [{ name: a, weight: 5, cookie: { name: c, pattern: '^x' } }, \
          { name: b, weight: 10, header: { name: h, value: v } }], \
          affinity: { cookie: { name: r, precedence: afterRules, maxAge: 60 } } }",
    ] {
        let policy = policy(yaml);
        let canaries = ["a:80", "b:80"];
        let route = route_to("web:80", &canaries[..policy.canaries().len()]);
        let only = http_route(json!([rule("web", of_paths.clone())]));
        let edited = gateway::with_policy(&only, &policy, &route, &RouteParams::default()).unwrap().exact().unwrap();
        let reading = gateway::read(&[edited]).unwrap();
        assert_eq!((&reading.policy, reading.findings), (&policy, vec![]), "{yaml}");
        assert_eq!(reading.route.paths(), paths("/ /api"));

        let several = http_route(json!([rule("pay", pay.clone()), rule("web", of_paths.clone())]));
        let edited = gateway::with_policy(&several, &policy, &route, &RouteParams::default()).unwrap().exact().unwrap();
        assert_eq!(gateway::read(std::slice::from_ref(&edited)).unwrap().policy, policy, "{yaml}");
        let readings = gateway::read_hosts(&[edited], &[]).unwrap();
        let policy_of = |path: &str| readings[0].virtual_host.location(path).unwrap().policy().cloned();
        assert_eq!((policy_of("/api/1"), policy_of("/pay")), (Some(policy.clone()), None), "{yaml}");
        assert_eq!((&readings[0].inexact, &readings[0].findings), (&vec![], &vec![]), "{yaml}");

        let service = virtual_service(json!([
                    {
        "match": [{ "uri": { "exact": "/pay" } }, { "uri": { "prefix": "/pay/" } }],
        "route": [{ "destination": { "host": "pay", "port": { "number": 80 } } }],
        },
                    { "route": [{ "destination": { "host": "web", "port": { "number": 80 } } }] },
                ]));
        let params = VirtualServiceParams::default();
        let edited = istio::with_policy(&service, &policy, &route, &params).unwrap().exact().unwrap();
        assert_eq!(istio::read(&edited).unwrap().policy, policy, "{yaml}");
        let readings = istio::read_hosts(&[edited], &[]).unwrap();
        let policy_of = |path: &str| readings[0].virtual_host.location(path).unwrap().policy().cloned();
        assert_eq!((policy_of("/api/1"), policy_of("/pay")), (Some(policy.clone()), None), "{yaml}");
        assert_eq!((&readings[0].inexact, &readings[0].findings), (&vec![], &vec![]), "{yaml}");
    }
}
