//! **How**: the same policy for something that routes, and people's manifests read back.
//!
//! A converter is a plain function named for what it returns. What the policy says and the target cannot is a [`Loss`],
//! never silence.

mod backend;
pub mod nginx;

use std::fmt;

pub use backend::{Backend, Port, PortName};

use crate::error::Excerpt;
use crate::policy::{Canary, CookieRule, HeaderRule, Match};

/// What was written, and what could not be said.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Canary, Policy, Total};
///
/// let two = Policy::new([Canary::new("blue", 10)?, Canary::new("green", 20)?], Total::default())?;
/// let conversion = annotations(&two, &Prefix::default());
/// assert_eq!(conversion.losses.len(), 1);
/// assert!(conversion.exact().is_err());
///
/// assert!(annotations(&Policy::percent(30)?, &Prefix::default()).exact().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Conversion<T> {
    /// What the target is to be given.
    pub output: T,
    /// What the policy says and the output does not, in the order of the policy's fields.
    pub losses: Vec<Loss>,
}

impl<T> Conversion<T> {
    /// The output, if it says the whole policy.
    ///
    /// # Errors
    ///
    /// The losses.
    pub fn exact(self) -> Result<T, Lossy> {
        if self.losses.is_empty() { Ok(self.output) } else { Err(Lossy { losses: self.losses }) }
    }
}

/// A conversion that is not exact.
///
/// ```
/// use canary_policy::targets::nginx::{annotations, Prefix};
/// use canary_policy::{Affinity, KeyAffinity, Policy};
///
/// let policy = Policy::percent(30)?.with_affinity(Affinity::Key(KeyAffinity::header("x-user-id")?));
/// let lossy = annotations(&policy, &Prefix::default()).exact().unwrap_err();
/// assert_eq!(lossy.to_string(), lossy.losses[0].to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lossy {
    /// One or more, in the order of the policy's fields.
    pub losses: Vec<Loss>,
}

impl std::error::Error for Lossy {}

impl fmt::Display for Lossy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.losses.iter().map(Loss::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

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

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Canary(index) => write!(f, "canaries[{index}]"),
            Part::Header(index) => write!(f, "canaries[{index}].header"),
            Part::Cookie(index) => write!(f, "canaries[{index}].cookie"),
            Part::Affinity => f.write_str("affinity"),
            Part::AffinityPrecedence => f.write_str("affinity.cookie.precedence"),
            Part::AffinityRevision => f.write_str("affinity.cookie.revision"),
            Part::AffinityPath => f.write_str("affinity.cookie.path"),
        }
    }
}

/// Something that a policy says and the output does not.
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
            Loss::LeftOut { part, .. } | Loss::Refused { part, .. } | Loss::Changed { part, .. } => *part,
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
            Loss::Changed { part, wanted, got, why } => write!(f, "{part}: `{wanted}` becomes `{got}`: {why}"),
        }
    }
}

/// A rule in a few characters, as in `x-region = eu`, `x-region ~ ^eu` or `x-canary`.
fn rule_text(name: &str, matches: &Match) -> Excerpt {
    match matches {
        Match::AlwaysNever => Excerpt::of(name),
        Match::Exact(value) => Excerpt::of(&format!("{name} = {value}")),
        Match::Pattern(pattern) => Excerpt::of(&format!("{name} ~ {pattern}")),
    }
}

/// A canary in a few characters, as in `green: 20, x-canary, cohort = beta`.
fn canary_text(canary: &Canary) -> Excerpt {
    let Canary { name, weight, header, cookie } = canary;
    let header = header.iter().map(|HeaderRule { name, matches }| rule_text(name.as_str(), matches).to_string());
    let cookie = cookie.iter().map(|CookieRule { name, matches }| rule_text(name.as_str(), matches).to_string());
    let parts: Vec<String> = std::iter::once(format!("{name}: {weight}")).chain(header).chain(cookie).collect();
    Excerpt::of(&parts.join(", "))
}
