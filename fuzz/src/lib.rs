//! The fuzz targets, a function each. A target fails by a panic.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Instant;

use canary_policy::compare::{self, Comparison};
use canary_policy::targets::gateway::{self, HttpRoute};
use canary_policy::targets::istio::{self, VirtualService, VirtualServiceParams};
use canary_policy::targets::nginx::{Annotations, Cluster, Flags, IngressParams, Manifest, Pair, Prefix, RequestView, Service, annotations as write_annotations, canary_ingress, lint, parse, read, routes, Ingress};
use canary_policy::targets::{envoy, gloo, linkerd, replicas};
use canary_policy::{
    Affinity, AffinityPrecedence, Canary, CookieAffinity, CookieRule, HeaderRule, Loss, Match, Pattern, Policy, Reason,
    Sample, Selector, Spec, Total, Variant,
};
use serde_json::{Value, json};

mod input;
mod naive;
#[allow(dead_code, unused_imports)]
#[path = "../../tests/util/mod.rs"]
mod util;

use input::Input;
use util::outcome::{Outcome, compare as compare_outcomes};
use util::reading::{readable, sets_no_cookie};
use util::request::Lines;
use util::route::route;

/// What a person reads has no character that a terminal acts on.
fn shown(messages: impl IntoIterator<Item = impl Display>) {
    for message in messages {
        let text = message.to_string();
        let acts =
            |letter: char| (letter.is_control() && letter != '\n') || ('\u{202a}'..='\u{202e}').contains(&letter);
        assert!(!text.chars().any(acts), "{text:?}");
    }
}

/// A spec, and the policy and spec that follow from it.
fn spec_holds(spec: Spec) {
    match Policy::try_from(spec) {
        Ok(policy) => {
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy, "{json}");
            let yaml = serde_saphyr::to_string(&policy).unwrap();
            assert_eq!(serde_saphyr::from_str::<Policy>(&yaml).unwrap(), policy, "{yaml}");
        }
        Err(error) => {
            assert!(!error.problems.is_empty());
            shown([&error]);
        }
    }
}

/// A spec in JSON or YAML, or one with the fields of a spec.
pub fn spec(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        serde_json::from_str(text).into_iter().for_each(spec_holds);
        serde_saphyr::from_str(text).into_iter().for_each(spec_holds);
    }
    Input::new(data).spec().into_iter().for_each(spec_holds);
}

/// The names of annotations that are read, without their prefix.
const ANNOTATIONS: [&str; 22] = [
    "canary",
    "canary-weight",
    "canary-weight-total",
    "canary-by-header",
    "canary-by-header-value",
    "canary-by-header-pattern",
    "canary-by-cookie",
    "affinity",
    "affinity-mode",
    "affinity-canary-behavior",
    "session-cookie-name",
    "session-cookie-path",
    "session-cookie-domain",
    "session-cookie-max-age",
    "session-cookie-expires",
    "session-cookie-samesite",
    "session-cookie-secure",
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "canary-by-cookie-value",
    "Canary",
    "",
];

fn annotation_map(input: &mut Input<'_>) -> BTreeMap<String, String> {
    let count = input.below(10);
    (0..count)
        .map(|_| {
            let name = input.text(&ANNOTATIONS);
            let words = [
                "true", "false", "30", "x-canary", "always", "cookie", "sticky", "legacy", "route", "/", "None", "^a",
                "-1", "101", "a b", "",
            ];
            let prefix = input.pick(&["nginx.ingress.kubernetes.io/", "nginx.ingress.kubernetes.io/", "a.b/", ""]);
            (format!("{prefix}{name}"), input.text(&words))
        })
        .collect()
}

/// Maps of annotations. A policy that is read is written and read again.
pub fn annotations(data: &[u8]) {
    let mut input = Input::new(data);
    let (canary, stable) = (annotation_map(&mut input), annotation_map(&mut input));
    shown(parse(&canary, &Flags::default()).findings);
    match read(&Annotations::new(canary, stable), &Flags::default()) {
        Ok(reading) => {
            shown(&reading.findings);
            annotations_mean(&reading.policy);
        }
        Err(error) => shown([error]),
    }
}

/// The annotations of a policy are read without findings, and without losses they are that policy.
fn annotations_mean(policy: &Policy) {
    let written = write_annotations(policy, &Prefix::default());
    shown(&written.losses);
    let again = read(&written.output, &Flags::default()).unwrap();
    assert_eq!(again.findings, [], "{:?}", written.output);
    if written.losses.is_empty() {
        assert_eq!(again.policy.reduced(), policy.reduced(), "{:?}", written.output);
    }
}

/// Policies as annotations.
pub fn write_nginx(data: &[u8]) {
    if let Some(policy) = Input::new(data).policy() {
        annotations_mean(&policy);
    }
}

/// The decision by a rule on what was read: a pattern for exactly these bytes.
fn whole(value: &[u8]) -> Match {
    let bytes: String = value.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    Match::Pattern(Pattern::new(&format!("^{bytes}$")).unwrap())
}

/// Raw header lines and cookies against the naive model.
pub fn request(data: &[u8]) {
    let mut input = Input::new(data);
    let lines = input.raw_lines(&["x-a", "X-A", "x-b", "cookie"], &["c", "C", "cc", "ab", "route"]);
    let canary = || Canary::new("canary", 0).unwrap();
    let decide = |canary: Canary, affinity: Option<CookieAffinity>| {
        let policy = Policy::new([canary], Total::default()).unwrap();
        let policy = affinity
            .into_iter()
            .fold(policy, |policy, cookie| policy.with_affinity(canary_policy::Affinity::Cookie(cookie)));
        let decision = Selector::new(&policy).select(&lines, Sample::MIN);
        (decision.variant, decision.reason)
    };
    // A pattern has a bound, so long values are only checked for being there.
    let of = |value: &Option<Vec<u8>>| match value {
        Some(value) if value.len() <= 250 => whole(value),
        _ => Match::Pattern(Pattern::new("()").unwrap()),
    };
    let by = |found: bool, reason: Reason| {
        if found { (Variant::Canary(0), reason) } else { (Variant::Stable, Reason::Weight) }
    };
    for name in ["x-a", "x-c", "cookie"] {
        let value = naive::header(&lines, name);
        let rule = HeaderRule::new(name, of(&value)).unwrap();
        assert_eq!(decide(canary().with_header(rule), None), by(value.is_some(), Reason::Header), "{name}: {value:?}");
    }
    for name in ["c", "ab", "a"] {
        let value = naive::rule_cookie(&lines, name.as_bytes());
        let rule = CookieRule::new(name, of(&value)).unwrap();
        assert_eq!(decide(canary().with_cookie(rule), None), by(value.is_some(), Reason::Cookie), "{name}: {value:?}");
        let value = naive::affinity_cookie(&lines, name.as_bytes());
        let pinned = value.as_deref().and_then(naive::pinned).map(|variant| (variant, Reason::Affinity));
        let cookie = CookieAffinity::new(name).unwrap();
        assert_eq!(decide(canary(), Some(cookie)), pinned.unwrap_or(by(false, Reason::Affinity)), "{name}: {value:?}");
    }
    match RequestView::new(&lines) {
        Ok(view) => assert!(view.lines().len() <= lines.len()),
        Err(error) => shown([error]),
    }
}

/// A decision is what its explanation says, and what its cookie says.
pub fn select(data: &[u8]) {
    let mut input = Input::new(data);
    let Some(policy) = input.policy() else { return };
    let lines = if input.below(2) == 0 {
        input.raw_lines(&["x-canary", "x-user", "Host"], &["c", "cohort", "route", "uid"])
    } else {
        input.request(&policy).into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
    };
    let sample = Sample::from_bits(input.number());
    let selector = Selector::new(&policy);
    let decision = selector.select(&lines, sample);
    let explanation = selector.explain(&lines, sample);
    assert_eq!((decision.variant, decision.reason), (explanation.variant, explanation.reason), "{explanation}");
    assert_eq!(explanation.steps.last().and_then(|step| step.decided()), Some(decision.variant));
    assert!(explanation.steps.iter().rev().skip(1).all(|step| step.decided().is_none()));
    assert!(decision.variant.index().is_none_or(|index| index < policy.canaries().len()));
    shown([explanation]);
    if let Some(cookie) = &decision.set_cookie {
        // A client that sends nothing else stays where it is, unless a rule that comes first reads the cookie.
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
        let again = selector.select(&[("cookie", cookie)], Sample::from_bits(input.number()));
        let Affinity::Cookie(affinity) = policy.affinity() else { panic!("a cookie without an affinity cookie") };
        let by_rule = matches!(again.reason, Reason::Header | Reason::Cookie);
        if !by_rule || affinity.precedence() == AffinityPrecedence::BeforeRules {
            assert_eq!(
                (again.variant, again.reason, again.set_cookie),
                (decision.variant, Reason::Affinity, None),
                "{cookie}"
            );
        }
    }
}

/// The time that a pattern may take for a KB of a value: thirty times the time in the documentation of `Pattern::MAX_COST`, because
/// a fuzz target runs slower, beside other programs.
const MAX_MILLIS: u128 = 300;

/// Patterns within their bounds.
pub fn pattern(data: &[u8]) {
    let mut input = Input::new(data);
    let text = if input.below(2) == 0 { input.pattern() } else { String::from_utf8_lossy(data).into_owned() };
    let pattern = match Pattern::new(&text) {
        Ok(pattern) => pattern,
        Err(error) => return shown([error]),
    };
    assert_eq!(pattern.as_str(), text);
    let canary = Canary::new("canary", 0).unwrap().with_header(HeaderRule::new("x", Match::Pattern(pattern)).unwrap());
    let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
    // A value that the pattern half matches, again and again.
    let letters: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).chain(*b"a").collect();
    let value: Vec<u8> = letters.into_iter().cycle().take(1024).collect();
    let millis = |_| {
        let start = Instant::now();
        let _ = selector.select(&[("x", &value)], Sample::MIN);
        start.elapsed().as_millis()
    };
    let fastest = (0..3).map(millis).find(|millis| *millis <= MAX_MILLIS);
    assert!(fastest.is_some(), "{text}: more than {MAX_MILLIS} ms for a KB");
}

/// What a target writes for a policy routes a request as the policy decides, but for the losses.
fn written(data: &[u8], write: impl Fn(&Policy, &Lines) -> Option<(Vec<Loss>, Outcome)>) {
    let mut input = Input::new(data);
    let Some(policy) = input.policy() else { return };
    let request = input.request(&policy);
    if let Some((losses, routed)) = write(&policy, &request) {
        shown(&losses);
        compare_outcomes(&policy, &losses, &request, routed).unwrap_or_else(|error| panic!("{error}: {policy:?}"));
    }
}

/// The objects as JSON.
fn json(objects: &impl serde::Serialize) -> Value {
    serde_json::to_value(objects).unwrap()
}

fn list(objects: &impl serde::Serialize) -> Vec<Value> {
    json(objects).as_array().unwrap().clone()
}

fn attached(policy: &Policy) -> canary_policy::Route {
    route(policy).with_parents(["public".parse().unwrap()]).unwrap()
}

pub fn write_gateway(data: &[u8]) {
    written(data, |policy, request| {
        let conversion = gateway::http_routes(policy, &attached(policy), &gateway::RouteParams::default()).ok()?;
        Some((
            conversion.losses,
            util::http_route::routed(util::http_route::Reader::Envoy, &list(&conversion.output), "/any", request),
        ))
    });
}

pub fn write_linkerd(data: &[u8]) {
    written(data, |policy, request| {
        let conversion = linkerd::http_routes(policy, &route(policy), &linkerd::RouteParams::default()).ok()?;
        Some((
            conversion.losses,
            util::http_route::routed(util::http_route::Reader::Linkerd, &list(&conversion.output), "/any", request),
        ))
    });
}

pub fn write_istio(data: &[u8]) {
    written(data, |policy, request| {
        let route = route(policy).with_namespace("shop").unwrap();
        let conversion = istio::virtual_service(policy, &route, &VirtualServiceParams::default()).ok()?;
        let objects = json(&conversion.output);
        util::istio::admitted(&objects);
        Some((conversion.losses, util::istio::routed(&objects, "/any", request)))
    });
}

pub fn write_gloo(data: &[u8]) {
    written(data, |policy, request| {
        let conversion = gloo::virtual_service(policy, &route(policy)).ok()?;
        Some((
            conversion.losses,
            util::envoy::routed(&util::gloo::translated(&json(&conversion.output)), "/any", request),
        ))
    });
}

pub fn write_envoy(data: &[u8]) {
    written(data, |policy, request| {
        let conversion = envoy::route_configuration(policy, &route(policy), &envoy::RouteParams::default()).ok()?;
        // An affinity key is a hash, which no interpreter evaluates.
        let hashed = matches!(policy.affinity(), canary_policy::Affinity::Key(_));
        (!hashed).then(|| (conversion.losses, util::envoy::routed(&json(&conversion.output), "/any", request)))
    });
}

/// Pods in the ratio of a policy: all of them, and none for a canary without a weight.
pub fn write_replicas(data: &[u8]) {
    let mut input = Input::new(data);
    let (Some(policy), count) = (input.policy(), 1 + input.below(200)) else { return };
    let pods = replicas::Pods::new(u32::try_from(count).unwrap()).unwrap();
    match replicas::split(&policy, &pods) {
        Ok(conversion) => {
            shown(&conversion.losses);
            let Value::Object(fields) = json(&conversion.output) else { panic!("{:?}", conversion.output) };
            let sum: u64 = fields
                .values()
                .flat_map(|value| value.as_array().cloned().unwrap_or(vec![value.clone()]))
                .filter_map(|value| value.as_u64())
                .sum();
            assert_eq!(sum, count as u64, "{fields:?}");
        }
        Err(error) => shown([error]),
    }
}

/// An object from JSON, or one that was written and then changed.
fn object(data: &[u8], write: impl Fn(&Policy) -> Option<Value>) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice(data) {
        return Some(value);
    }
    let mut input = Input::new(data);
    let mut value = write(&input.policy()?)?;
    let changes = input.below(5);
    (0..changes).for_each(|_| input.change(&mut value));
    Some(value)
}

pub fn read_gateway(data: &[u8]) {
    let write = |policy: &Policy| {
        Some(json(&gateway::http_routes(policy, &attached(policy), &gateway::RouteParams::default()).ok()?.output))
    };
    let Some(value) = object(data, write) else { return };
    let Ok(objects) = serde_json::from_value::<Vec<HttpRoute>>(value) else { return };
    let reading = match gateway::read(&objects) {
        Ok(reading) => reading,
        Err(error) => return shown([error]),
    };
    shown(&reading.findings);
    let Ok(again) = gateway::http_routes(&reading.policy, &reading.route, &gateway::RouteParams::default()) else {
        return;
    };
    if again.losses.is_empty() && !sets_no_cookie(&reading.policy, &json(&again.output)) {
        let read = gateway::read(&again.output).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(readable(&read.policy), readable(&reading.policy), "{}", json(&again.output));
    }
}

pub fn read_istio(data: &[u8]) {
    let write = |policy: &Policy| {
        let route = route(policy).with_namespace("shop").unwrap();
        let conversion = istio::virtual_service(policy, &route, &VirtualServiceParams::default()).ok()?;
        Some(json(&conversion.output.virtual_service))
    };
    let Some(value) = object(data, write) else { return };
    let Ok(object) = serde_json::from_value::<VirtualService>(value) else { return };
    match istio::read(&object) {
        Ok(reading) => {
            shown(&reading.findings);
            if let Ok(again) = istio::virtual_service(&reading.policy, &reading.route, &VirtualServiceParams::default())
            {
                shown(&again.losses);
                drop(istio::read(&again.output.virtual_service));
            }
        }
        Err(error) => shown([error]),
    }
}

/// A set of Ingresses that could stand in one cluster.
fn ingresses(input: &mut Input<'_>) -> Value {
    let count = 1 + input.below(4);
    let one = |index: usize, input: &mut Input<'_>| {
        let rules = input.below(3);
        let rule = |input: &mut Input<'_>| {
            let paths = 1 + input.below(3);
            let path = |input: &mut Input<'_>| {
                let service = input.text(&["web", "web-canary", "other"]);
                let port = if input.one_in(4) { json!({"name": "http"}) } else { json!({"number": 80}) };
                json!({
                    "path": input.text(&["/", "/a", "/a/b", "/a/", "/%41", "/a//b"]),
                    "pathType": input.pick(&["Prefix", "Exact", "ImplementationSpecific"]),
                    "backend": {"service": {"name": service, "port": port}},
                })
            };
            let paths: Vec<Value> = (0..paths).map(|_| path(input)).collect();
            json!({"host": input.text(&["a.test", "*.test", "", "A.test"]), "http": {"paths": paths}})
        };
        let rules: Vec<Value> = (0..rules).map(|_| rule(input)).collect();
        let mut annotations = annotation_map(input);
        if index == 1 {
            annotations.insert("nginx.ingress.kubernetes.io/canary".to_owned(), "true".to_owned());
        }
        let mut ingress = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": input.pick(&["web", "web-canary", "b"]), "annotations": annotations},
            "spec": {"rules": rules},
        });
        if input.one_in(3) {
            ingress["spec"]["defaultBackend"] = json!({"service": {"name": "web", "port": {"number": 80}}});
        }
        ingress
    };
    let mut all: Vec<Value> = (0..count).map(|index| one(index, input)).collect();
    if input.one_in(2) {
        let changed = input.below(all.len());
        input.change(&mut all[changed]);
    }
    Value::Array(all)
}

/// Sets of Ingresses: manifests, pairs, routes and canary Ingresses.
pub fn ingress(data: &[u8]) {
    let mut input = Input::new(data);
    let value = serde_json::from_slice(data).unwrap_or_else(|_| ingresses(&mut input));
    let documents = value.as_array().cloned().unwrap_or(vec![value]);
    let mut read = Vec::new();
    for document in documents {
        match serde_json::from_value::<Manifest>(document) {
            Ok(manifest) => read.push(Ingress::from(manifest)),
            // The message is the format's, and whoever prints it escapes it.
            Err(_) => {}
        }
    }
    let flags = Flags::default();
    let params = IngressParams::new("web-canary:80".parse().unwrap());
    let policy = input.policy().unwrap_or_else(|| Policy::percent(30).unwrap());
    for stable in &read {
        match canary_ingress(stable, &policy, &params) {
            Ok(conversion) => shown(&conversion.losses),
            Err(error) => shown([error]),
        }
        match routes(stable, None, &["web-canary:80".parse().unwrap()], &flags) {
            Ok(routes) => shown(&routes.findings),
            Err(error) => shown([error]),
        }
        let pair = match Pair::find(stable, &read, &flags) {
            Ok(pair) => pair,
            Err(error) => {
                shown([error]);
                continue;
            }
        };
        match pair.read(&flags) {
            Ok(reading) => shown(&reading.findings),
            Err(error) => shown([error]),
        }
        pair.canary_service().err().into_iter().for_each(|error| shown([error]));
        shown(&pair.covered().findings);
    }
}

/// Two policies: the request of a difference is decided differently, and without a difference every request is decided alike.
pub fn compare_policies(data: &[u8]) {
    let mut input = Input::new(data);
    let (Some(a), Some(b)) = (input.policy(), input.policy()) else { return };
    let (before, after) = (Selector::new(&a), Selector::new(&b));
    let decide = |selector: &Selector, lines: &Lines, sample| {
        let decision = selector.select(lines, sample);
        (selector.name(decision.variant).unwrap().to_owned(), decision.reason, decision.set_cookie)
    };
    match compare::policies(&a, &b) {
        Comparison::Same => {
            for policy in [&a, &b] {
                let (lines, sample) = (input.request(policy), Sample::from_bits(input.number()));
                assert_eq!(decide(&before, &lines, sample), decide(&after, &lines, sample), "{lines:?}");
            }
        }
        Comparison::Differs(difference) => {
            let (request, sample) = (&difference.request, difference.request.sample);
            assert_eq!(before.select(request, sample), difference.before.decision);
            assert_eq!(after.select(request, sample), difference.after.decision);
            assert!(!difference.before.is_same(&difference.after));
            shown([difference.to_string()]);
        }
        Comparison::Undecided(bound) => shown([bound]),
        other => panic!("{other:?}"),
    }
    let transitions = compare::transitions(&a, &b).transitions;
    let total = transitions[0].share.total;
    assert_eq!(transitions.iter().map(|transition| transition.share.parts).sum::<u128>(), total);
}

/// The Ingresses and Services of a cluster: what the controller serves does not depend on the order in which they are given.
pub fn cluster(data: &[u8]) {
    let mut input = Input::new(data);
    let value = serde_json::from_slice(data).unwrap_or_else(|_| ingresses(&mut input));
    let documents = value.as_array().cloned().unwrap_or(vec![value]);
    let mut read: Vec<Ingress> = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        if let Ok(manifest) = serde_json::from_value::<Manifest>(document) {
            let mut ingress = Ingress::from(manifest);
            // A cluster has one object of a name.
            ingress.metadata.name = format!("{}-{index}", ingress.metadata.name);
            read.push(ingress);
        }
    }
    let services = || ["web", "web-canary"].map(|name| Service::new("default", name));
    let forwards = Cluster::new(Flags::default()).with_ingresses(read.clone()).with_services(services());
    let backwards = Cluster::new(Flags::default()).with_ingresses(read.into_iter().rev()).with_services(services());
    assert_eq!(forwards.processed(), backwards.processed());
    assert_eq!(format!("{:?}", forwards.virtual_hosts()), format!("{:?}", backwards.virtual_hosts()));
    shown(lint(&forwards));
}
