//! Cookies as ingress-nginx reads them, in both of its ways.

use http::header;
use memchr::{memchr, memchr2, memchr3};

use super::Request;

/// The value of a cookie as nginx 1.27.1 shows it in `$cookie_NAME` (`ngx_http_parse_multi_header_lines`): the first one
/// of that name, letter case aside, over all lines. A cookie begins after `;` or `,` and spaces; its value goes to the
/// next `;`. A name without `=` swallows the character behind it and what follows, up to the next `;` or `,`.
pub(super) fn first<'r, R: Request + ?Sized>(request: &'r R, name: &str) -> Option<&'r [u8]> {
    let name = name.as_bytes();
    for mut line in request.header(&header::COOKIE) {
        while !line.is_empty() {
            let mut rest = line;
            if let Some((start, behind)) = line.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name)
            {
                match without_leading(behind, is_space) {
                    [b'=', value @ ..] => {
                        let value = without_leading(value, is_space);
                        return Some(split(value, memchr(b';', value)).map_or(value, |(value, _)| value));
                    }
                    [_, swallowed @ ..] => rest = swallowed,
                    [] => break,
                }
            }
            let Some((_, next)) = split(rest, memchr2(b';', b',', rest)) else { break };
            line = without_leading(next, is_space);
        }
    }
    None
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
