//! Shares: what was expected, what was observed, and how far chance takes the one from the other (feature `rand`).

use std::fmt;
use std::ops::RangeInclusive;

use super::Reason;
use crate::policy::Variant;

/// The share of a variant, of a reason or of both, of all requests of a [`Simulation`](crate::select::Simulation).
///
/// The interval is Wilson's score interval (E. B. Wilson, Journal of the American Statistical Association 22, 1927, page
/// 209), which stays within 0 and 1 and has a width where nothing was observed:
///
/// ```text
/// (p + z²/2n ± z √(p (1 - p)/n + z²/4n²)) / (1 + z²/n)      p the share, z = 1.96
/// ```
///
/// Its `n` is not the number of requests, since those of one client are not independent: a cookie repeats the first
/// decision. It is the number of independent requests whose share would scatter as that of the clients does,
/// `p (1 - p) / (s² / clients)`, `s²` being the variance between clients (E. L. Korn and B. I. Graubard, Survey Methodology
/// 24, 1998, page 193). That is the number of clients when each sends one request or sticks to its first decision, and near
/// that of the requests, which is the most it may be, when all are independent.
///
/// ```
/// use canary_policy::select::{Client, Fraction, Mix, Simulation};
/// use canary_policy::{Policy, Variant};
///
/// let mut simulation = Simulation::new(&Policy::percent(30)?, Mix::new([Client::new(())])?, 7);
/// simulation.advance(1_000);
///
/// let canary = simulation.share(Some(Variant::Canary(0)), None);
/// assert_eq!(canary.expected, Fraction { n: 3, total: 10 });
/// assert_eq!(canary.observed, Fraction { n: 316, total: 1_000 });
/// assert!(canary.is_as_expected());
///
/// // With seed 5 it has 330, which is too much. One seed in twenty is like that, and nothing is wrong.
/// let mut simulation = Simulation::new(&Policy::percent(30)?, Mix::new([Client::new(())])?, 5);
/// simulation.advance(1_000);
/// assert!(!simulation.share(Some(Variant::Canary(0)), None).is_as_expected());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Share {
    /// Whose share it is; `None` is that of all variants together.
    pub variant: Option<Variant>,
    /// What decided; `None` is that of all reasons together.
    pub reason: Option<Reason>,
    /// What the policy and the mix come to, in lowest terms.
    pub expected: Fraction,
    /// How many requests there were of how many.
    pub observed: Fraction,
    /// The 95 % interval around what was observed, within 0 and 1.
    ///
    /// Of 20 seeds one misses what is expected, and so does about one of 20 shares: a miss alone is no finding. With fewer
    /// than 50 clients it is rough.
    pub interval: RangeInclusive<f64>,
}

impl Share {
    /// Whether what is expected lies inside the interval.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.interval.contains(&self.expected.value())
    }
}

/// So many of a total.
///
/// ```
/// use canary_policy::select::Fraction;
///
/// let third = Fraction { n: 1, total: 3 };
/// assert_eq!(third.to_string(), "1 of 3");
/// assert!(third.value() > 0.333 && third.value() < 0.334);
/// assert_eq!(Fraction { n: 0, total: 0 }.value(), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    /// The parts that count.
    pub n: u128,
    /// All parts.
    pub total: u128,
}

impl Fraction {
    /// The same fraction with the smallest total.
    pub(super) fn reduced(self) -> Self {
        let Fraction { n, total } = self;
        let divisor = gcd(total, n).max(1);
        Fraction { n: n / divisor, total: total / divisor }
    }

    /// It as a number to show, from 0 to 1; 0 of 0 is 0.
    #[must_use]
    pub fn value(self) -> f64 {
        if self.total == 0 { 0.0 } else { float(self.n) / float(self.total) }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fraction { n, total } = self;
        write!(f, "{n} of {total}")
    }
}

/// How often something happened to clients of whom each had as many chances.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// The sum of the clients' counts.
    pub(super) sum: u128,
    /// The sum of their squares.
    squares: u128,
}

impl Tally {
    /// One more client, to whom it happened this often.
    pub(super) fn add(&mut self, count: u32) {
        let count = u128::from(count);
        self.sum += count;
        self.squares += count * count;
    }

    /// The interval of a [`Share`], when there were so many clients with so many requests each.
    pub(super) fn interval(self, clients: u64, requests: u32) -> RangeInclusive<f64> {
        const Z: f64 = 1.959_964;
        let (sum, squares, clients, requests) =
            (float(self.sum), float(self.squares), float(clients.into()), f64::from(requests));
        let all = clients * requests;
        if all == 0.0 {
            return 0.0..=1.0;
        }
        // Both of the sample, and times the square of `all`.
        let (binomial, between) = (sum * (all - sum), clients * squares - sum * sum);
        // Where clients do not differ at all, the share is no better known than one of as many single requests.
        let n = if between > 0.0 { (clients * binomial / between).min(all) } else { clients };

        let (p, z2) = ((sum / all).min(1.0), Z * Z);
        let middle = p + z2 / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z2 / n;
        // What was observed is inside, rounding or not.
        ((middle - half) / scale).clamp(0.0, p)..=((middle + half) / scale).clamp(p, 1.0)
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The nearest float, or one of its neighbours.
fn float(n: u128) -> f64 {
    n.to_be_bytes().into_iter().fold(0.0, |float, byte| float * 256.0 + f64::from(byte))
}
