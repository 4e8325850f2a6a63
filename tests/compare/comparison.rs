//! The answers and their words, by hand.

use canary_policy::compare::{self, Comparison};
use canary_policy::{Canary, Diagnostic, HeaderRule, Match, Policy, Total};

use super::brute_force::replay;
use crate::util::{policy, texts};

/// Each row is two policies and the answer.
#[test]
fn answers_in_words() {
    let same = "every request is decided alike";
    let rows = [
        ("canaries: [{ weight: 5 }]", "{ total: 1000, canaries: [{ weight: 50 }] }", same),
        (
            "canaries: [{ weight: 5 }]",
            "canaries: [{ weight: 10 }]",
            "a request without headers and with the sample 0.05 goes from stable to canary, by weight",
        ),
        (
            "canaries: [{ name: a, weight: 5 }]",
            "canaries: [{ name: b, weight: 5 }]",
            "a request without headers goes from a to b, by weight",
        ),
        (
            "canaries: [{ header: { name: x-a, value: v } }]",
            "canaries: [{ header: { name: x-a, pattern: '^v$' } }]",
            same,
        ),
        (
            "canaries: [{ header: { name: x-a, pattern: 'a' } }]",
            "canaries: [{ header: { name: x-a, pattern: 'a|b+' } }]",
            "`x-a: b` goes to stable by weight before and to canary by header after",
        ),
        // A pattern that only a header on two lines matches.
        (
            "canaries: [{ header: { name: x-a, pattern: ', $' } }]",
            "canaries: [{}]",
            "`x-a: ` and `x-a: ` goes to canary by header before and to stable by weight after",
        ),
        // Two lines without a value are smaller than one with this value.
        (
            "canaries: [{ header: { name: x-a, pattern: ', $|abcdefghijkl' } }]",
            "canaries: [{}]",
            "`x-a: ` and `x-a: ` goes to canary by header before and to stable by weight after",
        ),
        // Rules in another order differ only for requests with both headers.
        (
            "canaries: [{ name: a, header: { name: x-a, value: v } }, { name: b, header: { name: x-b, value: v } }]",
            "canaries: [{ name: b, header: { name: x-b, value: v } }, { name: a, header: { name: x-a, value: v } }]",
            "`x-a: v` and `x-b: v` goes from a to b, by header",
        ),
        (
            "canaries: [{ name: a, cookie: { name: a, value: v } }, { name: b, cookie: { name: b, value: v } }]",
            "canaries: [{ name: b, cookie: { name: b, value: v } }, { name: a, cookie: { name: a, value: v } }]",
            "`cookie: a=v; b=v` goes from a to b, by cookie",
        ),
        (
            "canaries: [{ name: a, header: { name: x-a, value: v } }, { name: b, header: { name: cookie, value: w } }]",
            "canaries: [{ name: b, header: { name: cookie, value: w } }, { name: a, header: { name: x-a, value: v } }]",
            "`x-a: v` and `cookie: w` goes from a to b, by header",
        ),
        // A rule that is never reached.
        (
            "canaries: [{ name: a, header: { name: x-a, pattern: '.' } }, { name: b, header: { name: x-a, value: v } }]",
            "canaries: [{ name: a, header: { name: x-a, pattern: '.' } }, { name: b }]",
            same,
        ),
        // The affinity cookie: an attribute, the revision, the precedence.
        (
            "{ canaries: [{}], affinity: { cookie: { name: r } } }",
            "{ canaries: [{}], affinity: { cookie: { name: r, maxAge: 1 } } }",
            "a request without headers goes to stable by weight, with another Set-Cookie",
        ),
        (
            "{ canaries: [{ header: { name: x-a } }], affinity: { cookie: { name: r, pins: stable } } }",
            "{ canaries: [{ header: { name: x-a } }], affinity: { cookie: { name: r, pins: stable, precedence: afterRules } } }",
            "`x-a: never` goes to stable by header, with another Set-Cookie",
        ),
        // Keys: the same salt, another one, and weights that leave nothing to draw.
        (
            "{ canaries: [{ weight: 50 }], affinity: { key: { header: x-u, salt: s } } }",
            "{ total: 2, canaries: [{ weight: 1 }], affinity: { key: { header: X-U, salt: s } } }",
            same,
        ),
        // A rule on the whole Cookie line decides before the key in it ever draws.
        (
            "{ canaries: [{ weight: 50, header: { name: cookie, pattern: '.' } }], affinity: { key: { cookie: u, salt: s } } }",
            "{ canaries: [{ weight: 50, header: { name: cookie, pattern: '.' } }], affinity: { key: { cookie: u, salt: t } } }",
            same,
        ),
        (
            "{ canaries: [{ weight: 50 }], affinity: { key: { header: x-u, salt: s } } }",
            "{ canaries: [{ weight: 50 }], affinity: { key: { header: x-u, salt: t } } }",
            "`x-u: c` goes from canary to stable, by weight",
        ),
        (
            "{ canaries: [{ weight: 100 }], affinity: { key: { header: x-u, salt: s } } }",
            "canaries: [{ weight: 100 }]",
            same,
        ),
        // The letter case of a cookie that has a key does not matter.
        (
            "{ canaries: [{ weight: 50 }], affinity: { key: { cookie: uid, salt: s } } }",
            "{ canaries: [{ weight: 50 }], affinity: { key: { cookie: UID, salt: s } } }",
            same,
        ),
        // Whenever there is a key, a rule decides.
        (
            "{ canaries: [{ weight: 50, header: { name: x-u, pattern: '.' } }], affinity: { key: { header: x-u } } }",
            "canaries: [{ weight: 50, header: { name: x-u, pattern: '.' } }]",
            same,
        ),
    ];
    for (a, b, answer) in rows {
        let (a, b) = (policy(a), policy(b));
        let comparison = compare::policies(&a, &b);
        assert_eq!(comparison.to_string(), answer, "{a:?} {b:?}");
        if let Comparison::Differs(difference) = comparison {
            assert!(difference.is_smallest, "{difference}");
            replay(&a, &b, &difference);
        }
    }
}

/// A pattern that has too many states is given up, but not where both policies have the same rules on the header.
#[test]
fn a_bound_is_named() {
    let large = "(a|b)*a(a|b){20}c";
    let rule = |pattern: &str| policy(&format!("canaries: [{{ header: {{ name: x-a, pattern: '{pattern}' }} }}]"));
    let undecided = compare::policies(&rule(large), &rule(&format!("{large}|dd")));
    let same = compare::policies(&rule(large), &rule(large));
    assert_eq!(same, Comparison::Same);
    // `dd` is found before the search is given up.
    let Comparison::Differs(difference) = undecided else { panic!("{undecided}") };
    assert_eq!((difference.request.lines[0].to_string().as_str(), difference.is_smallest), ("x-a: dd", true));
    let answer = compare::policies(&rule(large), &rule("(b|a)*a(b|a){20}c"));
    assert_eq!(
        answer.to_string(),
        "no difference was found, but not all values of header x-a were searched: the search ends after 32768 beginnings of values or 16777216 steps",
    );
    let Comparison::Undecided(bound) = answer else { panic!("{answer}") };
    assert_eq!((bound.code(), bound.field().as_deref()), ("values-not-searched", Some("header x-a")));

    // A rule that is in both policies, and whose values are not all searched, is no bound. Its order is a difference.
    let two = |pattern: &str, order: [usize; 2]| {
        let rules = [
            format!("{{ name: a, header: {{ name: x-a, pattern: '{pattern}' }} }}"),
            "{ name: b, header: { name: x-b, value: v } }".to_owned(),
        ];
        policy(&format!("canaries: [{}]", order.map(|rule| rules[rule].clone()).join(", ")))
    };
    let or_dd = format!("{large}|dd");
    let changes = compare::changes(&two(&or_dd, [0, 1]), &two(&or_dd, [1, 0]));
    assert_eq!(texts(&changes.differences), ["`x-a: dd` and `x-b: v` goes from a to b, by header"]);
    assert_eq!(changes.bounds, []);
    let named =
        |name: &str| policy(&format!("canaries: [{{ name: {name}, header: {{ name: x-a, pattern: '{or_dd}' }} }}]"));
    let changes = compare::changes(&named("a"), &named("b"));
    assert!(texts(&changes.differences).contains(&"`x-a: dd` goes from a to b, by header".to_owned()));
    assert_eq!(changes.bounds, []);
    // Without `dd`, no value is found before the search is given up.
    let changes = compare::changes(&two(large, [0, 1]), &two(large, [1, 0]));
    assert_eq!((changes.differences.len(), changes.bounds.len()), (0, 1));

    // One client of four billion goes to the canary: no key that it has is found.
    let rare = |salt: &str| {
        let affinity = format!("affinity: {{ key: {{ header: x-u, salt: {salt} }} }}");
        policy(&format!("{{ total: 4294967295, canaries: [{{ weight: 1 }}], {affinity} }}"))
    };
    let Comparison::Undecided(bound) = compare::policies(&rare("s"), &rare("t")) else { panic!() };
    assert_eq!((bound.code(), bound.field().as_deref()), ("key-not-found", Some("x-u")));
    assert_eq!(
        bound.to_string(),
        "the policies draw with different samples, but none of 65536 keys in x-u is decided differently",
    );
}

/// 1,000 canaries with different names, each with a header rule and a cookie rule. Searching every pair of rules would take
/// millions of steps and minutes.
#[test]
fn a_thousand_canaries_are_compared() {
    let canary = |index: usize| {
        let rule = |name: &str| HeaderRule::new(&format!("{name}-{index}"), Match::AlwaysNever).unwrap();
        let cookie = canary_policy::CookieRule::new(&format!("c{index}"), Match::Exact("v".to_owned())).unwrap();
        Canary::new(&format!("canary-{index}"), 0).unwrap().with_header(rule("x")).with_cookie(cookie)
    };
    let canaries: Vec<Canary> = (0..1000).map(canary).collect();
    let policy = |canaries: &[Canary]| Policy::new(canaries.to_vec(), Total::default()).unwrap();
    let old = policy(&canaries);
    assert_eq!(compare::policies(&old, &policy(&canaries)), Comparison::Same);
    let mut last = canaries.clone();
    last[999] = Canary::new("canary-999", 0).unwrap();
    let Comparison::Differs(difference) = compare::policies(&old, &policy(&last)) else { panic!() };
    assert_eq!(difference.request.to_string(), "`x-999: never`");
    let reversed: Vec<Canary> = canaries.iter().rev().cloned().collect();
    let Comparison::Differs(difference) = compare::policies(&old, &policy(&reversed)) else { panic!() };
    assert_eq!(difference.request.to_string(), "`cookie: c0=v; c1=v`");
}

/// Work is counted in allocations, since each rule, each name, and each request that is tried takes some. Eight times as many
/// canaries with different names take eight times as many or, if they are sorted, n log n. One step for each pair of names would
/// be 64 times.
#[test]
fn work_grows_with_the_number_of_names() {
    let canary = |index: usize| {
        let rule = HeaderRule::new(&format!("x-{index}"), Match::AlwaysNever).unwrap();
        let cookie = canary_policy::CookieRule::new(&format!("c{index}"), Match::Exact("v".to_owned())).unwrap();
        Canary::new(&format!("canary-{index}"), 0).unwrap().with_header(rule).with_cookie(cookie)
    };
    let work = |count: usize, change: fn(&mut Vec<Canary>)| {
        let old: Vec<Canary> = (0..count).map(canary).collect();
        let mut new = old.clone();
        change(&mut new);
        let [old, new] = [old, new].map(|canaries| Policy::new(canaries, Total::default()).unwrap());
        let mut comparison = None;
        let counted = allocation_counter::measure(|| comparison = Some(compare::policies(&old, &new)));
        assert_eq!(comparison == Some(Comparison::Same), old == new);
        (counted.count_total, counted.bytes_total)
    };
    // Nothing, the last rule, and the order of all.
    let changes: [fn(&mut Vec<Canary>); 3] = [|_| (), |canaries| drop(canaries.pop()), |canaries| canaries.reverse()];
    for change in changes {
        let ((few, few_bytes), (many, many_bytes)) = (work(125, change), work(1000, change));
        assert!(many <= 12 * few && many_bytes <= 12 * few_bytes, "{few} {many}, {few_bytes} {many_bytes} bytes");
    }
}

/// A rule on the whole Cookie line decides all lines that have the key alone, so the keys draw in unusual lines only.
#[test]
fn keys_in_unusual_lines_are_compared() {
    let rules = [
        "^u=",
        "^[uU]=",
        "^[^;]",
        "^[uU]=|; ?[uU]=|=.*=",
        // The key has exactly three bytes.
        "^u=|^.{0,4}$|^.{6,}$",
    ];
    for rule in rules {
        let keyed = |salt: &str| {
            policy(&format!(
                "{{ canaries: [{{ weight: 50, header: {{ name: cookie, pattern: '{rule}' }} }}],
                   affinity: {{ key: {{ cookie: u, salt: {salt} }} }} }}"
            ))
        };
        let (a, b) = (keyed("s"), keyed("t"));
        let comparison = compare::policies(&a, &b);
        let Comparison::Differs(difference) = comparison else { panic!("{rule}: {comparison}") };
        replay(&a, &b, &difference);
    }
}

/// The affinity cookie is read only before the cookie of the rule: a space ends the value of that for the affinity, so that the
/// name after it is `q; route`. To search both together would pass the bound.
#[test]
fn two_cookies_are_tried_in_both_orders() {
    let with = |precedence: &str| {
        policy(&format!(
            "{{ canaries: [{{ name: a, cookie: {{ name: c, pattern: '^(a|b)*a(a|b){{12}} q$' }} }}],
               affinity: {{ cookie: {{ name: route, pins: stable, precedence: {precedence} }} }} }}"
        ))
    };
    let (before, after) = (with("beforeRules"), with("afterRules"));
    for (a, b) in [(&before, &after), (&after, &before)] {
        let changes = compare::changes(a, b);
        assert_eq!(changes.bounds, []);
        let [difference] = changes.differences.as_slice() else { panic!("{:?}", changes.differences) };
        assert_eq!(difference.request.to_string(), "`cookie: route=stable; c=aaaaaaaaaaaaa q`");
        replay(a, b, difference);
    }
}

/// A thousand rules on one header: values are looked up, and patterns are searched together until the bound.
#[test]
fn a_thousand_rules_on_one_name_are_compared() {
    let policy = |value_match: &dyn Fn(usize) -> Match, count: usize| {
        let rule = |index| HeaderRule::new("x-user", value_match(index)).unwrap();
        let canary = |index: usize| Canary::new(&format!("canary-{index}"), 0).unwrap().with_header(rule(index));
        Policy::new((0..count).map(canary), Total::default()).unwrap()
    };
    let exact = |index: usize| Match::Exact(format!("u{index}"));
    let pattern = |index: usize| Match::Pattern(canary_policy::Pattern::new(&format!("^u{index}$")).unwrap());
    assert_eq!(compare::policies(&policy(&exact, 1000), &policy(&exact, 1000)), Comparison::Same);
    let Comparison::Differs(difference) = compare::policies(&policy(&exact, 999), &policy(&exact, 1000)) else {
        panic!()
    };
    assert_eq!(difference.request.to_string(), "`x-user: u999`");
    assert_eq!(compare::policies(&policy(&exact, 100), &policy(&pattern, 100)), Comparison::Same);
    assert_eq!(compare::policies(&policy(&pattern, 1000), &policy(&pattern, 1000)), Comparison::Same);
    let Comparison::Undecided(_) = compare::policies(&policy(&exact, 1000), &policy(&pattern, 1000)) else { panic!() };
}

/// What a reviewer reads.
#[test]
fn changes_are_listed() {
    let old = policy("{ canaries: [{ weight: 5 }], affinity: { cookie: { name: route } } }");
    let new = policy(
        "{ canaries: [{ weight: 10, header: { name: x-canary } }], affinity: { cookie: { name: route, revision: '2' } } }",
    );
    let changes = compare::changes(&old, &new);
    assert_eq!(
        texts(&changes.differences),
        [
            "a request without headers goes to canary by weight, with another Set-Cookie",
            "`x-canary: never` goes to canary by weight before and to stable by header after",
            "`x-canary: always` goes to canary by weight before and by header after",
            "`cookie: route=stable` goes to stable by affinity before and to canary by weight after",
            "`cookie: route=canary` goes to canary by affinity before and by weight after",
            "`cookie: route=2.stable` goes to canary by weight before and to stable by affinity after",
            "`cookie: route=2.canary` goes to canary by weight before and by affinity after",
        ],
    );
    assert!(changes.bounds.is_empty());
}
