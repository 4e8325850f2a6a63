//! Conditions as header matches of the Gateway API.

use super::{HeaderMatch, RouteParams};
use crate::policy::{Affinity, Policy};
use crate::targets::UnknownFields;
use crate::targets::table::{self, Condition, Encoding, ProgramLimit, ValueMatch};

/// The largest number of characters of a header value.
const MAX_VALUE: usize = 4096;

/// A condition as a header match.
///
/// # Errors
///
/// The API server or an implementation refuses the value, or the `Set-Cookie` value that an affinity cookie is set with; or the
/// implementation does not see the header as the client sent it. The error says which values are accepted.
pub(super) fn header_match(
    policy: &Policy,
    condition: Condition<'_>,
    params: &RouteParams,
) -> Result<HeaderMatch, &'static str> {
    let header = match params.program_size() {
        Some(_) => table::HeaderMatch::for_envoy(condition)?,
        None => table::HeaderMatch::new(condition)?,
    };
    let length = match &header.value {
        ValueMatch::Exact(value) => value.len(),
        ValueMatch::Regex(regex) => regex.len(),
    };
    if length == 0 || length > MAX_VALUE {
        return Err(
            "a header value in an HTTPRoute has 1 to 4096 characters, including what is written around a pattern or cookie",
        );
    }
    let table::HeaderMatch { name, value } = match params.program_size() {
        Some(size) => header.within(program_limit(size), condition)?,
        None => header,
    };
    let (kind, value) = match value {
        ValueMatch::Exact(value) => ("Exact", value.to_owned()),
        ValueMatch::Regex(regex) => ("RegularExpression", regex),
    };
    let set_cookie = match (policy.affinity(), condition) {
        (Affinity::Cookie(cookie), Condition::Affinity(_, value)) => cookie.set_cookie(value),
        _ => String::new(),
    };
    if !is_printable(&value) || !is_printable(&set_cookie) {
        Err("a header value in an HTTPRoute is printable ASCII without two spaces or tabs in a row")
    } else if params.program_size().is_some() && set_cookie.contains('%') {
        Err("implementations that are built on Envoy read a % in a Set-Cookie value as the start of a variable")
    } else {
        Ok(HeaderMatch { kind: kind.into(), name, value, unknown: UnknownFields::default() })
    }
}

/// The limit of an implementation that is built on Envoy. Its Envoy may read UTF-8 or bytes: a program for UTF-8 is never the
/// smaller one, so counting for UTF-8 is right for both.
fn program_limit(size: u32) -> ProgramLimit {
    ProgramLimit {
        encoding: Encoding::Utf8,
        max_instructions: usize::try_from(size).unwrap_or(usize::MAX),
        bound: "RE2 compiles its regular expression to more instructions than the parameters allow; Envoy, which many \
                implementations are built on, allows 100 unless it is configured otherwise",
    }
}

/// Whether a value is valid for a header in the experimental channel of the Gateway API. The standard channel is to take over this
/// check.
fn is_printable(value: &str) -> bool {
    let printable = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let two_blanks = value.as_bytes().windows(2).any(|pair| matches!(pair, [b'\t' | b' ', b'\t' | b' ']));
    printable && !two_blanks
}
