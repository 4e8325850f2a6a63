//! Conditions as header matches of the Gateway API.

use super::HeaderMatch;
use crate::policy::{Affinity, Policy};
use crate::targets::table::{self, Condition, ValueMatch};

/// The largest number of characters of a header value.
const MAX_VALUE: usize = 4096;

/// A condition as a header match.
///
/// # Errors
///
/// The API server or an implementation refuses the value, or the `Set-Cookie` value that an affinity cookie is set with. The error
/// says which values are accepted.
pub(super) fn header_match(policy: &Policy, condition: Condition<'_>) -> Result<HeaderMatch, &'static str> {
    let table::HeaderMatch { name, value } = table::HeaderMatch::new(condition)?;
    let (kind, value) = match value {
        ValueMatch::Exact(value) => ("Exact", value.to_owned()),
        ValueMatch::Regex(regex) => ("RegularExpression", regex),
    };
    let set_cookie = match (policy.affinity(), condition) {
        (Affinity::Cookie(cookie), Condition::Affinity(_, value)) => cookie.set_cookie(value),
        _ => String::new(),
    };
    if value.is_empty() || value.len() > MAX_VALUE {
        Err(
            "a header value in an HTTPRoute has 1 to 4096 characters, including what is written around a pattern or cookie",
        )
    } else if !is_printable(&value) || !is_printable(&set_cookie) {
        Err("a header value in an HTTPRoute is printable ASCII without two spaces or tabs in a row")
    } else if set_cookie.contains('%') {
        Err("implementations that are built on Envoy read a % in a Set-Cookie value as the start of a variable")
    } else {
        Ok(HeaderMatch { kind: kind.into(), name, value })
    }
}

/// Whether a value is valid for a header in the experimental channel of the Gateway API. The standard channel is to take over this
/// check.
fn is_printable(value: &str) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b'\t' | b' ');
    let printable = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let two_blanks = value.as_bytes().windows(2).any(|pair| pair.iter().all(is_blank));
    printable && !two_blanks
}
