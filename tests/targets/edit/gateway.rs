//! A policy in somebody's HTTPRoute: its requests are decided as the selector decides, and all others as before.

use std::cell::Cell;

use canary_policy::error::EditError;
use canary_policy::targets::Part;
use canary_policy::targets::gateway::{self, HttpRoute, RouteParams};
use canary_policy::{Loss, Variant};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::util::http_route::{Reader, decided_with_query};
use crate::util::outcome::{Outcome, compare};
use crate::util::request::policy_and_request;
use crate::util::route::route;
use crate::util::theirs::{self, PATHS, QUERY, TEAM};
use crate::util::{all_cases, cases};

/// Whether all requests of a rule go to stable.
pub fn is_base(rule: &Value) -> bool {
    rule["backendRefs"].as_array().is_some_and(|refs| matches!(refs.as_slice(), [only] if only["name"] == "web"))
}

/// The cookie that filters add, and the filters without it.
fn without_cookie(filters: &Value) -> (Option<String>, Value) {
    let mut cookie = None;
    let mut filters = filters.clone();
    for filter in filters.as_array_mut().into_iter().flatten() {
        let Some(added) = filter.pointer_mut("/responseHeaderModifier/add").and_then(Value::as_array_mut) else {
            continue;
        };
        added.retain(|header| {
            let is_cookie = header["name"] == "Set-Cookie";
            cookie = cookie.take().or_else(|| is_cookie.then(|| header["value"].as_str().unwrap().to_owned()));
            !is_cookie
        });
        if added.is_empty() {
            filter["responseHeaderModifier"].as_object_mut().unwrap().remove("add");
        }
    }
    if let Some(list) = filters.as_array_mut() {
        list.retain(|filter| filter["responseHeaderModifier"] != json!({}));
    }
    let filters = if filters == json!([]) { Value::Null } else { filters };
    (cookie, filters)
}

/// What of a rule the policy does not own: everything but the matches, the name, the Services, the weights and the cookies.
fn rest(rule: &Value) -> Value {
    let mut rest = rule.clone();
    for name in ["matches", "name", "backendRefs"] {
        rest.as_object_mut().unwrap().remove(name);
    }
    rest["filters"] = without_cookie(&rule["filters"]).1;
    let of_backend = |backend: &Value| {
        let mut backend = backend.clone();
        ["name", "weight"].iter().for_each(|name| drop(backend.as_object_mut().unwrap().remove(*name)));
        backend["filters"] = without_cookie(&backend["filters"]).1;
        backend
    };
    let mut backends: Vec<Value> = rule["backendRefs"].as_array().unwrap().iter().map(of_backend).collect();
    backends.dedup();
    rest["backends"] = Value::Array(backends);
    rest
}

/// The outcome of the requests that a rule gets.
fn outcome(rule: &Value, is_made: bool) -> Outcome {
    let cookie_of_rule = without_cookie(&rule["filters"]).0;
    let destination = |backend: &Value| {
        let name = backend["name"].as_str().unwrap();
        let variant = name.strip_prefix('c').map_or(Variant::Stable, |index| Variant::Canary(index.parse().unwrap()));
        let weight = backend["weight"].as_u64().unwrap_or(1).try_into().unwrap();
        (variant, weight, cookie_of_rule.clone().or(without_cookie(&backend["filters"]).0))
    };
    let destinations: Vec<_> = rule["backendRefs"].as_array().unwrap().iter().map(destination).collect();
    match destinations.as_slice() {
        [(to, _, cookie)] if is_made => Outcome::To(*to, cookie.clone()),
        _ => Outcome::split(destinations),
    }
}

/// The losses that are parts of the policy.
pub fn of_policy(losses: &[Loss]) -> Vec<Loss> {
    losses.iter().filter(|loss| !matches!(loss.part(), Part::Rule(_))).cloned().collect()
}

#[test]
fn requests_are_decided_as_the_selector_decides_and_all_others_as_before() {
    let (edited, shared) = (Cell::new(0), Cell::new(0));
    let (others, refused) = (Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let strategy = (policy_and_request(), theirs::http_route(), select(&PATHS[..]), any::<(bool, bool)>());
    let mut runner = proptest::test_runner::TestRunner::new(cases(10_000));
    let result = runner.run(&strategy, |((policy, mut request), theirs, path, (asks, is_team))| {
        let original: HttpRoute = serde_json::from_value(theirs.clone()).unwrap();
        let conversion = match gateway::with_policy(&original, &policy, &route(&policy), &RouteParams::default()) {
            Ok(conversion) => conversion,
            Err(EditError::Takes { .. } | EditError::NoRule { .. } | EditError::TooMany { .. }) => {
                count(&refused);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        count(&edited);
        let after = serde_json::to_value(&conversion.output).unwrap();
        let query = if asks { vec![QUERY] } else { Vec::new() };
        request.extend(is_team.then(|| (TEAM.0.to_owned(), TEAM.1.to_owned())));
        let decided = |routes| decided_with_query(Reader::Envoy, routes, path, &query, &request);
        match (decided(std::slice::from_ref(&theirs)), decided(std::slice::from_ref(&after))) {
            (None, None) => {}
            (Some(before), Some(now)) if is_base(before.rule) => {
                count(&shared);
                let is_made = now.rule_index >= theirs["spec"]["rules"].as_array().unwrap().len();
                compare(&policy, &of_policy(&conversion.losses), &request, outcome(now.rule, is_made))?;
                prop_assert_eq!(rest(now.rule), rest(before.rule));
                prop_assert!(is_made || now.rule_index == before.rule_index);
            }
            (Some(before), Some(now)) => {
                count(&others);
                prop_assert_eq!((now.rule_index, now.rule), (before.rule_index, before.rule));
            }
            (before, now) => prop_assert!(false, "{:?} {:?}", before.map(|one| one.rule), now.map(|one| one.rule)),
        }
        Ok(())
    });
    result.unwrap();
    let counts = [&edited, &shared, &others, &refused].map(Cell::get);
    if all_cases() {
        let [edited, shared, others, refused] = counts;
        assert!(edited > refused && shared * 3 > edited && others * 20 > edited && refused * 50 > edited, "{counts:?}");
    }
}
