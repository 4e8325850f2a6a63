//! Cookies as ingress-nginx reads them, in both of its ways.

use std::ops::BitOr;

use http::header;
use memchr::{memchr, memchr3};

use super::Request;

/// The value of a cookie as nginx 1.27.1 shows it in `$cookie_NAME` (`ngx_http_parse_multi_header_lines`): the first one
/// of that name, letter case aside, over all lines. A cookie begins after `;` or `,` and spaces; its value goes to the
/// next `;`. A name without `=` swallows the character behind it: if it is a `;` or `,`, no cookie begins there.
#[inline]
pub(super) fn first<'r, R: Request + ?Sized>(request: &'r R, name: &str) -> Option<&'r [u8]> {
    for line in request.header(&header::COOKIE) {
        if let Some(value) = first_in(line, name.as_bytes()) {
            return Some(value);
        }
    }
    None
}

fn first_in<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (mut swallowed, mut from) = (0, 0);
    loop {
        let start = candidate(line, name, from)?;
        let (found, behind) = line.get(start..)?.split_at_checked(name.len())?;
        from = start + 1;
        if begins_cookie(line, start, swallowed) && (found == name || found.eq_ignore_ascii_case(name)) {
            match without_leading(behind, is_space) {
                [b'=', value @ ..] => {
                    let value = without_leading(value, is_space);
                    return Some(split(value, memchr(b';', value)).map_or(value, |(value, _)| value));
                }
                [_, rest @ ..] => swallowed = line.len() - rest.len(),
                [] => return None,
            }
            from = swallowed;
        }
    }
}

/// Where the name may stand next: where its first and its last byte do, letter case aside. What is no letter may pass
/// too. Blocks are looked at whole, which takes a few vector instructions for each.
fn candidate(line: &[u8], name: &[u8], from: usize) -> Option<usize> {
    let (first, last) = (name.first()? | CASE, name.last()? | CASE);
    let starts = line.get(from..)?;
    let ends = starts.get(name.len() - 1..)?;
    let found = |(start, end): (&u8, &u8)| u8::from(start | CASE == first) & u8::from(end | CASE == last);

    let mut blocks = starts.as_chunks::<32>().0.iter().zip(ends.as_chunks::<32>().0);
    let block = blocks.position(|(starts, ends)| starts.iter().zip(ends).map(found).fold(0, BitOr::bitor) != 0);
    let skipped = 32 * block.unwrap_or(ends.len() / 32);
    let (starts, ends) = (starts.get(skipped..)?, ends.get(skipped..)?);
    let at = starts.iter().zip(ends).position(|pair| found(pair) != 0)?;
    Some(from + skipped + at)
}

/// The bit that sets the cases of a letter apart.
const CASE: u8 = 0x20;

/// Whether a cookie begins there: at the begin of the line, or behind a `;` or `,` and spaces that none swallowed.
fn begins_cookie(line: &[u8], start: usize, swallowed: usize) -> bool {
    let before = line.get(swallowed..start).unwrap_or_default();
    start == 0 || matches!(before.iter().rev().find(|byte| **byte != b' '), Some(b';' | b','))
}

/// The value of a cookie as lua-resty-cookie f418d77 finds it, which ingress-nginx reads its affinity cookie with: over
/// the lines joined with `; `, the **last** one of exactly that name. A name goes to the next `=`, whatever is in it, and
/// a value to the next `;`, space or tab.
pub(super) fn last<'r, R: Request + ?Sized>(request: &'r R, name: &str) -> Option<&'r [u8]> {
    let mut found = None;
    // The `; ` between two lines ends a value, and is part of a name everywhere else: that name is not the wanted one.
    let mut foreign = false;
    for mut line in request.header(&header::COOKIE) {
        loop {
            if !foreign {
                line = without_leading(line, is_blank);
            }
            let Some((key, rest)) = split(line, memchr(b'=', line)) else {
                foreign = true;
                break;
            };
            let value = split(rest, memchr3(b';', b' ', b'\t', rest));
            if !foreign && key == name.as_bytes() {
                found = Some(value.map_or(rest, |(value, _)| value));
            }
            foreign = false;
            match value {
                Some((_, next)) => line = next,
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

#[inline]
fn without_leading(mut bytes: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && skipped(*first)
    {
        bytes = rest;
    }
    bytes
}

/// What stands before and behind a byte.
#[inline]
fn split(bytes: &[u8], at: Option<usize>) -> Option<(&[u8], &[u8])> {
    let (before, behind) = bytes.split_at_checked(at?)?;
    Some((before, behind.get(1..)?))
}
