//! The simulation: the expected shares by arithmetic, and the observed shares by chance (feature `rand`).

use std::collections::BTreeMap;

use http::HeaderValue;

use super::share::Tally;
use super::{Client, ClientMix, Samples, Share};
use crate::policy::{Interval, Policy, Ratio, Variant};
use crate::select::{Decision, HeaderLines, Reason, Sample, Selector, Step};

/// The requests of one variant with one reason, which are counted together. `None` stands for all variants or all
/// reasons.
type Cell = (Option<Variant>, Option<Reason>);

/// All requests.
const ALL: Cell = (None, None);

/// Simulates a policy for clients that are drawn from a [`ClientMix`], and counts the share of each variant and reason.
///
/// All chance comes from the [`Samples`] of a seed: one sample chooses the client, and one more is used for each of its
/// requests. The same seed therefore gives the same run on every machine, however the run is divided into calls of
/// [`advance`](Self::advance).
///
/// The expected shares do not depend on the seed. They are computed in integers and are exact, with one exception: if a
/// cookie pins clients to stable only ([`AffinityScope::StableOnly`](crate::AffinityScope::StableOnly)), the weights
/// decide anew on every request of a client that got a canary. The shares are then exact to better than 2^-50.
///
/// ```
/// use canary_policy::policy::Ratio;
/// use canary_policy::simulate::{Client, ClientMix, Simulation};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Total, Variant};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::default())?;
/// let testers = Client::new(vec![("x-canary", "always")]);
/// let others = Client::new(vec![]).with_parts(9);
///
/// // One client in ten asks for the canary, and 5 % of the other nine get it: 29 of 200.
/// let mut simulation = Simulation::new(&policy, ClientMix::new([testers, others])?, 1);
/// assert_eq!(simulation.share(Some(Variant::Canary(0)), None).expected, Ratio::new(29, 200));
/// assert_eq!(simulation.share(None, Some(Reason::Header)).expected, Ratio::new(1, 10));
///
/// simulation.advance(10_000);
/// assert_eq!(simulation.share(None, Some(Reason::Header)).observed, Ratio::new(990, 10_000));
///
/// let nobody = ClientMix::<()>::new([]);
/// assert_eq!(nobody.unwrap_err().to_string(), "the mix has no client: expected at least one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation<R> {
    selector: Selector,
    mix: ClientMix<R>,
    samples: Samples,
    clients: u64,
    /// The mass of the requests in each cell; see [`expected`].
    expected: BTreeMap<Cell, u128>,
    observed: BTreeMap<Cell, Tally>,
}

impl<R: HeaderLines> Simulation<R> {
    /// A simulation before its first client.
    ///
    /// This function computes the expected shares. If an affinity cookie pins all variants, or if there is none, the time
    /// does not depend on the number of requests of a client. If the cookie pins stable only, requests are counted until no
    /// client without a cookie is left: the smaller stable's share is, the longer that takes.
    #[must_use]
    pub fn new(policy: &Policy, mix: ClientMix<R>, seed: u64) -> Self {
        let selector = Selector::new(policy);
        let expected = expected(&selector, &mix);
        Simulation { selector, mix, samples: Samples::new(seed), clients: 0, expected, observed: BTreeMap::new() }
    }

    /// Simulates this many more clients, each of which sends all of its requests.
    pub fn advance(&mut self, clients: u64) {
        let Simulation { selector, mix, samples, clients: so_far, expected: _, observed } = self;
        let mut counts = BTreeMap::<Cell, u32>::new();
        for _ in 0..clients {
            // There is always a client: the samples have no end, and every sample falls on a client of the mix.
            let Some(client) = samples.next().and_then(|sample| mix.client(sample)) else { continue };
            let mut cookie = None;
            for (_, sample) in (0..mix.requests()).zip(samples.by_ref()) {
                let Decision { variant, reason, set_cookie } =
                    selector.select(&client.request(cookie.as_ref()), sample);
                cookie = client.cookie_after(cookie, set_cookie);
                for cell in cells(variant, reason) {
                    *counts.entry(cell).or_default() += 1;
                }
            }
            while let Some((cell, count)) = counts.pop_first() {
                observed.entry(cell).or_default().add(count);
            }
            *so_far += 1;
        }
    }

    /// The number of clients that have been simulated.
    #[must_use]
    pub const fn clients(&self) -> u64 {
        self.clients
    }

    /// The share of the requests that this variant gets for this reason. `None` stands for all variants or all reasons.
    pub fn share(&self, variant: Option<Variant>, reason: Option<Reason>) -> Share {
        let cell = (variant, reason);
        let expected = |cell| self.expected.get(&cell).copied().unwrap_or_default();
        let observed = |cell| self.observed.get(&cell).copied().unwrap_or_default();
        Share {
            variant,
            reason,
            expected: Ratio::new(expected(cell), expected(ALL)).reduced(),
            observed: Ratio::new(observed(cell).sum, observed(ALL).sum),
            interval: observed(cell).interval(self.clients, self.mix.requests()),
        }
    }

    /// The shares of each reason, of each variant, and of each variant for each reason.
    ///
    /// There is a share for every variant, even without a request, and for every other combination that is expected or
    /// was observed. The order is: all variants together (`variant` is `None`), stable, the canaries in order.
    #[must_use]
    pub fn shares(&self) -> Vec<Share> {
        let mut cells: Vec<&Cell> = self.expected.keys().chain(self.observed.keys()).collect();
        cells.sort_unstable();
        cells.dedup();
        let parts = cells.into_iter().filter(|cell| **cell != ALL);
        parts.map(|&(variant, reason)| self.share(variant, reason)).collect()
    }
}

/// The four cells in which a request is counted.
fn cells(variant: Variant, reason: Reason) -> [Cell; 4] {
    [ALL, (None, Some(reason)), (Some(variant), None), (Some(variant), Some(reason))]
}

/// The mass of the requests in each cell. A mass is the expected number of requests, counted in a small unit.
///
/// Each kind of client starts with a mass: its parts of the mix. With every request, the mass is divided among the
/// possible decisions, and so among the cookies that clients of this kind can have afterwards. An example is a weight
/// of 30 % and an affinity cookie, with one kind of client and two requests:
///
/// ```text
/// first request    no cookie 1.0 ──► weights: canary 0.3, stable 0.7
/// second request   cookie `canary` 0.3 ──► canary 0.3
///                  cookie `stable` 0.7 ──► stable 0.7
/// ```
///
/// The cell of the canary has a mass of 0.3 + 0.3 = 0.6, and the cell of all requests has a mass of 2.
fn expected<R: HeaderLines>(selector: &Selector, mix: &ClientMix<R>) -> BTreeMap<Cell, u128> {
    let policy = selector.policy();
    let total = policy.total().get();
    // The mass of one part of the mix. It is a multiple of the total, so that a mass can be divided by weight without a
    // remainder. It is at most 2^96 divided by the parts, so that a mass times the total, or times the number of
    // requests, is below 2^128.
    let unit = (1_u128 << 96) / (u128::from(mix.parts()) * u128::from(total)) * u128::from(total);

    let mut expected: BTreeMap<Cell, u128> = policy.variants().map(|variant| ((Some(variant), None), 0)).collect();
    for client in mix.clients().iter().filter(|client| client.parts() > 0) {
        let mut mass_by_cookie = BTreeMap::from([(None, u128::from(client.parts()) * unit)]);
        let mut requests = mix.requests();
        while requests > 0 {
            let next = next_request(selector, client, &mass_by_cookie);
            // If a request leaves every cookie with the mass that it had, all later requests are like it.
            let alike = if next.mass_by_cookie == mass_by_cookie { requests } else { 1 };
            for (cell, mass) in next.mass_by_cell {
                *expected.entry(cell).or_default() += mass * u128::from(alike);
            }
            mass_by_cookie = next.mass_by_cookie;
            requests -= alike;
        }
    }
    expected
}

/// The mass of the clients of one kind that have a certain cookie.
type MassByCookie = BTreeMap<Option<HeaderValue>, u128>;

/// One request of all clients of a kind.
struct NextRequest {
    mass_by_cell: BTreeMap<Cell, u128>,
    /// The cookies after the request.
    mass_by_cookie: MassByCookie,
}

fn next_request<R: HeaderLines>(selector: &Selector, client: &Client<R>, before: &MassByCookie) -> NextRequest {
    let mut next = NextRequest { mass_by_cell: BTreeMap::new(), mass_by_cookie: BTreeMap::new() };
    for (cookie, mass) in before {
        for Outcome { decision, mass } in outcomes(selector, &client.request(cookie.as_ref()), *mass) {
            for cell in cells(decision.variant, decision.reason) {
                *next.mass_by_cell.entry(cell).or_default() += mass;
            }
            let cookie = client.cookie_after(cookie.clone(), decision.set_cookie);
            *next.mass_by_cookie.entry(cookie).or_default() += mass;
        }
    }
    next
}

/// A possible decision on a request, and its part of the request's mass.
struct Outcome {
    decision: Decision,
    mass: u128,
}

/// The decisions that are possible on a request. Their masses add up to `mass`.
fn outcomes<R: HeaderLines>(selector: &Selector, request: &R, mass: u128) -> Vec<Outcome> {
    let total = selector.policy().total().get();
    match selector.explain(request, Sample::MIN).steps.pop() {
        Some(Step::Weights { keyed: false, intervals, .. }) => {
            let mass_below = |point: u32| mass * u128::from(point) / u128::from(total);
            let outcome = |Interval { start, end, variant: _ }| {
                // The interval is not empty, so its start is below the total.
                let sample = Sample::from_fraction(start, total).unwrap_or(Sample::MIN);
                Outcome { decision: selector.select(request, sample), mass: mass_below(end) - mass_below(start) }
            };
            intervals.into_iter().map(outcome).collect()
        }
        // A rule, the affinity cookie or the affinity key decides, whatever the sample is.
        _ => vec![Outcome { decision: selector.select(request, Sample::MIN), mass }],
    }
}
