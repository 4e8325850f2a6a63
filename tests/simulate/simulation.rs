//! Simulations: expected shares are exact, intervals hold them as often as they should, and a share that drifts is visible.

use canary_policy::policy::{Ratio, strategy};
use canary_policy::simulate::{Client, ClientMix, Simulation};
use canary_policy::{Policy, Reason, Sample, Selector, Variant};
use proptest::prelude::*;

use crate::util::{CANARY, SECOND, STABLE, cases, policy, returned_cookie};

/// The header lines of a client.
type Lines = Vec<(&'static str, &'static str)>;

/// A mix of clients that return cookies. Each has its parts of the mix and its header lines.
fn mix<const N: usize>(clients: [(u32, Lines); N], requests: u32) -> ClientMix<Lines> {
    let clients = clients.map(|(parts, lines)| Client::new(lines).with_parts(parts).with_cookies());
    ClientMix::new(clients).unwrap().with_requests(requests).unwrap()
}

/// A mix in which one of ten clients returns no cookies.
fn forgetful(requests: u32) -> ClientMix<Lines> {
    let clients = [Client::new(vec![]), Client::new(vec![]).with_parts(9).with_cookies()];
    ClientMix::new(clients).unwrap().with_requests(requests).unwrap()
}

/// A simulation of this many clients.
fn simulation(policy: &Policy, mix: ClientMix<Lines>, seed: u64, clients: u64) -> Simulation<Lines> {
    let mut simulation = Simulation::new(policy, mix, seed);
    simulation.advance(clients);
    simulation
}

const RULES: &str = "
    canaries:
    - { name: a, weight: 30, header: { name: x-a } }
    - { name: b, weight: 20, cookie: { name: cohort, value: beta } }";
const EVERYONE: &str = "{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route } } }";
const STABLE_ONLY: &str = "{ canaries: [{ weight: 10 }], affinity: { cookie: { name: route, pins: stable } } }";
const KEY: &str = "{ canaries: [{ weight: 50 }], affinity: { key: { header: x-user } } }";

/// A share is listed if it is expected or was observed.
#[test]
fn a_client_without_parts_has_no_share() {
    let opted_in = vec![("x-a", "always")];
    let simulation = simulation(&policy(RULES), mix([(0, opted_in), (3, vec![])], 1), 1, 100);
    assert!(simulation.shares().iter().all(|share| share.reason.is_none_or(|reason| reason == Reason::Weight)));
}

#[test]
fn expected_shares_are_exact() {
    let plain = || (1, vec![]);
    let opted_in = || vec![("x-a", "always")];
    let rows = [
        (RULES, mix([plain()], 1), (Some(CANARY), None), (3, 10)),
        (RULES, mix([plain()], 1), (Some(SECOND), Some(Reason::Weight)), (1, 5)),
        (RULES, mix([plain()], 1), (None, Some(Reason::Weight)), (1, 1)),
        (RULES, mix([plain()], 7), (Some(STABLE), None), (1, 2)),
        // One of four clients sends the header, and the weights decide for the other three.
        (RULES, mix([(1, opted_in()), (3, vec![])], 1), (Some(CANARY), None), (19, 40)),
        (RULES, mix([(1, opted_in()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Header)), (1, 4)),
        (RULES, mix([(1, opted_in()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Weight)), (9, 40)),
        (RULES, mix([(1, opted_in()), (3, vec![])], 1), (Some(CANARY), Some(Reason::Cookie)), (0, 1)),
        (RULES, mix([(0, opted_in()), (3, vec![])], 1), (None, Some(Reason::Header)), (0, 1)),
        (RULES, mix([(1, vec![("x-a", "never")])], 1), (Some(STABLE), Some(Reason::Header)), (1, 1)),
        (RULES, mix([(2, vec![("cookie", "cohort=beta")]), (1, vec![])], 1), (Some(SECOND), None), (11, 15)),
        // The weights decide the first of four requests, and the cookie decides the other three.
        (EVERYONE, mix([plain()], 4), (None, Some(Reason::Affinity)), (3, 4)),
        (EVERYONE, mix([plain()], 4), (Some(CANARY), Some(Reason::Affinity)), (3, 40)),
        (EVERYONE, mix([(1, vec![("cookie", "route=canary")])], 4), (Some(CANARY), Some(Reason::Affinity)), (1, 1)),
        // `alice` falls on point 59 of 100, which is above the weight 50.
        (KEY, mix([(1, vec![("x-user", "alice")])], 3), (Some(STABLE), None), (1, 1)),
        (KEY, mix([(1, vec![("x-user", "alice")]), (1, vec![])], 3), (Some(STABLE), None), (3, 4)),
    ];
    for (index, (yaml, mix, (variant, reason), (parts, total))) in rows.into_iter().enumerate() {
        let share = Simulation::new(&policy(yaml), mix, 0).share(variant, reason);
        assert_eq!(share.expected, Ratio::new(parts, total), "row {index}");
    }
}

/// The share of the canary stays at 10 % where cookies pin every client, and falls where they pin clients of stable only: after
/// `j` requests a client has no cookie with a probability of 0.1^j.
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
        assert!((share.expected.as_f64() - expected).abs() < 1e-15, "{requests}: {}", share.expected);
        assert!(share.is_as_expected(), "{requests}: {share:?}");
        assert!(expected > 0.09 || !share.interval.contains(&0.1), "{requests}: {share:?}");
    }
    // The weights decide every request of a client without cookies.
    let without_cookies = ClientMix::new([Client::new(())]).unwrap().with_requests(50).unwrap();
    let share = Simulation::new(&policy(STABLE_ONLY), without_cookies, 3).share(Some(CANARY), None);
    assert_eq!(share.expected, Ratio::new(1, 10));
}

/// The 95 % interval contains the expected share in about 380 of 400 runs. This is so too where the requests of a client depend
/// on each other, for which an interval over requests would be too narrow.
#[test]
fn intervals_contain_the_expected_share() {
    let mixed = || [(1, vec![("x-a", "always")]), (1, vec![("x-a", "never")]), (3, vec![])];
    let rows = [
        ("one request each", RULES, mix([(1, vec![])], 1), 300),
        ("a mix", RULES, mix(mixed(), 1), 300),
        ("a mix with several requests each", RULES, mix(mixed(), 5), 300),
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

/// The interval is Wilson's, with values that a statistics package computes.
#[test]
fn intervals_are_wilsons() {
    let rows = [
        ((0, 100, 1), 0, 0.0, 0.036_993),
        ((100, 100, 1), 100, 0.963_007, 1.0),
        ((30, 1_000, 1), 316, 0.287_936, 0.345_473),
        // Ten requests say no more than one where a cookie repeats the first decision, …
        ((30, 1_000, 10), 2_930, 0.265_626, 0.321_959),
        // … and where all clients get the same variant.
        ((100, 100, 10), 1_000, 0.963_007, 1.0),
        ((30, 0, 1), 0, 0.0, 1.0),
    ];
    for ((weight, clients, requests), parts, low, high) in rows {
        let policy =
            policy(&format!("{{ canaries: [{{ weight: {weight} }}], affinity: {{ cookie: {{ name: route }} }} }}"));
        let share = simulation(&policy, mix([(1, vec![])], requests), 7, clients).share(Some(CANARY), None);
        assert_eq!(share.observed, Ratio::new(parts, u128::from(clients) * u128::from(requests)));
        let (start, end) = share.interval.into_inner();
        assert!((start - low).abs() < 1e-6 && (end - high).abs() < 1e-6, "{parts}: {start} to {end}");
    }
}

/// The counts of one seed, which no release changes: a change here would be a change of decisions.
#[test]
fn a_seed_gives_the_same_counts_in_every_release() {
    let clients = [(1, vec![("x-a", "always")]), (2, vec![("cookie", "cohort=beta")]), (17, vec![])];
    let simulation = simulation(&policy(RULES), mix(clients, 2), 2026, 10_000);
    let rows: Vec<(Option<Variant>, Option<Reason>, u128)> =
        simulation.shares().iter().map(|share| (share.variant, share.reason, share.observed.parts)).collect();
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
    assert_eq!(simulation.share(None, None).observed, Ratio::new(20_000, 20_000));
}

#[test]
fn advancing_in_steps_gives_the_same_shares() {
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
    let rows: Vec<_> = shares.iter().map(|share| (share.variant, share.reason, share.observed.parts)).collect();
    let expected = [
        (None, Some(Reason::Weight), 10),
        (Some(STABLE), None, 0),
        (Some(CANARY), None, 10),
        (Some(CANARY), Some(Reason::Weight), 10),
        (Some(SECOND), None, 0),
    ];
    assert_eq!(rows, expected);
}

/// The expected shares took 54 minutes for so many requests, and a time proportional to the square of the canaries for each.
#[test]
fn expected_shares_of_many_requests_and_canaries_are_quick() {
    let rows = [
        ("{ cookie: { name: route } }", Some(Reason::Affinity), 4_294_967_294),
        ("{ key: { header: x-user } }", Some(Reason::Weight), 4_294_967_295),
        // One client in two has no cookie after each request; after about 96 requests, no client is left.
        ("{ cookie: { name: route, pins: stable } }", None, 4_294_967_295),
    ];
    for (affinity, reason, requests) in rows {
        let canaries: Vec<String> = (0..500).map(|n| format!("{{ name: c{n}, weight: 1 }}")).collect();
        let policy = policy(&format!("{{ total: 1000, canaries: [{}], affinity: {affinity} }}", canaries.join(", ")));
        let share = Simulation::new(&policy, mix([(1, vec![])], u32::MAX), 0).share(None, reason);
        assert_eq!(share.expected, Ratio::new(requests, u128::from(u32::MAX)).reduced(), "{affinity}");
    }
}

/// The largest weights and parts do not overflow.
#[test]
fn the_largest_mix_does_not_overflow() {
    let policy = policy(
        "{ total: 4294967295, canaries: [{ weight: 4294967294 }], affinity: { cookie: { name: a, pins: stable } } }",
    );
    let clients = [Client::new(()).with_parts(u32::MAX - 1).with_cookies(), Client::new(())];
    let mix = ClientMix::new(clients).unwrap().with_requests(1_000).unwrap();
    let share = Simulation::new(&policy, mix, 0).share(None, None);
    assert_eq!(share.expected, Ratio::new(1, 1));
}

/// The sum of ratios.
fn sum(ratios: impl Iterator<Item = Ratio>) -> Ratio {
    fn gcd(a: u128, b: u128) -> u128 {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    ratios.fold(Ratio::new(0, 1), |sum, next| {
        let total = sum.total / gcd(sum.total, next.total) * next.total;
        Ratio::new(sum.parts * (total / sum.total) + next.parts * (total / next.total), total)
    })
}

proptest! {
    #![proptest_config(cases(256))]

    /// The expected shares of all variants and of all reasons add up to 1.
    #[test]
    fn expected_shares_add_up(policy in strategy::policy(), parts in 1..1_000_u32, requests in 1..5_u32) {
        let lines = vec![("cookie", "route=stable; cohort=beta"), ("x-canary", "always")];
        let shares = Simulation::new(&policy, mix([(parts, lines), (1_000, vec![])], requests), 0).shares();
        let both = shares.iter().filter(|share| share.variant.is_some() && share.reason.is_some());
        let variants = shares.iter().filter(|share| share.reason.is_none());
        let reasons = shares.iter().filter(|share| share.variant.is_none());
        for sum in [sum(both.map(|share| share.expected)), sum(variants.map(|share| share.expected)), sum(reasons.map(|share| share.expected))] {
            prop_assert_eq!(sum.parts, sum.total);
        }
    }

    /// The expected share is that of all sequences of three samples, counted one by one at a total of 6.
    #[test]
    fn expected_shares_are_those_of_all_samples(weight in 0..=6_u32, second in 0..=6_u32, affinity in 0..5_usize, returns: bool) {
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
            let mut count = 0_u32;
            for samples in 0..216 {
                let mut cookie = String::new();
                for point in [samples % 6, samples / 6 % 6, samples / 36] {
                    let sent: Vec<(&str, &str)> = lines.iter().copied().chain((!cookie.is_empty()).then_some(("cookie", cookie.as_str()))).collect();
                    let decision = selector.select(&sent, Sample::from_fraction(point, 6).unwrap());
                    count += u32::from(decision.variant == CANARY);
                    if let Some(set_cookie) = decision.set_cookie.filter(|_| returns) {
                        cookie = returned_cookie(&set_cookie);
                    }
                }
            }
            let client = Client::new(lines);
            let client = if returns { client.with_cookies() } else { client };
            let mix = ClientMix::new([client]).unwrap().with_requests(3).unwrap();
            let share = Simulation::new(&policy, mix, 0).share(Some(CANARY), None).expected;
            prop_assert!((share.as_f64() - f64::from(count) / 648.0).abs() < 1e-15, "{}: {} is not {} of 648", yaml, share, count);
        }
    }
}
