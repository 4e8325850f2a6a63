//! To put a policy in is idempotent, to take it out gives the original back, and each request body changes what the policy owns.

use std::cell::Cell;

use canary_policy::error::EditError;
use canary_policy::policy::strategy;
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::{Policy, Route};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde_json::{Map, Value, json};

use crate::util::crd::Crd;
use crate::util::merge_patch::merged;
use crate::util::route::route;
use crate::util::{all_cases, cases, theirs};

/// The functions of a target, on objects in JSON.
struct Target {
    name: &'static str,
    theirs: fn() -> BoxedStrategy<Value>,
    put_in: fn(&Value, &Policy, &Route) -> Result<Value, EditError>,
    take_out: fn(&Value) -> Result<Value, EditError>,
    merge_patch: fn(&Value) -> Value,
    apply_configuration: fn(&Value) -> Value,
    owned: [&'static str; 3],
    /// The files of CRDs, with the kind and the version.
    crds: &'static [(&'static str, &'static str, &'static str)],
    /// The object as an API server stores it, with the defaults that it adds.
    stored: fn(Value) -> Value,
}

const TARGETS: [Target; 2] = [
    Target {
        name: "gateway",
        theirs: || theirs::http_route().boxed(),
        put_in: |object, policy, route| {
            let object: HttpRoute = serde_json::from_value(object.clone()).unwrap();
            let edited = gateway::with_policy(&object, policy, route, &RouteParams::default())?;
            Ok(serde_json::to_value(edited.output).unwrap())
        },
        take_out: |object| {
            let object: HttpRoute = serde_json::from_value(object.clone()).unwrap();
            Ok(serde_json::to_value(gateway::without_policy(&object)?).unwrap())
        },
        merge_patch: |object| {
            let object: HttpRoute = serde_json::from_value(object.clone()).unwrap();
            serde_json::to_value(gateway::merge_patch(&object)).unwrap()
        },
        apply_configuration: |object| {
            let object: HttpRoute = serde_json::from_value(object.clone()).unwrap();
            serde_json::to_value(gateway::apply_configuration(&object)).unwrap()
        },
        owned: gateway::OWNED_FIELDS,
        crds: &[
            ("gateway-standard-HTTPRoute.yaml", "HTTPRoute", "v1"),
            ("gateway-experimental-HTTPRoute.yaml", "HTTPRoute", "v1"),
        ],
        stored: stored_by_gateway_api,
    },
    Target {
        name: "istio",
        theirs: || theirs::virtual_service().boxed(),
        put_in: |object, policy, route| {
            let object: VirtualService = serde_json::from_value(object.clone()).unwrap();
            let edited = istio::with_policy(&object, policy, route, &VirtualServiceParams::default())?;
            Ok(serde_json::to_value(edited.output).unwrap())
        },
        take_out: |object| {
            let object: VirtualService = serde_json::from_value(object.clone()).unwrap();
            Ok(serde_json::to_value(istio::without_policy(&object)?).unwrap())
        },
        merge_patch: |object| {
            let object: VirtualService = serde_json::from_value(object.clone()).unwrap();
            serde_json::to_value(istio::merge_patch(&object)).unwrap()
        },
        apply_configuration: |object| {
            let object: VirtualService = serde_json::from_value(object.clone()).unwrap();
            serde_json::to_value(istio::apply_configuration(&object)).unwrap()
        },
        owned: istio::OWNED_FIELDS,
        crds: &[("istio-VirtualService.yaml", "VirtualService", "v1")],
        stored: |object| object,
    },
];

/// The defaults of the HTTPRoute CRD of version 1.6.1.
fn stored_by_gateway_api(mut object: Value) -> Value {
    let default = |object: &mut Value, name: &str, value: Value| {
        let field = &mut object[name];
        if field.is_null() {
            *field = value;
        }
    };
    let root = json!({ "type": "PathPrefix", "value": "/" });
    for rule in object["spec"]["rules"].as_array_mut().unwrap() {
        default(rule, "matches", json!([{}]));
        for found in rule["matches"].as_array_mut().unwrap() {
            default(found, "path", root.clone());
            for param in found.get_mut("queryParams").and_then(Value::as_array_mut).into_iter().flatten() {
                default(param, "type", json!("Exact"));
            }
        }
        for backend in rule["backendRefs"].as_array_mut().unwrap() {
            default(backend, "group", json!(""));
            default(backend, "kind", json!("Service"));
            default(backend, "weight", json!(1));
        }
    }
    object
}

/// The object without a map of annotations that is empty, which means the same.
fn without_empty_annotations(mut object: Value) -> Value {
    if object["metadata"]["annotations"] == json!({}) {
        object["metadata"].as_object_mut().unwrap().remove("annotations");
    }
    object
}

/// The paths of the fields of an object, as deep as those that are owned.
fn fields(object: &Value) -> Vec<String> {
    let below = |name: &str| object[name].as_object().unwrap_or(&Map::new()).clone();
    let annotations = below("metadata").get("annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let annotations = annotations.keys().map(|name| format!("metadata.annotations.{name}")).collect::<Vec<_>>();
    annotations.into_iter().chain(below("spec").keys().map(|name| format!("spec.{name}"))).collect()
}

#[test]
fn policies_are_put_in_replaced_and_taken_out() {
    for target in TARGETS {
        let (held, refused) = (Cell::new(0), Cell::new(0));
        let crds: Vec<Crd> = target.crds.iter().map(|(file, kind, version)| Crd::read(file, kind, version)).collect();
        let accepted = Cell::new(0);
        let strategy = (strategy::policy(), strategy::policy(), (target.theirs)());
        let mut runner = proptest::test_runner::TestRunner::new(cases(1_000));
        let result = runner.run(&strategy, |(policy, other, theirs)| {
            let put_in = |object: &Value, policy: &Policy| (target.put_in)(object, policy, &route(policy));
            prop_assert_eq!((target.take_out)(&theirs).unwrap(), theirs.clone());
            let Ok(edited) = put_in(&theirs, &policy) else {
                refused.set(refused.get() + 1);
                return Ok(());
            };
            held.set(held.get() + 1);
            prop_assert_eq!(put_in(&edited, &policy).unwrap(), edited.clone());
            prop_assert_eq!((target.take_out)(&edited).unwrap(), theirs.clone());
            prop_assert_eq!(put_in(&edited, &other), put_in(&theirs, &other));

            // Only what is owned changes, and the patch is enough to change it back and forth.
            let patch = (target.merge_patch)(&edited);
            prop_assert_eq!(fields(&patch), target.owned);
            prop_assert_eq!(merged(&theirs, &patch), edited.clone());
            prop_assert_eq!(merged(&edited, &patch), edited.clone());
            let back = merged(&edited, &(target.merge_patch)(&theirs));
            prop_assert_eq!(without_empty_annotations(back), theirs.clone());
            let applied = (target.apply_configuration)(&edited);
            prop_assert_eq!(fields(&applied), target.owned);
            prop_assert_eq!(merged(&theirs, &applied), edited.clone());

            // An API server that accepts the original accepts the edited object.
            for crd in crds.iter().filter(|crd| crd.problems(&theirs).is_empty()) {
                prop_assert_eq!(crd.problems(&edited), Vec::<String>::new());
                accepted.set(accepted.get() + 1);
            }

            // An API server adds defaults.
            let stored = |object: &Value| (target.stored)(object.clone());
            prop_assert_eq!(stored(&(target.take_out)(&stored(&edited)).unwrap()), stored(&theirs));
            prop_assert_eq!(stored(&put_in(&stored(&edited), &policy).unwrap()), stored(&edited));

            // Somebody puts the original rules back, and the annotations stay.
            let mut restored = edited.clone();
            restored["spec"] = theirs["spec"].clone();
            prop_assert_eq!(put_in(&restored, &policy).unwrap(), edited.clone());
            prop_assert_eq!((target.take_out)(&restored).unwrap(), theirs);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{}: {error}", target.name));
        let (held, refused) = (held.get(), refused.get());
        let is_tried = held > refused && accepted.get() > held / 2;
        assert!(!all_cases() || is_tried, "{}: {held} {refused} {}", target.name, accepted.get());
    }
}
