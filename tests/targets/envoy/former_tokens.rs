//! A real Envoy honours the affinity cookies that ingress-nginx has handed out.

use canary_policy::Affinity;
use canary_policy::targets::envoy;
use serde_json::Value;

use crate::util::former_tokens::{former_tokens, with_former_tokens};
use crate::util::proxy::Proxy;
use crate::util::route::route;
use crate::util::{CANARY, STABLE, policy};

/// A client that ingress-nginx pinned keeps its variant, and gets the cookie of the policy, by which Envoy then knows it.
#[test]
fn a_cookie_of_ingress_nginx_pins_a_client() {
    let cookie = |name: &str, precedence: &str| {
        policy(&format!(
            "{{canaries: [{{weight: 50, header: {{name: x-canary}}}}], affinity: {{cookie: {{name: {name}, precedence: {precedence}}}}}}}"
        ))
    };
    // The default name of the cookie, and a long one.
    let policies = [cookie("INGRESSCOOKIE", "beforeRules"), cookie("the-cookie-of-the-client", "afterRules")];
    let configurations: [Value; 2] = policies.each_ref().map(|policy| {
        let route = with_former_tokens(route(policy), former_tokens(policy));
        let written = envoy::route_configuration(policy, &route, &envoy::RouteParams::default()).unwrap();
        serde_json::to_value(written.exact().unwrap()).unwrap()
    });
    let Some(proxy) = Proxy::start("former-tokens", &configurations) else { return };
    for (index, policy) in policies.iter().enumerate() {
        let Affinity::Cookie(cookie) = policy.affinity() else { panic!() };
        let tokens = former_tokens(policy).unwrap();
        let mut client = proxy.client(index);
        for (variant, name) in [(STABLE, "stable"), (CANARY, "canary")] {
            let token = tokens.token(variant).unwrap();
            for held in
                ["1795403237.92.31370.49610|T", "aa719b9ad53bffdbe97ad48218aa2902|T", "a||T", "|x|T", "x|T|more"]
            {
                let pair = format!("a=b; {}={}; c=d", cookie.name(), held.replace('T', token.as_str()));
                let answer = client.get("example.com", "/", [("cookie", pair.as_str())]);
                let set = format!("{}={name}; Path=/; HttpOnly", cookie.name());
                assert_eq!((answer.variant, answer.cookies), (Some(variant), vec![set]), "{pair}");
            }
            let pair = format!("{}={name}", cookie.name());
            let next = client.get("example.com", "/", [("cookie", pair.as_str())]);
            assert_eq!((next.variant, next.cookies), (Some(variant), Vec::new()));
        }
        // No token in its place, or a token of another cookie: the weights decide.
        let token = tokens.token(CANARY).unwrap();
        for pair in ["N=T", "N=|T", "N=x|more|T", "N=x|Tx", "n=x|T", "other=x|T", "other=N=x|T"] {
            let pair = pair.replace('N', cookie.name().as_str()).replace('T', token.as_str());
            let line = [("cookie", pair.as_str())];
            let variants: Vec<_> = (0..40).map(|_| client.get("example.com", "/", line).variant).collect();
            assert!(variants.contains(&Some(STABLE)) && variants.contains(&Some(CANARY)), "{pair}");
        }
    }
    let token = former_tokens(&policies[0]).unwrap().stable().clone();
    let of = |index: usize, name: &str| {
        let cookie = format!("{name}=1|{token}");
        let lines = [("cookie", cookie.as_str()), ("x-canary", "always")];
        proxy.client(index).get("example.com", "/", lines).variant
    };
    assert_eq!(of(0, "INGRESSCOOKIE"), Some(STABLE));
    assert_eq!(of(1, "the-cookie-of-the-client"), Some(CANARY));
}
