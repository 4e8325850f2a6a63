//! Virtual hosts that are written and read back: `migrate::verify` proves that they answer alike.

use std::cell::Cell;

use canary_policy::Policy;
use canary_policy::migrate::{self, Answer, LocationDifference};
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::targets::{Metadata, VirtualHostReading};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::virtual_host::virtual_hosts;

/// The answer of the proof for a virtual host and what was read of it.
fn answer(host: &VirtualHost, after: &[VirtualHostReading]) -> Answer {
    migrate::verify(std::slice::from_ref(host), after).answer().clone()
}

/// The objects without the annotation that names the variants.
fn without_annotations<T: Clone>(objects: &[T], metadata: fn(&mut T) -> &mut Metadata) -> Vec<T> {
    let mut objects = objects.to_vec();
    for object in &mut objects {
        metadata(object).annotations.clear();
    }
    objects
}

#[test]
fn what_is_written_without_a_loss_is_proven_to_answer_alike() {
    // Of how many cases, in how many there was no loss.
    let (cases, of_gateway, of_istio) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>, counts: bool| cell.set(cell.get() + u32::from(counts));
    proptest!(|(case in virtual_hosts())| {
        let host = &case.host;
        let written = gateway::http_routes_of_host(host, &RouteParams::default());
        let written = written.unwrap();
        let lossless = written.losses.iter().all(|loss| matches!(loss.loss, canary_policy::Loss::Needs { .. }));
        let read = gateway::read_hosts(&written.output, &[]).unwrap();
        count(&cases, true);
        count(&of_gateway, lossless);
        if lossless {
            prop_assert_eq!(answer(host, &read), Answer::Same);
            // Somebody else's objects have no annotation. The names of the variants come from what is known.
            let foreign = without_annotations(&written.output, |route: &mut HttpRoute| &mut route.metadata);
            let read = gateway::read_hosts(&foreign, std::slice::from_ref(host)).unwrap();
            prop_assert_eq!(answer(host, &read), Answer::Same);
        }

        let written = istio::virtual_service_of_host(host, &VirtualServiceParams::default()).unwrap();
        let read = istio::read_hosts(std::slice::from_ref(&written.output.virtual_service), &[]).unwrap();
        count(&of_istio, written.losses.is_empty());
        if written.losses.is_empty() {
            prop_assert_eq!(answer(host, &read), Answer::Same);
            let foreign = [written.output.virtual_service];
            let foreign = without_annotations(&foreign, |service: &mut VirtualService| &mut service.metadata);
            let read = istio::read_hosts(&foreign, std::slice::from_ref(host)).unwrap();
            prop_assert_eq!(answer(host, &read), Answer::Same);
        }
    });
    let exact = [of_gateway.get(), of_istio.get()];
    assert!(exact.iter().all(|exact| exact * 2 >= cases.get()), "{exact:?} of {cases:?} cases have no loss");
}

/// An HTTPRoute with these rules, for the host `shop.test`.
fn route(name: &str, rules: Value) -> HttpRoute {
    serde_json::from_value(json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": name },
        "spec": { "hostnames": ["shop.test"], "rules": rules },
    }))
    .unwrap()
}

fn shop(weight: u32) -> VirtualHost {
    let root = Location::new(Path::prefix("/").unwrap(), "shop:80".parse().unwrap());
    let root = root.with_policy(Policy::percent(weight).unwrap(), ["next:80".parse().unwrap()]).unwrap();
    let orders = Location::new(Path::prefix("/orders").unwrap(), "orders:80".parse().unwrap());
    VirtualHost::new("shop", [root, orders]).unwrap().with_hosts(["shop.test".parse().unwrap()]).unwrap()
}

/// Each row has the rules of two HTTPRoutes of other people, and the answers of the proof.
#[test]
fn objects_of_other_tools_are_compared_by_what_they_do() {
    let to = |services: &[(&str, u32)]| {
        let refs = services.iter().map(|(name, weight)| json!({ "name": name, "port": 80, "weight": weight }));
        refs.collect::<Vec<_>>()
    };
    let prefix = |value: &str| json!({ "path": { "type": "PathPrefix", "value": value } });
    let with_header = |value: &str| {
        let header = json!({ "name": "x-beta", "value": "yes" });
        json!({ "path": { "type": "PathPrefix", "value": value }, "headers": [header] })
    };
    let split = json!({ "matches": [prefix("/")], "backendRefs": to(&[("next", 30), ("shop", 70)]) });
    let orders = json!({ "matches": [prefix("/orders")], "backendRefs": to(&[("orders", 1)]) });
    let beta = json!({ "matches": [with_header("/")], "backendRefs": to(&[("next", 1)]) });
    let two = json!({ "matches": [with_header("/orders")], "backendRefs": to(&[("next", 1), ("shop", 1)]) });
    let method = json!({ "path": { "type": "PathPrefix", "value": "/orders" }, "method": "POST" });
    let post = json!({ "matches": [method], "backendRefs": to(&[("shop", 1)]) });
    let expression = json!({ "path": { "type": "RegularExpression", "value": "/x.*" } });
    let regex = json!({ "matches": [expression], "backendRefs": to(&[("shop", 1)]) });
    let mut import = split.clone();
    import["backendRefs"][0]["group"] = json!("multicluster.x-k8s.io");
    import["backendRefs"][0]["kind"] = json!("ServiceImport");
    for (first, second, answers) in [
        (json!([split]), json!([orders]), vec!["same", "same"]),
        (json!([split]), json!([]), vec!["stable", "same"]),
        // The rule for `/` decides about `/orders` only if none for `/orders` does.
        (json!([split, beta]), json!([orders]), vec!["same", "policy"]),
        (json!([split]), json!([orders, two]), vec!["unread", "same"]),
        (json!([beta]), json!([orders]), vec!["same", "unread"]),
        // What cannot be read may decide about the paths that it covers.
        (json!([split, post]), json!([orders]), vec!["unread", "same"]),
        (json!([split]), json!([orders, regex]), vec!["unread", "unread"]),
        (json!([import]), json!([orders]), vec!["same", "unread"]),
    ] {
        let routes = [route("a", first.clone()), route("b", second.clone())];
        let routes = routes.into_iter().filter(|route| !route.spec.rules.is_empty()).collect::<Vec<_>>();
        let read = gateway::read_hosts(&routes, &[shop(30)]).unwrap();
        let verification = migrate::verify(&[shop(30)], &read);
        let of_host = verification.locations.iter().filter(|location| location.host.is_some());
        let mut found: Vec<(String, &str)> = of_host
            .map(|location| {
                let answer = match &location.answer {
                    Answer::Same => "same",
                    Answer::Differs(LocationDifference::Stable { .. }) => "stable",
                    Answer::Differs(LocationDifference::Policy(_)) => "policy",
                    Answer::Unread => "unread",
                    other => panic!("{other:?}"),
                };
                (location.path.to_string(), answer)
            })
            .collect();
        found.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        let found: Vec<&str> = found.into_iter().map(|(_, answer)| answer).collect();
        assert_eq!(found, answers, "{first} {second}");
    }
    let read = gateway::read_hosts(&[route("a", json!([split, orders]))], &[shop(30)]).unwrap();
    assert!(matches!(answer(&shop(31), &read), Answer::Differs(LocationDifference::Policy(_))));
}

#[test]
fn two_virtual_services_of_one_host_have_no_order() {
    let host = shop(30).with_parents(["public".parse().unwrap()]).unwrap();
    let written = istio::virtual_service_of_host(&host, &VirtualServiceParams::default()).unwrap().exact().unwrap();
    let service = written.virtual_service;
    let error = istio::read_hosts(&[service.clone(), service], &[]).unwrap_err();
    assert_eq!(error.to_string(), "shop.spec.hosts: differs from the first object");
}
