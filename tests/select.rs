//! Precedence, rules and affinity, row by row.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::policy::Token;
use canary_policy::{Policy, Reason, Sample, Selector, Variant};
use http::{HeaderMap, HeaderValue};
use util::{CANARY, STABLE, decide, policy};

type Row<'a> = (&'a [(&'a str, &'a str)], Variant, Reason);

/// The point is the highest of 100, which the weights leave to stable.
#[track_caller]
fn check(policy: &Policy, rows: &[Row<'_>]) {
    let selector = Selector::new(policy);
    for (lines, variant, reason) in rows {
        assert_eq!(decide(&selector, lines, 99), (*variant, *reason), "{lines:?}");
    }
}

#[test]
fn header_always_never() {
    let policy = policy("canaries: [{ weight: 30, header: { name: X-Canary } }]");
    check(
        &policy,
        &[
            (&[("x-canary", "always")], CANARY, Reason::Header),
            (&[("X-CANARY", "never")], STABLE, Reason::Header),
            (&[("x-canary", "Always")], STABLE, Reason::Weight),
            (&[("x-canary", "")], STABLE, Reason::Weight),
            (&[("x_canary", "always")], STABLE, Reason::Weight),
            (&[("x-canary", "always"), ("x-canary", "always")], STABLE, Reason::Weight),
            (&[("x-canary", ""), ("x-canary", "always")], STABLE, Reason::Weight),
            (&[], STABLE, Reason::Weight),
        ],
    );
    assert_eq!(decide(&Selector::new(&policy), &[], 29), (CANARY, Reason::Weight));
    assert_eq!(decide(&Selector::new(&policy), &[("x-canary", "never")], 0), (STABLE, Reason::Header));
}

#[test]
fn header_value_and_pattern_know_no_always_and_never() {
    let exact = policy("canaries: [{ header: { name: x-region, value: eu } }]");
    check(
        &exact,
        &[
            (&[("x-region", "eu")], CANARY, Reason::Header),
            (&[("x-region", "eu ")], STABLE, Reason::Weight),
            (&[("x-region", "always")], STABLE, Reason::Weight),
            (&[("x-region", "never")], STABLE, Reason::Weight),
        ],
    );
    let joined = policy("canaries: [{ header: { name: x-region, value: 'eu, us' } }]");
    check(&joined, &[(&[("x-region", "eu"), ("X-Region", "us")], CANARY, Reason::Header)]);
    let pattern = policy("canaries: [{ header: { name: x-region, pattern: '^eu, us$' } }]");
    check(&pattern, &[(&[("x-region", "eu"), ("X-Region", "us")], CANARY, Reason::Header)]);
}

#[test]
fn the_cookie_header_is_joined_with_semicolons() {
    let policy = policy("canaries: [{ header: { name: cookie, value: 'a=1; b=2' } }]");
    check(&policy, &[(&[("Cookie", "a=1"), ("Cookie", "b=2")], CANARY, Reason::Header)]);
}

#[test]
fn cookies_are_read_as_nginx_reads_them() {
    let policy = policy("canaries: [{ cookie: { name: canary } }]");
    let yes = |line| (line, CANARY, Reason::Cookie);
    let no = |line| (line, STABLE, Reason::Cookie);
    let other = |line| (line, STABLE, Reason::Weight);
    let rows = [
        yes("canary=always"),
        no("canary=never"),
        other("canary=Always"),
        yes("CANARY=always"),
        yes("a=b; canary=always"),
        yes("a=b;canary=always"),
        yes("a=b,canary=always"),
        other("a=b;\tcanary=always"),
        other("a=b canary=always"),
        yes("canary = always"),
        other("canary=always ; a=b"),
        other("canary=always, a=b"),
        yes("canary=always;"),
        other("canary=\"always\""),
        other("canary=%61lways"),
        other("x=\"a; canary=always\""),
        other("canary=maybe; canary=always"),
        other("canary=; canary=always"),
        other("canary; canary=always"),
        other("canary;canary=always"),
        yes("canary;a=b;canary=always"),
        other("canary=always=1"),
        other("canary==always"),
        other("xcanary=always"),
        other("canaryx=always"),
        yes("canaryx=never; canary=always"),
        other(""),
        other(";;;"),
        other("canary"),
        other("="),
    ];
    let selector = Selector::new(&policy);
    for (line, variant, reason) in rows {
        assert_eq!(decide(&selector, &[("cookie", line)], 99), (variant, reason), "{line}");
    }
    check(
        &policy,
        &[
            (&[("Cookie", "canary"), ("Cookie", "canary=always")], CANARY, Reason::Cookie),
            (&[("Cookie", "canary=x"), ("Cookie", "canary=always")], STABLE, Reason::Weight),
        ],
    );
}

#[test]
fn cookie_value_and_pattern() {
    let exact = policy("canaries: [{ cookie: { name: cohort, value: beta } }]");
    check(
        &exact,
        &[
            (&[("cookie", "cohort=beta")], CANARY, Reason::Cookie),
            (&[("cookie", "cohort=always")], STABLE, Reason::Weight),
        ],
    );
    let pattern = policy("canaries: [{ cookie: { name: cohort, pattern: 'beta|gamma' } }]");
    check(&pattern, &[(&[("cookie", "cohort=xgammax")], CANARY, Reason::Cookie)]);
}

/// All header rules come before all cookie rules, each kind in the order of the canaries.
#[test]
fn several_canaries_take_turns() {
    let policy = policy(
        "canaries:
  - { name: a, weight: 10, header: { name: x-v }, cookie: { name: v, value: a } }
  - { name: b, weight: 20, header: { name: x-v, value: b }, cookie: { name: v, pattern: '^[ab]$' } }",
    );
    let b = Variant::Canary(1);
    check(
        &policy,
        &[
            (&[("x-v", "always")], CANARY, Reason::Header),
            (&[("x-v", "never")], STABLE, Reason::Header),
            (&[("x-v", "b")], b, Reason::Header),
            (&[("x-v", "b"), ("cookie", "v=a")], b, Reason::Header),
            (&[("cookie", "v=a")], CANARY, Reason::Cookie),
            (&[("cookie", "v=b")], b, Reason::Cookie),
            (&[], b, Reason::Weight),
        ],
    );
    let selector = Selector::new(&policy);
    let variants: Vec<Variant> = [0, 9, 10, 79, 80, 99].map(|point| decide(&selector, &[], point).0).to_vec();
    assert_eq!(variants, [CANARY, CANARY, STABLE, STABLE, b, b]);
}

/// Each row: the cookie a client sends, the header that would decide, and what comes of it in each precedence.
#[test]
fn affinity_before_and_after_the_rules() {
    let before = policy("{ canaries: [{ weight: 0, header: { name: x-c } }], affinity: { cookie: { name: route } } }");
    let after = policy(
        "{ canaries: [{ weight: 0, header: { name: x-c } }], affinity: { cookie: { name: route, precedence: afterRules } } }",
    );
    let set_stable = Some("route=stable; Path=/; HttpOnly");
    let set_canary = Some("route=canary; Path=/; HttpOnly");
    use Reason::{Affinity, Header, Weight};
    let rows = [
        ("route=canary", "", (CANARY, Affinity, None), (CANARY, Affinity, None)),
        ("route=stable", "", (STABLE, Affinity, None), (STABLE, Affinity, None)),
        ("route=stable", "always", (STABLE, Affinity, None), (CANARY, Header, None)),
        ("route=canary", "never", (CANARY, Affinity, None), (STABLE, Header, None)),
        ("", "always", (CANARY, Header, set_canary), (CANARY, Header, None)),
        ("", "never", (STABLE, Header, set_stable), (STABLE, Header, None)),
        ("", "", (STABLE, Weight, set_stable), (STABLE, Weight, set_stable)),
        ("route=gone", "", (STABLE, Weight, set_stable), (STABLE, Weight, set_stable)),
    ];
    for (cookie, header, when_before, when_after) in rows {
        for (policy, expected) in [(&before, when_before), (&after, when_after)] {
            let selector = Selector::new(policy);
            let decision = selector.select(&[("cookie", cookie), ("x-c", header)], Sample::MIN);
            let got = (decision.variant, decision.reason, decision.set_cookie);
            assert_eq!(got, expected, "{cookie:?} {header:?} {:?}", policy.affinity());
        }
    }
}

#[test]
fn affinity_that_pins_stable_only() {
    let policy = policy("{ canaries: [{ weight: 50 }], affinity: { cookie: { name: route, pins: stable } } }");
    let selector = Selector::new(&policy);
    let select = |cookie: &str, sample| {
        let decision = selector.select(&[("cookie", cookie)], sample);
        (decision.variant, decision.reason, decision.set_cookie.is_some())
    };
    assert_eq!(select("route=stable", Sample::MIN), (STABLE, Reason::Affinity, false));
    assert_eq!(select("route=canary", Sample::MAX), (STABLE, Reason::Weight, true));
    assert_eq!(select("route=canary", Sample::MIN), (CANARY, Reason::Weight, false));
}

/// lua-resty-cookie: case counts, the last one wins, a value ends at a blank, a bare name swallows the next cookie.
#[test]
fn the_affinity_cookie_is_read_as_lua_reads_it() {
    let policy = policy("{ canaries: [{ weight: 0 }], affinity: { cookie: { name: sid } } }");
    let selector = Selector::new(&policy);
    let rows: &[(&[&str], bool)] = &[
        (&["sid=canary"], true),
        (&["SID=canary"], false),
        (&["sid=stable; sid=canary"], true),
        (&["sid=canary; sid=gone"], false),
        (&["sid=canary x"], true),
        (&["sid=canary\tx"], true),
        (&["a=1 sid=canary"], true),
        (&["a=1,sid=canary"], false),
        (&["a; sid=canary"], false),
        (&["a=1 ; sid=canary"], false),
        (&["a=1;sid=canary"], true),
        (&["a=1;\tsid=canary"], true),
        (&["sid = canary"], false),
        (&["sid=x|canary"], true),
        (&["sid=x||canary"], true),
        (&["sid=x|canary|y"], true),
        (&["sid=|canary"], false),
        (&["sid=canary|x"], false),
        (&["sid=canar"], false),
        (&["a=1", "sid=canary"], true),
        (&["a", "sid=canary"], false),
        (&["a", "b=1", "sid=canary"], true),
        (&["", "sid=canary"], false),
        (&["sid=canary", ""], true),
        (&["sid=canary", "sid="], false),
    ];
    for (lines, held) in rows {
        let lines: Vec<(&str, &str)> = lines.iter().map(|line| ("cookie", *line)).collect();
        let decision = selector.select(&lines, Sample::MAX);
        assert_eq!(decision.reason == Reason::Affinity, *held, "{lines:?}");
    }
}

#[test]
fn a_revision_forgets_older_cookies() {
    let policy = policy(r#"{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route, revision: "7" } } }"#);
    let selector = Selector::new(&policy);
    assert_eq!(selector.select(&[("cookie", "route=7.canary")], Sample::MIN).variant, CANARY);
    for stale in ["route=6.canary", "route=canary", "route=7.stable.canary"] {
        let decision = selector.select(&[("cookie", stale)], Sample::MIN);
        assert_eq!(
            (decision.variant, decision.set_cookie),
            (STABLE, Some("route=7.stable; Path=/; HttpOnly")),
            "{stale}"
        );
    }
}

#[test]
fn set_cookie_has_its_attributes_in_order() {
    let rows = [
        (
            "{ name: r, maxAge: 60, domain: a.test, path: /x, secure: true, sameSite: Strict }",
            "r=stable; Max-Age=60; Domain=a.test; Path=/x; Secure; HttpOnly; SameSite=Strict",
        ),
        ("{ name: r, sameSite: None }", "r=stable; Path=/; Secure; HttpOnly; SameSite=None"),
        ("{ name: r }", "r=stable; Path=/; HttpOnly"),
    ];
    for (cookie, expected) in rows {
        let policy = policy(&format!("{{ canaries: [{{}}], affinity: {{ cookie: {cookie} }} }}"));
        let selector = Selector::new(&policy);
        assert_eq!(selector.select(&(), Sample::MAX).set_cookie, Some(expected));
    }
}

#[test]
fn tokens_of_somebody_else_stand_in_the_second_field() {
    let policy = policy("{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }");
    let token = |variant| Token::new(if variant == STABLE { "aaa" } else { "bbb" }).unwrap();
    let selector = Selector::with_tokens(&policy, token);
    let reason = |cookie: &str| selector.select(&[("cookie", cookie)], Sample::MAX).reason;
    assert_eq!(reason("route=1.2.3|bbb"), Reason::Affinity);
    assert_eq!(reason("route=bbb"), Reason::Weight);
    assert_eq!(reason("route=canary"), Reason::Weight);
    let set = selector.select(&[("cookie", "a=b")], Sample::MAX).set_cookie;
    assert_eq!(set, Some("route=stable|aaa; Path=/; HttpOnly"));
    assert_eq!(reason("route=stable|aaa"), Reason::Affinity);
}

#[test]
fn a_key_gives_the_sample() {
    let rows = [
        ("{ header: x-user-id, salt: checkout-2026 }", ("x-user-id", "alice"), ("x-user-id", "")),
        ("{ cookie: uid, salt: checkout-2026 }", ("cookie", "uid=alice"), ("cookie", "uid=")),
    ];
    for (key, with, without) in rows {
        // Alice's point is 88 of 100.
        for (weight, variant) in [(88, STABLE), (89, CANARY)] {
            let policy = policy(&format!("{{ canaries: [{{ weight: {weight} }}], affinity: {{ key: {key} }} }}"));
            let selector = Selector::new(&policy);
            for sample in [Sample::MIN, Sample::MAX] {
                let decision = selector.select(&[with], sample);
                assert_eq!((decision.variant, decision.reason, decision.set_cookie), (variant, Reason::Weight, None));
            }
            assert_eq!(selector.select(&[without], Sample::MIN).variant, CANARY);
            assert_eq!(selector.select(&[without], Sample::MAX).variant, STABLE);
        }
    }
}

#[test]
fn a_header_map_is_a_request() {
    let policy = policy("canaries: [{ header: { name: x-region, value: 'eu, us' } }]");
    let mut headers = HeaderMap::new();
    headers.append("x-region", HeaderValue::from_static("eu"));
    headers.append("x-region", HeaderValue::from_static("us"));
    assert_eq!(Selector::new(&policy).select(&headers, Sample::MAX).variant, CANARY);
}

#[test]
fn recorded_draws_are_points() {
    for total in [1, 2, 3, 7, 100, 1000, u32::MAX - 1, u32::MAX] {
        for n in [0, 1, total / 3, total / 2, total - 1].into_iter().filter(|n| *n < total) {
            assert_eq!(Sample::from_fraction(n, total).unwrap().point(total), n, "{n} of {total}");
        }
        assert!(Sample::from_fraction(total, total).is_err());
    }
    assert!(Sample::from_fraction(0, 0).is_err());
}

/// The recipe in `Sample::from_key`, as the xxhash of another language computes it.
#[test]
fn keys_hash_as_published() {
    let rows: &[(&[u8], &str, u64)] = &[
        (b"", "", 0xa258_d6ec_1fb5_d95c),
        (b"alice", "", 0x98bd_01cc_8f39_8066),
        (b"alice", "checkout-2026", 0xe221_8c91_c75c_9d82),
        (b"203.0.113.7", "checkout-2026", 0x5d82_e68e_1bb4_30af),
        (b"0b5c0d0e-6c1f-4b0a-9a53-5b8f0a3c9a11", "checkout-2026", 0x27c1_0089_bad1_43d9),
    ];
    for (key, salt, bits) in rows {
        assert_eq!(Sample::from_key(key, salt).bits(), *bits, "{key:?} {salt}");
    }
}

/// Each row is a request and what is said of it, step by step.
#[test]
fn an_explanation_reads_like_a_sentence() {
    let policy = policy(
        "{ canaries: [{ name: a, weight: 10, header: { name: x-a, value: b }, cookie: { name: c, pattern: '^v' } }, { name: b, weight: 20 }],
           affinity: { cookie: { name: route } } }",
    );
    let selector = Selector::new(&policy);
    let rows: [(&[(&str, &str)], &str); 4] = [
        (
            &[("x-a", "always"), ("cookie", "route=gone; c=w")],
            "affinity cookie route is `gone`, not the token of a variant: the next step is taken
header x-a is `always`, not `b`: the next step is taken
cookie c is `w`, not with `^v` in it: the next step is taken
the weights are 0..10 canaries[0], 10..80 stable, 80..100 canaries[1], and the sample is 85: canaries[1]",
        ),
        (
            &[("cookie", "c=v2")],
            "affinity cookie route is absent: the next step is taken
header x-a is absent: the next step is taken
cookie c is `v2`: canaries[0]",
        ),
        (&[("x-a", "b"), ("cookie", "route=b")], "affinity cookie route is `b`: canaries[1]"),
        (
            &[("x-a", "b"), ("x-a", "c"), ("cookie", "c=v")],
            "affinity cookie route is absent: the next step is taken
header x-a is `b, c`, not `b`: the next step is taken
cookie c is `v`: canaries[0]",
        ),
    ];
    for (lines, said) in rows {
        let explanation = selector.explain(lines, Sample::from_fraction(85, 100).unwrap());
        assert_eq!(explanation.to_string(), said);
    }
}
