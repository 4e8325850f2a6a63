//! Conditions as header matches of Istio.

use super::StringMatch;
use crate::targets::table::{self, Condition, Encoding, ProgramLimit, ValueMatch};

/// The largest number of bytes of a regular expression.
pub(super) const MAX_REGEX: usize = 1024;

/// Istio sets this limit for Envoy (`re2.max_program_size.error_level` in its bootstrap configuration).
const PROGRAM_LIMIT: ProgramLimit = ProgramLimit {
    encoding: Encoding::Utf8,
    max_instructions: 32_768,
    bound: "RE2 compiles a regular expression of Istio to at most 32768 instructions",
};

/// Whether Istio documents that it ignores a header of this name (`HTTPMatchRequest.headers` of Istio 1.30).
pub(super) fn is_ignored(name: &str) -> bool {
    matches!(name, "uri" | "scheme" | "method" | "authority")
}

/// Why a header is not matched that Istio ignores.
pub(super) const WHY_IGNORED: &str = "Istio documents that it ignores headers called uri, scheme, method and authority";

/// A header, by its name in lower case, and the match on its value.
pub(super) struct HeaderMatch {
    pub(super) name: String,
    pub(super) value: StringMatch,
}

/// A condition as a header match.
///
/// # Errors
///
/// Istio refuses the regular expression or ignores the header. The error says what Istio accepts, or which headers it ignores.
pub(super) fn header_match(condition: Condition<'_>) -> Result<HeaderMatch, &'static str> {
    let header = table::HeaderMatch::for_envoy(condition)?;
    // If Istio ignored the header, the rule would match every request.
    if is_ignored(&header.name) {
        return Err(WHY_IGNORED);
    }
    let header = match &header.value {
        ValueMatch::Regex(regex) if regex.len() > MAX_REGEX => {
            return Err(
                "a regular expression of Istio has at most 1024 bytes, including what is written around a pattern or cookie",
            );
        }
        // Without a counted repetition, each character compiles to fewer than 32 instructions, and 1024 characters to fewer than
        // 32768. So only an expression with `{` can exceed the limit.
        ValueMatch::Regex(regex) if regex.contains('{') => header.within(PROGRAM_LIMIT, condition)?,
        ValueMatch::Regex(_) | ValueMatch::Exact(_) => header,
    };
    let value = match header.value {
        ValueMatch::Exact(value) => StringMatch::Exact(value.to_owned()),
        ValueMatch::Regex(regex) => StringMatch::Regex(regex),
    };
    Ok(HeaderMatch { name: header.name.into_owned(), value })
}
