//! Shares of the requests of a simulation: expected, observed, and with a confidence interval (feature `rand`).

use std::ops::RangeInclusive;

use crate::policy::{Ratio, Variant, float};
use crate::select::Reason;

/// The share of a [`Simulation`](crate::simulate::Simulation)'s requests that have one variant, one reason, or both.
///
/// The interval is Wilson's score interval (E. B. Wilson, Journal of the American Statistical Association 22, 1927,
/// page 209). Unlike simpler ones, it stays within 0 and 1, and it has a width even if nothing was observed:
///
/// ```text
/// (p + z²/2n ± z √(p (1 - p)/n + z²/4n²)) / (1 + z²/n)      p: the observed share, z: 1.96, n: independent requests
/// ```
///
/// The requests of one client are not independent, because its cookie repeats the first decision. `n` is therefore not
/// simply the number of all requests, but the effective sample size: this many independent requests would have a share
/// with the same variance. The formula is `p (1 - p) / (s² / clients)`. Here `s²` is the variance of the clients' own
/// shares (E. L. Korn and B. I. Graubard, Survey Methodology 24, 1998, page 193). If each client sends one request, or keeps its
/// first decision, `n` is the number of clients. If all requests are independent, it is about the number of requests,
/// which is also its maximum.
///
/// ```
/// use canary_policy::policy::Ratio;
/// use canary_policy::simulate::{Client, ClientMix, Simulation};
/// use canary_policy::{Policy, Variant};
///
/// let mut simulation = Simulation::new(&Policy::percent(30)?, ClientMix::new([Client::new(())])?, 7);
/// simulation.advance(1_000);
///
/// let canary = simulation.share(Some(Variant::Canary(0)), None);
/// assert_eq!(canary.expected, Ratio::new(3, 10));
/// assert_eq!(canary.observed, Ratio::new(316, 1_000));
/// assert!(canary.is_as_expected());
///
/// // With seed 5, the canary gets 330 requests, and the interval misses 30 %. One seed in twenty does so by chance.
/// let mut simulation = Simulation::new(&Policy::percent(30)?, ClientMix::new([Client::new(())])?, 5);
/// simulation.advance(1_000);
/// assert!(!simulation.share(Some(Variant::Canary(0)), None).is_as_expected());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Share {
    /// The variant of the requests; `None` is all variants together.
    pub variant: Option<Variant>,
    /// The reason of their decisions; `None` is all reasons together.
    pub reason: Option<Reason>,
    /// The share that follows from the policy and the mix, in lowest terms.
    pub expected: Ratio,
    /// The number of such requests and the number of all requests.
    pub observed: Ratio,
    /// The 95 % confidence interval of the observed share, within 0 and 1.
    ///
    /// About one interval in twenty misses the expected share by chance, so one miss is no sign of an error. With fewer
    /// than 50 clients the interval is rough.
    pub interval: RangeInclusive<f64>,
}

impl Share {
    /// Whether the interval contains the expected share.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.interval.contains(&self.expected.as_f64())
    }
}

/// The requests of one share, counted for each client.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// The sum of the counts of all clients.
    pub(super) sum: u128,
    /// The sum of the squares of these counts.
    squares: u128,
}

impl Tally {
    /// Adds a client with this number of requests.
    pub(super) fn add(&mut self, count: u32) {
        let count = u128::from(count);
        self.sum += count;
        self.squares += count * count;
    }

    /// The interval of a [`Share`], for this number of clients and of requests for each client.
    pub(super) fn interval(self, clients: u64, requests: u32) -> RangeInclusive<f64> {
        const Z: f64 = 1.959_964;
        let (sum, squares, clients, requests) =
            (float(self.sum), float(self.squares), float(clients.into()), f64::from(requests));
        let all = clients * requests;
        if all == 0.0 {
            return 0.0..=1.0;
        }
        // Both variances are multiplied by the square of `all`, so that nothing is divided: `binomial` is `p (1 - p)`, and
        // `between` is `s²`.
        let (binomial, between) = (sum * (all - sum), clients * squares - sum * sum);
        // If all clients have the same share, `s²` is 0 and the formula would divide by 0. The number of clients is then the
        // cautious choice.
        let n = if between > 0.0 { (clients * binomial / between).min(all) } else { clients };

        let (p, z2) = ((sum / all).min(1.0), Z * Z);
        let middle = p + z2 / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z2 / n;
        // Rounding must not exclude the observed share.
        ((middle - half) / scale).clamp(0.0, p)..=((middle + half) / scale).clamp(p, 1.0)
    }
}
