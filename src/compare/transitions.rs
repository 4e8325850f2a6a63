//! The shares of the samples that go from one variant to another.

use std::collections::BTreeMap;
use std::fmt;

use super::rows::Source;
use crate::policy::{Affinity, Interval, Policy, Ratio, Variant};

/// The shares of the requests that go from each variant of one policy to each variant of another, for requests that no rule and
/// no affinity cookie decides.
///
/// ```
/// use canary_policy::compare::{self, Draw};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let key = |salt| KeyAffinity::header("x-user-id").and_then(|key| key.with_salt(salt)).map(Affinity::Key);
/// let (old, new) = (Policy::percent(50)?.with_affinity(key("a")?), Policy::percent(60)?);
/// // With the same salt, 10 of 100 clients move to the canary, and none moves back.
/// let transitions = compare::transitions(&old, &new.clone().with_affinity(key("a")?));
/// assert_eq!((transitions.draw, transitions.transitions.len()), (Draw::Client, 3));
/// assert_eq!(transitions.transitions[1].to_string(), "10/100 from stable to canary");
/// // With another salt, every client has a new sample.
/// let transitions = compare::transitions(&old, &new.with_affinity(key("b")?));
/// assert_eq!(transitions.draw, Draw::Independent);
/// assert_eq!(transitions.transitions[2].to_string(), "2000/10000 from canary to stable");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Transitions {
    /// Where the samples of the two policies come from, which says what a share is a share of.
    pub draw: Draw,
    /// The shares, without empty ones, in the order of the variants. They add up to their common total.
    pub transitions: Vec<Transition>,
}

/// The share of the samples that the first policy gives to one variant, and the second policy to the same variant or to another
/// one.
///
/// `Display` writes `5/100 from stable to canary` or `70/100 stay with stable`.
///
/// ```
/// use canary_policy::policy::Ratio;
/// use canary_policy::{Policy, compare};
///
/// let transitions = compare::transitions(&Policy::percent(0)?, &Policy::percent(5)?).transitions;
/// assert_eq!((transitions[1].from.as_str(), transitions[1].to.as_str()), ("stable", "canary"));
/// assert_eq!(transitions[1].share, Ratio::new(5, 100));
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Transition {
    /// The name of the variant in the first policy.
    pub from: String,
    /// The name of the variant in the second policy.
    pub to: String,
    /// The share. All transitions of two policies have the same total.
    pub share: Ratio,
}

/// Where the samples of two policies come from.
///
/// With `serde` the values are `caller`, `client` and `independent`.
///
/// ```
/// use canary_policy::compare::{self, Draw};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let (old, new) = (Policy::percent(50)?, Policy::percent(60)?);
/// assert_eq!(compare::transitions(&old, &new).draw, Draw::Caller);
/// let new = new.with_affinity(Affinity::Key(KeyAffinity::cookie("uid")?));
/// assert_eq!(compare::transitions(&old, &new).draw, Draw::Independent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Draw {
    /// Neither policy has an affinity key. A share is a part of all samples that a caller can pass.
    Caller,
    /// Both policies have the same affinity key with the same salt and hash. A share is a part of the clients, because each
    /// client has one sample for both policies. Requests without the key have the sample of the caller, and the same shares.
    /// [`KeyHash::Unleash`](crate::policy::KeyHash::Unleash) has only 100 samples, so that a share of clients can be off by up to
    /// 1 % of them.
    Client,
    /// Only one policy has an affinity key, or their keys, salts or hashes differ. The samples are independent, so clients are
    /// drawn again: a share is the product of the shares of both variants. Requests without a key have the sample of the caller
    /// in both policies; compare the policies without affinity for their shares. A client that sends the same value under both
    /// keys keeps its sample if the salt and the hash stay the same.
    Independent,
}

/// The exact share of the samples that goes from each variant of the first policy to each variant of the second.
///
/// A share is in the list if and only if a [`Sample`](crate::Sample) goes that way: two intervals that overlap have at least one
/// of the 2^64 samples in common.
///
/// ```
/// use canary_policy::{Policy, compare};
///
/// let transitions = compare::transitions(&Policy::percent(30)?, &Policy::percent(35)?);
/// let words: Vec<String> = transitions.transitions.iter().map(ToString::to_string).collect();
/// assert_eq!(words, ["65/100 stay with stable", "5/100 from stable to canary", "30/100 stay with canary"]);
/// # Ok::<(), canary_policy::InvalidPolicy>(())
/// ```
#[must_use]
pub fn transitions(a: &Policy, b: &Policy) -> Transitions {
    let draw = Draw::of(a.affinity(), b.affinity());
    let shares = if draw == Draw::Independent { independent(a, b) } else { together(a, b) };
    let total = shares.values().sum();
    let name = |policy: &Policy, variant| policy.name(variant).unwrap_or_default().to_owned();
    let transition = |((from, to), parts): ((Variant, Variant), u128)| Transition {
        from: name(a, from),
        to: name(b, to),
        share: Ratio::new(parts, total),
    };
    Transitions { draw, transitions: shares.into_iter().map(transition).collect() }
}

/// Shares above 0, as parts of a total that is their sum.
type Shares = BTreeMap<(Variant, Variant), u128>;

/// The shares if both policies have the same sample.
fn together(a: &Policy, b: &Policy) -> Shares {
    let (total_a, total_b) = (u128::from(a.total().get()), u128::from(b.total().get()));
    let divisor = Ratio::new(total_a, total_b).common_divisor().max(1);
    // Both policies are measured in parts of the least common multiple of their totals, which is below 2^64.
    let (scale_a, scale_b) = (total_b / divisor, total_a / divisor);
    let (before, after) = (a.intervals(), b.intervals());
    let mut shares = Shares::new();
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    while let (Some(one), Some(other)) = (before.peek(), after.peek()) {
        let (one, other) = (scaled(one, scale_a), scaled(other, scale_b));
        let (start, end) = (one.start.max(other.start), one.end.min(other.end));
        *shares.entry((one.variant, other.variant)).or_default() += end - start;
        before.next_if(|_| one.end == end);
        after.next_if(|_| other.end == end);
    }
    shares
}

/// An interval in parts of a multiple of its total.
struct Scaled {
    start: u128,
    end: u128,
    variant: Variant,
}

fn scaled(interval: &Interval, scale: u128) -> Scaled {
    let Interval { start, end, variant } = *interval;
    Scaled { start: scale * u128::from(start), end: scale * u128::from(end), variant }
}

/// The shares if the samples of the policies are independent.
fn independent(a: &Policy, b: &Policy) -> Shares {
    let pairs = a.variants().flat_map(|from| b.variants().map(move |to| (from, to)));
    let share = |(from, to)| ((from, to), u128::from(a.weight(from)) * u128::from(b.weight(to)));
    pairs.map(share).filter(|(_, parts)| *parts > 0).collect()
}

impl Draw {
    fn of(a: &Affinity, b: &Affinity) -> Self {
        match (a, b) {
            (Affinity::Key(a), Affinity::Key(b)) if Source::new(a) == Source::new(b) => Draw::Client,
            (Affinity::Key(_), _) | (_, Affinity::Key(_)) => Draw::Independent,
            (Affinity::None | Affinity::Cookie(_), Affinity::None | Affinity::Cookie(_)) => Draw::Caller,
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transition { from, to, share } = self;
        if from == to { write!(f, "{share} stay with {to}") } else { write!(f, "{share} from {from} to {to}") }
    }
}
