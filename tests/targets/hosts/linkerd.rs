//! The HTTPRoutes of the Services of virtual hosts.

use canary_policy::error::ConversionError;
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::linkerd;
use canary_policy::{Policy, Variant};
use proptest::prelude::*;
use serde_json::Value;

use super::gateway::{accepted, assert_too_many};
use crate::util::cases;
use crate::util::http_route::{Reader, routed};
use crate::util::outcome::Outcome;
use crate::util::request::Lines;
use crate::util::route::paths;
use crate::util::virtual_host::{NAMESPACE, decides, namespace_of, virtual_hosts};

/// The outcome of a request to a Service, such as `c0`. A Service without a route answers itself.
fn routed_to(objects: &[Value], service: &str, path: &str, request: &Lines) -> Outcome {
    let is_own = |object: &&Value| {
        let parent = &object["spec"]["parentRefs"][0];
        assert_eq!((&parent["kind"], &parent["port"]), (&"Service".into(), &80.into()));
        let namespace = object["metadata"]["namespace"].as_str().unwrap();
        assert_eq!(namespace, namespace_of(parent["name"].as_str().unwrap()));
        parent["name"] == service
    };
    let own: Vec<Value> = objects.iter().filter(is_own).cloned().collect();
    if own.is_empty() {
        let number = service.strip_prefix('c').unwrap().parse().unwrap();
        return Outcome::split(vec![(Variant::Canary(number), 1, None)]);
    }
    routed(Reader::Linkerd, &own, path, request)
}

/// The objects of virtual hosts, as JSON.
fn objects(hosts: &[VirtualHost]) -> Result<Vec<Value>, ConversionError> {
    let written = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default())?.output;
    Ok(written.iter().map(|route| serde_json::to_value(route).unwrap()).collect())
}

/// The outcome of a request that a proxy in front sends to the stable Service of the location that decides.
pub fn answer(host: &VirtualHost, path: &str, request: &Lines) -> Outcome {
    let Some(location) = host.location(path) else { return Outcome::Nothing };
    routed_to(&objects(std::slice::from_ref(host)).unwrap(), location.stable().service(), path, request)
}

proptest! {
    #![proptest_config(cases(600))]

    /// A proxy in front, such as an ingress controller, sends a request to the stable Service of the location that decides.
    #[test]
    fn a_service_answers_as_the_location_decides(case in virtual_hosts()) {
        let conversion = match linkerd::http_routes_of_hosts(std::slice::from_ref(&case.host), &linkerd::RouteParams::default()) {
            Ok(conversion) => conversion,
            Err(error) => {
                assert_too_many(&case.host, &error);
                return Ok(());
            }
        };
        let objects: Vec<Value> =
            conversion.output.iter().map(|route| serde_json::to_value(route).unwrap()).collect();
        accepted(&objects)?;
        for request in &case.requests {
            match case.host.location(&request.0) {
                Some(location) => {
                    let routed = routed_to(&objects, location.stable().service(), &request.0, &request.1);
                    decides(&case.host, &conversion.losses, request, routed)?;
                }
                // Other clients in the mesh have an answer too.
                None => {
                    for location in case.host.locations() {
                        let service = location.stable().service();
                        let routed = routed_to(&objects, service, &request.0, &request.1);
                        prop_assert!(routed != Outcome::Nothing, "{} of {}", request.0, service);
                    }
                }
            }
        }
    }

    /// Two hosts share Services: either each answers as it does alone, or the conflict is an error.
    #[test]
    fn hosts_that_share_a_service_answer_as_each_does_or_are_refused(one in virtual_hosts(), other in virtual_hosts()) {
        let hosts = [one.host.clone(), other.host.clone()];
        let alone = |host: &VirtualHost| objects(std::slice::from_ref(host));
        let (Ok(of_one), Ok(of_other)) = (alone(&one.host), alone(&other.host)) else { return Ok(()) };
        let expected = [(&one, of_one), (&other, of_other)];
        let requests: Vec<&(String, Lines)> = one.requests.iter().chain(&other.requests).collect();
        let together = objects(&hosts);
        let mut differs = false;
        for (case, alone) in &expected {
            for (path, request) in &requests {
                let Some(location) = case.host.location(path) else { continue };
                let service = location.stable().service();
                if let Ok(together) = &together {
                    let (routed, expected) = (routed_to(together, service, path, request), routed_to(alone, service, path, request));
                    prop_assert!(same(&routed, &expected), "{path} {request:?}: {routed:?} instead of {expected:?}");
                }
                let in_other = expected.iter().filter_map(|(case, _)| case.host.location(path));
                differs |= in_other.filter(|one| one.stable() == location.stable()).any(|one| !alike(one, location));
            }
        }
        match together {
            Ok(together) => {
                prop_assert!(!differs);
                accepted(&together)?;
            }
            Err(error) => {
                let ConversionError::Location { error, .. } = error else { panic!("{error}") };
                prop_assert!(matches!(*error, ConversionError::Conflict { .. }), "{error}");
            }
        }
    }
}

/// A location without a policy and the fallback write the same.
fn same(one: &Outcome, other: &Outcome) -> bool {
    one == other || (one.variant().is_some() && one.variant() == other.variant())
}

fn alike(one: &Location, other: &Location) -> bool {
    one.policy() == other.policy() && one.canaries() == other.canaries() && one.former_tokens() == other.former_tokens()
}

/// A virtual host from rows of a path, a stable Service and the share of its canary `c10`, or none.
fn host(name: &str, rows: &[(&str, &str, Option<u32>)]) -> VirtualHost {
    let location = |(path, stable, percent): &(&str, &str, Option<u32>)| {
        let location = Location::new(paths(path).remove(0), stable.parse().unwrap());
        match percent {
            None => location,
            Some(percent) => {
                location.with_policy(Policy::percent(*percent).unwrap(), ["c10:80".parse().unwrap()]).unwrap()
            }
        }
    };
    VirtualHost::new(name, rows.iter().map(location)).unwrap().with_namespace(NAMESPACE).unwrap()
}

/// Each row has the locations of two hosts, and the error.
#[test]
fn hosts_that_a_service_cannot_tell_apart_are_refused() {
    type Rows = &'static [(&'static str, &'static str, Option<u32>)];
    let rows: [(Rows, Rows, Option<&str>); 9] = [
        (&[("/", "c0:80", Some(30))], &[("/", "c0:80", Some(30))], None),
        (&[("/", "c0:80", Some(30))], &[("/", "c0:80", Some(40))], Some("shop/b Prefix /: policy: `shop/a Prefix /`")),
        (&[("/", "c0:80", Some(30))], &[("/", "c0:80", None)], Some("shop/b Prefix /: policy: `shop/a Prefix /`")),
        (&[("/", "c0:80", Some(30))], &[("/", "c1:80", Some(40))], None),
        // The longer path of one host decides requests to the shorter one of the other.
        (
            &[("/", "c0:80", Some(30))],
            &[("/api", "c0:80", Some(40))],
            Some("shop/a Prefix /: policy: `shop/b Prefix /api`"),
        ),
        (
            &[("/", "c0:80", Some(30)), ("=/api", "c1:80", None)],
            &[("/api", "c0:80", Some(40))],
            Some("shop/a Prefix /: policy: `shop/b Prefix /api`"),
        ),
        // The other host has another Service there, or the same policy.
        (&[("/", "c0:80", Some(30)), ("/api", "c1:80", None)], &[("/api", "c0:80", Some(40))], None),
        (&[("/", "c0:80", Some(30))], &[("/api", "c0:80", Some(30))], None),
        (&[("/b", "c0:80", Some(30))], &[("/api", "c0:80", Some(40))], None),
    ];
    for (a, b, expected) in rows {
        let outcome = objects(&[host("a", a), host("b", b)]);
        match expected {
            None => assert!(outcome.is_ok(), "{a:?} {b:?}: {outcome:?}"),
            Some(text) => {
                let error = outcome.unwrap_err().to_string();
                assert!(error.starts_with(&format!("{text} decides the same requests in another way: ")), "{error}");
            }
        }
    }
}

/// The rules of each Service, with the names of the objects and the number of rules.
#[test]
fn each_service_has_its_locations_and_one_fallback() {
    let names = |hosts: &[VirtualHost]| -> Vec<(String, String, usize)> {
        let objects = objects(hosts).unwrap();
        let name = |object: &Value| {
            let rules = object["spec"]["rules"].as_array().unwrap().len();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]), rules)
        };
        objects.iter().map(name).collect()
    };
    let row = |namespace: &str, name: &str, rules| (namespace.to_owned(), name.to_owned(), rules);
    // A Service without a policy needs no object. `/orders` has another Service, and does not count.
    let shop = host("shop", &[("/", "c0:80", Some(30)), ("/orders", "c1:80", None)]);
    assert_eq!(names(&[shop]), [row("shop", "c0.80", 1)]);
    // The location without a policy is written, or the split of `/` would have its requests.
    let shop = host("shop", &[("/", "c0:80", Some(30)), ("/static", "c0:80", None)]);
    assert_eq!(names(&[shop]), [row("shop", "c0.80", 1), row("shop", "c0.80-2", 1)]);
    // Two hosts, one of which does not have `/`: one fallback in all.
    let both = [host("a", &[("/a", "c0:80", Some(30))]), host("b", &[("/b", "c0:80", Some(40))])];
    assert_eq!(names(&both), [row("shop", "c0.80", 1), row("shop", "c0.80-2", 2)]);
    // Each Service is in its own namespace, and each of its ports has a name.
    let ports = host("a", &[("/a", "c0:80", Some(30)), ("/b", "c0:81", Some(30)), ("/c", "other/c0:80", Some(30))]);
    assert_eq!(names(&[ports]), [row("other", "c0.80", 2), row("shop", "c0.80", 2), row("shop", "c0.81", 2)]);

    // The port `http` may be 80, whose requests are split.
    for (port, why) in [
        (":http", Some("needs a port number: a policy splits a port of its Service, which may be the same one")),
        (":81", None),
    ] {
        let stable = format!("c0{port}");
        let shop = host("shop", &[("/", "c0:80", Some(30)), ("/static", &stable, None)]);
        let error = objects(&[shop]).err().map(|error| error.to_string());
        assert_eq!(error, why.map(|why| format!("shop/shop Prefix /static: backends: `shop/{stable}` {why}")));
    }

    let unknown = Location::new(paths("/").remove(0), "other/c0:80".parse().unwrap());
    let unknown = unknown.with_policy(Policy::percent(30).unwrap(), ["c10:80".parse().unwrap()]).unwrap();
    assert_eq!(
        objects(&[VirtualHost::new("a", [unknown]).unwrap()]).unwrap_err().to_string(),
        "a Prefix /: backends: `c10:80` is refused: the object is in the namespace of stable, so a canary needs a namespace too"
    );
}

/// Exactly `/` and the fallback are equally specific to older proxies. By name, `c0.80-10` comes before `c0.80-9`.
#[test]
fn exactly_the_root_comes_before_the_fallback() {
    for (count, root) in (1..=12).flat_map(|count| [(count, None), (count, Some(50))]) {
        let paths: Vec<String> = (0..count).map(|index| format!("=/p{index}")).collect();
        let mut rows: Vec<(&str, &str, Option<u32>)> =
            paths.iter().zip(1..).map(|(path, percent)| (path.as_str(), "c0:80", Some(percent))).collect();
        rows.extend([("=/", "c0:80", root), ("/q", "c0:80", Some(60))]);
        let mut objects = objects(&[host("a", &rows)]).unwrap();
        assert_eq!(objects.len(), count + 2);
        objects.sort_by_key(|object| object["metadata"]["name"].as_str().unwrap().to_owned());
        let shares = |path: &str| match routed(Reader::OldLinkerd, &objects, path, &Vec::new()) {
            Outcome::Split(destinations) => destinations.len(),
            other => panic!("{other:?}"),
        };
        let expected = [if root.is_some() { 2 } else { 1 }, 1, 2, 2];
        assert_eq!([shares("/"), shares("/other"), shares("/p0"), shares("/q")], expected, "{count} {root:?}");
    }
}
