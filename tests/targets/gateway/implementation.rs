//! What implementations of the Gateway API say that they support, and what becomes of a policy on each of them.

use std::cell::Cell;
use std::collections::BTreeSet;

use canary_policy::Policy;
use canary_policy::targets::gateway::{self, Feature, HttpRoute, Implementation, Proxy, RouteParams, Support};
use canary_policy::targets::{Conversion, Part};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::util::expressible::policies;
use crate::util::golden::golden;
use crate::util::route::route;
use crate::util::{all_cases, cases, policy};

/// The conformance reports: the name, the versions of the API and of the implementation, and whether it has
/// `HTTPRouteResponseHeaderModification` and `HTTPRouteBackendRequestHeaderModification`; then the most instructions of a regular
/// expression, `-` if the proxy is not Envoy, and `?` if that is not known.
const REPORTS: &str = "
    agentgateway 1.6 v1.3.1 yes yes -
    airlock-microgateway 1.6 5.1.0 yes no ?
    alibaba-cloud-service-mesh 1.3 1.27 yes yes ?
    aws-application-networking ? ? ? ? -
    aws-load-balancer-controller 1.6 v3.5.0 no no -
    azure-application-gateway-for-containers 1.2 1.7.9 yes no ?
    calico 1.4 v3.32.0 yes yes ?
    cilium 1.6 v1.20.0 yes yes 100
    cloud-provider-kind ? ? ? ? ?
    contour 1.3 v1.33.0 yes yes ?
    envoy-gateway 1.6 v1.9.0 yes yes 4294967295
    gke 1.6 1.36.2-gke yes no ?
    gloo-gateway 1.4 v1.21.3 yes no ?
    gravitee 1.6 4.12.10 yes yes ?
    haproxy-ingress 1.5 v0.17.0-alpha.1 yes no -
    higress ? ? ? ? ?
    istio 1.5 1.30.1 yes yes 32768
    kgateway 1.6 v2.4.0-rc.1 yes yes 100
    kong-operator 1.6 v2.3.0-rc.3 yes no -
    kubvernor ? ? ? ? ?
    nginx-gateway-fabric 1.6 v2.7.0-pre yes no -
    sunbeam-proxy 1.5 v0.2.0 yes yes -
    traefik 1.6 v3.7.10 yes yes -
    varnish-gateway 1.5 v0.20.0 yes no -
    wso2-api-platform-gateway 1.5 v1.2.0-alpha2 no no ?
";

#[test]
fn every_implementation_is_as_its_report_says() {
    let support = |support: Support| match support {
        Support::Yes => "yes",
        Support::No => "no",
        _ => "?",
    };
    let line = |one: Implementation| {
        let program_size = match one.proxy {
            Proxy::Envoy { program_size } => program_size.to_string(),
            Proxy::Other => "-".to_owned(),
            _ => "?".to_owned(),
        };
        let filters = [Feature::RuleFilter, Feature::BackendFilter].map(|feature| support(one.support(feature)));
        let (api, version) = (one.api.unwrap_or("?"), one.version.unwrap_or("?"));
        format!("{one} {api} {version} {} {} {program_size}", filters[0], filters[1])
    };
    let expected: Vec<&str> = REPORTS.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(Implementation::ALL.map(line).to_vec(), expected);
    for one in Implementation::ALL {
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}

#[test]
fn an_unknown_name_is_an_error_with_the_known_ones() {
    let error = "nginx".parse::<Implementation>().unwrap_err().to_string();
    let names = Implementation::ALL.map(|one| one.name).join(", ");
    assert_eq!(error, format!("`nginx` is no implementation: expected {names}"));
    assert!("Istio".parse::<Implementation>().is_err());
}

#[track_caller]
fn written(policy: &Policy, params: &RouteParams) -> Conversion<Vec<HttpRoute>> {
    let route = route(policy).with_parents(["public".parse().unwrap()]).unwrap();
    gateway::http_routes(policy, &route, params).unwrap()
}

fn features(routes: &[HttpRoute]) -> BTreeSet<Feature> {
    routes.iter().flat_map(|route| route.spec.features()).collect()
}

/// A policy whose rules and weights set a cookie, and whose pattern is too large for Envoy's default.
const WHOLE: &str = "{ canaries: [{ weight: 30, header: { name: x-canary, pattern: '^[a-z]{3,50}$' }, cookie: { name: cohort } }], \
                     affinity: { cookie: { name: route } } }";
/// Only weights set the cookie.
const WEIGHT: &str = "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }";
/// The weights choose one variant, so that its cookie needs no filter on a backend.
const ONE: &str = "{ canaries: [{ weight: 0, header: { name: x-canary } }], affinity: { cookie: { name: route } } }";
/// Nothing that an implementation may lack.
const PLAIN: &str = "{ canaries: [{ weight: 30, header: { name: x-canary } }] }";

/// The golden file has the losses and notes of four policies for each implementation, and without one.
#[test]
fn each_implementation_has_its_losses_and_notes() {
    let mut text = String::new();
    let all = Implementation::ALL.map(Some);
    for implementation in std::iter::once(None).chain(all) {
        let params = implementation.into_iter().fold(RouteParams::default(), RouteParams::with_implementation);
        text += &format!("{}\n", implementation.map_or("no implementation".to_owned(), |one| one.to_string()));
        for (name, yaml) in [("whole", WHOLE), ("weight", WEIGHT), ("one", ONE), ("plain", PLAIN)] {
            let Conversion { output, losses } = written(&policy(yaml), &params);
            text += &format!("  {name}\n");
            text.extend(losses.iter().map(|loss| format!("    loss {loss}\n")));
            text.extend(params.notes(features(&output)).iter().map(|note| format!("    note {note}\n")));
        }
    }
    golden("gateway_implementations.txt", &text);
}

/// An implementation that supports all filters writes what is written without one, apart from the limit of regular expressions. One
/// that lacks filters on backends writes none, and has a loss if and only if one is written without it. A note is there if and only
/// if the output has the feature, unless the implementation supports it.
#[test]
fn an_implementation_changes_only_what_it_does_not_support() {
    let (lost_count, kept_count) = (Cell::new(0_u32), Cell::new(0_u32));
    TestRunner::new(cases(300))
        .run(&policies(), |policy| {
            let route = route(&policy).with_parents(["public".parse().unwrap()]).unwrap();
            let default = RouteParams::default();
            for one in Implementation::ALL {
                let bound = match one.proxy {
                    Proxy::Envoy { program_size } => default.clone().with_program_size(program_size),
                    Proxy::Other => default.clone().without_envoy(),
                    _ => default.clone(),
                };
                let Ok(without) = gateway::http_routes(&policy, &route, &bound) else { continue };
                let params = default.clone().with_implementation(one);
                let with = gateway::http_routes(&policy, &route, &params).unwrap();
                let refused = |feature: &Feature| one.support(*feature) == Support::No;
                let lost: Vec<Feature> = features(&without.output).into_iter().filter(refused).collect();
                if lost.is_empty() {
                    prop_assert_eq!(&with, &without, "{}", one);
                } else {
                    prop_assert!(!features(&with.output).iter().any(refused), "{}", one);
                    let further: Vec<_> = with.losses.iter().filter(|loss| !without.losses.contains(loss)).collect();
                    prop_assert!(
                        matches!(further.as_slice(), [loss] if loss.part() == Part::Affinity),
                        "{:?}",
                        further
                    );
                }
                let count = if lost.is_empty() { &kept_count } else { &lost_count };
                count.set(count.get() + 1);
                let notes: BTreeSet<Feature> =
                    params.notes(features(&with.output)).iter().map(|note| note.feature).collect();
                let expected = features(&with.output).into_iter();
                let expected =
                    expected.filter(|one_of| *one_of == Feature::BackendFilter || one.support(*one_of) != Support::Yes);
                prop_assert_eq!(notes, expected.collect::<BTreeSet<_>>());
            }
            Ok(())
        })
        .unwrap();
    println!("{} with a loss, {} without one", lost_count.get(), kept_count.get());
    assert!(!all_cases() || (lost_count.get() > 500 && kept_count.get() > 500));
}
