//! A real Envoy routes requests as the policy decides.
//!
//! The variable `ENVOY` has the path of its binary, which `.ci/run` installs. Without it these tests compare nothing, and say so.

use canary_policy::targets::{Part, envoy};
use canary_policy::{Affinity, Loss, Policy, Route, Sample, Selector, Variant};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::util::envoy::DEVIATIONS;
use crate::util::former_tokens::{former_tokens, selector, with_former_tokens};
use crate::util::outcome::{Outcome, selected, selected_by, without};
use crate::util::proxy::{self, Proxy};
use crate::util::request::{self, Lines, policy_and_request};
use crate::util::route::{paths, route, route_to};
use crate::util::{self, CANARY, SECOND, STABLE, policy};

/// The RouteConfiguration that is written, as JSON, and the losses.
fn written(policy: &Policy, route: &Route) -> (Value, Vec<Loss>) {
    let conversion = envoy::route_configuration(policy, route, &envoy::RouteParams::default()).unwrap();
    (serde_json::to_value(conversion.output).unwrap(), conversion.losses)
}

/// The RouteConfiguration that is written for a policy without a loss.
#[track_caller]
fn exact(yaml: &str) -> Value {
    let policy = policy(yaml);
    let (output, losses) = written(&policy, &route(&policy));
    assert_eq!(losses, []);
    output
}

/// The lines of a request, and the variant that answers it.
type Row = (&'static [(&'static str, &'static str)], Variant);

/// Policies, each with its requests.
#[rustfmt::skip]
const RULES: [(&str, &[Row]); 8] = [
    ("canaries: [{header: {name: X-Canary}, weight: 0}]", &[
        (&[], STABLE),
        (&[("x-canary", "always")], CANARY),
        (&[("X-CANARY", "always")], CANARY),
        (&[("x-canary", "never")], STABLE),
        (&[("x-canary", "Always")], STABLE),
        (&[("x-canary", "always ")], CANARY),
        (&[("x-canary", "")], STABLE),
        (&[("x-canary2", "always")], STABLE),
    ]),
    ("canaries: [{header: {name: x-canary}, weight: 100}]", &[
        (&[], CANARY),
        (&[("x-canary", "never")], STABLE),
        (&[("x-canary", "other")], CANARY),
    ]),
    ("canaries: [{header: {name: x-region, value: eu west}, weight: 0}]", &[
        (&[("x-region", "eu west")], CANARY),
        (&[("x-region", "eu  west")], STABLE),
        (&[("x-region", "eu-west")], STABLE),
        (&[("x-region", "always")], STABLE),
    ]),
    ("canaries: [{header: {name: x-empty, value: ''}, weight: 0}]", &[
        (&[], STABLE),
        (&[("x-empty", "")], CANARY),
        (&[("x-empty", "x")], STABLE),
    ]),
    ("canaries: [{header: {name: x-version, pattern: 'v[0-9]+|beta'}, weight: 0}]", &[
        (&[("x-version", "v12")], CANARY),
        (&[("x-version", "my v12 build")], CANARY),
        (&[("x-version", "xbetax")], CANARY),
        (&[("x-version", "v")], STABLE),
        (&[], STABLE),
    ]),
    ("canaries: [{cookie: {name: Canary}, weight: 0}]", &[
        (&[("cookie", "canary=always")], CANARY),
        (&[("cookie", "a=b; CANARY = always; c=d")], CANARY),
        (&[("cookie", "a=b"), ("cookie", "canary=always"), ("cookie", "c=d")], CANARY),
        (&[("cookie", "a=b,canary=always")], CANARY),
        (&[("cookie", "canary=always ")], CANARY),
        (&[("cookie", "canary=always ; a=b")], STABLE),
        (&[("cookie", "canary=\"always\"")], STABLE),
        (&[("cookie", "xcanary=always; a=canary=always")], STABLE),
        (&[("cookie", "canary=never")], STABLE),
        (&[("x-canary", "always")], STABLE),
    ]),
    ("canaries: [{cookie: {name: a.b, value: 'v+1 (x)'}, weight: 0}]", &[
        (&[("cookie", "a.b=v+1 (x)")], CANARY),
        (&[("cookie", "a-b=v+1 (x)")], STABLE),
        (&[("cookie", "a.b=vv1 (x)")], STABLE),
        (&[("cookie", "a.b=v+1 (x)y")], STABLE),
    ]),
    ("
canaries:
  - {name: blue, weight: 0, header: {name: x-blue}, cookie: {name: color, value: blue}}
  - {name: green, weight: 0, header: {name: x-green}, cookie: {name: color, pattern: ^gr}}
", &[
        (&[("x-blue", "always")], CANARY),
        (&[("x-green", "always")], SECOND),
        (&[("x-green", "always"), ("x-blue", "always")], CANARY),
        (&[("x-green", "always"), ("x-blue", "never")], STABLE),
        (&[("cookie", "color=blue")], CANARY),
        (&[("cookie", "color=grey; x=1")], SECOND),
        (&[("cookie", "color=blue"), ("x-green", "always")], SECOND),
        (&[("cookie", "x=green; color=ogre")], STABLE),
    ]),
];

#[test]
fn rules_route_as_the_policy_decides() {
    let configurations: Vec<Value> = RULES.iter().map(|(yaml, _)| exact(yaml)).collect();
    let Some(proxy) = Proxy::start("rules", &configurations) else { return };
    for (index, (yaml, requests)) in RULES.iter().enumerate() {
        let mut client = proxy.client(index);
        for (lines, expected) in *requests {
            let answer = client.get("example.com", "/", lines.iter().copied());
            assert_eq!(answer.variant, Some(*expected), "{yaml} {lines:?}");
            let owned: Lines = lines.iter().map(|(name, value)| (name.to_string(), value.trim().to_owned())).collect();
            let outcome = selected(&policy(yaml), &owned);
            assert!(
                matches!(outcome, Outcome::To(to, _) if to == *expected) || is_share(&outcome, *expected),
                "{lines:?}"
            );
        }
    }
}

/// Whether a variant has a share of a split.
fn is_share(outcome: &Outcome, variant: Variant) -> bool {
    matches!(outcome, Outcome::Split(shares) if shares.iter().any(|(to, ..)| *to == variant))
}

#[test]
fn hosts_and_paths_are_those_of_the_route() {
    let policy = policy("canaries: [{weight: 100}]");
    let hosts = ["example.com".parse().unwrap(), "*.example.org".parse().unwrap()];
    let route = route(&policy).with_hosts(hosts).unwrap().with_paths(paths("/cart /deep/er/ =/only")).unwrap();
    let Some(proxy) = Proxy::start("hosts", &[written(&policy, &route).0]) else { return };
    let mut client = proxy.client(0);
    #[rustfmt::skip]
    let rows = [
        ("example.com", "/cart", 200),
        ("Example.COM", "/cart", 200),
        ("example.com:8080", "/cart", 200),
        ("www.example.com", "/cart", 404),
        ("www.example.org", "/cart", 200),
        ("a.b.example.org:1", "/cart", 200),
        ("example.org", "/cart", 404),
        ("example.com", "/cart/", 200),
        ("example.com", "/cart/1?a=b", 200),
        ("example.com", "/cart?a=b", 200),
        ("example.com", "/carts", 404),
        ("example.com", "/Cart", 404),
        ("example.com", "/", 404),
        ("example.com", "/deep/er", 200),
        ("example.com", "/deep/er/1", 200),
        ("example.com", "/deep/err", 404),
        ("example.com", "/only", 200),
        ("example.com", "/only?a=b", 200),
        ("example.com", "/only/", 404),
    ];
    let beta = util::policy("canaries: [{weight: 0, header: {name: Host, pattern: '^beta[.]'}}]");
    let Some(named) = Proxy::start("host", &[written(&beta, &self::route(&beta)).0]) else { return };
    assert_eq!(named.client(0).get("beta.example.com", "/", []).variant, Some(CANARY));
    assert_eq!(named.client(0).get("example.com", "/", []).variant, Some(STABLE));
    for (host, path, status) in rows {
        assert_eq!(client.get(host, path, []).status, status, "{host} {path}");
    }
}

#[test]
fn shares_are_those_of_the_weights() {
    let yaml = [
        "canaries: [{weight: 30}]",
        "canaries: [{weight: 0}]",
        "canaries: [{weight: 100}]",
        "{total: 4294967295, canaries: [{name: a, weight: 2000000000}, {name: b, weight: 2000000000}]}",
    ];
    let Some(proxy) = Proxy::start("weights", &yaml.map(exact)) else { return };
    let count = |configuration: usize, variant: Variant, requests: usize| {
        let mut client = proxy.client(configuration);
        let answers = (0..requests).map(|_| client.get("example.com", "/", []));
        answers.filter(|answer| answer.variant == Some(variant)).count()
    };
    // Four standard envoy_deviates_as_documented of 2,000 requests are 82 at 30 of 100, and 89.2 at 2000000000 of 4294967295.
    let canaries = count(0, CANARY, 2_000);
    println!("30 of 100: {canaries} of 2000");
    assert!(canaries.abs_diff(600) <= 82, "{canaries}");
    assert_eq!((count(1, STABLE, 200), count(2, CANARY, 200)), (200, 200));
    let second = count(3, SECOND, 2_000);
    println!("2000000000 of 4294967295: {second} of 2000");
    assert!(second.abs_diff(931) <= 90, "{second}");
}

#[test]
fn an_affinity_cookie_pins_a_client() {
    let cookie = |precedence: &str| {
        format!(
            "
canaries: [{{weight: 50, header: {{name: x-canary}}}}]
affinity: {{cookie: {{name: route, precedence: {precedence}, revision: '7', path: /a%20b, maxAge: 60}}}}
"
        )
    };
    let configurations = ["beforeRules", "afterRules"].map(|precedence| exact(&cookie(precedence)));
    let Some(proxy) = Proxy::start("affinity", &configurations) else { return };
    let set = |name: &str| format!("route=7.{name}; Max-Age=60; Path=/a%20b; HttpOnly");
    for index in [0, 1] {
        let mut client = proxy.client(index);
        let mut seen = Vec::new();
        for _ in 0..40 {
            let first = client.get("example.com", "/", []);
            let name = if first.variant == Some(CANARY) { "canary" } else { "stable" };
            assert_eq!(first.cookies, [set(name)]);
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let pair = format!("a=b; route=7.{name}");
            for _ in 0..50 {
                let next = client.get("example.com", "/", [("cookie", pair.as_str())]);
                assert_eq!((next.variant, next.cookies), (first.variant, Vec::new()));
            }
        }
        assert_eq!(seen.len(), 2);
        // The policy ignores a cookie with another revision, another letter case in its name, or a longer value.
        for pair in ["route=6.canary", "Route=7.canary", "route=7.canaryy", "xroute=7.canary"] {
            assert_eq!(client.get("example.com", "/", [("cookie", pair)]).cookies.len(), 1, "{pair}");
        }
    }
    let both = [("x-canary", "always"), ("cookie", "route=7.stable")];
    let before = proxy.client(0).get("example.com", "/", both);
    assert_eq!((before.variant, before.cookies), (Some(STABLE), Vec::new()));
    let after = proxy.client(1).get("example.com", "/", both);
    assert_eq!((after.variant, after.cookies), (Some(CANARY), Vec::new()));
    // A rule's choice sets a cookie if the affinity comes before the rules, and is for one request if it comes after them.
    let rule = [("x-canary", "always")];
    assert_eq!(proxy.client(0).get("example.com", "/", rule).cookies, [set("canary")]);
    assert_eq!(proxy.client(1).get("example.com", "/", rule).cookies, Vec::<String>::new());
}

#[test]
fn an_affinity_key_pins_a_client() {
    let policies = ["{header: x-user, salt: s}", "{cookie: uid}"]
        .map(|key| policy(&format!("{{canaries: [{{weight: 50}}], affinity: {{key: {key}}}}}")));
    let configurations: Vec<Value> = policies.iter().map(|policy| written(policy, &route(policy)).0).collect();
    let Some(proxy) = Proxy::start("key", &configurations) else { return };
    for index in [0, 1] {
        let mut client = proxy.client(index);
        let mut of = |user: usize| {
            let (name, value) =
                if index == 0 { ("x-user", format!("{user}")) } else { ("cookie", format!("uid={user}")) };
            client.get("example.com", "/", [(name, value.as_str())]).variant
        };
        let mut seen = Vec::new();
        for user in 0..20 {
            let first = of(user);
            assert!((0..10).all(|_| of(user) == first));
            seen.push(first);
        }
        assert!(seen.contains(&Some(STABLE)) && seen.contains(&Some(CANARY)));
        let without: Vec<_> = (0..40).map(|_| client.get("example.com", "/", []).variant).collect();
        assert!(without.contains(&Some(STABLE)) && without.contains(&Some(CANARY)));
    }
}

/// With the point in a header, each client gets the variant that the selector chooses, whatever the places and positions of the
/// canaries are: 10,000 of 10,000.
#[test]
fn a_point_in_a_header_chooses_the_variant_of_the_selector() {
    let key = "affinity: {key: {header: x-user, salt: s}}";
    let policies = [
        format!("{{canaries: [{{weight: 30}}], {key}}}"),
        format!("{{total: 10000, canaries: [{{name: a, weight: 1429}}, {{name: b, weight: 2500}}], {key}}}"),
        format!("{{total: 1000, canaries: [{{name: a, weight: 50, position: 400}}, {{name: b, weight: 7, position: 0}}], {key}}}"),
        format!("{{total: 4294967295, canaries: [{{name: a, weight: 1}}, {{name: b, weight: 2147483647}}], {key}}}"),
    ]
    .map(|yaml| policy(&yaml));
    let params =
        envoy::RouteParams::default().with_point_header(canary_policy::http::HeaderName::from_static("x-point"));
    let configurations: Vec<Value> = policies
        .iter()
        .map(|policy| {
            let written = envoy::route_configuration(policy, &route(policy), &params).unwrap().exact();
            serde_json::to_value(written.expect("no loss")).unwrap()
        })
        .collect();
    let Some(proxy) = Proxy::start("point", &configurations) else { return };
    let mut seen = std::collections::BTreeSet::new();
    for (index, policy) in policies.iter().enumerate() {
        let selector = Selector::new(policy);
        let mut client = proxy.client(index);
        for user in 0..2_500 {
            let user = format!("user-{user}");
            let request = [("x-user", user.as_str())];
            let point = selector.point(&request, Sample::MIN).to_string();
            let expected = selector.select(&request, Sample::MIN).variant;
            let answer = client.get("example.com", "/", [("x-point", point.as_str())]);
            assert_eq!(answer.variant, Some(expected), "{policy:?} {user}");
            seen.insert((index, expected.index()));
        }
    }
    assert_eq!(seen.len(), 2 + 3 + 3 + 2);
}

#[test]
fn envoy_deviates_as_documented() {
    let configurations: Vec<Value> = DEVIATIONS.iter().map(|(_, yaml, ..)| exact(yaml)).collect();
    let Some(proxy) = Proxy::start("envoy_deviates_as_documented", &configurations) else { return };
    for (index, (what, _, lines, _, expected)) in DEVIATIONS.iter().enumerate() {
        let answer = proxy.client(index).get("example.com", "/", lines.iter().copied());
        assert_eq!(answer.variant, Some(*expected), "{what}");
    }
}

/// RE2 reads bytes in Envoy, as the selector does, so that bytes that are not UTF-8 do not prevent a match.
#[test]
fn bytes_that_are_not_ascii_do_not_prevent_a_match() {
    let policy = "
canaries: [{weight: 0, header: {name: x, pattern: 'beta'}, cookie: {name: c, value: beta}}]
affinity: {cookie: {name: route}}
";
    let two = "canaries: [{weight: 0, header: {name: x, pattern: '^..$'}}]";
    let value = r#"canaries: [{weight: 0, header: {name: x, value: "é\t~"}, cookie: {name: c, value: "é\t~"}}]"#;
    let Some(proxy) = Proxy::start("bytes", &[exact(policy), exact(two), exact(value)]) else { return };
    let send = |configuration: usize, line: &[u8]| {
        let request = [b"GET / HTTP/1.1\r\nhost: a\r\n", line, b"\r\n\r\n"].concat();
        proxy.client(configuration).send(&request).variant
    };
    assert_eq!(send(0, b"x: \xe9 beta \xff"), Some(CANARY));
    assert_eq!(send(0, b"cookie: a=\xe9; c=beta; b=\xff"), Some(CANARY));
    assert_eq!(send(0, b"cookie: a=\xe9; route=canary; b=\xff"), Some(CANARY));
    assert_eq!(send(1, "x: ab".as_bytes()), Some(CANARY));
    assert_eq!(send(1, "x: é".as_bytes()), Some(CANARY));
    assert_eq!(send(1, "x: éa".as_bytes()), Some(STABLE));
    assert_eq!(send(1, b"x: \xe9\xff"), Some(CANARY));
    assert_eq!(send(2, "x: é\t~".as_bytes()), Some(CANARY));
    assert_eq!(send(2, "cookie: a=b; c=é\t~".as_bytes()), Some(CANARY));
    assert_eq!(send(2, b"x: \xe9\t~"), Some(STABLE));
}

#[test]
fn variants_may_share_a_backend() {
    let policy = policy("canaries: [{name: a, weight: 30}, {name: b, weight: 30}]");
    let route = route_to("web:80", &["c0:80", "c0:80"]);
    assert_eq!(proxy::validate("shared", &[written(&policy, &route).0]), Ok(()));
}

#[test]
fn an_expression_has_at_most_100_instructions() {
    let cookie = |length: usize| {
        let policy = policy(&format!("canaries: [{{weight: 0, cookie: {{name: c, value: {}}}}}]", "x".repeat(length)));
        written(&policy, &route(&policy))
    };
    let fit: Vec<Value> =
        (1..100).map(cookie).take_while(|(_, losses)| losses.is_empty()).map(|(output, _)| output).collect();
    println!("a cookie of 1 letter may have a value of {}", fit.len());
    assert!(fit.len() >= 70 && fit.len() < 99);
    assert_eq!(proxy::validate("fit", &fit), Ok(()));
    let mut large = cookie(1).0;
    let regex =
        &mut large["virtual_hosts"][0]["routes"][0]["match"]["headers"][0]["string_match"]["safe_regex"]["regex"];
    *regex = regex.as_str().unwrap().replace("= *x", &format!("= *{}", "x".repeat(100))).into();
    if proxy::binary().is_some() {
        let refused = proxy::validate("large", &[large]).unwrap_err();
        assert!(refused.contains("max program size of 100"), "{refused}");
    }
}

/// Generated policies, each with a host of its own in a configuration of 100: Envoy accepts the configurations, and routes as
/// the selector decides.
#[test]
fn generated_policies_are_accepted_and_route_as_the_selector_decides() {
    let mut runner = TestRunner::deterministic();
    let (mut rules, mut splits) = (0, 0);
    for batch in 0..3 {
        let cases: Vec<(Policy, Vec<Lines>)> = (0..100).map(|_| case(&mut runner)).collect();
        let mut configuration = Value::Null;
        let mut left = Vec::new();
        for (index, (policy, requests)) in cases.iter().enumerate() {
            let route = route(policy).with_hosts([format!("p{index}.test").parse().unwrap()]).unwrap();
            let tokens = former_tokens(policy).filter(|_| index % 2 == 0);
            let route = with_former_tokens(route, tokens.clone());
            let (mut output, mut losses) = written(policy, &route);
            output["virtual_hosts"][0]["name"] = format!("p{index}").into();
            if configuration.is_null() {
                configuration = output;
            } else {
                let host = output["virtual_hosts"][0].take();
                configuration["virtual_hosts"].as_array_mut().unwrap().push(host);
            }
            // Envoy's own hash chooses the variant of a key.
            let keyed = matches!(policy.affinity(), Affinity::Key(_));
            let policy = if keyed { policy.clone().with_affinity(Affinity::None) } else { policy.clone() };
            losses.retain(|loss| !keyed || loss.part() != Part::Affinity);
            let tokens = tokens.filter(|_| !losses.iter().any(|loss| loss.part() == Part::FormerTokens));
            left.push((selector(&without(&policy, &losses), tokens.as_ref()), requests));
        }
        let Some(proxy) = Proxy::start(&format!("generated-{batch}"), &[configuration]) else { return };
        let mut client = proxy.client(0);
        for (index, (selector, requests)) in left.iter().enumerate() {
            let policy = selector.policy();
            for request in *requests {
                let lines = request.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let answer = client.get(&format!("p{index}.test"), "/any", lines);
                let variant = answer.variant.unwrap_or_else(|| panic!("{answer:?} {request:?}"));
                let cookie = answer.cookies.first().cloned();
                match selected_by(selector, request) {
                    Outcome::To(to, set_cookie) => {
                        rules += 1;
                        assert_eq!((variant, cookie), (to, set_cookie), "{policy:?} {request:?}");
                    }
                    Outcome::Split(shares) => {
                        splits += 1;
                        let is_destination =
                            shares.iter().any(|(to, _, set_cookie)| (*to, set_cookie) == (variant, &cookie));
                        assert!(is_destination, "{policy:?} {request:?} {variant} {cookie:?}");
                    }
                    Outcome::Nothing => panic!("{request:?}"),
                }
            }
        }
    }
    println!("300 policies: {rules} requests decided by rules, {splits} by weights");
}

/// A generated policy, and five requests for it.
fn case(runner: &mut TestRunner) -> (Policy, Vec<Lines>) {
    let strategy = policy_and_request();
    let (policy, first) = strategy.new_tree(runner).unwrap().current();
    let mut requests = vec![first];
    requests.extend((0..4).map(|_| request::request(&policy).new_tree(runner).unwrap().current()));
    (policy, requests)
}

/// Headers of all kinds. A gateway overwrites or removes some of them before it routes.
const HEADERS: &str = "
connection keep-alive proxy-connection te trailer transfer-encoding upgrade via expect date forwarded
user-agent accept accept-encoding accept-language authorization cache-control content-type origin pragma range referer
x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto
x-request-id x-real-ip x-client-ip true-client-ip x-original-url x-http-method-override x-canary
x-b3-traceid traceparent tracestate x-client-trace-id x-ot-span-context x-amzn-trace-id x-cloud-trace-context grpc-timeout
x-envoy-attempt-count x-envoy-decorator-operation x-envoy-degraded x-envoy-downstream-service-cluster
x-envoy-downstream-service-node x-envoy-expected-rq-timeout-ms x-envoy-external-address x-envoy-force-trace
x-envoy-hedge-on-per-try-timeout x-envoy-internal x-envoy-ip-tags x-envoy-max-retries x-envoy-original-dst-host
x-envoy-original-host x-envoy-original-method x-envoy-original-path x-envoy-original-url x-envoy-overloaded
x-envoy-peer-metadata x-envoy-peer-metadata-id x-envoy-ratelimited x-envoy-retriable-header-names
x-envoy-retriable-status-codes x-envoy-retry-grpc-on x-envoy-retry-on x-envoy-upstream-alt-stat-name
x-envoy-upstream-canary x-envoy-upstream-rq-per-try-timeout-ms x-envoy-upstream-rq-timeout-alt-response
x-envoy-upstream-rq-timeout-ms x-envoy-upstream-service-time x-envoy-upstream-stream-duration-ms x-envoy-other
";

/// A rule is a loss if, and only if, a gateway does not see its header as it was sent.
#[test]
fn a_gateway_matches_every_header_that_is_not_a_loss() {
    let header = |name: &str| serde_json::json!([{"name": name, "string_match": {"exact": "abc"}}]);
    let to = |name: &str| serde_json::json!({"match": {"prefix": "/", "headers": header(name)}, "route": {"cluster": "c0:80"}});
    // A configuration for each header, each with a port of its own.
    let names: Vec<&str> = HEADERS.split_whitespace().collect();
    let configurations: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut configuration = exact("canaries: [{weight: 0}]");
            configuration["virtual_hosts"][0]["routes"].as_array_mut().unwrap().insert(0, to(name));
            configuration
        })
        .collect();
    let Some(proxy) = Proxy::start("headers", &configurations) else { return };
    let mut lost = 0;
    for (index, name) in names.iter().enumerate() {
        let policy = policy(&format!("canaries: [{{weight: 0, header: {{name: {name}, value: abc}}}}]"));
        let is_lost = !written(&policy, &route(&policy)).1.is_empty();
        let answer = proxy.client(index).get("example.com", "/", [(*name, "abc")]);
        assert_eq!(answer.variant == Some(CANARY), !is_lost, "{name}");
        lost += usize::from(is_lost);
    }
    assert_eq!(lost, 32);
}
