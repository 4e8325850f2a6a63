//! A ramp: the variant of each client while the first canary grows.

use canary_policy::simulate::Samples;
use canary_policy::{Affinity, Canary, Policy, Selector, Variant};

use crate::clients::{self, CLIENTS};

/// The first canary, grown percent by percent from 1 % of the total to all that the other canaries leave.
pub(crate) struct Ramp {
    /// The variants with their names: the first canary, the other canaries, stable.
    pub(crate) variants: Vec<(Variant, String)>,
    /// The total of the policy.
    pub(crate) total: u32,
    /// The number of clients.
    pub(crate) clients: u32,
    /// A name for the clients that says what keeps their sample.
    pub(crate) clients_name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// The variants of some clients, step by step, in the order in which the first canary takes them.
    pub(crate) courses: Vec<Vec<Variant>>,
}

/// One weight of the ramp.
pub(crate) struct Step {
    pub(crate) percent: u32,
    /// The number of clients of each variant, in the order of [`Ramp::variants`].
    pub(crate) counts: Vec<u32>,
    /// The number of clients that came to the first canary since the previous step.
    pub(crate) came: u32,
    /// The number of clients that left the first canary: 0, because a canary that grows keeps its clients.
    pub(crate) left: u32,
    /// The number of clients that moved between the other variants.
    pub(crate) others: u32,
}

const FIRST: Variant = Variant::Canary(0);
const COURSES: usize = 60;

impl Ramp {
    pub(crate) fn new(policy: &Policy, seed: u64) -> Result<Ramp, String> {
        let requests = (0..CLIENTS).map(|n| clients::request(policy, n)).collect::<Result<Vec<_>, _>>()?;
        let choose = |weight| -> Result<Vec<Variant>, String> {
            let grown = policy.clone().with_weight(0, weight).map_err(|error| error.to_string())?;
            let selector = Selector::new(&grown);
            let clients = requests.iter().zip(Samples::new(seed));
            Ok(clients.map(|(request, sample)| selector.select(request, sample).variant).collect())
        };
        let total = policy.total().get();
        let others: u32 = policy.canaries().iter().skip(1).map(Canary::weight).sum();
        let variants = (0..policy.canaries().len()).map(Variant::Canary).chain([Variant::Stable]);
        let named = |variant| (variant, policy.name(variant).unwrap_or_default().to_owned());
        let variants: Vec<(Variant, String)> = variants.map(named).collect();

        let mut before = choose(0)?;
        let mut courses = vec![Vec::new(); COURSES];
        let mut steps = Vec::new();
        for percent in 1..=100 {
            let weight = u32::try_from(u64::from(total) * u64::from(percent) / 100).unwrap_or(total);
            if weight > total - others {
                break;
            }
            let now = choose(weight)?;
            for (course, variant) in courses.iter_mut().zip(&now) {
                course.push(*variant);
            }
            steps.push(Step::new(percent, &variants, &before, &now));
            before = now;
        }
        if steps.is_empty() {
            return Err("the other canaries leave the first one no room to grow".to_owned());
        }
        let taken = |course: &Vec<Variant>| course.iter().take_while(|variant| **variant != FIRST).count();
        courses.sort_by_key(|course| (taken(course), course.last().copied()));
        let clients_name = match policy.affinity() {
            Affinity::None => "clients, each with its own sample",
            Affinity::Cookie(_) => "clients without a cookie, each with its own sample",
            Affinity::Key(_) => "clients, each with its own key",
        };
        Ok(Ramp { variants, total, clients: CLIENTS, clients_name, steps, courses })
    }
}

impl Step {
    fn new(percent: u32, variants: &[(Variant, String)], before: &[Variant], now: &[Variant]) -> Self {
        let count = |counts: &dyn Fn(Variant, Variant) -> bool| {
            before.iter().zip(now).map(|(before, now)| u32::from(counts(*before, *now))).sum()
        };
        Step {
            percent,
            counts: variants.iter().map(|(variant, _)| count(&|_, now| now == *variant)).collect(),
            came: count(&|before, now| before != FIRST && now == FIRST),
            left: count(&|before, now| before == FIRST && now != FIRST),
            others: count(&|before, now| before != FIRST && now != FIRST && before != now),
        }
    }
}
