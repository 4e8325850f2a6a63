//! HTTPRoutes whose answer depends on other objects: ReferenceGrants and GRPCRoutes.

use canary_policy::migrate::{self, Answer};
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::VirtualHostReading;
use canary_policy::targets::gateway::{self, GrpcRoute, HttpRoute, ReferenceGrant, RouteObjects};
use serde_json::{Value, json};

/// A route in the namespace `shop` of this kind for hosts, with these rules.
fn route(kind: &str, name: &str, hosts: &[&str], rules: &Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "parentRefs": [{ "name": "public" }], "hostnames": hosts, "rules": rules },
    })
}

fn http(name: &str, hosts: &[&str], rules: &Value) -> HttpRoute {
    serde_json::from_value(route("HTTPRoute", name, hosts, rules)).unwrap()
}

fn grpc(name: &str, hosts: &[&str], rules: &Value) -> GrpcRoute {
    serde_json::from_value(route("GRPCRoute", name, hosts, rules)).unwrap()
}

/// A virtual host in the namespace `shop` whose requests go to one Service, or to that of `/a`.
fn host(name: &str, stable: &str) -> VirtualHost {
    let location = |path: &str, backend: &str| Location::new(Path::prefix(path).unwrap(), backend.parse().unwrap());
    let host = VirtualHost::new("web", [location("/", stable), location("/a", "web:80")]).unwrap();
    host.with_namespace("shop").unwrap().with_hosts([name.parse().unwrap()]).unwrap()
}

/// The answer for each path of each host, and the findings.
fn proof(before: &[VirtualHost], read: &[VirtualHostReading]) -> (Vec<String>, Vec<String>) {
    let word = |answer: &Answer| match answer {
        Answer::Same => "same",
        Answer::Differs(_) => "differs",
        _ => "unread",
    };
    let locations = migrate::verify(before, read).locations;
    let answers = locations.iter().map(|one| format!("{} {} {}", one.hosts, one.path.as_str(), word(&one.answer)));
    let findings = read.iter().flat_map(|reading| &reading.findings).map(ToString::to_string);
    (answers.collect(), findings.collect())
}

fn grant(namespace: &str, from: &Value, to: &Value) -> ReferenceGrant {
    let grant = json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": { "name": "grant", "namespace": namespace },
        "spec": { "from": [from], "to": [to] },
    });
    serde_json::from_value(grant).unwrap()
}

/// Each row is a grant, and whether it permits the backend.
#[test]
fn a_backend_of_another_namespace_needs_a_grant() {
    let backend = |name: &str, namespace: Option<&str>| json!({ "name": name, "namespace": namespace, "port": 80 });
    let to_a = json!([{ "path": { "type": "PathPrefix", "value": "/a" } }]);
    let rules = json!([
        { "backendRefs": [backend("api", Some("t"))] },
        { "matches": to_a, "backendRefs": [backend("web", Some("shop"))] },
    ]);
    let routes = [http("web", &["a.test"], &rules)];
    let before = [host("a.test", "t/api:80")];
    let group = "gateway.networking.k8s.io";
    let from = json!({ "group": group, "kind": "HTTPRoute", "namespace": "shop" });
    let to = json!({ "group": "", "kind": "Service" });
    for (grants, is_permitted) in [
        (vec![], false),
        (vec![grant("t", &from, &to)], true),
        (vec![grant("t", &from, &json!({ "group": "", "kind": "Service", "name": "api" }))], true),
        (vec![grant("t", &from, &json!({ "group": "", "kind": "Service", "name": "web" }))], false),
        (vec![grant("t", &from, &json!({ "group": "", "kind": "Secret" }))], false),
        (vec![grant("t", &json!({ "group": group, "kind": "GRPCRoute", "namespace": "shop" }), &to)], false),
        (vec![grant("t", &json!({ "group": group, "kind": "HTTPRoute", "namespace": "t" }), &to)], false),
        (vec![grant("t", &json!({ "group": "", "kind": "HTTPRoute", "namespace": "shop" }), &to)], false),
        // A grant is for its own namespace.
        (vec![grant("shop", &from, &to)], false),
        (vec![grant("shop", &from, &to), grant("t", &from, &to)], true),
    ] {
        let read = gateway::read_objects(&RouteObjects::new(&routes).with_grants(&grants), &before).unwrap();
        let root = if is_permitted { "a.test / same" } else { "a.test / unread" };
        let finding = "web.spec.rules[0].backendRefs[0]: `t/api` needs a ReferenceGrant in the namespace of the Service: none \
                       permits it, and without one, the requests to this backend fail";
        let findings = if is_permitted { vec![] } else { vec![finding.to_owned()] };
        assert_eq!(proof(&before, &read), (vec!["a.test /a same".to_owned(), root.to_owned()], findings), "{grants:?}");
    }
    // A backend that gets no request needs none.
    let mut without = rules.clone();
    without[0]["backendRefs"] =
        json!([{ "name": "web", "port": 80 }, { "name": "api", "namespace": "t", "port": 80, "weight": 0 }]);
    let routes = [http("web", &["a.test"], &without)];
    let read = gateway::read_objects(&RouteObjects::new(&routes).with_grants(&[]), &[]).unwrap();
    assert!(read[0].findings.is_empty() && read[0].inexact.is_empty(), "{read:?}");

    // If the grants are not known, every backend is taken to be permitted.
    let routes = [http("web", &["a.test"], &rules)];
    assert_eq!(proof(&before, &gateway::read_hosts(&routes, &before).unwrap()).1, Vec::<String>::new());

    let mut other = grant("t", &from, &to);
    other.kind = "Grant".into();
    let error = gateway::read_objects(&RouteObjects::new(&routes).with_grants(&[other]), &[]).unwrap_err();
    assert_eq!(error.to_string(), "kind: `Grant` is not ReferenceGrant");
}

/// Each row has the hosts of an HTTPRoute and of a GRPCRoute, and the hosts that are not compared.
#[test]
fn the_hosts_of_a_grpc_route_are_not_compared() {
    let to = |name: &str| json!([{ "name": name, "port": 80 }]);
    let rules = json!([
        { "backendRefs": to("web") },
        { "matches": [{ "path": { "type": "PathPrefix", "value": "/a" } }], "backendRefs": to("web") },
    ]);
    let method =
        json!([{ "matches": [{ "method": { "service": "shop.Cart", "method": "Get" } }], "backendRefs": to("web") }]);
    for (of_http, of_grpc, unread) in [
        (&["a.test", "b.test"][..], &["c.test"][..], &["c.test"][..]),
        (&["a.test", "b.test"], &["a.test"], &["a.test", "b.test"]),
        (&["*.x.test"], &["y.x.test"], &["*.x.test", "y.x.test"]),
        (&["y.x.test"], &["*.x.test"], &["*.x.test", "y.x.test"]),
        (&["*.x.test"], &["*.z.x.test"], &["*.x.test", "*.z.x.test"]),
        (&["*.x.test"], &["x.test"], &["x.test"]),
        (&["a.test"], &[], &["a.test", "every other host"]),
        (&[], &["a.test"], &["a.test", "every other host"]),
        (&["a.test"], &["b.a.test"], &["b.a.test"]),
    ] {
        let (routes, grpc_routes) = ([http("web", of_http, &rules)], [grpc("web", of_grpc, &method)]);
        let objects = RouteObjects::new(&routes).with_grpc_routes(&grpc_routes);
        let named: Vec<VirtualHost> =
            unread.iter().filter(|name| !name.contains(' ')).map(|name| host(name, "web:80")).collect();
        let read = gateway::read_objects(&objects, &named).unwrap();
        let mut left: Vec<String> = migrate::verify(&named, &read)
            .locations
            .iter()
            .filter(|one| one.answer == Answer::Unread && !one.hosts.to_string().contains("two or more"))
            .map(|one| one.hosts.to_string())
            .collect();
        left.sort();
        left.dedup();
        assert_eq!(left, unread, "{of_http:?} {of_grpc:?}");
        let findings = read.iter().flat_map(|reading| &reading.findings).map(ToString::to_string);
        let conflicts = findings.filter(|finding| finding.contains("accepts only one of the two")).count();
        assert_eq!(conflicts > 0, unread.len() > 1, "{of_http:?} {of_grpc:?}");
    }
}

/// Each row is a match of a GRPCRoute, and the path that it is read as.
#[test]
fn a_method_is_read_as_its_path() {
    for (matches, paths) in [
        (json!([{ "method": { "service": "a.B", "method": "Get" } }]), &["Exact /a.B/Get"][..]),
        (json!([{ "method": { "service": "a.B" } }]), &["Prefix /a.B"]),
        (json!([{ "headers": [{ "name": "x", "value": "y" }] }, {}]), &["Prefix /"]),
        (json!([]), &["Prefix /"]),
        // A method of every service has no path of a route.
        (json!([{}, { "method": { "method": "Get" } }]), &["Prefix /"]),
        (json!([{}, { "method": { "type": "RegularExpression", "service": ".*", "method": "Get" } }]), &["Prefix /"]),
    ] {
        let rules = json!([{ "matches": matches, "backendRefs": [{ "name": "web", "port": 80 }] }]);
        let routes = [grpc("web", &["a.test"], &rules)];
        let read = gateway::read_objects(&RouteObjects::default().with_grpc_routes(&routes), &[]).unwrap();
        let found: Vec<String> = read[0].virtual_host.locations().iter().map(|one| one.path().to_string()).collect();
        assert_eq!(found, paths, "{matches}");
        // Nothing is proven, whatever a virtual host did before.
        let answers = proof(&[host("a.test", "web:80")], &read).0;
        assert!(answers.iter().all(|answer| answer.ends_with("unread")), "{answers:?}");
    }
}

/// A regular expression for a path may decide about every path that no other rule has.
#[test]
fn a_path_that_is_not_read_may_be_any() {
    let to = json!([{ "name": "web", "port": 80 }]);
    let regex = json!({ "path": { "type": "RegularExpression", "value": "/x.*" } });
    let a = json!({ "path": { "type": "PathPrefix", "value": "/a" } });
    let rules = json!([{ "matches": [a], "backendRefs": to }, { "matches": [regex], "backendRefs": to }]);
    let read = gateway::read_hosts(&[http("web", &["a.test"], &rules)], &[]).unwrap();
    let answers = proof(&[host("a.test", "api:80")], &read).0;
    assert_eq!(answers, ["a.test /a unread", "a.test / unread"]);
}

/// A match of the method alone has no service. An API server refuses an empty one.
#[test]
fn a_method_without_a_service_is_written_without_one() {
    let rules = json!([{ "matches": [{ "method": { "type": "Exact", "method": "Login" } }], "backendRefs": [{ "name": "web", "port": 80 }] }]);
    let written = serde_json::to_value(grpc("web", &["a.test"], &rules)).unwrap();
    assert_eq!(written["spec"]["rules"], rules);
}

/// The older of two objects decides, and no object says which one that is.
#[test]
fn a_match_of_two_objects_is_not_compared() {
    let rules = json!([{ "backendRefs": [{ "name": "web", "port": 80 }] }]);
    let routes = [http("a", &["a.test"], &rules), http("b", &["a.test"], &rules)];
    let readings = gateway::read_hosts(&routes, &[]).unwrap();
    let (answers, findings) = proof(&[host("a.test", "web:80")], &readings);
    assert!(answers.contains(&"a.test / unread".to_owned()), "{answers:?}");
    let why = "another object with the host has the same match, and which of them decides is not known: that is the older one";
    assert_eq!(findings, [format!("b.spec.rules[0].matches[0]: `Prefix /` is left out: {why}")]);
}
