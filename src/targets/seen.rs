//! Conditions that were read.

use std::fmt;

use super::Finding;
use super::regex::{self, CookieRegex};
use super::table::Condition;
use crate::error::Excerpt;
use crate::policy::Pattern;

/// A condition that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Header(String, String),
    HeaderFound(String, Pattern),
    Cookie(String, String),
    CookieFound(String, Pattern),
    Affinity(String, String),
}

impl Seen {
    /// What a regular expression on a header asks for.
    pub(super) fn regex(
        field: &str,
        name: &str,
        value: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, &'static str> {
        let cookie = if name.eq_ignore_ascii_case("cookie") { regex::read_cookie(value) } else { None };
        Ok(match cookie {
            Some(CookieRegex::Is(name, value)) => Seen::Cookie(name, value),
            Some(CookieRegex::Found(name, pattern)) => Seen::CookieFound(name, pattern),
            Some(CookieRegex::Affinity(name, value)) => Seen::Affinity(name, value),
            Some(CookieRegex::Loose(name, value)) => {
                let seen = Seen::Cookie(name, value);
                let why = "a regular expression on the Cookie header matches more than that cookie";
                findings.push(Finding::Assumed { field: field.to_owned(), value: Excerpt::of(&seen.to_string()), why });
                seen
            }
            None => {
                let pattern =
                    regex::read_found(value).map_err(|_| "engines would read the regular expression otherwise")?;
                Seen::HeaderFound(name.to_ascii_lowercase(), pattern)
            }
        })
    }
}

impl From<Condition<'_>> for Seen {
    fn from(condition: Condition<'_>) -> Self {
        match condition {
            Condition::Header(name, value) => Seen::Header(name.to_string(), value.to_owned()),
            Condition::HeaderFound(name, pattern) => Seen::HeaderFound(name.to_string(), pattern.clone()),
            Condition::Cookie(name, value) => Seen::Cookie(name.to_string(), value.to_owned()),
            Condition::CookieFound(name, pattern) => Seen::CookieFound(name.to_string(), pattern.clone()),
            Condition::Affinity(name, value) => Seen::Affinity(name.to_string(), value.to_owned()),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Header(name, value) => write!(f, "{name} = {value}"),
            Seen::HeaderFound(name, pattern) => write!(f, "{name} ~ {pattern}"),
            Seen::Cookie(name, value) | Seen::Affinity(name, value) => write!(f, "cookie {name} = {value}"),
            Seen::CookieFound(name, pattern) => write!(f, "cookie {name} ~ {pattern}"),
        }
    }
}
