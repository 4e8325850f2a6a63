//! Header lines: the types that a selector reads as a request.

use canary_policy::{HeaderLines, Sample, Selector};
use http::{HeaderMap, HeaderValue};

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
