//! HTTPRoutes of a virtual host.

use canary_policy::error::ConversionError;
use canary_policy::route::VirtualHost;
use canary_policy::targets::{LocationLoss, gateway};
use proptest::prelude::*;
use serde_json::Value;

use crate::util::cases;
use crate::util::crd::Crd;
use crate::util::former_tokens::with_former_tokens;
use crate::util::http_route::{Reader, routed, rules_broken};
use crate::util::outcome::Outcome;
use crate::util::request::Lines;
use crate::util::route::route;
use crate::util::tally::is_expected;
use crate::util::virtual_host::{NAMESPACE, decides, namespace_of, virtual_hosts};

/// The objects as JSON, and the losses. `None` if a policy needs too many rules for one object.
pub fn written(host: &VirtualHost) -> Option<(Vec<Value>, Vec<LocationLoss>)> {
    match gateway::http_routes_of_host(host, &gateway::RouteParams::default()) {
        Ok(conversion) => {
            let output = conversion.output.iter().map(|route| serde_json::to_value(route).unwrap());
            Some((output.collect(), conversion.losses))
        }
        Err(error) => {
            assert_too_many(host, &error);
            None
        }
    }
}

/// The outcome of a request.
pub fn answer(host: &VirtualHost, path: &str, request: &Lines) -> Outcome {
    routed(Reader::Envoy, &written(host).unwrap().0, path, request)
}

/// The only error of a generated virtual host: a policy with more than 16 rules.
pub fn assert_too_many(host: &VirtualHost, error: &ConversionError) {
    let ConversionError::Location { location, error, .. } = error else { panic!("{error}") };
    let at = host.locations().iter().find(|one| one.path().to_string() == location.as_str()).unwrap();
    let policy = at.policy().unwrap();
    let route = with_former_tokens(route(policy), at.former_tokens().cloned());
    assert!(matches!(**error, ConversionError::TooMany { .. }) && is_expected(error, policy, &route), "{error}");
}

/// Checks that an API server accepts the objects, that their names differ, and that backends are in the right namespace.
pub fn accepted(objects: &[Value]) -> Result<(), TestCaseError> {
    thread_local! {
        static CRD: Crd = Crd::read("gateway-experimental-HTTPRoute.yaml", "HTTPRoute", "v1");
    }
    let mut names: Vec<String> = Vec::new();
    for object in objects {
        let problems = CRD.with(|crd| crd.problems(object));
        prop_assert!(problems.is_empty() && rules_broken(object).is_empty(), "{:?} in {}", problems, object);
        let metadata = &object["metadata"];
        names.push(format!("{}/{}", metadata["namespace"], metadata["name"]));
        for rule in object["spec"]["rules"].as_array().unwrap() {
            for backend in rule["backendRefs"].as_array().unwrap() {
                let namespace = backend["namespace"].as_str().or(metadata["namespace"].as_str());
                prop_assert_eq!(namespace, Some(namespace_of(backend["name"].as_str().unwrap())));
            }
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    prop_assert_eq!(names.len(), all, "two objects have one name: {:?}", names);
    Ok(())
}

proptest! {
    #![proptest_config(cases(600))]

    /// The order of the objects makes no difference, because their age or name decides only between equal matches.
    #[test]
    fn objects_in_any_order_route_as_the_location_decides(case in virtual_hosts()) {
        let Some((mut objects, losses)) = written(&case.host) else { return Ok(()) };
        accepted(&objects)?;
        for _ in 0..2 {
            for request in &case.requests {
                decides(&case.host, &losses, request, routed(Reader::Envoy, &objects, &request.0, &request.1))?;
            }
            objects.reverse();
        }
        let elsewhere = losses.iter().filter(|loss| loss.to_string().contains("needs a ReferenceGrant")).count();
        let named = objects.iter().filter(|object| object.to_string().contains("\"namespace\":\"other\"")).count();
        prop_assert!((elsewhere > 0) == (named > 0), "{losses:?}");
        prop_assert!(objects.iter().all(|object| object["metadata"]["namespace"] == NAMESPACE));
    }
}
