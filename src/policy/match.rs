//! The test on one value, of a header or of a cookie.

use super::Pattern;

/// The test on one value.
///
/// Values are compared byte for byte: `Always` is not `always`.
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
    /// `always` is the canary, `never` is stable at once, anything else is left to the next rule.
    #[default]
    AlwaysNever,
    /// This very value is the canary, anything else, also `always` and `never`, is left to the next rule.
    Exact(String),
    /// A value in which the pattern is found, anywhere, is the canary; anything else, also `always` and `never`, is left
    /// to the next rule.
    Pattern(Pattern),
}
