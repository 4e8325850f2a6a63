//! The size of an object that has every path with every condition.

use super::Table;
use crate::error::ConversionError;

/// The largest size of an object in bytes. etcd refuses requests of more than 1572864 bytes by default (`--max-request-bytes`); the
/// difference is for the parts of an object that are not its matches.
const MAX_BYTES: usize = 1_500_000;

/// The most bytes that a match needs in JSON besides its path and its condition.
const AROUND: usize = 64;

/// The most bytes that a destination needs in JSON besides the cookie that it sets. The names of a Service and its namespace have
/// at most 63 characters each.
const AROUND_DESTINATION: usize = 320;

impl<C> Table<C> {
    /// The bytes of the rows in an object in which each row has all of these paths, by an estimate that is rather too large.
    pub(in crate::targets) fn bytes<P>(
        &self,
        paths: &[P],
        path_bytes: impl Fn(&P) -> usize,
        condition_bytes: impl Fn(&C) -> usize,
    ) -> usize {
        let bytes_of = |(path, condition): (&P, Option<&C>)| {
            AROUND.saturating_add(path_bytes(path)).saturating_add(condition.map_or(0, &condition_bytes))
        };
        let matches = self.rows.iter().flat_map(|row| row.matches(paths)).map(bytes_of);
        let destinations =
            self.rows.iter().flat_map(|row| row.split.destinations()).map(|to| {
                AROUND_DESTINATION.saturating_add(to.destination.set_cookie.as_deref().map_or(0, json_bytes))
            });
        matches.chain(destinations).fold(0, usize::saturating_add)
    }
}

/// Checks that Kubernetes can store an object of this many bytes.
///
/// # Errors
///
/// The object is too large. The error names it.
pub(in crate::targets) fn check_size(object: &'static str, bytes: usize) -> Result<(), ConversionError> {
    if bytes <= MAX_BYTES { Ok(()) } else { Err(ConversionError::TooLarge { object, bytes, bound: MAX_BYTES }) }
}

/// The bytes of a text in JSON, in which quotes and backslashes are escaped.
pub(in crate::targets) fn json_bytes(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
