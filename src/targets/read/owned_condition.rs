//! Conditions that were read from an object.

use std::fmt;

use super::regex::{CookieRegex, read_cookie_regex, read_pattern_regex};
use crate::error::Invalid;
use crate::policy::Pattern;
use crate::targets::finding::Findings;
use crate::targets::table::Condition;

/// A [`Condition`] that owns its names and values. It may name a header or cookie that no policy can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::targets) enum OwnedCondition {
    Header(String, String),
    HeaderPattern(String, Pattern),
    Cookie(String, String),
    CookiePattern(String, Pattern),
    Affinity(String, String),
    FormerToken(String, String),
}

impl OwnedCondition {
    /// The condition that a regular expression on the whole value of a header expresses. If the expression matches more than one
    /// cookie with one value, the condition on that cookie is assumed, and a finding for `field` says so.
    ///
    /// # Errors
    ///
    /// The regular expression cannot be a [`Pattern`], for which all engines have to read it alike. The error says so.
    pub(in crate::targets) fn of_regex(
        field: &str,
        header: &str,
        regex: &str,
        findings: &mut Findings,
    ) -> Result<Self, &'static str> {
        let mut loose = |condition: OwnedCondition| {
            let why = "a regular expression on the Cookie header matches more than that cookie";
            findings.assumed(field, &condition.to_string(), why);
            condition
        };
        let cookie = if header.eq_ignore_ascii_case("cookie") { read_cookie_regex(regex) } else { None };
        Ok(match cookie {
            Some(CookieRegex::Exact(name, value)) => OwnedCondition::Cookie(name, value),
            Some(CookieRegex::Pattern(name, pattern)) => OwnedCondition::CookiePattern(name, pattern),
            Some(CookieRegex::Affinity(name, value)) => OwnedCondition::Affinity(name, value),
            Some(CookieRegex::FormerToken(name, token)) => OwnedCondition::FormerToken(name, token),
            Some(CookieRegex::Loose(name, value)) => loose(OwnedCondition::Cookie(name, value)),
            Some(CookieRegex::LooseAny(name)) => {
                let any = Pattern::new("^").map_err(|invalid| why_no_pattern(&invalid))?;
                loose(OwnedCondition::CookiePattern(name, any))
            }
            None => {
                let pattern = read_pattern_regex(regex).map_err(|invalid| why_no_pattern(&invalid))?;
                OwnedCondition::HeaderPattern(header.to_ascii_lowercase(), pattern)
            }
        })
    }

    /// The condition that a pattern is found in the value of a header.
    ///
    /// # Errors
    ///
    /// The text is not a [`Pattern`]. The error says why.
    pub(in crate::targets) fn of_pattern(header: &str, text: &str) -> Result<Self, &'static str> {
        let pattern = Pattern::new(text).map_err(|invalid| why_no_pattern(&invalid))?;
        Ok(OwnedCondition::HeaderPattern(header.to_ascii_lowercase(), pattern))
    }
}

/// Why a regular expression is not a pattern, for a finding.
fn why_no_pattern(invalid: &Invalid) -> &'static str {
    match invalid {
        Invalid::PatternLength { .. } | Invalid::PatternSize { .. } | Invalid::PatternCost { .. } => {
            "the length, the size and the cost of a pattern are bounded"
        }
        _ => "regular-expression engines disagree about what this value matches",
    }
}

impl From<Condition<'_>> for OwnedCondition {
    fn from(condition: Condition<'_>) -> Self {
        match condition {
            Condition::Header(name, value) => OwnedCondition::Header(name.to_string(), value.to_owned()),
            Condition::HeaderPattern(name, pattern) => OwnedCondition::HeaderPattern(name.to_string(), pattern.clone()),
            Condition::Cookie(name, value) => OwnedCondition::Cookie(name.to_string(), value.to_owned()),
            Condition::CookiePattern(name, pattern) => OwnedCondition::CookiePattern(name.to_string(), pattern.clone()),
            Condition::Affinity(name, value) => OwnedCondition::Affinity(name.to_string(), value.to_owned()),
            Condition::FormerToken(name, token) => OwnedCondition::FormerToken(name.to_string(), token.to_owned()),
        }
    }
}

impl fmt::Display for OwnedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnedCondition::Header(name, value) => write!(f, "{name} = {value}"),
            OwnedCondition::HeaderPattern(name, pattern) => write!(f, "{name} ~ {pattern}"),
            OwnedCondition::Cookie(name, value) | OwnedCondition::Affinity(name, value) => {
                write!(f, "cookie {name} = {value}")
            }
            OwnedCondition::FormerToken(name, token) => write!(f, "cookie {name} with the token {token}"),
            OwnedCondition::CookiePattern(name, pattern) => write!(f, "cookie {name} ~ {pattern}"),
        }
    }
}
