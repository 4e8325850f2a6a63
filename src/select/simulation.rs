//! Simulation: what a policy comes to for a mix of clients, by arithmetic and by chance (feature `rand`).

use std::collections::BTreeMap;
use std::ops::Range;

use super::share::{Fraction, Share, Tally};
use super::{Decision, Mix, Reason, Request, Sample, Samples, Selector, Step};
use crate::policy::{Policy, Variant};

/// What is counted: a variant, a reason, or both; `None` is any.
type Cell = (Option<Variant>, Option<Reason>);

/// A policy decided for clients chosen from a [`Mix`], as many as you like, with the share of each variant and reason.
///
/// Chance is [`Samples`] of the seed: one for which client comes, then one for each of its requests. So a run is repeated
/// by its seed, on every machine, and does not depend on how it was cut into steps. There is no clock and nothing to wait
/// for; between two [`advance`](Self::advance) show how far it is.
///
/// What is expected does not depend on the seed. It is exact, in integers, wherever a client is weighed at most once or
/// keeps no cookie; where cookies pin stable alone ([`Pins::Stable`](crate::Pins::Stable)), a client is weighed again and
/// again, and it is exact to better than 2^-50. Clients count with all of their requests: a share is one of requests.
///
/// ```
/// use canary_policy::select::{Client, Fraction, Mix, Simulation};
/// use canary_policy::{Canary, HeaderRule, Match, Policy, Reason, Total, Variant};
///
/// let canary = Canary::new("canary", 5)?.with_header(HeaderRule::new("x-canary", Match::AlwaysNever)?);
/// let policy = Policy::new([canary], Total::default())?;
/// let testers = Client::new(vec![("x-canary", "always")]);
/// let others = Client::new(vec![]).with_parts(9);
///
/// // One of ten asks for the canary, and 5 % of the other nine get it: 29 of 200.
/// let mut simulation = Simulation::new(&policy, Mix::new([testers, others])?, 1);
/// assert_eq!(simulation.share(Some(Variant::Canary(0)), None).expected, Fraction { n: 29, total: 200 });
/// assert_eq!(simulation.share(None, Some(Reason::Header)).expected, Fraction { n: 1, total: 10 });
///
/// simulation.advance(10_000);
/// assert_eq!(simulation.share(None, Some(Reason::Header)).observed, Fraction { n: 990, total: 10_000 });
///
/// let nobody = Mix::<()>::new([]);
/// assert_eq!(nobody.unwrap_err().to_string(), "there is no client: a mix has at least one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation<R> {
    selector: Selector,
    mix: Mix<R>,
    samples: Samples,
    clients: u64,
    /// The requests of a client, in parts of themselves.
    expected: BTreeMap<Cell, u128>,
    observed: BTreeMap<Cell, Tally>,
}

impl<R: Request> Simulation<R> {
    /// A simulation before its first client. It takes as long as one client of each kind does, to know what is expected.
    #[must_use]
    pub fn new(policy: &Policy, mix: Mix<R>, seed: u64) -> Self {
        let selector = Selector::new(policy);
        let expected = expected(policy, &selector, &mix);
        Simulation { selector, mix, samples: Samples::new(seed), clients: 0, expected, observed: BTreeMap::new() }
    }

    /// Lets so many more clients come and send all of their requests.
    pub fn advance(&mut self, clients: u64) {
        let Simulation { selector, mix, samples, clients: so_far, expected: _, observed } = self;
        let mut counts = BTreeMap::<Cell, u32>::new();
        for _ in 0..clients {
            // There is one: the stream has no end, and a mix covers all of its parts.
            let Some(client) = samples.next().and_then(|sample| mix.client(sample)) else { continue };
            let mut held = None;
            for (_, sample) in (0..mix.requests()).zip(samples.by_ref()) {
                let decision = selector.select(&client.request(held), sample);
                held = client.held(held, decision.set_cookie);
                for cell in cells(decision) {
                    *counts.entry(cell).or_default() += 1;
                }
            }
            while let Some((cell, count)) = counts.pop_first() {
                observed.entry(cell).or_default().add(count);
            }
            *so_far += 1;
        }
    }

    /// How many clients came so far.
    #[must_use]
    pub fn clients(&self) -> u64 {
        self.clients
    }

    /// The share of this variant and this reason, `None` being all of them.
    pub fn share(&self, variant: Option<Variant>, reason: Option<Reason>) -> Share {
        let cell = (variant, reason);
        let expected = |cell| self.expected.get(&cell).copied().unwrap_or_default();
        let observed = |cell| self.observed.get(&cell).copied().unwrap_or_default();
        Share {
            variant,
            reason,
            expected: Fraction { n: expected(cell), total: expected((None, None)) }.reduced(),
            observed: Fraction { n: observed(cell).sum, total: observed((None, None)).sum },
            interval: observed(cell).interval(self.clients, self.mix.requests()),
        }
    }

    /// The shares of each reason, of each variant, and of each reason for each variant: those of every variant, and all
    /// others that are expected or were observed. `None` stands first, then stable, then the canaries in order.
    #[must_use]
    pub fn shares(&self) -> Vec<Share> {
        let mut cells: Vec<&Cell> = self.expected.keys().chain(self.observed.keys()).collect();
        cells.sort_unstable();
        cells.dedup();
        let shown = cells.into_iter().filter(|cell| **cell != (None, None));
        shown.map(|&(variant, reason)| self.share(variant, reason)).collect()
    }
}

/// What a decision counts as.
fn cells(Decision { variant, reason, set_cookie: _ }: Decision<'_>) -> [Cell; 4] {
    [(None, None), (None, Some(reason)), (Some(variant), None), (Some(variant), Some(reason))]
}

/// What the requests of a client come to: its chances to be each kind of client, followed from request to request by the
/// cookie it holds.
fn expected<R: Request>(policy: &Policy, selector: &Selector, mix: &Mix<R>) -> BTreeMap<Cell, u128> {
    let total = policy.total().get();
    // Parts enough that the weights divide those of each client without a rest, and so few that none of these products
    // reaches 2^128: by the total when a mass is split, by the number of requests when masses are added.
    let scale = (1_u128 << 96) / (u128::from(mix.parts()) * u128::from(total)) * u128::from(total);

    let variants = policy.canaries().iter().enumerate().map(|(index, _)| Variant::Canary(index));
    let mut expected: BTreeMap<Cell, u128> =
        std::iter::once(Variant::Stable).chain(variants).map(|variant| ((Some(variant), None), 0)).collect();
    for client in mix.clients().iter().filter(|client| client.parts() > 0) {
        let mut masses = BTreeMap::from([(None, u128::from(client.parts()) * scale)]);
        for _ in 0..mix.requests() {
            for (held, mass) in std::mem::take(&mut masses) {
                for (decision, mass) in outcomes(selector, &client.request(held), mass, total) {
                    *masses.entry(client.held(held, decision.set_cookie)).or_default() += mass;
                    for cell in cells(decision) {
                        *expected.entry(cell).or_default() += mass;
                    }
                }
            }
        }
    }
    expected
}

/// All that this request can come to, and how a mass splits between it.
fn outcomes<'s, R: Request>(selector: &'s Selector, request: &R, mass: u128, total: u32) -> Vec<(Decision<'s>, u128)> {
    match selector.explain(request, Sample::MIN).steps.pop() {
        Some(Step::Weights { keyed: false, intervals, .. }) => {
            let below = |point: u32| mass * u128::from(point) / u128::from(total);
            let outcome = |(Range { start, end }, _)| {
                // No interval is empty, so each starts below the total.
                let sample = Sample::from_fraction(start, total).unwrap_or(Sample::MIN);
                (selector.select(request, sample), below(end) - below(start))
            };
            intervals.into_iter().map(outcome).collect()
        }
        // A rule, a cookie or a key decides, whatever the sample.
        _ => vec![(selector.select(request, Sample::MIN), mass)],
    }
}
