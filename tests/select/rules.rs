//! Header rules, cookie rules and weights: which rule decides a request.

use canary_policy::{Policy, Reason, Selector, Variant};

use crate::util::{CANARY, STABLE, decide, policy};

/// The header lines of a request, its variant, and the reason of the decision.
type Row<'a> = (&'a [(&'a str, &'a str)], Variant, Reason);

/// Holds decisions with the highest of 100 points, which every policy here leaves to stable.
#[track_caller]
fn check(policy: &Policy, rows: &[Row<'_>]) {
    let selector = Selector::new(policy);
    for (lines, variant, reason) in rows {
        assert_eq!(decide(&selector, lines, 99), (*variant, *reason), "{lines:?}");
    }
}

#[test]
fn a_header_rule_reads_always_and_never() {
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
fn a_header_value_or_pattern_gives_always_no_meaning() {
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
fn lines_of_the_cookie_header_are_joined_with_semicolons() {
    let policy = policy("canaries: [{ header: { name: cookie, value: 'a=1; b=2' } }]");
    check(&policy, &[(&[("Cookie", "a=1"), ("Cookie", "b=2")], CANARY, Reason::Header)]);
}

#[test]
fn cookie_rules_read_cookies_as_nginx_does() {
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
fn a_cookie_rule_reads_a_value_or_a_pattern() {
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

/// The header rules of all canaries come before the cookie rules of all canaries.
#[test]
fn several_canaries_are_looked_at_in_order() {
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
