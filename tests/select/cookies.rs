//! A cookie rule reads the cookie that nginx reads, and the affinity the one that lua-resty-cookie reads, for any bytes that a
//! client sends.

use canary_policy::{
    Affinity, Canary, CookieAffinity, CookieRule, Match, Policy, Reason, Sample, Selector, Total, Variant,
};
use proptest::prelude::*;

use crate::util::cases;

/// The cookie that `ngx_http_parse_multi_header_lines` of nginx 1.27.1 finds, translated byte by byte.
fn nginx(lines: &[Vec<u8>], name: &[u8]) -> Option<Vec<u8>> {
    for line in lines {
        let (mut start, end) = (0, line.len());
        while start < end {
            let found = line.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if found {
                start += name.len();
                while start < end && line[start] == b' ' {
                    start += 1;
                }
                if start < end {
                    start += 1;
                    if line[start - 1] == b'=' {
                        while start < end && line[start] == b' ' {
                            start += 1;
                        }
                        let last = (start..end).find(|&at| line[at] == b';').unwrap_or(end);
                        return Some(line[start..last].to_vec());
                    }
                }
            }
            while start < end {
                start += 1;
                if matches!(line[start - 1], b';' | b',') {
                    break;
                }
            }
            while start < end && line[start] == b' ' {
                start += 1;
            }
        }
    }
    None
}

/// Cookie lines of pieces that matter to a reader of cookies, some of them long.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    const PIECES: &[&str] =
        &["ab", "aB", "a", "b", "=", "=", ";", "; ", ",", " ", "always", "never", "x", "0123456789abcdef; "];
    let line = proptest::collection::vec(proptest::sample::select(PIECES), 0..24);
    proptest::collection::vec(line.prop_map(|pieces| pieces.concat().into_bytes()), 1..3)
}

proptest! {
    #![proptest_config(cases(20_000))]

    /// A rule decides by the cookie that nginx finds.
    #[test]
    fn a_rule_reads_the_cookie_that_nginx_reads(lines in lines(), name in proptest::sample::select(vec!["ab", "a", "B"])) {
        let canary = Canary::new("canary", 0).unwrap().with_cookie(CookieRule::new(name, Match::AlwaysNever).unwrap());
        let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
        let request: Vec<(&str, &[u8])> = lines.iter().map(|line| ("cookie", line.as_slice())).collect();

        let expected = match nginx(&lines, name.as_bytes()).as_deref() {
            Some(b"always") => (Variant::Canary(0), Reason::Cookie),
            Some(b"never") => (Variant::Stable, Reason::Cookie),
            _ => (Variant::Stable, Reason::Weight),
        };
        let decision = selector.select(&request, Sample::MIN);
        prop_assert_eq!((decision.variant, decision.reason), expected);
    }
}

/// The cookie that lua-resty-cookie `f418d77` finds, translated byte by byte.
fn lua_resty_cookie(lines: &[Vec<u8>], name: &[u8]) -> Option<Vec<u8>> {
    enum Expected {
        Key,
        Value,
        Space,
    }
    let text = lines.join(&b"; "[..]);
    let (mut state, mut from, mut at) = (Expected::Space, 0, 0);
    let (mut key, mut found) = (None, None);
    while at < text.len() {
        match state {
            Expected::Key if text[at] == b'=' => {
                key = Some(&text[from..at]);
                (state, from) = (Expected::Value, at + 1);
            }
            Expected::Value if matches!(text[at], b';' | b' ' | b'\t') => {
                if key.take() == Some(name) {
                    found = Some(text[from..at].to_vec());
                }
                (state, from) = (Expected::Space, at + 1);
            }
            Expected::Space if !matches!(text[at], b' ' | b'\t') => {
                (state, from) = (Expected::Key, at);
                // The byte is read again.
                continue;
            }
            Expected::Key | Expected::Value | Expected::Space => {}
        }
        at += 1;
    }
    if key == Some(name) { Some(text[from..].to_vec()) } else { found }
}

/// Cookie lines of pieces that matter to a reader of the affinity cookie, some of them long. No line has a blank at an end.
fn affinity_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    const PIECES: &[&str] = &[
        "ab=",
        "ab",
        "aB=",
        "a",
        "b=",
        "=",
        ";",
        "; ",
        " ",
        "\t",
        "canary",
        "canary",
        "stable",
        "x",
        "x=",
        "0123456789abcdef",
        "x=0123456789abcdef; ",
    ];
    let line = proptest::collection::vec(proptest::sample::select(PIECES), 0..24);
    let line = line.prop_map(|pieces| pieces.concat().trim_matches([' ', '\t']).as_bytes().to_vec());
    proptest::collection::vec(line, 1..3)
}

proptest! {
    #![proptest_config(cases(20_000))]

    /// The affinity holds the variant in the cookie that lua-resty-cookie finds.
    #[test]
    fn the_affinity_reads_the_cookie_that_lua_resty_cookie_reads(
        lines in affinity_lines(),
        name in proptest::sample::select(vec!["ab", "a", "b"]),
    ) {
        let affinity = Affinity::Cookie(CookieAffinity::new(name).unwrap());
        let selector = Selector::new(&Policy::percent(0).unwrap().with_affinity(affinity));
        let request: Vec<(&str, &[u8])> = lines.iter().map(|line| ("cookie", line.as_slice())).collect();

        let expected = match lua_resty_cookie(&lines, name.as_bytes()).as_deref() {
            Some(b"canary") => (Variant::Canary(0), Reason::Affinity),
            Some(b"stable") => (Variant::Stable, Reason::Affinity),
            _ => (Variant::Stable, Reason::Weight),
        };
        let decision = selector.select(&request, Sample::MIN);
        prop_assert_eq!((decision.variant, decision.reason), expected);
    }
}

/// Each row is a cookie's name, a line, and whether the cookie is `always`. A line is searched in blocks of 32 bytes, for places
/// where the first and the last byte of the name fit.
#[test]
fn a_cookie_is_found_anywhere_in_a_line() {
    let other = "session=0123456789abcdef0123456789abcdef; ";
    let rows = [
        ("cohort", "cohort=always".to_owned(), true),
        ("cohort", "comort=never; cohort=always".to_owned(), true),
        ("cohort", "comort=always".to_owned(), false),
        ("cohort", format!("cohort=always; {other}{other}"), true),
        ("cohort", format!("{other}cohort=always"), true),
        ("cohort", format!("{other}{other}cohort=always; {other}{other}"), true),
        ("cohort", format!("{other}{other}ct=always; {other}"), false),
        ("c", format!("c=always; {other}{other}"), true),
        ("c", format!("{other}{other}C=always"), true),
        // The bit of letter case makes `@` and a backquote equal to each other, and so are `c` and a control character.
        ("a`", "a@=always".to_owned(), false),
        ("a`", "a@=never; a`=always".to_owned(), true),
        ("cohort", "coh".to_owned(), false),
        ("cohort", String::new(), false),
    ];
    for (name, line, found) in rows {
        let canary = Canary::new("canary", 0).unwrap().with_cookie(CookieRule::new(name, Match::AlwaysNever).unwrap());
        let selector = Selector::new(&Policy::new([canary], Total::default()).unwrap());
        let decision = selector.select(&[("cookie", &line)], Sample::MIN);
        assert_eq!(decision.reason == Reason::Cookie, found, "{name} in {line}");
        assert_eq!(decision.variant == Variant::Canary(0), found, "{name} in {line}");
    }
}
