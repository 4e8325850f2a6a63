//! Routing objects as people write them, in terms that the targets share, and whether a reading may differ from its object.

use std::cell::Cell;
use std::fmt::Write as _;

use canary_policy::route::PathType;
use canary_policy::targets::{Finding, Reading};
use canary_policy::{Route, Variant};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::outcome::{Outcome, selected};
use super::request::{Lines, lines};
use super::{all_cases, is_match};

/// A rule as a person writes it: every path with every test.
#[derive(Clone, Debug)]
pub struct HandRule {
    /// The paths, an exact one with `=` in front. An empty list is a rule for every path.
    pub paths: Vec<&'static str>,
    /// The tests, of which one has to hold. An empty list is a rule for every request.
    pub tests: Vec<HandTest>,
    pub backends: Vec<HandBackend>,
    pub extra: HandExtra,
}

/// A test on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandTest {
    /// A header has this value.
    Header(&'static str, &'static str),
    /// The value of a header matches the regular expression as a whole.
    Regex(&'static str, &'static str),
    /// Both headers have the value `yes`.
    Both(&'static str, &'static str),
    /// The request has this method. All requests of these tests are `GET`.
    Method(&'static str),
}

/// A Service, a namespace unless it is the object's, and a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandBackend {
    pub service: &'static str,
    pub namespace: Option<&'static str>,
    pub weight: Option<u32>,
}

/// Parts of a rule that have no influence on which backend is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandExtra {
    Nothing,
    Name,
    Timeout,
    Nulls,
    Mirror,
    SetCookie,
}

/// The tests that people write most, which a policy can express.
const USUAL: [HandTest; 6] = [
    HandTest::Header("x-canary", "always"),
    HandTest::Header("x-canary", "never"),
    HandTest::Header("x-canary", "yes"),
    HandTest::Header("X-User", "yes"),
    HandTest::Regex("x-user", "v[0-9]+"),
    HandTest::Regex("cookie", "^(?:.*[;,] *)?(?i:c) *= *always(?:;.*)?$"),
];

/// Tests that a policy cannot express, or that can be read in several ways, and those of an affinity cookie.
const ODD: [HandTest; 9] = [
    HandTest::Header("x-user", "always"),
    HandTest::Regex("x-canary", "^(?:.*(?:v1|yes).*)$"),
    HandTest::Regex("x-user", "(?P<a_name_that_is_too_long_for_pcre_8>v12|yes)"),
    HandTest::Regex("Cookie", "^(.*?;)?(user=jason)(;.*)?$"),
    HandTest::Regex("cookie", ".*user=.*"),
    HandTest::Regex("cookie", r"^(?:.*[; \t])?route=stable(?:[; \t].*)?$"),
    HandTest::Regex("cookie", r"^(?:.*[; \t])?route=next(?:[; \t].*)?$"),
    HandTest::Both("x-canary", "x-user"),
    HandTest::Method("POST"),
];

/// Rules: some with tests, then the splits, or the other way round. Most paths of an object are the same in all of its rules, as in
/// objects that work; some are not.
pub fn rules() -> impl Strategy<Value = Vec<HandRule>> {
    let all = vec!["/", "/a", "/a/b", "=/a", "/b", "/ab", "=/", "/a/", "=/a/"];
    let main = prop_oneof![2 => Just(Vec::new()), 3 => subsequence(all.clone(), 1..4)];
    (main, Just(all)).prop_flat_map(|(main, all)| {
        let with_tests = rule(main.clone(), all.clone(), 1..3, backends(false));
        let with_tests = prop_oneof![3 => vec(with_tests.clone(), 0..3), 1 => vec(with_tests, 3..5)];
        let split = rule(main, all, 0..1, backends(true));
        let splits = prop_oneof![8 => vec(split.clone(), 1..2), 1 => vec(split.clone(), 0..1), 3 => vec(split, 2..4)];
        (with_tests, splits, 0..12_u32).prop_map(|(mut rules, splits, order)| {
            rules.extend(splits);
            match order {
                0 => rules.reverse(),
                1 if !rules.is_empty() => rules.rotate_left(1),
                _ => {}
            }
            rules
        })
    })
}

fn rule(
    main: Vec<&'static str>,
    all: Vec<&'static str>,
    tests: std::ops::Range<usize>,
    backends: impl Strategy<Value = Vec<HandBackend>> + Clone + 'static,
) -> impl Strategy<Value = HandRule> + Clone {
    let paths = prop_oneof![9 => Just(main), 1 => subsequence(all, 1..3).prop_shuffle(), 1 => Just(Vec::new())];
    let test = prop_oneof![6 => select(USUAL.to_vec()), 1 => select(ODD.to_vec())];
    let tests = if tests.start == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop_oneof![4 => vec(test.clone(), 1), 1 => vec(test, tests)].boxed()
    };
    (paths, tests, backends, extra()).prop_map(|(paths, tests, backends, extra)| HandRule {
        paths,
        tests,
        backends,
        extra,
    })
}

/// A single backend, or several for a split. Some have an unusual weight, are in another namespace or are missing.
fn backends(split: bool) -> BoxedStrategy<Vec<HandBackend>> {
    let weights =
        prop_oneof![9 => select(vec![Some(1), Some(3), Some(9), Some(90)]), 1 => Just(Some(0)), 1 => Just(None)];
    let namespaces = prop_oneof![30 => Just(None), 3 => Just(Some("shop")), 1 => Just(Some("other"))];
    let one = |services: Vec<&'static str>, weight| {
        (select(services), namespaces.clone(), weight).prop_map(|(service, namespace, weight)| HandBackend {
            service,
            namespace,
            weight,
        })
    };
    let single =
        one(vec!["next", "next", "next", "third", "web"], prop_oneof![16 => Just(None), 1 => Just(Some(0))].boxed());
    let first = one(vec!["web"], weights.clone().boxed());
    let others = one(vec!["next", "next", "next", "third", "web"], weights.boxed());
    if split {
        let several = (first, prop_oneof![3 => vec(others.clone(), 1), 1 => vec(others.clone(), 2)])
            .prop_map(|(first, others)| [vec![first], others].concat());
        prop_oneof![12 => several, 1 => vec(single, 0..2)].boxed()
    } else {
        prop_oneof![12 => vec(single, 1..2), 1 => vec(others, 0..3)].boxed()
    }
}

fn extra() -> impl Strategy<Value = HandExtra> + Clone {
    use HandExtra::{Mirror, Name, Nothing, Nulls, SetCookie, Timeout};
    prop_oneof![4 => Just(Nothing), 2 => select(vec![Name, Timeout, Nulls, Mirror, SetCookie])]
}

/// The annotation of an object: none, one that fits most objects, or one that does not fit or is malformed.
pub fn annotation() -> impl Strategy<Value = Option<&'static str>> {
    let odd = vec![
        "total=10 stable=web:80 next=next:80 third=third:80",
        "total=100 stable=next:80 web=web:80",
        "total=100 stable=web:80 canary-1=third:80",
        "total=100  stable=web:80 next=next:80",
        "stable=web:80 next=next:80",
        "total=100 stable=web:80 next=third:80 next=next:80",
        "",
    ];
    let usual = Some("total=100 stable=web:80 next=next:80");
    prop_oneof![6 => Just(None), 6 => Just(usual), 1 => select(odd).prop_map(Some)]
}

/// The path and the header lines of requests that the rules above tell apart.
pub fn requests() -> impl Strategy<Value = Vec<(&'static str, Lines)>> {
    let path = select(vec!["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/b/x", "/zzz"]);
    let value = |values: &[&'static str]| proptest::option::of(select(values.to_vec()));
    let cookies = value(&["c=always", "user=jason", "user=jane", "route=stable", "route=next", "a=b; user=jason"]);
    let canary = value(&["always", "never", "yes", "v1", "x"]);
    let user = value(&["always", "yes", "v12", "x"]);
    let one = (path, canary, user, cookies).prop_map(|(path, canary, user, cookies)| {
        let mut text = String::new();
        for (name, value) in [("x-canary", canary), ("x-user", user), ("cookie", cookies)] {
            if let Some(value) = value {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        (path, lines(&text))
    });
    vec(one, 24)
}

/// The backends that a request goes to, by name and in lowest terms. Empty if no backend answers.
pub type Shares = Vec<(String, u64)>;

/// Shares in lowest terms. A backend of weight 0 gets no request.
pub fn shares(backends: impl IntoIterator<Item = (String, u64)>) -> Shares {
    let mut sums = std::collections::BTreeMap::new();
    for (name, weight) in backends {
        *sums.entry(name).or_insert(0) += weight;
    }
    sums.retain(|_, weight| *weight > 0);
    let divisor = sums.values().fold(0, |a, b| gcd(a, *b));
    sums.into_iter().map(|(name, weight)| (name, weight / divisor)).collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The match of an object that decides a request.
#[derive(Debug)]
pub struct Decider {
    /// The path of its rule, as in `spec.rules[1]`.
    pub rule: String,
    /// The paths of the matches of that rule that have the same test, on any path, as in `spec.rules[1].matches[0]`. A finding
    /// about a test names one of them.
    pub matches: Vec<String>,
}

/// How many readings were exact, had findings and were errors.
#[derive(Default)]
pub struct Counts {
    exact: Cell<u32>,
    with_findings: Cell<u32>,
    errors: Cell<u32>,
    differences: Cell<u32>,
}

impl Counts {
    pub fn error(&self) {
        self.errors.set(self.errors.get() + 1);
    }

    pub fn reading(&self, reading: &Reading) {
        let count = if reading.findings.iter().any(is_about_routing) { &self.with_findings } else { &self.exact };
        count.set(count.get() + 1);
    }

    /// Prints the counts. Fails if fewer than this many of 100 objects were read exactly, or if no request was decided differently,
    /// because the test would then prove little.
    pub fn hold(&self, percent: u32) {
        let Counts { exact, with_findings, errors, differences } = self;
        let (exact, with_findings, errors) = (exact.get(), with_findings.get(), errors.get());
        let all = exact + with_findings + errors;
        println!(
            "{all} objects: {exact} readings exact, {with_findings} with findings, {errors} errors; \
             {} requests are decided differently, each with a finding",
            differences.get()
        );
        if !all_cases() {
            return;
        }
        assert!(exact * 100 >= percent * all, "{exact} of {all} readings are exact: expected {percent} %");
        assert!(differences.get() > 0);
    }

    /// Holds a reading against what its object does with a request.
    pub fn compare(
        &self,
        reading: &Reading,
        (path, request): (&str, &Lines),
        decider: Option<&Decider>,
        by_object: &Shares,
        name: impl Fn(&Reading, Variant) -> String,
    ) -> Result<(), TestCaseError> {
        let by_policy = if has_path(&reading.route, path) {
            match selected(&reading.policy, request) {
                Outcome::To(variant, _) => shares([(name(reading, variant), 1)]),
                Outcome::Split(variants) => {
                    shares(variants.iter().map(|(variant, weight, _)| (name(reading, *variant), u64::from(*weight))))
                }
                Outcome::Nothing => Shares::new(),
            }
        } else {
            Shares::new()
        };
        if by_policy == *by_object {
            return Ok(());
        }
        self.differences.set(self.differences.get() + 1);
        let findings = || reading.findings.iter().filter(|finding| is_about_routing(finding));
        let named = findings().any(|finding| decider.is_some_and(|decider| names(finding, decider)));
        let assumed = findings().any(|finding| is_assumed_of(finding, path, request));
        prop_assert!(
            named || assumed,
            "{path} {request:?} goes to {by_object:?} by {decider:?}, and to {by_policy:?} by the policy\n{}\npaths {:?}\nfindings {:#?}",
            serde_json::to_string(&reading.policy).unwrap(),
            reading.route.paths(),
            reading.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        );
        Ok(())
    }
}

/// Whether a finding can be the reason for another backend. Fields without influence on the choice cannot, and the assumption
/// about which backend is stable cannot either.
fn is_about_routing(finding: &Finding) -> bool {
    match finding {
        Finding::LeftOut { field, value, why } => {
            *why != "a policy or route has no such field"
                && value.as_str() != "Set-Cookie"
                && !field.contains(".filters")
                && !field.contains(".headers.response")
        }
        Finding::Assumed { value, .. } => !value.as_str().starts_with("stable is "),
        _ => true,
    }
}

fn field_of(finding: &Finding) -> &str {
    match finding {
        Finding::LeftOut { field, .. } | Finding::Assumed { field, .. } => field,
        other => panic!("{other}"),
    }
}

/// Whether a finding names the match that decides, its rule, or the backends of its rule.
fn names(finding: &Finding, decider: &Decider) -> bool {
    let within = |place: &str| {
        let rest = field_of(finding).strip_prefix(place)?;
        (rest.is_empty() || rest.starts_with('.')).then_some(rest)
    };
    decider.matches.iter().any(|one| within(one).is_some())
        || within(&decider.rule).is_some_and(|rest| !rest.starts_with(".match"))
}

/// Whether a finding assumes a condition that holds for this request, so that the policy decides by the assumption.
fn is_assumed_of(finding: &Finding, path: &str, request: &Lines) -> bool {
    let Finding::Assumed { field, value, .. } = finding else { return false };
    if field.ends_with(".uri") {
        return path.starts_with(value.as_str().trim_end_matches('/'));
    }
    let Some(test) = value.as_str().strip_prefix("cookie ") else { return false };
    let cookies = request.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, line)| line.split("; "));
    let mut cookies = cookies.filter_map(|cookie| cookie.split_once('='));
    if let Some((name, pattern)) = test.split_once(" ~ ") {
        cookies.any(|(cookie, value)| cookie == name && is_match(pattern, value))
    } else if let Some((name, wanted)) = test.split_once(" = ") {
        cookies.any(|(cookie, value)| cookie == name && value == wanted)
    } else {
        false
    }
}

/// Whether a route has the path of a request.
pub fn has_path(route: &Route, path: &str) -> bool {
    route.paths().iter().any(|own| match own.path_type() {
        PathType::Exact => own.as_str() == path,
        PathType::Prefix => {
            let rest = path.strip_prefix(own.as_str().trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    })
}
