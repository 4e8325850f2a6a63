//! Header lines: the types that a selector reads as a request.

use canary_policy::policy::strategy;
use canary_policy::select::NameSet;
use canary_policy::{Canary, CookieRule, HeaderLines, HeaderRule, Match, Policy, Sample, Selector, Total};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::util::{CANARY, policy};

#[test]
fn a_header_map_is_a_request() {
    let policy = policy("canaries: [{ header: { name: x-region, value: 'eu, us' } }]");
    let mut headers = HeaderMap::new();
    headers.append("x-region", HeaderValue::from_static("eu"));
    headers.append("x-region", HeaderValue::from_static("us"));
    assert_eq!(Selector::new(&policy).select(&headers, Sample::MAX).variant, CANARY);
}

/// Every type that is a request gives the selector the same lines, also behind a reference.
#[test]
fn every_request_type_has_its_lines() {
    fn decides(request: &impl HeaderLines) -> bool {
        let policy = policy("canaries: [{ header: { name: x-region, value: 'eu, us' } }]");
        let decided = Selector::new(&policy).select(request, Sample::MAX).variant;
        assert_eq!(Selector::new(&policy).select(&request, Sample::MAX).variant, decided);
        decided == CANARY
    }
    let builder = || http::Request::builder().header("x-region", "eu").header("X-Region", "us");
    let request = builder().body("a body").unwrap();
    let (parts, ()) = builder().body(()).unwrap().into_parts();
    let pairs = [("X-Region", "eu"), ("x-other", "a"), ("x-region", "us")];
    assert!(decides(request.headers()));
    assert!(decides(&request));
    assert!(decides(&parts));
    assert!(decides(&pairs));
    assert!(decides(&pairs.to_vec()));
    assert!(decides(&&pairs[..]));
    assert!(!decides(&()));
    assert!(!decides(&[("x-region", "eu")]));
}

/// Each row is a policy, and the headers that a host has to fetch for it.
#[test]
fn a_selector_names_the_headers_that_it_reads() {
    let rows: [(&str, &[&str]); 7] = [
        ("canaries: [{ weight: 5 }]", &[]),
        (
            "canaries: [{ name: c, header: { name: X-B } }, { name: a, header: { name: x-a } }, { name: b, header: { name: x-b } }]",
            &["x-a", "x-b"],
        ),
        ("canaries: [{ cookie: { name: c } }]", &["cookie"]),
        ("{ canaries: [{ cookie: { name: c }, header: { name: cookie } }] }", &["cookie"]),
        ("{ canaries: [{ header: { name: x-a } }], affinity: { cookie: { name: r } } }", &["cookie", "x-a"]),
        ("{ canaries: [{ header: { name: x-a } }], affinity: { key: { header: x-user } } }", &["x-a", "x-user"]),
        ("{ canaries: [{ header: { name: x-a } }], affinity: { key: { cookie: uid } } }", &["cookie", "x-a"]),
    ];
    for (yaml, expected) in rows {
        assert_eq!(Selector::new(&policy(yaml)).header_names(), expected, "{yaml}");
    }
}

/// A request that does not list its names.
struct Unlisted<'r, R>(&'r R);

impl<R: HeaderLines> HeaderLines for Unlisted<'_, R> {
    fn lines<'l>(&'l self, name: &HeaderName) -> impl Iterator<Item = &'l [u8]> {
        self.0.lines(name)
    }
}

/// A policy with a header rule and a cookie rule for each of these names, more than a selector looks up one by one.
fn many_rules(names: &[&str]) -> Policy {
    let canary = |(index, name): (usize, &&str)| {
        let value = || Match::Exact(format!("v{index}"));
        let canary = Canary::new(&format!("c{index}"), 0).unwrap();
        let canary = canary.with_header(HeaderRule::new(&format!("x-{name}"), value()).unwrap());
        canary.with_cookie(CookieRule::new(name, value()).unwrap())
    };
    Policy::new(names.iter().enumerate().map(canary), Total::default()).unwrap()
}

const NAMES: [&str; 8] = ["a", "ab", "ba", "aa", "token", "Token2", "session-id", "z"];

proptest! {
    /// Which names a request lists changes what a selector looks up, and never what it decides.
    #[test]
    fn a_list_of_names_changes_no_decision(
        lines in prop::collection::vec(
            (prop::sample::select(NAMES.to_vec()), 0_usize..9, prop::sample::select(vec!["; ", ";", ",", " ", "=", " = ", "\t;", ""])),
            0..8,
        ),
        is_header in any::<bool>(),
    ) {
        let selector = Selector::new(&many_rules(&NAMES));
        let cookies: String = lines.iter().map(|(name, value, between)| format!("{name}=v{value}{between}")).collect();
        let headers = lines.iter().map(|(name, value, _)| (format!("X-{name}"), format!("v{value}")));
        let cookie = || [("cookie".to_owned(), cookies.clone())];
        let pairs: Vec<(String, String)> = if is_header { headers.collect() } else { cookie().into() };
        let listed = selector.select(&pairs, Sample::MIN);
        prop_assert_eq!(&listed, &selector.select(&Unlisted(&pairs), Sample::MIN));
        // An explanation asks every rule, in the order in which they decide.
        let explained = selector.explain(&pairs, Sample::MIN);
        prop_assert_eq!((listed.variant, listed.reason), (explained.variant, explained.reason));
    }

    /// A set of names has every header that a request has, in any letter case.
    #[test]
    fn a_set_has_every_name(names in prop::collection::vec("[a-zA-Z0-9-]{1,12}", 1..20)) {
        let set: NameSet = names.iter().collect();
        let other: NameSet = names.iter().rev().map(|name| name.to_ascii_uppercase()).collect();
        prop_assert_eq!(set, other);
    }

    /// A policy of any kind decides a request that lists its names as one that does not.
    #[test]
    fn every_policy_decides_alike_with_and_without_the_list(policy in strategy::policy(), name in "[a-z]{1,6}", value in "[a-z]{0,5}") {
        let selector = Selector::new(&policy);
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::try_from(&name).unwrap(), HeaderValue::try_from(&value).unwrap());
        headers.insert("cookie", HeaderValue::try_from(format!("{name}={value}; a=always")).unwrap());
        prop_assert_eq!(selector.select(&headers, Sample::MAX), selector.select(&Unlisted(&headers), Sample::MAX));
    }
}
