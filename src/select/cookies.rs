//! The value of a cookie, in the two ways in which ingress-nginx reads cookies: for its rules and for its affinity.

use std::ops::BitOr;

use http::header;
use memchr::{memchr, memchr_iter, memchr3};

use super::words::{after, equal};
use super::{HeaderLines, NameSet};

/// The value of the first cookie with this name, in any letter case, over all lines, and the rest of its line. Cookie rules read
/// this value, which [`RuleValue`] separates from the rest.
///
/// This is nginx 1.27.1's `$cookie_NAME` (`ngx_http_parse_multi_header_lines`). A cookie begins at the start of a
/// line, or after a `;` or `,` that spaces may follow. A value ends at the next `;`. For the cookie `c`:
///
/// | line | value |
/// |---|---|
/// | `a=1; C = 2; c=3` | `2` |
/// | `abc=1; a,c=2,3` | `2,3` |
/// | `c; c=1; c=2` | `2` |
///
/// In the last line the first `c` has no `=`. nginx takes the byte after such a name as part of the name. Here this
/// byte is the `;`, so no cookie begins after it, and `c=1` is not read.
#[inline]
pub(super) fn first<'r, R: HeaderLines + ?Sized>(request: &'r R, name: &str) -> Option<RuleValue<'r>> {
    let mut lines = request.lines(&header::COOKIE);
    // Most requests have one Cookie line, and this line is read faster than the lines of a loop.
    let first = first_in(lines.next()?, name.as_bytes());
    first.or_else(|| lines.find_map(|line| first_in(line, name.as_bytes()))).map(RuleValue)
}

/// The value that a cookie rule reads, and the rest of its line after it.
///
/// A value is compared without a search for its end.
#[derive(Clone, Copy)]
pub(super) struct RuleValue<'l>(&'l [u8]);

impl<'l> RuleValue<'l> {
    /// Whether the value is equal to this one, which has no `;`.
    #[inline]
    pub(super) fn is(self, value: &[u8]) -> bool {
        matches!(after(self.0, value), Some([] | [b';', ..]))
    }

    /// The value, which ends at the next `;`.
    #[inline]
    pub(super) fn value(self) -> &'l [u8] {
        up_to(self.0, memchr(b';', self.0))
    }
}

/// The value of the first cookie in one line, and what comes after it.
fn first_in<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    // The place after the last name that has no `=`, and after the byte that nginx takes as part of that name.
    let mut bare_name_end = 0;
    let mut from = 0;
    loop {
        let start = candidate(line, name, from)?;
        let (text, rest) = line.get(start..)?.split_at_checked(name.len())?;
        from = start + 1;
        if begins_cookie(line, start, bare_name_end) && (equal(text, name) || text.eq_ignore_ascii_case(name)) {
            match without_leading_spaces(rest) {
                [b'=', value @ ..] => return Some(without_leading_spaces(value)),
                [_, rest @ ..] => bare_name_end = line.len() - rest.len(),
                [] => return None,
            }
            from = bare_name_end;
        }
    }
}

/// A set that has the names of all cookies that [`first`] finds a value for.
///
/// Such a name begins at the start of a line or after a `;` or `,`, and spaces are skipped at its ends. A `=` follows it.
#[inline(never)]
pub(super) fn names<R: HeaderLines + ?Sized>(request: &R) -> NameSet {
    request.lines(&header::COOKIE).flat_map(names_in).collect()
}

fn names_in(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr_iter(b'=', line).filter_map(move |end| {
        // Between two `=` there are a value and a name, or the second `=` is part of the value.
        let (text, is_first) = (line.get(from..end)?, from == 0);
        from = end + 1;
        match text.iter().rposition(|byte| matches!(byte, b';' | b',')) {
            Some(place) => text.get(place + 1..),
            None => Some(text).filter(|_| is_first),
        }
        .map(<[u8]>::trim_ascii)
    })
}

/// The next place, at `from` or later, where the name may begin.
///
/// The byte at such a place is equal to the first byte of the name, and the byte where the name would end is equal to
/// its last byte. For the name `cohort`, the place has a `c`, and five bytes later there is a `t`. The bit [`CASE`] is
/// not compared, so letter case does not count. Some bytes that are not letters are taken for equal too, so the caller
/// compares the whole name.
#[inline]
fn candidate(line: &[u8], name: &[u8], from: usize) -> Option<usize> {
    let starts = line.get(from..)?;
    let ends = starts.get(name.len().checked_sub(1)?..)?;
    Some(from + first_pair(starts, ends, *name.first()? | CASE, *name.last()? | CASE)?)
}

/// The first place that has one byte in `starts` and another one in `ends`, which is not longer. The bit [`CASE`] is not compared.
///
/// The places are skipped in blocks of 32, each of which takes a few vector instructions. The last block overlaps with the one
/// before it. In the block that has the place, 8 places at a time are compared as the bytes of a number.
#[inline(never)] // In the caller, the compiler would interleave the two bytes in one vector, which takes twice as long.
fn first_pair<'t>(starts: &'t [u8], mut ends: &'t [u8], first: u8, last: u8) -> Option<usize> {
    let mut starts = starts.get(..ends.len())?;
    let is_pair = |(start, end): (&u8, &u8)| u8::from(start | CASE == first) & u8::from(end | CASE == last);
    let has_pair =
        |(starts, ends): (&[u8; 32], &[u8; 32])| starts.iter().zip(ends).map(is_pair).fold(0, BitOr::bitor) != 0;
    let (length, last_block) = (ends.len(), starts.last_chunk().zip(ends.last_chunk()));
    while let Some((block, rest)) = split_first(starts, ends) {
        if has_pair(block) {
            break;
        }
        (starts, ends) = rest;
    }
    if ends.len() < 32 && last_block.is_some_and(|block| !has_pair(block)) {
        return None;
    }
    while let Some((words, rest)) = split_first(starts, ends) {
        let zeros = zeros(difference(*words.0, first, CASE) | difference(*words.1, last, CASE));
        if zeros != 0 {
            return Some(length - ends.len() + usize::try_from(zeros.trailing_zeros() / 8).ok()?);
        }
        (starts, ends) = rest;
    }
    let place = starts.iter().zip(ends).position(|pair| is_pair(pair) != 0)?;
    Some(length - ends.len() + place)
}

/// The last place that has one byte in `starts` and another one in `ends`, which is not longer. This is [`first_pair`] from the
/// other end, and letter case counts.
#[inline(never)]
fn last_pair<'t>(starts: &'t [u8], mut ends: &'t [u8], first: u8, last: u8) -> Option<usize> {
    let mut starts = starts.get(..ends.len())?;
    let is_pair = |(start, end): (&u8, &u8)| u8::from(*start == first) & u8::from(*end == last);
    let has_pair =
        |(starts, ends): (&[u8; 32], &[u8; 32])| starts.iter().zip(ends).map(is_pair).fold(0, BitOr::bitor) != 0;
    let first_block = starts.first_chunk().zip(ends.first_chunk());
    while let Some((rest, block)) = split_last(starts, ends) {
        if has_pair(block) {
            break;
        }
        (starts, ends) = rest;
    }
    if ends.len() < 32 && first_block.is_some_and(|block| !has_pair(block)) {
        return None;
    }
    while let Some((rest, words)) = split_last(starts, ends) {
        let zeros = zeros(difference(*words.0, first, 0) | difference(*words.1, last, 0));
        if zeros != 0 {
            return ends.len().checked_sub(usize::try_from(zeros.leading_zeros() / 8).ok()? + 1);
        }
        (starts, ends) = rest;
    }
    starts.iter().zip(ends).rposition(|pair| is_pair(pair) != 0)
}

/// Two texts of one length.
type Texts<'t> = (&'t [u8], &'t [u8]);

/// The bytes at the same places of two texts.
type Block<'t, const N: usize> = (&'t [u8; N], &'t [u8; N]);

/// The first bytes of two texts, and the rest of both.
#[inline]
fn split_first<'t, const N: usize>(a: &'t [u8], b: &'t [u8]) -> Option<(Block<'t, N>, Texts<'t>)> {
    let ((a, rest_of_a), (b, rest_of_b)) = a.split_first_chunk().zip(b.split_first_chunk())?;
    Some(((a, b), (rest_of_a, rest_of_b)))
}

/// The rest of two texts, and the last bytes of both.
#[inline]
fn split_last<'t, const N: usize>(a: &'t [u8], b: &'t [u8]) -> Option<(Texts<'t>, Block<'t, N>)> {
    let ((rest_of_a, a), (rest_of_b, b)) = a.split_last_chunk().zip(b.split_last_chunk())?;
    Some(((rest_of_a, rest_of_b), (a, b)))
}

/// A number with a byte for each of these bytes. It is zero if the byte is equal to the one that is wanted, apart from these bits.
#[inline]
fn difference(bytes: [u8; 8], wanted: u8, ignored: u8) -> u64 {
    (u64::from_le_bytes(bytes) | u64::from_le_bytes([ignored; 8])) ^ u64::from_le_bytes([wanted; 8])
}

/// The bytes of a number that are zero, as their high bits.
#[inline]
fn zeros(word: u64) -> u64 {
    const LOW_BITS: u64 = u64::from_le_bytes([0x7f; 8]);
    // The sum has the high bit of a byte if one of the low bits is set, and nothing is carried into the next byte.
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

/// The bit in which the two cases of an ASCII letter differ.
const CASE: u8 = 0x20;

/// Whether a cookie begins at this place: at the start of the line, or after a `;` or `,` and spaces. A separator that
/// nginx takes as part of a name without `=` does not count.
fn begins_cookie(line: &[u8], start: usize, bare_name_end: usize) -> bool {
    let before = line.get(bare_name_end..start).unwrap_or_default();
    start == 0 || matches!(before.iter().rev().find(|byte| **byte != b' '), Some(b';' | b','))
}

/// The value of the last cookie with exactly this name over all lines. The affinity cookie is read with this function.
///
/// This is lua-resty-cookie `f418d77`, with which ingress-nginx reads its affinity cookie. Several lines are joined
/// with `; `. A name reaches to the next `=`, whatever is in between, and a value reaches to the next `;`, space or
/// tab. For the cookie `c`:
///
/// | lines | value |
/// |---|---|
/// | `c=1; C=2; c=3` | `3` |
/// | `c=1 d; c=2` | `1`, because the second name is `d; c` |
/// | `a` and `c=1` | none, because the name is `a; c` |
pub(super) fn last<'r, R: HeaderLines + ?Sized>(request: &'r R, name: &str) -> Option<AffinityValue<'r>> {
    let mut found = None;
    let mut before: Option<&[u8]> = None;
    for line in request.lines(&header::COOKIE) {
        // A name that begins in one line and goes on in the next contains the `; ` between them, so it is not `name`.
        let name_continues = before.is_some_and(|before| !ends_in_value(before));
        found = last_in(line, name.as_bytes(), name_continues).or(found);
        before = Some(line);
    }
    found.map(AffinityValue)
}

/// The value that the affinity reads, and the rest of its line after it.
///
/// A value is compared without a search for its end.
#[derive(Clone, Copy)]
pub(super) struct AffinityValue<'l>(&'l [u8]);

impl<'l> AffinityValue<'l> {
    /// Whether the value is equal to this one, which has no `;`, space or tab.
    #[inline]
    pub(super) fn is(self, value: &[u8]) -> bool {
        matches!(after(self.0, value), Some([] | [b';' | b' ' | b'\t', ..]))
    }

    /// The value, which ends at the next `;`, space or tab.
    #[inline]
    pub(super) fn value(self) -> &'l [u8] {
        up_to(self.0, memchr3(b';', b' ', b'\t', self.0))
    }
}

/// The value of the last cookie in one line, at whose start a name of the line before may go on, and what comes after it.
///
/// The line is read from its end, because the last cookie counts.
fn last_in<'l>(line: &'l [u8], name: &[u8], name_continues: bool) -> Option<&'l [u8]> {
    let mut ends = line.get(name.len()..)?;
    loop {
        let start = last_pair(line, ends, *name.first()?, b'=')?;
        ends = ends.get(..start)?;
        let (before, cookie) = line.split_at_checked(start)?;
        match after(cookie, name) {
            Some([b'=', value @ ..]) if begins_name(before, name_continues) => return Some(value),
            _ => {}
        }
    }
}

/// Whether a name begins after these bytes of a line: at its start, or where a value has ended. Blanks may come before a name.
fn begins_name(before: &[u8], name_continues: bool) -> bool {
    let end = before.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |place| place + 1);
    match before.split_at_checked(end) {
        None | Some(([], _)) => !name_continues,
        Some(([value @ .., b';'], _)) => ends_in_value(value),
        Some((value, blanks)) => !blanks.is_empty() && ends_in_value(value),
    }
}

/// Whether the last byte is part of a value: a `=` comes before it, and no byte that ends a value is in between.
fn ends_in_value(mut bytes: &[u8]) -> bool {
    while let Some((rest, word)) = bytes.split_last_chunk() {
        let [equal, ends @ ..] = [b'=', b';', b' ', b'\t'].map(|byte| zeros(difference(*word, byte, 0)));
        let end = ends.into_iter().fold(0, BitOr::bitor);
        if equal | end != 0 {
            // The last byte of the word is its highest one.
            return equal > end;
        }
        bytes = rest;
    }
    bytes.iter().rev().find(|byte| matches!(byte, b'=' | b';' | b' ' | b'\t')) == Some(&b'=')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The bytes without the spaces at the start.
#[inline]
fn without_leading_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// The bytes before this place; all of them if there is no place.
#[inline]
fn up_to(bytes: &[u8], place: Option<usize>) -> &[u8] {
    place.and_then(|place| bytes.get(..place)).unwrap_or(bytes)
}
