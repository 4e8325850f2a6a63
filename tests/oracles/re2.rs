//! RE2 matches every regular expression that targets write as the selector reads the rule, in a program that is not larger than the
//! target allows. `ORACLE_PYTHON` is the path of a Python that has `google-re2`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use canary_policy::policy::FormerTokens;
use canary_policy::targets::gateway::RouteParams;
use canary_policy::targets::istio::VirtualServiceParams;
use canary_policy::targets::{Conversion, envoy, gateway, gloo, istio};
use canary_policy::{
    Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, Match, Pattern, Policy, Reason, Route, Sample, Selector,
    Total, Variant,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde_json::{Value, json};

use crate::util::former_tokens::{former_tokens, with_former_tokens};
use crate::util::oracle::{ask, hex, oracle, say};
use crate::util::pattern::{in_a_line, large_pattern, pattern, values_near};
use crate::util::request::policy_and_request;
use crate::util::route::route;
use crate::util::{STABLE, cases, is_match};

/// A target that writes regular expressions for RE2.
struct Target {
    name: &'static str,
    /// How its RE2 reads text. The size of a program depends on it.
    encoding: &'static str,
    /// The largest program.
    limit: u64,
    write: fn(&Policy, &Route) -> Option<Value>,
}

/// A new target is a new row.
const TARGETS: [Target; 4] = [
    Target {
        name: "gateway",
        encoding: "utf8",
        limit: 100,
        write: |policy, route| output(gateway::http_routes(policy, route, &RouteParams::default())),
    },
    Target {
        name: "istio",
        encoding: "utf8",
        limit: 32_768,
        write: |policy, route| output(istio::virtual_service(policy, route, &VirtualServiceParams::default())),
    },
    Target {
        name: "gloo",
        encoding: "utf8",
        limit: 1024,
        write: |policy, route| output(gloo::virtual_service(policy, route)),
    },
    Target {
        name: "envoy",
        encoding: "bytes",
        limit: 100,
        write: |policy, route| output(envoy::route_configuration(policy, route, &envoy::RouteParams::default())),
    },
];

fn output<T: Serialize, E>(conversion: Result<Conversion<T>, E>) -> Option<Value> {
    Some(serde_json::to_value(conversion.ok()?.output).unwrap())
}

impl Target {
    /// The regular expressions that are written for a policy with these former tokens, each once.
    fn expressions(&self, policy: &Policy, tokens: Option<FormerTokens>) -> Vec<String> {
        fn collect(value: &Value, found: &mut Vec<String>) {
            // Envoy and Istio have a field `regex`; Gloo has a flag and the Gateway API a type beside the value.
            let is_regex = value["regex"] == true || value["type"] == "RegularExpression";
            let text = if is_regex { &value["value"] } else { &value["regex"] };
            found.extend(text.as_str().map(str::to_owned));
            match value {
                Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
                _ => {}
            }
        }
        let route = with_former_tokens(route(policy), tokens).with_parents(["public".parse().unwrap()]).unwrap();
        let mut found = Vec::new();
        if let Some(output) = (self.write)(policy, &route) {
            collect(&output, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    /// Whether its RE2 is known to read this value as the selector does. DESIGN.md lists bytes that are not ASCII as a deviation.
    fn reads(&self, value: &[u8]) -> bool {
        self.encoding == "bytes" || value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
    }
}

/// A regular expression with the values that it is tried on, and whether it has to match each of them.
struct Case {
    target: &'static Target,
    regex: String,
    values: Vec<(Vec<u8>, bool)>,
}

/// Asks RE2, and compares. Each target has a number of expressions that are close to its limit.
fn compare(what: &str, python: &std::ffi::OsString, asked: &[Case]) -> BTreeMap<&'static str, usize> {
    let case = |case: &Case| {
        let values: Vec<String> = case.values.iter().map(|(value, _)| hex(value)).collect();
        json!({"regex": case.regex, "encoding": case.target.encoding, "values": values})
    };
    let answers = ask(python, "ask_re2.py", &[], &asked.iter().map(case).collect::<Vec<_>>());
    let (mut values, mut matched, mut large) = (0, 0, BTreeMap::new());
    for (Case { target, regex, values: expected }, answer) in asked.iter().zip(&answers) {
        let about = format!("{}: {regex}", target.name);
        let size = answer["size"].as_u64().unwrap_or_else(|| panic!("{about}: {answer}"));
        assert!(size <= target.limit, "{about}: {size} instructions, but the limit is {}", target.limit);
        *large.entry(target.name).or_default() += usize::from(size * 5 > target.limit * 4);
        for ((value, expected), found) in expected.iter().zip(answer["matches"].as_array().unwrap()) {
            assert_eq!(found, expected, "{about} and {:?}", String::from_utf8_lossy(value));
            values += 1;
            matched += usize::from(*expected);
        }
    }
    say(&format!(
        "RE2: {values} values of {} expressions of {what} are read alike, {matched} of them match; close to the limit: {large:?}",
        asked.len()
    ));
    assert!(asked.len() > 3_000 && matched > 2_000);
    large
}

/// The laws of the targets compare the interpreters of `util` with the selector. RE2 gives the interpreters' answers.
#[test]
fn re2_matches_the_expressions_of_policies_as_the_interpreters_do() {
    let Some(python) = oracle("RE2", "ORACLE_PYTHON") else { return };
    let asked = RefCell::new(Vec::new());
    let outcome = TestRunner::new(cases(3_000)).run(&policy_and_request(), |(policy, request)| {
        for target in &TARGETS {
            for regex in target.expressions(&policy, former_tokens(&policy)) {
                let values = request.iter().filter(|(_, value)| target.reads(value.as_bytes()));
                let values = values.map(|(_, value)| (value.clone().into_bytes(), is_match(&regex, value))).collect();
                asked.borrow_mut().push(Case { target, regex, values });
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    compare("policies", &python, &asked.into_inner());
}

/// A policy with one rule, and whether the rule or the affinity decides for each of these lines.
#[derive(Debug)]
struct Rule {
    policy: Policy,
    name: &'static str,
    lines: Vec<Vec<u8>>,
}

impl Rule {
    /// A header rule, with values of the header.
    fn header(pattern: Pattern, lines: Vec<Vec<u8>>) -> Self {
        let canary = canary().with_header(HeaderRule::new("x", Match::Pattern(pattern)).unwrap());
        Rule { policy: Policy::new([canary], Total::default()).unwrap(), name: "x", lines }
    }

    /// A rule on the cookie `c`, with values of the cookie.
    fn cookie(value_match: Match, values: Vec<Vec<u8>>) -> Self {
        // A blank between `=` and a value that a pattern matches is a deviation.
        let spaced: &[u8] = if matches!(value_match, Match::Pattern(_)) { b"C =" } else { b"C =  " };
        let canary = canary().with_cookie(CookieRule::new("c", value_match).unwrap());
        let policy = Policy::new([canary], Total::default()).unwrap();
        let frames: [(&[u8], &[u8]); 4] = [(b"c=", b""), (spaced, b";"), (b"a=b; c=", b"; d=e"), (b"a,c  =", b" ")];
        let line = |(index, value): (usize, Vec<u8>)| {
            let (before, after) = frames[index % frames.len()];
            let value = [&value, after].concat().into_iter().skip_while(|byte| *byte == b' ');
            before.iter().copied().chain(value).collect::<Vec<u8>>()
        };
        // So are two cookies of one name.
        let once = |line: &Vec<u8>| {
            let names = line.windows(2).filter(|pair| pair[0] | 0x20 == b'c' && matches!(pair[1], b' ' | b'=')).count();
            names == 1
        };
        Rule { policy, name: "cookie", lines: values.into_iter().enumerate().map(line).filter(once).collect() }
    }

    /// An affinity cookie `c` that pins canaries only by its own name.
    fn affinity(revision: &str, values: Vec<Vec<u8>>) -> Option<Self> {
        let cookie = CookieAffinity::new("c").unwrap();
        let cookie = cookie.with_revision(revision).ok()?;
        let policy = Policy::new([canary()], Total::default()).unwrap().with_affinity(Affinity::Cookie(cookie));
        let line = |(index, value): (usize, Vec<u8>)| {
            let frames: [(&[u8], &[u8]); 3] = [(b"c=", b""), (b"a=b; c=", b"; d=e"), (b"a=b;\tc=", b"\t")];
            let (before, after) = frames[index % frames.len()];
            [before, &value, after].concat()
        };
        // Fields and a second cookie are deviations.
        let plain =
            |line: &Vec<u8>| !line.contains(&b'|') && line.windows(2).filter(|pair| *pair == b"c=").count() == 1;
        Some(Rule { policy, name: "cookie", lines: values.into_iter().enumerate().map(line).filter(plain).collect() })
    }

    /// The variant that the rule or the affinity decides for, for each line.
    fn decided(&self) -> Vec<Option<Variant>> {
        let selector = Selector::new(&self.policy);
        let decide = |line: &Vec<u8>| {
            let decision = selector.select(&[(self.name, line)], Sample::MIN);
            (decision.reason != Reason::Weight).then_some(decision.variant)
        };
        self.lines.iter().map(decide).collect()
    }
}

fn canary() -> Canary {
    Canary::new("canary", 0).unwrap()
}

/// Policies with one rule that is written as a regular expression.
fn rule() -> impl Strategy<Value = Rule> {
    let texts = prop_oneof![
        12 => pattern().boxed(), 2 => large_pattern(8).boxed(), 2 => large_pattern(100).boxed(), 1 => large_pattern(1000).boxed(),
    ];
    let patterns =
        texts.prop_filter_map("a pattern", |(text, value)| Some((Pattern::new(&text).ok()?, in_a_line(value))));
    let matched = patterns.prop_flat_map(|(pattern, value)| (Just(pattern), values_near(value), any::<bool>()));
    let by_pattern = matched.prop_map(|(pattern, values, on_header)| {
        if on_header { Rule::header(pattern, values) } else { Rule::cookie(Match::Pattern(pattern), values) }
    });
    let texts = prop_oneof![4 => "[!-~]([ -~]{0,8}[!-~])?", 1 => "[ks]{40,90}", 1 => "[a-z]{70,1000}", 1 => "[é-\u{fffd}]{1,30}"];
    let by_value = texts.prop_flat_map(|text| (values_near(text.clone().into_bytes()), Just(text)));
    let by_value = by_value.prop_filter_map("a value", |(values, text)| {
        CookieRule::new("c", Match::Exact(text.clone())).ok()?;
        Some(Rule::cookie(Match::Exact(text), values))
    });
    let revision = "[A-Za-z0-9._-]{1,80}".prop_flat_map(|revision| {
        let values = ["stable", "canary"].map(|name| values_near(format!("{revision}.{name}").into_bytes()));
        (Just(revision), values)
    });
    let by_affinity =
        revision.prop_filter_map("a revision", |(revision, values)| Rule::affinity(&revision, values.concat()));
    prop_oneof![6 => by_pattern, 2 => by_value, 1 => by_affinity]
}

#[test]
fn re2_matches_the_expression_of_a_rule_where_the_selector_decides_by_it() {
    let Some(python) = oracle("RE2", "ORACLE_PYTHON") else { return };
    let asked = RefCell::new(Vec::new());
    let outcome = TestRunner::new(cases(6_000)).run(&rule(), |rule| {
        let decided = rule.decided();
        for target in &TARGETS {
            let mut expressions = target.expressions(&rule.policy, None);
            // The affinity cookie has an expression for each variant, in the order of the alphabet: canary, stable.
            let affinity = expressions.len() == 2;
            for (index, regex) in expressions.drain(..).enumerate() {
                let variant = if affinity && index == 1 { STABLE } else { Variant::Canary(0) };
                let values = rule.lines.iter().zip(&decided).filter(|(line, _)| target.reads(line));
                let values = values.map(|(line, decided)| (line.clone(), *decided == Some(variant))).collect();
                asked.borrow_mut().push(Case { target, regex, values });
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let large = compare("rules", &python, &asked.into_inner());
    // Istio allows more than a pattern or cookie can have.
    for target in TARGETS.iter().filter(|target| target.limit <= 1024) {
        assert!(large[target.name] > 5, "{}: {large:?}", target.name);
    }
}

/// These patterns were estimated at 53 to 73 instructions. RE2 makes 118 to 138 of each, more than the 100 of a Gateway.
#[test]
fn a_class_of_characters_outside_ascii_is_not_counted_too_low() {
    for text in [r"[^\x26-\xfd]{7}", r"(?i)[^\xc5]{4}", r"(?i)\xc5{20}"] {
        let rule = Rule::header(Pattern::new(text).unwrap(), Vec::new());
        assert_eq!(TARGETS[0].expressions(&rule.policy, None), Vec::<String>::new(), "{text}");
        assert_eq!(TARGETS[2].expressions(&rule.policy, None).len(), 1, "{text}");
    }
}
