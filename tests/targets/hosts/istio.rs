//! The VirtualService of a virtual host.

use canary_policy::Policy;
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::LocationLoss;
use canary_policy::targets::istio::{self, VirtualServiceParams};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::crd::Crd;
use crate::util::istio::{admitted, routed};
use crate::util::outcome::Outcome;
use crate::util::request::Lines;
use crate::util::route::paths;
use crate::util::virtual_host::{decides, namespace_of, virtual_hosts, with_each};
use crate::util::{cases, policy};

/// The objects as JSON, and the losses.
fn written(host: &VirtualHost) -> (Value, Vec<LocationLoss>) {
    let conversion = istio::virtual_service_of_host(host, &VirtualServiceParams::default()).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The outcome of a request.
pub fn answer(host: &VirtualHost, path: &str, request: &Lines) -> Outcome {
    routed(&in_one_namespace(written(host).0), path, request)
}

/// The objects with each destination in the namespace that the reader of one policy expects.
fn in_one_namespace(mut objects: Value) -> Value {
    with_each(&mut objects, &|fields| {
        let Some(host) = fields.get("host").and_then(Value::as_str) else { return };
        let (service, rest) = host.split_once('.').unwrap();
        assert_eq!(rest, format!("{}.svc.cluster.local", namespace_of(service)));
        let moved = json!(format!("{service}.shop.svc.cluster.local"));
        fields.insert("host".to_owned(), moved);
    });
    objects
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn the_object_routes_as_the_location_decides(case in virtual_hosts()) {
        thread_local! {
            static CRD: Crd = Crd::read("istio-VirtualService.yaml", "VirtualService", "v1");
        }
        let (objects, losses) = written(&case.host);
        let problems = CRD.with(|crd| crd.problems(&objects["virtualService"]));
        prop_assert!(problems.is_empty(), "{:?} in {}", problems, objects);
        admitted(&objects);
        let objects = in_one_namespace(objects);
        for request in &case.requests {
            decides(&case.host, &losses, request, routed(&objects, &request.0, &request.1))?;
        }
    }
}

/// A virtual host from rows of a path, a stable Service, and a YAML policy whose canaries are behind the same Service.
fn on_one_service(rows: &[(&str, &str, &str)]) -> VirtualHost {
    let location = |(path, stable, yaml): &(&str, &str, &str)| {
        let location = Location::new(paths(path).remove(0), stable.parse().unwrap());
        if yaml.is_empty() {
            return location;
        }
        let policy = policy(yaml);
        let canaries: Vec<_> = policy.canaries().iter().map(|_| stable.parse().unwrap()).collect();
        location.with_policy(policy, canaries).unwrap()
    };
    let host = VirtualHost::new("web", rows.iter().map(location)).unwrap().with_namespace("shop").unwrap();
    host.with_parents(["public".parse().unwrap()]).unwrap()
}

#[test]
fn each_service_with_subsets_has_a_destination_rule() {
    let host = on_one_service(&[
        ("/", "c0:80", "canaries: [{ name: next, weight: 30 }]"),
        ("/pay", "c0:81", "canaries: [{ name: next, weight: 5 }, { name: beta, weight: 5 }]"),
        ("/cart", "other/c1:80", "canaries: [{ weight: 10 }]"),
        ("/static", "c0:80", ""),
        ("/orders", "c2:80", ""),
    ]);
    let params = VirtualServiceParams::default().with_subsets("version").unwrap();
    let objects = istio::virtual_service_of_host(&host, &params).unwrap().exact().unwrap();
    let rules: Vec<_> = objects
        .destination_rules
        .iter()
        .map(|rule| {
            let subsets: Vec<&str> = rule.spec.subsets.iter().map(|subset| subset.name.as_str()).collect();
            (
                rule.metadata.name.clone(),
                rule.metadata.namespace.clone().unwrap(),
                rule.spec.host.clone(),
                subsets.join(" "),
            )
        })
        .collect();
    let row = |name: &str, namespace: &str, host: &str, subsets: &str| {
        (name.to_owned(), namespace.to_owned(), format!("{host}.svc.cluster.local"), subsets.to_owned())
    };
    assert_eq!(
        rules,
        [row("web", "other", "c1.other", "stable canary"), row("web-2", "shop", "c0.shop", "stable next beta"),]
    );
    // A location without a policy has the subset of stable, if its Service has subsets.
    let subset_at = |path: &str| {
        let uri = Some(istio::StringMatch::Exact(path.to_owned()));
        let rule = objects.virtual_service.spec.http.iter().find(|rule| rule.matches.iter().any(|one| one.uri == uri));
        rule.unwrap().route[0].destination.subset.clone()
    };
    assert_eq!([subset_at("/static"), subset_at("/orders")], [Some("stable".to_owned()), None]);

    let host = on_one_service(&[("/", "c0:80", "canaries: [{ weight: 30 }]")]);
    let next: Location =
        host.locations()[0].clone().with_policy(Policy::percent(30).unwrap(), ["next:80".parse().unwrap()]).unwrap();
    let host = VirtualHost::new("web", [next]).unwrap().with_parents(["public".parse().unwrap()]).unwrap();
    let refused = istio::virtual_service_of_host(&host, &params).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "web Prefix /: backends: `next:80` is refused: subsets belong to the Service and port of stable"
    );
}

/// A virtual host without hosts is for every host, which is possible at a Gateway only. The name of a Service is not every host.
#[test]
fn a_virtual_host_without_hosts_is_for_gateways() {
    let hosts = |host: &VirtualHost, params: &VirtualServiceParams| {
        let objects = istio::virtual_service_of_host(host, params).map(|conversion| conversion.output);
        objects.map(|objects| objects.virtual_service.spec.hosts).map_err(|error| error.to_string())
    };
    let one = on_one_service(&[("/a", "c0:80", ""), ("/b", "c0:81", "")]);
    let two = on_one_service(&[("/a", "c0:80", ""), ("/b", "c1:80", "")]);
    let sidecars = |host: &VirtualHost| host.clone().with_parents([]).unwrap();
    let params = VirtualServiceParams::default();
    assert_eq!(hosts(&two, &params), Ok(vec!["*".to_owned()]));
    let missing = "hosts: none is given: the host `*` is for Gateways only: sidecars need the names of hosts";
    assert_eq!(hosts(&sidecars(&one), &params), Err(missing.to_owned()));
    assert_eq!(hosts(&one, &params.with_mesh()), Err(missing.to_owned()));
}
