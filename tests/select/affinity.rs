//! Affinity: cookies and keys that keep a client on its variant.

use canary_policy::policy::Token;
use canary_policy::{Decision, Reason, Sample, Selector};

use crate::util::{CANARY, STABLE, cookie_text, policy};

/// The text of the Set-Cookie header, if the decision sets a cookie.
fn set_cookie(decision: &Decision) -> Option<&str> {
    decision.set_cookie.as_ref().map(cookie_text)
}

/// Each row is the cookie that a client sends, the header that the rule reads, and the decision with the affinity before and
/// after the rules.
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
            let got = (decision.variant, decision.reason, set_cookie(&decision));
            assert_eq!(got, expected, "{cookie:?} {header:?} {:?}", policy.affinity());
        }
    }
}

#[test]
fn an_affinity_may_pin_stable_only() {
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

/// The rules of lua-resty-cookie: letter case counts, the last cookie of a name wins, a value ends at a blank, and a bare name
/// takes the next cookie with it.
#[test]
fn affinity_cookies_are_read_as_lua_resty_cookie_does() {
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
fn cookies_of_another_revision_are_ignored() {
    let policy = policy(r#"{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route, revision: "7" } } }"#);
    let selector = Selector::new(&policy);
    assert_eq!(selector.select(&[("cookie", "route=7.canary")], Sample::MIN).variant, CANARY);
    for stale in ["route=6.canary", "route=canary", "route=7.stable.canary"] {
        let decision = selector.select(&[("cookie", stale)], Sample::MIN);
        assert_eq!(
            (decision.variant, set_cookie(&decision)),
            (STABLE, Some("route=7.stable; Path=/; HttpOnly")),
            "{stale}"
        );
    }
}

#[test]
fn set_cookie_has_its_attributes_in_a_fixed_order() {
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
        assert_eq!(set_cookie(&selector.select(&(), Sample::MAX)), Some(expected));
    }
}

#[test]
fn tokens_of_another_controller_are_the_second_field() {
    let policy = policy("{ canaries: [{ weight: 0 }], affinity: { cookie: { name: route } } }");
    let token = |variant| Token::new(if variant == STABLE { "aaa" } else { "bbb" }).unwrap();
    let selector = Selector::with_tokens(&policy, token);
    let reason = |cookie: &str| selector.select(&[("cookie", cookie)], Sample::MAX).reason;
    assert_eq!(reason("route=1.2.3|bbb"), Reason::Affinity);
    assert_eq!(reason("route=bbb"), Reason::Weight);
    assert_eq!(reason("route=canary"), Reason::Weight);
    let decision = selector.select(&[("cookie", "a=b")], Sample::MAX);
    assert_eq!(set_cookie(&decision), Some("route=stable|aaa; Path=/; HttpOnly"));
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

/// The lines of a header are one key: `a` and `b` are `a, b`, and those of a Cookie header are `a; b`.
#[test]
fn the_lines_of_a_key_header_are_joined() {
    let rows: [(&str, &[&str], &str); 5] = [
        ("x-user-id", &["a", "b"], "a, b"),
        ("x-user-id", &["a", "b", "c"], "a, b, c"),
        ("x-user-id", &["", "b"], ", b"),
        ("x-user-id", &["", ""], ", "),
        ("cookie", &["a=1", "b=2"], "a=1; b=2"),
    ];
    for (header, lines, key) in rows {
        let point = Sample::from_key(key.as_bytes(), "").point(1000);
        let lines: Vec<(&str, &str)> = lines.iter().map(|line| (header, *line)).collect();
        for (weight, variant) in [(point, STABLE), (point + 1, CANARY)] {
            let yaml = format!(
                "{{ total: 1000, canaries: [{{ weight: {weight} }}], affinity: {{ key: {{ header: {header} }} }} }}"
            );
            let selector = Selector::new(&policy(&yaml));
            assert_eq!(selector.select(&lines, Sample::MIN).variant, variant, "{lines:?}");
            assert_eq!(selector.select(&[(header, key)], Sample::MAX).variant, variant, "{key}");
        }
    }
}
