//! The value of a cookie, in the two ways in which ingress-nginx reads cookies: for its rules and for its affinity.

use std::ops::BitOr;

use http::header;
use memchr::{memchr, memchr_iter, memchr3, memrchr3};

use super::{HeaderLines, NameSet};

/// The value of the first cookie with this name, in any letter case, over all lines. Cookie rules read this value.
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
pub(super) fn first<'r, R: HeaderLines + ?Sized>(request: &'r R, name: &str) -> Option<&'r [u8]> {
    for line in request.lines(&header::COOKIE) {
        if let Some(value) = first_in(line, name.as_bytes()) {
            return Some(value);
        }
    }
    None
}

/// The value of the first cookie in one line.
fn first_in<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    // The place after the last name that has no `=`, and after the byte that nginx takes as part of that name.
    let mut bare_name_end = 0;
    let mut from = 0;
    loop {
        let start = candidate(line, name, from)?;
        let (text, after) = line.get(start..)?.split_at_checked(name.len())?;
        from = start + 1;
        if begins_cookie(line, start, bare_name_end) && (text == name || text.eq_ignore_ascii_case(name)) {
            match without_leading(after, is_space) {
                [b'=', value @ ..] => {
                    let value = without_leading(value, is_space);
                    return Some(up_to(value, memchr(b';', value)));
                }
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
/// Most places are skipped in blocks of 32, each of which takes a few vector instructions. Then 8 places at a time are compared
/// as the bytes of a number.
#[inline(never)] // In the caller, the compiler would interleave the two bytes in one vector, which takes twice as long.
fn first_pair(starts: &[u8], ends: &[u8], first: u8, last: u8) -> Option<usize> {
    let is_pair = |(start, end): (&u8, &u8)| u8::from(start | CASE == first) & u8::from(end | CASE == last);
    let mut blocks = starts.as_chunks::<32>().0.iter().zip(ends.as_chunks::<32>().0);
    let block = blocks.position(|(starts, ends)| starts.iter().zip(ends).map(is_pair).fold(0, BitOr::bitor) != 0);
    let mut place = 32 * block.unwrap_or(ends.len() / 32);

    let (words, rest) = ends.get(place..)?.as_chunks::<8>();
    for (starts, ends) in starts.get(place..)?.as_chunks::<8>().0.iter().zip(words) {
        if let Some(byte) = first_zero(difference(*starts, first) | difference(*ends, last)) {
            return Some(place + byte);
        }
        place += 8;
    }
    Some(place + starts.get(place..)?.iter().zip(rest).position(|pair| is_pair(pair) != 0)?)
}

/// A number with a byte for each of these bytes. It is zero if the byte is equal to the one that is wanted, in either case.
#[inline]
fn difference(bytes: [u8; 8], wanted: u8) -> u64 {
    (u64::from_le_bytes(bytes) | u64::from_le_bytes([CASE; 8])) ^ u64::from_le_bytes([wanted; 8])
}

/// The place of the lowest byte of a number that is zero.
#[inline]
fn first_zero(word: u64) -> Option<usize> {
    // Nothing is borrowed below the lowest byte that is zero. So it is the lowest byte that gets a high bit it did not have.
    let high_bits = word.wrapping_sub(u64::from_le_bytes([1; 8])) & !word & u64::from_le_bytes([0x80; 8]);
    if high_bits == 0 { None } else { usize::try_from(high_bits.trailing_zeros() / 8).ok() }
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
pub(super) fn last<'r, R: HeaderLines + ?Sized>(request: &'r R, name: &str) -> Option<&'r [u8]> {
    let mut found = None;
    let mut before: Option<&[u8]> = None;
    for line in request.lines(&header::COOKIE) {
        // A name that begins in one line and goes on in the next contains the `; ` between them, so it is not `name`.
        let name_continues = before.is_some_and(|before| !ends_in_value(before));
        found = last_in(line, name.as_bytes(), name_continues).or(found);
        before = Some(line);
    }
    found
}

/// The value of the last cookie in one line, at whose start a name of the line before may go on.
fn last_in<'l>(line: &'l [u8], name: &[u8], name_continues: bool) -> Option<&'l [u8]> {
    let (mut found, mut from) = (None, 0);
    while let Some(start) = candidate(line, name, from) {
        let cookie = line.get(start..)?.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"="));
        if cookie.is_some() && begins_name(line.get(..start)?, name_continues) {
            found = cookie;
        }
        // No cookie begins within a name.
        from = start + if cookie.is_some() { name.len() } else { 1 };
    }
    found.map(|value| up_to(value, memchr3(b';', b' ', b'\t', value)))
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
fn ends_in_value(bytes: &[u8]) -> bool {
    let after = memrchr3(b'=', b';', b' ', bytes).and_then(|place| bytes.get(place..));
    matches!(after, Some([b'=', value @ ..]) if !value.contains(&b'\t'))
}

fn is_space(byte: u8) -> bool {
    byte == b' '
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The bytes without those at the start that are to be skipped.
#[inline]
fn without_leading(mut bytes: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && skipped(*first)
    {
        bytes = rest;
    }
    bytes
}

/// The bytes before this place; all of them if there is no place.
#[inline]
fn up_to(bytes: &[u8], place: Option<usize>) -> &[u8] {
    place.and_then(|place| bytes.get(..place)).unwrap_or(bytes)
}
