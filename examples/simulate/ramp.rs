//! A ramp of the first canary, and where it takes each client.

use canary_policy::select::Samples;
use canary_policy::{Affinity, Canary, Policy, Selector, Variant};

use crate::clients::{self, CLIENTS};
use crate::table::name;

/// The first canary grown from 1 % of the total to all that the other canaries leave.
pub(crate) struct Ramp {
    /// What the variants are called: the first canary, the others, stable.
    pub(crate) variants: Vec<(Variant, String)>,
    /// What the weights are parts of.
    pub(crate) total: u32,
    /// How many clients there are.
    pub(crate) clients: u32,
    /// What they are called, with what keeps their sample.
    pub(crate) whose: &'static str,
    pub(crate) steps: Vec<Step>,
    /// The variants of some clients, step by step, in the order in which the first canary takes them.
    pub(crate) courses: Vec<Vec<Variant>>,
}

/// One weight of the ramp.
pub(crate) struct Step {
    pub(crate) percent: u32,
    /// How many clients each variant has, in the order of [`Ramp::variants`].
    pub(crate) counts: Vec<u32>,
    /// How many clients came to the first canary since the step before.
    pub(crate) came: u32,
    /// How many left it. A canary that grows keeps its clients, so there are none.
    pub(crate) left: u32,
    /// How many moved between the others.
    pub(crate) others: u32,
}

const FIRST: Variant = Variant::Canary(0);
const COURSES: usize = 60;

impl Ramp {
    pub(crate) fn new(policy: &Policy, seed: u64) -> Result<Ramp, String> {
        let requests = (0..CLIENTS).map(|n| clients::request(policy, n)).collect::<Result<Vec<_>, _>>()?;
        let choose = |weight| -> Result<Vec<Variant>, String> {
            let selector = Selector::new(&with_first(policy, weight)?);
            let clients = requests.iter().zip(Samples::new(seed));
            Ok(clients.map(|(request, sample)| selector.select(request, sample).variant).collect())
        };
        let total = policy.total().get();
        let others: u32 = policy.canaries().iter().skip(1).map(Canary::weight).sum();
        let variants = (0..policy.canaries().len()).map(Variant::Canary).chain([Variant::Stable]);
        let variants: Vec<_> = variants.map(|variant| (variant, name(policy, variant))).collect();

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
        let whose = match policy.affinity() {
            Affinity::None => "clients with a sample each",
            Affinity::Cookie(_) => "clients with a sample each and no cookie yet",
            Affinity::Key(_) => "clients with a key each",
        };
        Ok(Ramp { variants, total, clients: CLIENTS, whose, steps, courses })
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

/// The policy with another weight of its first canary.
fn with_first(policy: &Policy, weight: u32) -> Result<Policy, String> {
    let (first, others) = policy.canaries().split_first().ok_or("there is no canary")?;
    let canaries = [first.clone().with_weight(weight)].into_iter().chain(others.iter().cloned());
    let grown = Policy::new(canaries, policy.total()).map_err(|error| error.to_string())?;
    Ok(grown.with_affinity(policy.affinity().clone()))
}
