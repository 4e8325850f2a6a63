//! Clients with an affinity cookie of ingress-nginx keep their variants on every target with rules, and get the cookie of the policy.

use std::collections::BTreeMap;

use canary_policy::policy::{FormerTokens, Token};
use canary_policy::route::{Location, VirtualHost};
use canary_policy::targets::nginx::{self, Annotations, Flags};
use canary_policy::{Affinity, Policy, Variant};
use serde_json::Value;

use super::rows::TARGETS;
use crate::util::former_tokens::{former_tokens, selector};
use crate::util::outcome::{Outcome, selected_by};
use crate::util::request::{Lines, lines};
use crate::util::route::paths;
use crate::util::virtual_host::NAMESPACE;
use crate::util::{CANARY, STABLE, annotations, json_lines, policy};

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

/// A request whose affinity cookie has the token of stable in the place of `S`, and that of the canary in the place of `C`; the variant;
/// and the value of the cookie that the response sets.
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

/// The requests that targets with rules route differently from a selector: a title, the lines, the variant of the selector, and that of
/// the targets. DESIGN.md has these rows too.
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

/// The cookies of the requests whose decisions were recorded from a real controller: whoever it pinned is pinned to the same variant on
/// every target, and whoever it did not pin is not.
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
