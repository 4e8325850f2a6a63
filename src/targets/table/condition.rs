//! Conditions: the tests that the rules and the affinity cookie of a policy make on a request.

use std::borrow::Cow;
use std::fmt;

use http::HeaderName;

use crate::policy::{CookieName, CookieRule, HeaderRule, Match, Pattern, Variant};

/// A condition on the value of one header or one cookie.
#[derive(Clone, Copy)]
pub(in crate::targets) enum Condition<'p> {
    /// The header has this value.
    Header(&'p HeaderName, &'p str),
    /// The pattern is found in the value of the header.
    HeaderPattern(&'p HeaderName, &'p Pattern),
    /// The cookie has this value, read as a cookie rule reads it.
    Cookie(&'p CookieName, &'p str),
    /// The pattern is found in the value of the cookie, read as a cookie rule reads it.
    CookiePattern(&'p CookieName, &'p Pattern),
    /// The cookie has this value, read as an affinity cookie is read.
    Affinity(&'p CookieName, &'p str),
    /// The second `|` field of the cookie is this token of the former router, read as an affinity cookie is read.
    FormerToken(&'p CookieName, &'p str),
}

/// What tells conditions apart: two conditions with the same key hold for the same requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConditionKey<'p> {
    kind: &'static str,
    name: Cow<'p, str>,
    value: &'p str,
}

impl<'p> Condition<'p> {
    /// The key of the condition. A cookie rule reads the name of its cookie without regard to letter case, so the letter case is
    /// not part of the key; the affinity cookie is read by its exact name.
    pub(super) fn key(self) -> ConditionKey<'p> {
        let folded = |name: &'p CookieName| {
            let name = name.as_str();
            let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
            if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) }
        };
        let (kind, name, value) = match self {
            Condition::Header(name, value) => ("header", name.as_str().into(), value),
            Condition::HeaderPattern(name, pattern) => ("header pattern", name.as_str().into(), pattern.as_str()),
            Condition::Cookie(name, value) => ("cookie", folded(name), value),
            Condition::CookiePattern(name, pattern) => ("cookie pattern", folded(name), pattern.as_str()),
            Condition::Affinity(name, value) => ("affinity", name.as_str().into(), value),
            Condition::FormerToken(name, token) => ("former token", name.as_str().into(), token),
        };
        ConditionKey { kind, name, value }
    }
}

/// The name and the value, as a rule with an exact value is written.
impl fmt::Display for ConditionKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

/// A condition, and the variant that a request goes to if the condition holds.
pub(in crate::targets) struct Choice<C> {
    pub(in crate::targets) condition: C,
    pub(in crate::targets) variant: Variant,
}

impl<'p> Choice<Condition<'p>> {
    /// A canary's header rule: `always` and `never` are two choices, everything else is one.
    pub(super) fn of_header(rule: &'p HeaderRule, canary: usize) -> Vec<Self> {
        let HeaderRule { name, value_match } = rule;
        let canary = Variant::Canary(canary);
        match value_match {
            Match::AlwaysNever => vec![
                Choice { condition: Condition::Header(name, "always"), variant: canary },
                Choice { condition: Condition::Header(name, "never"), variant: Variant::Stable },
            ],
            Match::Exact(value) => vec![Choice { condition: Condition::Header(name, value), variant: canary }],
            Match::Pattern(pattern) => {
                vec![Choice { condition: Condition::HeaderPattern(name, pattern), variant: canary }]
            }
        }
    }

    /// A canary's cookie rule: `always` and `never` are two choices, everything else is one.
    pub(super) fn of_cookie(rule: &'p CookieRule, canary: usize) -> Vec<Self> {
        let CookieRule { name, value_match } = rule;
        let canary = Variant::Canary(canary);
        match value_match {
            Match::AlwaysNever => vec![
                Choice { condition: Condition::Cookie(name, "always"), variant: canary },
                Choice { condition: Condition::Cookie(name, "never"), variant: Variant::Stable },
            ],
            Match::Exact(value) => vec![Choice { condition: Condition::Cookie(name, value), variant: canary }],
            Match::Pattern(pattern) => {
                vec![Choice { condition: Condition::CookiePattern(name, pattern), variant: canary }]
            }
        }
    }
}
