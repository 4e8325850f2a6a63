//! The promises for every request: a decision allocates nothing, takes linear time and never panics.

use allocation_counter::measure;
use canary_policy::{Reason, Sample, Selector};
use http::{HeaderMap, HeaderValue};

use crate::util::policy;

/// Names and values of header lines.
type Pairs<'a> = &'a [(&'static str, &'a [u8])];

fn headers(pairs: Pairs<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

/// Each row is a policy and a request. The first search of a pattern may allocate, and is not measured.
#[test]
fn a_decision_allocates_nothing() {
    let cookie: &[u8] = b"theme=dark; session=0123456789abcdef; route=canary; cohort=gamma";
    let rows: [(&str, Pairs<'_>); 9] = [
        ("canaries: [{ weight: 30 }]", &[("x-a", b"b")]),
        ("canaries: [{ header: { name: x-c } }]", &[("x-c", b"always")]),
        ("canaries: [{ header: { name: x-c } }]", &[("x-c", b"always"), ("x-c", b"never")]),
        ("canaries: [{ header: { name: x-c, value: 'a, b' } }]", &[("x-c", b"a"), ("x-c", b"b")]),
        ("canaries: [{ header: { name: x-c, pattern: '^v[0-9]+$' } }]", &[("x-c", b"v12")]),
        ("canaries: [{ cookie: { name: cohort, pattern: 'beta|gamma' } }]", &[("cookie", cookie)]),
        (
            "{ canaries: [{ weight: 30 }], affinity: { cookie: { name: route } } }",
            &[("cookie", cookie), ("cookie", b"a=b")],
        ),
        ("{ canaries: [{ weight: 30 }], affinity: { key: { header: x-u } } }", &[("x-u", b"alice"), ("x-u", b"bob")]),
        ("{ canaries: [{ weight: 30 }], affinity: { key: { cookie: session } } }", &[("cookie", cookie)]),
    ];
    for (yaml, pairs) in rows {
        let (selector, headers) = (Selector::new(&policy(yaml)), headers(pairs));
        let _ = selector.select(&headers, Sample::MIN);
        let counted = measure(|| {
            for bits in [0, 1 << 40, u64::MAX] {
                let _ = std::hint::black_box(selector.select(&headers, Sample::from_bits(bits)));
            }
        });
        assert_eq!(counted.count_total, 0, "{yaml}");
    }
    // The counter does count.
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 8]))).count_total, 1);
}

#[test]
fn a_selector_without_patterns_is_small() {
    let full = "{ canaries: [{ weight: 30, header: { name: x-canary, value: eu-west-1 }, cookie: { name: cohort } }],
                 affinity: { cookie: { name: route, maxAge: 86400, path: /, sameSite: Lax, secure: true } } }";
    for yaml in
        [full, "canaries: [{ weight: 30 }]", "{ canaries: [{ weight: 30 }], affinity: { key: { header: x-user-id } } }"]
    {
        let policy = policy(yaml);
        let mut kept = None;
        let counted = measure(|| kept = Some(Selector::new(&policy)));
        // The cookie of each variant is part of it, in memory that decisions share.
        assert!(counted.bytes_current <= 600, "{} bytes: {yaml}", counted.bytes_current);
        drop(kept);
    }
}

/// Odd and huge requests get a decision, without an allocation. The test would not end if the time were not linear.
#[test]
fn odd_requests_get_a_decision() {
    let rules = policy(
        "{ canaries: [{ weight: 30, header: { name: x-c, value: a }, cookie: { name: c, value: b } }], affinity: { cookie: { name: r } } }",
    );
    let keyed = policy("{ canaries: [{ weight: 30 }], affinity: { key: { header: x-c } } }");
    let megabyte = vec![b'k'; 1 << 20];
    let cookies: Vec<u8> = (0..10_000).flat_map(|n| format!("a{n}=b; ").into_bytes()).collect();
    let semicolons = vec![b';'; 1 << 16];
    let lines: Vec<(&str, &[u8])> = std::iter::repeat_n(("x-c", &b"a"[..]), 1000).collect();
    let requests: [Vec<(&str, &[u8])>; 7] = [
        vec![("x-c", b"")],
        vec![("x-c", &megabyte), ("cookie", &megabyte)],
        vec![("x-c", b"\xff\xfe\x00"), ("cookie", b"c=\xff; r=\x80|\xff")],
        vec![("cookie", &cookies)],
        vec![("cookie", &semicolons)],
        lines,
        vec![("cookie", b"=; =; ,;=,r")],
    ];
    for policy in [&rules, &keyed] {
        let selector = Selector::new(policy);
        for request in &requests {
            let mut reason = None;
            let counted = measure(|| reason = Some(selector.select(request, Sample::MAX).reason));
            assert_eq!((reason, counted.count_total), (Some(Reason::Weight), 0));
        }
    }
}
