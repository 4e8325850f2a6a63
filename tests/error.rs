//! Errors, losses and findings: each has a code for programs, a field, and a message that names the field.

/// The codes, objects and fields of every variant.
mod codes;
/// The table of codes.
mod page;

use std::collections::{BTreeMap, BTreeSet};

use canary_policy::error::Diagnostic;
use canary_policy::route::Backend;
use canary_policy::targets::nginx::{Annotations, Flags, Ingress};
use canary_policy::targets::replicas::{self, Pods};
use canary_policy::targets::{gateway, istio, nginx};
use canary_policy::{HeaderRule, Match, Policy, Sample, Spec};
use regex::Regex;
use serde_json::json;

use crate::util::hostile::{hostile, ingresses, raw, spec as hostile_spec};
use crate::util::route::{route, route_to};
use crate::util::source::{code, files};
use crate::util::{annotations, policy, spec};

/// A type that implements `Diagnostic`, by the source.
struct Type {
    /// Its own codes.
    codes: Vec<String>,
    /// The types whose codes it passes on.
    passed_on: BTreeSet<String>,
    /// Its severity; `None` if that depends on the value.
    severity: Option<String>,
}

/// The diagnostics of the crate, by the names of their types.
fn diagnostics() -> BTreeMap<String, Type> {
    let implementation = Regex::new(r"(?s)\nimpl Diagnostic for (\w+) \{\n(.*?)\n\}\n").unwrap();
    let method = |name: &str, body: &str| {
        let method = Regex::new(&format!(r"(?s)fn {name}\(&self\) -> [^\n]*\{{\n(.*?)\n    \}}")).unwrap();
        method.captures(body).map(|found| found[1].to_owned())
    };
    let own = Regex::new("\"([^\"]*)\"").unwrap();
    let passed_on = Regex::new(r"::(\w+)[^\n]*=> \w+\.code\(\)").unwrap();
    let constant = Regex::new(r"^ *Severity::(\w+)$").unwrap();
    let files = files();
    let found = files
        .values()
        .flat_map(|text| implementation.captures_iter(text).map(move |found| (text, found.extract::<2>().1)));
    let found: Vec<(&String, [&str; 2])> = found.collect();
    let names: Vec<&str> = found.iter().map(|(_, [name, _])| *name).collect();
    let diagnostic = |(text, [name, body]): &(&String, [&str; 2])| {
        let code_of = method("code", body).unwrap_or_else(|| panic!("{name}"));
        assert!(!code_of.contains("_ =>"), "{name}: every variant has a code of its own");
        let codes = own.captures_iter(&code_of).map(|code| code[1].to_owned()).collect();
        let severity = match method("severity", body) {
            None => Some("error".to_owned()),
            Some(of) => constant.captures(&of).map(|severity| severity[1].to_lowercase()),
        };
        let variants = passed_on.captures_iter(&code_of).map(|variant| variant[1].to_owned());
        // The type of the field of such a variant is a diagnostic too.
        let types = variants.flat_map(|variant| {
            let fields = Regex::new(&format!(r"(?s)\n    {variant}(?: \{{|\()(.*?)(?:\n    \}}|\)),\n")).unwrap();
            let fields = fields.captures(text).unwrap_or_else(|| panic!("{name}::{variant}"))[1].to_owned();
            let used = code(&fields);
            let words: Vec<String> = used.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect();
            words.into_iter().filter(|word| names.contains(&word.as_str())).collect::<Vec<_>>()
        });
        ((*name).to_owned(), Type { codes, passed_on: types.collect(), severity })
    };
    found.iter().map(diagnostic).collect()
}

#[test]
fn codes_are_unique_and_in_kebab_case() {
    let diagnostics = diagnostics();
    let kebab = Regex::new("^[a-z]+(-[a-z]+)*$").unwrap();
    assert!(diagnostics.len() >= 19, "{:?}", diagnostics.keys());
    for (name, Type { codes, passed_on, .. }) in &diagnostics {
        for code in codes {
            assert!(kebab.is_match(code), "{name}: `{code}`");
            assert_eq!(codes.iter().filter(|other| *other == code).count(), 1, "{name}: `{code}` twice");
            // The error of a location passes on the codes of its own type.
            for other in passed_on.iter().filter(|other| *other != name) {
                let passed_on = &diagnostics[other].codes;
                // A policy without a canary is the same problem in both, and so is a path type that does not exist.
                let same = [("ReadError", "no-canary"), ("ManifestError", "path-type")]
                    .contains(&(name.as_str(), code.as_str()));
                assert!(same || !passed_on.contains(code), "{name}: `{code}` is a code of {other} too");
            }
        }
    }
    let passed_on: Vec<&str> = diagnostics["ReadError"].passed_on.iter().map(String::as_str).collect();
    assert_eq!(passed_on, ["Invalid", "InvalidPolicy", "InvalidRoute", "InvalidVariants"]);
}

/// Each row is a diagnostic, its code, its object and its field.
#[test]
fn a_diagnostic_has_its_code_object_and_field() {
    let two = policy("canaries: [{ name: a, weight: 1 }, { name: b, weight: 1, header: { name: x-b, value: '' } }]");
    let invalid_policy = canary_policy::Policy::try_from(spec("canaries: [{ weight: 101 }]")).unwrap_err();
    let parsed = nginx::parse(&annotations([("canary", "true"), ("canary-weight", "10%")]), &Flags::default());
    let web = json!({ "name": "web", "port": 80, "weight": 90 });
    let next = json!({ "name": "next", "port": 80, "weight": 10 });
    let http_route = |backends: serde_json::Value| {
        serde_json::from_value::<gateway::HttpRoute>(json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": { "name": "web" },
            "spec": { "rules": [{ "backendRefs": backends, "timeouts": { "request": "1s" } }] },
        }))
        .unwrap()
    };
    let reading = gateway::read(&[http_route(json!([web, next]))]).unwrap();
    let not_read = gateway::read(&[http_route(json!([web]))]).unwrap_err();
    let params = istio::VirtualServiceParams::default();
    type Row = (Box<dyn Diagnostic>, &'static str, Option<&'static str>, Option<&'static str>);
    let rows: Vec<Row> = vec![
        (Box::new(HeaderRule::new("a b", Match::AlwaysNever).unwrap_err()), "header-name", None, None),
        (Box::new(invalid_policy.problems[0].clone()), "weight-above-total", None, Some("canaries[0].weight")),
        (Box::new(invalid_policy), "weight-above-total", None, Some("canaries[0].weight")),
        (Box::new("web:0".parse::<Backend>().unwrap_err()), "port", None, None),
        (Box::new(Sample::from_fraction(1, 1).unwrap_err()), "sample", None, None),
        (Box::new(Pods::new(0).unwrap_err()), "pods", None, None),
        (
            Box::new(istio::virtual_service(&two, &route_to("web", &[]), &params).unwrap_err()),
            "backend-count",
            None,
            Some("backends"),
        ),
        (
            Box::new(replicas::split(&two, &Pods::new(1).unwrap().with_one_of_each()).unwrap_err()),
            "too-few-pods",
            None,
            Some("pods"),
        ),
        (Box::new(not_read), "no-canary", None, None),
        (Box::new(reading.findings[0].clone()), "left-out", None, Some("spec.rules[0].timeouts")),
        (Box::new(reading.findings[1].clone()), "assumed", None, Some("spec.rules[0].matches[0]")),
        (
            Box::new(nginx::read(&Annotations::default(), &Flags::default()).unwrap_err()),
            "not-canary",
            Some("canary"),
            Some("canary"),
        ),
        (Box::new(parsed.findings[0].clone()), "invalid-value", Some("canary"), Some("canary-weight")),
        (
            Box::new(nginx::annotations(&two, &nginx::Prefix::default()).losses[0].clone()),
            "left-out",
            None,
            Some("canaries[1]"),
        ),
        (
            Box::new(
                gateway::http_routes(
                    &two,
                    &route(&two).with_parents(["public".parse().unwrap()]).unwrap(),
                    &gateway::RouteParams::default(),
                )
                .unwrap()
                .losses[0]
                    .clone(),
            ),
            "refused",
            None,
            Some("canaries[1].header"),
        ),
        (Box::new(nginx::RequestView::new(&[("a b", "c")]).unwrap_err()), "request-header-name", None, Some("a b")),
    ];
    for (diagnostic, code, object, field) in rows {
        let report = diagnostic.report();
        assert_eq!(
            (&*report.code, report.object.as_deref(), report.field.as_deref()),
            (code, object, field),
            "{diagnostic}"
        );
        assert_eq!(report.message, diagnostic.to_string());
    }
}

/// A report is written without the parts that it does not have.
#[test]
fn a_report_is_serialised() {
    let error = HeaderRule::new("a b", Match::AlwaysNever).unwrap_err();
    assert_eq!(
        serde_json::to_value(error.report()).unwrap(),
        json!({ "code": "header-name", "severity": "error", "message": error.to_string() })
    );
    let parsed = nginx::parse(&annotations([("canary", "true"), ("canary-weight", "10%")]), &Flags::default());
    let finding = &parsed.findings[0];
    assert_eq!(
        serde_json::to_value(finding.report()).unwrap(),
        json!({
            "code": "invalid-value",
            "severity": "warning",
            "object": "canary",
            "field": "canary-weight",
            "message": finding.to_string(),
        })
    );
}

/// Nothing of a file or of an object is in a message, a field or the name of an object as a terminal would not show it.
#[test]
fn no_diagnostic_has_a_character_that_a_terminal_would_not_show() {
    fn check(diagnostic: &dyn Diagnostic) {
        let report = serde_json::to_value(diagnostic.report()).unwrap();
        for text in report.as_object().unwrap().values().filter_map(serde_json::Value::as_str) {
            assert!(raw(text).is_empty() && !text.lines().any(|line| line.starts_with("forged")), "{report}");
        }
    }
    let mut checked = 0;
    let mut check_all = |diagnostics: &[&dyn Diagnostic]| {
        diagnostics.iter().for_each(|diagnostic| check(*diagnostic));
        checked += diagnostics.len();
    };
    let flags = Flags::default();

    for spec in hostile(&hostile_spec()).into_iter().filter_map(|spec| serde_json::from_value::<Spec>(spec).ok()) {
        match Policy::try_from(spec) {
            Err(error) => error.problems.iter().for_each(|problem| check_all(&[problem])),
            Ok(policy) => {
                let losses = nginx::annotations(&policy, &flags.prefix).losses;
                losses.iter().for_each(|loss| check_all(&[loss]));
            }
        }
    }

    // The objects come from an API of Kubernetes as they are, without the checks of a manifest.
    let [stable, canary, _] = ingresses();
    let next: Backend = "next".parse().unwrap();
    for pair in hostile(&json!([stable, canary])) {
        let Ok([stable, canary]) = serde_json::from_value::<[Ingress; 2]>(pair) else { continue };
        let thirty = policy("canaries: [{ weight: 30 }]");
        match nginx::canary_ingress(&stable, &thirty, &nginx::IngressParams::new(next.clone())) {
            Err(error) => check_all(&[&error]),
            Ok(written) => written.losses.iter().for_each(|loss| check_all(&[loss])),
        }
        match nginx::routes(&stable, None, std::slice::from_ref(&next), &flags) {
            Err(error) => check_all(&[&error]),
            Ok(read) => read.findings.iter().for_each(|finding| check_all(&[finding])),
        }
        match nginx::Pair::find(&stable, [&canary], &flags) {
            Err(error) => check_all(&[&error]),
            Ok(pair) => {
                pair.covered().findings.iter().for_each(|finding| check_all(&[finding]));
                pair.canary_service().err().iter().for_each(|error| check_all(&[error]));
                match pair.read(&flags) {
                    Err(error) => check_all(&[&error]),
                    Ok(read) => read.findings.iter().for_each(|finding| check_all(&[finding])),
                }
            }
        }
    }

    let written = policy(
        "{ canaries: [{ weight: 30, header: { name: x-c }, cookie: { name: c, pattern: a } }], affinity: { cookie: { name: r, path: /a } } }",
    );
    let parented = route(&written).with_parents(["public".parse().unwrap()]).unwrap();
    let routes = gateway::http_routes(&written, &parented, &gateway::RouteParams::default()).unwrap().output;
    for objects in hostile(&serde_json::to_value(routes).unwrap()) {
        let Ok(objects) = serde_json::from_value::<Vec<gateway::HttpRoute>>(objects) else { continue };
        match gateway::read(&objects) {
            Err(error) => check_all(&[&error]),
            Ok(read) => read.findings.iter().for_each(|finding| check_all(&[finding])),
        }
    }
    let params = istio::VirtualServiceParams::default();
    let service = istio::virtual_service(&written, &parented, &params).unwrap().output.virtual_service;
    for object in hostile(&serde_json::to_value(service).unwrap()) {
        let Ok(object) = serde_json::from_value::<istio::VirtualService>(object) else { continue };
        match istio::read(&object) {
            Err(error) => check_all(&[&error]),
            Ok(read) => read.findings.iter().for_each(|finding| check_all(&[finding])),
        }
    }
    assert!(checked > 500, "{checked}");
}
