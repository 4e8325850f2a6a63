//! The losses that the targets with rules have in common.

use canary_policy::route::Route;
use canary_policy::targets::{Conversion, envoy, gateway, gloo, istio, linkerd};
use canary_policy::{Loss, Policy};
use serde::Serialize;

use crate::util::{self, policy, texts};

/// The output of a target as JSON, and the losses as text.
type Written = fn(&Policy, &Route) -> (String, Vec<String>);

/// The targets that are built on Envoy; the Gateway API is, for want of another parameter.
const ON_ENVOY: [(&str, Written); 4] = [
    ("gateway", |policy, route| written(gateway::http_routes(policy, route, &gateway::RouteParams::default()))),
    ("istio", |policy, route| written(istio::virtual_service(policy, route, &istio::VirtualServiceParams::default()))),
    ("gloo", |policy, route| written(gloo::virtual_service(policy, route))),
    ("envoy", |policy, route| written(envoy::route_configuration(policy, route, &envoy::RouteParams::default()))),
];

/// The targets that are not.
const NOT_ON_ENVOY: [(&str, Written); 2] = [
    ("gateway without Envoy", |policy, route| {
        written(gateway::http_routes(policy, route, &gateway::RouteParams::default().without_envoy()))
    }),
    ("linkerd", |policy, route| written(linkerd::http_routes(policy, route, &linkerd::RouteParams::default()))),
];

fn written<T: Serialize, E: std::fmt::Display>(converted: Result<Conversion<T>, E>) -> (String, Vec<String>) {
    let Conversion { output, losses } = converted.unwrap_or_else(|error| panic!("{error}"));
    (serde_json::to_string(&output).unwrap(), texts(&losses))
}

fn route(policy: &Policy) -> Route {
    util::route::route(policy).with_parents(["public".parse().unwrap()]).unwrap()
}

/// No losses.
const NOTHING: [&str; 0] = [];

/// Cilium splits requests evenly between two equal matches.
#[test]
fn two_canaries_with_one_header_rule_match_once() {
    let why = "is left out: an earlier rule has the same condition, so no request reaches it";
    let twice = policy(
        "canaries: [{ name: a, weight: 1, header: { name: x-canary } }, { name: b, weight: 1, header: { name: X-Canary } }]",
    );
    for (target, written) in ON_ENVOY.iter().chain(&NOT_ON_ENVOY) {
        let (output, losses) = written(&twice, &route(&twice));
        assert_eq!((output.matches("always").count(), output.matches("never").count()), (1, 1), "{target}");
        assert_eq!(losses, [format!("canaries[1].header: `x-canary` {why}")], "{target}");
    }
    // The name of a cookie is read without regard to letter case.
    let cookies = policy(
        "canaries: [{ name: a, weight: 1, cookie: { name: beta, value: v } }, { name: b, weight: 1, cookie: { name: Beta, value: v } }]",
    );
    for (target, written) in ON_ENVOY.iter().chain(&NOT_ON_ENVOY) {
        let (_, losses) = written(&cookies, &route(&cookies));
        assert_eq!(losses, [format!("canaries[1].cookie: `Beta = v` {why}")], "{target}");
    }
}

/// The other half of the rule still decides.
#[test]
fn a_rule_of_which_half_is_taken_keeps_the_other_half() {
    let policy = policy(
        "canaries: [{ name: a, weight: 1, header: { name: x-canary, value: always } }, { name: b, weight: 1, header: { name: x-canary } }]",
    );
    for (target, written) in ON_ENVOY.iter().chain(&NOT_ON_ENVOY) {
        let (output, losses) = written(&policy, &route(&policy));
        assert_eq!((output.matches("always").count(), output.matches("never").count()), (1, 1), "{target}");
        assert_eq!(
            losses,
            ["canaries[1].header: `x-canary` becomes `x-canary = never`: an earlier rule has the same \
              condition, so no request reaches it"],
            "{target}"
        );
    }
}

/// `real_envoy.rs` tries every header.
#[test]
fn a_rule_on_a_header_that_an_envoy_gateway_rewrites_is_a_loss() {
    for header in
        ["Connection", "X-Forwarded-For", "x-forwarded-proto", "x-request-id", "x-envoy-internal", "x-envoy-retry-on"]
    {
        let policy = policy(&format!("canaries: [{{ weight: 1, header: {{ name: {header}, value: a }} }}]"));
        for (target, written) in ON_ENVOY {
            let (output, losses) = written(&policy, &route(&policy));
            assert!(!output.contains(&header.to_lowercase()), "{target} {output}");
            assert_eq!(
                losses,
                [format!(
                    "canaries[0].header: `{} = a` is refused, so it is left out: a gateway that is built on Envoy overwrites or \
                     removes this header before it chooses a route",
                    header.to_lowercase()
                )],
                "{target}"
            );
        }
        for (target, written) in NOT_ON_ENVOY {
            assert_eq!(written(&policy, &route(&policy)).1, NOTHING, "{target} {header}");
        }
    }
    for header in ["x-forwarded-host", "x-real-ip", "x-envoy-attempt-count", "user-agent", "x-b3-traceid"] {
        let policy = policy(&format!("canaries: [{{ weight: 1, header: {{ name: {header}, value: a }} }}]"));
        for (target, written) in ON_ENVOY {
            assert_eq!(written(&policy, &route(&policy)).1, NOTHING, "{target} {header}");
        }
    }
}

/// In an Ingress, and so in a route, the `*` of a host is one label.
#[test]
fn a_wildcard_host_matches_more_than_one_label_and_says_so_once() {
    let policy = policy("canaries: [{ weight: 30, header: { name: x-canary } }]");
    let hosts = (0..20).map(|index| format!("h{index}.test")).chain(["*.example.com".to_owned()]);
    let hosts: Vec<_> = hosts.map(|host| host.parse().unwrap()).collect();
    let route = route(&policy).with_hosts(hosts).unwrap();
    for (target, written) in ON_ENVOY.iter().chain(&NOT_ON_ENVOY[..1]) {
        assert_eq!(
            written(&policy, &route).1,
            [
                "hosts[20]: `one label before .example.com` becomes `one or more labels before .example.com`: the target has no \
              host with a `*` for a single label"
            ],
            "{target}"
        );
    }
    // No hosts are written for these.
    let none: Vec<Loss> = Vec::new();
    assert_eq!(linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap().losses, none);
    assert_eq!(gloo::route_table(&policy, &route).unwrap().losses, none);
}

/// The requests go to the canary, and only clients of stable get a cookie.
#[test]
fn attributes_of_a_cookie_that_no_response_sets_are_losses() {
    let affinity =
        "cookie: { name: route, pins: stable, maxAge: 60, path: /shop, domain: a.test, sameSite: Lax, secure: true }";
    let with_weight =
        |weight: u32| policy(&format!("{{ canaries: [{{ weight: {weight} }}], affinity: {{ {affinity} }} }}"));
    let why =
        "is left out: every request goes to a variant that clients are not pinned to, so no response sets the cookie";
    let attributes =
        [("maxAge", "60"), ("path", "/shop"), ("domain", "a.test"), ("sameSite", "Lax"), ("secure", "true")];
    let lost = attributes.map(|(name, value)| format!("affinity.cookie.{name}: `{value}` {why}"));
    for (target, written) in ON_ENVOY.iter().chain(&NOT_ON_ENVOY) {
        let (full, most) = (with_weight(100), with_weight(99));
        assert_eq!(written(&full, &route(&full)).1, lost, "{target}");
        assert_eq!(written(&most, &route(&most)).1, NOTHING, "{target}");
        // A rule that sends requests to stable sets the cookie.
        let ruled = policy(&format!(
            "{{ canaries: [{{ weight: 100, header: {{ name: x-canary }} }}], affinity: {{ {affinity} }} }}"
        ));
        assert_eq!(written(&ruled, &route(&ruled)).1, NOTHING, "{target}");
    }
}

/// Envoy reads `%` as the start of a variable, and has `%%` for it; the Gateway API has no text that means `%` everywhere.
#[test]
fn a_percent_sign_in_a_cookie_is_a_loss_only_where_envoy_reads_it() {
    let policy = policy("{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r, path: '/%20' } } }");
    for (target, written) in ON_ENVOY {
        let (output, losses) = written(&policy, &route(&policy));
        if target == "gateway" {
            assert_eq!(losses.len(), 1);
            assert!(losses[0].contains("read a % in a Set-Cookie value as the start of a variable"), "{losses:?}");
        } else {
            assert_eq!(losses, NOTHING, "{target}");
            assert!(output.contains("Path=/%%20"), "{target} {output}");
        }
    }
    for (target, written) in NOT_ON_ENVOY {
        let (output, losses) = written(&policy, &route(&policy));
        assert_eq!(losses, NOTHING, "{target}");
        assert!(output.contains("Path=/%20"), "{target} {output}");
    }
}
