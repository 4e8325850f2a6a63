//! A policy in somebody's VirtualService: its requests are decided as the selector decides, and all others as before.

use std::cell::Cell;

use canary_policy::Variant;
use canary_policy::error::EditError;
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::gateway::of_policy;
use crate::util::istio::decided;
use crate::util::outcome::{Outcome, compare};
use crate::util::request::policy_and_request;
use crate::util::route::route;
use crate::util::theirs::{self, PATHS, TEAM};
use crate::util::{all_cases, cases};

/// Whether all requests of a rule go to stable.
fn is_base(rule: &Value) -> bool {
    let is_web = |to: &Value| to["destination"]["host"] == "web.shop.svc.cluster.local";
    rule["route"].as_array().is_some_and(|route| matches!(route.as_slice(), [only] if is_web(only)))
}

/// What of a rule the policy does not own: everything but the matches and the destinations.
fn rest(rule: &Value) -> Value {
    let mut rest = rule.clone();
    ["match", "route"].iter().for_each(|name| drop(rest.as_object_mut().unwrap().remove(*name)));
    rest
}

/// The outcome of the requests that a rule gets.
fn outcome(rule: &Value) -> Outcome {
    let destination = |to: &Value| {
        let host = to["destination"]["host"].as_str().unwrap().strip_suffix(".shop.svc.cluster.local").unwrap();
        let variant = host.strip_prefix('c').map_or(Variant::Stable, |index| Variant::Canary(index.parse().unwrap()));
        let cookie =
            to.pointer("/headers/response/add/set-cookie").map(|value| value.as_str().unwrap().replace("%%", "%"));
        (variant, to["weight"].as_u64().unwrap_or(1).try_into().unwrap(), cookie)
    };
    Outcome::split(rule["route"].as_array().unwrap().iter().map(destination).collect())
}

#[test]
fn requests_are_decided_as_the_selector_decides_and_all_others_as_before() {
    let (edited, shared, others) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let strategy = (policy_and_request(), theirs::virtual_service(), select(&PATHS[..]), any::<bool>());
    let mut runner = proptest::test_runner::TestRunner::new(cases(10_000));
    let result = runner.run(&strategy, |((policy, mut request), theirs, path, is_team)| {
        let original: VirtualService = serde_json::from_value(theirs.clone()).unwrap();
        let params = VirtualServiceParams::default();
        let conversion = match istio::with_policy(&original, &policy, &route(&policy), &params) {
            Ok(conversion) => conversion,
            Err(EditError::NoRule { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        count(&edited);
        let after = serde_json::to_value(&conversion.output).unwrap();
        request.extend(is_team.then(|| (TEAM.0.to_owned(), TEAM.1.to_owned())));
        match (decided(&theirs, path, &request), decided(&after, path, &request)) {
            (None, None) => {}
            (Some(before), Some(now)) if is_base(before.rule) => {
                count(&shared);
                prop_assert_eq!(rest(now.rule), rest(before.rule));
                // A made rule is one with a condition in each match.
                let made =
                    now.rule["route"].as_array().unwrap().len() == 1 && !is_base_split(&after, now.rule_index, &theirs);
                let outcome = match (outcome(now.rule), made) {
                    (Outcome::Split(one), true) => Outcome::To(one[0].0, one[0].2.clone()),
                    (outcome, _) => outcome,
                };
                compare(&policy, &of_policy(&conversion.losses), &request, outcome)?;
            }
            (Some(before), Some(now)) => {
                count(&others);
                prop_assert_eq!(now.rule, before.rule);
            }
            (before, now) => prop_assert!(false, "{:?} {:?}", before.map(|one| one.rule), now.map(|one| one.rule)),
        }
        Ok(())
    });
    result.unwrap();
    let [edited, shared, others] = [&edited, &shared, &others].map(Cell::get);
    assert!(!all_cases() || shared * 3 > edited && others * 20 > edited, "{edited} {shared} {others}");
}

/// Whether a rule of the edited object is one of theirs, which has the split: each of their rules follows the rules that were made
/// of it.
fn is_base_split(after: &Value, index: usize, theirs: &Value) -> bool {
    let rules = after["spec"]["http"].as_array().unwrap();
    let made: usize = rules.len() - theirs["spec"]["http"].as_array().unwrap().len();
    let bases = theirs["spec"]["http"].as_array().unwrap().iter().filter(|rule| is_base(rule)).count();
    let mut at = 0;
    for rule in theirs["spec"]["http"].as_array().unwrap() {
        at += if is_base(rule) { made / bases } else { 0 };
        if at == index {
            return true;
        }
        at += 1;
    }
    false
}

#[test]
fn a_subset_is_named_after_its_variant() {
    let theirs = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": "reviews" },
        "spec": { "hosts": ["reviews"], "http": [
            { "route": [{
                "destination": { "host": "reviews", "subset": "stable" },
                "headers": { "request": { "set": { "a": "b" } } },
            }] },
        ] },
    });
    let theirs: VirtualService = serde_json::from_value(theirs).unwrap();
    let params = VirtualServiceParams::default().with_subsets("version").unwrap();
    let policy = crate::util::policy("{ canaries: [{ name: v2, weight: 5 }], affinity: { cookie: { name: r } } }");
    let route = crate::util::route::route_to("reviews:9080", &["reviews:9080"]);
    let edited = istio::with_policy(&theirs, &policy, &route, &params).unwrap();
    assert_eq!(
        crate::util::texts(&edited.losses),
        [
            "backends.canaries[0]: `v2` needs a subset of this name in the DestinationRule of its Service: \
             without one, the requests to this subset fail",
            "rules[0]: `reviews:9080` becomes `reviews`: without a port, a destination has the only port of its Service; \
             if there are several, Istio sends these requests to the port that they came to",
        ]
    );
    let rules = serde_json::to_value(&edited.output.spec.http).unwrap();
    assert_eq!(
        rules[2]["route"],
        json!([
            {
                "destination": { "host": "reviews", "subset": "stable" },
                "weight": 95,
                "headers": {
                    "request": { "set": { "a": "b" } },
                    "response": { "add": { "set-cookie": "r=stable; Path=/; HttpOnly" } },
                },
            },
            {
                "destination": { "host": "reviews", "subset": "v2", "port": { "number": 9080 } },
                "weight": 5,
                "headers": {
                    "request": { "set": { "a": "b" } },
                    "response": { "add": { "set-cookie": "r=v2; Path=/; HttpOnly" } },
                },
            },
        ])
    );
    assert_eq!(istio::without_policy(&edited.output).unwrap(), theirs);
}
