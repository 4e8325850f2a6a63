//! The inputs of the comparisons, which are the same in every run.

use canary_policy::Sample;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

/// The number of inputs in a round. It is large enough that a branch predictor cannot learn the results. The numbers of
/// a generator, on the peer's side, do not repeat either.
pub const BATCH: usize = 1 << 14;

/// The number of requests. It is small enough that they stay in the first cache, as the headers of a real request do.
const REQUESTS: usize = 8;

pub const X_CANARY: HeaderName = HeaderName::from_static("x-canary");

pub struct Inputs {
    samples: Vec<Sample>,
    /// Keys of 36 bytes in the form of a UUID.
    keys: Vec<String>,
    /// Requests with 10 headers. No rule decides for them, so that every rule is tried.
    requests: Vec<HeaderMap>,
}

impl Inputs {
    pub fn new() -> Self {
        let mut rng = rng();
        Inputs {
            samples: (0..BATCH).map(|_| Sample::from_bits(rng.next_u64())).collect(),
            keys: (0..BATCH).map(|_| key(&mut rng)).collect(),
            requests: (0..REQUESTS).map(|_| request(&mut rng)).collect(),
        }
    }

    pub fn sample(&self, i: usize) -> Sample {
        self.samples[i]
    }

    pub fn key(&self, i: usize) -> &[u8] {
        self.keys[i].as_bytes()
    }

    pub fn request(&self, i: usize) -> &HeaderMap {
        &self.requests[i % REQUESTS]
    }

    /// The requests with their Cookie line only.
    pub fn cookie_lines(&self) -> [[(&str, &str); 1]; REQUESTS] {
        std::array::from_fn(|i| [("cookie", self.requests[i][header::COOKIE].to_str().unwrap())])
    }
}

pub fn rng() -> SmallRng {
    SmallRng::seed_from_u64(2026)
}

fn key(rng: &mut SmallRng) -> String {
    let hex = format!("{:032x}", rng.random::<u128>());
    let key = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    assert_eq!(key.len(), 36);
    key
}

fn request(rng: &mut SmallRng) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in ["host", "accept", "accept-language", "accept-encoding", "referer", "x-forwarded-for"] {
        headers.insert(name, HeaderValue::from_static("a value of some thirty bytes"));
    }
    let version = rng.random_range(100..150);
    let firefox = format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0");
    headers.insert(header::USER_AGENT, firefox.parse().unwrap());
    headers.insert("x-request-id", key(rng).parse().unwrap());
    headers.insert(X_CANARY, HeaderValue::from_static(["maybe", "later"][rng.random_range(0..2)]));
    headers.insert(header::COOKIE, cookie_line(rng).parse().unwrap());
    assert_eq!(headers.len(), 10);
    headers
}

/// A Cookie line with the cookie of the rule at its end, so that the whole line has to be read.
fn cookie_line(rng: &mut SmallRng) -> String {
    let version = rng.random_range(0..1000);
    let [high, low] = [rng.random::<u128>(), rng.random::<u128>()];
    let [visitor, since] = [rng.random::<u32>(), rng.random::<u32>()];
    let cohort = ["gamma", "delta", "omega"][rng.random_range(0..3)];
    let line = format!(
        "theme=dark; lang=en-GB; v={version:03}; session={high:032x}{low:032x}; _ga=GA1.2.{visitor:010}.{since:010}; \
         cohort={cohort}"
    );
    assert_eq!(line.len(), 150);
    line
}
