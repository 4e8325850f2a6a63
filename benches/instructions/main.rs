//! Decisions for counting instructions: `benches/instructions/run` starts this under callgrind.
//!
//! The arguments are the name of a case, or `list`, and the number of decisions.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use canary_policy::{
    Affinity, Canary, CookieAffinity, CookieRule, HeaderRule, KeyAffinity, Match, Pattern, Policy, Sample, Selector,
    Total,
};
use http::{HeaderMap, HeaderValue};

/// A name, and the policy.
type Case = (&'static str, fn() -> Policy);

/// What is decided.
const CASES: [Case; 8] = [
    ("weight", || Policy::percent(30).unwrap()),
    ("sixteen-weights", || of(sixteen())),
    ("key-in-header", || {
        Policy::percent(30).unwrap().with_affinity(Affinity::Key(KeyAffinity::header("x-user-id").unwrap()))
    }),
    ("rules", || {
        of([Canary::default().with_header(header("x-canary", Match::AlwaysNever)).with_cookie(beta("cohort"))])
    }),
    ("pattern", || {
        of([Canary::default()
            .with_header(header("user-agent", Match::Pattern(Pattern::new("Firefox/1[0-9]").unwrap())))])
    }),
    ("held-cookie", || {
        of(sixteen().into_iter().take(2)).with_affinity(Affinity::Cookie(CookieAffinity::new("route").unwrap()))
    }),
    ("sixteen-rules", || {
        of(sixteen().into_iter().enumerate().map(|(index, canary)| {
            canary
                .with_header(header(&format!("x-canary-{index}"), Match::AlwaysNever))
                .with_cookie(beta(&format!("cohort-{index}")))
        }))
    }),
    ("several-lines", || of([Canary::default().with_header(header("accept", Match::Exact("a, b".to_owned())))])),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [case, count] = arguments.as_slice() else {
        for (name, _) in CASES {
            println!("{name}");
        }
        return;
    };
    let (_, policy) = CASES.iter().find(|(name, _)| name == case).unwrap();
    let (selector, headers) = (Selector::new(&policy()), headers());
    for _ in 0..count.parse::<u32>().unwrap() {
        let _ = black_box(selector.select(black_box(&headers), black_box(Sample::MAX)));
    }
}

fn of(canaries: impl IntoIterator<Item = Canary>) -> Policy {
    Policy::new(canaries, Total::default()).unwrap()
}

fn sixteen() -> Vec<Canary> {
    (0..16).map(|index| Canary::new(&format!("c{index}"), 5).unwrap()).collect()
}

fn header(name: &str, value_match: Match) -> HeaderRule {
    HeaderRule::new(name, value_match).unwrap()
}

fn beta(name: &str) -> CookieRule {
    CookieRule::new(name, Match::Exact("beta".to_owned())).unwrap()
}

/// The headers of a browser, none of which meets a rule, and the cookie of a client that holds the second canary.
fn headers() -> HeaderMap {
    let lines = [
        ("host", "shop.example.com"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "text/html"),
        ("accept", "application/xhtml+xml"),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br"),
        ("x-request-id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("x-user-id", "0b5c0d0e-6c1f-4b0a-9a53-5b8f0a3c9a11"),
        ("cookie", "theme=dark; session=0123456789abcdef; lang=en; route=c1; seen=1"),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}
