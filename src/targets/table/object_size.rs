//! The size of an object that has every path with every condition.

use super::Table;
use crate::error::ConversionError;

/// The largest size of an object in bytes. etcd refuses requests of more than 1572864 bytes by default (`--max-request-bytes`); the
/// difference is for the parts of an object that are not its matches.
const MAX_BYTES: usize = 1_500_000;

/// The most bytes that a match needs in JSON besides its path and its condition.
const AROUND: usize = 64;

impl<C> Table<C> {
    /// Checks that Kubernetes can store an object with all of these paths in each row.
    ///
    /// # Errors
    ///
    /// The matches are too large. The error names the object.
    pub(in crate::targets) fn check_size<P>(
        &self,
        object: &'static str,
        paths: &[P],
        path_bytes: impl Fn(&P) -> usize,
        condition_bytes: impl Fn(&C) -> usize,
    ) -> Result<(), ConversionError> {
        let bytes_of = |(path, condition): (&P, Option<&C>)| {
            AROUND.saturating_add(path_bytes(path)).saturating_add(condition.map_or(0, &condition_bytes))
        };
        let matches = self.rows.iter().flat_map(|row| row.matches(paths));
        let bytes = matches.map(bytes_of).fold(0, usize::saturating_add);
        if bytes <= MAX_BYTES { Ok(()) } else { Err(ConversionError::TooLarge { object, bytes, bound: MAX_BYTES }) }
    }
}

/// The bytes of a text in JSON, in which quotes and backslashes are escaped.
pub(in crate::targets) fn json_bytes(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
