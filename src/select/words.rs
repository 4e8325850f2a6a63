//! Comparing short texts by whole words.

/// Whether two texts are equal. Most names, tokens and values have at most 16 bytes, and are compared as two numbers without a
/// call.
#[inline]
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match (ends::<8>(a), ends::<8>(b)) {
            (Some(a_ends), Some(b_ends)) => a_ends == b_ends && (a.len() <= 16 || a == b),
            _ => match (ends::<4>(a), ends::<4>(b)) {
                (Some(a_ends), Some(b_ends)) => a_ends == b_ends,
                _ => a.iter().zip(b).all(|(a, b)| a == b),
            },
        }
}

/// The first and the last `N` bytes, which overlap if there are fewer than two times `N`.
#[inline]
fn ends<const N: usize>(text: &[u8]) -> Option<[&[u8; N]; 2]> {
    Some([text.first_chunk()?, text.last_chunk()?])
}

/// What comes after this text, if the bytes begin with it.
#[inline]
pub(super) fn after<'b>(bytes: &'b [u8], text: &[u8]) -> Option<&'b [u8]> {
    let (start, rest) = bytes.split_at_checked(text.len())?;
    equal(start, text).then_some(rest)
}
