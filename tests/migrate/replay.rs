//! Recorded requests, answered as before and after a move.

use canary_policy::migrate::{Replay, Replayed};
use canary_policy::route::{Location, Path, VirtualHost};
use canary_policy::targets::VirtualHostReading;
use canary_policy::{Canary, CookieRule, HeaderRule, Match, Policy, Sample, Total};

/// A virtual host whose requests go to `web`, and to `next` by this weight.
fn host(name: &str, weight: u32) -> VirtualHost {
    let root = Location::new(Path::prefix("/").unwrap(), "web:80".parse().unwrap());
    let root = root.with_policy(Policy::percent(weight).unwrap(), ["next:80".parse().unwrap()]).unwrap();
    let orders = Location::new(Path::prefix("/orders").unwrap(), "orders:80".parse().unwrap());
    VirtualHost::new("web", [root, orders]).unwrap().with_hosts([name.parse().unwrap()]).unwrap()
}

/// Targets look at each line of a header, and at each cookie, alone.
#[test]
fn a_request_that_repeats_what_a_rule_looks_at_is_not_compared() {
    let rule = HeaderRule::new("x-canary", Match::AlwaysNever).unwrap();
    let canary = Canary::new("canary", 10).unwrap().with_header(rule);
    let canary = canary.with_cookie(CookieRule::new("cohort", Match::AlwaysNever).unwrap());
    let policy = Policy::new([canary], Total::default()).unwrap();
    let root = Location::new(Path::prefix("/").unwrap(), "web:80".parse().unwrap());
    let root = root.with_policy(policy, ["next:80".parse().unwrap()]).unwrap();
    let hosts = [VirtualHost::new("web", [root]).unwrap()];
    let after = [VirtualHostReading::from(hosts[0].clone())];
    let mut replay = Replay::new(&hosts, &after);
    for (lines, answer) in [
        (&[("x-canary", "always")][..], Replayed::Same),
        (&[("x-other", "a"), ("x-other", "b")], Replayed::Same),
        (&[("x-canary", "always"), ("x-canary", "never")], Replayed::Repeated),
        (&[("cookie", "cohort=always; a=b")], Replayed::Same),
        (&[("cookie", "cohort=never; COHORT=always")], Replayed::Repeated),
    ] {
        assert_eq!(replay.answer("a.test", "/", lines, None), answer, "{lines:?}");
    }
    let text = "not compared, because proxies disagree about a header or cookie that it has more than once";
    assert_eq!(Replayed::Repeated.to_string(), text);
}

/// Each row has a host, a path, the number of the sample of 100 if there is one, and the answer.
#[test]
fn requests_are_answered_with_both_sides() {
    let before = [host("a.test", 30), host("b.test", 30)];
    let mut inexact = VirtualHostReading::from(host("c.test", 30));
    inexact.inexact = vec![Path::prefix("/orders").unwrap()];
    let after = [host("a.test", 40).into(), host("b.test", 30).into(), inexact];
    let mut replay = Replay::new(&before, &after);
    let stable = "goes to `web:80` by weight before, and to `next:80` by weight after";
    let unread = "not compared, because the rules for it after the move were not read as those of a policy";
    let ambiguous = "not compared, because proxies disagree about this path";
    for (name, path, sample, answer) in [
        ("a.test", "/", Some(29), "answered alike"),
        ("a.test", "/", Some(30), stable),
        ("a.test", "/cart?a=/orders", Some(39), stable),
        ("a.test", "/cart#/orders", Some(39), stable),
        ("A.Test:8080", "/cart", Some(39), stable),
        ("a.test.", "/cart", Some(40), "answered alike"),
        // Without a sample, some request is answered differently.
        ("a.test", "/", None, stable),
        ("b.test", "/", None, "answered alike"),
        ("a.test", "/orders/1", None, "answered alike"),
        ("c.test", "/orders/1", None, unread),
        (
            "c.test",
            "/cart",
            None,
            "goes to nowhere, because no location matches, before, and to `web:80` by weight after",
        ),
        ("d.test", "/", None, "answered alike"),
        // Proxies disagree about which path this is.
        ("a.test", "/orders/../cart", None, ambiguous),
        ("a.test", "//", None, ambiguous),
        ("a.test", "", None, ambiguous),
    ] {
        let sample = sample.map(|point| Sample::from_fraction(point, 100).unwrap());
        let none: &[(&str, &str)] = &[];
        assert_eq!(replay.answer(name, path, none, sample).to_string(), answer, "{name} {path} {sample:?}");
    }
    assert_eq!(replay.policy("a.test", "/x"), Some(&Policy::percent(30).unwrap()));
    assert_eq!((replay.policy("a.test", "/orders"), replay.policy("c.test", "/")), (None, None));
    let json = serde_json::to_value(replay.answer("b.test", "/", &[("x", "y")], None)).unwrap();
    assert_eq!(json, serde_json::json!({ "answer": "same" }));
    assert_eq!(Replayed::Same.to_string(), "answered alike");
}
