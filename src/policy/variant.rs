//! Variants: the versions that a request can go to.

use std::fmt;
use std::str::FromStr;

use crate::error::{Excerpt, Invalid};
use crate::names::serde_as_text;

/// One of the versions that a request can go to: stable, or a canary.
///
/// As text, and with `serde`, a variant is `stable` or `canaries[INDEX]`. Its name is
/// [`Policy::name`](crate::Policy::name).
///
/// ```
/// use canary_policy::Variant;
///
/// assert_eq!(Variant::Canary(1).to_string(), "canaries[1]");
/// assert_eq!("canaries[1]".parse::<Variant>()?, Variant::Canary(1));
/// assert_eq!(Variant::Canary(0).index(), Some(0));
/// assert_eq!(Variant::Stable.index(), None);
/// assert!("canary".parse::<Variant>().is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// The version that every request gets unless a canary does.
    Stable,
    /// The canary at this index of [`Policy::canaries`](crate::Policy::canaries), counted from 0.
    Canary(usize),
}

impl Variant {
    /// The index of the canary, counted from 0; `None` for stable.
    #[must_use]
    pub const fn index(self) -> Option<usize> {
        match self {
            Variant::Stable => None,
            Variant::Canary(index) => Some(index),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variant::Stable => f.write_str("stable"),
            Variant::Canary(index) => write!(f, "canaries[{index}]"),
        }
    }
}

impl FromStr for Variant {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let index = text.strip_prefix("canaries[").and_then(|rest| rest.strip_suffix(']'));
        match (text, index.map(str::parse)) {
            ("stable", _) => Ok(Variant::Stable),
            (_, Some(Ok(index))) => Ok(Variant::Canary(index)),
            _ => Err(Invalid::Variant(Excerpt::of(text))),
        }
    }
}

serde_as_text!(Variant);
