//! A simulation expects what the policy says, observes it as often as chance has it, and shows a share that drifts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::pedantic
)]

mod util;

use canary_policy::policy::strategy;
use canary_policy::select::{Client, Fraction, Mix, Simulation};
use canary_policy::{Policy, Reason, Sample, Selector, Variant};
use proptest::prelude::*;
use util::{CANARY, STABLE, policy};

type Lines = Vec<(&'static str, &'static str)>;

/// One part of a mix for each list of header lines, of clients that return their cookies.
fn mix<const N: usize>(clients: [(u32, Lines); N], requests: u32) -> Mix<Lines> {
    let clients = clients.map(|(parts, lines)| Client::new(lines).with_parts(parts).with_cookies());
    Mix::new(clients).unwrap().with_requests(requests).unwrap()
}

/// Of ten clients, one returns no cookies.
fn forgetful(requests: u32) -> Mix<Lines> {
    let clients = [Client::new(vec![]), Client::new(vec![]).with_parts(9).with_cookies()];
    Mix::new(clients).unwrap().with_requests(requests).unwrap()
}

/// After so many clients of that seed.
fn simulation(policy: &Policy, mix: Mix<Lines>, seed: u64, clients: u64) -> Simulation<Lines> {
    let mut simulation = Simulation::new(policy, mix, seed);
    simulation.advance(clients);
    simulation
}

const SECOND: Variant = Variant::Canary(1);

const RULES: &str = "
    canaries:
    - { name: a, weight: 30, header: { name: x-a } }
    - { name: b, weight: 20, cookie: { name: cohort, value: beta } }";
const EVERYONE: &str = "{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route } } }";
const STABLE_ONLY: &str = "{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route, pins: stable } } }";
const KEY: &str = "{ canaries: [{ weight: 50 }], affinity: { key: { header: x-user } } }";

#[test]
fn expected_shares_are_exact() {
    let nothing = || (1, vec![]);
    let asking = || vec![("x-a", "always")];
    let rows = [
        (RULES, mix([nothing()], 1), (Some(CANARY), None), (3, 10)),
        (RULES, mix([nothing()], 1), (Some(SECOND), Some(Reason::Weight)), (1, 5)),
        (RULES, mix([nothing()], 1), (None, Some(Reason::Weight)), (1, 1)),
        (RULES, mix([nothing()], 7), (Some(STABLE), None), (1, 2)),
        // One of four asks, and the weights have the rest.
        (RULES, mix([(1, asking()), (3, vec![])], 1), (Some(CANARY), None), (19, 40)),
        (RULES, mix([(1, asking()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Header)), (1, 4)),
        (RULES, mix([(1, asking()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Weight)), (9, 40)),
        (RULES, mix([(1, asking()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Cookie)), (0, 1)),
        (RULES, mix([(0, asking()), (3, vec![])], 1), (None, Some(Reason::Header)), (0, 1)),
        (RULES, mix([(1, vec![("x-a", "never")])], 1), (Some(STABLE), Some(Reason::Header)), (1, 1)),
        (RULES, mix([(2, vec![("cookie", "cohort=beta")]), (1, vec![])], 1), (Some(SECOND), None), (11, 15)),
        // The first of four requests is weighed, the cookie decides the other three.
        (EVERYONE, mix([nothing()], 4), (None, Some(Reason::Affinity)), (3, 4)),
        (EVERYONE, mix([nothing()], 4), (Some(CANARY), Some(Reason::Affinity)), (3, 40)),
        (EVERYONE, mix([(1, vec![("cookie", "route=canary")])], 4), (Some(CANARY), Some(Reason::Affinity)), (1, 1)),
        // `alice` falls on point 59, and half of 100 is 50.
        (KEY, mix([(1, vec![("x-user", "alice")])], 3), (Some(STABLE), None), (1, 1)),
        (KEY, mix([(1, vec![("x-user", "alice")]), (1, vec![])], 3), (Some(STABLE), None), (3, 4)),
    ];
    for (index, (yaml, mix, (variant, reason), (n, total))) in rows.into_iter().enumerate() {
        let share = Simulation::new(&policy(yaml), mix, 0).share(variant, reason);
        assert_eq!(share.expected, Fraction { n, total }, "row {index}");
    }
}

/// The share of requests stays at 10 % where a cookie keeps everyone, and falls where it keeps clients of stable only:
/// after `j` requests 0.1^j of the clients were never given one.
#[test]
fn the_share_drifts_where_stable_alone_is_pinned() {
    let rows = [
        (EVERYONE, 1, 0.1),
        (EVERYONE, 10, 0.1),
        (EVERYONE, 50, 0.1),
        (STABLE_ONLY, 1, 0.1),
        (STABLE_ONLY, 2, 0.055),
        (STABLE_ONLY, 10, 0.011_111_111_11),
        (STABLE_ONLY, 50, 0.1 / 0.9 / 50.0),
    ];
    for (yaml, requests, expected) in rows {
        let share = simulation(&policy(yaml), mix([(1, vec![])], requests), 3, 5_000).share(Some(CANARY), None);
        assert!((share.expected.value() - expected).abs() < 1e-15, "{requests}: {}", share.expected);
        assert!(share.is_as_expected(), "{requests}: {share:?}");
        assert!(expected > 0.09 || !share.interval.contains(&0.1), "{requests}: {share:?}");
    }
    // Who keeps no cookie is weighed each time.
    let forgetful = Mix::new([Client::new(())]).unwrap().with_requests(50).unwrap();
    let share = Simulation::new(&policy(STABLE_ONLY), forgetful, 3).share(Some(CANARY), None);
    assert_eq!(share.expected, Fraction { n: 1, total: 10 });
}

/// In 400 runs the interval has the expected share 380 times, give or take chance: also where one client's requests hang
/// together, which an interval over requests would be too narrow for.
#[test]
fn intervals_have_what_is_expected() {
    let mixed = || [(1, vec![("x-a", "always")]), (1, vec![("x-a", "never")]), (3, vec![])];
    let rows = [
        ("one request each", RULES, mix([(1, vec![])], 1), 300),
        ("a mix", RULES, mix(mixed(), 1), 300),
        ("a mix of clients that repeat themselves", RULES, mix(mixed(), 5), 300),
        ("independent requests", RULES, mix([(1, vec![])], 5), 300),
        ("everyone is pinned", EVERYONE, mix([(1, vec![])], 5), 300),
        ("stable is pinned", STABLE_ONLY, mix([(1, vec![])], 5), 300),
        ("some are pinned", EVERYONE, forgetful(5), 300),
        ("few clients", RULES, mix([(1, vec![])], 1), 50),
    ];
    for (what, yaml, mix, clients) in rows {
        let policy = policy(yaml);
        let inside =
            |seed: &u64| simulation(&policy, mix.clone(), *seed, clients).share(Some(CANARY), None).is_as_expected();
        let inside = (0..400).filter(inside).count();
        assert!((360..=396).contains(&inside), "{what}: {inside} of 400");
    }
}

/// Wilson's interval of so many of so many clients, as statistics packages have it.
#[test]
fn intervals_are_wilsons() {
    let rows = [
        ((0, 100, 1), 0, 0.0, 0.036_993),
        ((100, 100, 1), 100, 0.963_007, 1.0),
        ((30, 1_000, 1), 316, 0.287_936, 0.345_473),
        // Ten requests tell no more than one where a cookie repeats the first decision …
        ((30, 1_000, 10), 2_930, 0.265_626, 0.321_959),
        // … or where all clients are the same.
        ((100, 100, 10), 1_000, 0.963_007, 1.0),
        ((30, 0, 1), 0, 0.0, 1.0),
    ];
    for ((weight, clients, requests), n, low, high) in rows {
        let policy =
            policy(&format!("{{ canaries: [{{ weight: {weight} }}], affinity: {{ cookie: {{ name: route }} }} }}"));
        let share = simulation(&policy, mix([(1, vec![])], requests), 7, clients).share(Some(CANARY), None);
        assert_eq!(share.observed, Fraction { n, total: u128::from(clients) * u128::from(requests) });
        let (start, end) = share.interval.into_inner();
        assert!((start - low).abs() < 1e-6 && (end - high).abs() < 1e-6, "{n}: {start} to {end}");
    }
}

/// Pinned: what one seed gives. A change here is one of decisions.
#[test]
fn a_seed_gives_these_counts() {
    let clients = [(1, vec![("x-a", "always")]), (2, vec![("cookie", "cohort=beta")]), (17, vec![])];
    let simulation = simulation(&policy(RULES), mix(clients, 2), 2026, 10_000);
    let rows: Vec<(Option<Variant>, Option<Reason>, u128)> =
        simulation.shares().iter().map(|share| (share.variant, share.reason, share.observed.n)).collect();
    let expected = [
        (None, Some(Reason::Header), 902),
        (None, Some(Reason::Cookie), 2_126),
        (None, Some(Reason::Weight), 16_972),
        (Some(STABLE), None, 8_458),
        (Some(STABLE), Some(Reason::Weight), 8_458),
        (Some(CANARY), None, 6_083),
        (Some(CANARY), Some(Reason::Header), 902),
        (Some(CANARY), Some(Reason::Weight), 5_181),
        (Some(SECOND), None, 5_459),
        (Some(SECOND), Some(Reason::Cookie), 2_126),
        (Some(SECOND), Some(Reason::Weight), 3_333),
    ];
    assert_eq!(rows, expected);
    assert_eq!(simulation.share(None, None).observed, Fraction { n: 20_000, total: 20_000 });
}

#[test]
fn steps_do_not_matter() {
    let (policy, mix) = (policy(STABLE_ONLY), mix([(1, vec![]), (1, vec![("cookie", "route=stable")])], 3));
    let mut stepwise = Simulation::new(&policy, mix.clone(), 5);
    for clients in [0, 1, 998, 1] {
        stepwise.advance(clients);
    }
    assert_eq!(stepwise.clients(), 1_000);
    assert_eq!(stepwise.shares(), simulation(&policy, mix, 5, 1_000).shares());
}

#[test]
fn every_variant_has_a_share() {
    let policy = policy("canaries: [{ name: a, weight: 100 }, { name: b }]");
    let shares = simulation(&policy, mix([(1, vec![])], 1), 0, 10).shares();
    let rows: Vec<_> = shares.iter().map(|share| (share.variant, share.reason, share.observed.n)).collect();
    let expected = [
        (None, Some(Reason::Weight), 10),
        (Some(STABLE), None, 0),
        (Some(CANARY), None, 10),
        (Some(CANARY), Some(Reason::Weight), 10),
        (Some(SECOND), None, 0),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_mix_says_what_is_wrong() {
    let client = |parts| Client::new(()).with_parts(parts);
    let rows = [
        (Mix::new([]), "there is no client: a mix has at least one"),
        (Mix::new([client(0), client(0)]), "the parts of the mix add up to 0: 1 to 4294967295"),
        (Mix::new([client(u32::MAX), client(1)]), "the parts of the mix add up to 4294967296: 1 to 4294967295"),
        (
            Mix::new([client(1)]).unwrap().with_requests(0),
            "0 is not a number of requests for each client: 1 to 4294967295",
        ),
    ];
    for (mix, message) in rows {
        assert_eq!(mix.unwrap_err().to_string(), message);
    }
}

/// The largest of everything overflows nothing.
#[test]
fn the_largest_mix_counts() {
    let policy = policy(
        "{ total: 4294967295, canaries: [{ weight: 4294967294 }], affinity: { cookie: { name: a, pins: stable } } }",
    );
    let clients = [Client::new(()).with_parts(u32::MAX - 1).with_cookies(), Client::new(())];
    let mix = Mix::new(clients).unwrap().with_requests(1_000).unwrap();
    let share = Simulation::new(&policy, mix, 0).share(None, None);
    assert_eq!(share.expected, Fraction { n: 1, total: 1 });
}

/// Fractions added up.
fn sum(fractions: impl Iterator<Item = Fraction>) -> Fraction {
    fn gcd(a: u128, b: u128) -> u128 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    fractions.fold(Fraction { n: 0, total: 1 }, |sum, next| {
        let total = sum.total / gcd(sum.total, next.total) * next.total;
        Fraction { n: sum.n * (total / sum.total) + next.n * (total / next.total), total }
    })
}

proptest! {
    #[test]
    fn expected_shares_add_up(policy in strategy::policy(), parts in 1..1_000_u32, requests in 1..5_u32) {
        let lines = vec![("cookie", "route=stable; cohort=beta"), ("x-canary", "always")];
        let shares = Simulation::new(&policy, mix([(parts, lines), (1_000, vec![])], requests), 0).shares();
        let both = shares.iter().filter(|share| share.variant.is_some() && share.reason.is_some());
        let variants = shares.iter().filter(|share| share.reason.is_none());
        let reasons = shares.iter().filter(|share| share.variant.is_none());
        for sum in [sum(both.map(|share| share.expected)), sum(variants.map(|share| share.expected)), sum(reasons.map(|share| share.expected))] {
            prop_assert_eq!(sum.n, sum.total);
        }
    }

    /// Every course that three requests of a client can take at a total of 6, counted one by one.
    #[test]
    fn expected_shares_are_those_of_all_courses(weight in 0..=6_u32, second in 0..=6_u32, affinity in 0..5_usize, returns: bool) {
        let affinity = [
            "{}",
            "{ cookie: { name: route } }",
            "{ cookie: { name: route, pins: stable } }",
            "{ cookie: { name: route, precedence: afterRules } }",
            "{ key: { header: x-user } }",
        ][affinity];
        let second = second.min(6 - weight);
        let yaml = format!("{{ total: 6, canaries: [{{ name: a, weight: {weight} }}, {{ name: b, weight: {second}, header: {{ name: x-b }} }}], affinity: {affinity} }}");
        let policy = policy(&yaml.replace(", affinity: {}", ""));
        let selector = Selector::new(&policy);
        for lines in [vec![], vec![("x-b", "always")], vec![("x-user", "alice"), ("cookie", "route=b")]] {
            let mut courses = 0_u32;
            for course in 0..216 {
                let mut cookie = String::new();
                for point in [course % 6, course / 6 % 6, course / 36] {
                    let sent: Vec<(&str, &str)> = lines.iter().copied().chain((!cookie.is_empty()).then_some(("cookie", cookie.as_str()))).collect();
                    let decision = selector.select(&sent, Sample::from_fraction(point, 6).unwrap());
                    courses += u32::from(decision.variant == CANARY);
                    if let Some(set) = decision.set_cookie.filter(|_| returns) {
                        cookie = set.split(';').next().unwrap().to_owned();
                    }
                }
            }
            let client = Client::new(lines);
            let client = if returns { client.with_cookies() } else { client };
            let mix = Mix::new([client]).unwrap().with_requests(3).unwrap();
            let share = Simulation::new(&policy, mix, 0).share(Some(CANARY), None).expected;
            prop_assert!((share.value() - f64::from(courses) / 648.0).abs() < 1e-15, "{}: {} is not {} of 648", yaml, share, courses);
        }
    }
}
