//! The cost of a decision, of building a selector, and of a conversion. Run it with `cargo bench`.
#![allow(missing_docs, clippy::unwrap_used)]

use canary_policy::targets::nginx::{Flags, Prefix, annotations, read};
use canary_policy::{
    Affinity, Canary, CookieRule, HeaderRule, KeyAffinity, Match, Policy, Sample, Selector, Total, Variant,
};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use http::{HeaderMap, HeaderValue};

/// Reports the allocations of a benchmark together with its time.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn rules() -> Policy {
    let canary = Canary::new("canary", 30)
        .unwrap()
        .with_header(HeaderRule::new("x-canary", Match::AlwaysNever).unwrap())
        .with_cookie(CookieRule::new("cohort", Match::Exact("beta".to_owned())).unwrap());
    Policy::new([canary], Total::default()).unwrap()
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in ["host", "user-agent", "accept", "accept-language", "accept-encoding", "referer", "x-request-id"] {
        headers.insert(name, HeaderValue::from_static("a value of some thirty bytes"));
    }
    headers.insert("x-canary", HeaderValue::from_static("maybe"));
    headers.insert("x-user-id", HeaderValue::from_static("0b5c0d0e-6c1f-4b0a-9a53-5b8f0a3c9a11"));
    headers.insert(
        "cookie",
        HeaderValue::from_static("theme=dark; session=0123456789abcdef; lang=en; cohort=gamma; seen=1"),
    );
    headers
}

fn variant(bencher: Bencher<'_, '_>, policy: &Policy) {
    let (selector, headers) = (Selector::new(policy), headers());
    bencher.bench_local(|| -> Variant { selector.select(black_box(&headers), black_box(Sample::MAX)).variant });
}

#[divan::bench]
fn select_by_weight(bencher: Bencher<'_, '_>) {
    variant(bencher, &Policy::percent(30).unwrap());
}

#[divan::bench]
fn select_by_header_cookie_and_weight(bencher: Bencher<'_, '_>) {
    variant(bencher, &rules());
}

#[divan::bench]
fn select_by_key(bencher: Bencher<'_, '_>) {
    let key = KeyAffinity::header("x-user-id").unwrap().with_salt("checkout-2026").unwrap();
    variant(bencher, &Policy::percent(30).unwrap().with_affinity(Affinity::Key(key)));
}

/// Builds `count` selectors and keeps all of them. Divide the time and the memory by `count`.
#[divan::bench(args = [1, 1_000, 100_000], max_time = 1)]
fn build_selectors(bencher: Bencher<'_, '_>, count: usize) {
    let policy = rules();
    let selectors = || -> Vec<Selector> { (0..count).map(|_| Selector::new(black_box(&policy))).collect() };
    bencher.counter(ItemsCount::new(count)).bench_local(selectors);
}

#[divan::bench]
fn write_annotations(bencher: Bencher<'_, '_>) {
    let policy = rules();
    bencher.bench_local(|| annotations(black_box(&policy), &Prefix::default()));
}

#[divan::bench]
fn read_annotations(bencher: Bencher<'_, '_>) {
    let written = annotations(&rules(), &Prefix::default()).output;
    bencher.bench_local(|| read(black_box(&written), &Flags::default()));
}
