//! The test that a rule makes on the value of its header or cookie.

use std::fmt;

use super::Pattern;
use crate::error::Excerpt;

/// The test of a header rule or cookie rule on one value.
///
/// A rule either decides for its canary, decides for stable, or leaves the request to the next rule. Values are
/// compared byte by byte: `Always` is not `always`.
///
/// ```
/// use canary_policy::{HeaderRule, Match, Pattern};
///
/// HeaderRule::new("x-canary", Match::AlwaysNever)?;
/// HeaderRule::new("x-region", Match::Exact("eu-west-1".to_owned()))?;
/// HeaderRule::new("user-agent", Match::Pattern(Pattern::new("Firefox/1[0-9]{2}")?))?;
/// assert!(HeaderRule::new("x-region", Match::Exact("eu\n".to_owned())).is_err());
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Match {
    /// The value `always` decides for the canary and `never` for stable. Any other value is left to the next rule.
    #[default]
    AlwaysNever,
    /// This value decides for the canary. Any other value is left to the next rule, even `always` and `never`.
    Exact(String),
    /// A value in which the pattern is found, anywhere, decides for the canary. Any other value is left to the next
    /// rule, even `always` and `never`.
    Pattern(Pattern),
}

impl Match {
    /// The pattern, if the match is one.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Match::Pattern(pattern) => Some(pattern),
            Match::AlwaysNever | Match::Exact(_) => None,
        }
    }

    /// Writes a rule with this match on the header or cookie of this name, as in `x-region = eu`.
    pub(super) fn fmt_with(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::AlwaysNever => f.write_str(name),
            Match::Exact(value) => write!(f, "{name} = {}", Excerpt::whole(value)),
            Match::Pattern(pattern) => write!(f, "{name} ~ {}", Excerpt::whole(pattern.as_str())),
        }
    }
}
