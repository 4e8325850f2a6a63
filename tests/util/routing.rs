//! What a target makes of a request, beside what a selector does.

use canary_policy::policy::{Key, strategy};
use canary_policy::select::Step;
use canary_policy::targets::{Part, Route};
use canary_policy::{Affinity, Loss, Match, Policy, Reason, SameSite, Sample, Selector, Spec, Variant};
use proptest::prelude::*;

/// Header lines, in the order of the wire.
pub type Lines = Vec<(String, String)>;

/// Where a request goes: to one variant, or to one of several by weight; and the affinity cookie that comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    To(Variant, Option<String>),
    /// Stable first, in lowest terms, none of them 0.
    Split(Vec<(Variant, u32, Option<String>)>),
    /// No rule matches.
    Nothing,
}

impl Outcome {
    /// A split in lowest terms. A single destination is all of it, whatever its weight.
    pub fn split(mut destinations: Vec<(Variant, u32, Option<String>)>) -> Self {
        destinations.retain(|(_, weight, _)| *weight > 0);
        destinations.sort();
        let divisor = destinations.iter().fold(0, |divisor, (_, weight, _)| gcd(divisor, *weight));
        for (_, weight, _) in &mut destinations {
            *weight /= divisor;
        }
        Outcome::Split(destinations)
    }

    /// Where the request goes, whatever the sample.
    pub fn variant(&self) -> Option<Variant> {
        match self {
            Outcome::To(variant, _) => Some(*variant),
            Outcome::Split(destinations) => match destinations.as_slice() {
                [(variant, _, _)] => Some(*variant),
                _ => None,
            },
            Outcome::Nothing => None,
        }
    }

    /// The same with every weight 1: what is left to compare where weights were rounded.
    pub fn without_weights(self) -> Self {
        match self {
            Outcome::Split(mut destinations) => {
                destinations.iter_mut().for_each(|(_, weight, _)| *weight = 1);
                Outcome::Split(destinations)
            }
            other => other,
        }
    }
}

/// A request as it stands on the wire, `NAME: VALUE` line by line.
pub fn lines(text: &str) -> Lines {
    let lines = text.lines().map(|line| line.split_once(": ").unwrap());
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What the selector does, whatever the sample.
pub fn selected(policy: &Policy, request: &Lines) -> Outcome {
    let selector = Selector::new(policy);
    let decision = selector.select(request, Sample::MIN);
    if decision.reason != Reason::Weight {
        return Outcome::To(decision.variant, decision.set_cookie.map(str::to_owned));
    }
    let explanation = selector.explain(request, Sample::MIN);
    let Some(Step::Weights { intervals, .. }) = explanation.steps.last() else { panic!("{explanation}") };
    let destination = |(interval, variant): &(std::ops::Range<u32>, Variant)| {
        let decision = selector.select(request, Sample::from_fraction(interval.start, policy.total().get()).unwrap());
        assert_eq!(decision.variant, *variant);
        (*variant, interval.end - interval.start, decision.set_cookie.map(str::to_owned))
    };
    Outcome::split(intervals.iter().map(destination).collect())
}

/// The policy without what a conversion left out. Rounded weights stay.
pub fn without(policy: &Policy, losses: &[Loss]) -> Policy {
    let mut spec = Spec::from(policy.clone());
    for loss in losses {
        match loss {
            Loss::LeftOut { part, .. } | Loss::Refused { part, .. } => match part {
                Part::Header(index) => spec.canaries[*index].header = None,
                Part::Cookie(index) => spec.canaries[*index].cookie = None,
                Part::Affinity => spec.affinity = None,
                part => panic!("{part} cannot be taken away"),
            },
            Loss::Rounded { .. } => {}
            loss => panic!("{loss}: compare by hand"),
        }
    }
    Policy::try_from(spec).unwrap()
}

/// Holds what a target does with a request against what is left of the policy.
pub fn compare(policy: &Policy, losses: &[Loss], request: &Lines, got: Outcome) -> Result<(), TestCaseError> {
    let wanted = selected(&without(policy, losses), request);
    let rounded = losses.iter().any(|loss| matches!(loss, Loss::Rounded { .. }));
    if let Outcome::Split(destinations) = &got {
        let sum: u64 = destinations.iter().map(|(_, weight, _)| u64::from(*weight)).sum();
        for loss in losses {
            let Loss::Rounded { part: Part::Weight(index), got, .. } = loss else { continue };
            let weight =
                destinations.iter().find(|(to, ..)| *to == Variant::Canary(*index)).map_or(0, |(_, weight, _)| *weight);
            prop_assert_eq!(u64::from(weight) * u64::from(got.total), u64::from(got.parts) * sum, "{}", loss);
        }
    }
    let (wanted, got) = if rounded { (wanted.without_weights(), got.without_weights()) } else { (wanted, got) };
    prop_assert_eq!(got, wanted, "{:?} losses {:?}", request, losses);
    Ok(())
}

/// Policies, and requests that their rules have something to say about. No header has two lines, no cookie stands there
/// twice, and every cookie has a value: what targets read otherwise is in their tables of deviations.
pub fn policy_and_request() -> impl Strategy<Value = (Policy, Lines)> {
    strategy::policy().prop_flat_map(|policy| {
        let request = request(&policy);
        (Just(policy), request)
    })
}

pub fn request(policy: &Policy) -> impl Strategy<Value = Lines> + use<> {
    let (mut headers, mut cookies) = (Vec::new(), Vec::new());
    for (index, canary) in policy.canaries().iter().enumerate() {
        headers.extend(canary.header().map(|rule| (rule.name().to_string(), values(rule.matches()))));
        cookies.extend(canary.cookie().map(|rule| (rule.name().to_string(), values(rule.matches()))));
        if let Affinity::Cookie(cookie) = policy.affinity() {
            let revision = cookie.revision().map(|revision| format!("{revision}.")).unwrap_or_default();
            let values = ["stable", canary.name().as_str()].map(|name| format!("{revision}{name}"));
            cookies.push((cookie.name().to_string(), values.into()));
        }
        if let (0, Affinity::Key(key)) = (index, policy.affinity()) {
            match key.key() {
                Key::Header(name) => headers.push((name.to_string(), vec!["alice".to_owned()])),
                Key::Cookie(name) => cookies.push((name.to_string(), vec!["alice".to_owned()])),
            }
        }
    }
    headers.push(("x-other".to_owned(), Vec::new()));
    cookies.push(("other".to_owned(), Vec::new()));
    headers.retain(|(name, _)| name != "cookie");
    let line = some_of(cookies).prop_map(|cookies| {
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!cookies.is_empty()).then(|| ("cookie".to_owned(), cookies.join("; ")))
    });
    (some_of(headers), line).prop_map(|(headers, line)| headers.into_iter().chain(line).collect())
}

/// Values that a match has something to say about.
fn values(matches: &Match) -> Vec<String> {
    let own = match matches {
        Match::AlwaysNever => "always".to_owned(),
        Match::Exact(value) => value.clone(),
        Match::Pattern(pattern) => {
            pattern.as_str().trim_matches(['^', '$']).split('|').next().unwrap_or_default().replace("[0-9]+", "12")
        }
    };
    vec![own.clone(), own.clone(), format!("x{own}"), format!("{own}x")]
}

/// Some of these, each name once (letter case aside), in any order, with a value of its own or another one.
fn some_of(named: Vec<(String, Vec<String>)>) -> impl Strategy<Value = Lines> {
    let chosen: Vec<_> = named
        .into_iter()
        .map(|(name, values)| {
            let values = values.into_iter().filter(|value| is_plain(value)).collect::<Vec<_>>();
            let own = if values.is_empty() { vec!["x".to_owned()] } else { values };
            let words = proptest::sample::select(vec!["always", "never", "Always", "beta", "v12", "a"]);
            let value = prop_oneof![2 => proptest::sample::select(own), 1 => words.prop_map(str::to_owned)];
            (Just(name), value, 0..1000_u32)
        })
        .collect();
    chosen.prop_map(|mut lines| {
        lines.retain(|(_, _, order)| *order < 700);
        lines.sort_by_key(|(_, _, order)| *order);
        let mut seen = Vec::new();
        lines.retain(|(name, _, _)| {
            let name = name.to_ascii_lowercase();
            let first = !seen.contains(&name);
            seen.push(name);
            first
        });
        lines.into_iter().map(|(name, value, _)| (name, value)).collect()
    })
}

/// Whether a value means the same in a line of cookies as alone.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b';' && byte != b',' && byte != b'|')
}

/// Whether a regular expression is found, in ASCII.
pub fn is_match(regex: &str, value: &str) -> bool {
    regex::bytes::RegexBuilder::new(regex).unicode(false).build().unwrap().is_match(value.as_bytes())
}

/// A policy as a reader can know it: in lowest terms, and without what is not written.
pub fn readable(policy: &Policy) -> Policy {
    let mut spec = Spec::from(policy.reduced());
    let ruled = spec.canaries.iter().any(|canary| canary.header.is_some() || canary.cookie.is_some());
    if let Some(cookie) = spec.affinity.as_mut().and_then(|affinity| affinity.cookie.as_mut()) {
        cookie.path = cookie.path.take().filter(|path| path != "/");
        cookie.precedence = cookie.precedence.filter(|_| ruled);
        cookie.secure = Some(cookie.secure == Some(true) || cookie.same_site == Some(SameSite::None));
    }
    Policy::try_from(spec).unwrap()
}

/// A route to `web`, whose canaries are the Services `c0`, `c1` …
pub fn route(policy: &Policy) -> Route {
    let canaries = (0..policy.canaries().len()).map(|index| format!("c{index}:80").parse().unwrap());
    Route::new("web", "web:80".parse().unwrap(), canaries).unwrap()
}
