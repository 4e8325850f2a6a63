//! The objects of one virtual host with three locations, for each target.

use canary_policy::policy::FormerTokens;
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::nginx::token;
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd};

use crate::util::golden::{golden, yaml};
use crate::util::policy;
use crate::util::route::paths;

fn host() -> VirtualHost {
    let with_policy = |path: &str, stable: &str, yaml: &str, canary: &str| {
        let location = Location::new(paths(path).remove(0), stable.parse().unwrap());
        location.with_policy(policy(yaml), [canary.parse().unwrap()]).unwrap()
    };
    // Clients of `/cart` hold cookies of ingress-nginx.
    let tokens = FormerTokens::new(token("shop", "cart", "80"), [token("next", "cart", "80")]).unwrap();
    let locations = [
        with_policy("/", "shop:80", "canaries: [{ weight: 10, header: { name: x-canary } }]", "shop-next:80"),
        with_policy(
            "/cart",
            "cart:80",
            "{ canaries: [{ weight: 5 }], affinity: { cookie: { name: r } } }",
            "next/cart:80",
        )
        .with_former_tokens(tokens)
        .unwrap(),
        Location::new(paths("/orders").remove(0), "orders:8080".parse().unwrap()),
    ];
    let host = VirtualHost::new("shop", locations).unwrap().with_namespace("shop").unwrap();
    let host = host.with_hosts(["shop.test".parse().unwrap()]).unwrap();
    host.with_parents(["infra/public".parse().unwrap()]).unwrap()
}

#[test]
fn objects_are_those_of_the_golden_files() {
    let host = host();
    let hosts = std::slice::from_ref(&host);
    let routes = gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap();
    golden("hosts_gateway.yaml", &yaml(&routes.output));
    let objects = istio::virtual_service_of_host(&host, &istio::VirtualServiceParams::default()).unwrap();
    golden("hosts_istio.yaml", &yaml(&[objects.exact().unwrap().virtual_service]));
    let routes = linkerd::http_routes_of_hosts(hosts, &linkerd::RouteParams::default()).unwrap();
    golden("hosts_linkerd.yaml", &yaml(&routes.exact().unwrap()));
    golden("hosts_gloo.yaml", &yaml(&[gloo::virtual_service_of_host(&host).unwrap().exact().unwrap()]));
    let configuration = envoy::route_configuration_of_hosts("public", hosts, &envoy::RouteParams::default()).unwrap();
    golden("hosts_envoy.yaml", &yaml(&[configuration.exact().unwrap()]));
}
