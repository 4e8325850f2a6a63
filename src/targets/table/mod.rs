//! A policy as a table, in the terms that all targets with rules share.
//!
//! The rows of a [`Table`] are tried in order. A row applies to a request if any of its conditions holds. The last row has no
//! condition: it applies to every request and splits the requests by weight. Each target translates the conditions into its own
//! terms, and then turns the rows, one by one, into its own objects.

mod choices;
mod condition;
mod header_match;
mod object_size;
mod path_match;
mod pins;
mod program_size;
mod regex;
mod set_cookie;
mod weights;

pub(in crate::targets) use condition::{Choice, Condition};
pub(in crate::targets) use header_match::{HeaderMatch, ProgramLimit, ValueMatch};
pub(in crate::targets) use object_size::{check_size, json_bytes};
pub(in crate::targets) use path_match::TextMatch;
pub(in crate::targets) use program_size::Encoding;
pub(in crate::targets) use regex::{
    BEFORE_TOKEN, COOKIE_START, affinity_cookie_regex, cookie_pattern_regex, cookie_regex, former_token_regex, is_end,
    is_start, parts, pattern_regex, repetition_bounds,
};
pub use set_cookie::HeaderValue;
pub(in crate::targets) use set_cookie::{escape_percent, unescape_percent};

use crate::policy::{FormerTokens, Parts, Policy, Variant};
use crate::targets::Conversion;
use choices::rule_choices;
use pins::Pins;
pub(in crate::targets) use weights::WeightLimit;
use weights::{VariantWeight, weights};

/// A policy that is translated for one target. `C` is the target's type for a condition.
///
/// A policy that sends 5 % of the requests to its canary, with a header rule on `x-canary` and an affinity cookie `route` that
/// decides before the rules, has these rows:
///
/// | conditions | split | cookie to set |
/// |---|---|---|
/// | cookie `route=stable` | stable | |
/// | cookie `route=canary` | canary | |
/// | `x-canary: always` | canary | `route=canary` |
/// | `x-canary: never` | stable | `route=stable` |
/// | | stable 95, canary 5 | `route=stable` or `route=canary`, for the variant that the request goes to |
///
/// With former tokens, these rows follow the first two:
///
/// | conditions | split | cookie to set |
/// |---|---|---|
/// | cookie `route` with the token of stable | stable | `route=stable` |
/// | cookie `route` with the token of the canary | canary | `route=canary` |
pub(in crate::targets) struct Table<C> {
    /// One or more rows, of which only the last has no condition.
    pub(in crate::targets) rows: Vec<Row<C>>,
}

/// Where requests go if one of the conditions holds, or always if there is none.
pub(in crate::targets) struct Row<C> {
    pub(in crate::targets) conditions: Vec<C>,
    pub(in crate::targets) split: Split,
}

/// One destination, or several destinations with weights. A single destination is written without a weight, because
/// implementations disagree about the meaning of a weight there.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::targets) enum Split {
    One(Destination),
    Several(Vec<Share>),
}

/// A destination and its weight, which is at least 1.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::targets) struct Share {
    pub(in crate::targets) destination: Destination,
    pub(in crate::targets) weight: u32,
}

/// A destination of a split, and its weight if the split has several.
#[derive(Clone, Copy)]
pub(in crate::targets) struct Weighted<'r> {
    pub(in crate::targets) destination: &'r Destination,
    pub(in crate::targets) weight: Option<u32>,
}

/// A variant that requests go to.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::targets) struct Destination {
    pub(in crate::targets) variant: Variant,
    /// The `Set-Cookie` value to add to the response.
    pub(in crate::targets) set_cookie: Option<String>,
}

/// What a target can express.
pub(in crate::targets) struct Limits<F> {
    /// Translates a condition. If the target cannot express it, the error says which conditions the target accepts.
    pub(in crate::targets) translate: F,
    /// The weights that the target accepts.
    pub(in crate::targets) weights: WeightLimit,
    /// The reason why the target cannot choose a variant by the hash of an affinity key, which is the value of a header or
    /// cookie; `None` if the target can.
    pub(in crate::targets) why_no_hash: Option<&'static str>,
}

impl<C> Table<C> {
    /// The table of requests that all go to stable.
    pub(in crate::targets) fn stable() -> Self {
        let destination = Destination { variant: Variant::Stable, set_cookie: None };
        Table { rows: vec![Row { conditions: Vec::new(), split: Split::One(destination) }] }
    }

    /// Builds the table of a policy. If there are former tokens, which are those of the policy, rows after those of the affinity
    /// cookie honour them. The losses are the parts of the policy that the table does not express.
    pub(in crate::targets) fn new(
        policy: &Policy,
        former_tokens: Option<&FormerTokens>,
        limits: &Limits<impl Fn(Condition<'_>) -> Result<C, &'static str>>,
    ) -> Conversion<Self> {
        let Parts { canaries, total: _, affinity } = policy.parts();
        let Conversion { output: weights, mut losses } = weights(policy, limits.weights);
        let rules = rule_choices(canaries, limits);
        losses.extend(rules.losses);
        let Conversion { output: mut pins, losses: of_affinity } = Pins::new(affinity, canaries, former_tokens, limits);
        losses.extend(of_affinity);

        let (pinned, former) = (std::mem::take(&mut pins.choices), std::mem::take(&mut pins.former));
        let pinned = pinned.into_iter().map(|choice| Row::of(choice, &pins, false));
        let pinned = pinned.chain(former.into_iter().map(|choice| Row::of(choice, &pins, true)));
        let rules = rules.output.into_iter().map(|choice| Row::of(choice, &pins, pins.before_rules));
        let rows = if pins.before_rules { pinned.chain(rules).collect() } else { rules.chain(pinned).collect() };
        let mut rows = merged(rows);
        rows.push(Row { conditions: Vec::new(), split: Split::new(&weights, &pins) });
        losses.extend(pins.unwritten_attributes(&rows));
        losses.sort_by_key(|loss| loss.part().position());
        Conversion { output: Table { rows }, losses }
    }
}

impl Split {
    fn new<C>(weights: &[VariantWeight], pins: &Pins<'_, C>) -> Self {
        match weights {
            [VariantWeight { variant, weight: _ }] => Split::One(pins.destination(*variant)),
            _ => Split::Several(
                weights
                    .iter()
                    .map(|&VariantWeight { variant, weight }| Share { destination: pins.destination(variant), weight })
                    .collect(),
            ),
        }
    }

    /// The number of destinations.
    pub(in crate::targets) fn len(&self) -> usize {
        match self {
            Split::One(_) => 1,
            Split::Several(shares) => shares.len(),
        }
    }

    /// The destinations, each with its weight unless it is the only one.
    pub(in crate::targets) fn destinations(&self) -> impl Iterator<Item = Weighted<'_>> {
        let (one, several) = match self {
            Split::One(destination) => (Some(Weighted { destination, weight: None }), [].as_slice()),
            Split::Several(shares) => (None, shares.as_slice()),
        };
        let several = several.iter();
        one.into_iter()
            .chain(several.map(|Share { destination, weight }| Weighted { destination, weight: Some(*weight) }))
    }
}

impl<C> Row<C> {
    fn of(choice: Choice<C>, pins: &Pins<'_, C>, sets_cookie: bool) -> Self {
        let Choice { condition, variant } = choice;
        let destination = pins.destination(variant);
        let set_cookie = destination.set_cookie.filter(|_| sets_cookie);
        Row { conditions: vec![condition], split: Split::One(Destination { variant, set_cookie }) }
    }

    /// Every path with every condition, or with `None` in the last row.
    pub(in crate::targets) fn matches<'r, P>(&'r self, paths: &'r [P]) -> impl Iterator<Item = (&'r P, Option<&'r C>)> {
        let conditions = self.conditions.iter().map(Some).chain(self.conditions.is_empty().then_some(None));
        conditions.flat_map(move |condition| paths.iter().map(move |path| (path, condition)))
    }
}

/// Joins neighbouring rows that lead to the same destination.
fn merged<C>(rows: Vec<Row<C>>) -> Vec<Row<C>> {
    let mut merged: Vec<Row<C>> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.split == row.split => last.conditions.extend(row.conditions),
            _ => merged.push(row),
        }
    }
    merged
}
