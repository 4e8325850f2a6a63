//! Routes per second to every target, and the cost of converting compared with serialising the same objects. Run it
//! with `cargo bench --bench render`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing
)]

use std::hint::black_box;
use std::time::Instant;

use canary_policy::route::{Backend, Path};
use canary_policy::targets::istio::VirtualServiceParams;
use canary_policy::targets::nginx::{Ingress, IngressParams, Manifest, canary_ingress};
use canary_policy::targets::replicas::Pods;
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd, replicas};
use canary_policy::{Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Policy, Route, SameSite, Total};
use serde::Serialize;
use serde_json::json;

const ROUTES: usize = 20_000;
const ROUND: usize = 50;

fn main() {
    let policy = policy();
    let routes: Vec<Route> = (0..ROUTES).map(route).collect();
    println!("{ROUTES} routes of 3 paths, with a header rule, a cookie rule and an affinity cookie");
    println!("target      routes/s   convert, µs   serialise, µs   ratio");
    let ingress = ingress();
    let params = IngressParams::new("next".parse().unwrap());
    row("nginx", &routes, |_| canary_ingress(&ingress, &policy, &params).unwrap().output.ingress);
    row("gateway", &routes, |route| {
        gateway::http_routes(&policy, route, &gateway::RouteParams::default()).unwrap().output
    });
    let params = VirtualServiceParams::default();
    row("istio", &routes, |route| istio::virtual_service(&policy, route, &params).unwrap().output.virtual_service);
    row("linkerd", &routes, |route| {
        linkerd::http_routes(&policy, route, &linkerd::RouteParams::default()).unwrap().output
    });
    row("gloo", &routes, |route| gloo::virtual_service(&policy, route).unwrap().output);
    row("envoy", &routes, |route| {
        envoy::route_configuration(&policy, route, &envoy::RouteParams::default()).unwrap().output
    });
    let pods = Pods::new(10).unwrap();
    row("replicas", &routes, |_| replicas::split(&policy, &pods).unwrap().output);
}

/// Measures one target and prints the medians of many short rounds, in which converting and serialising alternate. A round has a
/// few routes, as in an operator, so that a large heap slows down neither side, and it is over before the machine turns to
/// somebody else.
fn row<T: Serialize>(target: &str, routes: &[Route], convert: impl Fn(&Route) -> T) {
    let (mut converted, mut serialised) = (Vec::new(), Vec::new());
    for routes in routes.chunks(ROUND) {
        let start = Instant::now();
        let objects: Vec<T> = routes.iter().map(|route| convert(black_box(route))).collect();
        converted.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        for object in &objects {
            black_box(serde_json::to_vec(black_box(object)).unwrap());
        }
        serialised.push(start.elapsed().as_secs_f64());
    }
    let (converted, serialised) = (median(converted), median(serialised));
    let each = 1e6 / ROUND as f64;
    println!(
        "{target:<10} {:>9.0} {:>13.2} {:>15.2} {:>7.2}",
        ROUND as f64 / converted,
        converted * each,
        serialised * each,
        converted / serialised
    );
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

/// The policy of `examples/manifests/policy.yaml`.
fn policy() -> Policy {
    let canary = Canary::new("canary", 25)
        .unwrap()
        .with_header(HeaderRule::new("x-canary", Match::AlwaysNever).unwrap())
        .with_cookie(CookieRule::new("cohort", Match::Exact("beta".to_owned())).unwrap());
    let affinity = CookieAffinity::new("route").unwrap().with_revision("7").unwrap().with_max_age(86_400);
    let affinity = affinity.with_path("/").unwrap().with_same_site(SameSite::Lax).with_secure(true);
    Policy::new([canary], Total::new(1000).unwrap()).unwrap().with_affinity(Affinity::Cookie(affinity))
}

fn route(index: usize) -> Route {
    let backend = |service: &str| -> Backend { format!("{service}-{index}:80").parse().unwrap() };
    let paths = ["/", "/cart", "/account"].map(|path| Path::prefix(path).unwrap());
    let route = Route::new(&format!("web-{index}"), backend("web"), [backend("next")]).unwrap();
    let route = route.with_namespace("shop").unwrap().with_paths(paths).unwrap();
    let hosts = [format!("shop-{index}.example.com").parse().unwrap()];
    route.with_hosts(hosts).unwrap().with_parents(["infra/public".parse().unwrap()]).unwrap()
}

/// A stable Ingress with the same paths.
fn ingress() -> Ingress {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let paths =
        ["/", "/cart", "/account"].map(|path| json!({ "path": path, "pathType": "Prefix", "backend": backend }));
    let manifest: Manifest = serde_json::from_value(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "rules": [{ "host": "shop.example.com", "http": { "paths": paths } }] },
    }))
    .unwrap();
    manifest.into()
}
