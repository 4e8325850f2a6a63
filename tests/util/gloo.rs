//! How Gloo translates a VirtualService for its Envoy.

use serde_json::{Value, json};

/// The RouteConfiguration that Gloo gives its Envoy for a VirtualService (`projects/gloo/pkg/translator/route_config.go` of
/// version 1.21.13): a route for each matcher, in their order.
pub fn translated(service: &Value) -> Value {
    let host = &service["spec"]["virtualHost"];
    let rules = host["routes"].as_array().unwrap().iter();
    let routes: Vec<Value> = rules
        .flat_map(|rule| {
            rule["matchers"].as_array().unwrap().iter().map(|matcher| {
                let mut route = json!({"match": path(matcher), "route": action(&rule["routeAction"])});
                if let Some(headers) = matcher.get("headers") {
                    route["match"]["headers"] = headers.as_array().unwrap().iter().map(header).collect();
                }
                if let Some(options) = rule.get("options") {
                    route["response_headers_to_add"] = added(options);
                }
                route
            })
        })
        .collect();
    json!({"name": "web", "virtual_hosts": [{"name": "web", "domains": host["domains"], "routes": routes}]})
}

fn path(matcher: &Value) -> Value {
    match (matcher["exact"].as_str(), matcher["prefix"].as_str()) {
        (Some(exact), None) => json!({"path": exact}),
        (None, Some(prefix)) => json!({"prefix": prefix}),
        other => panic!("{other:?}"),
    }
}

fn header(matcher: &Value) -> Value {
    let (name, value) = (&matcher["name"], matcher["value"].as_str().unwrap());
    match matcher.get("regex") {
        _ if value.is_empty() => json!({"name": name, "present_match": true}),
        Some(Value::Bool(true)) => json!({"name": name, "string_match": {"safe_regex": {"regex": value}}}),
        None => json!({"name": name, "string_match": {"exact": value}}),
        other => panic!("{other:?}"),
    }
}

fn action(action: &Value) -> Value {
    let Some(single) = action.get("single") else {
        let destinations = action["multi"]["destinations"].as_array().unwrap();
        let clusters = destinations.iter().map(|weighted| {
            let mut cluster = json!({"name": cluster(&weighted["destination"]), "weight": weighted["weight"]});
            if let Some(options) = weighted.get("options") {
                cluster["response_headers_to_add"] = added(options);
            }
            cluster
        });
        return json!({"weighted_clusters": {"clusters": clusters.collect::<Vec<_>>()}});
    };
    json!({"cluster": cluster(single)})
}

fn cluster(destination: &Value) -> String {
    let kube = &destination["kube"];
    assert_eq!(kube["ref"]["namespace"], "default");
    format!("{}:{}", kube["ref"]["name"].as_str().unwrap(), kube["port"])
}

fn added(options: &Value) -> Value {
    let headers = options["headerManipulation"]["responseHeadersToAdd"].as_array().unwrap();
    let option = |option: &Value| {
        assert_eq!(option["append"], true);
        json!({"header": option["header"], "append_action": "APPEND_IF_EXISTS_OR_ADD"})
    };
    headers.iter().map(option).collect()
}
