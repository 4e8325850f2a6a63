//! The strategies of routes generate what their names promise, and the bytes of a fuzzer the same.

use arbitrary::{Arbitrary as FromBytes, Unstructured};
use canary_policy::policy::strategy::{PolicyParams, from_bytes, policy_with};
use canary_policy::route::strategy::{portable_route, portable_virtual_host, route};
use canary_policy::route::{PathType, VirtualHost};
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd};
use canary_policy::{Affinity, Policy, Route, Spec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::util::cases;

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_target_expresses_a_portable_route(
        (policy, route) in policy_with(&PolicyParams::rule_targets()).prop_flat_map(|policy| {
            let canaries = policy.canaries().len();
            (Just(policy), portable_route(canaries))
        })
    ) {
        let losses = [
            gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap().losses,
            istio::virtual_service(&policy, &route, &istio::VirtualServiceParams::default()).unwrap().losses,
            linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap().losses,
            gloo::virtual_service(&policy, &route).unwrap().losses,
            envoy::route_configuration(&policy, &route, &envoy::RouteParams::default()).unwrap().losses,
        ];
        prop_assert_eq!(losses.concat(), []);
    }

    #[test]
    fn every_target_expresses_a_portable_virtual_host(host in portable_virtual_host(&PolicyParams::rule_targets())) {
        let losses = [
            gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap().losses,
            istio::virtual_service_of_host(&host, &istio::VirtualServiceParams::default()).unwrap().losses,
            gloo::virtual_service_of_host(&host).unwrap().losses,
        ];
        prop_assert_eq!(losses.concat(), []);
    }
}

/// Of each kind of part there are some.
#[test]
fn routes_have_every_kind_of_part() {
    type Has = fn(&Route) -> bool;
    let (routes, mut runner) = (route(2), TestRunner::deterministic());
    let routes: Vec<Route> = (0..300).map(|_| routes.new_tree(&mut runner).unwrap().current()).collect();
    let kinds: [(&str, Has); 10] = [
        ("no host", |route| route.hosts().is_empty()),
        ("a wildcard", |route| route.hosts().iter().any(|host| host.as_str().starts_with("*."))),
        ("a namespace", |route| route.namespace().is_some()),
        ("several paths", |route| route.paths().len() > 1),
        ("an exact path", |route| route.paths().iter().any(|path| path.path_type() == PathType::Exact)),
        ("no parent", |route| route.parents().is_empty()),
        ("another namespace", |route| route.canaries().iter().any(|backend| backend.namespace().is_some())),
        ("no port", |route| route.stable().port().is_none()),
        ("the name of a port", |route| route.stable().to_string().ends_with(|last: char| last.is_ascii_lowercase())),
        ("former tokens", |route| route.former_tokens().is_some()),
    ];
    for (kind, is) in kinds {
        let count = routes.iter().filter(|route| is(route)).count();
        assert!(count > 0 && count < routes.len(), "{kind}: {count}");
    }
    assert!(routes.iter().all(|route| route.canaries().len() == 2));
}

/// A failing route shrinks to one without parts that do not matter.
#[test]
fn a_route_shrinks() {
    let result = TestRunner::deterministic().run(&route(1), |route| {
        prop_assert!(route.parents().len() < 2);
        Ok(())
    });
    let Err(proptest::test_runner::TestError::Fail(_, smallest)) = result else { panic!("{result:?}") };
    assert_eq!((smallest.parents().len(), smallest.hosts().len(), smallest.paths().len()), (2, 0, 1), "{smallest:?}");
}

/// The bytes of a fuzzer give policies and routes of every kind, the same bytes the same, and few bytes are enough.
#[test]
fn bytes_give_policies_and_routes() {
    let data = |seed: u64, length: usize| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_le_bytes()[7]
        };
        (0..length).map(|_| next()).collect::<Vec<u8>>()
    };
    let (mut policies, mut routes, mut hosts, mut valid) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for seed in 0..100 {
        let bytes = data(seed, 64);
        let policy = Policy::arbitrary_take_rest(Unstructured::new(&bytes));
        assert_eq!(policy, Policy::arbitrary_take_rest(Unstructured::new(&bytes)));
        policies.extend(policy);
        routes.extend(Route::arbitrary_take_rest(Unstructured::new(&bytes)));
        hosts.extend(VirtualHost::arbitrary_take_rest(Unstructured::new(&bytes)));
        let spec = Spec::arbitrary_take_rest(Unstructured::new(&bytes));
        valid += usize::from(spec.is_ok_and(|spec| Policy::try_from(spec).is_ok()));
    }
    assert!(
        policies.len() > 75 && routes.len() > 75 && hosts.len() > 75,
        "{} {} {}",
        policies.len(),
        routes.len(),
        hosts.len()
    );
    assert!(valid > 40 && valid < 95, "{valid}");
    let keyed = policies.iter().filter(|policy| matches!(policy.affinity(), Affinity::Key(_))).count();
    assert!(keyed > 10 && policies.iter().any(|policy| policy.canaries().len() == 4), "{keyed}");

    // No bytes are enough.
    let empty: Policy = Unstructured::new(&[]).arbitrary().unwrap();
    assert!(!empty.canaries().is_empty());
    let one = from_bytes(&policy_with(&PolicyParams::default().with_canaries(3..=3)), &data(1, 512)).unwrap();
    assert_eq!(one.canaries().len(), 3);
    assert!(from_bytes(&Just(1).prop_filter("never", |_| false), &[]).is_err());
}
