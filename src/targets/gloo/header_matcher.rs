//! Conditions as header matchers of Gloo.

use super::HeaderMatcher;
use crate::targets::UnknownFields;
use crate::targets::table::{Condition, Encoding, HeaderMatch, ProgramLimit, ValueMatch};

/// The Helm chart sets this limit (`regexMaxProgramSize`). The Envoy of Gloo may read UTF-8 or bytes: a program for UTF-8 is
/// never the smaller one, so counting for UTF-8 is right for both.
const PROGRAM_LIMIT: ProgramLimit = ProgramLimit {
    encoding: Encoding::Utf8,
    max_instructions: 1024,
    bound: "RE2 compiles a regular expression of Gloo to at most 1024 instructions, \
            including what is written around a pattern or cookie",
};

/// A condition as a header matcher.
///
/// # Errors
///
/// Gloo refuses the regular expression. The error says which ones Gloo accepts.
pub(super) fn header_matcher(condition: Condition<'_>) -> Result<HeaderMatcher, &'static str> {
    let HeaderMatch { name, value } = HeaderMatch::for_envoy(condition)?;
    let value = match value {
        // An empty value would match every value.
        ValueMatch::Exact("") => ValueMatch::Regex("^$".to_owned()),
        value => value,
    };
    let HeaderMatch { name, value } = HeaderMatch { name, value }.within(PROGRAM_LIMIT, condition)?;
    let name = if name == "host" { ":authority".to_owned() } else { name.into_owned() };
    let (value, regex) = match value {
        ValueMatch::Exact(value) => (value.to_owned(), false),
        ValueMatch::Regex(value) => (value, true),
    };
    Ok(HeaderMatcher { name, value, regex, unknown: UnknownFields::default() })
}
