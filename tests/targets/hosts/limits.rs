//! The limits of objects, their names and their annotations.

use std::collections::BTreeSet;

use canary_policy::error::ConversionError;
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::{Metadata, envoy, gateway, gloo, istio};
use canary_policy::{Canary, HeaderRule, Match};
use canary_policy::{Loss, Policy, Total};

use crate::util::route::{many_paths, paths, route_to};
use crate::util::texts;

/// A virtual host from rows of a path, a stable Service and a policy, whose canary is `next:80`.
fn host(rows: impl IntoIterator<Item = (Path, String, Option<Policy>)>) -> VirtualHost {
    let location = |(path, stable, policy): (Path, String, Option<Policy>)| {
        let location = Location::new(path, stable.parse().unwrap());
        match policy {
            None => location,
            Some(policy) => location.with_policy(policy, ["next:80".parse().unwrap()]).unwrap(),
        }
    };
    let host = VirtualHost::new("web", rows.into_iter().map(location)).unwrap();
    host.with_parents(["public".parse().unwrap()]).unwrap()
}

fn service(index: usize) -> String {
    format!("s{index}:80")
}

/// The HTTPRoutes, each with its name, its number of rules and its number of matches.
fn sizes(host: &VirtualHost) -> Vec<(String, usize, usize)> {
    let routes = gateway::http_routes_of_host(host, &gateway::RouteParams::default()).unwrap().exact().unwrap();
    let names: BTreeSet<&str> = routes.iter().map(|route| route.metadata.name.as_str()).collect();
    assert_eq!(names.len(), routes.len());
    let size = |route: &gateway::HttpRoute| {
        let matches = route.spec.rules.iter().map(|rule| rule.matches.len());
        assert!(matches.clone().all(|count| (1..=64).contains(&count)));
        (route.metadata.name.clone(), route.spec.rules.len(), matches.sum())
    };
    routes.iter().map(size).collect()
}

fn row(name: &str, rules: usize, matches: usize) -> (String, usize, usize) {
    (name.to_owned(), rules, matches)
}

#[test]
fn a_hundred_locations_without_a_policy_share_objects() {
    // Each has its own Service, and needs a rule.
    let alone = host(many_paths(100).into_iter().enumerate().map(|(index, path)| (path, service(index), None)));
    let mut expected: Vec<_> = (1..=6).map(|number| row(&name(number), 16, 16)).collect();
    expected.push(row("web-7", 4, 4));
    assert_eq!(sizes(&alone), expected);
    // All have one Service: a rule has 64 matches, and an object 128.
    let together = host(many_paths(200).into_iter().map(|path| (path, service(0), None)));
    assert_eq!(sizes(&together), [row("web", 2, 128), row("web-2", 2, 72)]);
}

fn name(number: usize) -> String {
    if number == 1 { "web".to_owned() } else { format!("web-{number}") }
}

#[test]
fn a_hundred_locations_with_policies_have_objects_of_their_own() {
    let rows = many_paths(100).into_iter().enumerate();
    let policy = |index: usize| Some(Policy::percent(u32::try_from(index).unwrap()).unwrap());
    let alone = host(rows.clone().map(|(index, path)| (path, service(index), policy(index))));
    assert_eq!(sizes(&alone).len(), 100);
    // Those that lead alike share an object, wherever they are.
    let alike = host(rows.map(|(index, path)| (path, service(index % 2), policy(30))));
    assert_eq!(sizes(&alike), [row("web", 1, 50), row("web-2", 1, 50)]);
}

/// An object with a policy, and one without; each has 16 of the 20 hosts, or the others.
#[test]
fn every_object_is_written_for_all_hosts() {
    let [prefix, root] = [paths("/a").remove(0), paths("/").remove(0)];
    let host = host([(prefix, service(0), Some(Policy::percent(30).unwrap())), (root, service(1), None)]);
    let hosts: Vec<_> = (0..20).map(|index| format!("h{index}.test").parse().unwrap()).collect();
    let host = host.with_hosts(hosts).unwrap();
    let routes = gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap().exact().unwrap();
    let objects = routes.iter().map(|route| (route.metadata.name.as_str(), route.spec.hostnames.len()));
    assert!(objects.eq([("web", 16), ("web-2", 16), ("web-3", 4), ("web-4", 4)]));
    let long = VirtualHost::new(&"a".repeat(252), host.locations().to_vec()).unwrap();
    let long = long.with_parents(["public".parse().unwrap()]).unwrap();
    let error = gateway::http_routes_of_host(&long, &gateway::RouteParams::default()).unwrap_err();
    assert!(matches!(error, ConversionError::Invalid { field: "name", .. }), "{error}");
}

/// No object has a match for paths that no location has.
#[test]
fn there_is_no_catch_all() {
    let host = host([
        (paths("/a").remove(0), service(0), Some(Policy::percent(30).unwrap())),
        (paths("=/").remove(0), service(1), None),
    ]);
    let routes = gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap().exact().unwrap();
    let matches = routes.iter().flat_map(|route| &route.spec.rules).flat_map(|rule| &rule.matches);
    let of_paths = matches.map(|one| one.path.as_ref().map(|path| (&*path.kind, path.value.as_str())));
    assert!(of_paths.eq([Some(("Exact", "/")), Some(("PathPrefix", "/a"))]));
    let objects =
        istio::virtual_service_of_host(&host, &istio::VirtualServiceParams::default()).unwrap().exact().unwrap();
    assert!(objects.virtual_service.spec.http.iter().all(|rule| rule.matches.iter().all(|one| one.uri.is_some())));
}

/// The size of an object is that of all its runs. 3,000 Services with long paths do not fit, and the error names no location.
#[test]
fn an_object_that_kubernetes_cannot_store_is_an_error() {
    let of = |count: usize| {
        let rows = (0..count).map(|index| (Path::prefix(&format!("/{index:0200}")).unwrap(), service(index), None));
        host(rows)
    };
    let params = istio::VirtualServiceParams::default();
    for (count, fits) in [(1_000, true), (3_000, false)] {
        match istio::virtual_service_of_host(&of(count), &params) {
            Ok(conversion) => {
                let object = serde_json::to_string(&conversion.output.virtual_service).unwrap();
                assert!(fits && object.len() < 1_572_864, "{} bytes", object.len());
            }
            Err(error) => assert!(!fits && matches!(error, ConversionError::TooLarge { .. }), "{error}"),
        }
        assert_eq!(gloo::virtual_service_of_host(&of(count)).is_ok(), fits);
    }
    // The annotation names the paths of each policy.
    let policy = |index: usize| Some(Policy::percent(u32::try_from(index % 2).unwrap()).unwrap());
    let rows = (0..1_100).map(|index| (Path::exact(&format!("/{index:0240}")).unwrap(), service(0), policy(index)));
    let error = gloo::virtual_service_of_host(&host(rows)).unwrap_err().to_string();
    assert!(
        error.starts_with("paths: the annotation canary-policy/variants of an object with all of them has"),
        "{error}"
    );
}

#[test]
fn the_annotation_has_a_line_for_each_policy() {
    let policy = |percent| Some(Policy::percent(percent).unwrap());
    let rows = |text: &str| paths(text).into_iter();
    let mut all: Vec<_> = rows("/ =/pay").map(|path| (path, service(0), policy(30))).collect();
    all.extend(rows("/api").map(|path| (path, "other/s1:80".to_owned(), policy(5))));
    all.extend(rows("/static").map(|path| (path, service(2), None)));
    let variants = |host: &VirtualHost| {
        let metadata = gloo::virtual_service_of_host(host).unwrap().output.metadata;
        metadata.annotations.get(Metadata::VARIANTS).cloned()
    };
    let several = host(all.clone());
    let text = "Exact:/pay Prefix:/ total=100 stable=s0:80 canary=next:80\nPrefix:/api total=100 stable=other/s1:80 canary=next:80";
    assert_eq!(variants(&several).as_deref(), Some(text));
    let one_and_plain = host([all[0].clone(), all[3].clone()]);
    assert_eq!(variants(&one_and_plain).as_deref(), Some("Prefix:/ total=100 stable=s0:80 canary=next:80"));
    let one = host([all[0].clone(), all[1].clone()]);
    assert_eq!(variants(&one).as_deref(), Some("total=100 stable=s0:80 canary=next:80"));
    assert_eq!(variants(&host([all[3].clone()])), None);

    // A reader of one policy says that it does not read an object of several. Of one policy beside other paths it
    // reads the policy, and the other paths are findings.
    let params = istio::VirtualServiceParams::default();
    let read = |host: &VirtualHost| {
        let written = istio::virtual_service_of_host(host, &params).unwrap().exact().unwrap();
        istio::read(&written.virtual_service).map(|reading| reading.policy).map_err(|error| error.to_string())
    };
    let refused = "metadata.annotations[canary-policy/variants]: the object is for several locations of a virtual host, and not for \
                   one policy: `read_hosts` reads such objects";
    assert_eq!(read(&several), Err(refused.to_owned()));
    assert_eq!(read(&one_and_plain), Ok(Policy::percent(30).unwrap()));
    assert_eq!(read(&one), Ok(Policy::percent(30).unwrap()));
}

/// A virtual host with one policy is written as its route is.
#[test]
fn a_virtual_host_of_a_route_is_written_as_the_route() {
    let rule = HeaderRule::new("x-canary", Match::AlwaysNever).unwrap();
    let canary = Canary::new("canary", 5).unwrap().with_header(rule);
    let policy = Policy::new([canary], Total::new(1000).unwrap()).unwrap();
    let route = route_to("web:80", &["next/web:80"]).with_parents(["public".parse().unwrap()]).unwrap();
    let route = route.with_paths(paths("=/pay /cart /a")).unwrap().with_hosts(["*.test".parse().unwrap()]).unwrap();
    let host = VirtualHost::of_route(&policy, &route).unwrap();
    let params = gateway::RouteParams::default();
    let of_route = gateway::http_routes(&policy, &route, &params).unwrap();
    let of_host = gateway::http_routes_of_host(&host, &params).unwrap();
    assert_eq!(of_host.output, of_route.output);
    // The policy's losses are those of three locations, and the loss of a host belongs to none.
    let losses: Vec<&Loss> = of_host.losses.iter().map(|loss| &loss.loss).collect();
    assert_eq!((of_route.losses.len(), losses.len()), (2, 4));
    let needs = "backends.canaries[0]: `next/web:80` needs a ReferenceGrant in the namespace of the Service: without one, the \
                 requests to this backend fail";
    assert_eq!(texts(&of_route.losses)[0], needs);
    let params = istio::VirtualServiceParams::default();
    let of_route = istio::virtual_service(&policy, &route, &params).unwrap().output;
    let of_host = istio::virtual_service_of_host(&host, &params).unwrap().output;
    assert_eq!(of_host.virtual_service, of_route.virtual_service);
    assert_eq!(
        gloo::virtual_service_of_host(&host).unwrap().output,
        gloo::virtual_service(&policy, &route).unwrap().output
    );
    let params = envoy::RouteParams::default();
    let of_host = envoy::route_configuration_of_hosts("web", &[host], &params).unwrap().output;
    assert_eq!(of_host, envoy::route_configuration(&policy, &route, &params).unwrap().output);
}

#[test]
fn a_domain_belongs_to_one_virtual_host_of_envoy() {
    let plain = |hosts: &[&str]| {
        let one = host([(paths("/").remove(0), service(0), None)]);
        one.with_hosts(hosts.iter().map(|host| host.parse().unwrap())).unwrap()
    };
    let error = |hosts: &[VirtualHost]| {
        let outcome = envoy::route_configuration_of_hosts("public", hosts, &envoy::RouteParams::default());
        outcome.err().map(|error| error.to_string())
    };
    assert_eq!(error(&[plain(&["a.test"]), plain(&["b.test", "*.a.test"]), plain(&[])]), None);
    let why = "is refused: a domain belongs to one virtual host of a RouteConfiguration";
    assert_eq!(error(&[plain(&["a.test"]), plain(&["b.test", "a.test"])]), Some(format!("web: hosts: `a.test` {why}")));
    assert_eq!(error(&[plain(&[]), plain(&[])]), Some(format!("web: hosts: `*` {why}")));
}
