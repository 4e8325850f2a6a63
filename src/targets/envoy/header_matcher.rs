//! Conditions as header matchers of Envoy.

use super::{HeaderMatcher, RegexMatcher, StringMatcher};
use crate::targets::UnknownFields;
use crate::targets::table::{Condition, Encoding, HeaderMatch, ProgramLimit, ValueMatch};

/// Envoy has this limit unless its runtime sets another (`re2.max_program_size.error_level`).
const PROGRAM_LIMIT: ProgramLimit = ProgramLimit {
    encoding: Encoding::Bytes,
    max_instructions: 100,
    bound: "RE2 compiles a regular expression of Envoy to at most 100 instructions, \
            including what is written around a pattern or cookie",
};

/// A condition as a header matcher.
///
/// # Errors
///
/// Envoy refuses the regular expression. The error says which ones Envoy accepts.
pub(super) fn header_matcher(condition: Condition<'_>) -> Result<HeaderMatcher, &'static str> {
    let HeaderMatch { name, value } = HeaderMatch::for_envoy(condition)?.within(PROGRAM_LIMIT, condition)?;
    let string_match = match value {
        ValueMatch::Exact(value) => StringMatcher::Exact(value.to_owned()),
        ValueMatch::Regex(regex) => StringMatcher::SafeRegex(RegexMatcher { regex, unknown: UnknownFields::default() }),
    };
    Ok(HeaderMatcher { name, string_match, unknown: UnknownFields::default() })
}
