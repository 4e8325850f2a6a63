//! How headers and cookies are read, once more and as simply as possible.

use canary_policy::Variant;

type Lines = [(String, Vec<u8>)];

fn lines<'l>(all: &'l Lines, name: &str) -> Vec<&'l [u8]> {
    all.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice()).collect()
}

/// The value of a header: its lines, joined.
pub fn header(all: &Lines, name: &str) -> Option<Vec<u8>> {
    let lines = lines(all, name);
    let separator = if name == "cookie" { "; " } else { ", " };
    (!lines.is_empty()).then(|| lines.join(separator.as_bytes()))
}

/// `ngx_http_parse_multi_header_lines` of nginx 1.27.1, byte by byte.
pub fn rule_cookie(all: &Lines, name: &[u8]) -> Option<Vec<u8>> {
    for line in lines(all, "cookie") {
        let mut at = 0;
        while at < line.len() {
            if line.len() - at >= name.len() && line[at..at + name.len()].eq_ignore_ascii_case(name) {
                at += name.len();
                while line.get(at) == Some(&b' ') {
                    at += 1;
                }
                if at < line.len() {
                    at += 1;
                    if line[at - 1] == b'=' {
                        while line.get(at) == Some(&b' ') {
                            at += 1;
                        }
                        return Some(line[at..].split(|byte| *byte == b';').next().unwrap_or_default().to_vec());
                    }
                }
            }
            while at < line.len() {
                at += 1;
                if matches!(line[at - 1], b';' | b',') {
                    break;
                }
            }
            while line.get(at) == Some(&b' ') {
                at += 1;
            }
        }
    }
    None
}

/// `get_cookie_table` of lua-resty-cookie, byte by byte: the last cookie of this name.
pub fn affinity_cookie(all: &Lines, name: &[u8]) -> Option<Vec<u8>> {
    enum State {
        Key,
        Value,
        Blank,
    }
    let text = lines(all, "cookie").join(&b"; "[..]);
    let (mut found, mut state, mut key, mut from, mut at) = (None, State::Blank, None, 0, 0);
    while at < text.len() {
        match (&state, text[at]) {
            (State::Key, b'=') => (key, state, from) = (Some(&text[from..at]), State::Value, at + 1),
            (State::Value, b';' | b' ' | b'\t') => {
                if key.take() == Some(name) {
                    found = Some(text[from..at].to_vec());
                }
                (state, from) = (State::Blank, at + 1);
            }
            (State::Blank, byte) if !matches!(byte, b' ' | b'\t') => {
                (state, from) = (State::Key, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if key == Some(name) { Some(text[from..].to_vec()) } else { found }
}

/// The variant that an affinity cookie names, if the canary is named `canary`: its second field, or all of it. Empty fields do not
/// count, as in ingress-nginx.
pub fn pinned(value: &[u8]) -> Option<Variant> {
    let mut fields = value.split(|byte| *byte == b'|').filter(|field| !field.is_empty());
    match fields.nth(1).unwrap_or(value) {
        b"stable" => Some(Variant::Stable),
        b"canary" => Some(Variant::Canary(0)),
        _ => None,
    }
}
