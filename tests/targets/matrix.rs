//! The matrix in README and rustdoc shows what the converters do.

use canary_policy::route::Route;
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd, nginx, replicas};
use canary_policy::{Conversion, Loss, Policy};

use crate::util::{self, policy};

/// The features of a policy, each with a policy that has it.
const FEATURES: [(&str, &str); 14] = [
    ("weight of a total", "{ total: 1000, canaries: [{ weight: 25 }] }"),
    ("weight of a total of billions", "{ total: 3000000001, canaries: [{ weight: 1 }] }"),
    ("several canaries", "canaries: [{ name: a, weight: 10 }, { name: b, weight: 20 }]"),
    ("header `always` / `never`", "canaries: [{ header: { name: x-canary } }]"),
    ("header value", "canaries: [{ header: { name: x-canary, value: beta } }]"),
    ("header pattern", "canaries: [{ header: { name: x-canary, pattern: '^v[0-9]+$' } }]"),
    ("cookie `always` / `never`", "canaries: [{ cookie: { name: canary } }]"),
    ("cookie value", "canaries: [{ cookie: { name: canary, value: beta } }]"),
    ("cookie pattern", "canaries: [{ cookie: { name: canary, pattern: '^v[0-9]+$' } }]"),
    ("affinity cookie before the rules", "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }"),
    (
        "affinity cookie after the rules",
        "{ canaries: [{ weight: 30, header: { name: x-canary } }], affinity: { cookie: { name: route, precedence: afterRules } } }",
    ),
    (
        "affinity cookie that pins stable only",
        "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route, pins: stable } } }",
    ),
    (
        "affinity cookie's revision",
        "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route, revision: '7' } } }",
    ),
    ("affinity by key", "{ canaries: [{ weight: 30 }], affinity: { key: { header: x-user-id } } }"),
];

/// The losses of a policy on a route.
type Losses = fn(&Policy, &Route) -> Vec<Loss>;

/// The targets. Those that look at requests decide unusual requests differently, which their tables of deviations list.
const TARGETS: [(&str, bool, Losses); 7] = [
    ("ingress-nginx", false, |policy, _| nginx::annotations(policy, &nginx::Prefix::default()).losses),
    ("Gateway API", true, |policy, route| lost(gateway::http_routes(policy, route, &gateway::RouteParams::default()))),
    ("Istio", true, |policy, route| {
        lost(istio::virtual_service(policy, route, &istio::VirtualServiceParams::default()))
    }),
    ("Linkerd", true, |policy, route| lost(linkerd::http_routes(policy, route, &linkerd::RouteParams::default()))),
    ("Gloo", true, |policy, route| lost(gloo::virtual_service(policy, route))),
    ("Envoy", true, |policy, route| lost(envoy::route_configuration(policy, route, &envoy::RouteParams::default()))),
    ("replicas", false, |policy, _| lost(replicas::split(policy, &replicas::Pods::new(10).unwrap()))),
];

/// The losses of a conversion.
fn lost<T, E: std::fmt::Debug>(converted: Result<Conversion<T>, E>) -> Vec<Loss> {
    converted.map(|conversion| conversion.losses).unwrap()
}

/// The word in a cell of the matrix.
fn cell(losses: &[Loss], differs_on_odd_requests: bool) -> &'static str {
    let is_approximate = |loss: &Loss| matches!(loss, Loss::Changed { .. } | Loss::Rounded { .. });
    match losses {
        [] if differs_on_odd_requests => "exact*",
        [] => "exact",
        losses if losses.iter().all(is_approximate) => "approximate",
        _ => "impossible",
    }
}

#[test]
fn readme_and_rustdoc_have_the_matrix() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    let mut matrix = format!("| a policy may say | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (feature, yaml) in FEATURES {
        let policy = policy(yaml);
        let canaries = (0..policy.canaries().len()).map(|index| format!("next-{index}:80").parse().unwrap());
        let route = Route::new("web", "web:80".parse().unwrap(), canaries).unwrap();
        let route = route.with_namespace("shop").unwrap().with_parents(["public".parse().unwrap()]).unwrap();
        let ruled = ["header", "cookie", "affinity"].iter().any(|word| feature.starts_with(word));
        let cells = TARGETS.map(|(_, looks, losses)| cell(&losses(&policy, &route), looks && ruled));
        matrix += &format!("| {feature} | {} |\n", cells.join(" | "));
    }
    for file in ["README.md", "src/targets/matrix.md"] {
        let text = std::fs::read_to_string(util::path("..").join(file)).unwrap();
        assert!(text.contains(&matrix), "{file} has another matrix than this one:\n\n{matrix}");
    }
}
