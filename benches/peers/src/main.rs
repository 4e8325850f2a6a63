//! Compares canary-policy with the crates that a user would choose instead. For each pair it prints
//! `ratio <pair> <ours ns> <peer ns> <ours/peer>`, the medians of rounds that alternate. The arguments are the names of the
//! pairs to measure; without an argument all are measured.
//!
//! Both sides of a pair get their inputs, and the values they were built into, through `black_box`. Their results go to
//! `black_box` by reference, because a copy would cost the side with the larger result more.

// A benchmark has to measure time, but the library's clippy.toml, which forbids clocks, applies here too.
#![allow(clippy::disallowed_types)]

mod inputs;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use canary_policy::select::Salt;
use canary_policy::{
    Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, KeyAffinity, Match, Pattern, Policy, Reason, Sample,
    Selector, Total,
};
use cookie::Cookie;
use http::header::{COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use inputs::{BATCH, Inputs, X_CANARY, rng};
use memchr::memchr_iter;
use memchr::memmem::Finder;
use pingora_load_balancing::discovery::Static;
use pingora_load_balancing::selection::{BackendIter, BackendSelection, FNVHash};
use pingora_load_balancing::{Backend, Backends, LoadBalancer};
use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand_distr::weighted::WeightedAliasIndex;
use regex::bytes::RegexBuilder;
use tower::{Service, service_fn};
use tower_resilience_router::WeightedRouter;
use twox_hash::XxHash64;

const ROUNDS: usize = 101;
const SALT: &str = "checkout-2026";
const NO_HEADERS: [(&str, &str); 0] = [];

/// The cost of a call in nanoseconds: ours and the peer's.
type Costs = (f64, f64);

type Pair = (&'static str, fn(&Inputs) -> Costs);

const PAIRS: [Pair; 14] = [
    ("weight-vs-weightedindex", weight_vs_weightedindex),   // goal: 0.8
    ("keyed-vs-hash", keyed_vs_hash),                       // 1.2
    ("affinity-vs-hash", affinity_vs_hash),                 // 2.0
    ("rules-vs-lookups", rules_vs_lookups),                 // 1.5
    ("loop-vs-lookups", loop_vs_lookups),                   // reported only
    ("keyed-vs-pingora", keyed_vs_pingora),                 // 0.33
    ("keyed-vs-pingora-choice", keyed_vs_pingora_choice),   // 0.33
    ("select-vs-tower-resilience", select_vs_tower),        // 0.2
    ("cookie-vs-cookie-crate", cookie_vs_cookie_crate),     // 0.07
    ("sixteen-vs-two", sixteen_vs_two),                     // 1.5
    ("alias-vs-ours", alias_vs_ours),                       // reported only
    ("pattern-vs-regex", pattern_vs_regex),                 // 1.2
    ("held-vs-memmem", held_vs_memmem),                     // 3.0
    ("sixteen-rules-vs-lookups", sixteen_rules_vs_lookups), // 1.5
];

fn main() {
    let inputs = Inputs::new();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (pair, costs) in PAIRS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == pair) {
            continue;
        }
        let (ours, peer) = costs(&inputs);
        println!("ratio {pair} {ours:.1} {peer:.1} {:.2}", ours / peer);
    }
    for count in [10_000, 100_000] {
        println!("build {count} selectors {:.1} ns each", build(count));
    }
}

/// A decision with a given sample, compared with an index that takes a random number itself.
fn weight_vs_weightedindex(inputs: &Inputs) -> Costs {
    let selector = percent(30);
    let (index, mut rng) = (WeightedIndex::new([70_u32, 30]).unwrap(), rng());
    race(
        |i| black_box(&selector).select(&NO_HEADERS, black_box(inputs.sample(i))),
        |_| black_box(&index).sample(black_box(&mut rng)),
    )
}

/// The sample of a key and a decision, compared with one hash of the key.
fn keyed_vs_hash(inputs: &Inputs) -> Costs {
    let (selector, salt) = (percent(30), Salt::new(SALT));
    race(
        |i| black_box(&selector).select(&NO_HEADERS, black_box(salt).sample(black_box(inputs.key(i)))),
        |i| XxHash64::oneshot(black_box(2026), black_box(inputs.key(i))),
    )
}

/// The same with the key in a header, which the selector looks up.
fn affinity_vs_hash(inputs: &Inputs) -> Costs {
    let key = KeyAffinity::header("x-user-id").unwrap().with_salt(SALT).unwrap();
    let selector = Selector::new(&Policy::percent(30).unwrap().with_affinity(Affinity::Key(key)));
    race(
        |i| black_box(&selector).select(&[("x-user-id", black_box(inputs.key(i)))], Sample::MIN),
        |i| XxHash64::oneshot(black_box(2026), black_box(inputs.key(i))),
    )
}

/// A header rule and a cookie rule that do not decide, compared with a lookup of the header and a search for the
/// cookie.
fn rules_vs_lookups(inputs: &Inputs) -> Costs {
    let header = HeaderRule::new(X_CANARY.as_str(), Match::AlwaysNever).unwrap();
    let selector = selector([Canary::new("canary", 30).unwrap().with_header(header).with_cookie(cohort_is_beta())]);
    assert_eq!(selector.select(inputs.request(0), Sample::MIN).reason, Reason::Weight);
    let finder = Finder::new("cohort=");
    race(
        |i| black_box(&selector).select(black_box(inputs.request(i)), black_box(inputs.sample(i))),
        |i| {
            let headers = black_box(inputs.request(i));
            let line = headers.get(COOKIE).map_or(&[][..], HeaderValue::as_bytes);
            (headers.get(&X_CANARY), black_box(&finder).find(line))
        },
    )
}

/// The rules of `rules-vs-lookups` as somebody would write them by hand for one header and one cookie, compared with the same
/// look-ups. It says how much of the difference is in what the rules mean.
fn loop_vs_lookups(inputs: &Inputs) -> Costs {
    let finder = Finder::new("cohort=");
    race(
        |i| by_hand(black_box(inputs.request(i))),
        |i| {
            let headers = black_box(inputs.request(i));
            let line = headers.get(COOKIE).map_or(&[][..], HeaderValue::as_bytes);
            (headers.get(&X_CANARY), black_box(&finder).find(line))
        },
    )
}

/// Whether the canary gets a request: by the header `x-canary`, if it has one line, or by the first cookie `cohort`.
fn by_hand(headers: &HeaderMap) -> Option<bool> {
    let mut lines = headers.get_all(&X_CANARY).iter().map(HeaderValue::as_bytes);
    match (lines.next(), lines.next()) {
        (Some(b"always"), None) => return Some(true),
        (Some(b"never"), None) => return Some(false),
        _ => {}
    }
    headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).find_map(|line| {
        memchr_iter(b'=', line).find_map(|end| {
            let text = line[..end].trim_ascii_end();
            let (before, name) = text.split_at(text.len().checked_sub("cohort".len())?);
            let begins = matches!(before.trim_ascii_end().last(), None | Some(b';' | b','));
            let value = line[end + 1..].trim_ascii_start();
            let is_cookie = name.eq_ignore_ascii_case(b"cohort") && begins;
            is_cookie.then(|| matches!(value.strip_prefix(b"beta"), Some([] | [b';', ..])))
        })
    })
}

/// A key in and a choice out on both sides. The peer's call is the one in its README.
fn keyed_vs_pingora(inputs: &Inputs) -> Costs {
    let (selector, salt) = (percent(30), Salt::new(SALT));
    let balancer = LoadBalancer::<FNVHash>::from_backends(Backends::new(Static::new(backends())));
    let update = pin!(balancer.update()).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(update, Poll::Ready(Ok(()))));
    race(
        |i| black_box(&selector).select(&NO_HEADERS, black_box(salt).sample(black_box(inputs.key(i)))),
        |i| black_box(&balancer).select(black_box(inputs.key(i)), 256),
    )
}

/// The same compared with the choice alone, without the health check and the copy of the backend that the call adds.
fn keyed_vs_pingora_choice(inputs: &Inputs) -> Costs {
    let (selector, salt) = (percent(30), Salt::new(SALT));
    let selection = Arc::new(FNVHash::build(&backends()));
    race(
        |i| black_box(&selector).select(&NO_HEADERS, black_box(salt).sample(black_box(inputs.key(i)))),
        |i| black_box(&selection).iter(black_box(inputs.key(i))).next().map(|backend| backend.weight),
    )
}

/// The peer polls its readiness and calls a service that does nothing. Our side takes a random number for its sample.
fn select_vs_tower(_: &Inputs) -> Costs {
    let (selector, mut rng) = (percent(30), rng());
    let service = service_fn(|request: usize| ready(Ok::<_, Infallible>(request)));
    let mut router = WeightedRouter::builder().route(service, 70).route(service, 30).build();
    let mut context = Context::from_waker(Waker::noop());
    race(
        |_| black_box(&selector).select(&NO_HEADERS, Sample::from_bits(black_box(&mut rng).next_u64())),
        |i| {
            let router = black_box(&mut router);
            assert!(Service::<usize>::poll_ready(router, &mut context).is_ready());
            Pin::new(&mut router.call(black_box(i))).poll(&mut context)
        },
    )
}

/// One cookie is searched for in a line and its value is compared.
fn cookie_vs_cookie_crate(inputs: &Inputs) -> Costs {
    let selector = selector([Canary::new("canary", 30).unwrap().with_cookie(cohort_is_beta())]);
    let requests = inputs.cookie_lines();
    race(
        |i| black_box(&selector).select(black_box(&requests[i % requests.len()]), black_box(inputs.sample(i))),
        |i| {
            let [(_, line)] = black_box(&requests[i % requests.len()]);
            let cohort = Cookie::split_parse(*line).flatten().find(|cookie| cookie.name() == "cohort");
            cohort.map(|cookie| cookie.value() == "beta")
        },
    )
}

/// Sixteen canaries compared with two. Stable has the same share on both sides.
fn sixteen_vs_two(inputs: &Inputs) -> Costs {
    let (sixteen, two) = (canaries(16, 3), canaries(2, 24));
    race(
        |i| black_box(&sixteen).select(&NO_HEADERS, black_box(inputs.sample(i))),
        |i| black_box(&two).select(&NO_HEADERS, black_box(inputs.sample(i))),
    )
}

/// Sixteen canaries compared with the alias method, whose cost does not depend on their number.
fn alias_vs_ours(inputs: &Inputs) -> Costs {
    let sixteen = canaries(16, 3);
    let weights = std::iter::once(52_u32).chain([3; 16]).collect();
    let (index, mut rng) = (WeightedAliasIndex::new(weights).unwrap(), rng());
    race(
        |i| black_box(&sixteen).select(&NO_HEADERS, black_box(inputs.sample(i))),
        |_| black_box(&index).sample(black_box(&mut rng)),
    )
}

/// A header rule with a pattern that half of the requests meet, compared with a lookup of the header and a search for the
/// same pattern, with the same options.
fn pattern_vs_regex(inputs: &Inputs) -> Costs {
    let text = "Firefox/1[0-4][02468]";
    let header = HeaderRule::new(USER_AGENT.as_str(), Match::Pattern(Pattern::new(text).unwrap())).unwrap();
    let selector = selector([Canary::new("canary", 30).unwrap().with_header(header)]);
    let regex = RegexBuilder::new(text).unicode(false).build().unwrap();
    race(
        |i| black_box(&selector).select(black_box(inputs.request(i)), black_box(inputs.sample(i))),
        |i| {
            let value = black_box(inputs.request(i)).get(USER_AGENT);
            value.is_some_and(|value| black_box(&regex).is_match(value.as_bytes()))
        },
    )
}

/// The affinity cookie of a client that holds one of three variants, compared with a search for its name in the same line.
fn held_vs_memmem(inputs: &Inputs) -> Costs {
    let canaries = ["gamma", "delta"].map(|name| Canary::new(name, 20).unwrap());
    let affinity = Affinity::Cookie(CookieAffinity::new("cohort").unwrap());
    let selector = Selector::new(&Policy::new(canaries, Total::default()).unwrap().with_affinity(affinity));
    let requests = inputs.cookie_lines().map(|[(name, line)]| [(name, line.replace("omega", "stable"))]);
    for request in &requests {
        assert_eq!(selector.select(request, Sample::MIN).reason, Reason::Affinity);
    }
    let finder = Finder::new("cohort=");
    race(
        |i| black_box(&selector).select(black_box(&requests[i % requests.len()]), black_box(inputs.sample(i))),
        |i| {
            let [(_, line)] = black_box(&requests[i % requests.len()]);
            black_box(&finder).find(line.as_bytes())
        },
    )
}

/// Sixteen canaries with a header rule and a cookie rule each, none of which decides, compared with a lookup of each header
/// and one search in the Cookie line.
fn sixteen_rules_vs_lookups(inputs: &Inputs) -> Costs {
    let names: [String; 16] = std::array::from_fn(|i| format!("x-canary-{i}"));
    let canary = |(i, name): (usize, &String)| {
        let cookie = CookieRule::new(&format!("cohort-{i}"), Match::AlwaysNever).unwrap();
        let header = HeaderRule::new(name, Match::AlwaysNever).unwrap();
        Canary::new(&format!("canary-{i}"), 3).unwrap().with_header(header).with_cookie(cookie)
    };
    let selector = selector(names.iter().enumerate().map(canary));
    assert_eq!(selector.select(inputs.request(0), Sample::MIN).reason, Reason::Weight);
    let names = names.map(|name| name.parse::<HeaderName>().unwrap());
    let finder = Finder::new("cohort-15=");
    race(
        |i| black_box(&selector).select(black_box(inputs.request(i)), black_box(inputs.sample(i))),
        |i| {
            let headers = black_box(inputs.request(i));
            let line = headers.get(COOKIE).map_or(&[][..], HeaderValue::as_bytes);
            (black_box(&names).each_ref().map(|name| headers.get(name)), black_box(&finder).find(line))
        },
    )
}

/// The cost in nanoseconds of building a selector without patterns, when `count` selectors are built and kept.
fn build(count: usize) -> f64 {
    let policies: Vec<Policy> = (0..=100).map(|weight| Policy::percent(weight).unwrap()).collect();
    let start = Instant::now();
    let held: Vec<Selector> = (0..count).map(|i| Selector::new(black_box(&policies[i % policies.len()]))).collect();
    let elapsed = start.elapsed();
    black_box(held);
    elapsed.as_nanos() as f64 / count as f64
}

/// The median cost of a call on each side. Rounds of both sides alternate, so that a disturbance affects both.
fn race<O, P>(mut ours: impl FnMut(usize) -> O, mut peer: impl FnMut(usize) -> P) -> Costs {
    let (ours, peer) = (0..ROUNDS).map(|_| (round(&mut ours), round(&mut peer))).unzip();
    (median(ours), median(peer))
}

fn round<T>(call: &mut impl FnMut(usize) -> T) -> f64 {
    let start = Instant::now();
    for i in 0..BATCH {
        black_box(&call(i));
    }
    start.elapsed().as_nanos() as f64 / BATCH as f64
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}

fn selector(canaries: impl IntoIterator<Item = Canary>) -> Selector {
    Selector::new(&Policy::new(canaries, Total::default()).unwrap())
}

fn percent(weight: u32) -> Selector {
    Selector::new(&Policy::percent(weight).unwrap())
}

fn backends() -> BTreeSet<Backend> {
    [("10.0.0.1:80", 70), ("10.0.0.2:80", 30)]
        .map(|(address, weight)| Backend::new_with_weight(address, weight).unwrap())
        .into()
}

fn canaries(count: usize, weight: u32) -> Selector {
    selector((0..count).map(|i| Canary::new(&format!("canary-{i}"), weight).unwrap()))
}

fn cohort_is_beta() -> CookieRule {
    CookieRule::new("cohort", Match::Exact("beta".to_owned())).unwrap()
}
