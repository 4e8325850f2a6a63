//! The RouteConfiguration of virtual hosts, and the objects of Gloo, which is built on Envoy: lists whose order decides.

use canary_policy::route::VirtualHost;
use canary_policy::targets::{envoy, gloo};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::cases;
use crate::util::crd::Crd;
use crate::util::envoy::routed;
use crate::util::gloo::translated;
use crate::util::outcome::Outcome;
use crate::util::request::Lines;
use crate::util::virtual_host::{Case, decides, namespace_of, virtual_hosts, with_each};

/// The configuration with the names of clusters that the reader of one policy expects: `c0:80` in place of `shop/c0:80`.
fn without_namespaces(mut configuration: Value) -> Value {
    with_each(&mut configuration, &|fields| {
        for field in ["cluster", "name"] {
            let Some(Value::String(name)) = fields.get(field) else { continue };
            let Some((namespace, backend)) = name.split_once('/') else {
                assert!(!name.contains(':'), "{name} has no namespace");
                continue;
            };
            assert_eq!(namespace, namespace_of(backend.split(':').next().unwrap()));
            let backend = json!(backend);
            fields.insert(field.to_owned(), backend);
        }
    });
    configuration
}

/// The outcome of a request by Envoy.
pub fn envoy_answer(host: &VirtualHost, path: &str, request: &Lines) -> Outcome {
    let hosts = std::slice::from_ref(host);
    let conversion = envoy::route_configuration_of_hosts("public", hosts, &envoy::RouteParams::default()).unwrap();
    routed(&without_namespaces(serde_json::to_value(conversion.output).unwrap()), path, request)
}

/// The VirtualService with each destination in the namespace that the reader of one policy expects.
fn in_default_namespace(mut service: Value) -> Value {
    with_each(&mut service, &|fields| {
        if let Some(Value::Object(reference)) = fields.get_mut("ref") {
            assert_eq!(reference["namespace"], namespace_of(reference["name"].as_str().unwrap()));
            reference.insert("namespace".to_owned(), json!("default"));
        }
    });
    service
}

/// The outcome of a request by Gloo.
pub fn gloo_answer(host: &VirtualHost, path: &str, request: &Lines) -> Outcome {
    let service = gloo::virtual_service_of_host(host).unwrap().output;
    routed(&translated(&in_default_namespace(serde_json::to_value(service).unwrap())), path, request)
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_configuration_routes_as_the_location_decides(one in virtual_hosts(), other in virtual_hosts()) {
        let host = |case: &Case, host: &str| case.host.clone().with_hosts([host.parse().unwrap()]).unwrap();
        let hosts = [host(&one, "a.test"), host(&other, "b.test")];
        let params = envoy::RouteParams::default();
        let conversion = envoy::route_configuration_of_hosts("public", &hosts, &params).unwrap();
        let written = without_namespaces(serde_json::to_value(conversion.output).unwrap());
        prop_assert_eq!(&written["name"], "public");
        for (index, case) in [&one, &other].into_iter().enumerate() {
            let virtual_host = &written["virtual_hosts"][index];
            prop_assert_eq!(&virtual_host["domains"], &json!([hosts[index].hosts()[0].as_str()]));
            let configuration = json!({ "virtual_hosts": [virtual_host] });
            // Both virtual hosts have the same name and may have the same paths. Their losses are in the order of the hosts.
            let alone = envoy::route_configuration_of_hosts("public", &hosts[index..=index], &params).unwrap();
            for request in &case.requests {
                decides(&case.host, &alone.losses, request, routed(&configuration, &request.0, &request.1))?;
            }
        }
    }

    #[test]
    fn gloo_routes_as_the_location_decides(case in virtual_hosts()) {
        thread_local! {
            static CRD: Crd = Crd::read("gloo-VirtualService.yaml", "VirtualService", "v1");
            static TABLE: Crd = Crd::read("gloo-RouteTable.yaml", "RouteTable", "v1");
        }
        let conversion = gloo::virtual_service_of_host(&case.host).unwrap();
        let service = serde_json::to_value(conversion.output).unwrap();
        let table = gloo::route_table_of_host(&case.host).unwrap();
        let table = serde_json::to_value(table.output).unwrap();
        prop_assert_eq!(&table["spec"]["routes"], &service["spec"]["virtualHost"]["routes"]);
        let problems = [CRD.with(|crd| crd.problems(&service)), TABLE.with(|crd| crd.problems(&table))].concat();
        prop_assert!(problems.is_empty(), "{:?} in {}", problems, service);
        let service = in_default_namespace(service);
        for request in &case.requests {
            let routed = routed(&translated(&service), &request.0, &request.1);
            decides(&case.host, &conversion.losses, request, routed)?;
        }
    }
}
