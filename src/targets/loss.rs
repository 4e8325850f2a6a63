//! What a conversion could not say.

use std::fmt;

use crate::error::Excerpt;
use crate::policy::{Affinity, Canary, CookieRule, HeaderRule, Key, KeyAffinity, Match};

/// A part of a policy, by its place in a [`Spec`](crate::Spec).
///
/// ```
/// use canary_policy::targets::Part;
///
/// assert_eq!(Part::Cookie(1).to_string(), "canaries[1].cookie");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A whole canary, by its index.
    Canary(usize),
    /// A canary's weight.
    Weight(usize),
    /// A canary's header rule.
    Header(usize),
    /// A canary's cookie rule.
    Cookie(usize),
    /// The affinity as a whole.
    Affinity,
    /// The affinity cookie's precedence.
    AffinityPrecedence,
    /// The affinity cookie's revision.
    AffinityRevision,
    /// The affinity cookie's path.
    AffinityPath,
}

/// As it is displayed.
#[cfg(feature = "serde")]
impl serde::Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Part {
    /// Where it stands in a `Spec`: canary by canary, and the affinity behind them.
    pub(super) fn place(self) -> (usize, Part) {
        match self {
            Part::Canary(index) | Part::Weight(index) | Part::Header(index) | Part::Cookie(index) => (index, self),
            Part::Affinity | Part::AffinityPrecedence | Part::AffinityRevision | Part::AffinityPath => {
                (usize::MAX, self)
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Canary(index) => write!(f, "canaries[{index}]"),
            Part::Weight(index) => write!(f, "canaries[{index}].weight"),
            Part::Header(index) => write!(f, "canaries[{index}].header"),
            Part::Cookie(index) => write!(f, "canaries[{index}].cookie"),
            Part::Affinity => f.write_str("affinity"),
            Part::AffinityPrecedence => f.write_str("affinity.cookie.precedence"),
            Part::AffinityRevision => f.write_str("affinity.cookie.revision"),
            Part::AffinityPath => f.write_str("affinity.cookie.path"),
        }
    }
}

/// Parts of a whole.
///
/// ```
/// use canary_policy::targets::Proportion;
///
/// assert_eq!(Proportion { parts: 1, total: 3 }.to_string(), "1/3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Proportion {
    /// How many parts.
    pub parts: u32,
    /// Of how many.
    pub total: u32,
}

impl Proportion {
    /// Whether both are the same fraction.
    pub(super) fn equals(self, other: Proportion) -> bool {
        u64::from(self.parts) * u64::from(other.total) == u64::from(other.parts) * u64::from(self.total)
    }
}

impl fmt::Display for Proportion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.parts, self.total)
    }
}

/// Something that a policy says and the output does not.
///
/// With `serde` it is written as `{"kind": "leftOut", "part": "canaries[0].cookie", "value": …, "why": …}`.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::targets::Part;
/// use canary_policy::{Canary, CookieRule, Loss, Match, Policy, Total};
///
/// let beta = CookieRule::new("cohort", Match::Exact("beta".to_owned()))?;
/// let policy = Policy::new([Canary::new("canary", 5)?.with_cookie(beta)], Total::default())?;
/// let loss = &annotations(&policy, &Prefix::default()).losses[0];
/// assert!(matches!(loss, Loss::LeftOut { part: Part::Cookie(0), .. }));
/// assert_eq!(
///     loss.to_string(),
///     "canaries[0].cookie: `cohort = beta` is left out: ingress-nginx reads only always and never in a cookie",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "camelCase"))]
#[non_exhaustive]
pub enum Loss {
    /// The target has no words for it: nothing was written.
    LeftOut {
        /// What is left out.
        part: Part,
        /// Its value.
        value: Excerpt,
        /// What the target has instead.
        why: &'static str,
    },
    /// The target has words for it and refuses the value: nothing was written.
    Refused {
        /// What is left out.
        part: Part,
        /// The value that is refused.
        value: Excerpt,
        /// What the target takes.
        bound: &'static str,
    },
    /// The target counts less finely: the nearest share was written. None becomes no share, or all of it, that was not;
    /// except of pods, of which there may be too few.
    Rounded {
        /// The weight.
        part: Part,
        /// What the policy says.
        wanted: Proportion,
        /// What the output says.
        got: Proportion,
    },
    /// Something else was written, the nearest that there is.
    Changed {
        /// What is changed.
        part: Part,
        /// What the policy says.
        wanted: Excerpt,
        /// What the output says.
        got: Excerpt,
        /// Why.
        why: &'static str,
    },
}

impl Loss {
    /// The part of the policy that is lost.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Loss::LeftOut { part, .. }
            | Loss::Refused { part, .. }
            | Loss::Rounded { part, .. }
            | Loss::Changed { part, .. } => *part,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::LeftOut { part, value, why } => write!(f, "{part}: `{value}` is left out: {why}"),
            Loss::Refused { part, value, bound } => {
                write!(f, "{part}: `{value}` is refused, so it is left out: {bound}")
            }
            Loss::Rounded { part, wanted, got } => write!(f, "{part}: {wanted} is rounded to {got}"),
            Loss::Changed { part, wanted, got, why } => write!(f, "{part}: `{wanted}` becomes `{got}`: {why}"),
        }
    }
}

/// A rule in a few characters, as in `x-region = eu`, `x-region ~ ^eu` or `x-canary`.
pub(super) fn rule_text(name: &str, matches: &Match) -> Excerpt {
    match matches {
        Match::AlwaysNever => Excerpt::of(name),
        Match::Exact(value) => Excerpt::of(&format!("{name} = {value}")),
        Match::Pattern(pattern) => Excerpt::of(&format!("{name} ~ {pattern}")),
    }
}

/// A canary in a few characters, as in `green: 20, x-canary, cohort = beta`.
pub(super) fn canary_text(canary: &Canary) -> Excerpt {
    let Canary { name, weight, header, cookie } = canary;
    let header = header.iter().map(|HeaderRule { name, matches }| rule_text(name.as_str(), matches).to_string());
    let cookie = cookie.iter().map(|CookieRule { name, matches }| rule_text(name.as_str(), matches).to_string());
    let parts: Vec<String> = std::iter::once(format!("{name}: {weight}")).chain(header).chain(cookie).collect();
    Excerpt::of(&parts.join(", "))
}

/// An affinity in a few characters, if there is one, as in `cookie route` or `key header x-user-id`.
pub(super) fn affinity_text(affinity: &Affinity) -> Option<Excerpt> {
    let text = match affinity {
        Affinity::None => return None,
        Affinity::Cookie(cookie) => format!("cookie {}", cookie.name()),
        Affinity::Key(KeyAffinity { key: Key::Header(name), salt: _ }) => format!("key header {name}"),
        Affinity::Key(KeyAffinity { key: Key::Cookie(name), salt: _ }) => format!("key cookie {name}"),
    };
    Some(Excerpt::of(&text))
}
