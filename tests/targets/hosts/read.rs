//! Virtual hosts that are written and read back: `migrate::verify` proves that they answer alike.

use std::cell::Cell;

use canary_policy::Policy;
use canary_policy::migrate::{self, Answer, LocationDifference};
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::targets::{Metadata, VirtualHostReading, envoy, gloo, linkerd};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::util::texts;
use crate::util::virtual_host::virtual_hosts;

/// The answer of the proof for a virtual host and what was read of it.
fn answer(host: &VirtualHost, after: &[VirtualHostReading]) -> Answer {
    migrate::verify(std::slice::from_ref(host), after).answer().clone()
}

/// The same answer for what was written without a loss. The former tokens of each location are read as they were written.
fn is_read_back(host: &VirtualHost, after: &[VirtualHostReading]) -> Result<(), TestCaseError> {
    prop_assert_eq!(answer(host, after), Answer::Same);
    for location in after.iter().flat_map(|reading| reading.virtual_host.locations()) {
        let written = host.locations().iter().find(|one| one.path() == location.path());
        if let Some(written) = written {
            prop_assert_eq!(location.former_tokens(), written.former_tokens());
        }
    }
    Ok(())
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
    let (of_gloo, of_envoy, of_linkerd) = (Cell::new(0), Cell::new(0), Cell::new(0));
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
            is_read_back(host, &read)?;
            // Somebody else's objects have no annotation. The names of the variants come from what is known.
            let foreign = without_annotations(&written.output, |route: &mut HttpRoute| &mut route.metadata);
            let read = gateway::read_hosts(&foreign, std::slice::from_ref(host)).unwrap();
            is_read_back(host, &read)?;
        }

        let written = istio::virtual_service_of_host(host, &VirtualServiceParams::default()).unwrap();
        let read = istio::read_hosts(std::slice::from_ref(&written.output.virtual_service), &[]).unwrap();
        count(&of_istio, written.losses.is_empty());
        if written.losses.is_empty() {
            is_read_back(host, &read)?;
            let foreign = [written.output.virtual_service];
            let foreign = without_annotations(&foreign, |service: &mut VirtualService| &mut service.metadata);
            let read = istio::read_hosts(&foreign, std::slice::from_ref(host)).unwrap();
            is_read_back(host, &read)?;
        }

        let written = gloo::virtual_service_of_host(host).unwrap();
        let objects = [written.output];
        let read = gloo::read_hosts(&objects, &[]).unwrap();
        count(&of_gloo, written.losses.is_empty());
        if written.losses.is_empty() {
            is_read_back(host, &read)?;
            let foreign = without_annotations(&objects, |service: &mut gloo::VirtualService| &mut service.metadata);
            let read = gloo::read_hosts(&foreign, std::slice::from_ref(host)).unwrap();
            is_read_back(host, &read)?;
        }

        let hosts = std::slice::from_ref(host);
        let written = envoy::route_configuration_of_hosts("r", hosts, &envoy::RouteParams::default()).unwrap();
        count(&of_envoy, written.losses.is_empty());
        // A RouteConfiguration has no annotations.
        let read = envoy::read_hosts(&written.output, hosts).unwrap();
        if written.losses.is_empty() {
            is_read_back(host, &read)?;
        }

        if let Ok(written) = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default()) {
            count(&of_linkerd, written.losses.is_empty());
            let read = linkerd::read_hosts(&written.output, hosts).unwrap();
            if written.losses.is_empty() {
                is_read_back(host, &read)?;
            }
        }
    });
    let exact = [of_gateway.get(), of_istio.get(), of_gloo.get(), of_envoy.get(), of_linkerd.get()];
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

/// The answer for each path of the host, the longest path first.
fn answers_of(host: &VirtualHost, read: &[VirtualHostReading]) -> Vec<&'static str> {
    let verification = migrate::verify(std::slice::from_ref(host), read);
    let of_host = verification.locations.iter().filter(|location| location.hosts.host().is_some());
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
    found.into_iter().map(|(_, answer)| answer).collect()
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
    let mut rewritten = orders.clone();
    rewritten["filters"] = json!([{ "type": "URLRewrite", "urlRewrite": { "hostname": "a.test" } }]);
    let mut waiting = orders.clone();
    waiting["timeouts"] = json!({ "request": "1s" });
    let method = json!({ "path": { "type": "PathPrefix", "value": "/orders" }, "method": "POST" });
    let post = json!({ "matches": [method], "backendRefs": to(&[("shop", 1)]) });
    let expression = json!({ "path": { "type": "RegularExpression", "value": "/x.*" } });
    let regex = json!({ "matches": [expression], "backendRefs": to(&[("shop", 1)]) });
    let mut loose = beta.clone();
    let cookie = json!({ "type": "RegularExpression", "name": "Cookie", "value": ".*canary=always.*" });
    loose["matches"][0]["headers"] = json!([cookie]);
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
        // A filter that changes the request changes the answer, and a timeout does not.
        (json!([split]), json!([rewritten]), vec!["unread", "same"]),
        (json!([split]), json!([waiting]), vec!["same", "same"]),
        // Of two objects with one match the older one decides, which is not known.
        (json!([split, orders]), json!([orders]), vec!["unread", "same"]),
        // What cannot be read may decide about the paths that it covers.
        (json!([split, post]), json!([orders]), vec!["unread", "same"]),
        (json!([split]), json!([orders, regex]), vec!["unread", "unread"]),
        (json!([import]), json!([orders]), vec!["same", "unread"]),
        // What is assumed may not be what the object does.
        (json!([split, loose]), json!([orders]), vec!["unread", "unread"]),
    ] {
        let routes = [route("a", first.clone()), route("b", second.clone())];
        let routes = routes.into_iter().filter(|route| !route.spec.rules.is_empty()).collect::<Vec<_>>();
        let read = gateway::read_hosts(&routes, &[shop(30)]).unwrap();
        assert_eq!(answers_of(&shop(30), &read), answers, "{first} {second}");
    }
    let read = gateway::read_hosts(&[route("a", json!([split, orders]))], &[shop(30)]).unwrap();
    assert!(matches!(answer(&shop(31), &read), Answer::Differs(LocationDifference::Policy(_))));
    // The second object would replace the first.
    let twice = [route("a", json!([split])), route("a", json!([orders]))];
    assert_eq!(gateway::read_hosts(&twice, &[]).unwrap_err().to_string(), "metadata.name: there are two objects `a`");
}

#[test]
fn two_virtual_services_of_one_host_have_no_order() {
    let host = shop(30).with_parents(["public".parse().unwrap()]).unwrap();
    let written = istio::virtual_service_of_host(&host, &VirtualServiceParams::default()).unwrap().exact().unwrap();
    let service = written.virtual_service;
    let error = istio::read_hosts(&[service.clone(), service], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "shop.spec.hosts: another object has a host of this one too, and no order between them is promised"
    );
}

/// Each row has the routes of a person's VirtualService of Gloo, the answers of the proof, and the findings.
#[test]
fn virtual_services_of_gloo_are_compared_by_what_they_do() {
    let kube = |name: &str| json!({ "kube": { "ref": { "name": name, "namespace": "shop" }, "port": 80 } });
    let split = |next: u32| {
        let weighted = |name: &str, weight: u32| json!({ "destination": kube(name), "weight": weight });
        json!({ "multi": { "destinations": [weighted("next", next), weighted("shop", 100 - next)] } })
    };
    let root = |action: Value| json!({ "routeAction": action });
    let at = |matchers: Value, action: Value| json!({ "matchers": matchers, "routeAction": action });
    let single = |name: &str| json!({ "single": kube(name) });
    let orders = at(json!([{ "exact": "/orders" }, { "prefix": "/orders/" }]), single("orders"));
    let beta = json!({ "name": "x-beta", "value": "yes" });
    let with = |field: &str, value: Value| {
        let mut matcher = json!({ "prefix": "/", "headers": [beta] });
        matcher[field] = value;
        at(json!([matcher]), single("next"))
    };
    let cookie = json!({ "name": "cookie", "value": ".*canary=always.*", "regex": true });
    let loose = at(json!([{ "prefix": "/", "headers": [cookie] }]), single("next"));
    let characters = "a prefix of a route is compared path element by path element, and Gloo's character by character";
    let at_route = "shop.spec.virtualHost.routes[0]";
    let mut named = orders.clone();
    named["name"] = json!("orders");
    named["options"] = json!({ "timeout": "1s" });
    let mut subset = orders.clone();
    subset["routeAction"]["single"]["subset"] = json!({ "values": { "version": "v1" } });
    for (routes, answers, findings) in [
        (json!([orders, root(split(30))]), vec!["same", "same"], vec![]),
        (json!([orders, root(split(31))]), vec!["same", "policy"], vec![]),
        (
            json!([named, root(split(30))]),
            vec!["same", "same"],
            vec![format!("{at_route}.options.timeout: `timeout` is left out: a policy or route has no such field")],
        ),
        // The first route in the list decides, and the catch-all hides the ones after it.
        (
            json!([root(split(30)), orders]),
            vec!["stable", "same"],
            vec![
                "shop.spec.virtualHost.routes[1]: `routes` is left out: an earlier route takes every request, so that Gloo never \
                 reaches this one"
                    .to_owned(),
            ],
        ),
        // `/ordersx` begins with `/orders` too.
        (
            json!([at(json!([{ "prefix": "/orders" }]), single("orders")), root(split(30))]),
            vec!["same", "unread"],
            vec![format!("{at_route}.matchers[0].prefix: `/orders` is assumed: {characters}")],
        ),
        // `/orders` itself does not begin with `/orders/`.
        (
            json!([at(json!([{ "prefix": "/orders/" }]), single("orders")), root(split(30))]),
            vec!["same", "unread", "same"],
            vec![format!("{at_route}.matchers[0].prefix: `/orders/` is assumed: {characters}")],
        ),
        (
            json!([orders, with("methods", json!(["GET"])), root(split(30))]),
            vec!["same", "unread"],
            vec![
                "shop.spec.virtualHost.routes[1].matchers[0]: `x-beta, methods` is left out: a rule of a policy matches a header \
                 or a cookie"
                    .to_owned(),
            ],
        ),
        (
            json!([at(json!([{ "exact": "/ORDERS", "caseSensitive": false }]), single("orders")), orders, root(split(30))]),
            vec!["unread", "unread"],
            vec![format!(
                "{at_route}.matchers[0]: `caseSensitive` is left out: a rule of a policy matches a header or a cookie"
            )],
        ),
        (
            json!([orders, loose, root(split(30))]),
            vec!["same", "unread"],
            vec![
                "shop.spec.virtualHost.routes[1].matchers[0]: `cookie canary = always` is assumed: a regular expression on the Cookie \
                 header matches more than that cookie"
                    .to_owned(),
            ],
        ),
        (
            json!([at(json!([{ "regex": "/x.*" }]), single("orders")), orders, root(split(30))]),
            vec!["unread", "unread"],
            vec![format!("{at_route}.matchers[0]: `regex` is left out: a rule of a policy matches a header or a cookie")],
        ),
        (
            json!([subset, root(split(30))]),
            vec!["unread", "same"],
            vec![format!("{at_route}.routeAction.single: `subset` is left out: a backend of a route is a Service")],
        ),
        (
            json!([{ "matchers": [{ "exact": "/orders", "headers": [beta] }], "redirectAction": {} }, orders, root(split(30))]),
            vec!["same", "unread", "same"],
            vec![format!("{at_route}.redirectAction: `redirectAction` is left out: a policy or route has no such field")],
        ),
    ] {
        let object: gloo::VirtualService = serde_json::from_value(json!({
            "apiVersion": "gateway.solo.io/v1",
            "kind": "VirtualService",
            "metadata": { "name": "shop", "namespace": "shop" },
            "spec": { "virtualHost": { "domains": ["shop.test"], "routes": routes } },
        }))
        .unwrap();
        let host = shop(30).with_namespace("shop").unwrap();
        let read = gloo::read_hosts(&[object], std::slice::from_ref(&host)).unwrap();
        assert_eq!(answers_of(&host, &read), answers, "{routes} {read:?}");
        assert_eq!(texts(&read[0].findings), findings, "{routes}");
    }
}

/// Each row has the routes of a person's RouteConfiguration, the answers of the proof, and the findings.
#[test]
fn route_configurations_are_compared_by_what_they_do() {
    let cluster = |name: &str| json!({ "cluster": format!("shop/{name}:80") });
    let split = |next: u32| {
        let weighted = |name: &str, weight: u32| json!({ "name": format!("shop/{name}:80"), "weight": weight });
        json!({ "weighted_clusters": { "clusters": [weighted("next", next), weighted("shop", 100 - next)] } })
    };
    let at = |matches: Value, action: Value| json!({ "match": matches, "route": action });
    let root = |action: Value| at(json!({ "prefix": "/" }), action);
    let orders = at(json!({ "path_separated_prefix": "/orders" }), cluster("orders"));
    let with = |header: Value| at(json!({ "prefix": "/", "headers": [header] }), cluster("next"));
    let left_out = |field: &str, value: &str, why: &str| {
        vec![format!("shop.virtual_hosts[0].routes[{field}: `{value}` is left out: {why}")]
    };
    let assumed = |field: &str, value: &str| {
        let why = "a prefix of a route is compared path element by path element, and this one character by character";
        vec![format!("shop.virtual_hosts[0].routes[{field}: `{value}` is assumed: {why}")]
    };
    let mut timeout = orders.clone();
    timeout["route"]["timeout"] = json!("1s");
    timeout["name"] = json!("orders");
    let mut keyed = split(30);
    keyed["weighted_clusters"]["use_hash_policy"] = json!(true);
    keyed["hash_policy"] = json!([{ "header": { "header_name": "x-user" } }]);
    let mut pointed = split(30);
    pointed["weighted_clusters"]["header_name"] = json!("x-point");
    let mut of_pods = orders.clone();
    of_pods["route"]["hash_policy"] = json!([{ "cookie": { "name": "pod", "ttl": "1s" } }]);
    let rule = "a rule of a policy matches a header or a cookie";
    let kind = "a header match is `exact` or `safe_regex`";
    for (routes, answers, findings) in [
        (json!([orders, root(split(30))]), ["same", "same"], vec![]),
        (json!([orders, root(split(31))]), ["same", "policy"], vec![]),
        (
            json!([timeout, root(split(30))]),
            ["same", "same"],
            left_out("0].route.timeout", "timeout", "a policy or route has no such field"),
        ),
        (
            json!([at(json!({ "prefix": "/orders" }), cluster("orders")), root(split(30))]),
            ["same", "unread"],
            assumed("0].match.prefix", "/orders"),
        ),
        (
            json!([
                at(json!({ "prefix": "/x", "query_parameters": [{ "name": "a" }] }), cluster("next")),
                orders,
                root(split(30))
            ]),
            ["unread", "unread"],
            left_out("0].match", "query_parameters", rule),
        ),
        (
            json!([at(json!({ "safe_regex": { "regex": "/x.*" } }), cluster("next")), orders, root(split(30))]),
            ["unread", "unread"],
            left_out("0].match", "safe_regex", rule),
        ),
        (
            json!([orders, with(json!({ "name": "x-beta", "string_match": { "exact": "yes" } })), root(split(30))]),
            ["same", "policy"],
            vec![],
        ),
        (
            json!([orders, with(json!({ "name": "x-beta", "string_match": { "prefix": "y" } })), root(split(30))]),
            ["same", "unread"],
            left_out("1].match", "x-beta", kind),
        ),
        (
            json!([
                orders,
                with(json!({ "name": "x-beta", "string_match": { "exact": "y", "ignore_case": true } })),
                root(split(30))
            ]),
            ["same", "unread"],
            left_out("1].match", "x-beta", kind),
        ),
        (
            json!([orders, with(json!({ "name": "x-beta", "present_match": true })), root(split(30))]),
            ["same", "unread"],
            left_out("1].match", "x-beta", "a rule of a policy matches a value of a header"),
        ),
        (
            json!([orders, root(keyed)]),
            ["same", "unread"],
            left_out(
                "1].route.weighted_clusters.use_hash_policy",
                "header x-user",
                "Envoy chooses the cluster by its own hash, and an affinity key by another",
            ),
        ),
        (
            json!([orders, root(pointed)]),
            ["same", "unread"],
            left_out(
                "1].route.weighted_clusters.header_name",
                "x-point",
                "the number in a header chooses the cluster, and a policy does not say who sets it",
            ),
        ),
        (
            json!([of_pods, root(split(30))]),
            ["same", "same"],
            left_out(
                "0].route.hash_policy",
                "cookie pod",
                "the hash chooses a pod of a cluster, and a policy chooses a variant",
            ),
        ),
    ] {
        let virtual_host = json!({ "name": "shop", "domains": ["shop.test"], "routes": routes });
        let object = json!({ "virtual_hosts": [virtual_host], "ignore_port_in_host_matching": true });
        let object: envoy::RouteConfiguration = serde_json::from_value(object).unwrap();
        let host = shop(30).with_namespace("shop").unwrap();
        let read = envoy::read_hosts(&object, std::slice::from_ref(&host)).unwrap();
        assert_eq!(answers_of(&host, &read), answers, "{routes} {read:?}");
        assert_eq!(texts(&read[0].findings), findings, "{routes}");
    }
}

#[test]
fn a_route_configuration_is_read_as_a_whole() {
    let read = |configuration: Value| {
        let object: envoy::RouteConfiguration = serde_json::from_value(configuration).unwrap();
        envoy::read_hosts(&object, &[])
    };
    let routes = |cluster: &str| json!([{ "match": { "prefix": "/" }, "route": { "cluster": cluster } }]);
    let host = |domain: &str, cluster: &str| json!({ "name": "a_b", "domains": [domain], "routes": routes(cluster) });
    assert_eq!(read(json!({})).unwrap_err().to_string(), "no object is given");
    for (hosts, error) in [
        (
            json!([host("a", "web"), host("a", "web")]),
            "virtual-host-1.domains: another object has a host of this one too, and no order between them is promised",
        ),
        (json!([host("a:80", "web")]), "virtual_hosts[0].domains: `a:80` is not a host"),
        (json!([host("a", "x_y")]), "virtual_hosts[0].routes[0].route.cluster: `x_y` is not a Service name"),
    ] {
        let found = read(json!({ "virtual_hosts": hosts })).unwrap_err().to_string();
        assert!(found.starts_with(error), "{found}");
    }
    let readings =
        read(json!({ "virtual_hosts": [host("a", "web"), host("*", "b/web:80")], "vhds": {}, "@type": "a" })).unwrap();
    let named = |reading: &VirtualHostReading| reading.virtual_host.name().to_owned();
    assert_eq!(readings.iter().map(named).collect::<Vec<_>>(), ["virtual-host-0", "virtual-host-1"]);
    assert_eq!(
        texts(&readings[0].findings),
        [
            // The RouteConfiguration is the same for all of them.
            "virtual-host-0.vhds: `vhds` is left out: a policy or route has no such field",
            "virtual-host-0.ignore_port_in_host_matching: `true` is assumed: a host of a route matches a request with any port, \
             and this one only a request without a port",
        ]
    );
    assert!(readings[1].findings.is_empty());
}

/// A field above the rules can change the answers of all of them.
#[test]
fn a_field_of_a_whole_object_leaves_its_paths_undecided() {
    let root = [Path::prefix("/").unwrap()];
    let routes = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "web" } }]);
    for (host, configuration, inexact) in [
        (json!({}), json!({}), &[][..]),
        (json!({ "require_tls": "ALL" }), json!({}), &root),
        (json!({}), json!({ "typed_per_filter_config": {} }), &root),
        (json!({}), json!({ "ignore_port_in_host_matching": false }), &root),
    ] {
        let mut of_host = json!({ "name": "a", "domains": ["a.test"], "routes": routes });
        of_host.as_object_mut().unwrap().extend(host.as_object().unwrap().clone());
        let mut object = json!({ "virtual_hosts": [of_host], "ignore_port_in_host_matching": true });
        object.as_object_mut().unwrap().extend(configuration.as_object().unwrap().clone());
        let object: envoy::RouteConfiguration = serde_json::from_value(object).unwrap();
        assert_eq!(envoy::read_hosts(&object, &[]).unwrap()[0].inexact, inexact, "{object:?}");
    }

    let single = json!({ "single": { "kube": { "ref": { "name": "web", "namespace": "shop" }, "port": 80 } } });
    for (options, inexact) in [(Value::Null, &[][..]), (json!({ "cors": {} }), &root)] {
        let mut host = json!({ "domains": ["a.test"], "routes": [{ "routeAction": single }] });
        if !options.is_null() {
            host["options"] = options;
        }
        let object: gloo::VirtualService = serde_json::from_value(json!({
            "apiVersion": "gateway.solo.io/v1", "kind": "VirtualService", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "virtualHost": host },
        }))
        .unwrap();
        assert_eq!(gloo::read_hosts(&[object], &[]).unwrap()[0].inexact, inexact);
    }

    // Which pods a subset has is in a DestinationRule.
    for (subset, inexact) in [(json!(null), &[][..]), (json!("v1"), &root)] {
        let mut destination = json!({ "host": "web", "port": { "number": 80 } });
        if !subset.is_null() {
            destination["subset"] = subset;
        }
        let object: VirtualService = serde_json::from_value(json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "hosts": ["a.test"], "gateways": ["public"], "http": [{ "route": [{ "destination": destination }] }] },
        }))
        .unwrap();
        assert_eq!(istio::read_hosts(&[object], &[]).unwrap()[0].inexact, inexact);
    }
}

/// Each row has the rules of an HTTPRoute for the Service `shop`, what else it has, and the answers of the proof.
#[test]
fn routes_of_services_are_compared_by_what_they_do() {
    let to = |services: &[(&str, u32)]| {
        let refs = services.iter().map(|(name, weight)| json!({ "name": name, "port": 80, "weight": weight }));
        refs.collect::<Vec<_>>()
    };
    let rule = |path: &str, services: &[(&str, u32)]| json!({ "matches": [{ "path": { "type": "PathPrefix", "value": path } }], "backendRefs": to(services) });
    let split = |next: u32| rule("/", &[("next", next), ("shop", 100 - next)]);
    let with = |field: &str, value: Value| {
        let mut rule = split(30);
        rule["matches"][0][field] = value;
        rule
    };
    let nothing = json!({});
    let shared = [
        (json!([split(30)]), nothing.clone(), vec!["same", "same"]),
        (json!([split(31)]), nothing.clone(), vec!["same", "policy"]),
        // Requests to `/orders` go to another Service, and so does everything below.
        (json!([split(30), rule("/orders/x", &[("next", 1)])]), nothing.clone(), vec!["same", "same"]),
        (json!([split(30), rule("/cart", &[("next", 1)])]), nothing.clone(), vec!["same", "policy", "same"]),
        (json!([split(30), rule("/cart", &[("other", 1)])]), nothing.clone(), vec!["same", "stable", "same"]),
        (json!([rule("/", &[("shop", 1)])]), nothing.clone(), vec!["same", "policy"]),
        // A request that no rule matches fails.
        (json!([rule("/cart", &[("next", 30), ("shop", 70)])]), nothing.clone(), vec!["same", "same", "unread"]),
        (json!([with("method", json!("POST")), split(30)]), nothing.clone(), vec!["same", "unread"]),
        (json!([split(30)]), json!({ "hostnames": ["shop"] }), vec!["same", "unread"]),
        // The routes of other ports, other Services and Gateways do not count.
        (json!([split(31)]), json!({ "parent": { "port": 81 } }), vec!["same", "policy"]),
        (json!([split(31)]), json!({ "parent": { "name": "next" } }), vec!["same", "policy"]),
        (json!([split(31)]), json!({ "parent": { "kind": "Gateway" } }), vec!["same", "policy"]),
        (json!([split(31)]), json!({ "parent": { "namespace": "other" } }), vec!["same", "policy"]),
    ];
    for (rules, others, answers) in shared {
        let mut parent = json!({ "group": "core", "kind": "Service", "name": "shop", "port": 80 });
        for (name, value) in others["parent"].as_object().into_iter().flatten() {
            parent[name] = value.clone();
        }
        let route: HttpRoute = serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "shop", "namespace": "shop" },
            "spec": { "parentRefs": [parent], "hostnames": others["hostnames"], "rules": rules },
        }))
        .unwrap();
        let host = shop(30).with_namespace("shop").unwrap();
        let read = linkerd::read_hosts(&[route], std::slice::from_ref(&host)).unwrap();
        assert_eq!(answers_of(&host, &read), answers, "{rules} {others} {read:?}");
        // A route that does not count leaves the Service to answer itself.
        let is_read = others["parent"].is_null();
        let own = read[0].virtual_host.location("/").unwrap();
        assert!(is_read || own.policy().is_none(), "{others}");
    }
}

#[test]
fn a_route_for_the_clients_of_another_namespace_is_not_decided() {
    let host = shop(30).with_namespace("shop").unwrap();
    let hosts = std::slice::from_ref(&host);
    let written = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default()).unwrap().exact().unwrap();
    let mut routes = serde_json::to_value(&written).unwrap();
    routes[0]["metadata"]["namespace"] = json!("web");
    routes[0]["spec"]["parentRefs"][0]["namespace"] = json!("shop");
    let routes: Vec<HttpRoute> = serde_json::from_value(routes).unwrap();
    let read = linkerd::read_hosts(&routes, hosts).unwrap();
    assert_eq!(answers_of(&host, &read), ["same", "unread"]);
    assert_eq!(
        texts(&read[0].findings)[0],
        "shop.80.metadata.namespace: `web` is left out: an HTTPRoute in another namespace than its Service is for the clients there"
    );
}
