//! Virtual hosts that pairs of Ingresses cannot describe, with what answers each request.

use canary_policy::Variant;
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::{LocationLoss, gloo};

use super::{gateway, istio, linkerd, lists};
use crate::util::outcome::Outcome;
use crate::util::proxy::Proxy;
use crate::util::request::{Lines, lines};
use crate::util::route::paths;
use crate::util::virtual_host::NAMESPACE;
use crate::util::{CANARY, STABLE, policy, texts};

/// Each target, and the outcome of a request by its objects.
pub type Answer = fn(&VirtualHost, &str, &Lines) -> Outcome;
pub const TARGETS: [(&str, Answer); 5] = [
    ("gateway", gateway::answer),
    ("istio", istio::answer),
    ("linkerd", linkerd::answer),
    ("gloo", lists::gloo_answer),
    ("envoy", lists::envoy_answer),
];

/// A virtual host from rows of a path, a stable Service, and a YAML policy with its canaries, or nothing.
fn host(rows: &[(&str, &str, &str, &[&str])]) -> VirtualHost {
    let location = |(path, stable, yaml, canaries): &(&str, &str, &str, &[&str])| {
        let location = Location::new(paths(path).remove(0), stable.parse().unwrap());
        let canaries = canaries.iter().map(|canary| canary.parse().unwrap());
        if yaml.is_empty() { location } else { location.with_policy(policy(yaml), canaries).unwrap() }
    };
    let host = VirtualHost::new("shop", rows.iter().map(location)).unwrap().with_namespace(NAMESPACE).unwrap();
    host.with_parents(["public".parse().unwrap()]).unwrap()
}

/// The shares of Services, such as `c0 90, c10 10`; empty if nothing answers.
fn shares(outcome: &Outcome) -> String {
    let service = |variant: &Variant| format!("c{}", variant.index().unwrap());
    match outcome {
        Outcome::To(variant, _) => service(variant),
        Outcome::Split(destinations) => {
            let share =
                |(variant, weight, _): &(Variant, u32, Option<String>)| format!("{} {weight}", service(variant));
            destinations.iter().map(share).collect::<Vec<_>>().join(", ")
        }
        Outcome::Nothing => String::new(),
    }
}

/// Holds each target against rows of a path, header lines and shares.
fn hold(host: &VirtualHost, rows: &[(&str, &str, &str)]) {
    for (target, answer) in TARGETS {
        for (path, request, expected) in rows {
            let got = shares(&answer(host, path, &lines(request)));
            assert_eq!(got, *expected, "{target}: {path} {request}");
        }
    }
}

const TEN: &str = "canaries: [{ weight: 10 }]";

/// Two Services of which one has a canary: the canary of `/` gets nothing of `/orders`.
#[test]
fn two_services_of_which_one_has_a_canary() {
    let host = host(&[("/", "c0:80", TEN, &["c10:80"]), ("/orders", "c1:80", "", &[])]);
    hold(
        &host,
        &[
            ("/", "", "c0 9, c10 1"),
            ("/cart", "", "c0 9, c10 1"),
            ("/orders", "", "c1 1"),
            ("/orders/1", "", "c1 1"),
            ("/ordersx", "", "c0 9, c10 1"),
        ],
    );
}

/// Two Services with a canary each: neither gets the requests of the other, and no other path has an answer.
#[test]
fn two_services_with_a_canary_each() {
    let host = host(&[("/a", "c0:80", TEN, &["c10:80"]), ("/b", "c1:80", TEN, &["c11:80"])]);
    hold(
        &host,
        &[
            ("/a", "", "c0 9, c10 1"),
            ("/a/x", "", "c0 9, c10 1"),
            ("/b", "", "c1 9, c11 1"),
            ("/b/x", "", "c1 9, c11 1"),
            ("/", "", ""),
            ("/ab", "", ""),
        ],
    );
}

/// A rule of a shorter path does not take the requests of a longer one, and the same policy on other Services is another one.
#[test]
fn rules_of_one_location_are_not_those_of_another() {
    let rule = "canaries: [{ weight: 0, header: { name: x-canary } }]";
    let host = host(&[
        ("/", "c0:80", rule, &["c10:80"]),
        ("/api", "c1:80", TEN, &["c11:80"]),
        ("/api/v1", "c0:80", rule, &["c10:80"]),
        ("=/api/v1/x", "c2:80", "", &[]),
        ("=/", "c0:80", rule, &["c11:80"]),
    ]);
    let always = "x-canary: always";
    hold(
        &host,
        &[
            ("/", always, "c11"),
            ("/", "", "c0 1"),
            ("/x", always, "c10"),
            ("/api", always, "c1 9, c11 1"),
            ("/api/v1", always, "c10"),
            ("/api/v1/x", always, "c2 1"),
            ("/api/v1/x/y", always, "c10"),
            ("/api/v2", always, "c1 9, c11 1"),
        ],
    );
}

#[test]
fn a_loss_names_every_location_that_has_it() {
    let keyed = "{ canaries: [{ weight: 10 }], affinity: { key: { header: x-user } } }";
    let rows: [(&str, &str, &str, &[&str]); 4] = [
        ("/", "c0:80", keyed, &["c10:80"]),
        ("/api", "c1:80", TEN, &["c11:80"]),
        ("=/pay", "c0:80", keyed, &["c10:80"]),
        ("/cart", "c2:80", "", &[]),
    ];
    let host = host(&rows).with_hosts(["*.test".parse().unwrap()]).unwrap();
    let losses: Vec<LocationLoss> = gloo::virtual_service_of_host(&host).unwrap().losses;
    let why = "affinity: `key header x-user` is left out: Gloo chooses a variant by weight for each request, and hashes only \
               among the pods of one variant";
    assert_eq!(
        texts(&losses),
        [
            format!("shop/shop Exact /pay: {why}"),
            format!("shop/shop Prefix /: {why}"),
            "shop/shop: hosts[0]: `one label before .test` becomes `one or more labels before .test`: the target has no host with \
             a `*` for a single label"
                .to_owned(),
        ]
    );
    let json = serde_json::to_value(&losses).unwrap();
    assert_eq!((&json[0]["host"], &json[0]["location"]), (&"shop/shop".into(), &"Exact /pay".into()));
    assert_eq!((&json[2]["loss"]["part"], json[2].get("location")), (&"hosts[0]".into(), None));
    let lossy = gloo::virtual_service_of_host(&host).unwrap().exact().unwrap_err();
    assert_eq!(lossy.losses, losses);
}

/// A host, a path, header lines, and the variant that answers.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], Option<Variant>);

/// A real Envoy routes two hosts with several policies. `.ci/run` gives it one; see `envoy/real_envoy.rs`.
#[test]
fn a_real_envoy_routes_two_hosts() {
    use canary_policy::targets::envoy::{RouteParams, route_configuration_of_hosts};
    let located = |path: &str, stable: &str, policy_of: &str, canaries: &[&str]| {
        let location = Location::new(paths(path).remove(0), stable.parse().unwrap());
        let canaries = canaries.iter().map(|canary| canary.parse().unwrap());
        if policy_of.is_empty() { location } else { location.with_policy(policy(policy_of), canaries).unwrap() }
    };
    let rule = "canaries: [{ weight: 0, header: { name: x-canary } }]";
    let a = VirtualHost::new(
        "a",
        [
            located("/", "web:80", rule, &["c0:80"]),
            located("/api", "c1:80", "", &[]),
            located("=/api", "web:80", rule, &["c2:80"]),
            located("/api/v1", "web:80", "canaries: [{ weight: 100 }]", &["c3:80"]),
        ],
    );
    let b = VirtualHost::new("b", [located("/pay", "web:80", rule, &["c3:80"])]);
    let hosts = [
        a.unwrap().with_hosts(["a.test".parse().unwrap()]).unwrap(),
        b.unwrap().with_hosts(["b.test".parse().unwrap()]).unwrap(),
    ];
    let written = route_configuration_of_hosts("public", &hosts, &RouteParams::default()).unwrap().exact().unwrap();
    let Some(proxy) = Proxy::start("hosts", &[serde_json::to_value(written).unwrap()]) else { return };
    let mut client = proxy.client(0);
    let always: &'static [(&str, &str)] = &[("x-canary", "always")];
    let canary = |index| Some(Variant::Canary(index));
    #[rustfmt::skip]
    let rows: [Row; 11] = [
        ("a.test", "/", &[], Some(STABLE)),
        ("a.test", "/", always, Some(CANARY)),
        ("a.test", "/apix", always, Some(CANARY)),
        ("a.test", "/api", always, canary(2)),
        ("a.test", "/api", &[], Some(STABLE)),
        ("a.test", "/api/", always, canary(1)),
        ("a.test", "/api/v1/x", always, canary(3)),
        ("a.test", "/api/v2", always, canary(1)),
        ("b.test", "/pay", always, canary(3)),
        ("b.test", "/pays", always, None),
        ("c.test", "/", &[], None),
    ];
    for (host, path, lines, variant) in rows {
        let answer = client.get(host, path, lines.iter().copied());
        assert_eq!(answer.variant, variant, "{host} {path} {lines:?}");
    }
}
