//! Clients with an affinity cookie of ingress-nginx keep their variants on every target with rules, and get the cookie of the
//! policy.

use std::collections::BTreeMap;

use canary_policy::migrate::{self, Answer, LocationDifference};
use canary_policy::policy::{FormerTokens, Token};
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::nginx::{self, Annotations, Flags};
use canary_policy::targets::{envoy, gateway, gloo, istio, linkerd};
use canary_policy::{Affinity, Policy, Variant};
use serde_json::Value;

use super::rows::TARGETS;
use crate::util::former_tokens::{former_tokens, selector};
use crate::util::outcome::{Outcome, selected_by};
use crate::util::request::{Lines, lines};
use crate::util::route::{paths, route};
use crate::util::virtual_host::NAMESPACE;
use crate::util::{CANARY, STABLE, annotations, json_lines, policy, texts};

/// A virtual host with this policy on every path. Stable is `c0`, and the canaries are `c1` and so on.
fn host(policy: &Policy, tokens: Option<FormerTokens>) -> VirtualHost {
    let location = Location::new(paths("/").remove(0), "c0:80".parse().unwrap());
    let canaries = (1..=policy.canaries().len()).map(|index| format!("c{index}:80").parse().unwrap());
    let location = location.with_policy(policy.clone(), canaries.collect::<Vec<_>>()).unwrap();
    let location = tokens.into_iter().fold(location, |location, tokens| location.with_former_tokens(tokens).unwrap());
    let host = VirtualHost::new("shop", [location]).unwrap().with_namespace(NAMESPACE).unwrap();
    host.with_parents(["public".parse().unwrap()]).unwrap()
}

/// The outcome in variants, from one in the numbers of Services.
fn in_variants(outcome: Outcome) -> Outcome {
    let variant = |service: Variant| match service.index() {
        Some(0) => STABLE,
        index => Variant::Canary(index.unwrap() - 1),
    };
    match outcome {
        Outcome::To(to, cookie) => Outcome::To(variant(to), cookie),
        Outcome::Split(all) => {
            Outcome::split(all.into_iter().map(|(to, weight, cookie)| (variant(to), weight, cookie)).collect())
        }
        Outcome::Nothing => Outcome::Nothing,
    }
}

/// The outcome of a request on each target.
fn answers(host: &VirtualHost, request: &Lines) -> Vec<(&'static str, Outcome)> {
    TARGETS.iter().map(|(target, answer)| (*target, in_variants(answer(host, "/any", request)))).collect()
}

/// A policy whose weights send every request to stable, and whose rules are after or before the cookie.
const STICKY: &str = "{ canaries: [{ weight: 0, header: { name: x-canary } }], affinity: { cookie: { name: route } } }";
const AFTER: &str = "{ canaries: [{ weight: 0, header: { name: x-canary } }], affinity: { cookie: { name: route, precedence: afterRules, revision: '7', maxAge: 60 } } }";
const STABLE_ONLY: &str = "{ canaries: [{ weight: 100 }], affinity: { cookie: { name: route, pins: stable } } }";

/// A request whose affinity cookie has the token of stable in the place of `S`, and that of the canary in the place of `C`; the
/// variant; and the value of the cookie that the response sets.
type Row = (&'static str, Variant, Option<&'static str>);

#[rustfmt::skip]
const ROWS: [(&str, &[Row]); 3] = [
    (STICKY, &[
        ("cookie: route=1795403237.92.31370.49610|C", CANARY, Some("canary")),
        ("cookie: route=1795403237.92.31370.49610|S", STABLE, Some("stable")),
        ("cookie: a=b; route=1|C; c=d", CANARY, Some("canary")),
        ("cookie: a=b\ncookie: route=1|C", CANARY, Some("canary")),
        ("cookie: route=aa719b9ad53bffdbe97ad48218aa2902|C", CANARY, Some("canary")),
        // A rule does not move a client that has a cookie.
        ("cookie: route=1|S\nx-canary: always", STABLE, Some("stable")),
        ("cookie: route=1|C\nx-canary: never", CANARY, Some("canary")),
        // Empty fields do not count, and further ones are not read.
        ("cookie: route=a||C", CANARY, Some("canary")),
        ("cookie: route=|x|C", CANARY, Some("canary")),
        ("cookie: route=x|C|more", CANARY, Some("canary")),
        ("cookie: route=x|C|", CANARY, Some("canary")),
        ("cookie: route=x|C|S", CANARY, Some("canary")),
        ("cookie: route=x=y|C", CANARY, Some("canary")),
        ("cookie: route=x|C d", CANARY, Some("canary")),
        ("cookie: route=x,y|C", CANARY, Some("canary")),
        // The token is not the second field, or belongs to another cookie: the weights decide.
        ("cookie: route=x|more|C", STABLE, Some("stable")),
        ("cookie: route=C", STABLE, Some("stable")),
        ("cookie: route=|C", STABLE, Some("stable")),
        ("cookie: route=||C|", STABLE, Some("stable")),
        ("cookie: route=x|Cx", STABLE, Some("stable")),
        ("cookie: route=x|xC", STABLE, Some("stable")),
        ("cookie: route=x y|C", STABLE, Some("stable")),
        ("cookie: route=x;|C", STABLE, Some("stable")),
        ("cookie: other=x|C", STABLE, Some("stable")),
        ("cookie: other=route=x|C", STABLE, Some("stable")),
        ("cookie: xroute=x|C", STABLE, Some("stable")),
        ("cookie: Route=x|C", STABLE, Some("stable")),
        ("cookie: route=x; other=x|C", STABLE, Some("stable")),
        // The policy's own cookies are honoured as before.
        ("cookie: route=canary", CANARY, None),
        ("cookie: route=stable\nx-canary: always", STABLE, None),
        ("x-canary: always", CANARY, Some("canary")),
    ]),
    (AFTER, &[
        ("cookie: route=1|C", CANARY, Some("7.canary")),
        // The choice of a rule is for one request.
        ("cookie: route=1|C\nx-canary: never", STABLE, None),
        ("cookie: route=1|S\nx-canary: always", CANARY, None),
        ("cookie: route=7.canary", CANARY, None),
        ("cookie: route=canary", STABLE, Some("7.stable")),
    ]),
    (STABLE_ONLY, &[
        ("cookie: route=1|S", STABLE, Some("stable")),
        ("cookie: route=1|C", CANARY, None),
        ("cookie: route=stable", STABLE, None),
    ]),
];

/// The lines of a row.
fn request(text: &str, tokens: &FormerTokens) -> Lines {
    let canary = nginx::token("shop", "former-1", "80");
    assert!(tokens.canaries().is_empty() || tokens.token(CANARY) == Some(&canary));
    let with_tokens = |value: String| value.replace('C', canary.as_str()).replace('S', tokens.stable().as_str());
    lines(text).into_iter().map(|(name, value)| (name, with_tokens(value))).collect()
}

#[test]
fn a_client_keeps_its_variant_and_gets_the_cookie_of_the_policy() {
    for (yaml, rows) in ROWS {
        let policy = policy(yaml);
        let tokens = former_tokens(&policy).unwrap();
        let Affinity::Cookie(cookie) = policy.affinity() else { panic!("{yaml}") };
        let max_age = cookie.max_age().map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        let (host, selector) = (host(&policy, Some(tokens.clone())), selector(&policy, Some(&tokens)));
        for (text, variant, name) in rows {
            let request = request(text, &tokens);
            let set_cookie = name.map(|name| format!("route={name}{max_age}; Path=/; HttpOnly"));
            let selected = selected_by(&selector, &request);
            for (who, outcome) in answers(&host, &request).into_iter().chain([("the selector", selected)]) {
                let found = match outcome {
                    Outcome::To(variant, cookie) => (variant, cookie),
                    Outcome::Split(mut all) => {
                        let (variant, _, cookie) = all.remove(0);
                        assert!(all.is_empty());
                        (variant, cookie)
                    }
                    Outcome::Nothing => panic!("{who}: {text}"),
                };
                assert_eq!(found, (*variant, set_cookie.clone()), "{who}: {text} of {yaml}");
            }
        }
    }
}

/// The requests that targets with rules route differently from a selector: a title, the lines, the variant of the selector, and
/// that of the targets. DESIGN.md has these rows too.
#[rustfmt::skip]
const DEVIATIONS: [(&str, &str, Variant, Variant); 5] = [
    ("two affinity cookies, of which the last has a former token", "cookie: route=stable; route=1|C", CANARY, STABLE),
    ("two affinity cookies, of which the first has a former token", "cookie: route=1|C; route=x", STABLE, CANARY),
    ("two former tokens", "cookie: route=1|S; route=1|C", CANARY, STABLE),
    ("a former token after a word without `=`", "cookie: word; route=1|C", STABLE, CANARY),
    ("a first field that is not visible ASCII", "cookie: route=\u{e9}|C", CANARY, STABLE),
];

#[test]
fn the_targets_deviate_only_as_documented() {
    let policy = policy(STICKY);
    let tokens = former_tokens(&policy).unwrap();
    let (host, selector) = (host(&policy, Some(tokens.clone())), selector(&policy, Some(&tokens)));
    for (what, text, of_selector, of_target) in DEVIATIONS {
        let request = request(text, &tokens);
        assert_eq!(selected_by(&selector, &request).variant(), Some(of_selector), "{what}");
        for (target, outcome) in answers(&host, &request) {
            assert_eq!(outcome.variant(), Some(of_target), "{target}: {what}");
        }
    }
}

/// The cookies of the requests whose decisions were recorded from a real controller: whoever it pinned is pinned to the same
/// variant on every target, and whoever it did not pin is not.
#[test]
fn the_clients_of_the_controller_keep_their_variants() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in json_lines("cases/decisions.jsonl") {
        let Some(keys) = case.get("affinity").filter(|keys| !keys.is_null()) else { continue };
        let of = |field: &str| -> Vec<(String, String)> {
            let fields = case.get(field).and_then(Value::as_object).into_iter().flatten();
            fields.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
        };
        let prefixed =
            |pairs: &[(String, String)]| annotations(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let written = Annotations::new(prefixed(&of("annotations")), prefixed(&of("stable_annotations")));
        // A pattern that only PCRE runs has no policy.
        let Ok(reading) = nginx::read(&written, &Flags::default()) else { continue };
        let token = |field: &str| Token::new(keys[field].as_str().unwrap()).unwrap();
        let canary = Some(token("canary_key")).filter(|_| keys["behavior"] != "legacy");
        let tokens = FormerTokens::new(token("primary_key"), canary).unwrap();
        let host = host(&reading.policy, Some(tokens));
        let lines = case["headers"].as_array().unwrap().iter();
        let line = |line: &Value| (line[0].as_str().unwrap().to_owned(), line[1].as_str().unwrap().trim().to_owned());
        let request: Lines = lines.map(line).collect();

        let cookie = format!("{}=", keys["cookie_name"].as_str().unwrap());
        let held: usize = request
            .iter()
            .map(|(name, value)| if name.eq_ignore_ascii_case("cookie") { value.matches(&cookie).count() } else { 0 })
            .sum();
        let reason = case["reason"].as_str().unwrap();
        let variant = if case["variant"] == "stable" { STABLE } else { CANARY };
        let unpinned = answers(&host.clone().without_former_tokens(), &request);
        for ((target, outcome), (_, without)) in answers(&host, &request).into_iter().zip(unpinned) {
            let class = match (&outcome, reason.starts_with("affinity")) {
                (Outcome::To(to, Some(set)), true) if *to == variant && set.starts_with(&cookie) => "pinned",
                (_, false) if outcome == without => "not pinned",
                _ if held > 1 => "two affinity cookies",
                other => panic!("{target}: {other:?} for {case}"),
            };
            *counts.entry(class).or_default() += 1;
        }
    }
    // 205 requests on five targets.
    let expected = [("not pinned", 535), ("pinned", 455), ("two affinity cookies", 35)];
    assert_eq!(counts, BTreeMap::from(expected));
}

/// What a target cannot say is a loss, and the proof then shows a client.
#[test]
fn a_token_that_a_target_refuses_is_a_loss() {
    let sticky = |name: &str, path: &str| {
        policy(&format!("{{ canaries: [{{ weight: 0 }}], affinity: {{ cookie: {{ name: {name}, path: {path} }} }} }}"))
    };
    let losses = |policy: &Policy| {
        let host = host(policy, former_tokens(policy));
        let written = gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap();
        let read = gateway::read_hosts(&written.output, &[]).unwrap();
        let answer = migrate::verify(&[host], &read).answer().clone();
        (texts(&written.losses), answer)
    };
    let (none, same) = losses(&sticky(&"n".repeat(25), "/"));
    assert_eq!((none, same), (Vec::new(), Answer::Same));
    let name = "n".repeat(26);
    let (refused, differs) = losses(&sticky(&name, "/"));
    let limit = "RE2 compiles its regular expression to more instructions than the parameters allow; Envoy, which many implementations are \
                 built on, allows 100 unless it is configured otherwise";
    assert_eq!(
        refused,
        [format!("shop/shop Prefix /: formerTokens: `cookie {name}` is refused, so it is left out: {limit}")]
    );
    assert!(matches!(differs, Answer::Differs(LocationDifference::FormerToken(_))), "{differs}");

    let (left_out, _) = losses(&sticky("route", "/a%20b"));
    let why = "a former token belongs to the affinity cookie, which is left out";
    assert_eq!(left_out[1..], [format!("shop/shop Prefix /: formerTokens: `cookie route` is left out: {why}")]);
}

/// A route has no policy of its own, so that its tokens are checked when it is converted.
#[test]
fn tokens_of_another_policy_are_an_error() {
    let tokens = former_tokens(&policy(STICKY)).unwrap();
    for (yaml, error) in [
        (STABLE_ONLY, "formerTokens: 2 tokens are given, but the affinity cookie pins 1 variant"),
        ("canaries: [{ weight: 5 }]", "formerTokens: the policy has no affinity cookie, which is what holds a token"),
    ] {
        let policy = policy(yaml);
        let route =
            route(&policy).with_parents(["public".parse().unwrap()]).unwrap().with_former_tokens(tokens.clone());
        let errors = [
            gateway::http_routes(&policy, &route, &gateway::RouteParams::default()).unwrap_err(),
            gateway::grpc_routes(&policy, &route, &gateway::RouteParams::default()).unwrap_err(),
            istio::virtual_service(&policy, &route, &istio::VirtualServiceParams::default()).map(|_| ()).unwrap_err(),
            linkerd::http_routes(&policy, &route, &linkerd::RouteParams::default()).unwrap_err(),
            gloo::virtual_service(&policy, &route).unwrap_err(),
            envoy::route_configuration(&policy, &route, &envoy::RouteParams::default()).unwrap_err(),
            VirtualHost::of_route(&policy, &route).unwrap_err(),
        ];
        for found in errors {
            assert_eq!(found.to_string(), error);
        }
        // Without the tokens nothing is wrong.
        assert!(VirtualHost::of_route(&policy, &route.without_former_tokens()).is_ok());
    }
}

/// GRPCRoutes have the same rules as HTTPRoutes.
#[test]
fn a_grpc_route_honours_former_tokens() {
    let policy = policy(STICKY);
    let route = route(&policy).with_parents(["public".parse().unwrap()]).unwrap();
    let route = route.with_former_tokens(former_tokens(&policy).unwrap());
    let params = gateway::RouteParams::default();
    let headers = |routes: Value| -> Vec<String> {
        let rules = routes[0]["spec"]["rules"].as_array().unwrap().clone();
        let matches = rules.iter().flat_map(|rule| rule["matches"].as_array().into_iter().flatten());
        matches.map(|one| one["headers"].to_string()).collect()
    };
    let http = serde_json::to_value(gateway::http_routes(&policy, &route, &params).unwrap().exact().unwrap()).unwrap();
    let grpc = serde_json::to_value(gateway::grpc_routes(&policy, &route, &params).unwrap().exact().unwrap()).unwrap();
    assert_eq!(headers(http), headers(grpc));
}

/// Rows that somebody has changed are findings, and prove nothing. Each row of this test is a change, and the findings.
#[test]
fn rows_that_are_not_those_of_a_policy_are_findings() {
    let policy = policy(STICKY);
    let tokens = former_tokens(&policy).unwrap();
    let host = host(&policy, Some(tokens.clone()));
    let written = gateway::http_routes_of_host(&host, &gateway::RouteParams::default()).unwrap().exact().unwrap();
    let read = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut routes = serde_json::to_value(&written).unwrap();
        change(routes[0]["spec"]["rules"].as_array_mut().unwrap());
        let routes: Vec<gateway::HttpRoute> = serde_json::from_value(routes).unwrap();
        let read = gateway::read_hosts(&routes, &[]).unwrap();
        let answer = migrate::verify(std::slice::from_ref(&host), &read).answer().clone();
        (texts(&read[0].findings), answer)
    };
    assert_eq!(read(&|_| {}), (Vec::new(), Answer::Same));
    let (stable, canary) = (tokens.stable(), &tokens.canaries()[0]);
    // Rules 0 and 1 are the policy's own cookie, 2 and 3 its former tokens; the last match of rule 3 is that of the header.
    let one_each =
        "is left out: there is one former token for each variant that the affinity cookie pins, and no other";
    let (findings, answer) = read(&|rules| drop(rules.remove(2)));
    assert_eq!(findings, [format!("spec.rules[2].matches[0]: `cookie route with the token {canary}` {one_each}")]);
    assert_eq!(answer, Answer::Unread);
    let (findings, _) = read(&|rules| drop(rules.drain(..2)));
    assert_eq!(findings[0], format!("spec.rules[0].matches[0]: `cookie route with the token {stable}` {one_each}"));
    let (findings, answer) = read(&|rules| drop(rules[2].as_object_mut().unwrap().remove("filters")));
    assert_eq!(
        findings,
        [
            "spec.rules[2].matches[0]: `Set-Cookie` is left out: a policy sets the affinity cookie of every variant that it pins, and no other"
        ]
    );
    assert_eq!(answer, Answer::Unread);
    // Without all of these rules nothing is wrong with the object, but the clients are assigned anew.
    let (findings, answer) = read(&|rules| {
        rules[3]["matches"].as_array_mut().unwrap().remove(0);
        rules.remove(2);
    });
    assert_eq!(findings, Vec::<String>::new());
    let Answer::Differs(LocationDifference::FormerToken(difference)) = answer else { panic!("{answer}") };
    assert_eq!(difference.request.to_string(), format!("`cookie: route=1|{canary}`"));
}
