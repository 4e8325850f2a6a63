//! A policy as a table, for targets that have rules: the first row that holds decides, and after the last one the split.

use http::HeaderName;

use super::loss::{affinity_text, rule_text};
use super::{Loss, Part, Proportion};
use crate::error::Excerpt;
use crate::policy::{
    Affinity, AffinityPrecedence, Canary, CookieName, CookieRule, HeaderRule, Match, Pattern, Policy, Variant,
};

/// A condition on one header or one cookie.
#[derive(Clone, Copy)]
pub(super) enum Condition<'p> {
    /// The header is this.
    Header(&'p HeaderName, &'p str),
    /// The pattern is found in the header.
    HeaderFound(&'p HeaderName, &'p Pattern),
    /// The cookie is this.
    Cookie(&'p CookieName, &'p str),
    /// The pattern is found in the cookie.
    CookieFound(&'p CookieName, &'p Pattern),
    /// The affinity cookie is this.
    Affinity(&'p CookieName, &'p str),
}

/// A policy in the words of a target: `M` is how that says a condition.
pub(super) struct Table<M> {
    pub(super) rows: Vec<Row<M>>,
    pub(super) split: Vec<Destination>,
}

/// One or more conditions of which one has to hold, and where a request goes then.
pub(super) struct Row<M> {
    pub(super) any: Vec<M>,
    pub(super) to: Variant,
    /// The affinity cookie to set with the response.
    pub(super) set_cookie: Option<String>,
}

/// A variant's share of the requests that no rule decided on.
pub(super) struct Destination {
    pub(super) to: Variant,
    /// At least 1.
    pub(super) weight: u32,
    /// The affinity cookie to set with the response.
    pub(super) set_cookie: Option<String>,
}

impl<M> Table<M> {
    /// The table, and what could not be said. `say` gives a condition in the target's words, or what those are bound to;
    /// `most` is the largest weight; `keyless` is why a key cannot share out the variants, if it cannot.
    pub(super) fn new(
        policy: &Policy,
        most: u32,
        keyless: Option<&'static str>,
        say: impl Fn(Condition<'_>) -> Result<M, &'static str>,
        losses: &mut Vec<Loss>,
    ) -> Self {
        let Policy { canaries, total: _, affinity } = policy;
        let weights = weights(policy, most, losses);
        let mut said = |part: Part, rows: Vec<(Condition<'_>, Variant)>, text: &dyn Fn() -> Excerpt| {
            let rows = rows.into_iter().map(|(condition, to)| Ok((say(condition)?, to)));
            let rows: Result<Vec<(M, Variant)>, &'static str> = rows.collect();
            rows.map_err(|bound| losses.push(Loss::Refused { part, value: text(), bound })).ok()
        };

        let (mut rules, mut cookies) = (Vec::new(), Vec::new());
        for (index, Canary { name: _, weight: _, header, cookie }) in canaries.iter().enumerate() {
            if let Some(HeaderRule { name, matches }) = header {
                let text = || rule_text(name.as_str(), matches);
                rules.extend(said(Part::Header(index), header_rows(name, matches, index), &text).into_iter().flatten());
            }
            if let Some(CookieRule { name, matches }) = cookie {
                let text = || rule_text(name.as_str(), matches);
                cookies
                    .extend(said(Part::Cookie(index), cookie_rows(name, matches, index), &text).into_iter().flatten());
            }
        }
        rules.append(&mut cookies);

        let kept = if let Affinity::Cookie(cookie) = affinity { Some(cookie) } else { None };
        let pinned = kept.map(|cookie| cookie.pinned(canaries.iter().map(Canary::name))).unwrap_or_default();
        let held = kept.and_then(|cookie| {
            let rows = pinned.iter().map(|(to, value)| (Condition::Affinity(cookie.name(), value), *to)).collect();
            said(Part::Affinity, rows, &|| Excerpt::of(&format!("cookie {}", cookie.name())))
        });
        // Also where everyone goes to one variant now: the output does not know the key when that changes.
        let key = affinity_text(affinity).filter(|_| matches!(affinity, Affinity::Key(_)));
        if let (Some(why), Some(value)) = (keyless, key) {
            losses.push(Loss::LeftOut { part: Part::Affinity, value, why });
        }

        let kept = kept.filter(|_| held.is_some());
        let set: Vec<(Variant, String)> = kept
            .map(|cookie| pinned.iter().map(|(to, value)| (*to, cookie.set_cookie(value))).collect())
            .unwrap_or_default();
        let set_cookie = |to: Variant| set.iter().find(|(variant, _)| *variant == to).map(|(_, value)| value.clone());
        // A rule's choice is kept where the cookie comes before the rules, and is for one request only where it does not.
        let before = kept.is_some_and(|cookie| cookie.precedence() == AffinityPrecedence::BeforeRules);
        let rules = rules.into_iter().map(|(one, to)| Row::new(one, to, set_cookie(to).filter(|_| before)));
        let held = held.into_iter().flatten().map(|(one, to)| Row::new(one, to, None));
        let rows = if before { held.chain(rules).collect() } else { rules.chain(held).collect() };
        let split = weights.into_iter().map(|(to, weight)| Destination { to, weight, set_cookie: set_cookie(to) });
        let split = split.collect();
        losses.sort_by_key(|loss| loss.part().place());
        Table { rows: merged(rows), split }
    }
}

impl<M> Row<M> {
    fn new(one: M, to: Variant, set_cookie: Option<String>) -> Self {
        Row { any: vec![one], to, set_cookie }
    }
}

/// Neighbours with one outcome are one row.
fn merged<M>(rows: Vec<Row<M>>) -> Vec<Row<M>> {
    let mut merged: Vec<Row<M>> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.to == row.to && last.set_cookie == row.set_cookie => last.any.extend(row.any),
            _ => merged.push(row),
        }
    }
    merged
}

fn header_rows<'p>(name: &'p HeaderName, matches: &'p Match, index: usize) -> Vec<(Condition<'p>, Variant)> {
    let canary = Variant::Canary(index);
    match matches {
        Match::AlwaysNever => {
            vec![(Condition::Header(name, "always"), canary), (Condition::Header(name, "never"), Variant::Stable)]
        }
        Match::Exact(value) => vec![(Condition::Header(name, value), canary)],
        Match::Pattern(pattern) => vec![(Condition::HeaderFound(name, pattern), canary)],
    }
}

fn cookie_rows<'p>(name: &'p CookieName, matches: &'p Match, index: usize) -> Vec<(Condition<'p>, Variant)> {
    let canary = Variant::Canary(index);
    match matches {
        Match::AlwaysNever => {
            vec![(Condition::Cookie(name, "always"), canary), (Condition::Cookie(name, "never"), Variant::Stable)]
        }
        Match::Exact(value) => vec![(Condition::Cookie(name, value), canary)],
        Match::Pattern(pattern) => vec![(Condition::CookieFound(name, pattern), canary)],
    }
}

/// The weights that are not 0, stable's first, none above `most`: reduced exactly where a common divisor does it, else to
/// the nearest. What had a share keeps one.
fn weights(policy: &Policy, most: u32, losses: &mut Vec<Loss>) -> Vec<(Variant, u32)> {
    let largest = |policy: &Policy| wanted(policy).map(|(_, weight)| weight).max().unwrap_or(0);
    if largest(policy) <= most {
        return wanted(policy).collect();
    }
    let policy = &policy.reduced();
    let largest = largest(policy);
    if largest <= most {
        return wanted(policy).collect();
    }
    let rounded = |weight: u32| {
        let nearest = (u64::from(weight) * u64::from(most) + u64::from(largest) / 2) / u64::from(largest);
        u32::try_from(nearest).unwrap_or(most).max(1)
    };
    let got: Vec<(Variant, u32)> = wanted(policy).map(|(variant, weight)| (variant, rounded(weight))).collect();
    let total = got.iter().fold(0_u32, |total, (_, weight)| total.saturating_add(*weight));
    for ((variant, wanted), (_, got)) in wanted(policy).zip(&got) {
        let (wanted, got) =
            (Proportion { parts: wanted, total: policy.total().get() }, Proportion { parts: *got, total });
        if let Variant::Canary(index) = variant
            && !wanted.equals(got)
        {
            losses.push(Loss::Rounded { part: Part::Weight(index), wanted, got });
        }
    }
    got
}

/// What the policy gives to each variant that gets any.
fn wanted(policy: &Policy) -> impl Iterator<Item = (Variant, u32)> {
    let Policy { canaries, total, affinity: _ } = policy;
    let taken = canaries.iter().fold(0_u32, |taken, canary| taken.saturating_add(canary.weight()));
    let stable = std::iter::once((Variant::Stable, total.get().saturating_sub(taken)));
    let canaries = canaries.iter().enumerate().map(|(index, canary)| (Variant::Canary(index), canary.weight()));
    stable.chain(canaries).filter(|(_, weight)| *weight > 0)
}
