//! The value of a cookie, in the two ways in which ingress-nginx reads cookies: for its rules and for its affinity.

use std::ops::BitOr;

use http::header;
use memchr::{memchr, memchr3};

use super::HeaderLines;

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
                    return Some(split(value, memchr(b';', value)).map_or(value, |parts| parts.before));
                }
                [_, rest @ ..] => bare_name_end = line.len() - rest.len(),
                [] => return None,
            }
            from = bare_name_end;
        }
    }
}

/// The next place, at `from` or later, where the name may begin.
///
/// The byte at such a place is equal to the first byte of the name, and the byte where the name would end is equal to
/// its last byte. For the name `cohort`, the place has a `c`, and five bytes later there is a `t`. The bit [`CASE`] is
/// not compared, so letter case does not count. Some bytes that are not letters are taken for equal too, so the caller
/// compares the whole name.
///
/// Most of a line is skipped in blocks of 32 places, each of which takes a few vector instructions.
fn candidate(line: &[u8], name: &[u8], from: usize) -> Option<usize> {
    let (first, last) = (name.first()? | CASE, name.last()? | CASE);
    let starts = line.get(from..)?;
    let ends = starts.get(name.len() - 1..)?;
    let is_candidate = |(start, end): (&u8, &u8)| u8::from(start | CASE == first) & u8::from(end | CASE == last);

    let mut blocks = starts.as_chunks::<32>().0.iter().zip(ends.as_chunks::<32>().0);
    let block = blocks.position(|(starts, ends)| starts.iter().zip(ends).map(is_candidate).fold(0, BitOr::bitor) != 0);
    let skipped = 32 * block.unwrap_or(ends.len() / 32);
    let (starts, ends) = (starts.get(skipped..)?, ends.get(skipped..)?);
    let place = starts.iter().zip(ends).position(|pair| is_candidate(pair) != 0)?;
    Some(from + skipped + place)
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
    // Whether the current name began in an earlier line. Such a name contains the `; ` that joins the lines, and `name`
    // contains no `;`, so they are not equal.
    let mut name_continues = false;
    for mut line in request.lines(&header::COOKIE) {
        loop {
            if !name_continues {
                line = without_leading(line, is_blank);
            }
            let Some(name_and_rest) = split(line, memchr(b'=', line)) else {
                name_continues = true;
                break;
            };
            let rest = name_and_rest.after;
            let value = split(rest, memchr3(b';', b' ', b'\t', rest));
            if !name_continues && name_and_rest.before == name.as_bytes() {
                found = Some(value.as_ref().map_or(rest, |parts| parts.before));
            }
            name_continues = false;
            match value {
                Some(parts) => line = parts.after,
                None => break,
            }
        }
    }
    found
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

/// The bytes before and after a separator.
struct Parts<'l> {
    before: &'l [u8],
    after: &'l [u8],
}

/// Divides bytes at a separator of one byte, which is at this place; `None` if there is no separator.
#[inline]
fn split(bytes: &[u8], place: Option<usize>) -> Option<Parts<'_>> {
    let (before, after) = bytes.split_at_checked(place?)?;
    Some(Parts { before, after: after.get(1..)? })
}
